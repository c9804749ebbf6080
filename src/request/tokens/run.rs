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

#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "sums over a few hundred characters, and lengths that saturate"
    )
)]

use super::chars::{Char, Recent, Window};
use super::class::{CYRILLIC, LOWER};
use super::floor::PARTS;
use super::row::{Border, LONGEST, Row, Start};
use super::weights::{self, Form, bounded};

/// All of something, as a share.
const ONE: u32 = 1 << 20;

/// So many characters that stand before another matter for what it costs.
const EDGE: usize = 2;

/// So many characters are read together where some of them are not ASCII.
const FEW: usize = 32;

/// A run that has not ended.
#[derive(Debug, Default, Clone, Copy)]
struct Run {
    /// Its characters.
    len: u32,
    /// Those of them that are capitals. All stand at its beginning.
    capitals: u32,
    /// Accented letters, or those that Russian lacks.
    odd: u32,
    /// What its characters cost at least, in parts of a token.
    floor: u32,
    /// What they cost, in 1/64 tokens.
    cost: i64,
    /// What stands before it, in the words of the fit.
    stands: u8,
}

impl Run {
    /// Returns a run at its start.
    const fn begun(border: Border) -> Self {
        Self { len: 0, capitals: 0, odd: 0, floor: 0, cost: 0, stands: border.stands }
    }

    /// Returns the run with what lies between two places of a row.
    fn longer(self, from: Start, to: Start) -> Self {
        let (cost, len, capitals) = to.sums.since(from.sums);
        Self {
            len: self.len.saturating_add(len),
            capitals: self.capitals.saturating_add(capitals),
            odd: self.odd.saturating_add((to.odd - from.odd).into()),
            floor: self.floor.saturating_add((to.floor - from.floor).into()),
            cost: self.cost + cost,
            stands: self.stands,
        }
    }
}

/// A text between two pieces.
#[derive(Debug)]
pub(super) struct Runs {
    /// The last characters of what has come.
    window: Window,
    recent: Recent,
    row: Row,
    /// The run that goes on; none at the start of a text.
    open: Option<Run>,
    /// Share of accented letters in the last Latin words, of [`ONE`].
    accented: u32,
    /// Share of letters that Russian lacks in the last Cyrillic words, of [`ONE`].
    foreign: u32,
}

impl Runs {
    /// Returns the start of a text.
    pub(super) fn new() -> Self {
        Self {
            window: Window::START,
            recent: Recent::new(),
            row: Row::new(),
            open: None,
            accented: 0,
            foreign: 0,
        }
    }

    /// Reads the next piece, and returns what the runs cost that ended in it, in 1/1024 tokens.
    pub(super) fn feed(&mut self, piece: &str) -> i64 {
        let mut cost = 0;
        let mut rest = piece;
        while !rest.is_empty() {
            let ascii = ascii_len(rest.as_bytes());
            // Rows are not worth beginning for a few characters.
            let is_ascii = ascii >= FEW.min(rest.len());
            let is_plain = is_ascii && self.window.is_plain();
            let (head, tail) = rest.split_at_checked(ascii).unwrap_or((rest, ""));
            if is_plain && self.row.read_ascii(&mut self.window, head.as_bytes()) {
                cost += self.end_runs::<true>();
                rest = tail;
                continue;
            }
            // Two characters after others ASCII can be read as such, but for control characters.
            let mut chars = rest.chars();
            let most = if is_ascii && !is_plain { EDGE } else { FEW };
            let recent = &mut self.recent;
            self.row
                .read(&mut self.window, chars.by_ref().take(most).map(|char| recent.char(char)));
            cost += self.end_runs::<false>();
            rest = chars.as_str();
        }
        cost
    }

    /// Ends the last run: what follows stands elsewhere in the same text.
    pub(super) fn cut(&mut self) -> i64 {
        if self.window.this.class == 0 {
            return 0;
        }
        // The first of them follows the last character, the second ends the run.
        self.row.read(&mut self.window, [Char::NONE; EDGE].into_iter());
        let cost = self.end_runs::<false>();
        self.window = Window::START;
        self.open = None;
        cost
    }

    /// Ends the text, and returns what its last runs cost, in 1/1024 tokens.
    pub(super) fn finish(&mut self) -> i64 {
        let cost = self.cut();
        (self.accented, self.foreign) = (0, 0);
        cost
    }

    /// Returns what the runs cost that have ended in the row.
    fn end_runs<const IS_ASCII: bool>(&mut self) -> i64 {
        let mut cost = 0;
        let (mut run, mut before) = (self.open, Start::default());
        for at in 0..self.row.len {
            let (start, border) = self.row.start::<IS_ASCII>(at);
            cost += run.map_or(0, |run| self.end(run.longer(before, start), border.before));
            (run, before) = (Some(Run::begun(border)), start);
            // All but the first and the last one lie within the row, which most texts need no
            // more for than this.
            if IS_ASCII && at == 0 && self.is_plain() {
                let (start, border) = self.row.start::<IS_ASCII>(self.row.len.saturating_sub(1));
                (run, before) = (Some(Run::begun(border)), start);
                cost += self.row.plain_runs();
                break;
            }
        }
        self.open = run.map(|run| run.longer(before, self.row.end::<IS_ASCII>()));
        cost
    }

    /// Returns whether no word has had odd letters lately.
    const fn is_plain(&self) -> bool {
        self.accented < 16 && self.foreign < 16
    }

    /// Returns what a run of a kind costs that has ended, in 1/1024 tokens.
    #[inline]
    fn end(&mut self, run: Run, kind: u8) -> i64 {
        let Run { len, odd, cost, floor, capitals, stands } = run;
        let level = self.level(kind, odd, len);
        let shape = if odd > 0 { 3 } else { capitals.min(2) as u8 };
        let shape = if kind == LOWER { shape } else { 0 };
        let cost = weights::of_run(cost, Form { kind, shape, stands, level, len });
        let cost = bounded(cost, kind, len, odd);
        // A character has at least as many bytes as its floor has tokens, so this is no more than
        // a token for each byte.
        cost.max(i64::from(floor) * (1024 / i64::from(PARTS)))
    }

    /// Returns how many odd letters words like it have had lately, in a few steps. It tells
    /// languages apart that share a script: the same word costs more in Czech than in English.
    #[inline]
    fn level(&mut self, kind: u8, odd: u32, len: u32) -> u8 {
        // Most texts have none.
        if odd == 0 && self.is_plain() {
            return 0;
        }
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

/// Returns how many bytes of ASCII stand at the beginning, of the first [`LONGEST`].
fn ascii_len(bytes: &[u8]) -> usize {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    if bytes.is_ascii() {
        return bytes.len();
    }
    bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(bytes.len())
}
