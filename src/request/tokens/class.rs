//! Which characters form a run together.
//!
//! The ranges are coarse on purpose: what matters is how many tokens a
//! vocabulary made mostly of English spends on them.

/// A class of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Lower,
    Upper,
    /// A Latin letter beyond ASCII, or a mark on one.
    Accented,
    Digit,
    Space,
    Newline,
    Punct,
    /// Runs of one class, costed by length.
    Script(u8),
}

/// Number of classes under [`Class::Script`].
pub(super) const SCRIPTS: usize = 24;
/// Letters that tell Ukrainian and others from Russian; runs go on over them.
pub(super) const CYRILLIC: u8 = 0;

impl Class {
    /// The class of a character.
    #[inline]
    pub(super) fn of(char: char) -> Self {
        match char {
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Digit,
            '\n' | '\r' => Self::Newline,
            ' ' | '\t' | '\u{b}' | '\u{c}' | '\u{a0}' => Self::Space,
            '\0'..='\u{7f}' => Self::Punct,
            _ => Self::beyond_ascii(char),
        }
    }

    fn beyond_ascii(char: char) -> Self {
        Self::Script(match char {
            'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' | '\u{300}'..='\u{36f}' => {
                return Self::Accented;
            }
            '\u{1e00}'..='\u{1eff}' | 'ª' | 'º' => return Self::Accented,
            '\u{400}'..='\u{52f}' => CYRILLIC,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 1,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => 2,
            '\u{590}'..='\u{5ff}' => 3,
            '\u{900}'..='\u{97f}' => 4,
            '\u{980}'..='\u{dff}' => 5,
            '\u{e00}'..='\u{e7f}' => 6,
            '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => 7,
            '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{3ffff}' => 8,
            '\u{3040}'..='\u{309f}' => 9,
            '\u{30a0}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => 10,
            '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' => 11,
            '\u{80}'..='\u{bf}' | '×' | '÷' => 12,
            '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' => 13,
            '\u{3000}'..='\u{303f}' => 14,
            '\u{ff00}'..='\u{ff65}' => 15,
            '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' => 16,
            '\u{2200}'..='\u{22ff}' => 17,
            '\u{2500}'..='\u{25ff}' => 18,
            '\u{1f000}'..='\u{1faff}' => 19,
            '\u{fe00}'..='\u{fe0f}' | '\u{200b}'..='\u{200f}' => 20,
            '\u{530}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}' => 21,
            '\u{e80}'..='\u{109f}' | '\u{1200}'..='\u{137f}' | '\u{1780}'..='\u{17ff}' => 22,
            _ => 23,
        })
    }
}

/// Whether a Cyrillic letter is one that Russian does not have.
#[inline]
pub(super) const fn is_not_russian(char: char) -> bool {
    matches!(char, '\u{400}' | '\u{402}'..='\u{40f}' | '\u{450}' | '\u{452}'..='\u{52f}')
}
