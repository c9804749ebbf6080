//! A strict push lexer for JSON: bytes in, in any chunking, events out.
//!
//! Refuses what serde_json refuses, with one deliberate exception: escaped lone
//! surrogates, which a common SDK sends, stand for U+FFFD. Knows the grammar
//! and nothing of what a document means.
//!
//! Invariants: the events are the same for every chunking except that the text
//! of a string may come in other pieces; each piece is whole characters;
//! memory is constant.

use super::error::ScanError;
use super::event::{Container, Scalar, Sink};
use super::input::{Input, malformed};
use super::number::{Number, Pushed};
use super::string::{Done, StringReader};

/// What may come next: the grammar of JSON, without the containers that are open.
#[derive(Debug)]
enum Expected {
    /// A value must follow.
    Value,
    /// After `[`.
    FirstValue,
    /// After `{`.
    FirstKey,
    /// After a comma in an object.
    Key,
    /// After a key.
    Colon,
    /// After a value.
    After,
    String {
        is_key: bool,
    },
    /// Inside a number, which began at this place.
    Number {
        at: u64,
        number: Number,
    },
    /// Inside `true`, `false` or `null`, of which `rest` has not come yet.
    Literal {
        at: u64,
        scalar: Scalar<'static>,
        rest: &'static [u8],
    },
}

/// The lexer between two chunks. It may stop after any byte, so everything that it knows of
/// the document so far is here.
#[derive(Debug)]
pub(in crate::request) struct Lexer {
    expected: Expected,
    /// One bit for each container that is open, the innermost lowest; set for objects.
    levels: u128,
    /// How many are open: no more than there are bits.
    depth: u32,
    text: StringReader,
    /// Bytes read so far.
    at: u64,
}

impl Lexer {
    /// Returns a lexer at the start of a document.
    pub(in crate::request) fn new() -> Self {
        Self { expected: Expected::Value, levels: 0, depth: 0, text: StringReader::new(), at: 0 }
    }

    /// Returns how many bytes were read so far.
    pub(in crate::request) const fn at(&self) -> u64 {
        self.at
    }

