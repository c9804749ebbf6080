//! Doubles as decimal text, for messages.
//!
//! The standard library's printing of doubles adds 17 KB to the module. JSON needs another one,
//! so the digits come from there, and this file only puts the point where it belongs.
//!
//! Invariant: the text has no exponent. One of [`Decimal`] reads back as the same double.

use std::fmt;

use serde_json::Number;

/// Integers up to this are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Prints the fewest digits that read back as this double.
///
/// For example, 5.0 is `5`, 1e-7 is `0.0000001` and 1e21 is `1000000000000000000000`.
#[derive(Clone, Copy)]
pub(crate) struct Decimal(pub(crate) f64);

/// Prints a double with this many digits after its point.
///
/// For example, `Rounded(2.0, 1)` is `2.0` and `Rounded(0.0625, 2)` is `0.06`.
#[derive(Clone, Copy)]
pub(crate) struct Rounded(pub(crate) f64, pub(crate) u32);

/// Returns the integer that a double is exactly, if it is one.
///
/// `3.0` is 3; `3.5` and `1e300` are none. Beyond 2^53 one double stands for several integers, so
/// none is returned for those either.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and has at most 53 bits")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(integer) = whole(self.0) {
            return integer.fmt(f);
        }
        let Some(number) = Number::from_f64(self.0) else {
            return f.write_str(if self.0.is_nan() { "NaN" } else { "infinite" });
        };
        let shortest = number.to_string();
        let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
        let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        let after = after.trim_end_matches('0');
        let exponent: isize = exponent.parse().unwrap_or_default();
        let moved = exponent.unsigned_abs();
        f.write_str(sign)?;
        if exponent < 0 {
            let zeros = moved.saturating_sub(before.len());
            write!(f, "0.{:0<zeros$}{before}{after}", "")
        } else if moved > 0 || after.is_empty() {
            // A number that is large enough to have an exponent is whole, so no digit stays after the point.
            let zeros = moved.saturating_sub(after.len());
            write!(f, "{before}{after}{:0<zeros$}", "")
        } else {
            write!(f, "{before}.{after}")
        }
    }
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, places) = *self;
        let unit = 10_u32.saturating_pow(places);
        // A number that is too large for digits after its point has none.
        let Some(units) = whole((value * f64::from(unit)).round()) else {
            return Decimal(value).fmt(f);
        };
        let sign = if value < 0.0 && units != 0 { "-" } else { "" };
        let places = places as usize;
        let digits = format!("{:01$}", units.unsigned_abs(), places.saturating_add(1));
        let (before, after) =
            digits.split_at_checked(digits.len().saturating_sub(places)).unwrap_or_default();
        write!(f, "{sign}{before}.{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two texts that are equally short, the standard library may take the other one.
    #[test]
    fn doubles_are_printed_as_shortly_as_the_standard_library_prints_them() {
        let mut state = 7_u64;
        let mut values = vec![0.1, 1.5, 1e-7, 1.25e-300, 5e-324, 1e16, 1.1e21, 1e308, f64::MAX];
        for _ in 0..100_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            values.push(f64::from_bits(state));
            values.push((state >> 44) as f64 / 1e6);
        }
        for value in values.into_iter().filter(|value| value.is_finite() && *value != 0.0) {
            for value in [value, -value] {
                let text = Decimal(value).to_string();
                assert_eq!(text.parse(), Ok(value), "{text}");
                assert_eq!(text.len(), value.to_string().len(), "{text}, {value}");
            }
        }
        for (value, text) in [(-0.0, "0"), (f64::INFINITY, "infinite"), (1e-7, "0.0000001")] {
            assert_eq!(Decimal(value).to_string(), text);
        }
    }

    #[test]
    fn as_many_digits_follow_the_point_as_were_asked_for() {
        for (value, places, text) in [
            (0.0, 1, "0.0"),
            (2.0, 1, "2.0"),
            (0.0625, 2, "0.06"),
            (-0.004, 2, "0.00"),
            (-1.255, 1, "-1.3"),
            (0.000_123_456, 6, "0.000123"),
            (1e20, 2, "100000000000000000000"),
        ] {
            assert_eq!(Rounded(value, places).to_string(), text);
        }
    }

    #[test]
    fn a_whole_number_is_one_that_a_double_holds_exactly() {
        assert_eq!(whole(3.0), Some(3));
        assert_eq!(whole(-9_007_199_254_740_992.0), Some(-9_007_199_254_740_992));
        for value in [3.5, 1e300, f64::NAN, f64::INFINITY, 9_007_199_254_740_994.0] {
            assert_eq!(whole(value), None, "{value}");
        }
    }
}
