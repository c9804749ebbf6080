//! Credentials told by the words of a name: no list of gateways is ever complete.

/// Words that a credential's name has in it, in lower case. They have 3 to 13 letters, by which
/// most other words are told apart.
pub(super) const WORDS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "assertion",
    "auth",
    "authorization",
    "authtoken",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "passwd",
    "password",
    "secret",
    "sessiontoken",
    "sig",
    "signature",
    "token",
];

/// Names with such a word that are no credential.
const HARMLESS: &[&str] = &[
    // The nonce of a WebSocket's opening request, without which there is none.
    "sec-websocket-key",
    "idempotency-key",
    "x-idempotency-key",
    // They choose the entry of a cache.
    "cf-aig-cache-key",
    "prompt-cache-key",
];

/// Returns whether the words of a name say that it carries a credential: `x-vendor-api-key` and
/// `accessToken` do, `x-monkey` does not. Words are told apart by anything that is no letter or
/// digit, and by capital letters.
pub(super) fn name_a_credential(name: &str) -> bool {
    let mut start = 0;
    let mut is_found = false;
    let bytes = name.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let is_after_small = at
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_some_and(u8::is_ascii_lowercase);
        if !byte.is_ascii_alphanumeric() {
            is_found |= is_word(bytes.get(start..at).unwrap_or_default());
            start = at.saturating_add(1);
        } else if byte.is_ascii_uppercase() && is_after_small {
            // A capital after a small letter begins a word: `accessToken` has the word `token`.
            is_found |= is_word(bytes.get(start..at).unwrap_or_default());
            start = at;
        }
    }
    is_found |= is_word(bytes.get(start..).unwrap_or_default());
    // The whole name counts too, for `accessToken` has a word of its own.
    (is_found || is_word(bytes)) && !HARMLESS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Returns whether this is one of the words, whatever its case.
fn is_word(word: &[u8]) -> bool {
    // Most words have another length than any of these.
    matches!(word.len(), 3..=13)
        && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}
