//! Finds the document inside the data of Amazon's events of type `chunk`.
//!
//! `InvokeModelWithResponseStream` wraps what a model's own API answers:
//! `{"bytes": "eyJ0eXBl…", "p": "abc"}`, where `bytes` is the document in base64 and `p` is
//! padding. Source: `PayloadPart` in the API reference of the Bedrock runtime.
//!
//! Lenient: what is no base64 is passed over. Invariant: constant memory.

/// The name of the member, and a byte more, so that a longer name is never taken for it.
const NAME: usize = 6;

/// The data of an event between two chunks.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    /// Whether a text is being read.
    is_in_text: bool,
    /// Whether that text is the document.
    is_in_document: bool,
    /// The beginning of the last text that is not the document.
    word: [u8; NAME],
    len: usize,
    /// Bits that have been decoded, the latest lowest, and how many of them are no whole byte.
    bits: u32,
    open: u32,
}

impl Embedded {
    /// Reads on, and hands each decoded byte of the document to `out`.
    pub(super) fn read(&mut self, bytes: &[u8], mut out: impl FnMut(&[u8])) {
        for byte in bytes {
            match (self.is_in_text, *byte) {
                (false, b'"') => {
                    self.is_in_text = true;
                    self.is_in_document = self.word.get(..self.len) == Some(b"bytes");
                    self.len = 0;
                }
                (false, _) => {}
                (true, b'"') => self.is_in_text = false,
                (true, digit) if self.is_in_document => {
                    if let Some(byte) = self.decoded(digit) {
                        out(&[byte]);
                    }
                }
                (true, letter) => {
                    if let Some(to) = self.word.get_mut(self.len) {
                        *to = letter;
                        self.len = self.len.saturating_add(1);
                    }
                }
            }
        }
    }

    /// Takes the next digit, and returns the byte that it completes.
    fn decoded(&mut self, digit: u8) -> Option<u8> {
        let value = match digit {
            b'A'..=b'Z' => digit.wrapping_sub(b'A'),
            b'a'..=b'z' => digit.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => digit.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            // Padding, or nothing of base64: it brings no bits.
            _ => return None,
        };
        // Six bits for a digit: three of four digits complete a byte.
        self.bits = self.bits.wrapping_shl(6) | u32::from(value);
        self.open = self.open.saturating_add(6);
        let open = self.open.checked_sub(8)?;
        self.open = open;
        self.bits.wrapping_shr(open).to_le_bytes().first().copied()
    }
}
