//! A warning of boundaries that are shared by a coincidence of names.

use super::super::error::{Diagnostics, Path, quoted};
use super::super::raw::Raw;
use super::lists::given;

/// Warns of boundaries that have the name of a provider without one. That provider is a boundary by
/// itself, under its own name, so requests with state would pass from the one to the other.
#[inline(never)]
pub(super) fn warn(raw: &Raw, findings: &mut Diagnostics) {
    let providers = Path::Root.key("providers");
    for (name, provider) in given(&raw.providers) {
        let Some(boundary) = &provider.boundary else { continue };
        let namesake = raw.providers.get(boundary).and_then(Option::as_ref);
        if boundary == name || namesake.is_none_or(|other| other.boundary.is_some()) {
            continue;
        }
        let boundary = quoted(boundary);
        let message = format!(
            "{boundary} is also the name of a provider without a boundary, so the two share one \
             boundary and receive each other's state; set \"boundary\": {boundary} there too if \
             you want this, or choose another name"
        );
        findings.warn(&providers.key(name).key("boundary"), message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::config::parse;

    #[test]
    fn a_boundary_with_the_name_of_a_provider_is_told() {
        let warnings = |one: &Value, other: &Value| {
            let of = |boundary: &Value| match boundary {
                Value::Null => json!({"cluster": "c"}),
                boundary => json!({"cluster": "c", "boundary": boundary}),
            };
            let document = json!({
                "providers": {"one": of(one), "other": of(other)},
                "deployments": {"a": {"provider": "one", "model": "m"}},
                "models": {"m": {"candidates": ["a"]}},
                "default_cluster": "d"
            });
            parse(document.to_string().as_bytes()).unwrap().warnings
        };
        let found = warnings(&json!("other"), &Value::Null);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("providers.one.boundary: \"other\" is also the name"),
            "{found:?}"
        );
        for (one, other) in [
            (Value::Null, Value::Null),
            (json!("one"), Value::Null),
            (json!("one"), json!("one")),
            (json!("other"), json!("other")),
            (json!("shared"), Value::Null),
        ] {
            assert_eq!(warnings(&one, &other), [""; 0], "{one} {other}");
        }
    }
}
