//! Divides Amazon's event stream into events (`application/vnd.amazon.eventstream`).
//!
//! An event is a frame: the length of the whole and of its headers, a checksum of both, the
//! headers, the data and a checksum of everything. A header is a name, a type and a value. The
//! format: smithy.io/2.0/aws/amazon-eventstream.html. Checksums are left to the client, which
//! gets the same bytes.
//!
//! Invariants: constant memory; the same events wherever the stream is cut into chunks; lengths
//! that contradict each other end the reading, and no length makes it hold anything.

/// Length of a frame without headers and data, in bytes.
const BARE_FRAME: u32 = 16;

/// Longest name or value of a header that is kept, in bytes. The longest that matters is
/// `serviceUnavailableException`.
const WORD: usize = 32;

/// The name of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderName {
    /// `:event-type`: the type of an event, which its data do not repeat.
    EventType,
    /// `:message-type`: `event`, or else a failure.
    MessageType,
    /// `:exception-type` or `:error-code`: which failure it is.
    Failure,
    /// Any other.
    Other,
}

/// What the stream goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framed<'b> {
    /// A header, whose value is [`FrameReader::value`].
    Header(HeaderName),
    /// A piece of an event's data.
    Data(&'b [u8]),
    /// The event has ended.
    End,
    /// All bytes are read.
    Nothing,
}

/// Returns an event with these headers, whose values are text, and that data. Names are shorter
/// than 256 bytes, values shorter than 64 KiB.
pub(crate) fn write(headers: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    const TEXT: u8 = 7;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        head.push(TEXT);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let whole = BARE_FRAME.saturating_add(length(&head)).saturating_add(length(data));
    let mut frame = whole.to_be_bytes().to_vec();
    frame.extend_from_slice(&length(&head).to_be_bytes());
    frame.extend_from_slice(&checksum(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(data);
    frame.extend_from_slice(&checksum(&frame).to_be_bytes());
    frame
}

/// Returns the CRC-32 of bytes, as Ethernet and gzip have it.
fn checksum(bytes: &[u8]) -> u32 {
    let next = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let is_odd = sum & 1 == 1;
            (sum >> 1) ^ if is_odd { 0xedb8_8320 } else { 0 }
        })
    };
    !bytes.iter().fold(u32::MAX, next)
}

/// What the next byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FramePart {
    /// The length of the whole.
    Length,
    /// The length of the headers.
    HeadersLength,
    /// The checksum of both.
    LengthsSum,
    /// The length of a header's name.
    NameLength,
    /// The name.
    Name,
    /// The type of the value.
    ValueType,
    /// The length of the value, where its type does not tell.
    ValueLength,
    /// The value.
    Value,
    /// The data.
    Data,
    /// The checksum of the frame.
    Sum,
    /// Nothing that could be read.
    Lost,
}

/// A stream of frames between two chunks.
#[derive(Debug)]
pub(crate) struct FrameReader {
    part: FramePart,
    /// Bytes of this part that are still to come.
    left: u32,
    /// Bytes of the headers that are still to come, after this part.
    headers: u32,
    /// Length of the whole frame in bytes. Once the length of its headers is known, that of its
    /// data.
    length: u32,
    /// The number that is being read, with its highest byte first.
    number: u32,
    header: HeaderName,
    /// The beginning of the name or value that is being read. One that is longer is none that
    /// matters, so the rest is dropped.
    word: [u8; WORD],
    len: usize,
}

impl FrameReader {
    /// Returns a stream of which nothing has come.
    pub(crate) const fn new() -> Self {
        Self {
            part: FramePart::Length,
            left: 4,
            headers: 0,
            length: 0,
            number: 0,
            header: HeaderName::Other,
            word: [0; WORD],
            len: 0,
        }
    }

    /// Returns whether the next byte would be the first of an event.
    pub(crate) fn is_between(&self) -> bool {
        self.part == FramePart::Length && self.left == 4
    }

    /// Returns the value of the header that has just been read, cut to its beginning.
    pub(crate) fn value(&self) -> &[u8] {
        self.word.get(..self.len).unwrap_or_default()
    }

