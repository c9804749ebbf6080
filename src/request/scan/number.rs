//! JSON numbers, a byte at a time: their grammar, their range, their text.
//!
//! Accepts what serde_json accepts, so that no body passes here that a parser
//! behind refuses for its numbers: digits that no longer fit 64 bits only move
//! the exponent, and what is then beyond an f64 is out of range. Constant
//! memory for numbers of any length.

/// Longest number text that is kept.
const TEXT: usize = 64;

/// What of the number was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Sign,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// What a byte that was pushed did to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It belongs to the number.
    More,
    /// The number ended before it.
    End,
    /// It makes the number wrong.
    Bad,
}

/// A number being read.
///
/// What matters of its value is only whether a parser could hold it, for which the first
/// digits and a power of ten are enough: `12.5e3` has the significand 125, the scale -1 and
/// the exponent 3.
#[derive(Debug, Clone)]
pub(super) struct Number {
    position: Position,
    /// The first digits, as many as fit.
    significand: u64,
    /// Power of ten that the digits read so far imply.
    scale: i64,
    /// What stands after the `e`, without its sign.
    exponent: i64,
    negative_exponent: bool,
    /// Further whole digits only scale.
    whole_full: bool,
    /// Further fraction digits are beyond precision.
    fraction_full: bool,
    text: [u8; TEXT],
    len: usize,
}

impl Number {
    /// Returns a number that starts with that byte, if one can.
    pub(super) fn start(first: u8) -> Option<Self> {
        let position = match first {
            b'-' => Position::Sign,
            b'0' => Position::Zero,
            b'1'..=b'9' => Position::Whole,
            _ => return None,
        };
        let mut number = Self {
            position,
            significand: u64::from(first.saturating_sub(b'0')),
            scale: 0,
            exponent: 0,
            negative_exponent: false,
            whole_full: false,
            fraction_full: false,
            text: [0; TEXT],
            len: 0,
        };
        number.keep(first);
        Some(number)
    }

    /// Takes the next byte, and returns whether it was one of the number.
    pub(super) fn push(&mut self, byte: u8) -> Pushed {
        let next = match (self.position, byte) {
            (Position::Sign, b'0') => Position::Zero,
            (Position::Sign | Position::Whole, b'0'..=b'9') => {
                self.whole(byte);
                Position::Whole
            }
            (Position::Zero, b'0'..=b'9') => return Pushed::Bad,
            (Position::Zero | Position::Whole, b'.') => Position::Point,
            (Position::Point | Position::Fraction, b'0'..=b'9') => {
                self.fraction(byte);
                Position::Fraction
            }
            (Position::Zero | Position::Whole | Position::Fraction, b'e' | b'E') => {
                Position::Exponent
            }
            (Position::Exponent, b'+' | b'-') => {
                self.negative_exponent = byte == b'-';
                Position::ExponentSign
            }
            (
                Position::Exponent | Position::ExponentSign | Position::ExponentDigits,
                b'0'..=b'9',
            ) => {
                let digit = i64::from(byte.saturating_sub(b'0'));
                self.exponent = self.exponent.saturating_mul(10).saturating_add(digit);
                Position::ExponentDigits
            }
            // No byte of a number: it ends where it may, and else is wrong.
            _ if self.is_complete() => return Pushed::End,
            _ => return Pushed::Bad,
        };
        self.position = next;
        self.keep(byte);
        Pushed::More
    }

    /// Returns whether the bytes so far are a whole number.
    pub(super) fn is_complete(&self) -> bool {
        matches!(
            self.position,
            Position::Zero | Position::Whole | Position::Fraction | Position::ExponentDigits
        )
    }

    /// Returns whether the value fits an f64.
    pub(super) fn is_in_range(&self) -> bool {
        let power = if self.negative_exponent {
            self.scale.saturating_sub(self.exponent)
        } else {
            self.scale.saturating_add(self.exponent)
        };
        if self.significand == 0 || power <= 0 {
            return true;
        }
        let Ok(power) = i32::try_from(power) else { return false };
        if power > f64::MAX_10_EXP {
            return false;
        }
        // Parsed and not computed by powi, whose last digits differ by platform.
        let factor: f64 = format!("1e{power}").parse().unwrap_or(f64::INFINITY);
        #[allow(clippy::cast_precision_loss)]
        let significand = self.significand as f64;
        (significand * factor).is_finite()
    }

    /// Returns the text as it was written, unless it is longer than anything of use.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.get(..self.len).and_then(|text| std::str::from_utf8(text).ok())
    }

    /// Keeps a byte of the text, as long as there is room.
    fn keep(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
        }
        self.len = self.len.saturating_add(1);
    }

    /// Takes a digit before the point. One that no longer fits only scales.
    fn whole(&mut self, byte: u8) {
        match appended(self.significand, byte) {
            Some(significand) if !self.whole_full => self.significand = significand,
            _ => {
                self.whole_full = true;
                self.scale = self.scale.saturating_add(1);
            }
        }
    }

    /// Takes a digit after the point. One that no longer fits is beyond what a parser keeps.
    fn fraction(&mut self, byte: u8) {
        match appended(self.significand, byte) {
            Some(significand) if !self.fraction_full => {
                self.significand = significand;
                self.scale = self.scale.saturating_sub(1);
            }
            _ => self.fraction_full = true,
        }
    }
}

/// Returns a significand with one more digit, if that fits.
fn appended(significand: u64, digit: u8) -> Option<u64> {
    significand.checked_mul(10)?.checked_add(u64::from(digit.saturating_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> bool {
        let mut bytes = text.bytes();
        let Some(mut number) = bytes.next().and_then(Number::start) else { return false };
        bytes.all(|byte| number.push(byte) == Pushed::More)
            && number.is_complete()
            && number.is_in_range()
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let long = format!("1{}", "0".repeat(308));
        let too_long = format!("1{}", "0".repeat(309));
        let tiny = format!("0.{}1e2000", "0".repeat(2000));
        let tiny_up = format!("0.{}1e2600", "0".repeat(2000));
        let full_then_fraction = "18446744073709551616.3e289";
        for text in [
            "0",
            "-0",
            "-",
            "",
            "01",
            "-01",
            "1.",
            ".5",
            "1.5",
            "1e",
            "1e+",
            "1e5",
            "1E-5",
            "+1",
            "1e308",
            "1e309",
            "-1e309",
            "0e999999999999999999999",
            "1e-99999999999999999999",
            "1e99999999999999999999",
            "0.0e400",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "1.7976931348623158079372897140e308",
            "17976931348623157e292",
            "17976931348623159e292",
            "100000e304",
            "100000e303",
            "123456789012345678901234567890",
            full_then_fraction,
            "18446744073709551615.9e289",
            "1844674407370955161.63e290",
            "--1",
            "1-1",
            "0x10",
            "1e1.5",
            &long,
            &too_long,
            &tiny,
            &tiny_up,
        ] {
            let wanted = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(reads(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_text_is_kept_as_written_up_to_its_cap() {
        let mut number = Number::start(b'1').unwrap();
        assert_eq!(number.push(b'.'), Pushed::More);
        assert_eq!(number.push(b'0'), Pushed::More);
        assert_eq!(number.text(), Some("1.0"));
        assert_eq!(number.push(b','), Pushed::End);
        for _ in 0..TEXT {
            number.push(b'0');
        }
        assert_eq!(number.text(), None);
    }
}
