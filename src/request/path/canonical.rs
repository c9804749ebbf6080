//! Spellings of a path that servers may take for one another, made one.

/// A path as servers that normalise paths understand it: percent-decoded, a
/// backslash for a slash, without path parameters (`;…`), dot segments resolved,
/// slashes merged, none at the end; then encoded again as far as it must be.
#[must_use]
pub fn canonical(path: &str) -> String {
    if is_canonical(path) {
        return path.to_owned();
    }
    percent_encoded(&canonical_bytes(path), |byte| {
        byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&byte)
    })
}

/// Whether a path is surely its own canonical spelling, as nearly all are.
fn is_canonical(path: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let mut segments = path.split('/');
    segments.next() == Some("")
        && segments.all(|segment| {
            !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(is_plain)
        })
}

fn canonical_bytes(path: &str) -> Vec<u8> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decoded(path);
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        let segment = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut bytes = Vec::with_capacity(decoded.len());
    for segment in segments {
        bytes.push(b'/');
        bytes.extend_from_slice(segment);
    }
    bytes
}

/// Bytes as text, all but the kept ones percent-encoded; kept ones are ASCII.
#[must_use]
pub fn percent_encoded(bytes: &[u8], is_kept: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_kept(*byte) {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The bytes that percent-encoded text stands for; a `%` that encodes nothing stays.
#[must_use]
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => hex_byte(*high, *low).map(|byte| (byte, tail)),
            _ => None,
        };
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
