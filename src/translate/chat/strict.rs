//! What OpenAI requires of a JSON schema that a model has to follow strictly.

use super::super::tape::{Node, Tape};
use crate::sort::set_of;

/// Returns whether a schema may be strict: it is of an object, and every object in it allows no other members and
/// requires all of its own. Anthropic's strict schemas may have optional members.
/// <https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas>
#[must_use]
pub(super) fn may_be_strict(schema: &str) -> bool {
    Tape::read(schema.as_bytes()).is_ok_and(|tape| {
        let root = tape.root();
        root.get("type").is_some_and(|kind| kind.is("object")) && node_may_be(root)
    })
}

fn node_may_be(node: Node<'_, '_>) -> bool {
    let (mut is_object, mut is_open) = (false, true);
    let (mut properties, mut required) = (None, None);
    for (key, value) in node.members() {
        match &*key.plain() {
            "type" => {
                is_object = value.is("object") || value.elements().any(|kind| kind.is("object"));
            }
            "additionalProperties" => is_open = value.flag() != Some(false),
            "properties" => properties = Some(value),
            "required" => required = Some(value),
            _ => {}
        }
        // Members of these are schemas of any name.
        let is_map = ["properties", "$defs", "definitions"].iter().any(|word| key.is(word));
        let may_be = if is_map {
            value.members().all(|(_, inner)| node_may_be(inner))
        } else {
            node_may_be(value)
        };
        if !may_be {
            return false;
        }
    }
    if is_object && (is_open || !needs_all(properties, required)) {
        return false;
    }
    node.elements().all(node_may_be)
}

/// Returns whether an object needs all of its members.
fn needs_all(properties: Option<Node<'_, '_>>, required: Option<Node<'_, '_>>) -> bool {
    let names = required.into_iter().flat_map(Node::elements).filter_map(Node::text);
    let names = set_of(names.map(|name| name.plain().into_owned()));
    let mut keys = properties.into_iter().flat_map(Node::members);
    keys.all(|(key, _)| names.contains(&*key.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_schemas_need_all_their_members() {
        let of = |inner: &str| {
            may_be_strict(&format!(r#"{{"type":"object","additionalProperties":false,{inner}}}"#))
        };
        assert!(of(r#""properties":{}"#));
        assert!(of(r#""properties":{"a":{},"\u0062":{}},"required":["b","a"]"#));
        assert!(of(r#""properties":{"properties":{"type":"string"}},"required":["properties"]"#));
        assert!(!of(r#""properties":{"a":{}}"#));
        assert!(!of(r#""properties":{"a":{},"b":{}},"required":["a"]"#));
        let inner = r#"{"anyOf":[{"type":"object","properties":{}}]}"#;
        assert!(!of(&format!(r#""properties":{{"a":{inner}}},"required":["a"]"#)));
        let inner = r#"{"type":["object","null"],"properties":{}}"#;
        assert!(!of(&format!(r#""properties":{{"a":{inner}}},"required":["a"]"#)));
        assert!(!may_be_strict(r#"{"properties":{"a":{}},"required":["a"]}"#));
        assert!(!may_be_strict("{}"));
    }
}
