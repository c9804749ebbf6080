//! The inside of JSON strings: plain runs, escapes, UTF-8.
//!
//! Hands on decoded text in pieces that are whole characters of valid UTF-8. Where the
//! sink gathers it, short runs and the simple escapes between them are decoded and
//! validated together; else runs are found and validated as a whole. Only other escapes
//! and characters that a chunk border cuts are looked at byte by byte. A lone surrogate
//! escape becomes U+FFFD.

use super::decode::{Length, Onto, PART, decode, meaning};
use super::error::ScanError;
use super::event::{Gathers, Sink};
use super::input::{Input, malformed};
use super::run::plain;

/// Whether the closing quote of a string has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    No,
}

/// How far into an escape the last chunk has ended. Escapes that are whole in their chunk are
/// taken at once, and never get here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// After a backslash.
    Letter,
    /// After `\u`: digits so far and their value.
    Hex {
        digits: u8,
        value: u16,
    },
}

/// A string between two chunks. Ready for the next string after `Done::Yes`.
///
/// Nearly all of a body is inside strings, so there are three ways through them, the fastest
/// first: a whole stretch with its simple escapes at once (`gather`), runs of bytes that
/// are not special (`plain`), and byte by byte what those two leave: `\uXXXX` escapes, and
/// characters that are cut by the end of a chunk.
#[derive(Debug)]
pub(super) struct StringReader {
    escape: Escape,
    /// A leading surrogate that waits for its trailing one.
    surrogate: Option<u16>,
    /// The start of a character that the end of the last chunk has cut, its length, and its
    /// place in the body.
    partial: [u8; 4],
    partial_len: usize,
    partial_at: u64,
}

const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// From this length on, runs are handed on as they are: they cost no more than to gather
/// them, and need not be copied.
const LONG: usize = 512;

impl StringReader {
    /// Returns a reader at the beginning of a string.
    pub(super) const fn new() -> Self {
        Self {
            escape: Escape::None,
            surrogate: None,
            partial: [0; 4],
            partial_len: 0,
            partial_at: 0,
        }
    }

    /// Reads on until the closing quote or the end of the chunk, and returns which it was.
    ///
    /// # Errors
    /// A control character, an escape that JSON does not know, or what is not UTF-8.
    pub(super) fn read<S: Sink>(
        &mut self,
        input: &mut Input<'_>,
        sink: &mut S,
    ) -> Result<Done, ScanError> {
        while let Some(byte) = input.first() {
            match self.escape {
                Escape::Letter => self.letter(byte, input, sink)?,
                Escape::Hex { digits, value } => self.hex(byte, digits, value, input, sink)?,
                Escape::None if self.partial_len > 0 => self.complete(byte, input, sink)?,
                Escape::None if byte == b'\\' => {
                    if !self.escaped(input, sink) {
                        input.take(1);
                        self.escape = Escape::Letter;
                    }
                }
                Escape::None => {
                    self.flush(sink);
                    if self.plain(input, sink)? == Done::Yes {
                        return Ok(Done::Yes);
                    }
                }
            }
        }
        Ok(Done::No)
    }

    /// Takes an escape that is whole in this chunk and stands for a character by itself.
    ///
    /// Returns whether it did. Everything else is left to be read byte by byte: escapes that
    /// are cut, surrogates, which come in pairs, and what is no escape.
    fn escaped<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> bool {
        if self.surrogate.is_some() {
            return false;
        }
        match *input.rest {
            [_, b'u', a, b, c, d, ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let unit = |a, b, c, d| {
                    Some(digit(a)? << 12 | digit(b)? << 8 | digit(c)? << 4 | digit(d)?)
                };
                let Some(char) = unit(a, b, c, d).and_then(char::from_u32) else { return false };
                sink.text(char.encode_utf8(&mut [0; 4]).as_bytes());
                input.take(6);
            }
            [_, letter, ..] => {
                let Some(text) = meaning(letter) else { return false };
                sink.text(&[text]);
                input.take(2);
            }
            _ => return false,
        }
        true
    }

