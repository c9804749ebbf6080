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

/// What may come next.
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
    Number {
        at: u64,
        number: Number,
    },
    Literal {
        at: u64,
        scalar: Scalar<'static>,
        rest: &'static [u8],
    },
}

/// The lexer between two chunks.
#[derive(Debug)]
pub(super) struct Lexer {
    expected: Expected,
    /// One bit a level, innermost lowest; set for objects.
    levels: u128,
    depth: u32,
    text: StringReader,
    at: u64,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self { expected: Expected::Value, levels: 0, depth: 0, text: StringReader::new(), at: 0 }
    }

    /// Bytes read so far.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// Reads the next chunk, as far as the sink wants; gives back what is left of it.
    pub(super) fn feed<'b, S: Sink>(
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

    /// Ends the document.
    pub(super) fn finish<S: Sink>(&mut self, sink: &mut S) -> Result<(), ScanError> {
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

    fn after<S: Sink>(&mut self, byte: u8, at: u64, sink: &mut S) -> Result<(), ScanError> {
        if self.depth == 0 {
            return Err(malformed(at, "something follows the end of the JSON document"));
        }
        let in_object = self.levels & 1 == 1;
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

    fn string<S: Sink>(&mut self, at: u64, is_key: bool, sink: &mut S) {
        sink.string_start(at, is_key);
        self.expected = Expected::String { is_key };
    }

    fn open(&mut self, container: Container, at: u64) -> Result<(), ScanError> {
        if self.depth >= ScanError::MAX_DEPTH {
            return Err(ScanError::TooDeep { at });
        }
        self.depth = self.depth.saturating_add(1);
        self.levels = self.levels << 1 | u128::from(container == Container::Object);
        Ok(())
    }

    fn close<S: Sink>(&mut self, end: u64, sink: &mut S) {
        self.depth = self.depth.saturating_sub(1);
        self.levels >>= 1;
        self.expected = Expected::After;
        sink.close(end);
    }

    fn number<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let Expected::Number { at, number } = &mut self.expected else { return Ok(()) };
        while let Some(byte) = input.first() {
            match number.push(byte) {
                Pushed::More => {
                    input.take(1);
                }
                Pushed::Bad => return Err(malformed(input.at, "bad number")),
                Pushed::End => {
                    end_number(*at, input.at, number, sink)?;
                    self.expected = Expected::After;
                    break;
                }
            }
        }
        Ok(())
    }

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
