//! Requests that name no model by design, and those on paths that nobody knows.

use serde_json::{Value, json};

use crate::failover::Proxy;
use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

fn with_no_model() -> Value {
    let mut document = document();
    document["no_model"] = json!({"deployment": "own"});
    document
}

/// Requests without a model, each as it is.
const UNNAMED: [(&str, &str, &str); 7] = [
    ("POST", "/v1/responses", r#"{"prompt":{"id":"pmpt_1","version":"2"}}"#),
    ("POST", "/v1/agents/completions", r#"{"agent_id":"ag_1","messages":[]}"#),
    // Nobody reads a model there.
    ("POST", "/v1/agents/completions", r#"{"model":"open","agent_id":"ag_1","messages":[]}"#),
    (
        "POST",
        "/v1/realtime/client_secrets",
        r#"{"session":{"type":"transcription","audio":{"input":{"transcription":{"model":"w"}}}}}"#,
    ),
    (
        "POST",
        "/v1/realtime/transcription_sessions",
        r#"{"input_audio_transcription":{"model":"gpt-4o-transcribe"}}"#,
    ),
    ("GET", "/v1/realtime?intent=transcription&key=s", ""),
    ("POST", "/v1/chat/completions", r#"{"messages":[]}"#),
];

#[test]
fn what_names_no_model_goes_as_it_is() {
    let host = host();
    let engine = engine(&host, &with_no_model());
    for (method, path, body) in UNNAMED {
        let sent = [
            (":method", method),
            (":path", path),
            (":authority", "x"),
            ("content-type", "application/json"),
            ("authorization", "Bearer client"),
        ];
        let pieces: &[&[u8]] = if body.is_empty() { &[] } else { &[body.as_bytes()] };
        let stream = host.request(&engine, &sent, pieces);
        assert_eq!(host.refused(), None, "{path}");
        assert_eq!(host.sent_body(), body, "{path}");
        let wanted = format!("/own{}", path.replace("&key=s", ""));
        assert_eq!(host.sent(":path"), Some(wanted));
        assert_eq!(host.sent("authorization").as_deref(), Some("Bearer sk-own"));
        assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("own-cluster"));
        host.done(stream, None);
    }
    assert_eq!(host.shared.record("own").total.attempts, UNNAMED.len() as u64);
}

#[test]
fn it_goes_so_through_an_attempt_too() {
    let proxy =
        Proxy::new(json!({"no_model": {"deployment": "a"}, "failover": {"max_attempts": 3}}));
    let body = br#"{"prompt":{"id":"pmpt_1"}}"#;
    let mut sent = head(&[]);
    sent[1].1 = "/v1/responses";
    proxy.host.request(&proxy.router, &sent, &[body]);
    assert_eq!(proxy.property("llm.deployments"), "a");
    proxy.attempt_of(&[body]);
    assert_eq!(proxy.host.sent_body().as_bytes(), body);
    assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-own"));
}

#[test]
fn a_name_or_a_route_goes_before_it() {
    let host = host();
    let mut document = with_no_model();
    document["routes"] = json!([{"name": "secret", "when": {"prompt_contains_any_of": ["heron"]},
                                 "then": {"target_model": "open"}}]);
    let engine = engine(&host, &document);
    let sent = |body: &str| {
        host.request(&engine, &head(&[]), &[body.as_bytes()]);
        host.sent_body()
    };
    assert_eq!(sent(r#"{"model":"open"}"#), r#"{"model":"open-model"}"#);
    let body = r#"{"messages":[{"role":"user","content":"heron"}]}"#;
    assert!(sent(body).starts_with(r#"{"model":"open-model","#));
    // A model that is not known is no request without one.
    sent(r#"{"model":"nil"}"#);
    assert_eq!(host.refused().unwrap().0, 404);
}

#[test]
fn without_it_such_a_request_is_one_of_an_unknown_model() {
    let host = host();
    host.request(&engine(&host, &document()), &head(&[]), &[br#"{"messages":[]}"#]);
    let (status, error) = host.refused().unwrap();
    assert!(status == 400 && error.contains("no_model"), "{error}");
}

#[test]
fn a_session_that_is_prepared_names_its_model() {
    let host = host();
    let engine = engine(&host, &with_no_model());
    for (path, body, wanted) in [
        (
            "/v1/realtime/client_secrets",
            r#"{"session":{"type":"realtime","model":"open"}}"#,
            r#"{"session":{"type":"realtime","model":"open-model"}}"#,
        ),
        ("/v1/realtime/sessions", r#"{"model":"open"}"#, r#"{"model":"open-model"}"#),
    ] {
        let mut sent = head(&[]);
        sent[1].1 = path;
        host.request(&engine, &sent, &[body.as_bytes()]);
        assert_eq!(host.refused(), None);
        assert_eq!(host.sent_body(), wanted);
    }
}

fn told(host: &FakeHost, document: &Value, method: &str, path: &str) -> Option<(u32, String)> {
    let sent = [(":method", method), (":path", path), ("content-type", "application/json")];
    let route = ("xds.virtual_host_name".to_owned(), b"llm".to_vec());
    host.properties.borrow_mut().extend([route]);
    host.begin(&engine(host, document), &sent, false);
    host.refused()
}

#[test]
fn a_path_that_nobody_knows_is_told_so() {
    let mut document = document();
    document.as_object_mut().unwrap().remove("default_cluster");
    for (path, member) in [
        ("/v1/nothing", "/error/code"),
        ("/v1/files", "/error/code"),
        ("/v1/messages/nothing", "/error/type"),
        ("/v1beta/models/m:unknown", "/error/status"),
        ("/model/m/unknown", "/message"),
        ("/api/unknown", "/error"),
    ] {
        let (status, error) = told(&host(), &document, "POST", path).unwrap();
        let error: Value = serde_json::from_str(&error).unwrap();
        assert_eq!(status, 404, "{path}");
        assert!(error.pointer(member).is_some_and(Value::is_string), "{path}: {error}");
        let text = error.to_string();
        assert!(text.contains(path) && text.contains("/chat/completions"), "{text}");
    }
    for (method, path) in [("GET", "/v1/chat/completions"), ("DELETE", "/v1/files/x")] {
        let (status, error) = told(&host(), &document, method, path).unwrap();
        assert_eq!(status, 404, "{method} {path}");
        assert!(error.contains(&format!("does not know \\\"{method} {path}\\\"")), "{error}");
        assert!(error.contains("send a POST to a path that ends in"), "{error}");
    }
    for (method, path) in [("GET", "/index.html"), ("POST", "/index.html")] {
        assert_eq!(told(&host(), &document, method, path), None, "{method} {path}");
    }
}

#[test]
fn a_list_of_models_that_is_not_served_names_its_key() {
    let mut document = document();
    document.as_object_mut().unwrap().remove("default_cluster");
    for path in ["/v1/models", "/models", "/openai/v1/models?limit=3", "/v1/models/open"] {
        let (status, error) = told(&host(), &document, "GET", path).unwrap();
        assert_eq!(status, 404, "{path}");
        assert!(error.contains("unknown_path"), "{path}: {error}");
        assert!(error.contains("\\\"serve_models\\\": true"), "{path}: {error}");
    }
    document["serve_models"] = Value::Bool(true);
    let (status, list) = told(&host(), &document, "GET", "/v1/models").unwrap();
    assert_eq!(status, 200, "{list}");
}

#[test]
fn what_goes_somewhere_else_is_not_told_so() {
    let host = host();
    assert_eq!(told(&host, &document(), "POST", "/v1/nothing"), None, "the default cluster");
    let mut document = document();
    document.as_object_mut().unwrap().remove("default_cluster");
    let key = "xds.cluster_name".to_owned();
    host.properties.borrow_mut().insert(key, b"files".to_vec());
    assert_eq!(told(&host, &document, "POST", "/v1/files"), None, "a route of Envoy's own");
}

#[test]
fn the_log_of_a_refused_request_has_the_model_where_the_document_has_it() {
    for (model, logged) in [("open#nothing", Some("open")), ("nobody", None)] {
        let host = host();
        let mut document = document();
        document["log_fields"] = Value::Bool(true);
        document["unknown_model"] = "reject".into();
        let body = format!(r#"{{"model":"{model}"}}"#);
        host.request(&engine(&host, &document), &head(&[]), &[body.as_bytes()]);
        assert!(host.refused().is_some(), "{model}");
        let property = |name: &str| host.properties.borrow().get(name).cloned();
        assert!(property("llm.refusal").is_some(), "{model}");
        assert_eq!(property("llm.model").as_deref(), logged.map(str::as_bytes), "{model}");
    }
}

#[test]
fn the_log_says_who_called_whatever_becomes_of_the_request() {
    let long = "x".repeat(300);
    for (name, logged) in [
        ("team-a", Some("team-a".to_owned())),
        (" a\"b\r ", Some("a%22b".to_owned())),
        ("", None),
        (&long, Some("x".repeat(128))),
    ] {
        for path in ["/v1/chat/completions", "/v1/files", "/index.html"] {
            for is_logged in [true, false] {
                let host = host();
                let mut document = document();
                document["log_fields"] = Value::Bool(is_logged);
                let mut sent = head(&[("x-llm-tenant", name)]);
                sent[1].1 = path;
                host.request(&engine(&host, &document), &sent, &[br#"{"model":"open"}"#]);
                let found = host.properties.borrow().get("llm.tenant").cloned();
                let wanted = logged.as_deref().filter(|_| is_logged).map(str::as_bytes);
                assert_eq!(found.as_deref(), wanted, "{name:?} {path}");
            }
        }
    }
}
