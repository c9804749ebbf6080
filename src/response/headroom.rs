//! What a provider says is left of its rate limits, from a response's headers.
//!
//! Knows the names that providers document; which provider answered it need not know. Of
//! several windows that limit the same thing, the tightest counts. A response is hostile
//! input: a value that is not possible counts as absent.

use crate::host::Headers;
use crate::state::headroom::{Headroom, Left};

use super::reset;

/// Length of a window whose reset the provider does not tell: most limits are per minute.
const WINDOW_MS: u64 = 60_000;

/// Returns what the headers say is left of requests and tokens. Names are in lower case, as
/// Envoy delivers them. `now` returns the time in milliseconds since the epoch, as the result is;
/// it is called only where there are such headers.
///
/// For example, Anthropic names three windows of tokens. With these headers, at 10:11:12,
///
/// ```text
/// anthropic-ratelimit-input-tokens-remaining: 0
/// anthropic-ratelimit-input-tokens-reset: 2026-03-03T10:11:55Z
/// anthropic-ratelimit-tokens-remaining: 479000
/// anthropic-ratelimit-tokens-reset: 2026-03-03T10:12:12Z
/// ```
///
/// the input tokens are tighter, so no tokens are left until 43 seconds from now.
#[must_use]
pub fn headroom(headers: &Headers, now: impl FnOnce() -> u64) -> Headroom {
    let mut found = Headroom::default();
    if headers.iter().all(|(name, _)| parts(name).is_none()) {
        return found;
    }
    let now_ms = now();
    for (unit, window) in NAMES.iter().map(|(_, unit)| unit).zip(windows(headers, now_ms)) {
        let Some(remaining) = window.remaining else { continue };
        // Nothing is left of a limit that is none.
        if remaining == 0 && window.limit == Some(0) {
            continue;
        }
        let reset_ms = window.reset_ms.unwrap_or(now_ms.saturating_add(WINDOW_MS));
        // What was left in a window that is over no longer says anything.
        if reset_ms <= now_ms {
            continue;
        }
        let tightest = match unit {
            Unit::Requests => &mut found.requests,
            Unit::OutputTokens if remaining > 0 => continue,
            Unit::Tokens | Unit::OutputTokens => &mut found.tokens,
        };
        // A limit below what is left of it is not the limit of this window.
        let limit = window.limit.filter(|limit| *limit >= remaining).unwrap_or(0);
        let left = Left { remaining, limit, reset_ms };
        let is_tighter = |known: Left| {
            remaining < known.remaining
                || (remaining == known.remaining && reset_ms > known.reset_ms)
        };
        if tightest.known().is_none_or(is_tighter) {
            *tightest = left;
        }
    }
    if found != Headroom::default() {
        found.heard_ms = now_ms;
    }
    found
}

/// Returns how many milliseconds a 429 asks clients to wait: until the last reset that it
/// names among the windows of which nothing is left. `None` for any other status, and where
/// no such reset is named.
///
/// For example, a 429 with 0 requests left until 20 s from now and 5 tokens left until 90 s
/// asks for 20 s: the tokens are not what it refuses for. With 0 tokens left as well, it asks
/// for 90 s.
#[must_use]
pub fn reset_hint(status: u16, headers: &Headers, now_ms: u64) -> Option<u64> {
    if status != 429 {
        return None;
    }
    let used_up = windows(headers, now_ms).into_iter().filter(|window| window.remaining == Some(0));
    let last = used_up.filter_map(|window| window.reset_ms).max()?;
    last.checked_sub(now_ms).filter(|left| *left > 0)
}

/// What a window counts.
enum Unit {
    Requests,
    Tokens,
    /// Tokens of answers. What is left of them cannot be compared with a request's estimate,
    /// which is mostly input; so only that none are left counts.
    OutputTokens,
}

/// The names of windows, which stand after or before what is said of them.
const NAMES: [(&str, Unit); 9] = [
    // OpenRouter names no window and means requests.
    ("", Unit::Requests),
    // OpenAI, Azure, Groq; Anthropic.
    ("requests", Unit::Requests),
    ("tokens", Unit::Tokens),
    ("input-tokens", Unit::Tokens),
    ("output-tokens", Unit::OutputTokens),
    // Mistral.
    ("req-minute", Unit::Requests),
    ("tokens-minute", Unit::Tokens),
    ("bysize", Unit::Tokens),
    // Cerebras, which shares `tokens-minute`.
    ("requests-day", Unit::Requests),
];

