//! JSON as a serialized `google.protobuf.Struct`, which is how Envoy passes it on.

use serde_json::{Map, Value};

/// Encodes an object. Fractions become text first, as in Envoy's YAML loader.
pub(crate) fn encoded(object: &Map<String, Value>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, member) in object {
        let mut entry = field(1, key.as_bytes());
        entry.extend(field(2, &value(member)));
        bytes.extend(field(1, &entry));
    }
    bytes
}

fn value(json: &Value) -> Vec<u8> {
    match json {
        Value::Null => vec![0x08, 0],
        Value::Bool(value) => vec![0x20, u8::from(*value)],
        Value::Number(number) => match number.as_i64() {
            Some(_) => {
                let mut bytes = vec![0x11];
                bytes.extend(number.as_f64().unwrap().to_le_bytes());
                bytes
            }
            None => field(3, number.to_string().as_bytes()),
        },
        Value::String(text) => field(3, text.as_bytes()),
        Value::Object(object) => field(5, &encoded(object)),
        Value::Array(elements) => field(
            6,
            &elements.iter().flat_map(|element| field(1, &value(element))).collect::<Vec<u8>>(),
        ),
    }
}

/// Encodes a length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend(content);
    bytes
}
