//! What the metrics say about a shadow, and that a shadow has no effect.

use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

/// Returns the configuration of these tests with further keys and a shadow.
fn with(further: &Value, shadow: &Value) -> Value {
    let mut document = document();
    for (key, value) in further.as_object().unwrap() {
        document[key] = value.clone();
    }
    document["shadow"] = shadow.clone();
    document
}

fn body(model: &str) -> Vec<u8> {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]}).to_string().into()
}

/// Sends a request whose whole body is there at once, and lets a provider answer it.
fn send(host: &FakeHost, engine: &Rc<Engine>, body: &[u8]) {
    let mut stream = host.request(engine, &head(&[]), &[body]);
    if host.refused().is_none() {
        host.respond(&mut stream, 200, &[]);
    }
    host.done(stream, None);
}

fn counted(host: &FakeHost, metric: &str, label: &str, value: &str) -> u64 {
    host.counted(&format!("pointsman.shadow.{metric}.{label}=.{value};"))
}

/// Returns how many requests were counted in total.
fn all(host: &FakeHost) -> u64 {
    let metrics = host.metrics.borrow();
    let of_shadow = metrics.iter().filter(|(_, name, _)| name.contains("shadow.requests."));
    of_shadow.flat_map(|(_, _, values)| values).sum()
}

#[test]
fn a_request_is_counted_by_how_the_shadow_differs() {
    let models = json!({
        "open": {"candidates": ["open"]},
        "own": {"candidates": ["own"]},
        "strict": {"candidates": ["own"]},
    });
    let open2 = json!({"models": {"open": {"candidates": ["open2"]}, "new": {"candidates": ["own"]},
        "strict": {"candidates": ["own"], "param_schema": {"required": ["tier"]}}}});
    let pair = json!({"routes": [{"name": "all", "then": {"target_model": "own"}}]});
    for (unknown_model, shadow, model, result) in [
        ("reject", &json!({}), "open", "same"),
        ("reject", &json!({}), "nothing", "same"),
        ("pass_through", &json!({}), "nothing", "same"),
        ("reject", &open2, "open", "other_deployment"),
        ("reject", &pair, "open", "other_model"),
        ("reject", &pair, "own", "same"),
        ("reject", &open2, "own", "shadow_refuses"),
        ("reject", &open2, "strict", "shadow_refuses"),
        ("reject", &open2, "new", "live_refuses"),
        ("pass_through", &open2, "new", "other_passing"),
        ("pass_through", &open2, "own", "other_passing"),
    ] {
        let host = host();
        let further = json!({"models": models, "unknown_model": unknown_model});
        let engine = engine(&host, &with(&further, shadow));
        send(&host, &engine, &body(model));
        assert_eq!(counted(&host, "requests", "kind", result), 1, "{model}: {result}");
        assert_eq!(all(&host), 1, "{model}: {result}");
    }
}

#[test]
fn two_refusals_are_the_same_if_their_codes_are() {
    let host = host();
    let shadow =
        json!({"models": {"new": {"candidates": ["own"], "param_schema": {"required": ["tier"]}}}});
    let engine = engine(&host, &with(&json!({}), &shadow));
    send(&host, &engine, &body("new"));
    assert_eq!(counted(&host, "requests", "kind", "other_refusal"), 1);
    send(&host, &engine, &body("nothing"));
    assert_eq!(counted(&host, "requests", "kind", "same"), 1);
}

#[test]
fn a_request_that_reaches_no_rules_is_not_counted() {
    let host = host();
    let engine = engine(&host, &with(&json!({}), &json!({})));
    send(&host, &engine, b"{\"model\":");
    assert!(host.refused().is_some());
    let mut head = head(&[]);
    head[1].1 = "/v1/files";
    let stream = host.request(&engine, &head, &[b"{}"]);
    host.done(stream, None);
    assert_eq!(all(&host), 0);
}

