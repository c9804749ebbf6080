//! Whose credential a provider gets, and which authority the request names.

use crate::group::OPEN;
use crate::harness::{AUTHORITY, Ask, ask};

const CLIENTS: [(&str, &str); 4] = [
    ("authorization", "Bearer of-the-client"),
    ("x-api-key", "of-the-client"),
    ("api-key", "of-the-client"),
    ("x-goog-api-key", "of-the-client"),
];

fn with_all_credentials(path: &str) -> Ask<'static> {
    CLIENTS.iter().fold(ask(&OPEN), |asked, (name, value)| asked.header(name, value)).path(path)
}

#[test]
fn with_a_credential_the_clients_own_are_removed() {
    for (query, want) in [
        ("", ""),
        ("?key=of-the-client", ""),
        ("?key=of-the-client&x=1", "?x=1"),
        ("?x=1&key=of-the-client&monkey=2", "?x=1&monkey=2"),
    ] {
        let path = format!("/v1/chat/completions{query}");
        let reply = with_all_credentials(&path).model("keyed").send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!(provider, "alpha");
        assert_eq!(seen.header("authorization"), Some("Bearer sk-alpha"));
        for (name, _) in &CLIENTS[1..] {
            assert_eq!(seen.header(name), None, "{name}");
        }
        assert_eq!(seen.path, format!("/prefix/v1/chat/completions{want}"));
    }
}

#[test]
fn a_credential_goes_into_the_header_the_provider_wants() {
    let reply =
        with_all_credentials("/v1/messages").header("x-drop-me", "1").model("claude").send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!(provider, "gamma");
    assert_eq!(seen.header("x-api-key"), Some("sk-gamma"));
    for name in ["authorization", "api-key", "x-goog-api-key", "x-drop-me"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
}

/// In more places than a header that is made for them.
#[test]
fn credentials_go_wherever_they_stand() {
    let carriers = [
        ("cookie", "session=of-the-client"),
        ("proxy-authorization", "Basic of-the-client"),
        ("x-amz-security-token", "of-the-client"),
        ("cf-aig-authorization", "Bearer of-the-client"),
        ("helicone-auth", "Bearer of-the-client"),
        ("x-portkey-api-key", "of-the-client"),
        ("x-any-gateway-token", "of-the-client"),
        ("openai-organization", "of-the-client"),
        ("sec-websocket-protocol", "realtime, openai-insecure-api-key.of-the-client"),
    ];
    let query = "?token=of-the-client&api_key=of-the-client&X-Amz-Signature=of-the-client&x=1";
    let path = format!("/v1/chat/completions{query}");
    let asked = |model| {
        let asked = ask(&OPEN).path(&path).model(model).header("helicone-target-url", "evil");
        carriers.iter().fold(asked, |asked, (name, value)| asked.header(name, value)).send()
    };
    let reply = asked("keyed");
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.path, "/prefix/v1/chat/completions?x=1");
    for (name, value) in &seen.headers {
        assert!(!value.contains("of-the-client"), "{name}: {value}");
    }
    assert_eq!(seen.header("sec-websocket-protocol"), Some("realtime"));
    assert_eq!(seen.header("helicone-target-url"), None);
    let reply = asked("plain");
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.path, path);
    for (name, value) in carriers {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    assert_eq!(seen.header("helicone-target-url"), None, "another place to serve the model");
}

#[test]
fn no_other_model_is_named_beside_the_one_that_serves() {
    let body = r#"{"models":["o1-pro"],"model":"keyed","route":"fallback","messages":[],"fallbacks":["o1-pro"]}"#;
    let reply = ask(&OPEN).path("/v1/chat/completions?model=o1-pro").body(body).send();
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.text(), r#"{"model":"up-a1","messages":[]}"#);
    assert_eq!(seen.path, "/prefix/v1/chat/completions");
}

#[test]
fn without_a_credential_the_clients_own_are_kept() {
    let path = "/v1/chat/completions?key=of-the-client&x=1";
    let reply = with_all_credentials(path).model("plain").send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!(provider, "beta");
    for (name, value) in CLIENTS {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    assert_eq!(seen.path, path);
}

#[test]
fn the_authority_is_the_providers_if_it_has_one() {
    let reply = ask(&OPEN).model("keyed").send();
    assert_eq!(reply.served_by_one().1.authority, "alpha.example");
    let reply = ask(&OPEN).model("plain").send();
    assert_eq!(reply.served_by_one().1.authority, AUTHORITY);
}

/// Servers may take trailers for headers. HTTP/2 brings them to a provider.
#[test]
fn no_credential_reaches_a_provider_in_a_trailer() {
    for pieces in [vec![r#"{"model":"http2"}"#], vec![r#"{"model":"#, r#""http2"}"#]] {
        let reply = ask(&OPEN)
            .http2()
            .pieces(pieces)
            .trailer("x-sum", "1")
            .trailer("authorization", "Bearer of-the-client")
            .trailer("x-http-method-override", "DELETE")
            .send();
        let (_, seen) = reply.served_by_one();
        assert_eq!(seen.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    }
    OPEN.assert_serves("plain");
}

#[test]
fn no_credential_of_the_proxy_reaches_a_client() {
    let reply = ask(&OPEN).model("keyed").header("x-mock-body", "{}").send();
    for (name, value) in &reply.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("sk-alpha"), "{name}: {value}");
    }
}
