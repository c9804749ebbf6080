//! The one binary codec: how a value becomes bytes in filter state or in shared data, and
//! a value again. A leaf: names no other module.
//!
//! Values are written one after another, without names or tags, so the reader must read
//! in the order of the writer:
//!
//! | what | bytes |
//! |---|---|
//! | version | one byte, first of all: which layout follows |
//! | number, flag | base 128, the lowest seven bits first; the high bit says that another byte follows (LEB128) |
//! | bytes, text | their length as a number, then themselves |
//! | option | 0; or 1 and the value |
//! | list | the number of elements, then each |
//!
//! For example `[2, 1, 3, 0x61, 0x2f, 0x62, 0xac, 0x02]` is version 2, an option that holds
//! the text `a/b`, and the number 300.
//!
//! Nothing here traps, whatever the bytes are: a [`Reader`] answers `None` where they end
//! early or say something else than is read. Bytes after the last value are not looked at.
//!
//! The record of a deployment (`state/record.rs`) is not written with this: it is read and
//! written for every request, and has a fixed length so that this needs no allocation.

/// Writes values one after another. Each method appends one; the reader has to read them in the
/// same order.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Returns a writer that has written the version of a layout. Any change to the order or kind
    /// of the values that follow needs another version.
    pub(crate) fn new(version: u8) -> Self {
        // Room for most of what is written, so that it need not be moved as it grows.
        let mut bytes = Vec::with_capacity(256);
        bytes.push(version);
        Self(bytes)
    }

    /// Returns what was written.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    // Copies wherever a number is written would be kilobytes.
    #[inline(never)]
    pub(crate) fn number(&mut self, number: u64) {
        // Nearly all are this short: flags, lengths, places in lists.
        match u8::try_from(number) {
            Ok(byte @ ..0x80) => self.0.push(byte),
            _ => self.long_number(number),
        }
    }

    #[cold]
    fn long_number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes what may be absent; `write` writes the value.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Writes a list; `write` writes one element, of at least one byte.
    pub(crate) fn list<T>(&mut self, list: &[T], write: impl Fn(&mut Self, &T)) {
        self.number(list.len() as u64);
        list.iter().for_each(|element| write(self, element));
    }
}

/// Reads values in the order in which a [`Writer`] wrote them. Every method returns `None` where
/// the bytes end early or stand for no such value.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Returns a reader of what follows the version; `None` where the bytes have another
    /// version, or are none.
    pub(crate) fn new(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        (*first == version).then_some(Self(rest))
    }

    #[inline(never)]
    pub(crate) fn number(&mut self) -> Option<u64> {
        match *self.0 {
            [byte @ ..0x80, ref rest @ ..] => {
                self.0 = rest;
                Some(u64::from(byte))
            }
            _ => self.long_number(),
        }
    }

    #[cold]
    fn long_number(&mut self) -> Option<u64> {
        let mut number = 0;
        // Ten bytes hold 64 bits. A longer number is none that a writer wrote.
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        self.number().map(|number| number != 0)
    }

    /// Reads a number that is a length or a place in a list; `None` also for one that does not fit
    /// the 32 bits that lengths have in the module.
    pub(crate) fn index(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Reads bytes where they stand, without a copy.
    pub(crate) fn slice(&mut self) -> Option<&'a [u8]> {
        let length = self.index()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<Vec<u8>> {
        self.slice().map(<[u8]>::to_vec)
    }

    /// Reads text where it stands, without a copy; `None` also for bytes that are not UTF-8.
    pub(crate) fn str(&mut self) -> Option<&'a str> {
        str::from_utf8(self.slice()?).ok()
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        self.str().map(str::to_owned)
    }

    /// Reads what may be absent; `read` reads the value. The outer `None` says that nothing
    /// could be read, the inner one that the value is absent.
    #[expect(clippy::option_option, reason = "there may be nothing to read, and nothing there")]
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    /// Reads a list; `read` reads one element.
    pub(crate) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.index()?;
        // Every element takes a byte at least, so a count beyond that is a lie, which must
        // not make us reserve memory for it.
        if count > self.0.len() {
            return None;
        }
        (0..count).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value of each kind.
    type All = (u64, bool, Vec<u8>, String, Option<u64>, Option<u64>, Vec<u64>);

    fn encode((number, flag, bytes, text, some, none, list): &All) -> Vec<u8> {
        let mut to = Writer::new(7);
        to.number(*number);
        to.flag(*flag);
        to.bytes(bytes);
        to.text(text);
        to.option(*some, Writer::number);
        to.option(*none, Writer::number);
        to.list(list, |to, number| to.number(*number));
        to.finish()
    }

    fn decode(bytes: &[u8]) -> Option<All> {
        let from = &mut Reader::new(bytes, 7)?;
        Some((
            from.number()?,
            from.flag()?,
            from.bytes()?,
            from.text()?,
            from.option(Reader::number)?,
            from.option(Reader::number)?,
            from.list(Reader::number)?,
        ))
    }

    fn all() -> All {
        (u64::MAX, true, vec![0, 255], "a/ü".to_owned(), Some(300), None, vec![0, 127, 128])
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(decode(&encode(&all())), Some(all()));
    }

    #[test]
    fn the_bytes_are_those_of_the_table_above() {
        let mut to = Writer::new(2);
        to.option(Some("a/b"), Writer::text);
        to.number(300);
        assert_eq!(to.finish(), [2, 1, 3, b'a', b'/', b'b', 0xac, 0x02]);
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_nothing() {
        let mut bytes = encode(&all());
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None, "{length}");
        }
        bytes[0] = 8;
        assert_eq!(decode(&bytes), None);
    }

    #[test]
    fn numbers_end_and_lists_are_no_longer_than_their_bytes() {
        let mut number = vec![7];
        number.extend([0xff; 11]);
        assert_eq!(Reader::new(&number, 7).unwrap().number(), None);

        let mut list = Writer::new(7);
        list.number(u64::from(u32::MAX));
        let list = list.finish();
        assert_eq!(Reader::new(&list, 7).unwrap().list(Reader::number), None);
    }

    #[test]
    fn text_is_utf_8() {
        assert_eq!(Reader::new(&[7, 1, 0xff], 7).unwrap().text(), None);
    }
}
