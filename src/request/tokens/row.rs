//! A row of characters: where runs start in it, and what lies between those places.
//!
//! There is no branch at the end of a run, which no processor could predict: sums go on from
//! character to character, and where a run starts they are written down. What a run comes to is
//! the difference of two such [`Sums`]. Rows of ASCII, which are nearly all, need no more for a
//! character than what five small tables have of it.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "arrays whose places are bounded by the bits of an index"
)]
#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "sums over a row, which have the bits for the longest one"
    )
)]

use super::chars::{self, Char, HASHES, Window, moved};
use super::class::{DIGIT, NEWLINE, SPACE, UPPER, class, kind};
use super::floor::floor_of_ascii;
use super::weights;

/// Most characters of a row.
pub(super) const LONGEST: usize = 120;
/// Places for the starts of its runs, and for its end.
const ROOM: usize = 128;

/// Sums over the characters of a row, side by side in one number, so that a character adds to
/// all of them at once: in the lower half what they cost, in 1/64 tokens; above that how many
/// they are, how many capitals, how many that do not belong in a row of ASCII, and how many runs
/// start with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums(u64);

const CHARS: u32 = 32;
const CAPITALS: u32 = 40;
const OTHERS: u32 = 48;
const STARTS: u32 = 57;

impl Sums {
    /// The sums of no characters. What they cost may be less than nothing, and is not to borrow
    /// from what stands above it.
    pub(super) const START: Self = Self(1 << 30);

    /// Returns what has been added since others: cost, characters, and capitals.
    #[inline]
    pub(super) const fn since(self, before: Self) -> (i64, u32, u32) {
        let sums = self.0.wrapping_sub(before.0);
        let cost = sums as i32 as i64;
        let above = (sums.wrapping_sub(cost.cast_unsigned()) >> CHARS) as u32;
        (cost, above & 0xff, above >> (CAPITALS - CHARS) & 0xff)
    }

    /// Returns the sums after one character more.
    #[inline]
    const fn and(self, step: u64, cost: i64) -> Self {
        Self(self.0.wrapping_add(step).wrapping_add(cost.cast_unsigned()))
    }

    /// Returns how many runs have started, less than [`ROOM`].
    #[inline]
    const fn starts(self) -> usize {
        (self.0 >> STARTS) as usize
    }
}

/// Where a run starts, or a row ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// The sums of what is before it in the row.
    pub(super) sums: Sums,
    /// How many odd letters there are before it.
    pub(super) odd: u16,
    /// What all characters before it cost at least, in parts of a token.
    pub(super) floor: u16,
}

impl Default for Start {
    fn default() -> Self {
        Self { sums: Sums::START, odd: 0, floor: 0 }
    }
}

/// The starts of runs in a row, in columns.
#[derive(Debug)]
pub(super) struct Row {
    sums: [Sums; ROOM],
    /// Not filled in rows of ASCII, which have no odd letters and no floors.
    odds: [u16; ROOM],
    floors: [u16; ROOM],
    /// The classes around each start, with three bits each in a row of ASCII, else five.
    around: [u16; ROOM],
    /// How many there are. The end of the row stands after them.
    pub(super) len: usize,
}

impl Row {
    /// Returns a row without characters.
    pub(super) const fn new() -> Self {
        Self {
            sums: [Sums::START; ROOM],
            odds: [0; ROOM],
            floors: [0; ROOM],
            around: [0; ROOM],
            len: 0,
        }
    }

    /// Reads ASCII, up to [`LONGEST`] bytes, after characters that are plain as well. Costed is
    /// what was last before and all but the last byte. Returns whether all of the bytes could be
    /// read so: not if there are control characters among them, and then nothing has happened.
    pub(super) fn read_ascii(&mut self, window: &mut Window, bytes: &[u8]) -> bool {
        let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
        let mut place = AsciiPlace::of(window);
        let (fours, rest) = bytes.as_chunks::<4>();
        for four in fours {
            four.iter().for_each(|byte| self.step(&mut place, *byte));
        }
        rest.iter().for_each(|byte| self.step(&mut place, *byte));
        let AsciiPlace { sums, hash, .. } = place;
        self.len = sums.starts();
        self.sums[self.len] = sums;
        let is_plain = sums.0 >> OTHERS & 0xff == 0;
        if is_plain {
            for byte in bytes.iter().skip(bytes.len().saturating_sub(2)) {
                window.shift(Char::of_ascii(*byte));
            }
            window.hash = hash;
        }
        is_plain
    }

