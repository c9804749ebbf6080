//! Cuts a text into runs and sums what its characters and runs cost.
//!
//! Follows the cuts that o200k_base makes before it looks at its vocabulary: words,
//! digits, marks, white space and scripts stand apart, a space goes with the word or
//! mark after it, and a capital after a small letter starts a word. What a character
//! costs depends on those around it; what a run costs, on its length, shape and the one
//! before it. The tables are in `weights.rs`.
//!
//! `Hello worldWide, 42` has the runs `Hello`, ` world`, `Wide`, `,`, ` ` and `42`. Of `world`
//! each letter is looked up with the two before it, and what they sum up to is looked
//! up once more as a word of six characters that stands after another word.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "arrays whose places are bounded by their length"
)]
#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "sums over a few hundred characters, and lengths that saturate"
    )
)]

use super::chars::{Chars, EDGE, ROOM};
use super::class::{ACCENTED, CYRILLIC, DIGIT, FOREIGN, LOWER, NEWLINE, SPACE, UPPER};
use super::floor::{PARTS, REPEATED};
use super::weights::{self, Form, WeightPlaces, threes};

/// So many words hold a bit for each place of a row.
const WORDS: usize = ROOM.div_ceil(64);

/// All of something, as a share.
const ONE: u32 = 1 << 20;

/// A run that has not ended.
#[derive(Debug, Default, Clone, Copy)]
struct Run {
    /// Its characters.
    len: u32,
    /// Accented letters, or those that Russian lacks.
    odd: u32,
    /// What its characters cost, in 1/64 tokens.
    cost: i64,
    /// What they cost at least, in parts of a token.
    floor: u32,
    /// The kind of its last character.
    kind: u8,
    /// Capitals at its beginning, up to two.
    capitals: u8,
    /// What stands before it, in the words of the fit.
    stands: u8,
}

/// A text between two pieces.
#[derive(Debug)]
pub(super) struct Runs {
    chars: Chars,
    /// Where the weights of those characters stand.
    places: WeightPlaces<ROOM>,
    /// At each place, the sum of what all before it cost, how many of them are odd, and what
    /// they cost at least.
    costs: [i32; ROOM],
    odds: [u16; ROOM],
    floors: [u16; ROOM],
    /// Where runs start, a bit for each place.
    starts: [u64; WORDS],
    /// The run that goes on.
    open: Run,
    /// Share of accented letters in the last Latin words, of [`ONE`].
    accented: u32,
    /// Share of letters that Russian lacks in the last Cyrillic words, of [`ONE`].
    foreign: u32,
}

/// Returns the kind of a class: letters that stand together in a word are one kind, whatever
/// their case and their accents.
const fn kind(class: u8) -> u8 {
    let class = if (class == UPPER) | (class == ACCENTED) { LOWER } else { class };
    if class == FOREIGN { CYRILLIC } else { class }
}

/// Returns whether a character of the first class is a space that goes with the one after it:
/// before words and marks it does, before digits and further white space it stands alone.
const fn is_glued(class: u8, next: u8) -> bool {
    (class == SPACE) & (next != 0) & (next != DIGIT) & (next != NEWLINE) & (next != SPACE)
}

impl Runs {
    /// Returns the start of a text.
    pub(super) fn new() -> Self {
        Self {
            chars: Chars::new(),
            places: WeightPlaces::new(),
            costs: [0; ROOM],
            odds: [0; ROOM],
            floors: [0; ROOM],
            starts: [0; WORDS],
            open: Run::default(),
            accented: 0,
            foreign: 0,
        }
    }

    /// Reads the next piece, and returns what the runs cost that ended in it, in 1/1024 tokens.
    pub(super) fn feed(&mut self, piece: &str) -> i64 {
        let mut cost = 0;
        let mut rest = self.chars.fill(piece);
        while self.chars.is_full() {
            cost += self.pass();
            rest = self.chars.fill(rest);
        }
        cost
    }

    /// Ends the last run: what follows stands elsewhere in the same text.
    pub(super) fn cut(&mut self) -> i64 {
        if self.chars.is_new() {
            return 0;
        }
        self.chars.end();
        let mut cost = self.pass();
        cost += self.end::<false>(self.open);
        self.chars.clear();
        self.open = Run::default();
        cost
    }

