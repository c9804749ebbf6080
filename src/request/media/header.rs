//! The headers of PNG, GIF, JPEG, WebP and WAV, byte by byte.
//!
//! Each stage reads a few bytes and says what to read next, and how much to pass
//! over before that. Refuses what a decoder might see another size in: where the
//! header is not whole and plain, nothing is known. Knows nothing of how the bytes
//! were written.

use super::size::Media;

/// How far into the data a size may stand: that of a JPEG comes after segments of up to
/// 64 KiB each, of which cameras fill one or two.
const FRONT: u32 = 256 * 1024;
/// Bytes of headers that are read of one request, those passed over aside: thousands of
/// images have no more, unless somebody wants them to.
const BUDGET: u32 = 64 * 1024;
/// The longest side that is believed, which is the longest of JPEG and GIF.
const LONGEST_SIDE: u32 = 65_535;
/// Samples in a second that are believed.
const FASTEST: u32 = 1_000_000;
/// The most bytes that a stage reads.
const ROOM: usize = 20;

/// What is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderStage {
    /// The first four bytes.
    Start,
    Png,
    Gif,
    Riff,
    Webp,
    WebpLossy,
    WebpLossless,
    WebpExtended,
    WaveChunk,
    WaveFormat,
    /// The byte that starts a marker.
    JpegMark,
    /// The marker itself, or more of what starts it.
    JpegMarker,
    /// The length of a segment that is passed over.
    JpegSegment,
    JpegFrame,
}

/// What the header says of the data, as far as it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderFinding {
    /// Nothing yet.
    Open,
    Nothing,
    Picture {
        width: u32,
        height: u32,
    },
    /// Sound of so many bytes a second, from that byte on.
    Sound {
        rate: u32,
        from: u32,
    },
}

/// What a stage leads to.
enum HeaderStep {
    /// To pass over `skip` bytes and then read `wanted` ones in that stage.
    Read { skip: u32, wanted: u8, stage: HeaderStage },
    /// The end.
    Found(HeaderFinding),
}

/// Returns the step to read so many bytes next.
const fn read(wanted: u8, stage: HeaderStage) -> Option<HeaderStep> {
    Some(HeaderStep::Read { skip: 0, wanted, stage })
}

/// A header of which some bytes have been read.
#[derive(Debug)]
pub(super) struct Header {
    stage: HeaderStage,
    /// The bytes of this stage, how many have come, and how many it needs.
    head: [u8; ROOM],
    filled: u8,
    wanted: u8,
    /// Bytes to pass over before the next one is read.
    skip: u32,
    /// Bytes of the data so far.
    at: u32,
    /// Bytes that may still be read, of this header and those that follow.
    left: u32,
    /// Bytes of sound in a second.
    rate: u32,
    /// Of a chunk with the format of sound, the bytes that are not read.
    rest: u32,
    found: HeaderFinding,
}

impl Header {
    /// Returns a header of which nothing has been read.
    pub(super) const fn new() -> Self {
        Self {
            stage: HeaderStage::Start,
            head: [0; ROOM],
            filled: 0,
            wanted: 4,
            skip: 0,
            at: 0,
            left: BUDGET,
            rate: 0,
            rest: 0,
            found: HeaderFinding::Open,
        }
    }

    /// Begins another header of the same request.
    pub(super) const fn restart(&mut self) {
        *self = Self { left: self.left, ..Self::new() };
    }

    /// Returns what it says so far.
    pub(super) const fn found(&self) -> HeaderFinding {
        self.found
    }

    /// Returns how many of the next bytes do not matter, so that they need not even be decoded.
    pub(super) const fn skip(&self) -> u32 {
        self.skip
    }

    /// Passes over so many of them.
    pub(super) fn pass(&mut self, count: u32) {
        self.skip = self.skip.saturating_sub(count);
        self.at = self.at.saturating_add(count);
    }

    /// Gives up: nothing is known of this data.
    pub(super) fn close(&mut self) {
        self.found = HeaderFinding::Nothing;
    }

