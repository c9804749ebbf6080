//! Cuts a text into runs and says what they are, one feature at a time.
//!
//! Follows the cuts that o200k_base makes before it looks at its vocabulary:
//! a word takes one space or one mark before it along, a capital starts a new
//! word, digits go in threes, white space and line ends go together. Knows no
//! costs: a [`Meter`] hears of each feature.

#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "indices of the table, bounded by its layout"
    )
)]

use super::class::{CYRILLIC, Class, SCRIPTS, is_not_russian};
use super::layout::*;

/// Hears how often a feature occurs.
pub trait Meter {
    /// The feature, below [`FEATURES`], occurs `count` times more.
    fn note(&mut self, feature: usize, count: u32);

    /// A run of that many characters ends; what was noted since the last one is its.
    fn end_run(&mut self, _len: u32) {}
}

/// What stands before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Nothing,
    Space,
    Newline,
    Mark,
    Marks,
    Digits,
    Word,
    Script,
}

/// A text between two pieces.
#[derive(Debug, Default)]
pub struct Runs {
    kind: Kind,
    before: Kind,
    script: u8,
    len: u32,
    upper: u32,
    accents: u32,
    /// Letter class of the last character of a word.
    letter: u8,
    /// Last character of a punctuation run, and whether all were the same.
    mark: u8,
    is_mixed: bool,
    /// Share of accented letters lately, in 1/4096.
    accented: u32,
    /// Share of Cyrillic letters lately that Russian lacks, in 1/4096.
    foreign: u32,
}

/// Index into a row of `lengths` counts, the last of which stands for all longer ones.
const fn bucket(len: u32, lengths: usize) -> usize {
    let index = (len as usize).saturating_sub(1);
    if index < lengths { index } else { lengths - 1 }
}

/// The part of a length beyond the row.
const fn beyond(len: u32, lengths: usize) -> u32 {
    #[allow(clippy::cast_possible_truncation)]
    len.saturating_sub(lengths as u32)
}