    /// Moves on by a byte of ASCII.
    #[inline(always)]
    fn step(&mut self, place: &mut AsciiPlace, byte: u8) {
        let AsciiPlace { sums, hash, pair, around } = *place;
        let byte = usize::from(byte % 128);
        let around = (around << 3 | usize::from(CLASSES[byte])) % AROUND;
        let start = sums.starts();
        self.sums[start] = sums;
        self.around[start] = around as u16;
        let cost = weights::of_triple(chars::place(hash)) + weights::of_ascii_pair(pair);
        *place = AsciiPlace {
            sums: sums.and(STEPS[around], cost),
            hash: moved(hash, HASHES[byte]),
            pair: pair << 7 | byte,
            around,
        };
    }

    /// Reads characters, up to [`LONGEST`]. Costed is what was last before, and all but the last
    /// one.
    pub(super) fn read(&mut self, window: &mut Window, chars: impl Iterator<Item = Char>) {
        let (mut sums, mut odd, mut floor) = (Sums::START, 0, 0);
        for next in chars.take(LONGEST) {
            let (before, this) = (window.before, window.this);
            let around = [before.class, this.class, next.class];
            let at = sums.starts();
            self.sums[at] = sums;
            (self.odds[at], self.floors[at]) = (odd, floor);
            let [a, b, c] = around.map(u16::from);
            self.around[at] = a << 10 | b << 5 | c;
            sums = sums.and(step(around), window.weight(next.class));
            odd += u16::from(this.is_odd());
            floor += u16::from(this.floor_after(before));
            window.shift(next);
        }
        self.len = sums.starts();
        self.sums[self.len] = sums;
        (self.odds[self.len], self.floors[self.len]) = (odd, floor);
    }

    /// Returns the start of a run, by its number.
    pub(super) fn start<const IS_ASCII: bool>(&self, number: usize) -> (Start, Border) {
        let around = self.around[number];
        let border = if IS_ASCII {
            Border::unpacked(BORDERS[usize::from(around) % AROUND])
        } else {
            Border::between([around >> 10, around >> 5 & 31, around & 31].map(|class| class as u8))
        };
        (self.place::<IS_ASCII>(number), border)
    }

    /// Returns the end of the row.
    pub(super) fn end<const IS_ASCII: bool>(&self) -> Start {
        self.place::<IS_ASCII>(self.len)
    }

    fn place<const IS_ASCII: bool>(&self, number: usize) -> Start {
        let sums = self.sums[number];
        if IS_ASCII {
            return Start { sums, ..Start::default() };
        }
        Start { sums, odd: self.odds[number], floor: self.floors[number] }
    }

    /// Returns what the runs of a row of ASCII cost that start and end in it, in 1/1024 tokens.
    pub(super) fn plain_runs(&self) -> i64 {
        let starts = self.sums.iter().zip(&self.around).take(self.len);
        let mut starts =
            starts.map(|(sums, around)| (*sums, BORDERS[usize::from(*around) % AROUND]));
        let Some(mut run) = starts.next() else { return 0 };
        let mut cost = 0;
        for next in starts {
            let (chars, len, capitals) = next.0.since(run.0);
            cost += weights::of_plain_run(chars, len, capitals, run.1, next.1);
            run = next;
        }
        cost
    }
}

/// A place in a row of ASCII.
#[derive(Debug, Clone, Copy)]
struct AsciiPlace {
    /// The sums before its last character.
    sums: Sums,
    hash: u64,
    /// The last two characters, in 7 bits each; those before them stand above that.
    pair: usize,
    /// Their classes, in 3 bits each, and in a start of a run those of three.
    around: usize,
}

