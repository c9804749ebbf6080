//! Which configurations Envoy accepts, and what it says about the others.

use std::path::Path;

use serde_json::json;

use crate::group::open;
use crate::harness::{Group, Spec, ask, chat, validate, validate_file};

#[test]
fn the_shared_configuration_is_accepted() {
    let (is_valid, output) = validate(&Spec::new(open()));
    assert!(is_valid, "{output}");
}

#[test]
fn the_shipped_configurations_are_accepted() {
    for name in ["envoy.yaml", "failover.yaml", "buffer.yaml"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (is_valid, output) = validate_file(&root.join("envoy").join(name));
        assert!(is_valid, "{name}: {output}");
    }
}

#[test]
fn all_problems_are_reported_together() {
    let mut document = open();
    document["deploymints"] = json!({});
    document["models"]["plain"]["candidates"] = json!(["b-nil"]);
    document["models"]["keyed"]["strategy"] = json!("strongest");
    document["aliases"] = json!({"one": "two", "two": "one"});
    document["routes"][0]["then"]["target_model"] = json!("model-nil");
    document["routes"][1]["when"]["has_imagess"] = json!(true);
    let (is_valid, output) = validate(&Spec::new(document));
    assert!(!is_valid, "{output}");
    for named in ["deploymints", "b-nil", "strongest", "cycle", "model-nil", "has_imagess"] {
        assert!(output.contains(named), "{named} is missing in: {output}");
    }
}

#[test]
fn text_that_is_no_document_is_refused() {
    for document in [json!([]), json!("routes"), json!(null), json!(5)] {
        let (is_valid, output) = validate(&Spec::new(document));
        assert!(!is_valid, "{output}");
    }
}

#[test]
fn a_missing_credential_is_refused_by_name() {
    let spec = Spec { environment: vec![("ALPHA_KEY", "sk-alpha")], ..Spec::new(open()) };
    let (is_valid, output) = validate(&spec);
    assert!(!is_valid, "{output}");
    assert!(output.contains("GAMMA_KEY"), "{output}");
    assert!(!output.contains("sk-alpha"), "{output}");
}

#[test]
fn an_empty_credential_is_refused() {
    let environment = vec![("ALPHA_KEY", ""), ("GAMMA_KEY", "sk-gamma")];
    let (is_valid, output) = validate(&Spec { environment, ..Spec::new(open()) });
    assert!(!is_valid && output.contains("ALPHA_KEY"), "{output}");
}

#[test]
fn a_struct_is_as_good_as_json_text() {
    let mut document = open();
    // A Struct holds numbers as doubles, and Envoy writes fractions in its own way.
    document["limits"] = json!({"max_body_bytes": 65536});
    document["deployments"]["over"]["request_overrides"]["temperature"] = json!(0.25);
    let spec = Spec { as_struct: true, ..Spec::new(document) };
    let group = Group::start(&spec);
    assert_eq!(ask(&group).model("nickname").send().served(), ("beta", "up-b1"));
    let reply = ask(&group).header("x-llm-tag", "premium").json(&chat("routed", "Hello")).send();
    assert_eq!(reply.served(), ("alpha", "up-a2"));
    let reply = ask(&group).json(&chat("plain", "x".repeat(65536))).send();
    reply.refused(413);
    let reply = ask(&group).model("over").send();
    assert_eq!(reply.served_by_one().1.json()["metadata"], json!({"tier": "gold"}));
}
