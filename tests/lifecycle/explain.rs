//! The explain endpoint: what a request would lead to now, without any effect.

use std::rc::Rc;

use pointsman::lifecycle::Engine;
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{engine, head};

/// Explains a request. Returns the status with the trace or the error.
fn explained(
    host: &FakeHost,
    engine: &Rc<Engine>,
    query: &str,
    with: &[(&str, &str)],
    body: &str,
) -> (u32, Value) {
    let path = format!("/admin/explain{query}");
    let head = [&[(":method", "POST"), (":path", path.as_str()), BEARER], with].concat();
    let pieces = [body.as_bytes()];
    let pieces = if body.is_empty() { &pieces[..0] } else { &pieces[..] };
    host.request(engine, &head, pieces);
    let (status, body) = host.refused().unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

fn trace(host: &FakeHost, engine: &Rc<Engine>, query: &str, body: &str) -> Value {
    let (status, trace) = explained(host, engine, query, &[], body);
    assert_eq!(status, 200, "{trace}");
    trace
}

#[test]
fn explain_predicts_the_next_request_and_changes_nothing() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let body = r#"{"model":"turns","messages":[{"role":"user","content":"secret words"}]}"#;
    for _ in 0..7 {
        let before = ["own", "open", "open2"].map(|name| host.shared.record(name));
        host.accesses.set((0, 0));
        let first = trace(&host, &engine, "", body);
        assert_eq!(trace(&host, &engine, "", body), first);
        assert_eq!(host.accesses.get().1, 0, "explain writes nothing");
        assert_eq!(["own", "open", "open2"].map(|name| host.shared.record(name)), before);
        assert!(!first.to_string().contains("secret words"));
        let mut stream = host.request(&engine, &head(&[]), &[body.as_bytes()]);
        host.respond(&mut stream, 200, &[]);
        let went = host.received("x-llm-deployment");
        assert_eq!(first["decision"]["deployment"].as_str(), went.as_deref());
        assert_eq!(first["facts"]["model"], "turns");
    }
}

#[test]
fn explain_shows_what_cools_and_what_is_drained() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let post = |path: &str| {
        host.request(&engine, &[(":method", "POST"), (":path", path), BEARER], &[]);
        assert_eq!(host.refused().unwrap().0, 200);
    };
    post("/admin/deployments/open/cool");
    post("/admin/deployments/own/drain");
    let told = trace(&host, &engine, "", r#"{"model":"turns"}"#);
    let because = |at: usize| told["candidates"][at]["because"].as_str();
    assert_eq!(because(0), Some("drained"));
    assert_eq!(because(1), Some("cooling for 5.0 s after admin"));
    assert_eq!(told["plan"], json!(["open2"]));
    post("/admin/deployments/open/drain");
    post("/admin/deployments/open2/drain");
    let told = trace(&host, &engine, "", r#"{"model":"turns"}"#);
    assert_eq!(told["error"]["status"], 503);
    assert_eq!(told["decision"], Value::Null);
}

#[test]
fn path_method_and_headers_come_from_the_query_or_the_request() {
    let (host, mut document) = admin();
    document["routes"] = json!([{"name": "tagged", "when": {"tag_equals": "prod"},
        "then": {"target_model": "open"}}]);
    document["client_headers"] = json!("all");
    let engine = engine(&host, &document);
    let body = r#"{"model":"own"}"#;
    assert_eq!(trace(&host, &engine, "", body)["route"], Value::Null);
    let tagged = trace(&host, &engine, "?header=X-LLM-Tag:%20prod", body);
    assert_eq!(tagged["route"], "tagged");
    let (_, tagged) = explained(&host, &engine, "", &[("x-llm-tag", "prod")], body);
    assert_eq!(tagged["route"], "tagged");
    // The query wins, and may contain a name twice.
    let with = [("x-llm-tag", "prod")];
    let (_, other) =
        explained(&host, &engine, "?header=x-llm-tag:a&header=x-llm-tag:b", &with, body);
    assert_eq!(other["facts"]["tags"], json!(["a", "b"]));
    let path = "?path=/v1/embeddings%3Fx=y&header=x-llm-deployment:open";
    let embedded = trace(&host, &engine, path, r#"{"model":"own","input":"a"}"#);
    assert_eq!(embedded["facts"]["operation"], "embeddings");
    assert_eq!(embedded["plan"], json!(["open"]));
    let live = trace(&host, &engine, "?method=GET&path=/v1/realtime%3Fmodel=open", "");
    assert_eq!(live["decision"]["deployment"], "open");
    // curl states this type for every body, whatever the body is.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(explained(&host, &engine, "", &form, body).1["pass_through"], false);
    let form = "?header=content-type:application/x-www-form-urlencoded";
    assert_eq!(trace(&host, &engine, form, body)["error"]["code"], "unsupported_content_type");
    assert_eq!(trace(&host, &engine, "?path=/v1/files", body)["pass_through"], true);
}

#[test]
fn a_body_that_cannot_be_read_is_an_error() {
    let (host, mut document) = admin();
    document["limits"] = json!({"max_body_bytes": 100_000});
    let engine = engine(&host, &document);
    let told = trace(&host, &engine, "", "{");
    assert_eq!((&told["error"]["status"], &told["facts"]), (&json!(400), &Value::Null));
    assert_eq!(trace(&host, &engine, "", "")["error"]["code"], "invalid_body");
    assert_eq!(trace(&host, &engine, "", r#"{"model":"no"}"#)["error"]["code"], "model_not_found");
    let told = trace(&host, &engine, "?header=content-encoding:gzip", "{}");
    assert_eq!(told["error"]["code"], "unsupported_content_encoding");
    // This body is longer than other endpoints allow, but not longer than requests may be.
    let long = format!(r#"{{"model":"open","x":"{}"}}"#, "x".repeat(99_000));
    assert_eq!(trace(&host, &engine, "", &long)["decision"]["deployment"], "open");
    assert_eq!(explained(&host, &engine, "", &[], &" ".repeat(100_001)).0, 413);
    for (query, field) in [
        ("?path=v1", "path"),
        ("?path=", "path"),
        ("?path=/a%0d%0ab", "path"),
        ("?method=", "method"),
        ("?method=A%20B", "method"),
        ("?header=x-llm-tag", "header"),
        ("?header=:path:/", "header"),
        ("?header=a:b%0a", "header"),
        ("?model=open", "model"),
    ] {
        let (status, reply) = explained(&host, &engine, query, &[], "{}");
        assert_eq!((status, reply["error"]["field"].as_str()), (400, Some(field)), "{query}");
    }
}