    /// Takes runs of plain bytes and the simple escapes between them, and the closing quote
    /// if it comes next. What stops it otherwise is left for [`read`](Self::read).
    fn plain<S: Sink>(&mut self, input: &mut Input<'_>, sink: &mut S) -> Result<Done, ScanError> {
        loop {
            // The run is found before the sink is asked: of long ones it need not be.
            let run = plain(input.rest);
            if run.len < LONG && gather(input, sink)? {
                continue;
            }
            let at = input.at;
            let bytes = input.take(run.len);
            if run.is_ascii {
                sink.text(bytes);
            } else {
                self.run(bytes, at, input.rest.is_empty(), sink)?;
            }
            match *input.rest {
                [b'"', ..] => {
                    input.take(1);
                    return Ok(Done::Yes);
                }
                [b'\\', letter, ..] => {
                    let Some(text) = meaning(letter) else { return Ok(Done::No) };
                    sink.text(&[text]);
                    input.take(2);
                }
                [0..0x20, ..] => return Err(malformed(input.at, "control character in a string")),
                _ => return Ok(Done::No),
            }
        }
    }

    /// Takes a run that is not all ASCII. If it is the last of its chunk, the character at its
    /// end may be cut; its bytes then wait for the next chunk.
    fn run<S: Sink>(
        &mut self,
        run: &[u8],
        at: u64,
        is_last: bool,
        sink: &mut S,
    ) -> Result<(), ScanError> {
        let Err((valid, is_cut)) = utf8(run) else {
            sink.text(run);
            return Ok(());
        };
        let (good, cut) = run.split_at_checked(valid).unwrap_or((run, &[]));
        let at = at.saturating_add(valid as u64);
        // A character that ends early inside a chunk stays incomplete.
        if !(is_cut && is_last) {
            return Err(malformed(at, "invalid UTF-8"));
        }
        sink.text(good);
        self.partial_at = at;
        cut.iter().for_each(|byte| self.append(*byte));
        Ok(())
    }