    /// Reads the next byte.
    pub(super) fn push(&mut self, byte: u8) {
        if self.skip > 0 {
            return self.pass(1);
        }
        let Some(left) = self.left.checked_sub(1) else { return self.close() };
        self.left = left;
        if let Some(place) = self.head.get_mut(usize::from(self.filled)) {
            *place = byte;
        }
        self.filled = self.filled.saturating_add(1);
        self.at = self.at.saturating_add(1);
        if self.filled >= self.wanted {
            let step = self.next().unwrap_or(HeaderStep::Found(HeaderFinding::Nothing));
            self.take(&step);
        }
    }

    /// Goes to the next stage, unless that is too far into the data.
    fn take(&mut self, step: &HeaderStep) {
        match *step {
            HeaderStep::Found(found) => self.found = found,
            HeaderStep::Read { skip, .. } if self.at.saturating_add(skip) > FRONT => self.close(),
            HeaderStep::Read { skip, wanted, stage } => {
                (self.skip, self.wanted, self.stage) = (skip, wanted, stage);
                self.filled = 0;
            }
        }
    }

    /// Returns what a stage leads to whose bytes are all there; `None` where they make no
    /// sense.
    fn next(&mut self) -> Option<HeaderStep> {
        let head = self.head;
        let head = head.get(..usize::from(self.wanted))?;
        match self.stage {
            HeaderStage::Start => start(head),
            HeaderStage::Png => png(head),
            HeaderStage::Gif => gif(head),
            HeaderStage::Riff if head.ends_with(b"WEBP") => read(8, HeaderStage::Webp),
            HeaderStage::Riff if head.ends_with(b"WAVE") => read(8, HeaderStage::WaveChunk),
            HeaderStage::Riff => None,
            HeaderStage::Webp
            | HeaderStage::WebpLossy
            | HeaderStage::WebpLossless
            | HeaderStage::WebpExtended => webp(self.stage, head),
            HeaderStage::WaveChunk => {
                let (name, size) = head.split_at_checked(4)?;
                self.wave_chunk(name, little(size))
            }
            HeaderStage::WaveFormat => {
                self.rate = rate(head)?;
                Some(HeaderStep::Read { skip: self.rest, wanted: 8, stage: HeaderStage::WaveChunk })
            }
            HeaderStage::JpegMark
            | HeaderStage::JpegMarker
            | HeaderStage::JpegSegment
            | HeaderStage::JpegFrame => jpeg(self.stage, head),
        }
    }

    /// Returns what a chunk of a WAV leads to, by its name and size:
    /// <https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html>.
    fn wave_chunk(&mut self, name: &[u8], size: u32) -> Option<HeaderStep> {
        // Chunks begin at even places.
        let padded = size.saturating_add(size & 1);
        match name {
            // Its size is not asked: writers of streams leave it open, and others might lie.
            b"data" if self.rate > 0 => {
                Some(HeaderStep::Found(HeaderFinding::Sound { rate: self.rate, from: self.at }))
            }
            b"fmt " if self.rate == 0 && size >= 16 => {
                self.rest = padded.saturating_sub(16);
                read(16, HeaderStage::WaveFormat)
            }
            b"data" | b"fmt " => None,
            _ => Some(HeaderStep::Read { skip: padded, wanted: 8, stage: HeaderStage::WaveChunk }),
        }
    }
}

/// Returns what the first four bytes lead to: they say which kind of data it is.
fn start(head: &[u8]) -> Option<HeaderStep> {
    match head {
        [0x89, b'P', b'N', b'G'] => read(20, HeaderStage::Png),
        b"GIF8" => read(6, HeaderStage::Gif),
        b"RIFF" => read(8, HeaderStage::Riff),
        [0xff, 0xd8, 0xff, marker] => marked(*marker),
        _ => None,
    }
}

/// Returns a picture of that size, if it is one that is believed.
fn picture(width: u32, height: u32) -> Option<HeaderStep> {
    let is_believed = |side: u32| (1..=LONGEST_SIDE).contains(&side);
    let found = HeaderFinding::Picture { width, height };
    (is_believed(width) && is_believed(height)).then_some(HeaderStep::Found(found))
}

/// Returns the number in up to four bytes, the highest first.
fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The same, the lowest first.
fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Returns the size of a PNG, which has it first: <https://www.w3.org/TR/png-3/#11IHDR>.
fn png(head: &[u8]) -> Option<HeaderStep> {
    let (width, height) = head.strip_prefix(b"\r\n\x1a\n\0\0\0\x0dIHDR")?.split_at_checked(4)?;
    picture(big(width), big(height))
}

