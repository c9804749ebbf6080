//! The words of providers: what their error answers say, and which kind of failure that is.
//!
//! This is data. `request.rs` and `deployment.rs` hold the rows, with the statuses that they
//! come with and where they were found; docs/state-reference.md lists them. `super::fault` decides what
//! a document says as a whole.
//!
//! A client can put any words into a message that quotes it. So the words that count against a
//! deployment are whole codes, types, statuses or reasons, or the beginning of a message as
//! the provider writes it. Only words about the request may stand anywhere in a message.

use super::kind::ErrorKind;

mod deployment;
mod request;

/// Where the text of a row stands in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordPlace {
    /// It is all of a code, type, status or reason.
    Word,
    /// It is a part of one.
    Part,
    /// It is the type of the error that Amazon's header names, without its namespace.
    Header,
    /// The message begins with it.
    Begins,
    /// The message begins with it, and the document is in Anthropic's envelope,
    /// `{"type": "error", "error": …}`.
    Enveloped,
    /// It is anywhere in the message.
    Contains,
}

impl WordPlace {
    /// Returns its name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "code, type, status or reason",
            Self::Part => "in a code, type, status or reason",
            Self::Header => "header x-amzn-errortype",
            Self::Begins | Self::Enveloped => "begins the message",
            Self::Contains => "in the message",
        }
    }
}

/// One wording of a provider's, and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct Wording {
    /// The kind of failure that it tells.
    pub kind: ErrorKind,
    /// Where it stands.
    pub place: WordPlace,
    /// The HTTP statuses that it is believed with; any where there is none. 0 stands for an
    /// answer that had begun well, and names no status.
    pub statuses: &'static [u16],
    /// The text in lower case. In a message, `*` stands for anything. Quotes have a `\` before
    /// them, because messages are compared as they are written in JSON.
    pub text: &'static str,
    /// Whose it is. The filter itself has no use for it.
    #[cfg(not(target_os = "wasi"))]
    pub provider: &'static str,
    /// Where it was found.
    #[cfg(not(target_os = "wasi"))]
    pub source: &'static str,
}

/// Makes a list of rows: under each kind of failure, the place, the statuses, the text, the
/// provider and the source of each wording.
macro_rules! words {
    ($list:ident $($kind:ident { $(
        $place:ident [$($status:literal)*] $text:literal, $provider:literal, $source:literal;
    )* })*) => {
        /// The rows.
        pub(super) static $list: &[super::Wording] = &[$($(super::Wording {
            kind: super::ErrorKind::$kind,
            place: super::WordPlace::$place,
            statuses: &[$($status),*],
            text: $text,
            #[cfg(not(target_os = "wasi"))]
            provider: $provider,
            #[cfg(not(target_os = "wasi"))]
            source: $source,
        },)*)*];
    };
}
use words;

/// Returns every row, in order of precedence among those that are about the same thing.
pub fn all() -> impl Iterator<Item = &'static Wording> {
    deployment::DEPLOYMENT.iter().chain(request::REQUEST)
}

impl Wording {
    /// Returns whether the row is believed in an answer with that status; 0 for an answer that
    /// had begun well, and names no status.
    #[must_use]
    pub fn comes_with(&self, status: u16) -> bool {
        // Some servers take every exception for a failure of their own (llama.cpp, Ollama).
        let is_too_long = status == 500 && self.kind == ErrorKind::ContextWindow;
        let status = if is_too_long { 400 } else { status };
        self.statuses.is_empty() || self.statuses.contains(&status)
    }

    /// Returns the row of a code, type, status or reason. A whole word goes first: a text
    /// that only contains one may be the client's own.
    pub(super) fn of_word(word: &[u8]) -> Option<&'static Self> {
        let is = |row: &&Self| row.place == WordPlace::Word && equals(word, row.text);
        let has = |row: &&Self| row.place == WordPlace::Part && contains(word, row.text);
        all().find(is).or_else(|| request::REQUEST.iter().find(has))
    }

    /// Returns the row of the type that Amazon's header names, such as
    /// `ValidationException:http://…` or `namespace#ValidationException`.
    #[must_use]
    pub fn of_header(value: &str) -> Option<&'static Self> {
        let name = value.split(':').next().unwrap_or_default();
        let name = name.rsplit('#').next().unwrap_or_default().trim().as_bytes();
        all().find(|row| row.place == WordPlace::Header && equals(name, row.text))
    }

    /// Returns the rows of a message: of how it begins, and of what is in it.
    pub(super) fn of_message(message: &[u8]) -> [Option<&'static Self>; 2] {
        let begins = |row: &&Self| match row.place {
            WordPlace::Begins | WordPlace::Enveloped => matches(message, row.text, true),
            _ => false,
        };
        let has =
            |row: &&Self| row.place == WordPlace::Contains && matches(message, row.text, false);
        [all().find(begins), request::REQUEST.iter().find(has)]
    }
}

