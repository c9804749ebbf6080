//! Which characters form a run together, and which letters differ in case alone.
//!
//! The ranges are coarse on purpose: what matters is how many tokens a
//! vocabulary made mostly of English spends on them. The numbers are those of
//! `scripts/fit_tokens.py`.

/// Marks and control characters of ASCII.
pub(super) const MARK: u8 = 1;
/// Small letters of ASCII, and all words of Latin letters.
pub(super) const LOWER: u8 = 2;
pub(super) const UPPER: u8 = 3;
pub(super) const DIGIT: u8 = 4;
pub(super) const NEWLINE: u8 = 5;
pub(super) const SPACE: u8 = 6;
/// A Latin letter beyond ASCII, or a mark on one.
pub(super) const ACCENTED: u8 = 7;
pub(super) const CYRILLIC: u8 = 8;
/// A Cyrillic letter that Russian does not have.
pub(super) const FOREIGN: u8 = 30;

/// Returns the class of a character, from 1 to 31. A row of one class is one run, but for the
/// letters of a word.
#[inline]
pub(super) const fn class(char: char) -> u8 {
    match char {
        'a'..='z' => LOWER,
        'A'..='Z' => UPPER,
        '0'..='9' => DIGIT,
        '\n' | '\r' => NEWLINE,
        ' ' | '\t' | '\u{b}' | '\u{c}' | '\u{a0}' => SPACE,
        '\0'..='\u{7f}' => MARK,
        _ => beyond_ascii(char),
    }
}

/// Returns the kind of a class: letters that stand together in a word are one kind, whatever
/// their case and their accents.
pub(super) const fn kind(class: u8) -> u8 {
    let class = if (class == UPPER) | (class == ACCENTED) { LOWER } else { class };
    if class == FOREIGN { CYRILLIC } else { class }
}

/// Returns the class of a character that is not ASCII: scripts, punctuation and symbols by
/// their blocks in Unicode.
const fn beyond_ascii(char: char) -> u8 {
    match char {
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' | '\u{300}'..='\u{36f}' => ACCENTED,
        '\u{1e00}'..='\u{1eff}' | 'ª' | 'º' => ACCENTED,
        '\u{400}' | '\u{402}'..='\u{40f}' | '\u{450}' | '\u{452}'..='\u{52f}' => FOREIGN,
        '\u{400}'..='\u{52f}' => CYRILLIC,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 9,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => 10,
        '\u{590}'..='\u{5ff}' => 11,
        '\u{900}'..='\u{97f}' => 12,
        '\u{980}'..='\u{dff}' => 13,
        '\u{e00}'..='\u{e7f}' => 14,
        '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => 15,
        '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{3ffff}' => 16,
        '\u{3040}'..='\u{309f}' => 17,
        '\u{30a0}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => 18,
        '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' => 19,
        '\u{80}'..='\u{bf}' | '×' | '÷' => 20,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' => 21,
        '\u{3000}'..='\u{303f}' => 22,
        '\u{ff00}'..='\u{ff65}' => 23,
        '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' => 24,
        '\u{2200}'..='\u{22ff}' => 25,
        '\u{2500}'..='\u{25ff}' => 26,
        '\u{1f000}'..='\u{1faff}' => 27,
        '\u{fe00}'..='\u{fe0f}' | '\u{200b}'..='\u{200f}' => 28,
        '\u{530}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}' => 29,
        '\u{e80}'..='\u{109f}' | '\u{1200}'..='\u{137f}' | '\u{1780}'..='\u{17ff}' => 29,
        _ => 31,
    }
}

/// Returns the code of a character without case, and that of `0` for every digit: what an
/// estimate has learned of `Hello` and 1999 holds for `hello` and 2024.
#[inline]
pub(super) const fn folded(char: char) -> u32 {
    let code = char as u32;
    match char {
        '0'..='9' => '0' as u32,
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ω' | 'А'..='Я' => code.wrapping_add(32),
        _ => code,
    }
}
