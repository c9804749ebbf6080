//! What a character costs at least, where its bytes are what a vocabulary has of it.
//!
//! A byte-level vocabulary spends several tokens on a character that it has no token for. The fit
//! has seen such characters too rarely to know, so that a text full of them would pass for a
//! short one. Two tables say what they cost: which characters have a token of their own in
//! o200k_base (`whole.bin`, which `tools/token-lengths` writes), and which scripts the fit knows.

/// A bit for each character of 16 bits: whether o200k_base has a token for it. The lowest bit of
/// a byte is its first character.
static WHOLE: &[u8; 8192] = include_bytes!("whole.bin");

/// So many parts make one token here.
pub(super) const PARTS: u8 = 8;
/// What a character costs at least that repeats the one before it: o200k_base has tokens for few
/// of such pairs.
pub(super) const REPEATED: u8 = 4;

/// Returns the least that a character costs, in [`PARTS`] of a token; 0 where the fit knows
/// better. Never more than a token for each of its bytes.
///
/// - Control characters that are no white space of texts: nearly a token.
/// - A character in a script of the fit that is a token: a small part, since it may be one of a
///   long word's; 0 where rows of it are a token. One that is none: two tokens. No vocabulary has
///   less, since two such characters do not share one.
/// - Others: as many tokens as in o200k_base or cl100k_base, whichever has more of them. That is
///   one for each byte, or one fewer where the first two bytes are a token in either.
///
/// For example `я` costs 1/8, `ԁ` (U+0501) 2, `漢` 1/8, `龘` 2, `ཀ` 2, `Ꭰ` 3 and `𐌰` 4.
#[inline]
pub(super) fn floor(char: char) -> u8 {
    if is_fitted(char) {
        return match char {
            _ if !is_whole(char) => 2 * PARTS,
            _ if is_drawn_in_rows(char) => 0,
            // What o200k_base knows, and the corpus of the fit lacks.
            '\u{530}'..='\u{58f}' | '\u{980}'..='\u{dff}' | '\u{10d0}'..='\u{10ff}' => 2,
            '\u{a1}'..='\u{bf}' | '×' | '÷' | '\u{2200}'..='\u{22ff}' => 4,
            _ => 1,
        };
    }
    let tokens = match char {
        '\0'..='\u{7ff}' => 2,
        // Lao, Tibetan, Burmese, Georgian capitals, Khmer, variation selectors.
        '\u{e80}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{fe00}'..='\u{fe0f}' => 2,
        '\u{800}'..='\u{ffff}' => 3,
        '\u{1d000}'..='\u{1dfff}' | '\u{1f000}'..='\u{1fbff}' | '\u{e0000}'..='\u{e007f}' => 3,
        _ => 4,
    };
    PARTS.saturating_mul(tokens)
}

/// Returns the least that a character of ASCII costs, in [`PARTS`] of a token.
pub(super) const fn floor_of_ascii(byte: u8) -> u8 {
    let is_control = (byte < 0x20) & (byte != b'\n') & (byte != b'\r') & (byte != b'\t');
    if is_control | (byte == 0x7f) { 6 } else { 0 }
}

/// Returns whether a row of the character costs less than half a token for each, in o200k_base.
const fn is_drawn_in_rows(char: char) -> bool {
    matches!(
        char,
        '\u{a0}'
            | '\u{640}'
            | '\u{647}'
            | '\u{6d4}'
            | '\u{200b}'
            | '–'
            | '—'
            | '…'
            | '─'
            | '━'
            | '═'
            | '█'
            | '□'
            | '★'
            | '♀'
            | '\u{3000}'
            | '・'
            | 'ー'
            | '久'
            | '！'
            | '＊'
            | '＝'
    )
}

/// Returns whether o200k_base has a token for the character alone.
fn is_whole(char: char) -> bool {
    let code = char as u32;
    // Of the pictures that need more than 16 bits, these are tokens.
    const PICTURES: &[char] = &[
        '\u{1f3fb}',
        '\u{1f3fc}',
        '\u{1f447}',
        '\u{1f449}',
        '\u{1f44c}',
        '\u{1f44d}',
        '\u{1f44f}',
        '\u{1f495}',
        '\u{1f525}',
        '\u{1f600}',
        '\u{1f601}',
        '\u{1f602}',
        '\u{1f609}',
        '\u{1f60a}',
        '\u{1f60d}',
        '\u{1f618}',
        '\u{1f62d}',
        '\u{1f642}',
        '\u{1f64f}',
        '\u{1f923}',
    ];
    let byte = WHOLE.get((code >> 3) as usize);
    byte.map_or(PICTURES.contains(&char), |byte| byte >> (code & 7) & 1 != 0)
}

/// Returns whether a character is of a script of which the estimate is known to be good: those of
/// the corpus that it was fitted to, and those in which translations of the Universal Declaration
/// of Human Rights come out at two thirds of their tokens or more.
pub(super) const fn is_fitted(char: char) -> bool {
    matches!(
        char,
        // Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic.
        '\0'..='\u{24f}' | '\u{300}'..='\u{58f}' | '\u{590}'..='\u{6ff}'
            // Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam,
            // Sinhala, Thai.
            | '\u{900}'..='\u{e7f}'
            // Georgian.
            | '\u{10d0}'..='\u{10ff}'
            | '\u{1e00}'..='\u{1fff}'
            // Punctuation and symbols.
            | '\u{2000}'..='\u{27bf}'
            // Chinese, Japanese, Korean.
            | '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{ff00}'..='\u{ffef}'
            // Pictures.
            | '\u{fe0f}' | '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}'
            | '\u{1f900}'..='\u{1f9ff}'
    )
}
