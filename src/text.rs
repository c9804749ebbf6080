//! Text as others read it: in messages, headers, paths, access logs. A leaf: names no other
//! module.
//!
//! Much of the text that passes here was written by clients. Each function says which
//! characters may come out of it, so that no such text ends a line, a header, a field or a
//! quotation that it stands in.

use std::borrow::Cow;

/// Most characters of a text that a message repeats.
pub(crate) const MOST_QUOTED: usize = 128;

/// Most words of a list that a message repeats.
const MOST_WORDS: usize = 8;

/// Returns bytes as text. Those that are not UTF-8 become replacement characters.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // Nearly all are text, and this finds that out in longer steps.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Returns a text in quotes, for messages: quotes, backslashes and control characters are
/// escaped as in Rust, and `…` after the quotes says that there was more.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MOST_QUOTED) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Returns the first words of a list in quotes, for messages: `"a", "b"`, and `…` where there
/// are more.
pub(crate) fn quoted_list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let quoted_or_cut = |(at, word): (usize, S)| {
        if at < MOST_WORDS { quoted(word.as_ref()) } else { "…".to_owned() }
    };
    let words: Vec<String> =
        words.into_iter().take(MOST_WORDS + 1).enumerate().map(quoted_or_cut).collect();
    words.join(", ")
}

/// Returns whether a text is a token of RFC 9110: a method, the name of a header, the name
/// of a parameter.
pub(crate) fn is_token(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_known)
}

/// Returns bytes as text, all but the kept ones percent-encoded. What `is_kept` keeps must
/// be ASCII.
pub(crate) fn percent_encoded(bytes: &[u8], is_kept: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_kept(*byte) {
            encoded.push(char::from(*byte));
        } else {
            push_percent_encoded(*byte, &mut encoded);
        }
    }
    encoded
}

/// Appends a byte percent-encoded, as in `%2F`. The digits are in upper case, as RFC 3986 asks
/// for in section 2.1.
pub(crate) fn push_percent_encoded(byte: u8, to: &mut String) {
    let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or_default();
    to.push('%');
    to.extend([byte >> 4, byte & 15].map(|half| digit(half).to_ascii_uppercase()));
}

/// Returns a name as one segment of a path or one value of a query: all but the unreserved
/// characters of RFC 3986 are percent-encoded.
pub(crate) fn uri_component(name: &str) -> String {
    percent_encoded(name.as_bytes(), |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Returns the bytes that percent-encoded text stands for; a `%` that encodes nothing stays.
pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => hex_byte(*high, *low).map(|byte| (byte, tail)),
            _ => None,
        };
        // A `%` without two digits stays, and the bytes after it are read by themselves.
        let (byte, tail) = escaped.unwrap_or((first, tail));
        decoded.push(byte);
        rest = tail;
    }
    decoded
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from((digit(high)? << 4) | digit(low)?).ok()
}

/// Returns the text that percent-encoded text stands for; bytes that are not UTF-8 become
/// replacement characters.
pub(crate) fn percent_decoded_text(text: &str) -> String {
    lossy(&percent_decoded(text)).into_owned()
}

/// Returns a text as the value of a header: printable ASCII and blanks, all else
/// percent-encoded, so that it cannot end the header.
pub(crate) fn header_value(text: &str) -> Cow<'_, str> {
    kept_or_encoded(text, |byte| matches!(byte, b' '..=b'~'))
}

/// Returns a name as one word of an access log, which needs no quotes: printable ASCII
/// without blanks, quotes and backslashes, all else percent-encoded, so that it cannot end
/// its field or line.
pub(crate) fn log_word(name: &str) -> Cow<'_, str> {
    kept_or_encoded(name, |byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\'))
}

/// Returns a name as one of a comma list in a header or a log, where `=` may follow it: a
/// header value in which nothing ends the name. For example `openai:x=429,y`, which with
/// `allow_direct` is a client's own name, becomes `openai:x%3D429%2Cy`.
pub(crate) fn list_name(name: &str) -> Cow<'_, str> {
    kept_or_encoded(name, |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

/// Returns a text with all but the kept characters percent-encoded. Nearly every text is plain
/// and costs no copy.
fn kept_or_encoded(text: &str, is_kept: impl Fn(u8) -> bool) -> Cow<'_, str> {
    if text.bytes().all(&is_kept) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(percent_encoded(text.as_bytes(), is_kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_escaped_and_cut() {
        assert_eq!(quoted("a\"b\n'\u{e9}"), r#""a\"b\n'é""#);
        let text = quoted(&"é".repeat(500));
        assert_eq!(text.chars().count(), MOST_QUOTED + 3);
        assert!(text.ends_with("é\"…"));
    }

    #[test]
    fn a_list_says_that_it_goes_on() {
        assert_eq!(quoted_list::<&str>([]), "");
        assert_eq!(quoted_list(["a", "b"]), r#""a", "b""#);
        assert_eq!(quoted_list(["a"; 8]), ["\"a\""; 8].join(", "));
        assert_eq!(quoted_list(["a"; 20]), format!("{}, …", ["\"a\""; 8].join(", ")));
    }

    #[test]
    fn tokens_are_those_of_http() {
        for token in ["GET", "x-a_b", "!#$%&'*+-.^_`|~", "1"] {
            assert!(is_token(token), "{token}");
        }
        for other in ["", ":path", "a b", "a/b", "ä", "a\n", "a:b", "a\""] {
            assert!(!is_token(other), "{other}");
        }
    }

    #[test]
    fn percent_encoding_reads_back() {
        let all: Vec<u8> = (0..=255).collect();
        let encoded = percent_encoded(&all, |byte| byte.is_ascii_lowercase());
        assert!(encoded.starts_with("%00%01") && encoded.ends_with("%FE%FF"), "{encoded}");
        assert_eq!(percent_decoded(&encoded), all);
        assert_eq!(percent_decoded("%2f%2F%zz%1%"), b"//%zz%1%");
        assert_eq!(percent_decoded_text("%c3%a9%ff"), "é\u{fffd}");
        assert_eq!(uri_component("a/b c~é"), "a%2Fb%20c~%C3%A9");
    }

    #[test]
    fn values_cannot_start_another_header() {
        assert_eq!(header_value("a\r\nx-evil: 1\u{e9}"), "a%0D%0Ax-evil: 1%C3%A9");
        assert!(matches!(header_value("a b\"c"), Cow::Borrowed("a b\"c")));
    }

    #[test]
    fn words_of_a_log_end_no_field() {
        assert_eq!(log_word("a b\"c\\d\n\u{e9}"), "a%20b%22c%5Cd%0A%C3%A9");
        assert!(matches!(log_word("org/model:8b#v"), Cow::Borrowed(_)));
    }
}
