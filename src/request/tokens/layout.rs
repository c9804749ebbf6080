//! Where the features of each kind start in the table of weights.

use super::class::SCRIPTS;

/// Words, by share of accents lately, shape and length.
pub const WORD: usize = 0;
/// Lengths of words told apart.
pub const WORD_LENGTHS: usize = 16;
/// Shares of accents told apart.
pub const LEVELS: usize = 4;
/// Shapes of words: small, capital first, capitals, accented.
pub const SHAPES: usize = 4;
/// Letters of words beyond the lengths told apart.
pub const WORD_LONG: usize = WORD + LEVELS * SHAPES * WORD_LENGTHS;
/// Words, by what stands before them, shape and length.
pub const PREFIX: usize = WORD_LONG + LEVELS * SHAPES;
/// Lengths of words told apart there.
pub const PREFIX_LENGTHS: usize = 8;
/// Kinds of runs that stand before another.
pub const BEFORES: usize = 8;
/// Accented letters, by their share lately.
pub const ACCENTS: usize = PREFIX + BEFORES * SHAPES * PREFIX_LENGTHS;
/// Letters, by the letter before.
pub const PAIRS: usize = ACCENTS + LEVELS;
/// Digits, by what stands before them and length.
pub const DIGITS: usize = PAIRS + 32 * 32;
/// Lengths of digits told apart.
pub const DIGIT_LENGTHS: usize = 8;
/// Digits beyond those.
pub const DIGITS_LONG: usize = DIGITS + BEFORES * DIGIT_LENGTHS;
/// Spaces, by what follows and length.
pub const SPACES: usize = DIGITS_LONG + 1;
/// Lengths of spaces told apart.
pub const SPACE_LENGTHS: usize = 10;
/// Line ends, by what stands before them and length.
pub const NEWLINES: usize = SPACES + 3 * SPACE_LENGTHS;
/// Lengths of line ends told apart.
pub const NEWLINE_LENGTHS: usize = 4;
/// Punctuation, by being mixed, a word following, and length.
pub const PUNCT: usize = NEWLINES + BEFORES * NEWLINE_LENGTHS;
/// Lengths of punctuation told apart.
pub const PUNCT_LENGTHS: usize = 12;
/// Punctuation beyond those.
pub const PUNCT_LONG: usize = PUNCT + 2 * 2 * PUNCT_LENGTHS;
/// ASCII marks, first of a run or later.
pub const MARKS: usize = PUNCT_LONG + 2;
/// Runs of other scripts, by a space before, script and length.
pub const SCRIPT: usize = MARKS + 128 * 2;
/// Lengths of those told apart.
pub const SCRIPT_LENGTHS: usize = 12;
/// Characters of other scripts beyond those.
pub const SCRIPT_LONG: usize = SCRIPT + 2 * (SCRIPTS + 2) * SCRIPT_LENGTHS;
/// Number of features.
pub const FEATURES: usize = SCRIPT_LONG + SCRIPTS + 2;
