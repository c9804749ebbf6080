//! Writes a JSON Schema for the `spec` of each resource of Istio that `pointsman istio`
//! writes, into the folder that is its argument.
//!
//! Decides what of a schema is kept: members, types, words, and what has to be there.
//! Whatever a resource does not know is refused, since the API server drops it.

use std::path::Path;

use istio_api_rs::extensions::v1alpha1::wasm_plugin::WasmPluginSpec;
use istio_api_rs::networking::v1::destination_rule::DestinationRuleSpec;
use istio_api_rs::networking::v1::gateway::GatewaySpec;
use istio_api_rs::networking::v1::service_entry::ServiceEntrySpec;
use istio_api_rs::networking::v1::virtual_service::VirtualServiceSpec;
use istio_api_rs::networking::v1alpha3::envoy_filter::EnvoyFilterSpec;
use schemars::schema_for;
use serde_json::{Map, Value};

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    for (kind, schema) in [
        ("WasmPlugin", schema_for!(WasmPluginSpec)),
        ("EnvoyFilter", schema_for!(EnvoyFilterSpec)),
        ("ServiceEntry", schema_for!(ServiceEntrySpec)),
        ("DestinationRule", schema_for!(DestinationRuleSpec)),
        ("Gateway", schema_for!(GatewaySpec)),
        ("VirtualService", schema_for!(VirtualServiceSpec)),
    ] {
        let mut schema = schema.to_value();
        plain(&mut schema);
        std::fs::write(Path::new(&folder).join(format!("{kind}.json")), lines(&schema))
            .expect("a folder that can be written to");
    }
}

/// Without texts, and without what Rust made of a member that may be missing: null.
fn plain(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    for key in ["description", "title", "default", "format"] {
        members.remove(key);
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|it| it != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(words)) = members.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(either)) = members.get_mut("anyOf") {
        either.retain(|it| it.get("type").is_none_or(|it| it != "null"));
        if let [Value::Object(one)] = either.as_slice() {
            let one = one.clone();
            members.remove("anyOf");
            members.extend(one);
        }
    }
    if members.contains_key("properties") {
        members.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    for key in ["properties", "$defs"] {
        if let Some(Value::Object(named)) = members.get_mut(key) {
            named.values_mut().for_each(plain);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = members.get_mut(key) {
            plain(inner);
        }
    }
    if let Some(Value::Array(either)) = members.get_mut("anyOf") {
        either.iter_mut().for_each(plain);
    }
}

/// A definition a line.
fn lines(schema: &Value) -> String {
    let empty = Map::new();
    let definitions = schema["$defs"].as_object().unwrap_or(&empty);
    let mut rest = schema.clone();
    if let Some(members) = rest.as_object_mut() {
        members.remove("$defs");
    }
    let definitions: Vec<String> =
        definitions.iter().map(|(name, schema)| format!("\n  {name:?}: {schema}")).collect();
    let rest = rest.to_string();
    let rest = rest.strip_suffix('}').unwrap_or(&rest);
    format!("{rest},\n\"$defs\": {{{}\n}}}}\n", definitions.join(","))
}
