//! White space and invisible characters, as the search for keywords reads them.
//!
//! A text is cut where one of them stands that is not read as it is written. What lies between
//! is searched as it is. Knows nothing of keywords.

/// How white space in a prompt compares with white space in a keyword.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Whitespace {
    /// Any run of white space is one space, and invisible characters do not count.
    #[default]
    Any,
    /// Each character is only itself.
    Exact,
}

/// A character that a search does not read as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// White space.
    Space,
    /// A character without a shape of its own. Readers see a word that it stands in as whole.
    Invisible,
}

/// What stands directly before a place of the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Before {
    /// The start, or a character that can be seen.
    #[default]
    Shown,
    /// White space, whatever stands between.
    Space,
    /// A character that can be seen, and after it invisible ones alone.
    Invisible,
}

/// As many bytes are looked at together.
const TOGETHER: usize = 16;

/// Returns where the first blank of a text is that cannot be read as it is written, how many
/// bytes it has, and its kind. A single space between other characters can. White space counts
/// only where `spaces` says so.
///
/// For example, `a b  c` has one at its second space in a row, and `a\nb` at the line end.
pub(super) fn next(text: &str, before: Before, spaces: bool) -> Option<(usize, usize, Blank)> {
    if !spaces && text.is_ascii() {
        return None;
    }
    let bytes = text.as_bytes();
    if spaces && before == Before::Space && bytes.first() == Some(&b' ') {
        return Some((0, 1, Blank::Space));
    }
    let mut at = 0_usize;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        // The pairs of a block reach into the next one.
        if let (Some(block), Some(next)) = (rest.first_chunk(), rest.get(1..))
            && let Some(next) = next.first_chunk()
            && is_plain(block, next)
        {
            at = at.saturating_add(TOGETHER);
            continue;
        }
        let block = rest.get(..TOGETHER).unwrap_or(rest);
        for (offset, byte) in block.iter().enumerate().filter(|(_, byte)| may_be_blank(**byte)) {
            if let Some(found) = blank_at(text, at.saturating_add(offset), *byte, spaces) {
                return Some(found);
            }
        }
        at = at.saturating_add(TOGETHER);
    }
    None
}

/// Returns whether a block of bytes has only characters of ASCII that can be seen, and single
/// spaces. `next` are the same bytes from the second one on, and the one after them. Without
/// branches, so that the compiler makes vector instructions of it.
#[inline]
fn is_plain(block: &[u8; TOGETHER], next: &[u8; TOGETHER]) -> bool {
    let mut odd = 0;
    for (this, next) in block.iter().zip(next) {
        let is_double = u8::from(*this == b' ') & u8::from(*next == b' ');
        odd |= is_double | u8::from(this.wrapping_sub(b' ') >= 0x60);
    }
    odd == 0
}

/// Returns whether a blank may begin with that byte.
const fn may_be_blank(byte: u8) -> bool {
    let is_white = (byte == b' ') | (byte.wrapping_sub(b'\t') < 5);
    is_white | matches!(byte, 0xc2 | 0xcd | 0xd8 | 0xe1..=0xe3 | 0xef | 0xf0 | 0xf3)
}

/// Returns the blank at a place of a text that begins with that byte, if one is there that is not
/// read as it is written.
fn blank_at(text: &str, at: usize, byte: u8, spaces: bool) -> Option<(usize, usize, Blank)> {
    if byte.is_ascii() {
        let before = || at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        let is_blank = spaces && (byte != b' ' || before() == Some(&b' '));
        return is_blank.then_some((at, 1, Blank::Space));
    }
    let char = text.get(at..)?.chars().next()?;
    let kind = kind(char).filter(|kind| spaces || *kind == Blank::Invisible)?;
    Some((at, char.len_utf8(), kind))
}

/// Returns whether a character is blank, and how: by `White_Space` and
/// `Default_Ignorable_Code_Point` of Unicode 16.
pub(super) const fn kind(char: char) -> Option<Blank> {
    match char {
        _ if char.is_whitespace() => Some(Blank::Space),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Blank::Invisible),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_blank_is_found_wherever_it_stands() {
        let blanks = ["\n", "\t", "\u{a0}", "\u{3000}", "\u{200b}", "\u{ad}", "\u{e0020}", "  "];
        for blank in blanks {
            for length in 0..40 {
                for letter in ["a", "é", "漢", "a "] {
                    let start = letter.repeat(length);
                    let is_spaced = start.ends_with(' ');
                    let text = format!("{start}{blank}b{blank}");
                    // Of two spaces in a row, the first is read as it is written.
                    let skipped = usize::from(blank == "  " && !is_spaced);
                    let found = next(&text, Before::Shown, true).map(|(at, ..)| at);
                    assert_eq!(found, Some(start.len() + skipped), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_blank_character_begins_with_a_byte_that_is_looked_at() {
        for char in ('\u{80}'..=char::MAX).filter(|char| kind(*char).is_some()) {
            let text = format!("a{char}");
            assert_eq!(next(&text, Before::Shown, true).map(|(at, ..)| at), Some(1), "{char:?}");
        }
    }
}
