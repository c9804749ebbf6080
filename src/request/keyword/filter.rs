//! Where ASCII keywords may occur, much faster than an automaton can tell.
//!
//! Every keyword of at least `m` bytes that occurs somewhere holds a gram of four
//! bytes at a position divisible by the stride `m - 3`. So it is enough to look up
//! the grams at those positions in a small table; where one is known, the keywords
//! that hold it there are compared. Case is ignored by setting one bit of every
//! byte, which makes some bytes alike that are not; the comparison tells them
//! apart. Knows nothing of text that is not ASCII.
//!
//! For example the shortest keyword is `refactor`, of eight bytes: the stride is five, and
//! of any eight bytes of a text the first five places hold one that is divisible by five.
//! There the text of the keyword has one of the grams `refa`, `efac`, `fact`, `acto`,
//! `ctor`, so looking at every fifth place for one of those finds it.

use crate::sort::ordered;

/// Bytes of a gram.
const GRAM: usize = 4;
/// Longest stride: every further position of a keyword adds a gram to the table.
const LONGEST_STRIDE: usize = 8;
/// Grams looked up together, and the bytes that they may span.
const TOGETHER: usize = 4;
const GROUP: usize = TOGETHER * LONGEST_STRIDE;
/// Bits of the table, least and most; in between, 16 for each gram.
const LEAST_BITS: usize = 1 << 15;
const MOST_BITS: usize = 1 << 20;
/// What ignoring case makes of a gram.
const FOLD: u32 = 0x2020_2020;

/// A gram of a keyword, and where in which keyword it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct GramPlace {
    gram: u32,
    keyword: u32,
    /// Where in the keyword.
    offset: u32,
}

/// Keywords and where their grams are.
#[derive(Debug)]
pub(super) struct Filter {
    /// Every how many bytes a gram is looked up.
    stride: usize,
    /// Tells nearly all grams that are of no keyword.
    table: Table,
    /// Sorted by gram.
    places: Vec<GramPlace>,
    words: Vec<String>,
}

/// The search of a piece was given up: too much of it looks like keywords, and comparing
/// would take longer than the automaton. A client could write such text on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooAlike;

/// Which grams are known, and by chance a few that are not: a set of two bits for each, as in
/// a Bloom filter.
#[derive(Debug)]
struct Table {
    words: Vec<u64>,
    /// How far a product is shifted to be the index of a bit.
    shift: u32,
}

impl Table {
    /// Returns an empty table with room for that many grams.
    fn new(grams: usize) -> Self {
        let bits = grams.saturating_mul(16).clamp(LEAST_BITS, MOST_BITS).next_power_of_two();
        Self { words: vec![0; bits / 64], shift: 32_u32.saturating_sub(bits.trailing_zeros()) }
    }

    /// Returns the word and the bit that a gram goes by.
    #[inline]
    fn bit(&self, gram: u32) -> (usize, u64) {
        let at = gram.wrapping_mul(0x9e37_79b1).wrapping_shr(self.shift);
        ((at / 64) as usize, 1 << (at % 64))
    }

