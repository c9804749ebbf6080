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

/// As many bytes are looked at together where nothing is to be found.
const MANY: usize = 64;
/// And as many where something is.
const FEW: usize = 16;

/// Returns where the first blank of a text is that cannot be read as it is written, how many
/// bytes it has, and its kind. A single space between other characters can. White space counts
/// only where `spaces` says so.
///
/// For example, `a b  c` has one at its second space in a row, and `a\nb` at the line end.
pub(super) fn next(text: &str, before: Before, spaces: bool) -> Option<(usize, usize, Blank)> {
    let bytes = text.as_bytes();
    // White space apart, only a control character or what is not ASCII can be blank.
    let may_be = |odd, byte: &u8| odd | !matches!(byte, b'\t'..=b'\r' | b' '..=b'~');
    let is_shown = |block: &&[u8]| !block.iter().fold(false, may_be);
    let shown = if spaces { 0 } else { bytes.chunks(MANY).take_while(is_shown).count() };
    if spaces && before == Before::Space && bytes.first() == Some(&b' ') {
        return Some((0, 1, Blank::Space));
    }
    // Blocks that have nothing are skipped whole, and the others are searched in smaller steps.
    let mut at = shown.saturating_mul(MANY);
    while at < bytes.len() {
        if is_plain(bytes, at) {
            at = at.saturating_add(MANY);
            continue;
        }
        let end = at.saturating_add(MANY).min(bytes.len());
        while at < end {
            if let Some(offset) = first_odd(bytes, at)
                && let Some(found) = next_among(text, at.saturating_add(offset), spaces)
            {
                return Some(found);
            }
            at = at.saturating_add(FEW);
        }
    }
    None
}

/// Returns whether [`MANY`] bytes are there, and none of them is the start of a blank that cannot
/// be read as it is written. Without branches in its loop, so that the compiler makes vector
/// instructions of it.
#[inline]
fn is_plain(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..) else { return false };
    // Pairs of bytes reach into what comes after them.
    let (Some(block), Some(next)) = (rest.first_chunk::<MANY>(), rest.get(1..)) else {
        return false;
    };
    let Some(next) = next.first_chunk::<MANY>() else { return false };
    let pairs = block.iter().zip(next);
    // The highest bit is set where the byte is not ASCII or a control character, or where both are
    // spaces.
    let all = pairs.fold(0, |all, (this, next)| {
        let (below, both) = (this.wrapping_sub(b' '), (this | next) ^ b' ');
        all | this | this.wrapping_add(1) | below | both.wrapping_sub(1)
    });
    all < 0x80
}

/// Returns the first of [`FEW`] bytes that may be such a start, counted from their first; that one
/// where they are not there.
#[inline]
fn first_odd(bytes: &[u8], at: usize) -> Option<usize> {
    const EACH: u128 = u128::from_ne_bytes([1; FEW]);
    let rest = bytes.get(at..).unwrap_or_default();
    let (Some(block), Some(next)) = (rest.first_chunk(), rest.get(1..)) else { return Some(0) };
    let Some(next) = next.first_chunk() else { return Some(0) };
    let (this, next) = (u128::from_le_bytes(*block), u128::from_le_bytes(*next));
    // As above. A byte borrows from the one after it, or carries, only where it is odd itself.
    let (below, both) = (this.wrapping_sub(EACH * 0x20), (this | next) ^ (EACH * 0x20));
    let odd = (this | this.wrapping_add(EACH) | below | both.wrapping_sub(EACH)) & (EACH * 0x80);
    (odd != 0).then_some((odd.trailing_zeros() / 8) as usize)
}

/// Returns whether a byte may be the start of a blank that cannot be read as it is written, with
/// the byte after it. If so, it is not ASCII, or a control character, or both are spaces.
#[inline]
const fn is_odd(this: u8, next: u8) -> bool {
    // Where neither is a control character, only two spaces have no other bit.
    (this.cast_signed() < 0x20) | (this == 0x7f) | (this | next == b' ')
}

/// Returns the first blank among [`FEW`] bytes of a text from a place on, as [`next`] does.
fn next_among(text: &str, from: usize, spaces: bool) -> Option<(usize, usize, Blank)> {
    let bytes = text.as_bytes().get(from..)?;
    let after = bytes.iter().skip(1).chain(std::iter::once(&b'.'));
    for (offset, (this, next)) in bytes.iter().zip(after).enumerate().take(FEW) {
        if !is_odd(*this, *next) {
            continue;
        }
        let at = from.saturating_add(offset);
        match this {
            // The first of two spaces is read as it is written, so the second is the blank.
            b' ' if spaces && *next == b' ' => {
                return Some((at.saturating_add(1), 1, Blank::Space));
            }
            b'\t'..=b'\r' if spaces => return Some((at, 1, Blank::Space)),
            b'\t'..=b'\r' => {}
            ..b' ' | 0x7f => return Some((at, 1, Blank::Invisible)),
            // The first bytes of all blanks that are not ASCII. A test tries every character.
            0xc2 | 0xcd | 0xd8 | 0xe1..=0xe3 | 0xef | 0xf0 | 0xf3 => {
                let char = text.get(at..)?.chars().next()?;
                let kind = kind(char).filter(|kind| spaces || *kind == Blank::Invisible);
                if let Some(kind) = kind {
                    return Some((at, char.len_utf8(), kind));
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns whether a character is blank, and how: by `White_Space` and
/// `Default_Ignorable_Code_Point` of Unicode 16, and beside these control characters, the empty
/// braille pattern, and the specials, of which servers make nothing where they stand for half a
/// surrogate pair.
pub(super) const fn kind(char: char) -> Option<Blank> {
    match char {
        _ if char.is_whitespace() => Some(Blank::Space),
        '\0'..='\u{8}'
        | '\u{e}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffd}'
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
        let blanks = [
            "\n",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\u{ad}",
            "\u{e0020}",
            "\0",
            "\u{7f}",
            "  ",
        ];
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
        for char in
            ('\0'..=char::MAX).filter(|char| *char != ' ').filter(|char| kind(*char).is_some())
        {
            let text = format!("a{char}");
            assert_eq!(next(&text, Before::Shown, true).map(|(at, ..)| at), Some(1), "{char:?}");
        }
    }
}
