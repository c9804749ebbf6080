//! The model that was judged is the model that is asked for: every wire format over every form of
//! a provider's path, read as a server there would read it.

use std::rc::Rc;

use pointsman::lifecycle::Engine;
use pointsman::request::path::{PathTable, UrlModel};
use serde_json::{Value, json};

use crate::failover::Proxy;
use crate::fake_host::FakeHost;
use crate::{engine, host};

/// What the client asks for, and is judged by.
const ASKED: &str = "cheap";
/// What serves that.
const SERVED: &str = "served/1";
/// What the client names elsewhere.
const DECOY: &str = "o1-pro";

/// Where a format names its model.
const IN_BODY: [(&str, &str); 12] = [
    ("/v1/chat/completions", r#""messages":[{"role":"user","content":"Hi"}]"#),
    ("/v1/responses", r#""input":"Hi""#),
    ("/v1/completions", r#""prompt":"Hi""#),
    ("/v1/embeddings", r#""input":"Hi""#),
    ("/v1/moderations", r#""input":"Hi""#),
    ("/v1/images/generations", r#""prompt":"Hi""#),
    ("/v1/audio/speech", r#""input":"Hi""#),
    ("/v1/messages", r#""messages":[{"role":"user","content":"Hi"}],"max_tokens":5"#),
    ("/v1/messages/count_tokens", r#""messages":[{"role":"user","content":"Hi"}]"#),
    ("/v2/chat", r#""messages":[{"role":"user","content":"Hi"}]"#),
    ("/v1/rerank", r#""query":"Hi","documents":["a"]"#),
    ("/api/chat", r#""messages":[{"role":"user","content":"Hi"}]"#),
];
const IN_PATH: [(&str, &str); 9] = [
    (
        "/openai/deployments/cheap/chat/completions",
        r#""messages":[{"role":"user","content":"Hi"}]"#,
    ),
    ("/openai/deployments/cheap/embeddings", r#""input":"Hi""#),
    ("/openai/deployments/cheap/responses", r#""input":"Hi""#),
    ("/v1beta/models/cheap:generateContent", r#""contents":[{"parts":[{"text":"Hi"}]}]"#),
    (
        "/v1/projects/p/locations/l/publishers/google/models/cheap:countTokens",
        r#""generateContentRequest":{"model":"models/o1-pro","contents":[{"parts":[{"text":"Hi"}]}]}"#,
    ),
    ("/v1beta/models/cheap:embedContent", r#""content":{"parts":[{"text":"Hi"}]}"#),
    (
        "/v1beta/models/cheap:batchEmbedContents",
        r#""requests":[{"model":"models/o1-pro","content":{"parts":[{"text":"a"}]}},{"model":"models/o1-pro"}]"#,
    ),
    ("/model/cheap/converse", r#""messages":[{"role":"user","content":[{"text":"Hi"}]}]"#),
    ("/model/cheap/converse-stream", r#""messages":[{"role":"user","content":[{"text":"Hi"}]}]"#),
];
/// Members that name another model, before and after the others.
const DECOYS: &str = r#""models":["o1-pro"],"route":"fallback","fallbacks":["o1-pro"]"#;

/// Every form of a path that a provider can be given.
fn outgoing() -> Vec<Value> {
    let template = |path: &str| json!({ "path": path });
    vec![
        json!({}),
        json!({"path_prefix": "/gateway"}),
        template("/openai/v1/{operation}"),
        template("/openai/v1/{operation}?api-version=preview"),
        template("/openai/deployments/{model}/{operation}?api-version=2024-10-21"),
        template("/models/{model}/v1/{operation}"),
        template("/v1/{operation}?model={model}"),
        template("/one"),
        json!({"path": "/v1/{operation}", "path_prefix": "/gateway"}),
    ]
}

fn document(provider: &Value, is_own: bool) -> Value {
    let mut provider = provider.clone();
    provider["cluster"] = "one".into();
    provider["api"] = "any".into();
    if is_own {
        provider["credential"] = json!({"env": "OWN_KEY"});
    }
    json!({
        "providers": {"one": provider},
        "deployments": {"served": {"provider": "one", "model": SERVED}},
        "models": {"cheap": {"candidates": ["served"]}},
    })
}

/// Returns the model that a server of the path goes by: what its path or query names, or else what
/// its body does.
fn read(path: &str, body: &Value) -> Vec<String> {
    let call = PathTable::default().call(b"POST", path);
    match call.and_then(|call| call.named) {
        Some(UrlModel::Path { model, .. }) => vec![model],
        Some(UrlModel::Query(model)) => model.into_iter().collect(),
        // Nothing else that a server could read names another one.
        None => vec![body["model"].as_str().unwrap_or("none").to_owned()],
    }
}

/// Returns whether a text names what a provider must not be asked for.
fn names_another(text: &str) -> bool {
    text.contains(ASKED) || text.contains(DECOY)
}

/// Returns whether the request was ended, because the body that followed named another model.
fn is_ended(host: &FakeHost) -> bool {
    host.refused().is_some_and(|(_, error)| error.contains("names another model"))
}

/// What was sent of a request: its path and its body.
fn sent(host: &FakeHost) -> (String, String) {
    assert_eq!(host.refused(), None);
    (host.sent(":path").unwrap(), host.sent_body())
}

/// A provider behind both kinds of proxy.
struct Scene {
    host: FakeHost,
    engine: Rc<Engine>,
    proxy: Proxy,
}

impl Scene {
    fn of(document: &Value) -> Self {
        let host = host();
        let engine = engine(&host, document);
        let mut with = document.clone();
        with["failover"] = json!({"max_attempts": 2});
        Self { host, engine, proxy: Proxy::new(with) }
    }

    /// Sends a request in so many pieces. Returns the path and the body that the provider is asked
    /// with; `None` where a request that had gone on was ended.
    fn ask(
        &self,
        path: &str,
        body: &str,
        pieces: usize,
        is_handed_over: bool,
    ) -> Option<(String, String)> {
        let head = [
            (":method", "POST"),
            (":path", path),
            (":authority", "x"),
            ("content-type", "application/json"),
        ];
        let length = body.len().div_ceil(pieces);
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(length).collect();
        if is_handed_over {
            let Proxy { host, router, .. } = &self.proxy;
            host.properties.borrow_mut().clear();
            host.request(router, &head, &pieces);
            assert_eq!(host.refused(), None, "{path}: {body}");
            self.proxy.attempt_of(&pieces);
            return Some(sent(host));
        }
        self.host.request(&self.engine, &head, &pieces);
        if pieces.len() > 1 && is_ended(&self.host) {
            return None;
        }
        Some(sent(&self.host))
    }
}

/// What was sent of a request in one piece, where the router itself sends it.
fn asked(document: &Value, path: &str, body: &str) -> (String, String) {
    Scene::of(document).ask(path, body, 1, false).unwrap()
}

#[test]
fn a_server_reads_the_model_that_was_judged_whatever_the_path_is() {
    let mut bodies: Vec<(String, String)> = Vec::new();
    for (path, rest) in IN_BODY {
        bodies.push((path.to_owned(), format!(r#"{{{DECOYS},"model":"cheap",{rest}}}"#)));
        bodies.push((path.to_owned(), format!(r#"{{{rest},"model":"cheap",{DECOYS}}}"#)));
    }
    for (path, rest) in IN_PATH {
        bodies.push((path.to_owned(), format!("{{{rest}}}")));
        bodies.push((path.to_owned(), format!(r#"{{"model":"o1-pro",{DECOYS},{rest}}}"#)));
        bodies.push((path.to_owned(), format!(r#"{{{rest},{DECOYS},"model":"o1-pro"}}"#)));
    }
    let mut count = 0;
    for provider in outgoing() {
        for is_own in [false, true] {
            let scene = Scene::of(&document(&provider, is_own));
            for (path, body) in &bodies {
                for query in ["", "?a=1&model=o1-pro&Deployment=o1-pro"] {
                    for (pieces, is_handed_over) in [(1, false), (1, true), (3, false)] {
                        let asked = format!("{path}{query}");
                        let asked_for = scene.ask(&asked, body, pieces, is_handed_over);
                        let Some((path, body)) = asked_for else { continue };
                        let context = format!("{provider} {asked}\n{path}\n{body}");
                        let json: Value = serde_json::from_str(&body).unwrap();
                        assert_eq!(read(&path, &json), [SERVED], "{context}");
                        assert!(!names_another(&path), "{context}");
                        // A server whose path names the model does not read the member, which
                        // stays as the client sent it; all else must be gone.
                        let mut rest = json.clone();
                        if PathTable::default()
                            .call(b"POST", &path)
                            .is_some_and(|call| call.names_model())
                        {
                            rest["model"] = Value::Null;
                        }
                        assert!(!names_another(&rest.to_string()), "{context}");
                        count += 1;
                    }
                }
            }
        }
    }
    assert!(count > 1500, "{count}");
}

#[test]
fn a_form_names_the_model_that_was_judged() {
    let form = |model: &str| {
        let part =
            format!("--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n");
        let part = if model.is_empty() { String::new() } else { part };
        format!(
            "{part}--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF\r\n--B--\r\n"
        )
    };
    for provider in outgoing() {
        let document = document(&provider, true);
        for (path, model) in [
            ("/v1/audio/transcriptions", ASKED),
            ("/openai/deployments/cheap/audio/transcriptions", ""),
            ("/openai/deployments/cheap/audio/transcriptions", DECOY),
        ] {
            let host = host();
            let head = [
                (":method", "POST"),
                (":path", path),
                (":authority", "x"),
                ("content-type", "multipart/form-data; boundary=B"),
            ];
            host.request(&engine(&host, &document), &head, &[form(model).as_bytes()]);
            let (path, body) = sent(&host);
            let context = format!("{provider} {path}\n{body}");
            let is_in_path =
                PathTable::default().call(b"POST", &path).is_some_and(|c| c.names_model());
            assert!(!names_another(&path), "{context}");
            let is_named = body.contains(&format!("\r\n\r\n{SERVED}\r\n"));
            assert!(is_in_path || (is_named && !names_another(&body)), "{context}");
        }
    }
}

#[test]
fn a_session_names_the_model_that_was_judged() {
    for provider in outgoing() {
        for path in
            ["/v1/realtime?model=cheap", "/openai/realtime?deployment=cheap&Model=cheap&x=1"]
        {
            let host = host();
            let head = [
                (":method", "GET"),
                (":path", path),
                (":authority", "x"),
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
            ];
            host.begin(&engine(&host, &document(&provider, true)), &head, false);
            let (path, body) = sent(&host);
            assert!(!names_another(&path) && body.is_empty(), "{provider} {path}");
            assert!(path.contains("served%2F1"), "{provider} {path}");
        }
    }
}

/// Nothing is inserted into a body whose path names the model: no byte of it changes.
#[test]
fn a_body_that_names_no_model_stays_as_it_is_where_the_path_names_it() {
    let document = document(&json!({}), true);
    for (path, rest) in IN_PATH.iter().filter(|(_, rest)| !rest.contains(DECOY)) {
        let body = format!("{{{rest}}}");
        assert_eq!(asked(&document, path, &body).1, body, "{path}");
    }
}

/// Google's bodies repeat the name of the resource, not that of the model.
#[test]
fn a_repeated_resource_is_named_as_the_path_does() {
    let document = document(&json!({}), true);
    let body = r#"{"requests":[{"model":"models/cheap"},{"model":"x"}]}"#;
    let (_, sent) = asked(&document, "/v1beta/models/cheap:batchEmbedContents", body);
    assert_eq!(sent, r#"{"requests":[{"model":"models/served/1"},{"model":"models/served/1"}]}"#);
    let project = "projects/p/locations/l/publishers/google/models";
    let body = r#"{"model":"x","generateContentRequest":{"model":"x"}}"#;
    let path = format!("/v1/{project}/cheap:countTokens");
    let (_, sent) = asked(&document, &path, body);
    let wanted =
        format!(r#"{{"model":"x","generateContentRequest":{{"model":"{project}/served/1"}}}}"#);
    assert_eq!(sent, wanted, "the member itself is not read there");
    let body = r#"{"model":"x","content":{}}"#;
    let (_, sent) = asked(&document, "/v1beta/models/cheap:embedContent", body);
    assert_eq!(sent, r#"{"model":"models/served/1","content":{}}"#);
}
