//! Reads the objects of a request by the names of their members. An unknown member is refused, so none is passed over
//! silently. If something cannot be read, it says where in the request that is.
//!
//! It knows no API: its callers say which members an object may have.
//!
//! Each reader of an API asks for dozens of members. So these functions are never inlined, because copies would make
//! the module much larger. A place is a chain of references, which costs nothing until a message names it.

use std::fmt;

use super::loss::Losses;
use super::tape::{Node, NodeElements};
use super::text::JsonText;
use crate::text::quoted;

/// Why something that only the client's API has is refused or left out.
pub(super) const NO_COUNTERPART: &str = "has no counterpart";

/// Why the name of something that is stored at the client's usual provider is refused.
pub(super) const KEPT: &str = "refers to something stored at another provider";

/// Why arguments of a call are refused.
pub(super) const NO_OBJECT: &str = "is not the text of a JSON object";

/// Where a value of a request is, such as `messages[3].content[1].source`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spot<'p> {
    Body,
    Member(&'p Self, &'p str),
    Element(&'p Self, usize),
}

impl Spot<'_> {
    /// Returns the place of a member of what is here.
    pub(super) const fn member<'s>(&'s self, name: &'s str) -> Spot<'s> {
        Spot::Member(self, name)
    }

    /// Returns the place of an element of what is here.
    pub(super) const fn element(&self, at: usize) -> Spot<'_> {
        Spot::Element(self, at)
    }

    /// Refuses what is here.
    #[inline(never)]
    pub(super) fn refuse(&self, why: &str, losses: &mut Losses) {
        losses.refuse(self, why);
    }

    /// Leaves out what is here.
    #[inline(never)]
    pub(super) fn drop(&self, why: &str, losses: &mut Losses) {
        losses.drop(self, why);
    }

    /// Refuses this value, which is here, and names it if it is a text.
    #[inline(never)]
    pub(super) fn refuse_value(&self, value: Node<'_, '_>, losses: &mut Losses) {
        let text = value.text();
        let value = text.as_ref().map_or_else(|| value.raw().into(), JsonText::plain);
        losses.refuse(self, format_args!("is {}, which has no counterpart", quoted(&value)));
    }

    /// Returns the text that this value is, which is here. Refuses any other value.
    #[inline(never)]
    pub(super) fn text<'a>(
        &self,
        value: Node<'_, 'a>,
        losses: &mut Losses,
    ) -> Option<JsonText<'a>> {
        let text = value.text();
        if text.is_none() {
            self.refuse("is not a text", losses);
        }
        text
    }

    /// Returns the elements of this value, which is here, with their numbers. Refuses a value that is not a list.
    #[inline(never)]
    pub(super) fn elements<'t, 'a>(
        &self,
        value: Node<'t, 'a>,
        losses: &mut Losses,
    ) -> Numbered<'t, 'a> {
        if !value.is_list() {
            self.refuse("is not a list", losses);
        }
        Numbered { elements: Some(value.elements()), next: 0 }
    }
}

impl fmt::Display for Spot<'_> {
    #[inline(never)]
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => to.write_str("the body"),
            Self::Member(Self::Body, name) => to.write_str(name),
            Self::Member(within, name) => write!(to, "{within}.{name}"),
            Self::Element(within, at) => write!(to, "{within}[{at}]"),
        }
    }
}

/// The elements of a list with their numbers, counted from 0.
#[derive(Debug, Default)]
pub(super) struct Numbered<'t, 'a> {
    elements: Option<NodeElements<'t, 'a>>,
    next: usize,
}

impl<'t, 'a> Iterator for Numbered<'t, 'a> {
    type Item = (usize, Node<'t, 'a>);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let node = self.elements.as_mut()?.next()?;
        let at = self.next;
        self.next = at.saturating_add(1);
        Some((at, node))
    }
}

/// An object of a request whose members are all known.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownObject<'p, 't, 'a> {
    node: Node<'t, 'a>,
    spot: Spot<'p>,
}

