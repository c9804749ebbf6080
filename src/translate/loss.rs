//! What of a request cannot be translated.

use std::fmt;

/// How many losses are listed. Further ones are only counted.
const MOST_LISTED: usize = 32;

/// How much of the name of an unknown member is shown, in bytes.
const MOST_NAME: usize = 64;

/// What happens to a request because of something that cannot be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// It changes how the answer is made, not what is asked. `lenient` leaves it out.
    Droppable,
    /// Without it the request means something else, so the request is not translated.
    Refused,
}

/// Something in a request that has no counterpart in the other API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it is, such as `tools[3].type`.
    pub place: String,
    /// Why it cannot be translated, as the end of a sentence that begins with the place.
    pub why: String,
    /// What becomes of the request.
    pub gravity: Gravity,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.why)
    }
}

/// Everything of one request that cannot be translated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    list: Vec<Loss>,
    unlisted: usize,
    is_refused: bool,
}

impl Losses {
    /// Notes something that may be left out.
    #[inline(never)]
    pub(super) fn drop(&mut self, place: impl fmt::Display, why: impl fmt::Display) {
        self.note(&place, &why, Gravity::Droppable);
    }

    /// Notes something that is part of what is asked.
    #[inline(never)]
    pub(super) fn refuse(&mut self, place: impl fmt::Display, why: impl fmt::Display) {
        self.is_refused = true;
        self.note(&place, &why, Gravity::Refused);
    }

    /// Notes a member that no table knows. It may mean anything, so it is never left out.
    pub(super) fn refuse_unknown(&mut self, place: impl fmt::Display, name: &str) {
        let name = name.get(..name.floor_char_boundary(MOST_NAME)).unwrap_or_default();
        let name = if name.is_empty() { "\"\"" } else { name };
        self.refuse(format_args!("{place}{name}"), "is not known to the translation");
    }

    #[cold]
    #[inline(never)]
    fn note(&mut self, place: &dyn fmt::Display, why: &dyn fmt::Display, gravity: Gravity) {
        // What refuses the request is listed in any case, before what may be left out.
        if self.list.len() >= MOST_LISTED && gravity == Gravity::Droppable {
            self.unlisted = self.unlisted.saturating_add(1);
            return;
        }
        if self.list.len() >= MOST_LISTED && self.refusal().is_some() {
            self.unlisted = self.unlisted.saturating_add(1);
            return;
        }
        let loss = Loss { place: place.to_string(), why: why.to_string(), gravity };
        self.list.push(loss);
    }

    /// Returns whether nothing is lost.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether the request cannot be translated without changing what it asks.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Returns the first loss because of which the request is not translated.
    #[must_use]
    pub fn refusal(&self) -> Option<&Loss> {
        self.of(Gravity::Refused).next()
    }

    /// Returns those of the listed losses that have this gravity.
    pub fn of(&self, gravity: Gravity) -> impl Iterator<Item = &Loss> {
        self.list.iter().filter(move |loss| loss.gravity == gravity)
    }

    /// Returns what is lost, at most about thirty of it.
    #[must_use]
    pub fn list(&self) -> &[Loss] {
        &self.list
    }

    /// Returns the places of all that is lost, with commas between. Of what is not listed, the last item tells
    /// how many there are, such as `and 5 more`.
    #[must_use]
    pub fn places(&self) -> String {
        let mut places: Vec<&str> = self.list.iter().map(|loss| loss.place.as_str()).collect();
        let more = self.more();
        places.extend(more.as_deref());
        places.join(",")
    }

    /// Returns words for the number of losses that are not listed, such as `and 5 more`; `None` if all are listed.
    #[must_use]
    pub fn more(&self) -> Option<String> {
        (self.unlisted > 0).then(|| format!("and {} more", self.unlisted))
    }

    /// Returns how many further losses are not listed.
    #[must_use]
    pub const fn unlisted(&self) -> usize {
        self.unlisted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_listed_after_any_number_of_others() {
        let mut losses = Losses::default();
        for at in 0..100 {
            losses.drop(format_args!("messages[{at}].name"), "has no counterpart");
        }
        assert!(!losses.is_refused());
        for at in 0..100 {
            losses.refuse(format_args!("tools[{at}].type"), "has no counterpart");
        }
        assert!(losses.is_refused());
        assert_eq!(losses.list().len(), MOST_LISTED + 1);
        assert_eq!(losses.list().last().unwrap().place, "tools[0].type");
        assert_eq!(losses.unlisted(), 200 - MOST_LISTED - 1);
    }

    #[test]
    fn places_end_with_the_number_of_those_that_are_not_listed() {
        let mut losses = Losses::default();
        for at in 0..MOST_LISTED {
            assert!(!losses.places().contains("more"), "{at}");
            losses.drop(format_args!("m[{at}]"), "has no counterpart");
        }
        assert!(losses.places().starts_with("m[0],m[1],"), "{}", losses.places());
        assert!(losses.places().ends_with(",m[31]"), "{}", losses.places());
        for more in 1..=5 {
            losses.drop("x", "has no counterpart");
            assert!(losses.places().ends_with(&format!(",m[31],and {more} more")));
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let mut losses = Losses::default();
        losses.refuse_unknown("messages[0].", &"é".repeat(40));
        assert_eq!(losses.list()[0].place, format!("messages[0].{}", "é".repeat(32)));
    }

    #[test]
    fn a_member_without_a_name_has_a_place() {
        let mut losses = Losses::default();
        losses.refuse_unknown("", "");
        assert_eq!(losses.list()[0].place, r#""""#);
    }
}