/// One window as the headers tell it; `None` for what they do not, or not in a form that is
/// possible.
#[derive(Clone, Copy, Default)]
struct Window {
    remaining: Option<u32>,
    limit: Option<u32>,
    /// In milliseconds since the epoch; may have passed.
    reset_ms: Option<u64>,
}

/// Returns the windows of [`NAMES`], in that order. Of a header that comes twice, the last value
/// counts.
fn windows(headers: &Headers, now_ms: u64) -> [Window; NAMES.len()] {
    let mut windows = [Window::default(); NAMES.len()];
    for (name, value) in headers.iter() {
        let Some((part, wanted)) = parts(name) else { continue };
        let at = NAMES.iter().position(|(known, _)| *known == wanted);
        let Some(window) = at.and_then(|at| windows.get_mut(at)) else { continue };
        let Ok(text) = str::from_utf8(value) else { continue };
        let text = text.trim();
        match part {
            "remaining" => window.remaining = text.parse().ok(),
            "limit" => window.limit = text.parse().ok(),
            "reset" => window.reset_ms = reset::moment(text, now_ms),
            _ => {}
        }
    }
    windows
}

/// Returns what a header tells, and of which window: `("reset", "tokens")` for both
/// `x-ratelimit-reset-tokens` and `anthropic-ratelimit-tokens-reset`. `None` for headers that
/// are not about rate limits.
fn parts(name: &str) -> Option<(&str, &str)> {
    if let Some(rest) = name.strip_prefix("x-ratelimit-") {
        Some(rest.split_once('-').unwrap_or((rest, "")))
    } else if let Some(rest) = name.strip_prefix("anthropic-ratelimit-") {
        // The window's name may have hyphens itself: `input-tokens`.
        rest.rsplit_once('-').map(|(window, part)| (part, window))
    } else {
        name.strip_prefix("ratelimitbysize-").map(|part| (part, "bysize"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-03T10:11:12Z.
    const NOW: u64 = 1_772_532_672_000;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().copied().collect()
    }

    /// (remaining, limit, milliseconds until the reset).
    type Told = Option<(u32, Option<u32>, u64)>;

    fn told(pairs: &[(&str, &str)]) -> (Told, Told) {
        let Headroom { requests, tokens, .. } = headroom(&headers(pairs), || NOW);
        let limit = |left: Left| (left.limit > 0).then_some(left.limit);
        let told = |left: Left| left.known().map(|l| (l.remaining, limit(l), l.reset_ms - NOW));
        (told(requests), told(tokens))
    }

    #[test]
    fn every_providers_headers_are_read() {
        let openai = [
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-limit-tokens", "2000000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-remaining-tokens", "1999931"),
            ("x-ratelimit-reset-requests", "6ms"),
            ("x-ratelimit-reset-tokens", "2ms"),
        ];
        let groq = [
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-limit-tokens", "18000"),
            ("x-ratelimit-remaining-requests", "14370"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-requests", "2m59.56s"),
            ("x-ratelimit-reset-tokens", "7.66s"),
        ];
        let azure = [
            ("x-ratelimit-remaining-requests", "249"),
            ("x-ratelimit-remaining-tokens", "249760"),
            ("x-ratelimit-reset-requests", "26"),
        ];
        let anthropic = [
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
            ("anthropic-ratelimit-requests-reset", "2026-03-03T10:11:13Z"),
            ("anthropic-ratelimit-input-tokens-limit", "400000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-03-03T10:11:55Z"),
            ("anthropic-ratelimit-output-tokens-limit", "80000"),
            ("anthropic-ratelimit-output-tokens-remaining", "80000"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-03-03T10:12:12Z"),
            ("anthropic-ratelimit-tokens-limit", "480000"),
            ("anthropic-ratelimit-tokens-remaining", "479000"),
            ("anthropic-ratelimit-tokens-reset", "2026-03-03T10:12:12Z"),
        ];
        let mistral = [
            ("ratelimitbysize-limit", "500000"),
            ("ratelimitbysize-remaining", "499935"),
            ("ratelimitbysize-reset", "48"),
            ("ratelimitbysize-query-cost", "65"),
            ("x-ratelimit-limit-req-minute", "300"),
            ("x-ratelimit-limit-tokens-minute", "2000000"),
            ("x-ratelimit-remaining-req-minute", "299"),
            ("x-ratelimit-remaining-tokens-minute", "1999935"),
        ];
        let openrouter = [
            ("x-ratelimit-limit", "20"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1772532720000"),
        ];
        let cerebras = [
            ("x-ratelimit-limit-requests-day", "14400"),
            ("x-ratelimit-remaining-requests-day", "14399"),
            ("x-ratelimit-reset-requests-day", "33011.382867"),
            ("x-ratelimit-remaining-tokens-minute", "59000"),
            ("x-ratelimit-reset-tokens-minute", "11.382867"),
        ];
        type Case<'a> = (&'a [(&'a str, &'a str)], Told, Told);
        let cases: [Case<'_>; 8] = [
            (&openai, Some((9999, Some(10_000), 6)), Some((1_999_931, Some(2_000_000), 2))),
            (&groq, Some((14_370, Some(14_400), 179_560)), Some((0, Some(18_000), 7660))),
            (&azure, Some((249, None, 26_000)), Some((249_760, None, 60_000))),
            (&anthropic, Some((3999, Some(4000), 1000)), Some((0, Some(400_000), 43_000))),
            (&mistral, Some((299, Some(300), 60_000)), Some((499_935, Some(500_000), 48_000))),
            (&openrouter, Some((0, Some(20), 48_000)), None),
            (&cerebras, Some((14_399, Some(14_400), 33_011_383)), Some((59_000, None, 11_383))),
            (&[("content-type", "application/json")], None, None),
        ];
        for (pairs, requests, tokens) in cases {
            assert_eq!(told(pairs), (requests, tokens), "{pairs:?}");
        }
    }

    #[test]
    fn output_tokens_count_once_there_are_none() {
        let tokens = |output: &str| {
            let both = [
                ("anthropic-ratelimit-tokens-remaining", "1000"),
                ("anthropic-ratelimit-output-tokens-remaining", output),
                ("anthropic-ratelimit-output-tokens-reset", "2026-03-03T10:11:22Z"),
            ];
            told(&both).1
        };
        assert_eq!(tokens("1"), Some((1000, None, 60_000)));
        assert_eq!(tokens("0"), Some((0, None, 10_000)));
    }

    #[test]
    fn a_reset_counts_if_it_is_ahead() {
        // Nonsense is as if none were there.
        for (reset, wanted) in [("1.5s", Some(1500)), ("soon", Some(60_000)), ("0s", None)] {
            let pairs =
                [("x-ratelimit-remaining-tokens", "7"), ("x-ratelimit-reset-tokens", reset)];
            assert_eq!(told(&pairs).1.map(|(_, _, reset)| reset), wanted, "{reset}");
        }
    }

    #[test]
    fn what_is_left_is_a_number_or_nothing() {
        for nonsense in ["", "-1", "1.5", "lots", "4294967296", "0x5", "5, 6"] {
            let pairs = [
                ("x-ratelimit-remaining-requests", nonsense),
                ("anthropic-ratelimit-tokens-remaining", nonsense),
            ];
            assert_eq!(told(&pairs), (None, None), "{nonsense}");
        }
        let bytes = [("x-ratelimit-remaining-requests", b"5\xff")].into_iter().collect();
        assert_eq!(headroom(&bytes, || NOW), Headroom::default());
    }

    #[test]
    fn a_limit_that_cannot_be_is_left_out() {
        for (limit, wanted) in [("7", Some(7)), ("6", None), ("0", None), ("many", None)] {
            let pairs =
                [("x-ratelimit-remaining-tokens", "7"), ("x-ratelimit-limit-tokens", limit)];
            assert_eq!(told(&pairs).1, Some((7, wanted, 60_000)), "{limit}");
        }
        let none = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-limit-requests", "0")];
        assert_eq!(told(&none), (None, None));
    }

    #[test]
    fn of_windows_as_tight_the_longer_counts() {
        let pairs = [
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-03-03T10:11:22Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-03-03T10:11:42Z"),
        ];
        assert_eq!(told(&pairs).1, Some((0, None, 30_000)));
    }

    #[test]
    fn a_429_asks_to_be_left_alone_until_what_is_used_up_is_back() {
        let used_up = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "20s"),
            ("x-ratelimit-remaining-tokens", "5"),
            ("x-ratelimit-reset-tokens", "90s"),
        ];
        assert_eq!(reset_hint(429, &headers(&used_up), NOW), Some(20_000));
        assert_eq!(reset_hint(503, &headers(&used_up), NOW), None);
        let both = [&used_up[..], &[("x-ratelimit-remaining-tokens", "0")]].concat();
        assert_eq!(reset_hint(429, &headers(&both), NOW), Some(90_000));
        let cases: [&[(&str, &str)]; 4] = [
            &[],
            // Neither is used up.
            &used_up[2..],
            // It does not say until when, or says what has passed.
            &used_up[..1],
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1772532671000")],
        ];
        for pairs in cases {
            assert_eq!(reset_hint(429, &headers(pairs), NOW), None, "{pairs:?}");
        }
    }
}
