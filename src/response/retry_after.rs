//! How long a provider asks clients to wait, from the headers that say just that.

use std::time::{Duration, UNIX_EPOCH};

/// Returns how long the provider asks clients to wait, in milliseconds: `retry-after-ms`, else
/// `retry-after` as seconds or a date. Nothing, 0 and a time that has passed are no hint.
pub(super) fn wait_ms(
    retry_after: Option<&str>,
    retry_after_ms: Option<&str>,
    now_ms: u64,
) -> Option<u64> {
    // NaN and infinity are numbers to the parser, but no times.
    let number = |text: Option<&str>| {
        text?.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0)
    };
    if let Some(ms) = number(retry_after_ms) {
        return Some(whole(ms));
    }
    if let Some(seconds) = number(retry_after) {
        return Some(whole(seconds * 1000.0));
    }
    let date = httpdate::parse_http_date(retry_after?.trim()).ok()?;
    let until = date.duration_since(UNIX_EPOCH).ok()?;
    let left = until.saturating_sub(Duration::from_millis(now_ms));
    u64::try_from(left.as_millis()).ok().filter(|left| *left > 0)
}

/// Returns the milliseconds rounded up, so that no retry comes too early.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(ms: f64) -> u64 {
    ms.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_hint_is_read_in_every_form() {
        let hint =
            |retry_after, retry_after_ms| wait_ms(retry_after, retry_after_ms, 1_445_412_470_000);
        assert_eq!(hint(Some("2"), None), Some(2000));
        assert_eq!(hint(Some("0.5"), None), Some(500));
        assert_eq!(hint(Some("2"), Some("1500")), Some(1500));
        assert_eq!(hint(Some("Wed, 21 Oct 2015 07:28:00 GMT"), None), Some(10_000));
        for nonsense in ["Tue, 21 Oct 2014 07:28:00 GMT", "0", "", "-1", "soon", "NaN", "1e999"] {
            assert_eq!(hint(Some(nonsense), None), None, "{nonsense}");
        }
        assert_eq!(hint(Some("99999999999999999999"), None), Some(u64::MAX));
    }
}
