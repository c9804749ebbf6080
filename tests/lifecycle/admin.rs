//! The admin path: who is let in, and what never goes upstream.

use pointsman::lifecycle::{Action, Engine};
use serde_json::{Value, json};

use crate::fake_host::{FakeHost, Reply};
use crate::{document, engine, head, host};

pub(crate) const TOKEN: &str = "an-admin-token-of-the-tests";
pub(crate) const BEARER: (&str, &str) = ("authorization", "Bearer an-admin-token-of-the-tests");

/// Returns a document with the admin endpoints, and a host that knows the token.
pub(crate) fn admin() -> (FakeHost, Value) {
    let mut host = host();
    host.environment.insert("ADMIN_TOKEN".to_owned(), TOKEN.to_owned());
    let mut document = document();
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    (host, document)
}

/// Returns the reply to an admin request that has only the headers in `further`.
fn reply(host: &FakeHost, document: &Value, path: &str, further: &[(&str, &str)]) -> Option<Reply> {
    let engine = engine(host, document);
    let mut head = vec![(":method", "GET"), (":path", path)];
    head.extend_from_slice(further);
    host.request(&engine, &head, &[]);
    host.reply.borrow().clone()
}

#[test]
fn a_bad_token_is_a_bad_configuration() {
    for (token, wanted) in [
        (None, "admin.token_env: environment variable \"ADMIN_TOKEN\" is not set"),
        (Some("short"), "admin.token_env: environment variable \"ADMIN_TOKEN\" is too short"),
    ] {
        let (mut host, document) = admin();
        host.environment.remove("ADMIN_TOKEN");
        host.environment.extend(token.map(|token| ("ADMIN_TOKEN".to_owned(), token.to_owned())));
        let start = |document: &Value| Engine::start(&host, document.to_string().as_bytes());
        let problem = start(&document).unwrap_err();
        assert!(problem.starts_with(wanted) && !problem.contains("short\""), "{problem}");
        // Attempts have no admin endpoints.
        let mut attempts = document.clone();
        attempts["role"] = json!("attempt");
        assert!(start(&attempts).is_ok());
    }
}

#[test]
fn every_refusal_without_access_is_the_same_and_no_body_is_read() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let mut first = None;
    for method in ["GET", "POST", "DELETE", "BREW"] {
        for path in ["/admin", "/admin/", "/admin/state", "/admin/nothing?x=y", "/admin/%"] {
            for token in ["", "Bearer", "Bearer wrong-and-long-enough", "Basic x", TOKEN] {
                let head = [(":method", method), (":path", path), ("authorization", token)];
                let head = if token.is_empty() { &head[..2] } else { &head[..] };
                host.begin(&engine, head, false);
                let reply = host.reply.borrow().clone().unwrap();
                assert_eq!(reply, *first.get_or_insert(reply.clone()), "{method} {path} {token}");
            }
        }
    }
    let reply = first.unwrap();
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (401, r#"{"error":{"message":"unauthorized"}}"#)
    );
    assert!(reply.headers.contains(&("cache-control".to_owned(), "no-store".to_owned())));
}

#[test]
fn two_tokens_count_as_none() {
    let (host, document) = admin();
    let reply = reply(&host, &document, "/admin/state", &[BEARER, BEARER]).unwrap();
    assert_eq!(reply.status, 401);
}

#[test]
fn other_spellings_of_the_path_are_other_paths() {
    let (host, document) = admin();
    for path in [
        "//admin/state",
        "/%61dmin/state",
        "/x/../admin/state",
        "/./admin",
        "/ADMIN/state",
        "/admin;x/state",
        "/admin%2fstate",
        "http://gateway.example/admin/state",
        "admin/state",
        "*",
        "",
    ] {
        assert_eq!(reply(&host, &document, path, &[BEARER]), None, "{path}");
        assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("default-cluster"), "{path}");
    }
}

