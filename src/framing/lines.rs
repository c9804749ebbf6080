//! Divides an event stream into events, as the HTML standard reads them.
//!
//! A line is a field's name, a colon and the value; it ends with LF, CR or both. An empty
//! line ends an event. The fields that count are `data`, whose value is handed on, and
//! `event`, whose value is the event's name.
//!
//! Invariant: constant memory, and the same events wherever the stream is cut into chunks.

/// The name of an event, as far as it matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum EventName {
    /// No name, or one that does not matter: the data of most events tell their type
    /// themselves.
    #[default]
    Other,
    /// The event is a failure, whatever its data say.
    Error,
    /// The event only keeps the connection alive. It is no content, or a stream that never gets
    /// to its first token would seem to be answered.
    Ping,
}

/// Where in a line the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineState {
    /// At its beginning or in the field's name.
    Field,
    /// In the value of `data`.
    Data,
    /// In the value of `event`.
    Event,
    /// In a comment, which has an empty name, or in another field.
    Other,
}

/// What the stream goes on with, and the bytes from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fragment<'b> {
    /// A line of data begins. One event may have several, which are joined by line feeds.
    Line(&'b [u8]),
    /// Data, up to the end of the line or of the bytes. The end of the line is the caller's
    /// to find, who looks at each of these bytes anyway.
    Data(&'b [u8]),
    /// An event with that name has ended.
    End(EventName, &'b [u8]),
    /// All bytes are read.
    Nothing,
}

/// Length of the longest name of a field or event that matters, and a byte more, so that a
/// longer name is never taken for it.
const WORD: usize = 6;

/// An event stream between two chunks.
#[derive(Debug)]
pub(crate) struct Lines {
    state: LineState,
    /// The beginning of a field's name or of an event's, cut to [`WORD`] bytes.
    word: [u8; WORD],
    len: usize,
    /// The name of the event that is under way.
    name: EventName,
    /// Whether a CR came last, so that an LF belongs to the same end of line and is not an
    /// empty line.
    after_cr: bool,
}

impl Lines {
    /// Returns a stream of which nothing has come.
    pub(crate) const fn new() -> Self {
        Self {
            state: LineState::Field,
            word: [0; WORD],
            len: 0,
            name: EventName::Other,
            after_cr: false,
        }
    }

    /// Returns the name of the event that is under way: where the body ends without an empty
    /// line, that of its last event.
    pub(crate) const fn name(&self) -> EventName {
        self.name
    }

    /// Reads on until there is data, or an event ends.
    ///
    /// The caller takes the data out of the bytes and passes the rest in again. For example,
    /// `event: ping\ndata: {}\n\n`, fed whole, comes to:
    ///
    /// 1. `Line(" {}\n\n")`, after the name and the colon;
    /// 2. `Data(" {}\n\n")`, of which the caller reads as far as the line feed;
    /// 3. `End(Ping, "")`, after both line feeds.
    #[inline(always)]
    pub(crate) fn read<'b>(&mut self, bytes: &'b [u8]) -> Fragment<'b> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            // The LF of a CRLF; it may come in another chunk than its CR.
            if std::mem::take(&mut self.after_cr) && *byte == b'\n' {
                rest = after;
                continue;
            }
            if let b'\n' | b'\r' = byte {
                self.after_cr = *byte == b'\r';
                if self.end_line() {
                    return Fragment::End(std::mem::take(&mut self.name), after);
                }
                rest = after;
                continue;
            }
            match self.state {
                LineState::Data => return Fragment::Data(rest),
                LineState::Other => {
                    // Skips to the end of the line at once: comments may be long.
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
                    continue;
                }
                LineState::Field if *byte == b':' => {
                    self.state = match self.word.get(..self.len) {
                        Some(b"data") => LineState::Data,
                        Some(b"event") => LineState::Event,
                        _ => LineState::Other,
                    };
                    self.len = 0;
                    if self.state == LineState::Data {
                        return Fragment::Line(after);
                    }
                }
                // The one space that may follow the colon is no part of the name. Further
                // ones are dropped too, which the standard does not do: no name begins so.
                LineState::Event if *byte == b' ' && self.len == 0 => {}
                LineState::Field | LineState::Event => self.push(*byte),
            }
            rest = after;
        }
        Fragment::Nothing
    }

    /// Adds a byte to the name that is being read. What does not fit is dropped: a name that
    /// fills all the room is none that matters.
    fn push(&mut self, byte: u8) {
        if let Some(to) = self.word.get_mut(self.len) {
            *to = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    /// Ends a line; returns whether it was empty, which ends the event.
    fn end_line(&mut self) -> bool {
        let is_empty = self.state == LineState::Field && self.len == 0;
        if self.state == LineState::Event {
            self.name = match self.word.get(..self.len) {
                Some(b"error") => EventName::Error,
                Some(b"ping") => EventName::Ping,
                _ => EventName::Other,
            };
        }
        self.state = LineState::Field;
        self.len = 0;
        is_empty
    }
}
