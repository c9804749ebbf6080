//! The beginning of a prompt, kept where a service is to be sent it: the texts that
//! keywords are looked for in, one below the other.

/// Most of it, in bytes.
const MOST: usize = 16 * 1024;

/// The texts so far, up to a length; nothing for as long as there is none.
#[derive(Debug, Default)]
pub struct Prompt(Option<Box<KeptPrompt>>);

#[derive(Debug, Default)]
struct KeptPrompt {
    text: String,
    is_full: bool,
}

impl Prompt {
    /// Takes the next piece of a text.
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

    /// Takes the texts that come behind these.
    pub fn add(&mut self, behind: Self) {
        let Some(behind) = behind.0 else { return };
        match &self.0 {
            Some(_) => {
                self.push("\n");
                self.push(&behind.text);
            }
            None => self.0 = Some(behind),
        }
    }

    /// All of it.
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
