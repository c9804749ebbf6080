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
use super::number::{Number, Step};
use super::string::{Done, Text};

/// What a document is made of; the receiving end of the lexer.
///
/// Offsets are bytes from the start of the body; ends are exclusive.
pub(super) trait Sink {
    /// A string starts, at its opening quote; `is_key` if it names a member.
    fn string_start(&mut self, at: u64, is_key: bool);
    /// A piece of the current string, decoded: whole characters, valid UTF-8. May be empty.
    fn text(&mut self, piece: &[u8]);
    /// What is wanted of the current string, if it may come otherwise than through `text`.
    fn gathers(&mut self) -> Gathers<'_>;
    /// So many bytes were gathered, whole characters of valid UTF-8, and behind them some
    /// that are none of the text. Not told where reading fails: what was gathered then may
    /// be anything.
    fn gathered(&mut self, added: usize, surplus: usize);
    /// The string ends, after its closing quote.
    fn string_end(&mut self, end: u64, is_key: bool);
    /// A number, boolean or null.
    fn scalar(&mut self, scalar: Scalar<'_>, at: u64, end: u64);
    /// An object or array starts, at its bracket.
    fn open(&mut self, container: Container, at: u64);
    /// The innermost object or array ends, after its bracket.
    fn close(&mut self, end: u64);
    /// A comma between members or elements of the innermost container.
    fn comma(&mut self, at: u64);
    /// Whether reading stops here for now.
    fn is_paused(&self) -> bool;
}

/// What is wanted of a string.
#[derive(Debug)]
pub(super) enum Gathers<'t> {
    /// Its pieces, one by one.
    Nothing,
    /// Its length at most.
    Length,
    /// To be appended to this text, until that has about so many bytes.
    Text { text: &'t mut Vec<u8>, most: usize },
}

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// Its text, if short enough to be of use.
    Number(Option<&'a str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

#[derive(Debug)]
enum State {
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
    state: State,
    /// One bit a level, innermost lowest; set for objects.
    levels: u128,
    depth: u32,
    text: Text,
    at: u64,
}

/// What is left of a chunk, and where it stands in the body.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
    pub(super) at: u64,
}

impl<'a> Input<'a> {
    pub(super) fn first(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes up to `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at_checked(n).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.at = self.at.saturating_add(head.len() as u64);
        head
    }
}

const fn wrong(at: u64, what: &'static str) -> ScanError {
    ScanError::Malformed { at, what }
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self { state: State::Value, levels: 0, depth: 0, text: Text::new(), at: 0 }
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
            match &mut self.state {
                State::String { is_key } => {
                    let is_key = *is_key;
                    if let Done::Yes = self.text.read(&mut input, sink)? {
                        sink.string_end(input.at, is_key);
                        self.state = if is_key { State::Colon } else { State::After };
                    }
                }
                State::Number { .. } => self.number(&mut input, sink)?,
                State::Literal { .. } => self.literal(&mut input, sink)?,
                _ => self.structure(&mut input, sink)?,
            }
        }
        self.at = input.at;
        Ok(input.rest)
    }

    /// Ends the document.
    pub(super) fn finish<S: Sink>(&mut self, sink: &mut S) -> Result<(), ScanError> {
        if let State::Number { at, number } = &self.state {
            end_number(*at, self.at, number, sink)?;
            self.state = State::After;
        }
        match self.state {
            State::After if self.depth == 0 => Ok(()),
            State::Value if self.at == 0 => Err(wrong(0, "the body is empty")),
            State::String { .. } => Err(wrong(self.at, "the body ends inside a string")),
            _ => Err(wrong(self.at, "the body ends before its JSON does")),
        }
    }

    fn structure<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let blank = input.rest.iter().take_while(|byte| is_blank(**byte)).count();
        input.take(blank);
        let Some(byte) = input.first() else { return Ok(()) };
        let at = input.at;
        input.take(1);
        match (&self.state, byte) {
            (State::Value | State::FirstValue, b'{') => {
                self.open(Container::Object, at)?;
                sink.open(Container::Object, at);
                self.state = State::FirstKey;
            }
            (State::Value | State::FirstValue, b'[') => {
                self.open(Container::Array, at)?;
                sink.open(Container::Array, at);
                self.state = State::FirstValue;
            }
            (State::Value | State::FirstValue, b'"') => self.string(at, false, sink),
            (State::FirstKey | State::Key, b'"') => self.string(at, true, sink),
            (State::FirstValue, b']') | (State::FirstKey, b'}') => self.close(input.at, sink),
            (State::Value | State::FirstValue, _) => self.state = start_scalar(byte, at)?,
            (State::Colon, b':') => self.state = State::Value,
            (State::Colon, _) => return Err(wrong(at, "expected \":\" after a key")),
            (State::After, _) => self.after(byte, at, sink)?,
            (State::FirstKey, _) => return Err(wrong(at, "expected a key or \"}\"")),
            _ => return Err(wrong(at, "expected a key after \",\"")),
        }
        Ok(())
    }

    fn after<S: Sink>(&mut self, byte: u8, at: u64, sink: &mut S) -> Result<(), ScanError> {
        if self.depth == 0 {
            return Err(wrong(at, "something follows the end of the JSON document"));
        }
        let in_object = self.levels & 1 == 1;
        match (byte, in_object) {
            (b',', _) => {
                sink.comma(at);
                self.state = if in_object { State::Key } else { State::Value };
                Ok(())
            }
            (b'}', true) | (b']', false) => {
                self.close(at.saturating_add(1), sink);
                Ok(())
            }
            (_, true) => Err(wrong(at, "expected \",\" or \"}\" after a member")),
            (_, false) => Err(wrong(at, "expected \",\" or \"]\" after an element")),
        }
    }

    fn string<S: Sink>(&mut self, at: u64, is_key: bool, sink: &mut S) {
        sink.string_start(at, is_key);
        self.state = State::String { is_key };
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
        self.state = State::After;
        sink.close(end);
    }

    fn number<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let State::Number { at, number } = &mut self.state else { return Ok(()) };
        while let Some(byte) = input.first() {
            match number.push(byte) {
                Step::More => {
                    input.take(1);
                }
                Step::Bad => return Err(wrong(input.at, "bad number")),
                Step::End => {
                    end_number(*at, input.at, number, sink)?;
                    self.state = State::After;
                    break;
                }
            }
        }
        Ok(())
    }

    fn literal<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<(), ScanError> {
        let State::Literal { at, scalar, rest } = &mut self.state else { return Ok(()) };
        while let Some((wanted, tail)) = rest.split_first() {
            let Some(byte) = input.first() else { return Ok(()) };
            if byte != *wanted {
                return Err(wrong(*at, "expected a value"));
            }
            input.take(1);
            *rest = tail;
        }
        sink.scalar(*scalar, *at, input.at);
        self.state = State::After;
        Ok(())
    }
}

fn start_scalar(first: u8, at: u64) -> Result<State, ScanError> {
    let (scalar, rest): (_, &'static [u8]) = match first {
        b't' => (Scalar::Bool(true), b"rue"),
        b'f' => (Scalar::Bool(false), b"alse"),
        b'n' => (Scalar::Null, b"ull"),
        _ => {
            let number = Number::start(first).ok_or_else(|| wrong(at, "expected a value"))?;
            return Ok(State::Number { at, number });
        }
    };
    Ok(State::Literal { at, scalar, rest })
}

fn end_number<S: Sink>(at: u64, end: u64, number: &Number, sink: &mut S) -> Result<(), ScanError> {
    if !number.is_complete() {
        return Err(wrong(end, "bad number"));
    }
    if !number.is_in_range() {
        return Err(wrong(at, "number out of range"));
    }
    sink.scalar(Scalar::Number(number.text()), at, end);
    Ok(())
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
