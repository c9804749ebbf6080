//! What a client's request carries that a provider must not get: credentials, names of accounts,
//! choices of another model, the admin token; and what follows an upgrade.

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::admin::TOKEN;
use crate::failover::Proxy;
use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

/// Headers that go only where the proxy has no credential of its own, and what stays of each
/// where it has one.
const CREDENTIALS: [(&str, &str, Option<&str>); 17] = [
    ("authorization", "Bearer sk-client", Some("Bearer sk-own")),
    ("proxy-authorization", "Basic abc", None),
    ("cookie", "session=1", None),
    ("x-api-key", "sk-client", None),
    ("api-key", "sk-client", None),
    ("x-goog-api-key", "sk-client", None),
    ("ocp-apim-subscription-key", "sk-client", None),
    ("x-amz-security-token", "sk-client", None),
    ("x-amz-date", "20261129T000000Z", None),
    ("cf-aig-authorization", "Bearer sk-client", None),
    ("helicone-auth", "Bearer sk-client", None),
    ("x-portkey-api-key", "sk-client", None),
    ("x-nobodys-gateway-token", "sk-client", None),
    ("openai-organization", "org", None),
    ("openai-project", "proj", None),
    ("x-goog-user-project", "proj", None),
    (
        "sec-websocket-protocol",
        "realtime, openai-insecure-api-key.sk-client, openai-beta.realtime-v1",
        Some("realtime, openai-beta.realtime-v1"),
    ),
];
/// What no provider gets, whosever credential is sent.
const CHOICES: [(&str, &str); 2] =
    [("helicone-target-url", "https://evil.test"), ("azureml-model-deployment", "large")];
const QUERY: &str =
    "?key=s&a=1&api_key=s&X-Amz-Signature=s&access_token=s&subscription-key=s&token=s";

impl Proxy {
    /// Makes the next attempt of any request, its body in the pieces that the router let pass.
    pub(crate) fn attempt_of(&self, pieces: &[&[u8]]) -> Stream {
        let mut stream = Stream::new(Rc::clone(&self.attempts));
        *self.host.reply.borrow_mut() = None;
        self.host.passed.borrow_mut().clear();
        self.host.body.borrow_mut().clear();
        assert_eq!(self.host.head(&mut stream, pieces.is_empty()), Action::Continue);
        for (at, piece) in pieces.iter().enumerate() {
            self.host.piece(&mut stream, piece, at + 1 == pieces.len());
        }
        stream
    }
}

fn clients() -> Vec<(&'static str, &'static str)> {
    CREDENTIALS.iter().map(|(name, value, _)| (*name, *value)).chain(CHOICES).collect()
}