/// Returns the size of a GIF: <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>.
fn gif(head: &[u8]) -> Option<HeaderStep> {
    let sides = head.strip_prefix(b"7a").or_else(|| head.strip_prefix(b"9a"))?;
    let (width, height) = sides.split_at_checked(2)?;
    picture(little(width), little(height))
}

/// Returns what a stage of a WebP leads to. There are three kinds, each with its size written
/// in its own way: <https://developers.google.com/speed/webp/docs/riff_container>.
fn webp(stage: HeaderStage, head: &[u8]) -> Option<HeaderStep> {
    match (stage, head) {
        (HeaderStage::Webp, [b'V', b'P', b'8', b' ', ..]) => read(10, HeaderStage::WebpLossy),
        (HeaderStage::Webp, [b'V', b'P', b'8', b'L', ..]) => read(5, HeaderStage::WebpLossless),
        (HeaderStage::Webp, [b'V', b'P', b'8', b'X', ..]) => read(10, HeaderStage::WebpExtended),
        (HeaderStage::WebpLossy, [_, _, _, 0x9d, 0x01, 0x2a, size @ ..]) => {
            // How it may be enlarged stands above.
            let (width, height) = size.split_at_checked(2)?;
            picture(little(width) & 0x3fff, little(height) & 0x3fff)
        }
        (HeaderStage::WebpLossless, [0x2f, size @ ..]) => {
            let size = little(size);
            let side = |bits: u32| (bits & 0x3fff).saturating_add(1);
            picture(side(size), side(size >> 14))
        }
        (HeaderStage::WebpExtended, [_, _, _, _, size @ ..]) => {
            let (width, height) = size.split_at_checked(3)?;
            picture(little(width).saturating_add(1), little(height).saturating_add(1))
        }
        _ => None,
    }
}

/// Returns the bytes of sound in a second, as the format says or as follows from the samples,
/// whichever is less; `None` where that is not believed. Fewer bytes a second make the sound
/// longer, so the estimate is rather too high.
fn rate(format: &[u8]) -> Option<u32> {
    let [_, _, channels @ ..] = format else { return None };
    let (channels, rest) = channels.split_at_checked(2)?;
    let (samples, rest) = rest.split_at_checked(4)?;
    let (said, rest) = rest.split_at_checked(4)?;
    let (_, bits) = rest.split_at_checked(2)?;
    let (channels, samples, said) = (little(channels), little(samples), little(said));
    // Packed formats may have no bits a sample.
    let follows = match little(bits) {
        0 => said,
        bits => samples.saturating_mul(channels).saturating_mul(bits) / 8,
    };
    let rate = said.min(follows);
    (samples <= FASTEST && rate >= Media::SLOWEST).then_some(rate)
}

/// Returns what a stage of a JPEG leads to:
/// <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, table B.1.
fn jpeg(stage: HeaderStage, head: &[u8]) -> Option<HeaderStep> {
    match (stage, head) {
        (HeaderStage::JpegMark, [0xff]) => read(1, HeaderStage::JpegMarker),
        (HeaderStage::JpegMarker, [marker]) => marked(*marker),
        (HeaderStage::JpegSegment, length) => {
            let skip = big(length).checked_sub(2)?;
            Some(HeaderStep::Read { skip, wanted: 1, stage: HeaderStage::JpegMark })
        }
        // A height of 0 says that it is told after the picture; that is not believed.
        (HeaderStage::JpegFrame, [_, _, _, size @ ..]) => {
            let (height, width) = size.split_at_checked(2)?;
            picture(big(width), big(height))
        }
        _ => None,
    }
}

/// Returns what a marker of a JPEG leads to.
const fn marked(marker: u8) -> Option<HeaderStep> {
    match marker {
        0xff => read(1, HeaderStage::JpegMarker),
        // Tables and arithmetic coding stand among the frames.
        0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => read(7, HeaderStage::JpegFrame),
        0x01 => read(1, HeaderStage::JpegMark),
        // What belongs after the frame may not come before it.
        0x00 | 0xd0..=0xda => None,
        _ => read(2, HeaderStage::JpegSegment),
    }
}
