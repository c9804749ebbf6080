//! Headers as the proxy hands them over: in one piece, which is looked into and not taken apart.
//!
//! A message has a dozen headers, most of which are looked at and no more. To copy each name and
//! value for itself would be half of all memory that a short request takes. A leaf: names no
//! other module.

use std::ops::Range;

/// Headers, each with one value, in their order. Names are in lower case; values are bytes, which
/// need not be UTF-8. A name may be there several times.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// All names, one after the other.
    names: String,
    /// All values, with other bytes between them.
    values: Vec<u8>,
    places: Vec<HeaderPlace>,
}

/// Where a header's name and value stand, in bytes.
#[derive(Debug, Clone)]
struct HeaderPlace {
    name: Range<usize>,
    value: Range<usize>,
}

impl Headers {
    /// Returns the headers in the bytes that a proxy-wasm host makes of them: their number, the
    /// lengths of each name and value, then names and values with a zero after each. Numbers have
    /// four bytes, little endian. Of bytes that end too early, the headers before that.
    #[must_use]
    pub fn read(bytes: Vec<u8>) -> Self {
        let (mut names, mut places) = (Vec::new(), Vec::new());
        let _ = find(&bytes, &mut names, &mut places);
        Self { names: ascii(names), values: bytes, places }
    }

    /// Returns all headers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.places.iter().map(|place| (self.name(place), self.value(place)))
    }

    /// Returns every value of a header.
    pub fn each(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        // Most names have another length.
        let is_it = |place: &&HeaderPlace| place.name.len() == name.len();
        let of_it = self.places.iter().filter(is_it).filter(move |place| self.name(place) == name);
        of_it.map(|place| self.value(place))
    }

    /// Returns the first value of a header; `None` where it is absent.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.each(name).next()
    }

    /// Adds a header after all others.
    pub fn push(&mut self, name: &str, value: &[u8]) {
        let (name_at, value_at) = (self.names.len(), self.values.len());
        self.names.push_str(name);
        self.values.extend_from_slice(value);
        let (name, value) = (name_at..self.names.len(), value_at..self.values.len());
        self.places.push(HeaderPlace { name, value });
    }

    /// Removes every value of a header. Its bytes stay where they are, for there are few.
    pub fn remove(&mut self, name: &str) {
        let names = &self.names;
        self.places.retain(|place| names.get(place.name.clone()) != Some(name));
    }

    fn name(&self, place: &HeaderPlace) -> &str {
        self.names.get(place.name.clone()).unwrap_or_default()
    }

    fn value(&self, place: &HeaderPlace) -> &[u8] {
        self.values.get(place.value.clone()).unwrap_or_default()
    }
}

/// The same headers in the same order, whatever stands between them.
impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut all = Self::default();
        headers.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

/// Adds the names and the places of all headers to `names` and `places`. Returns `None` where the
/// bytes end before the last of them.
fn find(bytes: &[u8], names: &mut Vec<u8>, places: &mut Vec<HeaderPlace>) -> Option<()> {
    let (count, rest) = number(bytes)?;
    let (lengths, _) = rest.split_at_checked(count.checked_mul(8)?)?.0.as_chunks::<8>();
    places.reserve_exact(count);
    // Names are about as long as this.
    names.reserve(count.saturating_mul(16));
    let mut at = lengths.len().saturating_mul(8).saturating_add(4);
    for length in lengths {
        let (name, rest) = number(length)?;
        let (value, _) = number(rest)?;
        let name = at..at.checked_add(name)?;
        let value_at = name.end.checked_add(1)?;
        let value = value_at..value_at.checked_add(value)?;
        bytes.get(value.clone())?;
        at = value.end.checked_add(1)?;
        let name_at = names.len();
        names.extend_from_slice(bytes.get(name)?);
        places.push(HeaderPlace { name: name_at..names.len(), value });
    }
    Some(())
}

/// Returns the number that some bytes begin with, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// Returns names as text. Proxies let no other than ASCII names in; of any other, each byte
/// becomes a question mark, so that the header is still there and has no name that counts.
fn ascii(mut names: Vec<u8>) -> String {
    if !names.is_ascii() {
        names.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
    }
    String::from_utf8(names).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns headers as a host writes them.
    fn written(headers: &[(&[u8], &[u8])]) -> Vec<u8> {
        let number = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        let mut bytes = number(headers.len()).to_vec();
        for (name, value) in headers {
            bytes.extend([number(name.len()), number(value.len())].concat());
        }
        for (name, value) in headers {
            bytes.extend([name, &b"\0"[..], value, b"\0"].concat());
        }
        bytes
    }

    const SOME: [(&[u8], &[u8]); 4] =
        [(b":path", b"/a"), (b"x", b"1\0\xff"), (b"empty", b""), (b"x", b"2")];

    #[test]
    fn what_a_host_writes_is_read() {
        let headers = Headers::read(written(&SOME));
        let wanted = SOME.map(|(name, value)| (str::from_utf8(name).unwrap(), value));
        assert!(headers.iter().eq(wanted));
        assert_eq!(headers, wanted.into_iter().collect());
        assert_eq!(headers.first("x"), Some(&b"1\0\xff"[..]));
        assert!(headers.each("x").eq([&b"1\0\xff"[..], b"2"]));
        assert_eq!(headers.first("y"), None);
        assert!(Headers::read(Vec::new()).iter().next().is_none());
    }

    #[test]
    fn headers_are_added_and_removed() {
        let mut headers = Headers::read(written(&SOME));
        headers.remove("x");
        headers.push("y", b"3");
        headers.push("", b"");
        let wanted = [(":path", &b"/a"[..]), ("empty", b""), ("y", b"3"), ("", b"")];
        assert!(headers.iter().eq(wanted));
    }

    #[test]
    fn bytes_of_a_broken_host_are_no_reason_to_trap() {
        let whole = written(&SOME);
        for end in 0..whole.len() {
            let read = Headers::read(whole[..end].to_vec());
            assert!(read.iter().zip(Headers::read(whole.clone()).iter()).all(|(a, b)| a == b));
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut broken = whole.clone();
                broken[at] = byte;
                let _ = Headers::read(broken).iter().count();
            }
        }
        let odd = Headers::read(written(&[("x-ü".as_bytes(), b"1"), (b"y", b"2")]));
        assert!(odd.iter().eq([("x-??", &b"1"[..]), ("y", b"2")]));
    }
}