    /// Adds a byte to the character that the end of the last chunk has cut, and tells the
    /// character once it is whole.
    fn complete<S: Sink>(
        &mut self,
        byte: u8,
        input: &mut Input<'_>,
        sink: &mut S,
    ) -> Result<(), ScanError> {
        input.take(1);
        self.append(byte);
        let so_far = self.partial.get(..self.partial_len).unwrap_or_default();
        match std::str::from_utf8(so_far) {
            Ok(text) => {
                sink.text(text.as_bytes());
                self.partial_len = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => Err(malformed(self.partial_at, "invalid UTF-8")),
        }
    }

    /// Keeps one more byte of a character that is cut.
    fn append(&mut self, byte: u8) {
        if let Some(place) = self.partial.get_mut(self.partial_len) {
            *place = byte;
        }
        self.partial_len = self.partial_len.saturating_add(1);
    }

    /// Takes the byte after a backslash: a letter that stands for a character, or the `u` before
    /// four digits.
    fn letter<S: Sink>(
        &mut self,
        byte: u8,
        input: &mut Input<'_>,
        sink: &mut S,
    ) -> Result<(), ScanError> {
        if byte == b'u' {
            input.take(1);
            self.escape = Escape::Hex { digits: 0, value: 0 };
            return Ok(());
        }
        let text = meaning(byte).ok_or_else(|| malformed(input.at, "bad escape in a string"))?;
        self.flush(sink);
        input.take(1);
        self.escape = Escape::None;
        sink.text(&[text]);
        Ok(())
    }

    /// Takes one of the four digits after `\u`.
    fn hex<S: Sink>(
        &mut self,
        byte: u8,
        digits: u8,
        value: u16,
        input: &mut Input<'_>,
        sink: &mut S,
    ) -> Result<(), ScanError> {
        let digit = match byte {
            b'0'..=b'9' => byte.wrapping_sub(b'0'),
            b'a'..=b'f' => byte.wrapping_sub(b'a').wrapping_add(10),
            b'A'..=b'F' => byte.wrapping_sub(b'A').wrapping_add(10),
            _ => return Err(malformed(input.at, "bad unicode escape in a string")),
        };
        input.take(1);
        let value = value << 4 | u16::from(digit);
        if digits < 3 {
            self.escape = Escape::Hex { digits: digits.wrapping_add(1), value };
        } else {
            self.escape = Escape::None;
            self.unit(value, sink);
        }
        Ok(())
    }

    /// Takes an escaped UTF-16 unit: a character, or one half of a pair that stands for one.
    /// The first half waits for the second. Halves without each other become U+FFFD each,
    /// as in `"\ud83d!"`, which the SDK of a large provider sends where it cuts an emoji.
    fn unit<S: Sink>(&mut self, unit: u16, sink: &mut S) {
        let pair = self.surrogate.take().map(|high| [high, unit]);
        let decoded = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
        if let Some(char) = decoded {
            sink.text(char.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        // The half that has waited was no pair with this unit, which is taken by itself.
        if pair.is_some() {
            sink.text(REPLACEMENT);
        }
        match char::from_u32(u32::from(unit)) {
            Some(char) => sink.text(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None if unit < 0xdc00 => self.surrogate = Some(unit),
            None => sink.text(REPLACEMENT),
        }
    }

    /// Tells a first half that has waited in vain, before anything else of the string is told.
    fn flush<S: Sink>(&mut self, sink: &mut S) {
        if self.surrogate.take().is_some() {
            sink.text(REPLACEMENT);
        }
    }
}

/// Takes a stretch of plain bytes and simple escapes in one go, where the sink does not ask
/// for each piece. Returns whether anything was taken.
///
/// Text that is full of escapes, as prose in JSON is (`He said \"no\".\n`), costs several
/// times as much where its short runs are found and told one by one.
///
/// # Errors
/// What is not UTF-8 is refused at once. Left to be read in runs, it would be gathered anew
/// after every escape before it, and the time would grow with the square of the length.
fn gather<S: Sink>(input: &mut Input<'_>, sink: &mut S) -> Result<bool, ScanError> {
    let string = input.rest;
    let (taken, added) = match sink.gathers() {
        Gathers::Nothing => return Ok(false),
        Gathers::Length => {
            let mut counted = Length::default();
            (decode(string, &mut counted), counted.0)
        }
        Gathers::Text { text, most } => {
            let before = text.len();
            text.reserve(string.len().min(most.saturating_sub(before)).saturating_add(PART));
            (decode(string, &mut Onto { text, most }), text.len().saturating_sub(before))
        }
    };
    let read = string.get(..taken).unwrap_or_default();
    // An escape is ASCII, and so is what it stands for: what is valid with the one is
    // valid with the other.
    let valid = match utf8(read) {
        Ok(()) => taken,
        Err((valid, true)) => valid,
        Err((valid, false)) => {
            return Err(malformed(input.at.saturating_add(valid as u64), "invalid UTF-8"));
        }
    };
    // The bytes of a cut character go back; there is no escape among them.
    let cut = taken.saturating_sub(valid);
    input.take(valid);
    sink.gathered(added.saturating_sub(cut), cut);
    Ok(valid > 0)
}

/// Checks that the bytes are UTF-8.
///
/// # Errors
/// How many of them are, and whether what follows is the beginning of a character that only
/// ends too early.
fn utf8(bytes: &[u8]) -> Result<(), (usize, bool)> {
    // Below this length setting up the vectors costs more than they save.
    const SHORT: usize = 64;
    if bytes.len() < SHORT {
        if bytes.is_ascii() {
            return Ok(());
        }
        let checked = std::str::from_utf8(bytes).map(drop);
        checked.map_err(|error| (error.valid_up_to(), error.error_len().is_none()))
    } else {
        let checked = simdutf8::compat::from_utf8(bytes).map(drop);
        checked.map_err(|error| (error.valid_up_to(), error.error_len().is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Container, Scalar};
    use super::super::lexer::Lexer;
    use super::*;

    /// Wants the length of strings and counts how often it is asked.
    #[derive(Default)]
    struct Counting(usize);

    impl Sink for Counting {
        fn string_start(&mut self, _: u64, _: bool) {}
        fn text(&mut self, _: &[u8]) {}
        fn gathers(&mut self) -> Gathers<'_> {
            self.0 += 1;
            Gathers::Length
        }
        fn gathered(&mut self, _: usize, _: usize) {}
        fn string_end(&mut self, _: u64, _: bool) {}
        fn scalar(&mut self, _: Scalar<'_>, _: u64, _: u64) {}
        fn open(&mut self, _: Container, _: u64) {}
        fn close(&mut self, _: u64) {}
        fn comma(&mut self, _: u64) {}
        fn is_paused(&self) -> bool {
            false
        }
    }

    #[test]
    fn what_is_no_text_is_refused_where_it_is_found_and_not_read_again_for_every_escape() {
        for bad in [&b"\xff"[..], b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
            let start = [b"\"", &br"ab\n".repeat(500)[..]].concat();
            let body = [&start, bad, &[b'a'; 100], b"\""].concat();
            let mut sink = Counting::default();
            let error = Lexer::new().feed(&body, &mut sink).unwrap_err();
            assert_eq!(error, malformed(start.len() as u64, "invalid UTF-8"), "{bad:?}");
            assert!(sink.0 < 4, "asked {} times", sink.0);
        }
    }
}
