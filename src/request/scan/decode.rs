//! Goes through the inside of a JSON string and resolves the simple escapes in it.
//!
//! For strings full of escapes, as prose with quotes and line ends is: found and handed
//! on one by one, their short runs cost several times their copying. Stops where
//! [`super::string`] has to look closer; knows nothing of UTF-8.

/// Bytes looked at together.
pub(super) const PART: usize = 16;

/// Where decoded text goes. A trait, and not a vector, so that text can also be counted
/// without being kept.
pub(super) trait Out {
    /// Takes bytes of which only the first `plain` are text. All are given so that their
    /// number is known when this is compiled.
    fn part(&mut self, part: &[u8; PART], plain: usize);
    /// Takes what an escape stands for.
    fn byte(&mut self, byte: u8);
    /// Returns whether it takes more.
    fn has_room(&self) -> bool;
}

/// Text that is kept, up to about a length: what is taken last may go a little beyond.
pub(super) struct Onto<'t> {
    pub(super) text: &'t mut Vec<u8>,
    pub(super) most: usize,
}

impl Out for Onto<'_> {
    #[inline]
    fn part(&mut self, part: &[u8; PART], plain: usize) {
        // Of a known length: for any other, the module calls the host's `memcpy`.
        self.text.extend_from_slice(part);
        self.text.truncate(self.text.len().saturating_sub(PART.saturating_sub(plain)));
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.text.push(byte);
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.text.len() < self.most
    }
}

/// The length of text that is not kept.
#[derive(Debug, Default)]
pub(super) struct Length(pub(super) usize);

impl Out for Length {
    #[inline]
    fn part(&mut self, _: &[u8; PART], plain: usize) {
        self.0 = self.0.saturating_add(plain);
    }

    #[inline]
    fn byte(&mut self, _: u8) {
        self.0 = self.0.saturating_add(1);
    }

    #[inline]
    fn has_room(&self) -> bool {
        true
    }
}

/// Takes the plain bytes of a string and the simple escapes between them, and returns how
/// many bytes of the string it took.
///
/// Stops before a quote, a control character, any other escape, and the last few bytes,
/// which are fewer than are looked at together. Of `a\nb\u0041…` it takes `a\nb`, five
/// bytes, as three.
pub(super) fn decode(string: &[u8], out: &mut impl Out) -> usize {
    let mut rest = string;
    while out.has_room()
        && let Some(part) = rest.first_chunk::<PART>()
    {
        let plain = plain(part);
        out.part(part, plain);
        rest = rest.get(plain..).unwrap_or_default();
        // It ended at something special, which may be an escape that is resolved here.
        if plain < PART {
            let [b'\\', letter, behind @ ..] = rest else { break };
            let Some(meant) = meaning(*letter) else { break };
            out.byte(meant);
            rest = behind;
        }
    }
    string.len().saturating_sub(rest.len())
}

/// Returns what the letter after a backslash stands for; `None` for `u`, which is followed by
/// digits, and for what is no escape.
pub(super) const fn meaning(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x8,
        b'f' => 0xc,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// Returns how many bytes stand before the first that is a quote, a backslash or a control
/// character; all of them where there is none.
#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
fn plain(part: &[u8; PART]) -> usize {
    super::run::first_special(part)
}

/// The same; for this target the compiler has to be told.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
fn plain(part: &[u8; PART]) -> usize {
    use core::arch::wasm32::{i8x16_bitmask, u64x2};
    let (words, _) = part.as_chunks::<8>();
    let [low, high] = words else { return 0 };
    let bytes = u64x2(u64::from_le_bytes(*low), u64::from_le_bytes(*high));
    let special = i8x16_bitmask(super::run::special(bytes));
    (u32::from(special) | 1 << PART).trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(string: &str, most: usize) -> (String, usize) {
        let mut text = Vec::new();
        let taken = decode(string.as_bytes(), &mut Onto { text: &mut text, most });
        if most > string.len() {
            let mut counted = Length::default();
            assert_eq!(decode(string.as_bytes(), &mut counted), taken);
            assert_eq!(counted.0, text.len());
        }
        (String::from_utf8(text).unwrap(), taken)
    }

    #[test]
    fn plain_text_and_simple_escapes_are_copied_up_to_what_is_neither() {
        let end = "0123456789abcdef";
        for before in 0..40 {
            let plain = "x".repeat(before);
            for (escape, meant) in [(r"\n", "\n"), (r#"\""#, "\""), (r"\\", "\\"), (r"\/", "/")] {
                let string = format!("{plain}{escape}{plain}\"{end}");
                let wanted = format!("{plain}{meant}{plain}");
                assert_eq!(decoded(&string, 1000), (wanted, 2 * before + 2), "{string}");
            }
            for special in ["\"", "\u{1f}", r"\u0041", r"\x"] {
                let string = format!("{plain}{special}{end}");
                assert_eq!(decoded(&string, 1000), (plain.clone(), before), "{string}");
            }
        }
    }

    #[test]
    fn what_is_too_short_or_no_longer_wanted_is_left() {
        assert_eq!(decoded("0123456789abcde", 1000), (String::new(), 0));
        assert_eq!(decoded(&"x".repeat(100), 20), ("x".repeat(32), 32));
        assert_eq!(decoded(r"0123456789abcde\", 1000), ("0123456789abcde".to_owned(), 15));
    }
}
