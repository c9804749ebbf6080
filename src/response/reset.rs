//! When a rate limit resets, in any of the notations that providers use.
//!
//! That is a duration, a number of seconds, seconds or milliseconds since the epoch, or an
//! RFC 3339 date. Anything else is `None`, and no reset is further away than a day.

/// The furthest that a reset is believed to be away: a header must not take a deployment out
/// of service for longer.
const LONGEST_MS: u64 = 86_400_000;

/// Returns the moment that a header names, in milliseconds since the epoch. It may have
/// passed.
///
/// For example, `1m30s` and `90` are 90 seconds from now, `1772532682` is a moment in
/// seconds since the epoch, and `2026-03-03T10:11:22Z` is the same one.
pub(super) fn moment(text: &str, now_ms: u64) -> Option<u64> {
    let at = match duration_ms(text) {
        // A duration this long, 31 years and more, is a number that counts from the epoch.
        // The reader took it for seconds: if it was milliseconds, it is now 1000 too large.
        Some(ms) if ms >= 1_000_000_000_000_000 => ms / 1000,
        Some(ms) if ms >= 1_000_000_000_000 => ms,
        Some(ms) => now_ms.saturating_add(ms),
        None => date_ms(text)?,
    };
    Some(at.min(now_ms.saturating_add(LONGEST_MS)))
}

/// Returns the milliseconds of a duration such as `6ms`, `1.74s` or `1h2m3s`, rounded up. A
/// number alone is in seconds. `None` where the text is no duration, or too long for the
/// type.
fn duration_ms(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut total_us = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let (whole, after) = digits(rest)?;
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after)?,
            None => ("", after),
        };
        let length = after.find(|next: char| next.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(length)?;
        let unit_us = match unit {
            // No unit, which only a number alone may lack.
            "" if rest == text => 1_000_000,
            // Too short to count, even in sums.
            "ns" => 0,
            "us" | "µs" => 1,
            "ms" => 1000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return None,
        };
        // Each digit after the point is worth a tenth of the one before; below a microsecond
        // it is worth nothing.
        let mut digit_us: u64 = unit_us;
        total_us = total_us.checked_add(whole.parse::<u64>().ok()?.checked_mul(unit_us)?)?;
        for digit in fraction.bytes() {
            digit_us /= 10;
            let count = u64::from(digit.saturating_sub(b'0'));
            total_us = total_us.checked_add(count.saturating_mul(digit_us))?;
        }
        rest = after;
    }
    Some(total_us.div_ceil(1000))
}

/// Returns the digits at the start, at least one, and what follows them.
fn digits(text: &str) -> Option<(&str, &str)> {
    let length = text.find(|next: char| !next.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())
}