/// Returns whether a message has a text, in which `*` stands for anything. With `is_start` it
/// has to begin with it.
///
/// For example, ``model `gpt-9` not found`` has ``model `*` not found``. The parts around the stars
/// have to come in that order, with any number of bytes between them.
fn matches(message: &[u8], text: &str, is_start: bool) -> bool {
    let mut parts = text.split('*');
    let first = parts.next().unwrap_or_default();
    let from = if is_start { begins(message, first).then_some(0) } else { find(message, first) };
    let Some(from) = from else { return false };
    let mut at = from.saturating_add(first.len());
    // The nearest place of each part is enough: whatever fits further on fits after it, too.
    parts.all(|part| {
        let rest = message.get(at..).unwrap_or_default();
        let found = find(rest, part);
        at = at.saturating_add(found.unwrap_or_default()).saturating_add(part.len());
        found.is_some()
    })
}

/// Returns whether a text has a part, in any case. The part is given in lower case, and only
/// ASCII letters are folded.
pub(super) fn contains(text: &[u8], part: &str) -> bool {
    find(text, part).is_some()
}

/// Returns where a text has a part, in any case; 0 for a part that is empty.
#[inline(never)]
fn find(text: &[u8], part: &str) -> Option<usize> {
    let Some(first) = part.bytes().next() else { return Some(0) };
    let mut at = 0_usize;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if byte.to_ascii_lowercase() == first && begins(rest, part) {
            return Some(at);
        }
        at = at.saturating_add(1);
        rest = after;
    }
    None
}

/// Returns whether a text is this one, in any case.
fn equals(text: &[u8], known: &str) -> bool {
    text.len() == known.len() && begins(text, known)
}

/// Returns whether a text begins so, in any case. The beginning is given in lower case, and
/// only ASCII letters are folded.
#[inline(never)]
fn begins(text: &[u8], start: &str) -> bool {
    let same = |(byte, known): (&u8, u8)| byte.to_ascii_lowercase() == known;
    text.len() >= start.len() && text.iter().zip(start.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_own_text() {
        for row in all() {
            let text = row.text.replace('*', "x");
            let found = match row.place {
                WordPlace::Word | WordPlace::Part => Wording::of_word(text.as_bytes()),
                WordPlace::Header => Wording::of_header(&text),
                WordPlace::Begins | WordPlace::Enveloped => Wording::of_message(text.as_bytes())[0],
                WordPlace::Contains => Wording::of_message(format!("a {text} b").as_bytes())[1],
            };
            let found = found.unwrap_or_else(|| panic!("{row:?}"));
            assert_eq!(found.kind, row.kind, "{row:?} is hidden by {found:?}");
            assert!(row.text.is_ascii() || row.place == WordPlace::Contains, "{row:?}");
            assert_eq!(row.text, row.text.to_lowercase());
        }
    }

    #[test]
    fn what_counts_against_a_deployment_is_no_part_of_a_message() {
        for row in deployment::DEPLOYMENT {
            assert!(!matches!(row.place, WordPlace::Part | WordPlace::Contains), "{row:?}");
            let is_number = row.text.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_number || !row.statuses.is_empty(), "{row:?} is a number");
            // A message that begins with a letter or two could be the client's own.
            assert!(row.place == WordPlace::Word || row.text.len() >= 7, "{row:?}");
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        let message = b"The Range of input length should be [1, 8192] tokens";
        assert!(matches(message, "range of input length should be [*, *]", false));
        assert!(matches(message, "the range*tokens", true));
        assert!(!matches(message, "range*tokens", true));
        assert!(!matches(message, "tokens*range", false));
        assert!(matches(b"", "*", true));
    }

    #[test]
    fn amazons_header_is_read_without_what_stands_around_its_name() {
        for value in [
            "ModelErrorException",
            "ModelErrorException:http://internal.amazon.com/coral/com.amazon/",
            "com.amazon.bedrock#ModelErrorException",
        ] {
            let kind = Wording::of_header(value).map(|row| row.kind);
            assert_eq!(kind, Some(ErrorKind::ModelNotFound), "{value}");
        }
        assert_eq!(Wording::of_header("model_not_found"), None);
    }
}
