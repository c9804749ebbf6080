//! The beginning of a prompt, kept where a service is to be sent it: the texts that
//! keywords are looked for in, one below the other.

/// Most of it, in bytes.
const MOST: usize = 16 * 1024;

/// The texts so far, up to a length. As long as there is none it is a null pointer: every value
/// of a body has one of these, and next to no request keeps any.
#[derive(Debug, Default)]
pub struct Prompt(Option<Box<KeptPrompt>>);

/// Texts that are kept.
#[derive(Debug, Default)]
struct KeptPrompt {
    text: String,
    /// Something was left out, so nothing may follow.
    is_full: bool,
}

impl Prompt {
    /// Takes the next piece of a text, as much of it as there is room for.
    pub fn push(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        let kept = self.0.get_or_insert_default();
        if !kept.is_full {
            let end = piece.floor_char_boundary(MOST.saturating_sub(kept.text.len()));
            kept.is_full = end < piece.len();
            kept.text.push_str(piece.get(..end).unwrap_or_default());
        }
    }

    /// Takes the texts that come after these, on lines of their own.
    pub fn add(&mut self, after: Self) {
        let Some(after) = after.0 else { return };
        match &self.0 {
            Some(_) => {
                self.push("\n");
                self.push(&after.text);
            }
            None => self.0 = Some(after),
        }
    }

    /// Returns all of it; `None` where there was no text.
    #[must_use]
    pub fn finish(self) -> Option<String> {
        self.0.map(|kept| kept.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&str]) -> Prompt {
        let mut prompt = Prompt::default();
        pieces.iter().for_each(|piece| prompt.push(piece));
        prompt
    }

    #[test]
    fn texts_stand_below_one_another() {
        let mut prompt = of(&["a", "b"]);
        prompt.add(Prompt::default());
        prompt.add(of(&["", "c"]));
        assert_eq!(prompt.finish().as_deref(), Some("ab\nc"));
        let mut prompt = of(&[""]);
        prompt.add(of(&["c"]));
        assert_eq!(prompt.finish().as_deref(), Some("c"));
        assert_eq!(of(&[""]).finish(), None);
    }

    #[test]
    fn no_more_is_kept_than_fits_and_no_character_is_cut() {
        let long = "é".repeat(MOST);
        let mut prompt = of(&["x", &long, &long]);
        prompt.add(of(&[&long]));
        assert_eq!(prompt.finish().unwrap().len(), MOST - 1);
    }
}