    /// Ends the text, and returns what its last runs cost, in 1/1024 tokens.
    pub(super) fn finish(&mut self) -> i64 {
        let cost = self.cut();
        (self.accented, self.foreign) = (0, 0);
        cost
    }

    /// Costs the characters at hand, and returns what the runs cost that ended among them.
    fn pass(&mut self) -> i64 {
        let ready = self.chars.ready();
        self.cost_chars(ready);
        self.find_starts(ready);
        // Most texts have neither accents nor letters that Russian lacks.
        let is_plain =
            self.chars.is_ascii && self.accented < 16 && self.foreign < 16 && self.open.floor == 0;
        let cost = if is_plain { self.runs::<true>(ready) } else { self.runs::<false>(ready) };
        self.chars.shift();
        cost
    }

    /// Returns what the runs cost that ended before a place. `IS_PLAIN` leaves out what only
    /// text with accents and the like needs.
    fn runs<const IS_PLAIN: bool>(&mut self, ready: usize) -> i64 {
        let mut cost = 0;
        let mut from = EDGE;
        let mut run = self.open;
        for (word, starts) in self.starts.into_iter().enumerate() {
            let mut starts = starts;
            // Each bit that is set is the end of one run and the start of the next.
            while starts != 0 {
                let at = (64 * word + starts.trailing_zeros() as usize).min(ready);
                starts &= starts - 1;
                run = self.longer::<IS_PLAIN>(run, from, at);
                cost += self.end::<IS_PLAIN>(run);
                run = self.begun(at);
                from = at;
            }
        }
        self.open = self.longer::<IS_PLAIN>(run, from, ready.max(from));
        cost
    }

    /// Sums up what characters cost, from place to place. What any run costs of it is then the
    /// difference of two sums.
    fn cost_chars(&mut self, ready: usize) {
        let ready = ready.min(ROOM - EDGE);
        let Chars { exact, folded, class, floor, is_ascii, .. } = &self.chars;
        let all = ..ready + EDGE;
        self.places.find(&exact[all], &folded[all], &class[all], *is_ascii);
        let mut cost = 0;
        if *is_ascii {
            for at in EDGE..ready {
                self.costs[at] = cost;
                cost += self.places.of_ascii(at);
            }
            self.costs[ready] = cost;
            return;
        }
        let (mut odd, mut least) = (0, 0);
        let all = class.iter().zip(floor).enumerate();
        for (at, (class, floor)) in all.take(ready).skip(EDGE) {
            let is_repeated = exact[at] == exact[at - 1];
            (self.costs[at], self.odds[at], self.floors[at]) = (cost, odd, least);
            cost += self.places.of_char(at);
            odd += u16::from((*class == ACCENTED) | (*class == FOREIGN));
            // What has no floor of its own has none in rows either.
            let repeated = if (*floor > 0) & is_repeated { REPEATED } else { 0 };
            least += u16::from((*floor).max(repeated));
        }
        (self.costs[ready], self.odds[ready], self.floors[ready]) = (cost, odd, least);
    }

    /// Finds where runs start. Without branches: first as a byte for each place, in vectors,
    /// then as bits.
    fn find_starts(&mut self, ready: usize) {
        let class = &self.chars.class[..ready.min(ROOM - EDGE) + 1];
        let mut is_start = [0; 64 * WORDS];
        for (is_start, [before, this, next]) in is_start[1..].iter_mut().zip(threes(class)) {
            let is_other = kind(this) != kind(before);
            let is_capital = (this == UPPER) & (before != UPPER);
            let goes_with = is_glued(before, this);
            *is_start = u8::from(is_glued(this, next) | (!goes_with & (is_other | is_capital)));
        }
        // What is before the row was found when it came.
        is_start[..EDGE].fill(0);
        for (bits, is_start) in self.starts.iter_mut().zip(is_start.chunks_exact(64)) {
            let eights = is_start.as_chunks().0.iter().enumerate();
            *bits = eights.map(|(at, eight)| bits_of(*eight) << (8 * at)).sum();
        }
    }

