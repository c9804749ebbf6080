//! Reads a JSON document into a flat list of its values.
//!
//! It knows nothing of any API. Texts and numbers stay where they are in the document, so that they can be copied
//! as they are written: numbers keep their form, texts keep their escapes, and objects keep the order of their
//! keys.
//!
//! Invariants: one pass; memory is bounded by [`slot::MOST_VALUES`], whatever the document says; what is not
//! JSON is refused, except lone surrogates in texts, which a real SDK sends.
//!
//! The functions of a value are never inlined. Readers call them in hundreds of places, and copies would make the
//! module much larger.

mod reading;
mod slot;

use std::borrow::Cow;

use super::text::JsonText;
use reading::TapeReading;
use slot::{NodeKind, Slot};

pub use slot::NotRead;

/// A document that has been read.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    text: &'a str,
    slots: Vec<Slot>,
}

/// A value of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'t, 'a> {
    tape: &'t Tape<'a>,
    at: u32,
}

impl<'a> Tape<'a> {
    /// Reads a document of one value.
    ///
    /// # Errors
    /// Why it cannot be read.
    #[inline(never)]
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, NotRead> {
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| NotRead::Malformed)?;
        if u32::try_from(bytes.len()).is_err() {
            return Err(NotRead::TooLarge);
        }
        // Most documents have about one value in twenty bytes.
        let slots = Vec::with_capacity((bytes.len() / 24).min(4096));
        let slots = TapeReading::new(bytes, slots).document()?;
        Ok(Self { text, slots })
    }

    /// Returns the value that the document is.
    #[must_use]
    pub(super) const fn root(&self) -> Node<'_, 'a> {
        Node { tape: self, at: 0 }
    }
}

impl<'t, 'a> Node<'t, 'a> {
    #[inline(never)]
    fn slot(self) -> Slot {
        // Every node has been made from a slot that is there.
        let nothing = Slot { kind: NodeKind::Null, start: 0, end: 0, after: u32::MAX };
        self.tape.slots.get(self.at as usize).copied().unwrap_or(nothing)
    }

    /// Returns whether it is an object.
    #[inline(never)]
    #[must_use]
    pub(super) fn is_object(self) -> bool {
        self.slot().kind == NodeKind::Object
    }

    /// Returns whether it is a list.
    #[inline(never)]
    #[must_use]
    pub(super) fn is_list(self) -> bool {
        self.slot().kind == NodeKind::List
    }

    /// Returns whether it is `null`.
    #[must_use]
    pub(super) fn is_null(self) -> bool {
        self.slot().kind == NodeKind::Null
    }

