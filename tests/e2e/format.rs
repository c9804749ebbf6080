//! Every recorded request of a real SDK through Envoy: the provider gets what the
//! client sent, byte for byte, except the model.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use crate::harness::{Ask, Group, Reply, Spec, ask};

/// The upstream model; in a path it has to be encoded.
const UP: &str = "up/stream 1";
const ENCODED: &str = "up%2Fstream%201";

/// One deployment that serves every model.
static ANY: LazyLock<Group> = LazyLock::new(|| {
    Group::start(&Spec::new(json!({
        // One of the recorded requests is for an aggregator, and names further models.
        "providers": {"beta": {"cluster": "beta", "api": "any", "keep": ["models", "route"]}},
        "deployments": {"up": {"provider": "beta", "model": UP}},
        "models": {"any": {"candidates": ["up"]}},
        "unknown_model": {"model": "any"},
        "default_cluster": "site",
        // A route that asks for the text, so that the filter reads it.
        "routes": [{"name": "words", "when": {"prompt_contains_any_of": ["xyzzy"], "input_tokens_gt": 100},
                    "then": {"target_model": "any"}}],
    })))
});

/// A recorded request.
struct Recorded {
    name: String,
    request: Value,
}

impl Recorded {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/requests");
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let request = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            Self { name, request }
        };
        std::fs::read_dir(folder).unwrap().map(read).collect()
    }

    fn text(&self, key: &str) -> &str {
        self.request[key].as_str().unwrap_or_default()
    }

    fn body(&self) -> Vec<u8> {
        match self.request["body_base64"].as_str() {
            Some(encoded) => STANDARD.decode(encoded).unwrap(),
            None => self.text("body_text").as_bytes().to_vec(),
        }
    }

    fn ask(&self) -> Ask<'static> {
        let mut ask = ask(&ANY).path(self.text("path")).body(self.body());
        for (name, value) in self.request["headers"].as_object().unwrap() {
            if !["host", "content-length", "connection", "transfer-encoding"]
                .contains(&name.as_str())
            {
                ask = ask.header(name, value.as_str().unwrap());
            }
        }
        ask
    }

    /// Returns the path and body that the provider should see.
    fn expected(&self) -> (String, Vec<u8>) {
        let expect = &self.request["expect"];
        let model = expect["deployment"].as_str().or_else(|| expect["model"].as_str()).unwrap();
        let path = self.text("path");
        let encoded = model.replace(':', "%3A");
        let is_named = path.contains(&format!("/models/{model}:"))
            || path.contains(&format!("/deployments/{encoded}/"));
        if is_named {
            // Batches of embeddings repeat the resource that the path names.
            let resource = |model: &str| format!("\"models/{model}\"");
            let body = match String::from_utf8(self.body()) {
                Ok(text) => text.replace(&resource(model), &resource(UP)).into_bytes(),
                Err(form) => form.into_bytes(),
            };
            return (path.replace(&encoded, ENCODED), body);
        }
        let body = self.body();
        // Nested decoys are not strings, or name other models.
        let shapes = [
            (format!("\"model\":\"{model}\""), format!("\"model\":\"{UP}\"")),
            (format!("\"model\": \"{model}\""), format!("\"model\": \"{UP}\"")),
            (
                format!("name=\"model\"\r\n\r\n{model}\r\n"),
                format!("name=\"model\"\r\n\r\n{UP}\r\n"),
            ),
        ];
        for (from, to) in shapes {
            let places: Vec<usize> = (0..body.len().saturating_sub(from.len()))
                .filter(|at| body[*at..].starts_with(from.as_bytes()))
                .collect();
            if let [at] = places[..] {
                let (head, tail) = (&body[..at], &body[at + from.len()..]);
                return (path.to_owned(), [head, to.as_bytes(), tail].concat());
            }
        }
        panic!("{}: no model \"{model}\"", self.name);
    }
}

