//! Which services a plan asks, and in which order.

use pointsman::config::Role;
use pointsman::lifecycle::Action;
use serde_json::{Value, json};

use super::Proxy;

/// Returns models with their own services, each of which falls back to the next one.
fn chain(names: &[&str], on_error: &str) -> Value {
    let mut models = json!({});
    for (at, name) in names.iter().enumerate() {
        models[name] = json!({
            "strategy": "custom", "candidates": ["a", "b", "c"],
            "custom": {"cluster": format!("picker-{name}"), "path": "/pick", "on_error": on_error}
        });
        if at == 0 {
            models[name]["fallbacks"] = json!(names[1..]);
        }
    }
    models
}

#[test]
fn fallbacks_are_asked_before_the_first_attempt_and_each_once() {
    let document = json!({"models": chain(&["m", "n", "o", "m2", "m3", "m4"], "first"),
                          "failover": {"max_attempts": 8}});
    let proxy = Proxy::new(document);
    let mut stream = proxy.send(&[]);
    for (at, picked) in ["c", "b", "a", "b"].into_iter().enumerate() {
        assert_eq!(proxy.asked().len(), at + 1);
        assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3]);
        proxy.pick(&mut stream, picked);
    }
    let models: Vec<Value> = proxy.asked().iter().map(|asked| asked["model"].clone()).collect();
    assert_eq!(models, ["m", "n", "o", "m2"], "at most four services are asked");
    let plan = proxy.host.properties.borrow()["llm.deployments"].clone();
    assert_eq!(String::from_utf8(plan).unwrap(), "c,a,b", "the pick, then file order");
    assert_eq!(proxy.begun("c"), 1);
    assert_eq!(proxy.engine.config().role, Role::Router);
}

#[test]
fn without_attempts_left_fallbacks_are_not_asked() {
    let proxy = Proxy::new(json!({"models": chain(&["m", "n"], "first")}));
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "c"), Action::Continue);
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn a_fallback_without_a_pick_is_left_out_where_configured() {
    let mut models = chain(&["m", "n"], "fail");
    models["m"] = json!({"candidates": ["a"], "fallbacks": ["n"]});
    let document = json!({"models": models, "failover": {"max_attempts": 8}});
    let proxy = Proxy::new(document.clone());
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.end(&mut stream, None), Action::Continue);
    let plan = proxy.host.properties.borrow()["llm.deployments"].clone();
    assert_eq!(plan, b"a");
    // If no other model is left, the client gets an error.
    let mut document = document;
    document["deployments"] = super::document(json!({}))["deployments"].clone();
    document["deployments"]["a"]["enabled"] = false.into();
    let proxy = Proxy::new(document);
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.end(&mut stream, None), Action::Pause);
    let (_, body) = proxy.host.refused().unwrap();
    assert!(body.contains("deployment_not_picked"), "{body}");
}

#[test]
fn models_for_failures_of_a_kind_are_in_file_order_and_not_asked() {
    let mut models = chain(&["m", "n"], "fail");
    models["m"]["fallbacks"] = json!({"rate_limit": ["n"]});
    let proxy = Proxy::new(json!({"models": models, "failover": {"max_attempts": 8}}));
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn a_turn_is_not_taken_while_a_service_is_asked() {
    let mut models = chain(&["m", "n"], "first");
    models["m"] = json!({"strategy": "round_robin", "candidates": ["a", "b"], "fallbacks": ["n"]});
    let proxy = Proxy::new(json!({"models": models, "failover": {"max_attempts": 8}}));
    let firsts: Vec<u8> = (0..4)
        .map(|_| {
            let mut stream = proxy.send(&[]);
            proxy.pick(&mut stream, "c");
            proxy.host.properties.borrow()["llm.deployments"][0]
        })
        .collect();
    assert_eq!(firsts, *b"abab");
}
