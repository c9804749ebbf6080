//! Media as it comes: in base64, after the head of a data URL or without one, or
//! as it is.
//!
//! Refuses to be lenient: what is no base64 without blanks has no size that all
//! decoders agree on.

use super::header::{Header, HeaderFinding};
use super::size::Media;

/// Longest head of a data URL.
const LONGEST_HEAD: u64 = 256;

/// How the next byte is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbeState {
    /// Before the first byte of what may be a data URL.
    Start,
    /// In the head of one, up to its comma. The number is its last eight bytes, in small letters.
    Head(u64),
    /// In base64.
    Base64 {
        /// Digits that are not yet a byte, the last one lowest.
        bits: u32,
        count: u8,
    },
    /// In the data itself.
    Raw,
    /// Nothing more is looked into.
    Done,
}

/// Reads the sizes off the data of one request, which comes in pieces, one data after another.
#[derive(Debug)]
pub struct Probe {
    state: ProbeState,
    header: Header,
    /// Bytes of the data's text so far, or of the data where it is raw.
    length: u64,
    /// Of these, the head of a data URL.
    head: u64,
    /// The first bytes, which tell a data URL from an address.
    first: [u8; SCHEME.len()],
    is_raw: bool,
}

/// How a data URL begins, in any case.
const SCHEME: &[u8; 5] = b"data:";

impl Probe {
    /// Returns a probe of data URLs and base64, as JSON has them.
    #[must_use]
    pub const fn of_text() -> Self {
        Self::new(false)
    }

    /// Returns a probe of data itself, as a form has it.
    #[must_use]
    pub const fn of_bytes() -> Self {
        Self::new(true)
    }

    const fn new(is_raw: bool) -> Self {
        Self {
            state: ProbeState::Done,
            header: Header::new(),
            length: 0,
            head: 0,
            first: [0; 5],
            is_raw,
        }
    }

    /// Begins the next data. `looks` says whether to look into it, or only to count it.
    pub const fn restart(&mut self, looks: bool) {
        self.header.restart();
        (self.length, self.head, self.first) = (0, 0, [0; 5]);
        self.state = match (looks, self.is_raw) {
            (true, true) => ProbeState::Raw,
            (true, false) => ProbeState::Start,
            (false, _) => ProbeState::Done,
        };
    }

    /// Returns how many bytes of the data have come, as they came.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Reads the next piece.
    #[inline]
    pub fn feed(&mut self, piece: &[u8]) {
        if self.state != ProbeState::Done {
            self.read(piece);
        }
        if let Ok(start @ 0..5) = usize::try_from(self.length) {
            let room = self.first.get_mut(start..).unwrap_or_default();
            room.iter_mut().zip(piece).for_each(|(place, byte)| *place = *byte);
        }
        self.length = self.length.saturating_add(piece.len() as u64);
    }

    /// Returns whether what came is the data itself, as a data URL, or nothing at all, rather
    /// than where the data is.
    #[must_use]
    pub const fn is_inline(&self) -> bool {
        self.length == 0 || self.first.eq_ignore_ascii_case(SCHEME)
    }

    /// Reads a piece while the size is not known.
    #[inline(never)]
    fn read(&mut self, mut piece: &[u8]) {
        while let [first, rest @ ..] = piece {
            match self.state {
                ProbeState::Start if first.eq_ignore_ascii_case(&b'd') => {
                    self.state = ProbeState::Head(0)
                }
                ProbeState::Start => self.state = ProbeState::Base64 { bits: 0, count: 0 },
                ProbeState::Head(last) => {
                    self.head = self.head.saturating_add(1);
                    self.state = self.head(last << 8 | u64::from(first.to_ascii_lowercase()));
                    piece = rest;
                }
                ProbeState::Base64 { bits, count } => piece = self.base64(bits, count, piece),
                ProbeState::Raw => piece = self.raw(piece),
                ProbeState::Done => return,
            }
            if self.header.found() != HeaderFinding::Open {
                self.state = ProbeState::Done;
            }
        }
    }

    /// Returns what comes after a byte of the head of a data URL; `last` is that byte and those
    /// before it. The head of base64 is `data:TYPE;base64,`; other data URLs are not looked at.
    fn head(&self, last: u64) -> ProbeState {
        const START: u64 = 0x64_61_74_61_3a; // data:
        const END: u64 = 0x3b_62_61_73_65_36_34_2c; // ;base64,
        match last {
            _ if self.head == 5 && last != START => ProbeState::Done,
            END => ProbeState::Base64 { bits: 0, count: 0 },
            _ if self.head >= LONGEST_HEAD || last & 0xff == u64::from(b',') => ProbeState::Done,
            _ => ProbeState::Head(last),
        }
    }

    /// Reads a digit, or passes over many at once, and returns what is left of the piece.
    /// `bits` and `count` are those of [`ProbeState::Base64`].
    fn base64<'p>(&mut self, bits: u32, count: u8, piece: &'p [u8]) -> &'p [u8] {
        let groups = if count == 0 { self.header.skip() / 3 } else { 0 };
        let groups = groups.min(u32::try_from(piece.len() / 4).unwrap_or(u32::MAX));
        // What the header does not want is not decoded, but it has to be base64.
        if groups > 0 {
            let Some((passed, rest)) = piece.split_at_checked(groups.saturating_mul(4) as usize)
            else {
                return &[];
            };
            // Without an early exit the compiler makes it a few compares of vectors.
            if !passed.iter().fold(true, |all, byte| all & is_digit(*byte)) {
                self.header.close();
            }
            self.header.pass(groups.saturating_mul(3));
            return rest;
        }
        let [first, rest @ ..] = piece else { return piece };
        let Some(digit) = digit(*first) else {
            self.header.close();
            return rest;
        };
        let bits = bits << 6 | u32::from(digit);
        // Four digits are three bytes: the first digit completes none, each other one does.
        let ready = match count {
            0 => None,
            2 => Some(bits),
            4 => Some(bits >> 2),
            _ => Some(bits >> 4),
        };
        if let Some(byte) = ready {
            self.header.push(byte.to_le_bytes()[0]);
        }
        let count = if count == 0 { 6 } else { count.saturating_sub(2) };
        self.state = ProbeState::Base64 { bits, count };
        rest
    }

    /// Reads a byte, or passes over many at once, and returns what is left of the piece.
    fn raw<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        let skip = usize::try_from(self.header.skip()).unwrap_or(usize::MAX).min(piece.len());
        let rest = piece.get(skip..).unwrap_or_default();
        self.header.pass(u32::try_from(skip).unwrap_or(u32::MAX));
        match rest {
            [first, rest @ ..] if skip == 0 => {
                self.header.push(*first);
                rest
            }
            _ => rest,
        }
    }

    /// Returns what was found in all that came; `None` where that is nothing that is known.
    #[must_use]
    pub fn media(&self) -> Option<Media> {
        match self.header.found() {
            HeaderFinding::Open | HeaderFinding::Nothing => None,
            HeaderFinding::Picture { width, height } => Some(Media::Picture { width, height }),
            HeaderFinding::Sound { rate, from } => {
                let length = self.length.saturating_sub(self.head);
                let length = if self.is_raw { length } else { length.saturating_mul(3) / 4 };
                let bytes = length.saturating_sub(u64::from(from));
                Some(Media::Sound { bytes, bytes_a_second: rate })
            }
        }
    }
}

/// Returns the value of a digit, of either alphabet of base64.
const fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Returns whether a byte is a digit. Without branches, for many at once.
const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | (byte == b'+') | (byte == b'-') | (byte == b'/') | (byte == b'_')
}