#[test]
fn recorded_requests_arrive_unchanged_but_for_the_model() {
    let mut formats: BTreeMap<String, u32> = BTreeMap::new();
    for recorded in Recorded::all() {
        if recorded.text("method") == "GET" {
            continue;
        }
        let reply = recorded.ask().send();
        let (provider, seen) = reply.reached_one();
        let (path, body) = recorded.expected();
        assert_eq!((provider, seen.path.as_str()), ("beta", path.as_str()), "{}", recorded.name);
        assert!(
            seen.body == body,
            "{}:\n{}\n{}",
            recorded.name,
            seen.text(),
            String::from_utf8_lossy(&body)
        );
        *formats.entry(recorded.request["expect"]["format"].to_string()).or_default() += 1;
    }
    assert_eq!(formats.values().sum::<u32>(), 178, "{formats:?}");
    ANY.assert_serves("any");
}

/// Returns where a request went, under which path, and the body that arrived.
#[track_caller]
fn arrived(reply: &Reply) -> (&'static str, String, String) {
    let (provider, seen) = reply.reached_one();
    (provider, seen.path.clone(), seen.text())
}

#[test]
fn models_in_paths_and_queries_are_rewritten_there() {
    let body = r#"{"messages":[],"model":"stays"}"#;
    let cases = [
        ("/v1beta/tunedModels/m%31:generateContent?a=b", "/v1beta/models/UP:generateContent?a=b"),
        (
            "/x/v1beta1/projects/p/locations/l/publishers/google/models/m:countTokens",
            "/x/v1beta1/projects/p/locations/l/publishers/google/models/UP:countTokens",
        ),
        (
            "/openai/deployments/a%20b%2Fc/embeddings?api-version=1",
            "/openai/deployments/UP/embeddings?api-version=1",
        ),
        ("/model/anthropic.claude-3%3A0/converse-stream", "/model/UP/converse-stream"),
        ("/v1//models/x/../m:GenerateContent", "/v1/models/UP:generateContent"),
        ("/v1beta/models/google%2Fm:generateContent", "/v1beta/models/UP:generateContent"),
        (
            "/v1beta/models/publishers/google/models/m:generateContent",
            "/v1beta/models/publishers/google/models/UP:generateContent",
        ),
        ("/model/anthropic.claude-3%3A0/invoke", "/model/UP/invoke"),
        (
            "/model/anthropic.claude-3%3A0/invoke-with-response-stream",
            "/model/UP/invoke-with-response-stream",
        ),
    ];
    for (path, wanted) in cases {
        let wanted = ("beta", wanted.replace("UP", ENCODED), body.to_owned());
        assert_eq!(arrived(&ask(&ANY).path(path).body(body).send()), wanted, "{path}");
    }
}

/// A provider's path without the model leaves it to the body.
static BY_BODY: LazyLock<Group> = LazyLock::new(|| {
    Group::start(&Spec::new(json!({
        "providers": {"beta": {"cluster": "beta", "api": "any", "path": "/openai/v1/{operation}"}},
        "deployments": {"up": {"provider": "beta", "model": UP}},
        "models": {"cheap": {"candidates": ["up"]}},
        "no_model": {"deployment": "up"},
    })))
});

