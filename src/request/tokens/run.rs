//! Cuts a text into runs and sums what its characters and runs cost.
//!
//! Follows the cuts that o200k_base makes before it looks at its vocabulary:
//! words, digits, marks, white space and scripts stand apart, and a capital
//! after a small letter starts a word. What a character costs depends on those
//! around it, so each is costed when the next is known; what a run costs, on its
//! length, shape and neighbours. The tables are in `weights.rs`.

#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "lengths that saturate, and indices of tables bounded by their layout"
    )
)]

use super::class::{ACCENTED, CYRILLIC, LOWER, UPPER, class, folded, is_not_russian};
use super::weights;

/// A share of all.
const ONE: u32 = 1 << 20;

/// A character that waits for the one after it.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    exact: u32,
    folded: u32,
    class: u8,
}

/// A run that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// What it costs, in 1/1024 tokens; of a run of millions of characters, the most that
    /// fits.
    pub(super) cost: i32,
    /// Its characters, and their bytes.
    pub(super) len: u32,
    pub(super) bytes: u32,
}

/// A text between two pieces.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Runs {
    current: Seen,
    before: Seen,
    before2: u32,
    /// Of the run: characters, bytes beyond one for each, capitals, accents, what they cost in 1/64 tokens.
    len: u32,
    more_bytes: u32,
    upper: u32,
    accents: u32,
    cost: i32,
    /// The kind of the run before.
    stands: u8,
    /// Share of accented letters in the last words, of [`ONE`].
    accented: u32,
    /// Share of the last Cyrillic letters that Russian lacks, of [`ONE`].
    foreign: u32,
}

/// Words of Latin letters are one kind.
const fn kind(class: u8) -> u8 {
    if matches!(class, UPPER | ACCENTED) { LOWER } else { class }
}

impl Runs {
    /// Reads the next piece and tells of every run that ends in it.
    pub(super) fn feed(&mut self, piece: &str, mut ended: impl FnMut(Ended)) {
        // A copy that nothing else refers to stays in registers.
        let mut runs = *self;
        for char in piece.chars() {
            let next = seen(char);
            if runs.push(next) {
                ended(runs.end());
            }
            runs.before2 = runs.before.folded;
            runs.before = runs.current;
            runs.current = next;
            runs.len = runs.len.wrapping_add(1);
            if next.class == UPPER {
                runs.upper = (runs.upper + 1).min(2);
            } else if !char.is_ascii() {
                runs.beyond_ascii(char, next.class);
            }
        }
        *self = runs;
    }

    /// Costs the current character, given the next; whether its run ends with it.
    #[inline]
    fn push(&mut self, next: Seen) -> bool {
        let current = self.current.class;
        if current == 0 {
            return false;
        }
        self.settle(next);
        let is_capital = next.class == UPPER && current != UPPER;
        is_capital || kind(current) != kind(next.class)
    }

    #[cold]
    fn beyond_ascii(&mut self, char: char, class: u8) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 4")]
        let more = char.len_utf8() as u32 - 1;
        self.more_bytes = self.more_bytes.saturating_add(more);
        self.accents = self.accents.saturating_add(u32::from(class == ACCENTED));
        if class == CYRILLIC {
            let share = if is_not_russian(char) { ONE } else { 0 };
            self.foreign = drift(self.foreign, share, 64);
        }
    }

    /// Ends the last run, if there is one: what follows stands elsewhere in the same text.
    pub(super) fn cut(&mut self) -> Option<Ended> {
        if self.current.class == 0 {
            return None;
        }
        self.settle(Seen::default());
        let ended = self.end();
        let Self { accented, foreign, .. } = *self;
        *self = Self { accented, foreign, ..Self::default() };
        Some(ended)
    }

    /// Costs the current character, given the next.
    #[inline]
    fn settle(&mut self, next: Seen) {
        let Self { current, before, before2, .. } = *self;
        let around = [before2, before.folded, current.folded, next.folded];
        let cost = weights::of_letters(around)
            + weights::of_exact(current.exact)
            + weights::of_classes([before.class, current.class, next.class]);
        // A run of millions of characters costs the most that fits.
        self.cost = self.cost.saturating_add(cost);
    }

    fn end(&mut self) -> Ended {
        let kind = kind(self.current.class);
        let len = self.len;
        let level = match kind {
            // Most words of most texts have no accents.
            LOWER if self.accents == 0 && self.accented < 16 => 0,
            LOWER => {
                let share = self.accents.min(len).min(4095).saturating_mul(ONE) / len.max(1);
                self.accented = drift(self.accented, share, 16);
                level(self.accented, &[10_486, 31_457, 62_915, 104_858, 157_286])
            }
            CYRILLIC => level(self.foreign, &[10_486, 41_943]),
            _ => 0,
        };
        let shape = match (kind, self.accents, self.upper) {
            (LOWER, 1.., _) => 3,
            (LOWER, 0, upper) => upper,
            _ => 0,
        };
        // What stands before, in the words of the fit.
        let before = match self.stands {
            known @ 0..=7 => [0, 3, 5, 5, 4, 2, 1, 5].get(usize::from(known)).copied().unwrap_or(6),
            _ => 6,
        };
        let run = weights::of_run(kind.into(), shape, len, before, level);
        let cost = i64::from(self.cost) * 4 + run;
        let cost = cost * weights::factor(kind.into(), level) / 64;
        let cost = i32::try_from(cost).unwrap_or(i32::MAX);
        self.stands = kind;
        let bytes = len.saturating_add(self.more_bytes);
        (self.len, self.more_bytes, self.upper, self.accents, self.cost) = (0, 0, 0, 0, 0);
        Ended { cost, len, bytes }
    }
}

/// A character and what it is.
#[inline]
fn seen(char: char) -> Seen {
    match ASCII.get(char as usize) {
        Some(seen) => *seen,
        None => Seen { exact: char.into(), folded: folded(char), class: class(char) },
    }
}

/// What the characters of ASCII are.
#[expect(clippy::indexing_slicing, reason = "made when this is compiled")]
static ASCII: [Seen; 128] = {
    let mut seen = [Seen { exact: 0, folded: 0, class: 0 }; 128];
    let mut code = 0_u8;
    while code < 128 {
        let char = code as char;
        let exact = if char.is_ascii_digit() { b'0' } else { code };
        seen[code as usize] =
            Seen { exact: exact as u32, folded: folded(char), class: class(char) };
        code += 1;
    }
    seen
};

/// How many of the bounds a share reaches.
fn level(share: u32, bounds: &[u32]) -> u32 {
    bounds.iter().map(|bound| u32::from(share >= *bound)).sum()
}

/// A running mean: moves by one `inertia`th towards the new value.
const fn drift(mean: u32, new: u32, inertia: u32) -> u32 {
    mean - mean / inertia + new / inertia
}