/// Returns an RFC 3339 date in milliseconds since the epoch. Leaves fractions of a second out.
/// `None` for any other text, and for dates before 1970.
fn date_ms(text: &str) -> Option<u64> {
    // Each part has its fixed place, so no sign or blank may stand in for a digit.
    let number = |from: usize, to: usize| {
        let (digits, rest) = digits(text.get(from..to)?)?;
        digits.parse::<i64>().ok().filter(|_| rest.is_empty())
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marks = [text.get(4..5)?, text.get(7..8)?, text.get(13..14)?, text.get(16..17)?];
    let is_date = marks == ["-", "-", ":", ":"]
        && matches!(text.get(10..11)?, "T" | "t" | " ")
        && (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second is the 61st.
        && second <= 60;
    if !is_date {
        return None;
    }
    let zone = match text.get(19..)?.strip_prefix('.') {
        Some(fraction) => digits(fraction)?.1,
        None => text.get(19..)?,
    };
    let days = days(year, month, day)?;
    let minutes = days.saturating_mul(24).saturating_add(hour).saturating_mul(60);
    let minutes = minutes.saturating_add(minute).saturating_sub(offset(zone)?);
    let seconds = minutes.saturating_mul(60).saturating_add(second);
    u64::try_from(seconds).ok()?.checked_mul(1000)
}

/// Returns the days since the epoch; `month` and `day` count from 1, and the year is not
/// before 1970. A day past the month's end counts into the next month.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    // In January and February, only the leap days of earlier years have passed.
    let full = if month > 2 { year } else { year.saturating_sub(1) };
    let leaps = (full / 4).saturating_sub(full / 100).saturating_add(full / 400);
    let days = year.saturating_sub(1970).saturating_mul(365).saturating_add(leaps);
    // 477 leap days were before 1970.
    Some(days.saturating_sub(477).saturating_add(*before).saturating_add(day.saturating_sub(1)))
}

/// Returns how many minutes a zone is ahead of UTC: 0 for `Z`, 120 for `+02:00`. `None` for
/// what is no zone.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|number| *number < 60).map(i64::from);
    let ahead = number(hours)?.saturating_mul(60).saturating_add(number(minutes)?);
    match zone.get(..1)? {
        "+" => Some(ahead),
        "-" => Some(ahead.saturating_neg()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-03T10:11:12Z.
    const NOW: u64 = 1_772_532_672_000;

    #[test]
    fn every_notation_is_read() {
        let cases = [
            ("6ms", 6),
            ("1.74s", 1740),
            ("6m0s", 360_000),
            ("2m59.56s", 179_560),
            ("1h2m3s", 3_723_000),
            ("26", 26_000),
            ("0.5", 500),
            ("350.5µs", 1),
            ("1200us", 2),
            ("500ns", 0),
            ("0", 0),
            ("36h", LONGEST_MS),
            ("99999999999", LONGEST_MS),
            // Since the epoch, in seconds and milliseconds.
            ("1772532682", 10_000),
            ("1772532682000", 10_000),
            ("1772532672", 0),
            ("2026-03-03T10:11:22Z", 10_000),
            ("2026-03-03t10:11:22.999z", 10_000),
            ("2026-03-03 12:11:22+02:00", 10_000),
            ("2026-03-03T04:41:22-05:30", 10_000),
            ("9999-12-31T23:59:60Z", LONGEST_MS),
        ];
        for (text, wanted) in cases {
            assert_eq!(moment(text, NOW), Some(NOW + wanted), "{text}");
        }
        assert_eq!(moment("1970-01-01T00:00:00Z", NOW), Some(0));
        assert_eq!(moment("1s", u64::MAX), Some(u64::MAX));
    }

    #[test]
    fn nonsense_is_none() {
        let nonsense = [
            "",
            "-",
            "-1",
            "-5s",
            "+5",
            "s",
            "ms",
            "5x",
            "5s5",
            "1.s",
            ".5s",
            "5.",
            "1e9",
            "NaN",
            "inf",
            "1 s",
            "99999999999999999999999s",
            "18446744073709551615h",
            "soon",
            "µ",
            "5µ",
            "2026-03-03",
            "2026-03-03T10:11:22",
            "2026-13-03T10:11:22Z",
            "2026-00-03T10:11:22Z",
            "2026-03-00T10:11:22Z",
            "2026-03-32T10:11:22Z",
            "2026-03-03T24:11:22Z",
            "2026-03-03T10:60:22Z",
            "2026-03-03T10:11:61Z",
            "2026-03-03T10:11:22.Z",
            "2026-03-03T10:11:22+02",
            "2026-03-03T10:11:22+99:00",
            "2026-03-03T10:11:22 02:00",
            "1969-12-31T23:59:59Z",
            "2026-03-03T10:11:2\u{e9}Z",
            "+026-03-03T10:11:22Z",
            "1970-01-01T00:00:00+01:00",
            "éééééééééé",
        ];
        for text in nonsense {
            assert_eq!(moment(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn dates_agree_with_another_reader_of_dates() {
        for days in (0..2_932_896).step_by(97) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400 + 3661);
            let text = httpdate::fmt_http_date(time);
            let part = |at: std::ops::Range<usize>| text.get(at).unwrap();
            let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
            let month = months.find(part(8..11)).unwrap() / 3 + 1;
            let date = format!("{}-{month:02}-{}T{}Z", part(12..16), part(5..7), part(17..25));
            assert_eq!(date_ms(&date), Some((days * 86_400 + 3661) * 1000), "{date}");
        }
    }
}
