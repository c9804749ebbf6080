//! Which encoding bytes are in, and what they hold.

use super::super::error::{Diagnostics, Path};
use super::json::{self, SyntaxError};
use super::node::{Tree, TreeNode};
use super::protobuf;

/// Reads JSON text, else a serialized `google.protobuf.Struct`.
///
/// A Struct may begin like JSON text (tag 0x0a is a line feed, and a length of
/// 123 is `{`), so what fails as JSON is tried as a Struct before it is refused.
pub(in crate::config) fn read(bytes: &[u8], findings: &mut Diagnostics) -> Option<Tree> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let as_json = match first {
        None => Err("is empty; expected a JSON object".to_owned()),
        Some(b'{') => json::parse(text).map_err(|error| format!("is not valid JSON: {error}")),
        // JSON, but no object. Tried as a Struct all the same, which may begin with these bytes.
        Some(b'[' | b'"' | b'-' | b'0'..=b'9') => Err("expected a JSON object".to_owned()),
        Some(_) => {
            Err("is neither a JSON object nor a google.protobuf.Struct; write it as a JSON object"
                .to_owned())
        }
    };
    let message = match as_json {
        Ok(root) => return Some(Tree { root, is_struct: false }),
        Err(message) => message,
    };
    let refused = match protobuf::decode(bytes) {
        // No bytes at all are an empty Struct as well, but are surely not meant as one.
        Ok(root) if first.is_some() => return Some(Tree { root, is_struct: true }),
        Ok(_) | Err(protobuf::StructError::Encoding) => message,
        Err(protobuf::StructError::Depth) => "is nested too deeply".to_owned(),
    };
    findings.problem(&Path::Root, refused);
    None
}

/// Returns the value of a text that is part of this program, which is the default of a key.
pub(in crate::config) fn text(json: &str) -> Option<TreeNode> {
    json::parse(json.as_bytes()).ok()
}

/// Returns where and how the syntax of JSON text is wrong, if it is.
pub(in crate::config) fn malformed(bytes: &[u8]) -> Option<SyntaxError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut malformed = json::parse(text).err()?;
    // The parser has not seen the byte order mark, which is part of the first line.
    if malformed.line == 1 {
        let mark = bytes.len().saturating_sub(text.len());
        malformed.column = malformed.column.saturating_add(mark);
    }
    Some(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        let mut findings = Diagnostics::default();
        assert_eq!(read(bytes, &mut findings), None);
        findings.problems.to_string()
    }

    #[test]
    fn json_may_follow_a_byte_order_mark_and_white_space() {
        let mut findings = Diagnostics::default();
        let document = read(b"\xef\xbb\xbf \n{\"a\": 1}", &mut findings).expect("JSON");
        assert!(!document.is_struct);
        assert_eq!(
            document.root,
            TreeNode::Object(vec![("a".to_owned(), TreeNode::Number(1.into()))])
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(refusal(b""), "configuration: is empty; expected a JSON object");
        assert_eq!(refusal(b" \n"), "configuration: is empty; expected a JSON object");
        assert_eq!(refusal(b"[1]"), "configuration: expected a JSON object");
        assert_eq!(
            refusal(b"providers:\n  a: 1\n"),
            "configuration: is neither a JSON object nor a google.protobuf.Struct; write it as a \
             JSON object"
        );
    }

    #[test]
    fn a_syntax_error_tells_line_and_column() {
        assert_eq!(
            refusal(b"{\n  \"a\": nope\n}"),
            "configuration: is not valid JSON: line 2, column 9: expected ident"
        );
        assert_eq!(
            refusal(b"{\"a\": 1} {"),
            "configuration: is not valid JSON: line 1, column 10: trailing characters"
        );
    }

    #[test]
    fn deep_nesting_is_an_error_in_both_encodings() {
        let json = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(refusal(json.as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn a_struct_that_begins_like_json_is_a_struct() {
        // One member whose entry is 123 bytes long: the bytes are "\n{…".
        let mut bytes = vec![0x0a, 123, 0x0a, 1, b'a', 0x12, 118, 0x1a, 116];
        bytes.extend([b'x'; 116]);
        let mut findings = Diagnostics::default();
        let document = read(&bytes, &mut findings).expect("a Struct");
        assert!(document.is_struct);
        assert_eq!(
            document.root,
            TreeNode::Object(vec![("a".to_owned(), TreeNode::Text("x".repeat(116)))])
        );
    }
}
