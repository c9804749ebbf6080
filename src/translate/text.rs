//! Texts of JSON documents, which are copied from one document to another as they are written.

use std::borrow::Cow;

use crate::json::Json;

/// A text of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonText<'a> {
    /// As it is written in a document, with its escapes and without quotation marks.
    Escaped(&'a str),
    /// As plain text, without escapes.
    Plain(Cow<'a, str>),
}

impl<'a> JsonText<'a> {
    /// Returns a constant text of this program.
    #[must_use]
    pub(super) const fn of(text: &'a str) -> Self {
        Self::Plain(Cow::Borrowed(text))
    }

    /// Returns a text that was made at run time.
    #[must_use]
    pub(super) const fn made(text: String) -> Self {
        Self::Plain(Cow::Owned(text))
    }

    /// Returns whether there is nothing in it.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Escaped(text) => text.is_empty(),
            Self::Plain(text) => text.is_empty(),
        }
    }

    /// Returns whether it is exactly this word.
    #[inline(never)]
    #[must_use]
    pub(super) fn is(&self, word: &str) -> bool {
        match self {
            Self::Plain(text) => text == word,
            // Most texts differ at once.
            Self::Escaped(text)
                if !text.starts_with('\\') && text.bytes().next() != word.bytes().next() =>
            {
                false
            }
            // What is written with escapes is longer than what it means.
            Self::Escaped(text) if text.len() > word.len() && text.contains('\\') => {
                unescaped(text) == word
            }
            Self::Escaped(text) => *text == word,
        }
    }

    /// Returns the text without escapes. A lone surrogate becomes the replacement character.
    #[inline(never)]
    #[must_use]
    pub(super) fn plain(&self) -> Cow<'a, str> {
        match self {
            Self::Escaped(text) if text.contains('\\') => unescaped(text).into(),
            Self::Escaped(text) => Cow::Borrowed(text),
            Self::Plain(text) => text.clone(),
        }
    }

    /// Returns the text as it is written between quotation marks.
    #[inline(never)]
    #[must_use]
    pub(super) fn escaped(&self) -> Cow<'a, str> {
        match self {
            Self::Escaped(text) => Cow::Borrowed(text),
            Self::Plain(text) => {
                let is_special = |char: char| matches!(char, '"' | '\\' | ..='\u{1f}');
                if !text.contains(is_special) {
                    return text.clone();
                }
                let quoted = serde_json::Value::from(&**text).to_string();
                quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned().into()
            }
        }
    }

    /// Returns an owned copy of the text as it is written between quotation marks.
    #[inline(never)]
    pub(super) fn kept(&self) -> String {
        self.escaped().into_owned()
    }

    /// Writes the text as a value.
    #[inline(never)]
    pub(super) fn write(&self, to: &mut Json) {
        to.escaped(&self.escaped());
    }

    /// Writes an object that has only the text, as Amazon and Google have it.
    #[inline(never)]
    pub(super) fn write_part(&self, to: &mut Json) {
        to.object(|to| self.write(to.key("text")));
    }

    /// Writes a list of texts as a value.
    #[inline(never)]
    pub(super) fn write_list(texts: &[Self], to: &mut Json) {
        to.list(|to| texts.iter().for_each(|text| text.write(to)));
    }

    /// Writes a text as a member, if there is one.
    #[inline(never)]
    pub(super) fn write_if_some(text: Option<&Self>, key: &str, to: &mut Json) {
        if let Some(text) = text {
            text.write(to.key(key));
        }
    }

    /// Returns an owned copy of the text.
    #[inline(never)]
    #[must_use]
    pub(super) fn into_owned(self) -> JsonText<'static> {
        JsonText::made(self.plain().into_owned())
    }
}

/// Returns what an escaped text means.
#[cold]
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut chars = after.chars();
        let char = match chars.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let (char, after) = code_point(chars.as_str());
                chars = after.chars();
                char
            }
            Some(char) => char,
            None => return plain,
        };
        plain.push(char);
        rest = chars.as_str();
    }
    plain.push_str(rest);
    plain
}

/// Returns the character whose four hex digits begin a text, and what follows. If the digits are the first half
/// of a surrogate pair, the second half is read too.
fn code_point(text: &str) -> (char, &str) {
    let Some((unit, rest)) = unit(text) else { return (char::REPLACEMENT_CHARACTER, "") };
    if let Some(char) = char::from_u32(unit) {
        return (char, rest);
    }
    let low = rest.strip_prefix("\\u").and_then(self::unit);
    if let (0xd800..=0xdbff, Some((low @ 0xdc00..=0xdfff, after))) = (unit, low) {
        let pair = ((unit & 0x3ff) << 10 | (low & 0x3ff)).saturating_add(0x1_0000);
        return (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), after);
    }
    (char::REPLACEMENT_CHARACTER, rest)
}

/// Returns the number that four digits at the beginning of a text are, and what follows.
fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        let plain = |text: &'static str| JsonText::Escaped(text).plain();
        assert_eq!(plain(r#"a\"\\\/\b\f\n\r\tb"#), "a\"\\/\u{8}\u{c}\n\r\tb");
        assert_eq!(plain(r"\u00e9\ud83d\ude00x"), "é😀x");
        assert_eq!(plain(r"\ud83d!\ude00"), "\u{fffd}!\u{fffd}");
        assert_eq!(plain(r"\ud83d\ud83d\ude00"), "\u{fffd}😀");
        assert_eq!(plain("as it is"), "as it is");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "\\PC*|[\\x00-\\x7f]*") {
            let escaped = JsonText::of(&text).escaped();
            proptest::prop_assert_eq!(JsonText::Escaped(&escaped).plain(), text.as_str());
            proptest::prop_assert_eq!(
                serde_json::from_str::<String>(&format!("\"{escaped}\"")).unwrap(), text
            );
        }
    }
}
