//! Applies the members that a deployment overrides to a translated body.

use super::tape::{Node, Tape};
use crate::json::Json;

/// Returns the body with the members of `overrides` in place of its own. Objects merge one level deep, and `null`
/// removes a member. Both are JSON. If one of them is not an object, the body is returned as it is.
///
/// For example, `{"a":1,"b":{"c":1}}` with `{"a":null,"b":{"d":2}}` is `{"b":{"c":1,"d":2}}`.
pub(super) fn overridden(body: String, overrides: &str) -> String {
    let (Ok(own), Ok(over)) = (Tape::read(body.as_bytes()), Tape::read(overrides.as_bytes()))
    else {
        return body;
    };
    if !own.root().is_object() || !over.root().is_object() {
        return body;
    }
    let mut json = Json::default();
    merge(&mut json, own.root(), over.root(), true);
    json.finish()
}

/// Writes an object with the members of another over its own. `is_deep`: members that are objects on both sides are
/// merged as well.
fn merge(json: &mut Json, own: Node<'_, '_>, over: Node<'_, '_>, is_deep: bool) {
    json.object(|json| {
        for (name, value) in own.members() {
            let plain = name.plain();
            match over.any(&plain) {
                Some(new) if is_deep && new.is_object() && value.is_object() => {
                    json.escaped_key(&name.escaped());
                    merge(json, value, new, false);
                }
                Some(_) => {}
                None => json.escaped_key(&name.escaped()).value(value.raw()),
            }
        }
        for (name, value) in over.members() {
            let is_merged =
                is_deep && value.is_object() && own.get(&name.plain()).is_some_and(Node::is_object);
            if !is_merged {
                json.escaped_key(&name.escaped()).value(value.raw());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_replaced_merged_and_removed() {
        let rows = [
            (r#"{"a":1,"b":{"c":1}}"#, r#"{"a":null,"b":{"d":2}}"#, r#"{"b":{"c":1,"d":2}}"#),
            (r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{"b":{"d":2}}}"#, r#"{"a":{"b":{"d":2}}}"#),
            (r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
            (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":null}}"#, r#"{"a":{"c":2}}"#),
            (r#"{"a":1}"#, r"{}", r#"{"a":1}"#),
            (r"{}", r#"{"x\"":"y"}"#, r#"{"x\"":"y"}"#),
            (r"[]", r#"{"a":1}"#, r"[]"),
        ];
        for (body, overrides, wanted) in rows {
            assert_eq!(overridden(body.to_owned(), overrides), wanted, "{body} {overrides}");
        }
    }
}
