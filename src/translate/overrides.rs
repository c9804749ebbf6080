//! Applies the members that a deployment sets to a translated body.

use super::tape::{Node, Tape};
use crate::json::Json;
use crate::request::rewrite::same_setting;

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

/// Returns the body with those members of `defaults` that it has not, and not by another name either. Both are
/// JSON. If one of them is not an object, the body is returned as it is.
///
/// For example, `{"a":1}` with `{"a":2,"b":3}` is `{"a":1,"b":3}`.
pub(super) fn filled(body: String, defaults: &str) -> String {
    let (Ok(own), Ok(defaults)) = (Tape::read(body.as_bytes()), Tape::read(defaults.as_bytes()))
    else {
        return body;
    };
    let (own, defaults) = (own.root(), defaults.root());
    if !own.is_object() || !defaults.is_object() {
        return body;
    }
    let mut json = Json::default();
    json.object(|json| {
        for (name, value) in own.members() {
            json.escaped_key(&name.escaped()).value(value.raw());
        }
        for (name, value) in defaults.members() {
            if same_setting(&name.plain()).all(|name| own.any(name).is_none()) {
                json.escaped_key(&name.escaped()).value(value.raw());
            }
        }
    });
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
    fn members_that_are_missing_are_filled_in() {
        let rows = [
            (r#"{"a":1}"#, r#"{"a":2,"b":{"c":3}}"#, r#"{"a":1,"b":{"c":3}}"#),
            (
                r#"{"max_completion_tokens":1}"#,
                r#"{"max_tokens":2}"#,
                r#"{"max_completion_tokens":1}"#,
            ),
            (r"{}", r#"{"x\"":"y"}"#, r#"{"x\"":"y"}"#),
            (r"[]", r#"{"a":1}"#, r"[]"),
        ];
        for (body, defaults, wanted) in rows {
            assert_eq!(filled(body.to_owned(), defaults), wanted, "{body} {defaults}");
        }
    }

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
