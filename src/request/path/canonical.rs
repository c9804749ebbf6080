//! Spellings of a path that servers may take for one another, made one.

use crate::text::{percent_decoded, percent_encoded};

/// Returns a path as servers that normalise paths understand it: percent-decoded, a backslash
/// for a slash, without path parameters (`;…`), dot segments resolved, slashes merged, none at
/// the end; then encoded again as far as it must be.
///
/// So `/v1/../v1//chat%2Fcompletions/` is `/v1/chat/completions`: whichever of the steps a
/// server takes, it is asked for what was judged.
#[must_use]
pub fn canonical(path: &str) -> String {
    if is_canonical(path) {
        return path.to_owned();
    }
    percent_encoded(&canonical_bytes(path), |byte| {
        byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&byte)
    })
}

/// Returns whether a path is surely its own canonical spelling, as nearly all are.
fn is_canonical(path: &str) -> bool {
    let mut before = None;
    let is_plain = path.bytes().all(|byte| {
        let is_plain = match byte {
            b'/' | b'.' => before != Some(b'/'),
            b'-' | b'_' | b':' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        before = Some(byte);
        is_plain
    });
    is_plain && path.starts_with('/') && !path.ends_with('/')
}

/// Returns the canonical path without encoding.
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