#[test]
fn a_divergence_is_counted_by_both_routes_and_logged() {
    let host = host();
    let further = json!({"routes": [
        {"name": "open", "when": {"model_in": ["open"]}, "then": {"target_model": "open"}}]});
    let shadow = json!({"routes": [
        {"name": "words", "when": {"prompt_contains_any_of": ["hello"]}, "then": {"target_model": "own"}}]});
    let engine = engine(&host, &with(&further, &shadow));
    send(&host, &engine, &body("open"));
    send(&host, &engine, &body("pair"));
    send(&host, &engine, &body("own"));
    assert_eq!(counted(&host, "live_routes", "route", "open"), 1);
    assert_eq!(counted(&host, "live_routes", "route", "none"), 1);
    assert_eq!(counted(&host, "routes", "route", "words"), 2);
    let log = host.log.borrow();
    let told: Vec<&str> = log
        .iter()
        .filter(|(level, line)| *level == Level::Debug && line.starts_with("shadow:"))
        .map(|(_, line)| line.as_str())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "shadow: other_model; route=open open but route=words own");
}

/// Begins a request whose model is known and whose text is still missing.
fn begun(host: &FakeHost, engine: &Rc<Engine>) -> Stream {
    let (mut stream, _) = host.begin(engine, &head(&[("content-length", "2000")]), false);
    host.piece(&mut stream, br#"{"model":"open","messages":["#, false);
    assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("open-cluster"), "it goes on early");
    stream
}

/// A shadow that asks for the text of requests, while the live rules do not.
fn by_text() -> Value {
    with(
        &json!({}),
        &json!({"routes": [
            {"name": "words", "when": {"prompt_contains_any_of": ["weather"]}, "then": {"target_model": "own"}},
            {"name": "mine", "when": {"header_equals": {"x-mine": "1"}, "has_tools": true}, "then": {"target_model": "own"}},
        ]}),
    )
}