impl<'p, 't, 'a> KnownObject<'p, 't, 'a> {
    /// Returns the object. Refuses a value that is not an object, a member that is not among `names`, and a member
    /// that is given twice. There may be up to 64 names.
    #[inline(never)]
    pub(super) fn of(
        node: Node<'t, 'a>,
        spot: Spot<'p>,
        names: &[&str],
        losses: &mut Losses,
    ) -> Self {
        Self::or(node, spot, names, losses, &mut |name, _, losses| match spot {
            Spot::Body => losses.refuse_unknown("", name),
            _ => losses.refuse_unknown(format_args!("{spot}."), name),
        })
    }

    /// Returns the object. Refuses a value that is not an object, and a member among `names` that is given twice.
    /// `other` judges any other member. There may be up to 64 names.
    #[inline(never)]
    pub(super) fn or(
        node: Node<'t, 'a>,
        spot: Spot<'p>,
        names: &[&str],
        losses: &mut Losses,
        other: &mut dyn FnMut(&str, Node<'t, 'a>, &mut Losses),
    ) -> Self {
        if !node.is_object() {
            spot.refuse("is not an object", losses);
        }
        let mut seen = 0_u64;
        for (name, value) in node.members() {
            let Some(at) = names.iter().position(|known| name.is(known)) else {
                other(&name.plain(), value, losses);
                continue;
            };
            let bit = 1_u64.unbounded_shl(u32::try_from(at).unwrap_or(u32::MAX));
            if seen & bit != 0 {
                spot.member(&name.plain()).refuse("is given twice", losses);
            }
            seen |= bit;
        }
        Self { node, spot }
    }

