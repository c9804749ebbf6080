//! Heads that go on before their bodies are read: what has been changed in them by then. If
//! anything changed afterwards, the fake host would fail the test.

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{admin, engine, head, host};

const BODY: &str = r#"{"messages":[{"role":"user","content":"Hello"}],"model":"m"}"#;
const CLIENTS: [(&str, &str); 4] = [
    ("authorization", "Bearer sk-client"),
    ("content-length", "60"),
    ("accept-encoding", "gzip"),
    ("x-llm-tag", "premium"),
];

/// Returns a document with a buffer filter, whose providers take requests as the client sent them.
fn bare() -> Value {
    json!({
        "providers": {"one": {"cluster": "one-cluster"}, "any": {"cluster": "two-cluster", "api": "any"}},
        "deployments": {"a": {"provider": "one", "model": "model-a"}, "g": {"provider": "any", "model": "model-g"}},
        "models": {"m": {"candidates": ["a"]}, "g": {"candidates": ["g"]}, "model-g": {"candidates": ["g"]}},
        "default_cluster": "default-cluster",
        "hold": "buffer_filter"
    })
}

/// Returns the same with two candidates. One provider has a credential, which the attempt filter
/// sets.
fn attempted(failover: Value) -> Value {
    let mut document = bare();
    document["providers"]["one"]["credential"] = json!({"env": "OWN_KEY"});
    document["providers"]["one"]["path_prefix"] = json!("/own");
    document["deployments"]["b"] = json!({"provider": "any", "model": "model-b"});
    document["models"]["m"]["candidates"] = json!(["a", "b"]);
    document["failover"] = failover;
    document
}

fn property(host: &FakeHost, name: &str) -> Option<String> {
    host.properties.borrow().get(name).map(|value| String::from_utf8(value.clone()).unwrap())
}

/// Sends a request whose body comes in two pieces. Returns the stream, and what was done with the
/// head and each piece.
fn send(host: &FakeHost, engine: &Rc<Engine>, path: &str, body: &str) -> (Stream, [Action; 3]) {
    let mut sent = head(&CLIENTS);
    sent[1].1 = path;
    let (mut stream, first) = host.begin(engine, &sent, false);
    let (start, end) = body.as_bytes().split_at(body.len() / 2);
    let second = host.piece(&mut stream, start, false);
    let third = host.piece(&mut stream, end, true);
    (stream, [first, second, third])
}

const HELD: [Action; 3] = [Action::Continue, Action::Pause, Action::Continue];

#[test]
fn a_head_goes_on_with_only_what_any_provider_may_get() {
    let host = host();
    let engine = engine(&host, &bare());
    let (_, actions) = send(&host, &engine, "/v1//chat/completions#x", BODY);
    assert_eq!(actions, HELD);
    assert_eq!(property(&host, "llm.cluster").as_deref(), Some("one-cluster"));
    assert_eq!(host.sent_body(), BODY.replace("\"m\"", "\"model-a\""));
    assert_eq!(host.sent("authorization").as_deref(), Some("Bearer sk-client"));
    assert_eq!(host.sent("accept-encoding").as_deref(), Some("identity"));
    assert_eq!(host.sent(":path").as_deref(), Some("/v1/chat/completions"));
    for name in ["content-length", "x-llm-tag", "x-llm-cluster", "x-llm-model"] {
        assert_eq!(host.sent(name), None, "{name}");
    }
}

#[test]
fn a_request_that_cannot_be_served_is_answered_after_its_head_went_on() {
    let host = host();
    let engine = engine(&host, &bare());
    let refused = |body: &str| {
        send(&host, &engine, "/v1/chat/completions", body);
        host.refused().map(|(status, _)| status)
    };
    assert_eq!(refused(&BODY.replace("\"m\"", "\"nil\"")), Some(404));
    assert_eq!(refused("{\"model\":"), Some(400));
    let mut document = bare();
    document["limits"] = json!({"max_body_bytes": 50});
    let small = crate::engine(&host, &document);
    let (mut stream, action) = host.begin(&small, &head(&[]), false);
    assert_eq!(action, Action::Continue);
    host.piece(&mut stream, BODY.as_bytes(), false);
    assert_eq!(host.refused().unwrap().0, 413);
}

#[test]
fn a_model_in_the_path_is_served_only_under_its_own_name() {
    let host = host();
    let engine = engine(&host, &bare());
    let path = |model: &str| format!("/v1beta/models/{model}:generateContent");
    let body = r#"{"contents":[{"parts":[{"text":"Hello"}]}]}"#;
    let (_, actions) = send(&host, &engine, &path("model-g"), body);
    assert_eq!(actions, HELD);
    assert_eq!(property(&host, "llm.cluster").as_deref(), Some("two-cluster"));
    assert_eq!(host.sent(":path"), Some(path("model-g")));
    send(&host, &engine, &path("g"), body);
    assert_eq!(host.refused().unwrap().0, 501);
}

#[test]
fn a_request_that_passes_through_keeps_its_head() {
    let host = host();
    let mut document = bare();
    document["unknown_model"] = json!("pass_through");
    document["limits"] = json!({"on_unparsable": "pass_through"});
    let engine = engine(&host, &document);
    for body in [BODY.replace("\"m\"", "\"nil\""), "{]".to_owned()] {
        host.properties.borrow_mut().clear();
        send(&host, &engine, "/v1/chat/completions", &body);
        assert_eq!(property(&host, "llm.cluster").as_deref(), Some("default-cluster"));
        assert_eq!(host.sent_body(), body);
        assert_eq!(host.sent("authorization").as_deref(), Some("Bearer sk-client"));
    }
}

