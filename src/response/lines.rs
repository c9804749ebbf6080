//! Lines of an event stream, as the HTML standard reads them.
//!
//! A field's name, a colon, its value; a line ends with LF, CR or both; an empty line ends
//! an event. Knows the fields `data`, whose value it leaves to others, and `event`.
//!
//! Invariant: constant memory, the same for every chunking.

/// The name of an event, as far as it matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Name {
    /// None, or one that does not matter.
    #[default]
    Other,
    Error,
    Ping,
}

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinePart {
    /// At its beginning or in the field's name.
    Field,
    /// In the value of `data`.
    Data,
    /// In the value of `event`.
    Event,
    /// In a comment or another field.
    Other,
}

/// What to do with the bytes that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEvent<'b> {
    /// A line of data begins.
    Line(&'b [u8]),
    /// These, to the end of their line, are data.
    Data(&'b [u8]),
    /// An event ends; it has that name.
    End(Name, &'b [u8]),
    /// Nothing is left.
    Nothing,
}

/// Longest name of a field or event that matters, and a byte more.
const WORD: usize = 6;

/// A stream between two chunks.
#[derive(Debug)]
pub(super) struct Lines {
    part: LinePart,
    /// The beginning of a field's name or of an event's.
    word: [u8; WORD],
    len: usize,
    name: Name,
    /// Whether an LF belongs to the CR before it.
    after_cr: bool,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { part: LinePart::Field, word: [0; WORD], len: 0, name: Name::Other, after_cr: false }
    }

    /// The name of the event that the end of the body cuts.
    pub(super) const fn name(&self) -> Name {
        self.name
    }

    /// Reads on until there is data or an event ends.
    pub(super) fn read<'b>(&mut self, bytes: &'b [u8]) -> LineEvent<'b> {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            if std::mem::take(&mut self.after_cr) && *byte == b'\n' {
                rest = behind;
                continue;
            }
            if let b'\n' | b'\r' = byte {
                self.after_cr = *byte == b'\r';
                if self.end_line() {
                    return LineEvent::End(std::mem::take(&mut self.name), behind);
                }
                rest = behind;
                continue;
            }
            match self.part {
                LinePart::Data => return LineEvent::Data(rest),
                LinePart::Other => {
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
                    continue;
                }
                LinePart::Field if *byte == b':' => {
                    self.part = match self.word.get(..self.len) {
                        Some(b"data") => LinePart::Data,
                        Some(b"event") => LinePart::Event,
                        _ => LinePart::Other,
                    };
                    self.len = 0;
                    if self.part == LinePart::Data {
                        return LineEvent::Line(behind);
                    }
                }
                LinePart::Event if *byte == b' ' && self.len == 0 => {}
                LinePart::Field | LinePart::Event => self.push(*byte),
            }
            rest = behind;
        }
        LineEvent::Nothing
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.word.get_mut(self.len) {
            *place = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    /// Whether the line that ends was empty.
    fn end_line(&mut self) -> bool {
        let is_empty = self.part == LinePart::Field && self.len == 0;
        if self.part == LinePart::Event {
            self.name = match self.word.get(..self.len) {
                Some(b"error") => Name::Error,
                Some(b"ping") => Name::Ping,
                _ => Name::Other,
            };
        }
        self.part = LinePart::Field;
        self.len = 0;
        is_empty
    }
}