    /// Returns where the object is.
    pub(super) const fn spot(&self) -> &Spot<'p> {
        &self.spot
    }

    /// Returns where a member of it is.
    pub(super) const fn at<'s>(&'s self, name: &'s str) -> Spot<'s> {
        self.spot.member(name)
    }

    /// Returns the value of a member, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<Node<'t, 'a>> {
        self.node.get(name)
    }

    /// Returns whether a member is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.node.has(name)
    }

    /// Returns whether a member is exactly this text, which has no characters that JSON escapes.
    pub(super) fn says(&self, name: &str, word: &str) -> bool {
        self.node.says(name, word)
    }

    /// Returns the value of a member that has to be there.
    #[inline(never)]
    pub(super) fn needed(&self, name: &str, losses: &mut Losses) -> Option<Node<'t, 'a>> {
        let value = self.get(name);
        if value.is_none() {
            self.refuse(name, "is missing", losses);
        }
        value
    }

    /// Returns a text.
    #[inline(never)]
    pub(super) fn text(&self, name: &str, losses: &mut Losses) -> Option<JsonText<'a>> {
        self.at(name).text(self.get(name)?, losses)
    }

    /// Returns a text that has to be there.
    #[inline(never)]
    pub(super) fn needed_text(&self, name: &str, losses: &mut Losses) -> Option<JsonText<'a>> {
        self.at(name).text(self.needed(name, losses)?, losses)
    }

    /// Returns a text that is not empty.
    #[inline(never)]
    pub(super) fn said(&self, name: &str, losses: &mut Losses) -> Option<JsonText<'a>> {
        self.text(name, losses).filter(|text| !text.is_empty())
    }

    /// Returns a number as it is written.
    #[inline(never)]
    pub(super) fn number(&self, name: &str, losses: &mut Losses) -> Option<&'a str> {
        let number = self.get(name)?.number();
        self.checked(name, number, "is not a number", losses)
    }

    /// Returns a whole number that is not negative.
    #[inline(never)]
    pub(super) fn whole(&self, name: &str, losses: &mut Losses) -> Option<u64> {
        let number = self.get(name)?.whole();
        self.checked(name, number, "is not a whole number", losses)
    }

    /// Returns a truth value.
    #[inline(never)]
    pub(super) fn flag(&self, name: &str, losses: &mut Losses) -> Option<bool> {
        let flag = self.get(name)?.flag();
        self.checked(name, flag, "is neither true nor false", losses)
    }

    /// Returns an object as it is written.
    #[inline(never)]
    pub(super) fn raw_object(&self, name: &str, losses: &mut Losses) -> Option<&'a str> {
        let value = self.get(name)?;
        let raw = value.is_object().then(|| value.raw());
        self.checked(name, raw, "is not an object", losses)
    }

    /// Returns what a member is, and refuses it if it is not what it should be.
    fn checked<T>(
        &self,
        name: &str,
        value: Option<T>,
        why: &str,
        losses: &mut Losses,
    ) -> Option<T> {
        if value.is_none() {
            self.refuse(name, why, losses);
        }
        value
    }

    /// Returns the elements of a list with their numbers. There are none where the member is absent.
    #[inline(never)]
    pub(super) fn elements(&self, name: &str, losses: &mut Losses) -> Numbered<'t, 'a> {
        let Some(value) = self.get(name) else { return Numbered::default() };
        self.at(name).elements(value, losses)
    }

    /// Returns an object with members of these names.
    #[inline(never)]
    pub(super) fn object<'s>(
        &'s self,
        name: &'s str,
        names: &[&str],
        losses: &mut Losses,
    ) -> Option<KnownObject<'s, 't, 'a>> {
        Some(KnownObject::of(self.get(name)?, self.at(name), names, losses))
    }

    /// Returns an object with members of these names, which has to be there.
    #[inline(never)]
    pub(super) fn needed_object<'s>(
        &'s self,
        name: &'s str,
        names: &[&str],
        losses: &mut Losses,
    ) -> Option<KnownObject<'s, 't, 'a>> {
        Some(KnownObject::of(self.needed(name, losses)?, self.at(name), names, losses))
    }

    /// Refuses a member.
    #[inline(never)]
    pub(super) fn refuse(&self, name: &str, why: &str, losses: &mut Losses) {
        self.at(name).refuse(why, losses);
    }

    /// Refuses a member because of its value, and names that.
    #[inline(never)]
    pub(super) fn refuse_value(&self, name: &str, losses: &mut Losses) {
        if let Some(value) = self.get(name) {
            self.at(name).refuse_value(value, losses);
        }
    }

    /// Refuses those of these members that are there and not empty.
    #[inline(never)]
    pub(super) fn refuse_all(&self, names: &[&str], losses: &mut Losses) {
        for name in names {
            if self.get(name).is_some_and(says_anything) {
                self.refuse(name, NO_COUNTERPART, losses);
            }
        }
    }

    /// Refuses those of these members that are there and are not false.
    #[inline(never)]
    pub(super) fn refuse_flags(&self, names: &[&str], losses: &mut Losses) {
        for name in names {
            if self.flag(name, losses) == Some(true) {
                self.refuse(name, NO_COUNTERPART, losses);
            }
        }
    }

    /// Leaves out a member.
    #[inline(never)]
    pub(super) fn drop(&self, name: &str, why: &str, losses: &mut Losses) {
        self.at(name).drop(why, losses);
    }

    /// Leaves out those of these members that are there and not empty.
    #[inline(never)]
    pub(super) fn drop_all(&self, names: &[&str], losses: &mut Losses) {
        for name in names {
            if self.get(name).is_some_and(says_anything) {
                self.drop(name, NO_COUNTERPART, losses);
            }
        }
    }

    /// Leaves out those of these members that are there, unless they have the value that changes nothing.
    #[inline(never)]
    pub(super) fn drop_unless(&self, usual: &[(&str, &str)], losses: &mut Losses) {
        for (name, usual) in usual {
            if self.get(name).is_some_and(|value| !value.is(usual)) {
                self.drop(name, NO_COUNTERPART, losses);
            }
        }
    }
}

/// Returns whether a value says anything. Empty lists and empty objects do not.
fn says_anything(value: Node<'_, '_>) -> bool {
    let has_parts = value.members().next().is_some() || value.elements().next().is_some();
    has_parts || !(value.is_object() || value.is_list())
}

#[cfg(test)]
mod tests;
