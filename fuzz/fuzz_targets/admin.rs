//! Any sequence of requests on the admin path and beside it, over one memory: an answer of
//! JSON to each that is on it, in no other case one, and no secret in any.
//!
//! Each request of the input ends with a byte 0xFF: a byte that chooses its method and
//! whether it has the token, its path up to a line feed, and its body.
#![no_main]

use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use pointsman::lifecycle::{Engine, Worker};
use serde_json::Value;

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/fake_host.rs"]
mod fake_host;

/// The lock of shared data.
mod sync {
    pub(crate) use std::sync::{Arc, Mutex};
}

use fake_host::FakeHost;

const TOKEN: &str = "Bearer an-admin-token-for-fuzzing";
const DOCUMENT: &str = r#"{
    "providers": {"p": {"cluster": "p", "credential": {"env": "SECRET"}}, "q": {"cluster": "q"}},
    "deployments": {"a": {"provider": "p", "model": "a"}, "b/c": {"provider": "q", "model": "%"}},
    "models": {"m": {"strategy": "round_robin", "candidates": ["a", "b/c"]}},
    "aliases": {"n": "m"},
    "routes": [{"name": "r", "when": {"tag_equals": "t"}, "then": {"target_model": "a"}}],
    "client_headers": "all",
    "admin": {"token_env": "TOKEN"},
    "serve_models": true
}"#;

/// The reply to a request, if it was answered here.
fn asked(
    host: &FakeHost,
    engine: &Rc<Engine>,
    (method, path): (&str, &str),
    has_token: bool,
    body: &[u8],
) -> Option<(u32, String)> {
    let mut head = vec![(":method", method), (":path", path)];
    head.extend(has_token.then_some(("authorization", TOKEN)));
    let pieces = [body];
    host.request(engine, &head, if body.is_empty() { &[] } else { &pieces });
    host.refused()
}

fuzz_target!(|data: &[u8]| {
    let mut host = FakeHost::default();
    host.environment.insert("TOKEN".to_owned(), TOKEN["Bearer ".len()..].to_owned());
    host.environment.insert("SECRET".to_owned(), "sk-of-the-proxy".to_owned());
    let Ok(worker) = Worker::start(&host, DOCUMENT.as_bytes()) else {
        panic!("the document is one")
    };
    for request in data.split(|byte| *byte == 0xff) {
        let [choice, rest @ ..] = request else { continue };
        let mut parts = rest.splitn(2, |byte| *byte == b'\n');
        let path = String::from_utf8_lossy(parts.next().unwrap_or_default());
        let body = parts.next().unwrap_or_default();
        let method = ["POST", "GET", "DELETE", "HEAD"][usize::from(choice & 3)];
        let has_token = choice & 4 != 0;
        let path = if choice & 8 == 0 { format!("/admin/{path}") } else { path.into_owned() };
        host.shared.conflicts.set(u32::from(choice >> 4));
        let reply = asked(&host, &worker.engine(&host), (method, &path), has_token, body);
        let plain = path.split('?').next().unwrap_or_default();
        if plain != "/admin" && !plain.starts_with("/admin/") {
            continue;
        }
        let Some((status, body)) = reply else { panic!("{method} {path} goes upstream") };
        assert_eq!(status == 401, !has_token, "{method} {path}");
        assert!(serde_json::from_str::<Value>(&body).is_ok(), "{body}");
        assert!(!body.contains("sk-of-the-proxy") && !body.contains(&TOKEN["Bearer ".len()..]));
    }
    // Whatever was done, requests are decided.
    host.shared.conflicts.set(0);
    let engine = worker.engine(&host);
    let reply = asked(&host, &engine, ("GET", "/admin/state"), true, b"");
    assert!(reply.is_some_and(|(status, _)| status == 200));
    let chat = ("POST", "/v1/chat/completions");
    if let Some((status, body)) = asked(&host, &engine, chat, false, br#"{"model":"m"}"#) {
        assert!([404, 503].contains(&status), "{body}");
    }
});