#[test]
fn an_early_request_is_compared_at_its_end_if_the_shadow_needs_more() {
    for (text, result) in [("The weather today?", "other_model"), ("How are you?", "same")] {
        let host = host();
        let engine = engine(&host, &by_text());
        let mut stream = begun(&host, &engine);
        assert_eq!(all(&host), 0);
        let text = format!(r#"{{"role":"user","content":"{text}"}}]}}"#);
        let space = " ".repeat(2000 - 28 - text.len());
        host.piece(&mut stream, text.as_bytes(), false);
        host.piece(&mut stream, space.as_bytes(), true);
        assert_eq!(counted(&host, "requests", "kind", result), 1, "{text}");
        host.respond(&mut stream, 200, &[]);
        host.done(stream, None);
        assert_eq!(all(&host), 1);
    }
}

#[test]
fn headers_are_still_known_at_the_end() {
    let host = host();
    let engine = engine(&host, &by_text());
    let head = head(&[("x-mine", "1"), ("x-llm-tag", "a")]);
    let (mut stream, _) = host.begin(&engine, &head, false);
    host.piece(&mut stream, br#"{"model":"open","messages":[],"#, false);
    host.piece(&mut stream, br#""tools":[{"type":"function"}]}"#, true);
    assert_eq!(counted(&host, "requests", "kind", "other_model"), 1);
    host.done(stream, None);
}

#[test]
fn a_request_that_never_ends_is_counted_as_undecided() {
    let host = host();
    let engine = engine(&host, &by_text());
    host.done(begun(&host, &engine), None);
    assert_eq!(counted(&host, "requests", "kind", "undecided"), 1);
    // A request whose text breaks later counts as undecided too.
    let mut stream = begun(&host, &engine);
    host.piece(&mut stream, b"]]", true);
    assert!(host.refused().is_some());
    host.done(stream, None);
    assert_eq!(counted(&host, "requests", "kind", "undecided"), 2);
    assert_eq!(all(&host), 2);
}

#[test]
fn costs_are_added_up_if_both_are_known() {
    let host = host();
    let facts =
        |input, output| json!({"input_usd_per_million": input, "output_usd_per_million": output});
    let deployments = json!({
        "own": {"provider": "own", "model": "own-model", "facts": facts(1000.0, 3.0)},
        "open": {"provider": "open", "model": "open-model", "facts": facts(0.0, 0.1)},
        "open2": {"provider": "open", "model": "open-model-2"},
    });
    let shadow =
        json!({"models": {"open": {"candidates": ["own"]}, "own": {"candidates": ["open2"]}}});
    let further = json!({"deployments": deployments, "models": {"open": {"candidates": ["open"]}, "own": {"candidates": ["own"]}}});
    let engine = engine(&host, &with(&further, &shadow));
    // The request is first held, then goes on early.
    for is_early in [false, true] {
        let mut stream =
            if is_early { begun(&host, &engine) } else { host.begin(&engine, &head(&[]), false).0 };
        let rest = r#"{"role":"user","content":"Hello"}],"max_tokens":100}"#;
        let whole = format!(r#"{{"model":"open","messages":[{rest}"#);
        host.piece(&mut stream, if is_early { rest.as_bytes() } else { whole.as_bytes() }, true);
        host.done(stream, None);
    }
    assert_eq!(counted(&host, "costed", "kind", "known"), 2);
    // 100 tokens of output, while input costs nothing.
    assert_eq!(counted(&host, "cost.nano_usd", "kind", "live"), 2 * 10_000);
    let values = host.recorded("pointsman.shadow.cost.nano_usd.kind=.shadow;");
    for value in values {
        let tokens = (value - 300_000) / 1_000_000;
        assert!((1..=20).contains(&tokens), "{value}");
    }
    send(&host, &engine, &body("own"));
    assert_eq!(counted(&host, "costed", "kind", "unknown"), 1);
    // When both refuse a request, neither has a cost.
    send(&host, &engine, &body("nothing"));
    let costed = ["known", "unknown"].map(|result| counted(&host, "costed", "kind", result));
    assert_eq!(costed, [2, 1]);
    assert_eq!(all(&host), 4);
}

#[test]
fn the_sampled_share_does_not_depend_on_the_shares_of_routes() {
    let host = host();
    let shadow = json!({"sample_percent": 25, "routes": [
        {"name": "some", "when": {"sample_percent": 25}, "then": {"target_model": "own"}}]});
    let engine = engine(&host, &with(&json!({}), &shadow));
    for id in 0..4000 {
        let id = format!("id-{id}");
        let stream = host.request(&engine, &head(&[("x-request-id", &id)]), &[&body("open")]);
        host.done(stream, None);
    }
    let (all, other) = (all(&host), counted(&host, "requests", "kind", "other_model"));
    let is_near = |count: u64, wanted: f64, of: f64| {
        let sigma = (of * wanted * (1.0 - wanted)).sqrt();
        (count as f64 - of * wanted).abs() < 4.0 * sigma
    };
    assert!(is_near(all, 0.25, 4000.0), "{all}");
    assert!(is_near(other, 0.25, all as f64), "{other} of {all}");
}

#[test]
fn turns_that_are_not_taken_are_still_even() {
    let host = host();
    let shadow = json!({"models": {"open": {"strategy": "round_robin", "candidates": ["own", "open", "open2"]}}});
    let engine = engine(&host, &with(&json!({}), &shadow));
    for _ in 0..3000 {
        send(&host, &engine, &body("open"));
    }
    let same = counted(&host, "requests", "kind", "same");
    assert!((880..1120).contains(&same), "{same}");
}

#[test]
fn without_a_shadow_nothing_is_counted_or_read() {
    let costs = |shadow: Option<Value>| {
        let host = host();
        let mut document = document();
        if let Some(shadow) = shadow {
            document["shadow"] = shadow;
        }
        let engine = engine(&host, &document);
        host.accesses.set((0, 0));
        send(&host, &engine, &body("turns"));
        let is_counted = host.metrics.borrow().iter().any(|(_, name, _)| name.contains("shadow"));
        (host.accesses.get(), is_counted)
    };
    let (accesses, is_counted) = costs(None);
    assert!(!is_counted);
    assert_eq!(costs(Some(json!({"sample_percent": 0}))), (accesses, false));
    assert_eq!(costs(Some(json!({}))), (accesses, true), "the shadow reads nothing again");
}