fn path(head: &mut [(&str, &'static str)], path: &'static str) {
    head[1].1 = path;
}

#[test]
fn with_a_credential_of_the_proxys_every_one_of_the_clients_goes() {
    let host = host();
    let engine = engine(&host, &document());
    let mut sent = head(&clients());
    path(&mut sent, "/v1/chat/completions?key=s&a=1&api_key=s&X-Amz-Signature=s&token=s");
    host.request(&engine, &sent, &[br#"{"model":"own"}"#]);
    for (name, _, wanted) in CREDENTIALS {
        assert_eq!(host.sent(name).as_deref(), wanted, "{name}");
    }
    assert_eq!(host.sent(":path").as_deref(), Some("/own/v1/chat/completions?a=1"));
    host.request(&engine, &sent, &[br#"{"model":"open"}"#]);
    for (name, value, _) in CREDENTIALS {
        assert_eq!(host.sent(name).as_deref(), Some(value), "{name}");
    }
    for (name, _) in CHOICES {
        assert_eq!(host.sent(name), None, "{name}");
    }
}

#[test]
fn every_attempt_gets_what_its_own_provider_may_have() {
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["b", "a", "c"]}}}));
    let mut sent = head(&clients());
    let full = format!("/v1/chat/completions{QUERY}");
    sent[1].1 = &full;
    const BODY: &[u8] = br#"{"model":"m","models":["large"]}"#;
    proxy.host.request(&proxy.router, &sent, &[BODY]);
    for (name, _, wanted) in CREDENTIALS {
        let wanted = wanted.filter(|_| name != "authorization");
        assert_eq!(proxy.host.sent(name).as_deref(), wanted, "{name} before any attempt");
    }
    let fail = |mut stream: Stream| {
        proxy.host.answer(&mut stream, 503, &[], &[b"{}"]);
        proxy.host.done(stream, None);
    };
    for is_own in [false, true, false] {
        let stream = proxy.attempt_of(&[BODY]);
        for (name, value, with_own) in CREDENTIALS {
            let wanted = if is_own { with_own } else { Some(value) };
            assert_eq!(proxy.host.sent(name).as_deref(), wanted, "{name} own={is_own}");
        }
        for (name, _) in CHOICES {
            assert_eq!(proxy.host.sent(name), None, "{name}");
        }
        let wanted = if is_own { "/own/v1/chat/completions?a=1" } else { full.as_str() };
        assert_eq!(proxy.host.sent(":path").as_deref(), Some(wanted));
        assert!(!proxy.host.sent_body().contains("models"), "{}", proxy.host.sent_body());
        fail(stream);
    }
}

#[test]
fn a_provider_keeps_what_its_configuration_names() {
    let kept = json!(["OpenAI-Organization", "models", "helicone-target-url", "api_key"]);
    let body = br#"{"models":["x"],"model":"own","route":"fallback","api_key":"k"}"#;
    let check = |host: &FakeHost| {
        assert_eq!(host.sent("openai-organization").as_deref(), Some("org"));
        assert_eq!(host.sent("helicone-target-url").as_deref(), Some("https://evil.test"));
        assert_eq!(host.sent("openai-project"), None);
        assert_eq!(host.sent(":path").as_deref(), Some("/own/v1/chat/completions?api_key=s"));
        let sent: Value = serde_json::from_str(&host.sent_body()).unwrap();
        assert_eq!(sent["models"], json!(["x"]));
        assert_eq!((&sent["route"], &sent["api_key"]), (&Value::Null, &json!("k")));
    };
    let mut sent = head(&clients());
    path(&mut sent, "/v1/chat/completions?api_key=s&key=s");
    let host = host();
    let mut document = document();
    document["providers"]["own"]["keep"] = kept.clone();
    host.request(&engine(&host, &document), &sent, &[body]);
    check(&host);

    let mut providers = json!({
        "own": {"cluster": "own-cluster", "path_prefix": "/own", "credential": {"env": "OWN_KEY"}},
        "open": {"cluster": "open-cluster"}
    });
    providers["own"]["keep"] = kept;
    let models = json!({"own": {"candidates": ["a", "b"]}});
    let proxy = Proxy::new(json!({"providers": providers, "models": models}));
    proxy.host.request(&proxy.router, &sent, &[body]);
    proxy.attempt_of(&[body]);
    check(&proxy.host);
}

#[test]
fn a_member_that_names_another_model_goes_wherever_it_stands() {
    let host = host();
    let engine = engine(&host, &document());
    for (body, wanted) in [
        (r#"{"models":["a"],"model":"own"}"#, r#"{"model":"own-model"}"#),
        (r#"{"model":"own","models":["a"]}"#, r#"{"model":"own-model"}"#),
        (
            r#"{"fallbacks":[{"model":"x"}],"model":"own","route":"fallback","x":{"models":1},"models":[]}"#,
            r#"{"model":"own-model","x":{"models":1}}"#,
        ),
        (r#"{"mod\u0065ls":["a"],"model":"own"}"#, r#"{"model":"own-model"}"#),
    ] {
        host.request(&engine, &head(&[]), &[body.as_bytes()]);
        assert_eq!(host.sent_body(), wanted, "{body}");
    }
    host.request(&engine, &head(&[]), &[br#"{"Models":["a"],"model":"own"}"#]);
    assert_eq!(host.refused().unwrap().0, 400, "servers differ in what they make of it");
}

#[test]
fn what_an_override_sets_is_no_choice_of_the_clients() {
    let host = host();
    let mut document = document();
    document["deployments"]["own"]["request_overrides"] = json!({"models": ["ours"]});
    host.request(&engine(&host, &document), &head(&[]), &[br#"{"model":"own","models":["a"]}"#]);
    assert_eq!(host.sent_body(), r#"{"model":"own-model","models":["ours"]}"#);
}

/// Of a body that went on early, nothing can be taken out any more.
#[test]
fn a_member_that_comes_too_late_ends_the_request() {
    let host = host();
    let engine = engine(&host, &document());
    let start = r#"{"model":"own","route":"fallback","messages":["#;
    for (first, second) in [
        (start.to_owned(), r#"],"models":["a"]}"#),
        (format!(r#"{start}],"mod"#), r#"els":["a"]}"#),
        (format!(r#"{start}],"models""#), r#":["a"]}"#),
        (format!(r#"{start}],"models":["a""#), r#"]}"#),
    ] {
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, first.as_bytes(), false);
        if host.refused().is_none() {
            assert!(!host.sent_body().contains("route"), "{}", host.sent_body());
            host.piece(&mut stream, second.as_bytes(), true);
        }
        let (status, error) = host.refused().unwrap();
        assert!(status == 400 && error.contains("names another model"), "{first}: {error}");
        host.done(stream, None);
        assert_eq!(host.shared.record("own").flight.count(host.now_ms.get()), 0);
    }
    // What has come before is taken out, also right at the end of the piece.
    for first in [start.to_owned(), r#"{"model":"own","models":["a"]"#.to_owned()] {
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, first.as_bytes(), false);
        let rest = if first == start { "]}" } else { r#","messages":[]}"# };
        host.piece(&mut stream, rest.as_bytes(), true);
        assert_eq!(host.sent_body(), r#"{"model":"own-model","messages":[]}"#);
    }
}

fn with_admin(document: &Value) -> (FakeHost, Rc<Engine>) {
    let mut host = host();
    host.environment.insert("ADMIN_TOKEN".to_owned(), TOKEN.to_owned());
    let mut document = document.clone();
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    let engine = engine(&host, &document);
    (host, engine)
}

#[test]
fn the_admin_token_goes_nowhere_whatever_carries_it() {
    let (host, engine) = with_admin(&document());
    let encode = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let basic = format!("Basic {}", encode(&format!("admin:{TOKEN}")));
    let cookie = format!("a=1; admin={TOKEN}");
    let bearer = format!("Bearer {TOKEN}");
    let carriers = [
        ("authorization", bearer.as_str()),
        ("proxy-authorization", basic.as_str()),
        ("cookie", cookie.as_str()),
        ("x-admin-token", TOKEN),
        ("x-anything", bearer.as_str()),
        ("referer", &format!("https://x.test/?t={TOKEN}")),
    ];
    let query = format!(
        "?a=1&key={TOKEN}&b=x{TOKEN}x&{TOKEN}&c=2&d=%{:x}{}",
        TOKEN.as_bytes()[0],
        TOKEN.get(1..).unwrap()
    );
    for target in ["/v1/chat/completions", "/index.html", "/v1/files"] {
        let full = format!("{target}{query}");
        let mut sent = head(&carriers);
        sent.push(("x-kept", "1"));
        sent[1].1 = &full;
        host.request(&engine, &sent, &[br#"{"model":"open"}"#]);
        assert_eq!(host.refused(), None, "{target}");
        for (name, _) in carriers {
            assert_eq!(host.sent(name), None, "{target} {name}");
        }
        assert_eq!(host.sent("x-kept").as_deref(), Some("1"));
        assert_eq!(host.sent(":path"), Some(format!("{target}?a=1&c=2")));
        let properties = host.properties.borrow();
        let plan = properties.get("llm.plan").cloned().unwrap_or_default();
        assert!(!String::from_utf8_lossy(&plan).contains(TOKEN));
        assert!(host.log.borrow().iter().all(|(_, line)| !line.contains(TOKEN)));
    }
}

#[test]
fn a_trailer_goes_on_where_a_header_of_its_name_would() {
    let mut document = document();
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    let mut host = host();
    host.environment.insert("ADMIN_TOKEN".to_owned(), TOKEN.to_owned());
    let engine = engine(&host, &document);
    let trailers =
        [("x-sum", "1"), ("x-api-key", "sk-client"), ("x-note", TOKEN), ("x-llm-tag", "a")];
    let left = |head: &[(&str, &str)], body: &[u8]| {
        let (mut stream, _) = host.begin(&engine, head, false);
        host.piece(&mut stream, body, false);
        *host.request_trailers.borrow_mut() = trailers.into_iter().collect();
        host.trailers(&mut stream);
        host.request_trailers.borrow().iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    for body in [r#"{"model":"own"}"#, r#"{"model":"open"}"#] {
        assert_eq!(left(&head(&[]), body.as_bytes()), ["x-sum"], "{body}");
    }
    let mut embeddings = head(&[]);
    path(&mut embeddings, "/v1/embeddings");
    assert_eq!(left(&embeddings, br#"{"model":"own","input":"a"}"#), ["x-sum"], "gone on early");
    let mut other = head(&[]);
    path(&mut other, "/v1/files");
    assert_eq!(left(&other, b"anything"), ["x-sum", "x-api-key"]);
}

const UPGRADE: [(&str, &str); 2] =
    [("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];

fn realtime() -> Vec<(&'static str, &'static str)> {
    let mut head = vec![
        (":method", "GET"),
        (":path", "/v1/realtime?model=open"),
        (":authority", "proxy.test"),
    ];
    head.extend(UPGRADE);
    head
}

/// Lets frames pass both ways for as long as it likes to.
fn talk(host: &FakeHost, stream: &mut Stream) {
    for frame in 0..200 {
        host.now_ms.set(host.now_ms.get() + 20_000);
        let piece = vec![b'x'; frame];
        assert_eq!(host.piece(stream, &piece, false), Action::Continue, "{frame}");
        assert_eq!(host.refused(), None);
        assert_eq!(host.sent_body(), String::from_utf8(piece.clone()).unwrap(), "{frame}");
        host.passed.borrow_mut().clear();
        host.answer_piece(stream, &piece, false);
    }
}

#[test]
fn frames_pass_both_ways_and_are_one_attempt() {
    for details in
        ["downstream_remote_disconnect", "via_upstream", "upstream_reset_after_response_started{x}"]
    {
        let host = host();
        let engine = engine(&host, &document());
        let (mut stream, _) = host.begin(&engine, &realtime(), false);
        assert_eq!(host.sent(":path").as_deref(), Some("/v1/realtime?model=open-model"));
        host.begin_answer(&mut stream, 101, &UPGRADE, false);
        talk(&host, &mut stream);
        host.done(stream, Some(details));
        let record = host.shared.record("open");
        let total = &record.total;
        assert_eq!((total.attempts, total.successes, total.failures), (1, 1, 0), "{details}");
        assert_eq!(record.flight.count(host.now_ms.get()), 0);
    }
}

#[test]
fn frames_pass_both_ways_through_an_attempt() {
    let proxy = Proxy::new(json!({}));
    let mut sent = realtime();
    sent[1].1 = "/v1/realtime?model=m";
    let (mut stream, _) = proxy.host.begin(&proxy.router, &sent, false);
    let mut attempt = Stream::new(Rc::clone(&proxy.attempts));
    assert_eq!(proxy.host.head(&mut attempt, false), Action::Continue);
    assert_eq!(proxy.host.sent(":path").as_deref(), Some("/own/v1/realtime?model=model-a"));
    proxy.host.begin_answer(&mut attempt, 101, &UPGRADE, false);
    proxy.host.begin_answer(&mut stream, 101, &UPGRADE, false);
    for stream in [&mut stream, &mut attempt] {
        talk(&proxy.host, stream);
    }
    proxy.host.done(attempt, Some("via_upstream"));
    proxy.host.done(stream, Some("downstream_remote_disconnect"));
    let total = proxy.host.shared.record("a").total;
    assert_eq!((total.attempts, total.successes, total.failures), (1, 1, 0));
    assert_eq!(proxy.property("llm.attempts"), "a=101");
}

#[test]
fn nothing_else_is_upgraded_with_a_credential_of_the_proxys() {
    let host = host();
    let engine = engine(&host, &document());
    for (method, path, upgrade) in [
        ("POST", "/v1/chat/completions", "websocket"),
        ("POST", "/v1/responses", "WebSocket"),
        ("POST", "/v1/chat/completions", "anything"),
        ("GET", "/v1/realtime?model=own", "anything"),
    ] {
        let sent =
            [(":method", method), (":path", path), ("connection", "upgrade"), ("upgrade", upgrade)];
        host.begin(&engine, &sent, false);
        assert_eq!(host.refused().unwrap().0, 400, "{method} {path}");
        assert_eq!(host.sent("authorization"), None);
    }
    for (method, path) in
        [("GET", "/v1/responses"), ("POST", "/v1/realtime?model=own"), ("GET", "/x")]
    {
        let sent = [(":method", method), (":path", path), UPGRADE[0], UPGRADE[1]];
        host.begin(&engine, &sent, false);
        assert_eq!(host.refused(), None, "{path}");
        assert_eq!(host.sent("authorization"), None, "{path}");
        assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("default-cluster"));
    }
    // What is not upgraded has a body, and a session is opened without one.
    let sent = [(":method", "GET"), (":path", "/v1/realtime?model=own")];
    host.begin(&engine, &sent, false);
    assert_eq!(host.refused().unwrap().0, 400);
    assert_eq!(host.sent("authorization"), None);
    host.begin(&engine, &sent, true);
    assert_eq!(host.refused(), None);
    // Without `connection` it is no upgrade, and Envoy makes none.
    host.request(&engine, &head(&[("upgrade", "websocket")]), &[br#"{"model":"own"}"#]);
    assert_eq!(host.refused(), None);
}