    /// Reads the next chunk as far as the sink wants, and returns what is left of it: nothing,
    /// unless the sink has paused.
    ///
    /// # Errors
    /// The first thing in the chunk that is no JSON. What was told before it still holds.
    pub(in crate::request) fn feed<'b, S: Sink>(
        &mut self,
        bytes: &'b [u8],
        sink: &mut S,
    ) -> Result<&'b [u8], ScanError> {
        let mut input = Input { rest: bytes, at: self.at };
        while !input.rest.is_empty() && !sink.is_paused() {
            match &mut self.expected {
                Expected::String { is_key } => {
                    let is_key = *is_key;
                    if let Done::Yes = self.text.read(&mut input, sink)? {
                        sink.string_end(input.at, is_key);
                        self.expected = if is_key { Expected::Colon } else { Expected::After };
                    }
                }
                Expected::Number { .. } => self.number(&mut input, sink)?,
                Expected::Literal { .. } => self.literal(&mut input, sink)?,
                _ => self.structure(&mut input, sink)?,
            }
        }
        self.at = input.at;
        Ok(input.rest)
    }

    /// Ends the document. A number at its very end is told now: until here, more digits
    /// could have followed.
    ///
    /// # Errors
    /// A document that is not complete.
    pub(in crate::request) fn finish<S: Sink>(&mut self, sink: &mut S) -> Result<(), ScanError> {
        if let Expected::Number { at, number } = &self.expected {
            end_number(*at, self.at, number, sink)?;
            self.expected = Expected::After;
        }
        match self.expected {
            Expected::After if self.depth == 0 => Ok(()),
            Expected::Value if self.at == 0 => Err(malformed(0, "the body is empty")),
            Expected::String { .. } => Err(malformed(self.at, "the body ends inside a string")),
            _ => Err(malformed(self.at, "the body ends before its JSON does")),
        }
    }

    /// Reads one byte between strings, numbers and literals, and the blanks before it. Who
    /// may come next, and what the byte says of that, is the whole grammar.
    fn structure<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let blank = input.rest.iter().take_while(|byte| is_blank(**byte)).count();
        input.take(blank);
        let Some(byte) = input.first() else { return Ok(()) };
        let at = input.at;
        input.take(1);
        match (&self.expected, byte) {
            (Expected::Value | Expected::FirstValue, b'{') => {
                self.open(Container::Object, at)?;
                sink.open(Container::Object, at);
                self.expected = Expected::FirstKey;
            }
            (Expected::Value | Expected::FirstValue, b'[') => {
                self.open(Container::Array, at)?;
                sink.open(Container::Array, at);
                self.expected = Expected::FirstValue;
            }
            (Expected::Value | Expected::FirstValue, b'"') => self.string(at, false, sink),
            (Expected::FirstKey | Expected::Key, b'"') => self.string(at, true, sink),
            (Expected::FirstValue, b']') | (Expected::FirstKey, b'}') => self.close(input.at, sink),
            (Expected::Value | Expected::FirstValue, _) => self.expected = start_scalar(byte, at)?,
            (Expected::Colon, b':') => self.expected = Expected::Value,
            (Expected::Colon, _) => return Err(malformed(at, "expected \":\" after a key")),
            (Expected::After, _) => self.after(byte, at, sink)?,
            (Expected::FirstKey, _) => return Err(malformed(at, "expected a key or \"}\"")),
            _ => return Err(malformed(at, "expected a key after \",\"")),
        }
        Ok(())
    }

    /// Reads the byte after a value: a comma, or the end of the container around it.
    fn after<S: Sink>(&mut self, byte: u8, at: u64, sink: &mut S) -> Result<(), ScanError> {
        if self.depth == 0 {
            return Err(malformed(at, "something follows the end of the JSON document"));
        }
        let in_object = self.levels & 1 == 1;
        // A bracket has to be that of the innermost container, so `[}` is refused.
        match (byte, in_object) {
            (b',', _) => {
                sink.comma(at);
                self.expected = if in_object { Expected::Key } else { Expected::Value };
                Ok(())
            }
            (b'}', true) | (b']', false) => {
                self.close(at.saturating_add(1), sink);
                Ok(())
            }
            (_, true) => Err(malformed(at, "expected \",\" or \"}\" after a member")),
            (_, false) => Err(malformed(at, "expected \",\" or \"]\" after an element")),
        }
    }

    /// Begins a string, whose opening quote is at that place.
    fn string<S: Sink>(&mut self, at: u64, is_key: bool, sink: &mut S) {
        sink.string_start(at, is_key);
        self.expected = Expected::String { is_key };
    }

    /// Begins a container.
    ///
    /// # Errors
    /// Too many are open: the nesting has to fit the bits of [`Lexer::levels`], and what
    /// parses a body later may have a stack that is not deep.
    fn open(&mut self, container: Container, at: u64) -> Result<(), ScanError> {
        if self.depth >= ScanError::MAX_DEPTH {
            return Err(ScanError::TooDeep { at });
        }
        self.depth = self.depth.saturating_add(1);
        self.levels = self.levels << 1 | u128::from(container == Container::Object);
        Ok(())
    }

    /// Ends the innermost container.
    fn close<S: Sink>(&mut self, end: u64, sink: &mut S) {
        self.depth = self.depth.saturating_sub(1);
        self.levels >>= 1;
        self.expected = Expected::After;
        sink.close(end);
    }

    /// Reads on in a number, to its end or that of the chunk.
    fn number<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let Expected::Number { at, number } = &mut self.expected else { return Ok(()) };
        while let Some(byte) = input.first() {
            match number.push(byte) {
                Pushed::More => {
                    input.take(1);
                }
                Pushed::Bad => return Err(malformed(input.at, "bad number")),
                Pushed::End => {
                    // The byte is not part of it, and stays to be read as structure.
                    end_number(*at, input.at, number, sink)?;
                    self.expected = Expected::After;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Reads on in `true`, `false` or `null`, to its end or that of the chunk.
    fn literal<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let Expected::Literal { at, scalar, rest } = &mut self.expected else { return Ok(()) };
        while let Some((wanted, tail)) = rest.split_first() {
            let Some(byte) = input.first() else { return Ok(()) };
            if byte != *wanted {
                return Err(malformed(*at, "expected a value"));
            }
            input.take(1);
            *rest = tail;
        }
        sink.scalar(*scalar, *at, input.at);
        self.expected = Expected::After;
        Ok(())
    }
}

/// Returns what is expected after the first byte of a value that is no string and no
/// container.
///
/// # Errors
/// No value begins with that byte.
fn start_scalar(first: u8, at: u64) -> Result<Expected, ScanError> {
    let (scalar, rest): (_, &'static [u8]) = match first {
        b't' => (Scalar::Bool(true), b"rue"),
        b'f' => (Scalar::Bool(false), b"alse"),
        b'n' => (Scalar::Null, b"ull"),
        _ => {
            let number = Number::start(first).ok_or_else(|| malformed(at, "expected a value"))?;
            return Ok(Expected::Number { at, number });
        }
    };
    Ok(Expected::Literal { at, scalar, rest })
}

/// Tells a number that has ended.
///
/// # Errors
/// It is not complete (`1.`), or beyond what a parser can hold (`1e999`).
fn end_number<S: Sink>(at: u64, end: u64, number: &Number, sink: &mut S) -> Result<(), ScanError> {
    if !number.is_complete() {
        return Err(malformed(end, "bad number"));
    }
    if !number.is_in_range() {
        return Err(malformed(at, "number out of range"));
    }
    sink.scalar(Scalar::Number(number.text()), at, end);
    Ok(())
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