    /// Returns a run with what lies between two places added to it.
    #[inline]
    fn longer<const IS_PLAIN: bool>(&self, run: Run, from: usize, to: usize) -> Run {
        if from >= to {
            return run;
        }
        // ASCII has no odd letters and no floors, and those columns are not even filled then.
        let is_ascii = IS_PLAIN || self.chars.is_ascii;
        let (odd, floor) = if is_ascii {
            (0, 0)
        } else {
            (self.odds[to] - self.odds[from], self.floors[to] - self.floors[from])
        };
        Run {
            len: run.len.saturating_add((to - from) as u32),
            odd: run.odd.saturating_add(odd.into()),
            floor: run.floor.saturating_add(floor.into()),
            cost: run.cost + i64::from(self.costs[to] - self.costs[from]),
            kind: kind(self.chars.class[to - 1]),
            ..run
        }
    }

    /// Returns the run that begins at a place, still without characters.
    #[inline]
    fn begun(&self, at: usize) -> Run {
        let class = &self.chars.class;
        let is_glued = is_glued(class[at], class[at + 1]);
        // A space before the word is part of the run, so its first letter is one further on.
        let first = at + usize::from(is_glued);
        let is_capital = class[first] == UPPER;
        let capitals = u8::from(is_capital) + u8::from(is_capital & (class[first + 1] == UPPER));
        let stands = STANDS[usize::from(is_glued)][usize::from(kind(class[at - 1]) % 32)];
        Run { capitals, stands, ..Run::default() }
    }

    /// Returns what a run costs that has ended, in 1/1024 tokens.
    #[inline]
    fn end<const IS_PLAIN: bool>(&mut self, run: Run) -> i64 {
        let Run { len, odd, cost, floor, kind, capitals, stands } = run;
        if len == 0 {
            return 0;
        }
        let level = if IS_PLAIN { 0 } else { self.level(kind, odd, len) };
        let shape = if kind == LOWER { if odd > 0 { 3 } else { capitals } } else { 0 };
        let cost = weights::of_run(cost, Form { kind, shape, stands, level, len });
        let (least, most) = bounds(kind, len, odd);
        let cost = cost.max(least).min(most);
        // A character has at least as many bytes as its floor has tokens, so this is no more than
        // a token for each byte.
        if IS_PLAIN { cost } else { cost.max(i64::from(floor) * 1024 / i64::from(PARTS)) }
    }

    /// Returns how many odd letters words like it have had lately, in a few steps. It tells
    /// languages apart that share a script: the same word costs more in Czech than in English.
    fn level(&mut self, kind: u8, odd: u32, len: u32) -> u8 {
        match kind {
            LOWER => {
                self.accented = drift(self.accented, odd, len);
                level(self.accented, &[10_486, 31_457, 62_915, 104_858, 157_286])
            }
            CYRILLIC => {
                self.foreign = drift(self.foreign, odd, len);
                level(self.foreign, &[10_486, 41_943])
            }
            _ => 0,
        }
    }
}

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

/// So many bytes has a character of a kind at least.
static WIDTHS: [u8; 32] = [
    1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2,
];

/// Returns what a run costs at least and at most, in 1/1024 tokens.
///
/// A token holds no more than 16 characters of words and marks that change, and no more
/// than 64 of a long run of the same; and it is at least a byte.
#[inline]
fn bounds(kind: u8, len: u32, odd: u32) -> (i64, i64) {
    let width = i64::from(WIDTHS[usize::from(kind % 32)]);
    let len = i64::from(len);
    let least = if len > 8 { len * (1024 / 64) } else { len * (1024 / 16) };
    (least, (len * width + i64::from(odd)) * 1024)
}

/// Returns the lowest bit of each byte, that of the first byte lowest. The product moves the
/// bits side by side into the highest byte.
#[inline]
const fn bits_of(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Returns how many of the bounds a share reaches.
fn level(share: u32, bounds: &[u32]) -> u8 {
    bounds.iter().map(|bound| u8::from(share >= *bound)).sum()
}

/// Returns a running mean, moved by a sixteenth towards the share of a word that is odd: some
/// ten words later it says what language the text is in.
fn drift(mean: u32, odd: u32, len: u32) -> u32 {
    let share = odd.min(len).min(4095).saturating_mul(ONE) / len.max(1);
    mean - mean / 16 + share / 16
}