impl AsciiPlace {
    const fn of(window: &Window) -> Self {
        let (pair, around) = (window.ascii_pair(), window.ascii_classes());
        Self { sums: Sums::START, hash: window.hash, pair, around }
    }
}

/// What stands on both sides of the start of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border {
    /// The kind of the run that ends there.
    pub(super) before: u8,
    /// What that is to the run that starts, in the words of the fit.
    pub(super) stands: u8,
}

impl Border {
    /// Returns the border before the second of three classes.
    const fn between([before, this, next]: [u8; 3]) -> Self {
        let before = kind(before);
        let stands = STANDS[is_glued(this, next) as usize][before as usize % 32];
        Self { before, stands }
    }

    /// Returns a border between classes of ASCII as [`weights::of_plain_run`] wants it.
    const fn packed(self) -> u8 {
        self.before << 5 | self.stands
    }

    const fn unpacked(packed: u8) -> Self {
        Self { before: packed >> 5, stands: packed & 7 }
    }
}

/// Returns whether a character of the first class is a space that goes with the one after it:
/// before words and marks it does, before digits and further white space it stands alone.
const fn is_glued(class: u8, next: u8) -> bool {
    (class == SPACE) & (next != 0) & (next != DIGIT) & (next != NEWLINE) & (next != SPACE)
}

/// Returns whether a run starts with a character of the second class, between the others.
const fn is_start([before, this, next]: [u8; 3]) -> bool {
    let is_other = kind(this) != kind(before);
    let is_capital = (this == UPPER) & (before != UPPER);
    is_glued(this, next) | (!is_glued(before, this) & (is_other | is_capital))
}

/// Returns what a character of the second class adds to [`Sums`], but for its cost.
const fn step(around: [u8; 3]) -> u64 {
    let [_, this, _] = around;
    1 << CHARS | ((this == UPPER) as u64) << CAPITALS | (is_start(around) as u64) << STARTS
}

/// Three classes of ASCII, three bits for each, have so many values.
const AROUND: usize = 1 << 9;
/// In the place of a class, for what has a floor.
const OTHER: u8 = 7;

/// The classes of ASCII.
static CLASSES: [u8; 128] = {
    let mut classes = [OTHER; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if floor_of_ascii(byte) == 0 {
            classes[byte as usize] = class(byte as char);
        }
        byte += 1;
    }
    classes
};

/// Returns the three classes that such a number stands for.
const fn classes(around: usize) -> [u8; 3] {
    [(around >> 6 & 7) as u8, (around >> 3 & 7) as u8, (around & 7) as u8]
}

/// What a character of ASCII adds to [`Sums`] by the classes around it, with what it costs by
/// them.
static STEPS: [u64; AROUND] = {
    let mut steps = [0; AROUND];
    let mut around = 0;
    while around < AROUND {
        let [before, this, next] = classes(around);
        let cost = weights::of_class([before as u16, this as u16, next as u16]);
        let other = ((next == OTHER) as u64) << OTHERS;
        steps[around] = (step([before, this, next]) | other).wrapping_add(cost.cast_unsigned());
        around += 1;
    }
    steps
};

/// The borders between the classes of ASCII.
static BORDERS: [u8; AROUND] = {
    let mut borders = [0; AROUND];
    let mut around = 0;
    while around < AROUND {
        borders[around] = Border::between(classes(around)).packed();
        around += 1;
    }
    borders
};

/// What a run of a kind is to the one after it, as a number of the fit: to one that starts
/// without a space, and with one.
static STANDS: [[u8; 32]; 2] = {
    let mut stands = [[6; 32], [7; 32]];
    let known = [0, 3, 5, 5, 4, 2, 1, 5];
    let mut kind = 0;
    while kind < known.len() {
        stands[0][kind] = known[kind];
        kind += 1;
    }
    stands
};
