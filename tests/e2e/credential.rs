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

#[test]
fn no_credential_of_the_proxy_reaches_a_client() {
    let reply = ask(&OPEN).model("keyed").header("x-mock-body", "{}").send();
    for (name, value) in &reply.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("sk-alpha"), "{name}: {value}");
    }
}