    /// Reads on until there is something to tell; returns that, and the bytes that are left.
    pub(crate) fn read<'b>(&mut self, bytes: &'b [u8]) -> (Framed<'b>, &'b [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.part != FramePart::Lost {
            let most = usize::try_from(self.left).unwrap_or(usize::MAX);
            let (piece, after) = rest.split_at(most.min(rest.len()));
            rest = after;
            // No longer than `left`, so it fits.
            self.left = self.left.saturating_sub(u32::try_from(piece.len()).unwrap_or(u32::MAX));
            match self.part {
                FramePart::Data => {
                    if self.left == 0 {
                        self.begin(FramePart::Sum, 4);
                    }
                    return (Framed::Data(piece), rest);
                }
                FramePart::Name | FramePart::Value => self.keep(piece),
                // Every other part is a number, whose highest byte comes first.
                _ => piece.iter().for_each(|byte| {
                    self.number = self.number.wrapping_shl(8) | u32::from(*byte);
                }),
            }
            // A part without bytes ends as soon as it begins.
            while self.left == 0 && !matches!(self.part, FramePart::Lost | FramePart::Data) {
                if let Some(framed) = self.end_part() {
                    return (framed, rest);
                }
            }
        }
        (Framed::Nothing, &[])
    }

    /// Keeps a piece of a name or value, as far as there is room.
    fn keep(&mut self, piece: &[u8]) {
        let room = self.word.get_mut(self.len..).unwrap_or_default();
        let taken = piece.len().min(room.len());
        room.iter_mut().zip(piece).for_each(|(to, byte)| *to = *byte);
        self.len = self.len.saturating_add(taken);
    }

    /// Begins a part of that many bytes.
    const fn begin(&mut self, part: FramePart, length: u32) {
        self.part = part;
        self.left = length;
        self.number = 0;
    }

    /// Begins a part of a header. One that is longer than the headers leads nowhere.
    const fn begin_in_headers(&mut self, part: FramePart, length: u32) {
        match self.headers.checked_sub(length) {
            Some(headers) => {
                self.headers = headers;
                self.begin(part, length);
            }
            None => self.part = FramePart::Lost,
        }
    }

    /// Begins the next header, or the data where there is none. Without data, the checksum.
    const fn begin_header(&mut self) {
        match (self.headers, self.length) {
            (0, 0) => self.begin(FramePart::Sum, 4),
            (0, length) => self.begin(FramePart::Data, length),
            _ => self.begin_in_headers(FramePart::NameLength, 1),
        }
    }

    /// Ends a part, of which all bytes have come, and begins the next one.
    fn end_part(&mut self) -> Option<Framed<'static>> {
        let number = self.number;
        match self.part {
            FramePart::Length => {
                self.length = number;
                self.begin(FramePart::HeadersLength, 4);
            }
            FramePart::HeadersLength => {
                let data = self.length.checked_sub(BARE_FRAME).and_then(|l| l.checked_sub(number));
                self.headers = number;
                self.length = data.unwrap_or_default();
                self.begin(FramePart::LengthsSum, 4);
                // The frame would be too short for its headers, so no length can be trusted.
                if data.is_none() {
                    self.part = FramePart::Lost;
                }
            }
            FramePart::LengthsSum => self.begin_header(),
            FramePart::NameLength => {
                self.len = 0;
                self.begin_in_headers(FramePart::Name, number);
            }
            FramePart::Name => {
                self.header = match self.value() {
                    b":event-type" => HeaderName::EventType,
                    b":message-type" => HeaderName::MessageType,
                    b":exception-type" | b":error-code" => HeaderName::Failure,
                    _ => HeaderName::Other,
                };
                self.len = 0;
                self.begin_in_headers(FramePart::ValueType, 1);
            }
            FramePart::ValueType => self.begin_value(number),
            FramePart::ValueLength => self.begin_in_headers(FramePart::Value, number),
            FramePart::Value => {
                self.begin_header();
                return Some(Framed::Header(self.header));
            }
            FramePart::Sum => {
                self.begin(FramePart::Length, 4);
                return Some(Framed::End);
            }
            FramePart::Data | FramePart::Lost => {}
        }
        None
    }

    /// Begins a value of that type.
    const fn begin_value(&mut self, of: u32) {
        let length = match of {
            // True and false.
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            // A long number and a time.
            5 | 8 => 8,
            // Bytes and text.
            6 | 7 => return self.begin_in_headers(FramePart::ValueLength, 2),
            // A UUID.
            9 => 16,
            _ => return self.part = FramePart::Lost,
        };
        self.begin_in_headers(FramePart::Value, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_written_is_read_again() {
        // The check value of this CRC.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        let frame = write(&[(":event-type", "messageStop"), (":message-type", "event")], b"{}");
        assert_eq!(frame.len(), 16 + (1 + 11 + 3 + 11) + (1 + 13 + 3 + 5) + 2);
        let mut reader = FrameReader::new();
        let mut rest = &frame[..];
        let mut values = Vec::new();
        let mut data = Vec::new();
        loop {
            let (framed, after) = reader.read(rest);
            rest = after;
            match framed {
                Framed::Header(_) => values.push(reader.value().to_vec()),
                Framed::Data(piece) => data.extend_from_slice(piece),
                Framed::End => break,
                Framed::Nothing => panic!("not all of it is there"),
            }
        }
        assert_eq!(
            (values, data),
            (vec![b"messageStop".to_vec(), b"event".to_vec()], b"{}".to_vec())
        );
        assert!(rest.is_empty() && reader.is_between());
    }
}
