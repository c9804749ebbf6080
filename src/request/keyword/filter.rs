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
/// Grams looked up together, so that there is one branch for all of them, and the bytes that they
/// may span.
const TOGETHER: usize = 8;
const GROUP: usize = TOGETHER * LONGEST_STRIDE;
/// Up to so many grams are in a table with a byte for each.
const FEW: usize = 1 << 11;
/// Bytes of that table, at most, and for each gram.
const BYTES: usize = 1 << 15;
const BYTES_OF_GRAM: usize = 64;
/// Words of the table for more grams, which has a bit for each.
const WORDS: usize = 1 << 14;
/// What ignoring case makes of a gram.
const FOLD: u32 = 0x2020_2020;
/// What a gram is multiplied with, so that its upper bits are a hash.
const FACTOR: u32 = 0x9e37_79b1;

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

/// Which grams are known, and by chance a few that are not: a set of two places for each, as in a
/// Bloom filter. Both tables are of a fixed length, so that no lookup has to be checked.
#[derive(Debug)]
enum Table {
    /// Bytes, of which only the first are used where there are few grams: what is looked up at
    /// random drives all else out of the processor's cache.
    Few { bytes: Box<[u8; BYTES]>, mask: u32 },
    /// Bits.
    Many(Box<[u64; WORDS]>),
}

impl Table {
    /// Returns an empty table with room for that many grams.
    fn new(grams: usize) -> Self {
        if grams > FEW {
            return Self::Many(Box::new([0; WORDS]));
        }
        let used = grams.saturating_mul(BYTES_OF_GRAM).next_power_of_two().clamp(BYTES >> 3, BYTES);
        let mask = u32::try_from(used.saturating_sub(1)).unwrap_or(0);
        Self::Few { bytes: Box::new([0; BYTES]), mask }
    }

    /// Adds a gram.
    fn insert(&mut self, gram: u32) {
        for gram in [gram, other(gram)] {
            match self {
                Self::Few { bytes, mask } => {
                    if let Some(byte) = bytes.get_mut(byte_of(gram, *mask)) {
                        *byte = 1;
                    }
                }
                Self::Many(words) => {
                    let (word, bit) = bit_of(gram);
                    if let Some(word) = words.get_mut(word) {
                        *word |= 1 << bit;
                    }
                }
            }
        }
    }

    /// Returns whether a gram may be known, by its first place.
    #[inline]
    fn has(&self, gram: u32) -> bool {
        match self {
            Self::Few { bytes, mask } => is_in_bytes(bytes, *mask, gram) != 0,
            Self::Many(words) => is_in_words(words, gram) != 0,
        }
    }

    /// Returns whether a gram that [`Self::has`] is also known by its second place. Asked only
    /// after the first, since nearly no gram has that.
    fn confirms(&self, gram: u32) -> bool {
        self.has(other(gram))
    }

    /// Returns the first of the places `at` and so many strides further on from which grams, as
    /// many as are looked up together, have one that may be known. Where there is none, that is
    /// the first with less than [`GROUP`] bytes after it.
    fn next(&self, text: &[u8], at: usize, stride: usize) -> usize {
        match self {
            Self::Few { bytes, mask } => {
                next(text, at, stride, |gram| is_in_bytes(bytes, *mask, gram).into())
            }
            Self::Many(words) => next(text, at, stride, |gram| is_in_words(words, gram)),
        }
    }
}

/// Returns the place of a gram in a table of bytes.
#[inline]
const fn byte_of(gram: u32, mask: u32) -> usize {
    (gram.wrapping_mul(FACTOR) >> 17 & mask) as usize
}

/// Returns the word of a gram in a table of bits, and its bit.
#[inline]
const fn bit_of(gram: u32) -> (usize, u32) {
    let at = gram.wrapping_mul(FACTOR) >> 12;
    ((at / 64) as usize, at % 64)
}

/// Returns 1 if a gram may be in a table of bytes, else 0.
#[inline(always)]
fn is_in_bytes(bytes: &[u8; BYTES], mask: u32, gram: u32) -> u8 {
    bytes.get(byte_of(gram, mask)).copied().unwrap_or(0)
}

/// Returns 1 if a gram may be in a table of bits, else 0.
#[inline(always)]
fn is_in_words(words: &[u64; WORDS], gram: u32) -> u64 {
    let (word, bit) = bit_of(gram);
    words.get(word).map_or(0, |word| word >> bit & 1)
}

/// Returns what [`Table::next`] does, by what a table has of a gram.
#[inline(always)]
fn next(text: &[u8], at: usize, stride: usize, has: impl Fn(u32) -> u64) -> usize {
    // A stride that the compiler knows saves half of the work.
    match stride {
        1 => next_of::<1>(text, at, has),
        2 => next_of::<2>(text, at, has),
        3 => next_of::<3>(text, at, has),
        4 => next_of::<4>(text, at, has),
        5 => next_of::<5>(text, at, has),
        6 => next_of::<6>(text, at, has),
        7 => next_of::<7>(text, at, has),
        _ => next_of::<LONGEST_STRIDE>(text, at, has),
    }
}

/// Returns that for one stride.
#[inline(always)]
fn next_of<const STRIDE: usize>(text: &[u8], from: usize, has: impl Fn(u32) -> u64) -> usize {
    let mut at = from;
    while let Some(group) = text.get(at..).and_then(|text| text.first_chunk::<GROUP>()) {
        let gram = |number: usize| group.get(number.wrapping_mul(STRIDE)..).map_or(0, gram_of);
        let found = (0..TOGETHER).fold(0, |found, number| found | has(gram(number)));
        if found != 0 {
            break;
        }
        at = at.saturating_add(STRIDE.saturating_mul(TOGETHER));
    }
    at
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
        loop {
            at = self.table.next(text, at, self.stride);
            let Some(group) = text.get(at..).and_then(|text| text.first_chunk::<GROUP>()) else {
                break;
            };
            for (gram, at) in group.windows(GRAM).zip(at..).step_by(self.stride).take(TOGETHER) {
                let gram = gram_of(gram);
                if self.table.has(gram) && self.table.confirms(gram) {
                    self.compare(text, at, gram, &mut budget, &mut found)?;
                }
            }
            at = at.saturating_add(self.stride.saturating_mul(TOGETHER));
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
