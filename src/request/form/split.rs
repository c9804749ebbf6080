//! Cuts a form into the heads and the values of its parts.
//!
//! Knows delimiters and nothing of what is between them. A delimiter that a
//! chunk border cuts is held back until it is known to be none.

/// What comes next of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'c> {
    /// Nothing yet.
    Nothing,
    /// A piece of a part's head.
    Head(&'c [u8]),
    /// A value begins, at this byte of the body.
    Start(u64),
    /// A piece of a value.
    Data(&'c [u8]),
    /// So many bytes of a delimiter that turned out to be value.
    Held(usize),
    /// The value ended before this byte of the body.
    End(u64),
    /// It is no form.
    Wrong(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within a delimiter: so many of its bytes have been seen.
    Delimiter {
        seen: usize,
    },
    /// After one: `\r\n` and a head, or `--`.
    After {
        first: Option<u8>,
    },
    /// Within a head: so many bytes of `\r\n\r\n` have been seen.
    Head {
        seen: usize,
    },
    /// The head has ended.
    Begin,
    Value,
    /// A part of what looked like a delimiter turned out to be value.
    Held {
        seen: usize,
    },
    /// The delimiter behind the last part was seen, and so many bytes of `\r\n`.
    Done {
        seen: usize,
    },
}

#[derive(Debug)]
pub(super) struct Splitter {
    /// `\r\n--BOUNDARY`
    delimiter: Vec<u8>,
    state: State,
    at: u64,
    is_first: bool,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl Splitter {
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        // The first one needs no line end before it.
        Self { delimiter, state: State::Delimiter { seen: 2 }, at: 0, is_first: true }
    }

    /// Bytes read so far.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// The beginning of a delimiter.
    pub(super) fn held(&self, seen: usize) -> &[u8] {
        self.delimiter.get(..seen).unwrap_or_default()
    }

    /// Whether the form has ended.
    pub(super) const fn is_complete(&self) -> bool {
        matches!(self.state, State::Done { .. })
    }

    /// Reads on in a chunk that is not empty; gives back what is left of it.
    pub(super) fn next<'s>(&mut self, chunk: &'s [u8]) -> (Event<'s>, &'s [u8]) {
        let Some((&byte, rest)) = chunk.split_first() else { return (Event::Nothing, chunk) };
        match self.state {
            State::Value => self.value(chunk),
            State::Begin => {
                self.state = State::Value;
                (Event::Start(self.at), chunk)
            }
            State::Held { seen } => {
                self.state = State::Value;
                (Event::Held(seen), chunk)
            }
            State::Delimiter { seen } => self.delimiter(byte, seen, chunk, rest),
            State::After { first } => {
                self.step();
                (self.after(first, byte), rest)
            }
            State::Head { seen } => self.head(seen, chunk),
            State::Done { seen } => {
                self.step();
                self.state = State::Done { seen: seen.saturating_add(1) };
                let is_end = b"\r\n".get(seen) == Some(&byte);
                (
                    if is_end {
                        Event::Nothing
                    } else {
                        Event::Wrong("something follows the form")
                    },
                    rest,
                )
            }
        }
    }

    const fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn delimiter<'s>(
        &mut self,
        byte: u8,
        seen: usize,
        chunk: &'s [u8],
        rest: &'s [u8],
    ) -> (Event<'s>, &'s [u8]) {
        if self.delimiter.get(seen) == Some(&byte) {
            self.step();
            let seen = seen.saturating_add(1);
            if seen < self.delimiter.len() {
                self.state = State::Delimiter { seen };
                return (Event::Nothing, rest);
            }
            self.state = State::After { first: None };
            let end = self.at.saturating_sub(self.delimiter.len() as u64);
            let event = if self.is_first { Event::Nothing } else { Event::End(end) };
            self.is_first = false;
            return (event, rest);
        }
        if self.is_first {
            return (Event::Wrong("the form does not begin with its boundary"), rest);
        }
        // `\r` occurs nowhere in a delimiter but at its start, so none begins within
        // what was held.
        self.state = State::Held { seen };
        (Event::Nothing, chunk)
    }

    fn after(&mut self, first: Option<u8>, byte: u8) -> Event<'static> {
        match (first, byte) {
            (None, b'\r' | b'-') => {
                self.state = State::After { first: Some(byte) };
                Event::Nothing
            }
            (Some(b'\r'), b'\n') => {
                // The line end is the first half of an empty head's end.
                self.state = State::Head { seen: 2 };
                Event::Nothing
            }
            (Some(b'-'), b'-') => {
                self.state = State::Done { seen: 0 };
                Event::Nothing
            }
            _ => Event::Wrong("the boundary is not followed by a line end"),
        }
    }

    fn head<'s>(&mut self, mut seen: usize, chunk: &'s [u8]) -> (Event<'s>, &'s [u8]) {
        let mut taken: usize = 0;
        for byte in chunk {
            taken = taken.saturating_add(1);
            seen = match (HEAD_END.get(seen) == Some(byte), byte) {
                (true, _) => seen.saturating_add(1),
                (false, b'\r') => 1,
                _ => 0,
            };
            if seen == HEAD_END.len() {
                break;
            }
        }
        self.state = if seen == HEAD_END.len() { State::Begin } else { State::Head { seen } };
        self.at = self.at.saturating_add(taken as u64);
        let (head, rest) = chunk.split_at_checked(taken).unwrap_or((chunk, &[]));
        (Event::Head(head), rest)
    }

    fn value<'s>(&mut self, chunk: &'s [u8]) -> (Event<'s>, &'s [u8]) {
        let at = chunk.iter().position(|byte| *byte == b'\r').unwrap_or(chunk.len());
        if at == 0 {
            self.step();
            self.state = State::Delimiter { seen: 1 };
            return (Event::Nothing, chunk.get(1..).unwrap_or_default());
        }
        self.at = self.at.saturating_add(at as u64);
        let (data, rest) = chunk.split_at_checked(at).unwrap_or((chunk, &[]));
        (Event::Data(data), rest)
    }
}
