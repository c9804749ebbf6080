//! A serialized `google.protobuf.Struct` as a tree.
//!
//! Envoy hands over a Struct as its protobuf bytes. Only the fields of Struct,
//! Value and ListValue are known, and anything else is refused: text in another
//! language must not pass for an empty Struct. Reads are bounded by the bytes at
//! hand and by a depth. The decoder is our own, because prost's Struct would add 11 KB to the
//! module, ignore unknown fields and merge equal keys, both of which have to be reported.

use serde_json::Number;

use super::node::TreeNode;
use crate::decimal::whole;

/// Levels of lists and objects, about as many as the JSON reader allows.
const DEEPEST: usize = 120;

/// Why bytes are not a Struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StructError {
    /// They are not encoded as one.
    Encoding,
    /// It is nested too deeply.
    Depth,
}

/// Decodes the members of a Struct.
///
/// `{"a": true}` is `0a 07 0a 01 61 12 02 20 01`: an entry of seven bytes, in which field 1 is the
/// key `a` and field 2 a value, whose own field 4 is the boolean 1.
///
/// # Errors
/// Bytes that are not exactly one Struct, or one nested too deeply.
pub(super) fn decode(bytes: &[u8]) -> Result<TreeNode, StructError> {
    object(bytes, 0)
}

/// `Struct { map<string, Value> fields = 1; }`
fn object(mut bytes: &[u8], depth: usize) -> Result<TreeNode, StructError> {
    let mut members = Vec::new();
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            // Equal keys are all kept, so that `shape` can report them.
            (1, Wire::Bytes(entry)) => members.push(member(entry, depth)?),
            _ => return Err(StructError::Encoding),
        }
    }
    Ok(TreeNode::Object(members))
}

/// `{ string key = 1; Value value = 2; }`, either may be left out.
fn member(mut bytes: &[u8], depth: usize) -> Result<(String, TreeNode), StructError> {
    // Protobuf leaves out what is empty, so that neither key nor value must be there.
    let mut member = (String::new(), TreeNode::Null);
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (1, Wire::Bytes(key)) => member.0 = text(key)?,
            (2, Wire::Bytes(content)) => member.1 = value(content, depth)?,
            _ => return Err(StructError::Encoding),
        }
    }
    Ok(member)
}

/// `Value { oneof kind { null = 1, number = 2, string = 3, bool = 4, Struct = 5, ListValue = 6 } }`
fn value(mut bytes: &[u8], depth: usize) -> Result<TreeNode, StructError> {
    // Of several fields of a oneof, protobuf takes the last.
    let mut node = TreeNode::Null;
    while !bytes.is_empty() {
        node = match field(&mut bytes)? {
            (1, Wire::Varint(_)) => TreeNode::Null,
            (2, Wire::Fixed64(bits)) => number(f64::from_bits(bits))?,
            (3, Wire::Bytes(content)) => TreeNode::Text(text(content)?),
            (4, Wire::Varint(value)) => TreeNode::Bool(value != 0),
            // Before a level is entered: a few bytes open one, and enough of them would exhaust the
            // stack of the VM.
            (5 | 6, _) if depth >= DEEPEST => return Err(StructError::Depth),
            (5, Wire::Bytes(content)) => object(content, depth.saturating_add(1))?,
            (6, Wire::Bytes(content)) => list(content, depth.saturating_add(1))?,
            _ => return Err(StructError::Encoding),
        };
    }
    Ok(node)
}

/// `ListValue { repeated Value values = 1; }`
fn list(mut bytes: &[u8], depth: usize) -> Result<TreeNode, StructError> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (1, Wire::Bytes(content)) => elements.push(value(content, depth)?),
            _ => return Err(StructError::Encoding),
        }
    }
    Ok(TreeNode::List(elements))
}

/// Returns a double as a number. Struct knows doubles alone, so a whole one is taken for the
/// integer it was written as.
fn number(value: f64) -> Result<TreeNode, StructError> {
    if let Some(integer) = whole(value) {
        return Ok(TreeNode::Number(integer.into()));
    }
    Number::from_f64(value).map(TreeNode::Number).ok_or(StructError::Encoding)
}

