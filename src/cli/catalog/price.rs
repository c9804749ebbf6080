//! Prices of a token as prices of a million tokens, in decimal, so that 2.5e-06 becomes 2.5 and not
//! 2.4999999999999996.

use serde_json::Number;

/// Most places that the decimal point is moved by; a price has fewer.
const MOST_PLACES: i64 = 60;
/// A million is 10 to the power of this.
const MILLION: i64 = 6;

/// Returns the price of a million tokens for that of one, which is written as JSON or YAML writes
/// numbers: `2.5e-06`, `0.0000025`.
///
/// `None` where the text is no number, or a number below 0, and where its exponent is beyond those
/// of prices.
pub(in crate::cli) fn per_million(per_token: &str) -> Option<Number> {
    let (mantissa, exponent) = per_token.split_once(['e', 'E']).unwrap_or((per_token, "0"));
    let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let moved = exponent.checked_add(MILLION)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    if !(-MOST_PLACES..=MOST_PLACES).contains(&moved) {
        return None;
    }
    let text = plain(digits.trim_start_matches('0'), moved);
    // The standard library rounds to the nearest number; serde_json's own parser may miss it.
    let whole = text.parse::<u64>().ok().map(Number::from);
    whole.or_else(|| Number::from_f64(text.parse().ok()?))
}

/// Returns digits times a power of ten, without an exponent: 25 and -1 are `2.5`.
fn plain(digits: &str, power: i64) -> String {
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    if digits.is_empty() {
        return "0".to_owned();
    }
    if power >= 0 {
        return format!("{digits}{}", zeros(power));
    }
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    // At least one digit stands before the point.
    let padded = format!("{}{digits}", zeros(1_i64.saturating_sub(length.saturating_add(power))));
    let behind = usize::try_from(power.unsigned_abs()).unwrap_or(0);
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(behind));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> String {
        per_million(text).map_or_else(|| "none".to_owned(), |number| number.to_string())
    }

    #[test]
    fn known_prices_have_no_noise() {
        for (per_token, wanted) in [
            ("2.5e-06", "2.5"),
            ("2.5e-6", "2.5"),
            ("0.0000025", "2.5"),
            ("1.5e-07", "0.15"),
            ("7.5E-05", "75"),
            ("0", "0"),
            ("0.0", "0"),
            ("1e-08", "0.01"),
            ("3.0e-06", "3"),
            ("1", "1000000"),
            ("-1e-6", "none"),
            ("free", "none"),
            ("", "none"),
            (".", "none"),
            ("1e-99", "none"),
            ("1e99999999999999999999", "none"),
        ] {
            assert_eq!(of(per_token), wanted, "{per_token}");
        }
    }

    /// Returns a number as its digits without zeros at either end, and the power of ten of the last.
    fn normal(text: &str) -> (String, i64) {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let power = exponent.parse::<i64>().unwrap() - i64::try_from(fraction.len()).unwrap();
        let kept = digits.trim_end_matches('0');
        if kept.is_empty() {
            return (String::new(), 0);
        }
        let cut = i64::try_from(digits.len() - kept.len()).unwrap();
        (kept.trim_start_matches('0').to_owned(), power + cut)
    }

    proptest! {
        #[test]
        fn a_price_is_moved_by_six_places_and_no_digit_changes(
            digits in 0_u64..1_000_000_000_000_000, exponent in -20_i64..0,
        ) {
            let text = format!("{digits}e{exponent}");
            let (wanted, power) = normal(&text);
            let moved = if wanted.is_empty() { 0 } else { power + MILLION };
            prop_assert_eq!(normal(&of(&text)), (wanted, moved));
        }

        #[test]
        fn however_a_price_is_written_it_is_the_same(digits in 1_u64..1_000_000_000, places in 1_usize..20) {
            let padded = format!("{digits:0width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            prop_assert_eq!(of(&format!("{whole}.{fraction}")), of(&format!("{digits}e-{places}")));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9eE.+-]{0,12}") {
            let _ = per_million(&text);
        }
    }
}
