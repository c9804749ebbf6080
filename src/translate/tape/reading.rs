//! Reads the text of a document into slots: one pass, strict.

use crate::request::scan::plain_length;

use super::slot::{MOST_DEPTH, MOST_VALUES, NodeKind, NotRead, Slot};

/// A document while it is read.
#[derive(Debug)]
pub(super) struct TapeReading<'b> {
    bytes: &'b [u8],
    at: usize,
    slots: Vec<Slot>,
    /// The slots of the lists and objects that are open.
    open: Vec<u32>,
}

impl<'b> TapeReading<'b> {
    /// Returns the reading of a document, which goes into these slots.
    pub(super) const fn new(bytes: &'b [u8], slots: Vec<Slot>) -> Self {
        Self { bytes, at: 0, slots, open: Vec::new() }
    }

    /// Reads the whole document, and returns its slots.
    pub(super) fn document(mut self) -> Result<Vec<Slot>, NotRead> {
        self.value()?;
        while !self.open.is_empty() {
            self.go_on()?;
        }
        self.skip_blanks();
        if self.at == self.bytes.len() { Ok(self.slots) } else { Err(NotRead::Malformed) }
    }

    /// Reads on after a value, up to the next one or the end of what is open.
    fn go_on(&mut self) -> Result<(), NotRead> {
        let byte = self.next_byte()?;
        let top = self.open.last().copied().unwrap_or_default() as usize;
        let is_object = self.slots.get(top).is_some_and(|slot| slot.kind == NodeKind::Object);
        let is_first = self.slots.len() == top.saturating_add(1);
        match byte {
            b'}' if is_object => return self.close(),
            b']' if !is_object => return self.close(),
            b',' if !is_first => {}
            // The first value has no comma before it, and has been read up to its first byte.
            _ if is_first => self.at = self.at.saturating_sub(1),
            _ => return Err(NotRead::Malformed),
        }
        if is_object {
            if self.next_byte()? != b'"' {
                return Err(NotRead::Malformed);
            }
            self.string()?;
            if self.next_byte()? != b':' {
                return Err(NotRead::Malformed);
            }
        }
        self.value()
    }

    /// Reads a value; of a list or object only its beginning.
    fn value(&mut self) -> Result<(), NotRead> {
        let byte = self.next_byte()?;
        let start = self.at.saturating_sub(1);
        match byte {
            b'{' | b'[' => {
                if self.open.len() >= MOST_DEPTH {
                    return Err(NotRead::TooLarge);
                }
                self.open.push(u32::try_from(self.slots.len()).map_err(|_| NotRead::TooLarge)?);
                let kind = if byte == b'{' { NodeKind::Object } else { NodeKind::List };
                self.push(kind, start, start)
            }
            b'"' => self.string(),
            b't' => self.word(start, b"true", NodeKind::True),
            b'f' => self.word(start, b"false", NodeKind::False),
            b'n' => self.word(start, b"null", NodeKind::Null),
            b'-' | b'0'..=b'9' => self.number(start),
            _ => Err(NotRead::Malformed),
        }
    }

    /// Ends the innermost list or object.
    fn close(&mut self) -> Result<(), NotRead> {
        let after = u32::try_from(self.slots.len()).map_err(|_| NotRead::TooLarge)?;
        let end = u32::try_from(self.at).map_err(|_| NotRead::TooLarge)?;
        let top = self.open.pop().ok_or(NotRead::Malformed)?;
        let slot = self.slots.get_mut(top as usize).ok_or(NotRead::Malformed)?;
        (slot.end, slot.after) = (end, after);
        Ok(())
    }

    /// Adds a slot that has no parts so far.
    fn push(&mut self, kind: NodeKind, start: usize, end: usize) -> Result<(), NotRead> {
        if self.slots.len() >= MOST_VALUES {
            return Err(NotRead::TooLarge);
        }
        let number = |number: usize| u32::try_from(number).map_err(|_| NotRead::TooLarge);
        let after = number(self.slots.len().saturating_add(1))?;
        self.slots.push(Slot { kind, start: number(start)?, end: number(end)?, after });
        Ok(())
    }

    /// Reads a text after its first quotation mark.
    fn string(&mut self) -> Result<(), NotRead> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at = self.at.saturating_add(plain_length(rest));
            match self.byte()? {
                b'"' => return self.push(NodeKind::Text, start, self.at.saturating_sub(1)),
                b'\\' => self.escape()?,
                _ => return Err(NotRead::Malformed),
            }
        }
    }

    /// Reads an escape after its backslash.
    fn escape(&mut self) -> Result<(), NotRead> {
        match self.byte()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    if !self.byte()?.is_ascii_hexdigit() {
                        return Err(NotRead::Malformed);
                    }
                }
                Ok(())
            }
            _ => Err(NotRead::Malformed),
        }
    }

    /// Reads a number after its first character.
    fn number(&mut self, start: usize) -> Result<(), NotRead> {
        self.at = start;
        if self.peek() == Some(b'-') {
            self.at = self.at.saturating_add(1);
        }
        let is_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (is_zero && whole > 1) {
            return Err(NotRead::Malformed);
        }
        if self.peek() == Some(b'.') {
            self.at = self.at.saturating_add(1);
            if self.digits() == 0 {
                return Err(NotRead::Malformed);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at = self.at.saturating_add(1);
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at = self.at.saturating_add(1);
            }
            if self.digits() == 0 {
                return Err(NotRead::Malformed);
            }
        }
        self.push(NodeKind::Number, start, self.at)
    }

    /// Passes digits, and returns how many.
    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at = self.at.saturating_add(count);
        count
    }

    /// Reads one of JSON's three words.
    fn word(&mut self, start: usize, word: &[u8], kind: NodeKind) -> Result<(), NotRead> {
        let end = start.saturating_add(word.len());
        if self.bytes.get(start..end) != Some(word) {
            return Err(NotRead::Malformed);
        }
        self.at = end;
        self.push(kind, start, end)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at = self.at.saturating_add(1);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes the next byte that is no blank.
    fn next_byte(&mut self) -> Result<u8, NotRead> {
        self.skip_blanks();
        self.byte()
    }

    fn byte(&mut self) -> Result<u8, NotRead> {
        let byte = self.peek().ok_or(NotRead::Malformed)?;
        self.at = self.at.saturating_add(1);
        Ok(byte)
    }
}