#[test]
fn a_request_on_the_admin_path_is_no_llm_request() {
    let (host, document) = admin();
    let path = "/admin/v1/chat/completions";
    let engine = engine(&host, &document);
    let mut head = head(&[BEARER]);
    head[1].1 = path;
    host.request(&engine, &head, &[br#"{"model":"open"}"#]);
    let reply = host.reply.borrow().clone().unwrap();
    assert_eq!(reply.status, 404, "{reply:?}");
    assert_eq!(host.sent("x-llm-cluster"), None);
}

#[test]
fn a_long_body_is_refused_as_soon_as_its_length_is_known() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let head = [(":method", "POST"), (":path", "/admin/state"), BEARER];
    let long = [&head[..], &[("content-length", "65537")]].concat();
    host.begin(&engine, &long, false);
    assert_eq!(host.refused().unwrap().0, 413);
    let piece = [b' '; 32768];
    let (mut stream, action) = host.begin(&engine, &head, false);
    assert_eq!(action, Action::Pause);
    for _ in 0..2 {
        assert_eq!(host.piece(&mut stream, &piece, false), Action::Pause);
        assert_eq!(host.refused(), None);
    }
    host.piece(&mut stream, b" ", false);
    assert_eq!(host.refused().unwrap().0, 413);
    // The body is as long as it may be, and trailers follow it.
    let (mut stream, _) = host.begin(&engine, &head, false);
    host.piece(&mut stream, &[b' '; 65536], false);
    assert_eq!(stream.on_request_trailers(&host), Action::Pause);
    assert_ne!(host.refused().unwrap().0, 413);
}

#[test]
fn without_the_configuration_the_path_is_like_any_other() {
    let host = host();
    assert_eq!(reply(&host, &document(), "/admin/state", &[BEARER]), None);
    assert_eq!(host.sent("authorization").as_deref(), Some(BEARER.1));
}

#[test]
fn the_admin_token_goes_to_no_provider() {
    for max_attempts in [1, 2] {
        let (host, mut document) = admin();
        document["failover"] = json!({"max_attempts": max_attempts});
        let engine = engine(&host, &document);
        for (name, value) in [BEARER, ("x-api-key", TOKEN), ("api-key", TOKEN)] {
            for path in ["/v1/chat/completions", "/v1/files"] {
                let mut head = head(&[(name, value), ("x-trace", "kept")]);
                head[1].1 = path;
                host.request(&engine, &head, &[br#"{"model":"open"}"#]);
                assert_eq!(host.refused(), None);
                assert_eq!(host.sent(name), None, "{path}");
                assert_eq!(host.sent("x-trace").as_deref(), Some("kept"));
                let handed = host.properties.borrow();
                let tells = |value: &Vec<u8>| {
                    value.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes())
                };
                assert!(!handed.values().any(tells), "{path}");
            }
        }
        // A value that only resembles the token belongs to the client.
        let own = "Bearer an-admin-token-of-the-test";
        host.request(&engine, &head(&[("authorization", own)]), &[br#"{"model":"none"}"#]);
        assert_eq!(host.sent("authorization").as_deref(), Some(own));
    }
}

#[test]
fn each_endpoint_accepts_only_its_methods() {
    let (host, document) = admin();
    let engine = engine(&host, &document);
    let asked = |method, path| {
        host.request(&engine, &[(":method", method), (":path", path), BEARER], &[]);
        host.reply.borrow().clone().unwrap()
    };
    assert_eq!(asked("GET", "/admin/state").status, 200);
    assert_eq!(asked("HEAD", "/admin/state?deployment=open").status, 200);
    let refused = asked("POST", "/admin/state");
    assert_eq!(refused.status, 405);
    assert!(refused.headers.contains(&("allow".to_owned(), "GET, HEAD".to_owned())));
    for path in ["/admin", "/admin/", "/admin/State", "/admin/state/", "/admin//state"] {
        let refused = asked("GET", path);
        assert_eq!(refused.status, 404, "{path}");
        assert!(refused.headers.contains(&("cache-control".to_owned(), "no-store".to_owned())));
    }
}

#[test]
fn the_list_of_models_is_served_only_where_configured() {
    let (host, mut document) = admin();
    let path = "/v1/models?x=y";
    assert_eq!(reply(&host, &document, path, &[]), None);
    document["serve_models"] = json!(true);
    let listed = reply(&host, &document, path, &[]).unwrap();
    let body: Value = serde_json::from_str(&listed.body).unwrap();
    assert_eq!((listed.status, body["data"].as_array().unwrap().len()), (200, 4));
    let anthropic = reply(&host, &document, path, &[("anthropic-version", "2023-06-01")]).unwrap();
    assert!(anthropic.body.contains(r#""has_more":false"#));
    assert_eq!(reply(&host, &document, "/v1/models/none", &[]).unwrap().status, 404);
    assert_eq!(reply(&host, &document, "/v1/files", &[]), None);
}