#[test]
fn a_request_that_the_filter_does_not_route_follows_filter_state() {
    let host = host();
    host.request(&engine(&host, &bare()), &[(":path", "/v1/files")], &[b"anything"]);
    assert_eq!(property(&host, "llm.cluster").as_deref(), Some("default-cluster"));
    assert_eq!(host.sent("x-llm-cluster"), None);
}

#[test]
fn a_head_without_a_body_is_changed_as_well() {
    let host = host();
    let mut document = bare();
    document["unknown_model"] = json!({"model": "g"});
    let sent =
        [(":method", "GET"), (":path", "/v1//realtime?model=g"), ("accept-encoding", "gzip")];
    host.begin(&engine(&host, &document), &sent, true);
    assert_eq!(host.sent("accept-encoding").as_deref(), Some("identity"));
}

#[test]
fn no_body_goes_on_before_its_end() {
    let host = host();
    let engine = engine(&host, &bare());
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    assert_eq!(host.piece(&mut stream, br#"{"model":"m","messages":["#, false), Action::Pause);
    assert_eq!(property(&host, "llm.cluster"), None);
}

#[test]
fn credentials_leave_the_head_before_the_decision() {
    for failover in [json!({"max_attempts": 3}), json!({"attempt_filter": true})] {
        let host = host();
        let most = failover.get("max_attempts").and_then(Value::as_u64).unwrap_or(1);
        let engine = engine(&host, &attempted(failover));
        let (mut stream, action) = host.begin(&engine, &head(&CLIENTS), false);
        assert_eq!(action, Action::Continue);
        assert_eq!(host.sent("authorization"), None);
        assert_eq!(host.sent("x-envoy-max-retries"), Some((most - 1).to_string()));
        host.piece(&mut stream, BODY.as_bytes(), true);
        assert_eq!(host.sent_body(), BODY, "the attempt rewrites it");
        assert_eq!(property(&host, "llm.cluster").as_deref(), Some("one-cluster"));
    }
}

#[test]
fn an_attempt_announces_the_length_of_a_held_body() {
    for length in [None, Some("60")] {
        let host = host();
        let mut document = attempted(json!({"max_attempts": 2}));
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = engine(&host, &document);
        let further: Vec<_> = length
            .map(|length| ("content-length", length))
            .into_iter()
            .chain([CLIENTS[0]])
            .collect();
        host.request(&router, &head(&further), &[BODY.as_bytes()]);
        // The buffer filter leaves the headers like this.
        host.request_headers.borrow_mut().remove("content-length");
        host.request_headers.borrow_mut().push("content-length", b"60");
        for (model, credential, path) in [
            ("model-a", "Bearer sk-own", "/own/v1/chat/completions"),
            ("model-b", "Bearer sk-client", "/v1/chat/completions"),
        ] {
            let mut stream = Stream::new(Rc::clone(&attempts));
            host.body.borrow_mut().clear();
            host.passed.borrow_mut().clear();
            assert_eq!(host.head(&mut stream, false), Action::Continue);
            host.piece(&mut stream, BODY.as_bytes(), true);
            let want = BODY.replace("\"m\"", &format!("\"{model}\""));
            assert_eq!(host.sent_body(), want);
            assert_eq!(host.sent("content-length"), Some(want.len().to_string()));
            assert_eq!(host.sent("authorization").as_deref(), Some(credential));
            assert_eq!(host.sent(":path").as_deref(), Some(path));
            host.respond(&mut stream, 503, &[]);
            host.done(stream, None);
        }
    }
}

#[test]
fn an_attempts_error_passes_without_being_held() {
    let host = host();
    let mut document = attempted(json!({"max_attempts": 2}));
    let router = engine(&host, &document);
    document["role"] = "attempt".into();
    let attempts = engine(&host, &document);
    host.request(&router, &head(&[]), &[BODY.as_bytes()]);
    let mut stream = Stream::new(attempts);
    host.head(&mut stream, false);
    let headers = [(":status", "400"), ("content-type", "application/json")];
    *host.response_headers.borrow_mut() = headers.into_iter().collect();
    assert_eq!(stream.on_response_headers(&host, false), Action::Continue);
    let error = br#"{"error":{"code":"model_not_found"}}"#;
    *host.response_body.borrow_mut() = error.to_vec();
    assert_eq!(stream.on_response_body(&host, error.len(), true), Action::Continue);
    assert_eq!(host.received("x-llm-retry"), None);
}

#[test]
fn an_admin_request_sends_on_only_its_head_and_never_its_token() {
    let (host, mut document) = admin::admin();
    document["hold"] = "buffer_filter".into();
    document["failover"] = json!({"attempt_filter": true});
    let engine = engine(&host, &document);
    let sent = [(":method", "POST"), (":path", "/admin/cooldown"), admin::BEARER];
    let (mut stream, action) = host.begin(&engine, &sent, false);
    assert_eq!(action, Action::Continue);
    assert_eq!(host.sent("authorization"), None);
    assert_eq!(host.piece(&mut stream, br#"{"deployment":"#, false), Action::Pause);
    assert_eq!(host.piece(&mut stream, br#""open"}"#, true), Action::Pause);
    assert!(host.refused().is_some(), "it is answered here");
}