    /// Adds a gram.
    fn insert(&mut self, gram: u32) {
        for (word, bit) in [self.bit(gram), self.bit(other(gram))] {
            if let Some(word) = self.words.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Returns whether a gram that [`Self::has`] is also known by its second bit. Asked only
    /// after the first, since nearly no gram has that.
    fn confirms(&self, gram: u32) -> bool {
        self.has(other(gram))
    }

    /// Returns whether a gram may be known, by its first bit.
    #[inline]
    fn has(&self, gram: u32) -> bool {
        let (word, bit) = self.bit(gram);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// Returns another number for a gram, by which it has a second bit. The two numbers say
/// nothing of each other, so that few grams share both bits with one that is known.
const fn other(gram: u32) -> u32 {
    gram.rotate_left(15).wrapping_mul(0x85eb_ca77)
}

impl Filter {
    /// Shortest keyword that can be looked for in this way.
    pub(super) const SHORTEST: usize = GRAM;

    /// Returns a filter for some of these words, which are `chosen` by their index; `None` if
    /// there are none. The chosen words are ASCII, in lower case, and of at least
    /// [`Self::SHORTEST`] bytes.
    pub(super) fn new(
        words: &[String],
        chosen: impl Iterator<Item = usize> + Clone,
    ) -> Option<Self> {
        let word = |at: usize| words.get(at).map(String::as_bytes).unwrap_or_default();
        let shortest = chosen.clone().map(|at| word(at).len()).min()?;
        let stride = shortest.saturating_sub(GRAM - 1).clamp(1, LONGEST_STRIDE);
        let mut places = Vec::new();
        // The grams of a keyword that may stand at a place that is looked at; further ones
        // would be one stride behind those.
        for at in chosen {
            for (offset, gram) in word(at).windows(GRAM).take(stride).enumerate() {
                let gram = gram_of(gram);
                let [keyword, offset] = [at, offset].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
                places.push(GramPlace { gram, keyword, offset });
            }
        }
        let places = ordered(places);
        let mut table = Table::new(places.len());
        places.iter().for_each(|place| table.insert(place.gram));
        Some(Self { stride, table, places, words: words.to_vec() })
    }

    /// Calls `found` with the index of every keyword that occurs in the text, perhaps
    /// several times.
    ///
    /// # Errors
    /// When comparing takes longer than another way of searching would.
    pub(super) fn search(&self, text: &[u8], mut found: impl FnMut(usize)) -> Result<(), TooAlike> {
        // So many comparisons take about as long as the automaton.
        let mut budget = text.len() / 4;
        let mut at = 0_usize;
        // Several at a time, so that there is one branch for all of them.
        let group = self.stride.saturating_mul(TOGETHER);
        while let Some(grams) = self.grams(text, at) {
            if grams.iter().fold(false, |found, gram| found | self.table.has(*gram)) {
                for (gram, at) in grams.into_iter().zip((at..).step_by(self.stride)) {
                    if self.table.has(gram) && self.table.confirms(gram) {
                        self.compare(text, at, gram, &mut budget, &mut found)?;
                    }
                }
            }
            at = at.saturating_add(group);
        }
        // What is left is shorter than a group.
        let rest = text.get(at..).unwrap_or_default();
        for (gram, at) in rest.windows(GRAM).zip(at..).step_by(self.stride) {
            let gram = gram_of(gram);
            if self.table.has(gram) {
                self.compare(text, at, gram, &mut budget, &mut found)?;
            }
        }
        Ok(())
    }

    /// Returns the grams at a place and at the next ones, as many as are looked up together;
    /// `None` where the text ends too early for all that they may span.
    #[inline]
    fn grams(&self, text: &[u8], at: usize) -> Option<[u32; TOGETHER]> {
        let stride = self.stride.min(LONGEST_STRIDE);
        let text: &[u8; GROUP] = text.get(at..)?.first_chunk()?;
        let gram = |number: usize| text.get(number.wrapping_mul(stride)..).map_or(0, gram_of);
        Some([gram(0), gram(1), gram(2), gram(3)])
    }

    /// Compares the text around a place with all keywords that hold its gram.
    ///
    /// # Errors
    /// The budget is used up.
    #[cold]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        gram: u32,
        budget: &mut usize,
        found: &mut impl FnMut(usize),
    ) -> Result<(), TooAlike> {
        let first = self.places.partition_point(|place| place.gram < gram);
        let places = self.places.iter().skip(first).take_while(|place| place.gram == gram);
        for place in places {
            *budget = budget.checked_sub(1).ok_or(TooAlike)?;
            let keyword = place.keyword as usize;
            let Some(word) = self.words.get(keyword) else { continue };
            let start = at.checked_sub(place.offset as usize);
            let end = start.and_then(|start| start.checked_add(word.len()));
            let here = start.zip(end).and_then(|(start, end)| text.get(start..end));
            if here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes())) {
                found(keyword);
            }
        }
        Ok(())
    }
}

/// Returns the first four bytes as a gram, without case.
fn gram_of(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) | FOLD
}