impl Runs {
    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind == Kind::Nothing
    }

    /// Reads the next piece.
    pub fn feed<M: Meter>(&mut self, piece: &str, meter: &mut M) {
        for char in piece.chars() {
            match Class::of(char) {
                Class::Lower => self.lower(char, meter),
                Class::Upper => self.upper(char, meter),
                Class::Accented => self.accented(meter),
                Class::Digit => self.go_on(Kind::Digits, meter),
                Class::Space => self.go_on(Kind::Space, meter),
                Class::Newline => self.go_on(Kind::Newline, meter),
                Class::Punct => self.punct(char, meter),
                Class::Script(script) => self.script(script, char, meter),
            }
        }
    }

    /// Ends the text.
    pub fn finish<M: Meter>(mut self, meter: &mut M) {
        self.start(Kind::Nothing, meter);
    }

    /// Extends the run if it is of that kind, else starts one.
    #[inline]
    fn go_on<M: Meter>(&mut self, kind: Kind, meter: &mut M) {
        if self.kind == kind {
            self.len = self.len.saturating_add(1);
        } else {
            self.start(kind, meter);
        }
    }

    fn start<M: Meter>(&mut self, kind: Kind, meter: &mut M) {
        self.note_run(kind, meter);
        if self.kind != Kind::Nothing {
            meter.end_run(self.len);
        }
        self.before = match self.kind {
            Kind::Mark if self.len > 1 => Kind::Marks,
            kind => kind,
        };
        self.kind = kind;
        self.len = 1;
        self.upper = 0;
        self.accents = 0;
        self.letter = 0;
        self.is_mixed = false;
    }

    #[inline]
    fn lower<M: Meter>(&mut self, char: char, meter: &mut M) {
        self.go_on(Kind::Word, meter);
        self.pair(letter_of(char), meter);
    }

    #[inline]
    fn upper<M: Meter>(&mut self, char: char, meter: &mut M) {
        // A capital after a small letter starts a word.
        if self.kind == Kind::Word && self.upper < self.len {
            self.start(Kind::Word, meter);
        } else {
            self.go_on(Kind::Word, meter);
        }
        self.upper = self.upper.saturating_add(1);
        self.pair(letter_of(char.to_ascii_lowercase()), meter);
    }

    fn accented<M: Meter>(&mut self, meter: &mut M) {
        self.go_on(Kind::Word, meter);
        self.accents = self.accents.saturating_add(1);
        self.pair(27, meter);
    }

    #[inline]
    fn pair<M: Meter>(&mut self, letter: u8, meter: &mut M) {
        meter.note(PAIRS + usize::from(self.letter & 31) * 32 + usize::from(letter & 31), 1);
        self.letter = letter;
    }

    fn punct<M: Meter>(&mut self, char: char, meter: &mut M) {
        let mark = u8::try_from(char).unwrap_or(0);
        let is_first = self.kind != Kind::Mark;
        self.go_on(Kind::Mark, meter);
        self.is_mixed |= !is_first && self.mark != mark;
        self.mark = mark;
        let repeats = usize::from(!is_first);
        meter.note(MARKS + repeats * 128 + usize::from(mark & 127), 1);
    }

    fn script<M: Meter>(&mut self, script: u8, char: char, meter: &mut M) {
        if self.kind == Kind::Script && self.script == script {
            self.len = self.len.saturating_add(1);
        } else {
            self.start(Kind::Script, meter);
            self.script = script;
        }
        if script == CYRILLIC {
            let share = if is_not_russian(char) { 4096 } else { 0 };
            self.foreign = drift(self.foreign, share, 64);
        }
    }

    fn note_run<M: Meter>(&mut self, next: Kind, meter: &mut M) {
        let before = self.before as usize;
        let len = self.len;
        match self.kind {
            Kind::Nothing | Kind::Marks => {}
            Kind::Word => self.note_word(before, meter),
            Kind::Digits => {
                meter.note(DIGITS + before * DIGIT_LENGTHS + bucket(len, DIGIT_LENGTHS), 1);
                meter.note(DIGITS_LONG, beyond(len, DIGIT_LENGTHS));
            }
            Kind::Space => {
                let next = match next {
                    Kind::Digits => 0,
                    Kind::Newline | Kind::Nothing => 1,
                    _ => 2,
                };
                meter.note(SPACES + next * SPACE_LENGTHS + bucket(len, SPACE_LENGTHS), 1);
            }
            Kind::Newline => {
                meter.note(NEWLINES + before * NEWLINE_LENGTHS + bucket(len, NEWLINE_LENGTHS), 1);
            }
            Kind::Mark => {
                let mixed = usize::from(self.is_mixed);
                // A single mark is drawn to the word after it.
                let row = mixed * 2 + usize::from(next == Kind::Word);
                meter.note(PUNCT + row * PUNCT_LENGTHS + bucket(len, PUNCT_LENGTHS), 1);
                meter.note(PUNCT_LONG + mixed, beyond(len, PUNCT_LENGTHS));
            }
            Kind::Script => self.note_script(meter),
        }
    }

    fn note_word<M: Meter>(&mut self, before: usize, meter: &mut M) {
        let len = self.len;
        let shape = match (self.accents, self.upper) {
            (1.., _) => 3,
            (_, 0) => 0,
            (_, 1) => 1,
            _ => 2,
        };
        let share = self.accents.saturating_mul(4096) / len.max(1);
        self.accented = drift(self.accented, share, 16);
        let level = match self.accented {
            0..40 => 0,
            40..250 => 1,
            250..600 => 2,
            _ => 3,
        };
        let row = level * SHAPES + shape;
        meter.note(WORD + row * WORD_LENGTHS + bucket(len, WORD_LENGTHS), 1);
        meter.note(WORD_LONG + row, beyond(len, WORD_LENGTHS));
        let row = before * SHAPES + shape;
        meter.note(PREFIX + row * PREFIX_LENGTHS + bucket(len, PREFIX_LENGTHS), 1);
        meter.note(ACCENTS + level, self.accents);
    }

    fn note_script<M: Meter>(&mut self, meter: &mut M) {
        let script = match (self.script, self.foreign) {
            (CYRILLIC, 150..) => SCRIPTS,
            (script, _) => usize::from(script),
        };
        let spaced = usize::from(self.before == Kind::Space);
        let row = spaced * (SCRIPTS + 2) + script;
        meter.note(SCRIPT + row * SCRIPT_LENGTHS + bucket(self.len, SCRIPT_LENGTHS), 1);
        meter.note(SCRIPT_LONG + script, beyond(self.len, SCRIPT_LENGTHS));
    }
}

/// A running mean: moves by one `inertia`th towards the new value.
const fn drift(mean: u32, new: u32, inertia: u32) -> u32 {
    mean.saturating_sub(mean / inertia).saturating_add(new / inertia)
}

const fn letter_of(char: char) -> u8 {
    #[allow(clippy::cast_possible_truncation)]
    let letter = char as u8;
    letter.wrapping_sub(b'a').wrapping_add(1)
}