#[test]
fn a_model_of_the_path_goes_into_the_body_that_is_read() {
    let path = "/openai/deployments/cheap/chat/completions?api-version=1";
    for (body, wanted) in [
        (r#"{"messages":[],"model":"o1-pro"}"#, r#"{"messages":[],"model":"UP"}"#),
        (r#"{"messages":[]}"#, r#"{"model":"UP","messages":[]}"#),
    ] {
        let reply = ask(&BY_BODY).path(path).body(body).send();
        let wanted = wanted.replace("UP", UP);
        let path = "/openai/v1/chat/completions?api-version=1".to_owned();
        assert_eq!(arrived(&reply), ("beta", path, wanted));
    }
    // What names none by design has none afterwards.
    let body = r#"{"prompt":{"id":"pmpt_1"}}"#;
    let reply = ask(&BY_BODY).path("/v1/responses").body(body).send();
    assert_eq!(arrived(&reply), ("beta", "/openai/v1/responses".to_owned(), body.to_owned()));
}

#[test]
fn a_realtime_session_goes_by_its_query() {
    let upgrade = |path: &str| {
        let ask = ask(&ANY).method(Method::GET).path(path).header("connection", "upgrade");
        let ask = ask.header("upgrade", "websocket").header("sec-websocket-version", "13");
        ask.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send()
    };
    let cases = [
        ("/v1/realtime?model=gpt-realtime&voice=a%20b", "/v1/realtime?model=UP&voice=a%20b"),
        ("/v1/realtime?x=1", "/v1/realtime?model=UP&x=1"),
    ];
    for (path, wanted) in cases {
        let (provider, path, _) = arrived(&upgrade(path));
        assert_eq!((provider, path), ("beta", wanted.replace("UP", ENCODED)));
    }
    // The same without an upgrade, and with another method.
    let reply = ask(&ANY).method(Method::GET).path("/v1/realtime?model=m").send();
    assert_eq!(arrived(&reply).0, "beta");
    let reply = ask(&ANY).path("/v1/realtime?model=m").body("{}").send();
    assert_eq!(arrived(&reply).0, "site");
}

#[test]
fn requests_for_stored_objects_go_to_the_default_cluster_untouched() {
    for path in ["/v1/responses/resp_1", "/v1/files", "/v1/batches?limit=2", "/v1/models"] {
        let reply = ask(&ANY).method(Method::GET).path(path).send();
        assert_eq!(arrived(&reply), ("site", path.to_owned(), String::new()));
    }
    for path in
        ["/v1/files", "/v1/batches", "/v1/responses/resp_1/cancel", "/v1/threads/t/messages"]
    {
        let body = r#"{"model":"m"}"#;
        let reply = ask(&ANY).path(path).body(body).send();
        assert_eq!(arrived(&reply), ("site", path.to_owned(), body.to_owned()));
    }
}

const FORM: &str = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\
    RIFF\r\n--\r\n--B\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nen\r\n--B--\r\n";

fn transcribe() -> Ask<'static> {
    ask(&ANY)
        .path("/v1/audio/transcriptions")
        .header("content-type", "multipart/form-data; boundary=B")
}

#[test]
fn a_form_without_a_model_gets_one_first() {
    let model = format!("--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{UP}\r\n");
    for pieces in [vec![FORM], vec![&FORM[..30], &FORM[30..90], &FORM[90..]]] {
        let reply = transcribe().pieces(pieces.iter().map(|p| (*p).to_owned())).send();
        assert_eq!(arrived(&reply).2, model.clone() + FORM);
    }
    let reply = transcribe().body(FORM).send();
    assert_eq!(arrived(&reply).2, model + FORM);
}

#[test]
fn a_form_that_could_be_read_differently_is_refused() {
    let cases = [
        ("multipart/form-data; boundary=B", FORM.replace("language", "Model")),
        ("multipart/form-data; boundary=B", FORM.replace("--B--", "--C--")),
        ("multipart/form-data; boundary=C", FORM.to_owned()),
        ("multipart/form-data", FORM.to_owned()),
        ("application/json", FORM.to_owned()),
        ("application/json, multipart/form-data; boundary=B", FORM.to_owned()),
    ];
    for (content_type, body) in cases {
        let reply = transcribe().header("content-type", content_type).body(body).send();
        let error = reply.refused(400);
        assert_eq!(error["error"]["code"], "invalid_body", "{content_type}: {error}");
    }
    ANY.assert_serves("any");
}

#[test]
fn errors_come_in_the_dialect_of_the_client() {
    let refused = |path: &str| ask(&ANY).path(path).body("{").send().refused(400);
    let gemini = refused("/v1/models/m:generateContent");
    assert_eq!(gemini["error"]["status"], "INVALID_ARGUMENT");
    assert!(refused("/model/m/converse")["message"].is_string());
    assert!(refused("/v2/chat")["message"].is_string());
    assert!(refused("/api/chat")["error"].is_string());
    assert_eq!(refused("/v1/rerank")["error"]["code"], "invalid_body");
}