    /// Returns the value as it is written in the document.
    #[inline(never)]
    #[must_use]
    pub(super) fn raw(self) -> &'a str {
        let Slot { kind, start, end, .. } = self.slot();
        let mark = u32::from(kind == NodeKind::Text);
        let range = start.saturating_sub(mark) as usize..end.saturating_add(mark) as usize;
        self.tape.text.get(range).unwrap_or_default()
    }

    /// Returns the text, if it is one.
    #[inline(never)]
    #[must_use]
    pub(super) fn text(self) -> Option<JsonText<'a>> {
        let Slot { kind, start, end, .. } = self.slot();
        let text = self.tape.text.get(start as usize..end as usize)?;
        (kind == NodeKind::Text).then_some(JsonText::Escaped(text))
    }

    /// Returns the word that it is; an empty one if it is no text.
    #[inline(never)]
    pub(super) fn word(self) -> Cow<'a, str> {
        self.text().map(|text| text.plain()).unwrap_or_default()
    }

    /// Returns whether it is exactly this text, which has no characters that JSON escapes.
    #[inline(never)]
    #[must_use]
    pub(super) fn is(self, word: &str) -> bool {
        self.text().is_some_and(|text| text.is(word))
    }

    /// Returns the number as it is written, if it is one.
    #[inline(never)]
    #[must_use]
    pub(super) fn number(self) -> Option<&'a str> {
        (self.slot().kind == NodeKind::Number).then(|| self.raw())
    }

    /// Returns the number, if it is a whole one that is not negative. `4096.0` and `4e3` are whole too.
    #[inline(never)]
    #[must_use]
    pub(super) fn whole(self) -> Option<u64> {
        let number = self.number()?;
        number.parse().ok().or_else(|| {
            let number: f64 = number.parse().ok()?;
            // Beyond this, not every whole number has a value of its own.
            let is_whole =
                (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            is_whole.then_some(number as u64)
        })
    }

    /// Returns the truth value, if it is one.
    #[inline(never)]
    #[must_use]
    pub(super) fn flag(self) -> Option<bool> {
        match self.slot().kind {
            NodeKind::True => Some(true),
            NodeKind::False => Some(false),
            _ => None,
        }
    }

    /// Returns the elements, if it is a list; nothing else has any.
    #[inline(never)]
    pub(super) fn elements(self) -> NodeElements<'t, 'a> {
        let is_list = self.is_list();
        NodeElements(self.parts(is_list))
    }

    /// Returns the members, if it is an object; nothing else has any. Members that are `null` are left
    /// out, because every API takes them for absent ones.
    #[inline(never)]
    pub(super) fn members(self) -> Members<'t, 'a> {
        Members { parts: self.parts(self.is_object()), has_nulls: false }
    }

    /// Returns the slots of its parts, if it has any.
    fn parts(self, has_any: bool) -> Parts<'t, 'a> {
        let first = self.at.saturating_add(1);
        let end = if has_any { self.slot().after } else { first };
        Parts { next: Node { at: first, ..self }, end }
    }

    /// Returns the member of that name, if this is an object that has it and it is not `null`. Of several
    /// with the name it is the last.
    #[inline(never)]
    #[must_use]
    pub(super) fn get(self, name: &str) -> Option<Node<'t, 'a>> {
        let mut parts = self.parts(self.is_object());
        let mut found = None;
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            let Slot { start, end, .. } = key.slot();
            // Most names differ in length, and only those that are longer can have escapes.
            let length = end.saturating_sub(start) as usize;
            let may_be = length >= name.len();
            if may_be && key.text().is_some_and(|key| key.is(name)) && !value.is_null() {
                found = Some(value);
            }
        }
        found
    }

    /// Returns the text that a member is.
    #[inline(never)]
    #[must_use]
    pub(super) fn text_of(self, name: &str) -> Option<JsonText<'a>> {
        self.get(name)?.text()
    }

    /// Returns the whole number that a member is.
    #[inline(never)]
    #[must_use]
    pub(super) fn whole_of(self, name: &str) -> Option<u64> {
        self.get(name)?.whole()
    }

    /// Returns whether a member is there.
    #[inline(never)]
    #[must_use]
    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns whether a member is exactly this text, which has no characters that JSON escapes.
    #[inline(never)]
    #[must_use]
    pub(super) fn says(self, name: &str, word: &str) -> bool {
        self.get(name).is_some_and(|value| value.is(word))
    }

    /// Returns the elements of the list that a member is.
    #[inline(never)]
    pub(super) fn elements_of(self, name: &str) -> NodeElements<'t, 'a> {
        self.get(name).map_or_else(|| NodeElements(self.parts(false)), Node::elements)
    }

    /// Returns the member of that name, even if it is `null`.
    #[inline(never)]
    pub(super) fn any(self, name: &str) -> Option<Node<'t, 'a>> {
        let mut all = Members { has_nulls: true, ..self.members() };
        all.find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    /// Returns the value at the end of this path of member names.
    #[inline(never)]
    #[must_use]
    pub(super) fn at(self, path: &[&str]) -> Option<Node<'t, 'a>> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }
}

/// The values that a value is made of, as far as they are still to come.
#[derive(Debug, Clone, Copy)]
struct Parts<'t, 'a> {
    next: Node<'t, 'a>,
    end: u32,
}

impl<'t, 'a> Parts<'t, 'a> {
    fn next(&mut self) -> Option<Node<'t, 'a>> {
        let node = self.next;
        if node.at >= self.end {
            return None;
        }
        self.next.at = node.slot().after;
        Some(node)
    }
}

/// The elements of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeElements<'t, 'a>(Parts<'t, 'a>);

impl<'t, 'a> Iterator for NodeElements<'t, 'a> {
    type Item = Node<'t, 'a>;

    // Copies of these loops, one for each reader of a list or an object, would make the module much larger.
    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The members of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members<'t, 'a> {
    parts: Parts<'t, 'a>,
    has_nulls: bool,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (JsonText<'a>, Node<'t, 'a>);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let key = self.parts.next()?.text()?;
            let value = self.parts.next()?;
            if self.has_nulls || !value.is_null() {
                return Some((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