/// Returns a protobuf string, which must be UTF-8.
fn text(bytes: &[u8]) -> Result<String, StructError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| StructError::Encoding)
}

/// The payload of a field, in the wire types that a Struct has.
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// Takes one field off the front: its number and payload.
///
/// Fails on groups and 32-bit fields, which a Struct does not have.
fn field<'a>(bytes: &mut &'a [u8]) -> Result<(u64, Wire<'a>), StructError> {
    let tag = varint(bytes)?;
    let wire = match tag & 7 {
        0 => Wire::Varint(varint(bytes)?),
        1 => {
            let (head, rest) = bytes.split_first_chunk::<8>().ok_or(StructError::Encoding)?;
            *bytes = rest;
            Wire::Fixed64(u64::from_le_bytes(*head))
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).map_err(|_| StructError::Encoding)?;
            // The length is part of the input, and may claim more than there is.
            let (head, rest) = bytes.split_at_checked(length).ok_or(StructError::Encoding)?;
            *bytes = rest;
            Wire::Bytes(head)
        }
        _ => return Err(StructError::Encoding),
    };
    Ok((tag >> 3, wire))
}

/// Takes a base-128 integer of at most 64 bits off the front. Its lowest seven bits come first,
/// and the high bit of each byte says that another one follows.
fn varint(bytes: &mut &[u8]) -> Result<u64, StructError> {
    let mut value: u64 = 0;
    // At most ten bytes, so that no input keeps the loop going.
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(StructError::Encoding)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(StructError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        let mut length = content.len();
        while length > 127 {
            bytes.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
            length >>= 7;
        }
        bytes.push(u8::try_from(length).expect("seven bits"));
        bytes.extend(content);
        bytes
    }

    fn with_member(key: &str, value: &[u8]) -> Vec<u8> {
        let mut entry = wrapped(0x0a, key.as_bytes());
        entry.extend(wrapped(0x12, value));
        wrapped(0x0a, &entry)
    }

    fn double(value: f64) -> Vec<u8> {
        let mut bytes = vec![0x11];
        bytes.extend(value.to_le_bytes());
        bytes
    }

    #[test]
    fn whole_doubles_become_integers() {
        let decoded = |value| decode(&with_member("n", &double(value)));
        let member =
            |number| Ok(TreeNode::Object(vec![("n".to_owned(), TreeNode::Number(number))]));
        assert_eq!(decoded(5.0), member(5.into()));
        assert_eq!(decoded(-3.0), member((-3).into()));
        assert_eq!(decoded(0.5), member(Number::from_f64(0.5).expect("finite")));
        assert_eq!(decoded(1e300), member(Number::from_f64(1e300).expect("finite")));
        assert_eq!(decoded(f64::NAN), Err(StructError::Encoding));
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let list = wrapped(0x32, &wrapped(0x0a, &[0x20, 1]));
        let mut bytes = with_member("list", &list);
        bytes.extend(with_member("none", &[0x08, 0]));
        bytes.extend(with_member("unset", &[]));
        bytes.extend(with_member("inner", &wrapped(0x2a, &with_member("t", &wrapped(0x1a, b"x")))));
        let inner = TreeNode::Object(vec![("t".to_owned(), TreeNode::from("x"))]);
        assert_eq!(
            decode(&bytes),
            Ok(TreeNode::Object(vec![
                ("list".to_owned(), TreeNode::List(vec![TreeNode::Bool(true)])),
                ("none".to_owned(), TreeNode::Null),
                ("unset".to_owned(), TreeNode::Null),
                ("inner".to_owned(), inner),
            ]))
        );
    }

    #[test]
    fn truncated_and_foreign_bytes_are_refused() {
        let bytes = with_member("n", &double(0.5));
        for end in 1..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Err(StructError::Encoding), "{end}");
        }
        for bytes in [&b"name: x"[..], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0xff; 12]] {
            assert_eq!(decode(bytes), Err(StructError::Encoding));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut value = vec![0x20, 1];
        for _ in 0..1000 {
            value = wrapped(0x32, &wrapped(0x0a, &value));
        }
        assert_eq!(decode(&with_member("deep", &value)), Err(StructError::Depth));
    }
}
