//! Requests on their way upstream.

use pointsman::lifecycle::Engine;
use serde_json::json;

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

#[test]
fn only_the_model_changes_in_the_body() {
    let host = host();
    let engine = engine(&host, &document());
    let body = "{ \"messages\" : [\n],\t\"model\":\"\\u006fpen\" , \"x\":\"\\ud800 é\" }";
    let wanted = "{ \"messages\" : [\n],\t\"model\":\"open-model\" , \"x\":\"\\ud800 é\" }";
    for size in [1, 2, 7, body.len()] {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        let length = body.len().to_string();
        host.request(&engine, &head(&[("content-length", &length)]), &pieces);
        assert_eq!(host.sent_body(), wanted, "in pieces of {size}");
        assert_eq!(host.sent("content-length"), Some(wanted.len().to_string()));
    }
}

#[test]
fn without_a_length_none_is_added() {
    let host = host();
    let engine = engine(&host, &document());
    host.request(&engine, &head(&[]), &[br#"{"model":"open"}"#]);
    assert_eq!(host.sent("content-length"), None);
    assert_eq!(host.sent_body(), r#"{"model":"open-model"}"#);
}

#[test]
fn a_model_of_another_object_stays_as_it_is() {
    let host = host();
    let engine = engine(&host, &document());
    host.request(&engine, &head(&[]), &[br#"{"a":{"model":"y"},"mod\u0065l":"open"}"#]);
    assert_eq!(host.sent_body(), r#"{"a":{"model":"y"},"mod\u0065l":"open-model"}"#);
}

#[test]
fn a_missing_model_is_inserted_first() {
    let host = host();
    let mut document = document();
    document["unknown_model"] = json!({"model": "open"});
    let engine = engine(&host, &document);
    for (body, wanted) in [
        (r#"{}"#, r#"{"model":"open-model"}"#),
        (r#" { "a":1}"#, r#" {"model":"open-model", "a":1}"#),
        (r#"{"model":null,"a":1}"#, r#"{"model":"open-model","a":1}"#),
    ] {
        host.request(&engine, &head(&[]), &[body.as_bytes()]);
        assert_eq!(host.sent_body(), wanted);
    }
}

#[test]
fn each_provider_gets_its_own_headers() {
    let host = host();
    let engine = engine(&host, &document());
    let client = [
        ("authorization", "Bearer client"),
        ("x-api-key", "client"),
        ("api-key", "client"),
        ("x-goog-api-key", "client"),
        ("openai-organization", "client"),
        ("openai-project", "client"),
        ("x-trace", "1"),
        ("x-org", "evil"),
        ("x-keep", "kept"),
    ];
    let mut head = head(&client);
    head[1].1 = "/v1/chat/completions?key=client&a=1";
    host.request(&engine, &head, &[br#"{"model":"own"}"#]);
    assert_eq!(host.sent("authorization").as_deref(), Some("Bearer sk-own"));
    for removed in ["x-api-key", "api-key", "x-goog-api-key", "x-trace", "openai-organization"] {
        assert_eq!(host.sent(removed), None, "{removed}");
    }
    assert_eq!(host.sent("openai-project"), None);
    assert_eq!(host.sent(":authority").as_deref(), Some("api.own.test"));
    assert_eq!(host.sent(":path").as_deref(), Some("/own/v1/chat/completions?a=1"));
    assert_eq!(host.sent("x-org").as_deref(), Some("acme"));
    assert_eq!(host.sent("x-keep").as_deref(), Some("kept"));
    assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("own-cluster"));
    assert_eq!(host.sent("x-llm-model").as_deref(), Some("own"));
}

/// Headers that make a provider use another account, or refuse the proxy's.
const OTHERS: [&str; 5] = [
    "ocp-apim-subscription-key",
    "openai-organization",
    "x-amz-security-token",
    "x-goog-user-project",
    // Anthropic answers 401 when a browser does not declare itself.
    "origin",
];

#[test]
fn no_header_of_the_client_gets_the_proxys_credential_refused() {
    let host = host();
    let engine = engine(&host, &document());
    let mut head = head(&OTHERS.map(|name| (name, "https://client.test")));
    head[1].1 = "/v1/chat/completions?access_token=c&a=1&api-key=c&$userProject=c&userproject=c\
                 &oauth_token=c&Subscription-Key=c&X-Amz-Signature=c&b=2&$k%65y=c";
    let [open, own] = ["open", "own"].map(|model| {
        let body = json!({"model": model}).to_string();
        host.request(&engine, &head, &[body.as_bytes()]);
        (OTHERS.map(|name| host.sent(name).is_some()), host.sent(":path").unwrap())
    });
    assert_eq!(own, ([false; 5], "/own/v1/chat/completions?a=1&b=2".to_owned()));
    // Without a credential of the proxy, the client may send them.
    assert_eq!(open, ([true; 5], head[1].1.to_owned()));
}

#[test]
fn without_a_credential_of_the_proxy_the_clients_own_goes_on() {
    let host = host();
    let engine = engine(&host, &document());
    let mut head = head(&[("authorization", "Bearer client"), ("x-api-key", "k")]);
    head[1].1 = "/v1/chat/completions?key=client";
    host.request(&engine, &head, &[br#"{"model":"open"}"#]);
    assert_eq!(host.sent("authorization").as_deref(), Some("Bearer client"));
    assert_eq!(host.sent("x-api-key").as_deref(), Some("k"));
    assert_eq!(host.sent(":path").as_deref(), Some("/v1/chat/completions?key=client"));
    assert_eq!(host.sent(":authority").as_deref(), Some("proxy.test"));
}

#[test]
fn internal_and_control_headers_never_go_on() {
    let host = host();
    let engine = engine(&host, &document());
    let forged = [
        ("x-llm-cluster", "evil"),
        ("x-llm-model", "evil"),
        ("x-llm-retry", "1"),
        ("x-llm-route", "evil"),
        ("x-llm-session", "s"),
        ("x-llm-fallback", "own"),
        ("x-llm-tag", "a"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-retry-grpc-on", "cancelled"),
        ("x-envoy-retriable-status-codes", "200"),
        ("x-envoy-hedge-on-per-try-timeout", "true"),
        ("x-envoy-max-retries", "9"),
    ];
    let routed = head(&forged);
    let mut other = head(&forged);
    other[1].1 = "/v1/files";
    for (head, cluster) in [(routed, "open-cluster"), (other, "default-cluster")] {
        host.request(&engine, &head, &[br#"{"model":"open"}"#]);
        for (name, _) in forged {
            let sent = host.sent(name);
            match name {
                "x-llm-cluster" => assert_eq!(sent.as_deref(), Some(cluster)),
                "x-llm-model" => assert_ne!(sent.as_deref(), Some("evil")),
                _ => assert_eq!(sent, None, "{name}"),
            }
        }
    }
}

#[test]
fn a_client_cannot_make_a_deployment_look_slow() {
    let host = host();
    let engine = engine(&host, &document());
    for name in [
        "x-envoy-upstream-rq-timeout-ms",
        "x-server-timeout",
        "grpc-timeout",
        "x-litellm-stream-timeout",
        "cf-aig-request-timeout",
        "x-request-deadline",
    ] {
        host.request(&engine, &head(&[(name, "1")]), &[br#"{"model":"open"}"#]);
        assert_eq!(host.sent(name), None, "{name}");
        // A request that the filter does not route records nothing.
        let mut other = head(&[(name, "1")]);
        other[1].1 = "/v1/files";
        host.request(&engine, &other, &[b"anything"]);
        assert_eq!(host.sent(name).as_deref(), Some("1"), "{name}");
    }
    let body = br#"{"model":"open","timeout":0.001,"messages":[]}"#;
    host.request(&engine, &head(&[]), &[body]);
    assert!(!host.sent_body().contains("timeout"));
}

#[test]
fn a_body_that_the_host_cannot_return_is_not_sent_on() {
    let host = host();
    let engine = engine(&host, &document());
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.body.borrow_mut().extend_from_slice(br#"{"model":"open"}"#);
    // The host claims to hold more than can be read.
    stream.on_request_body(&host, 100, true);
    assert_eq!(host.refused().unwrap().0, 500);
}

#[test]
fn overrides_replace_merge_insert_and_remove() {
    let host = host();
    let mut document = document();
    document["deployments"]["open"]["request_overrides"] = json!({
        "temperature": 0.5, "user": null, "metadata": {"team": "proxy", "drop": null}, "extra": {"a": 1},
    });
    document["models"]["open"]["candidates"] = json!([{"deployment": "open", "request_overrides": {"temperature": 1, "metadata": {"via": "m"}}}]);
    let engine = engine(&host, &document);
    let body =
        r#"{"user":"u","temperature":2,"model":"open","metadata":{"team":"x","n":1.0,"drop":1}}"#;
    host.request(&engine, &head(&[]), &[body.as_bytes()]);
    let sent: serde_json::Value = serde_json::from_str(&host.sent_body()).unwrap();
    assert_eq!(
        sent,
        json!({"extra": {"a": 1}, "temperature": 1, "model": "open-model",
               "metadata": {"team": "proxy", "n": 1.0, "via": "m"}})
    );
    assert!(host.sent_body().contains("\"n\":1.0"), "members that stay keep their bytes");
}

#[test]
fn defaults_fill_in_what_the_client_has_not_sent() {
    let host = host();
    let mut document = document();
    document["deployments"]["open"]["request_defaults"] =
        json!({"temperature": 0.5, "max_tokens": 9, "metadata": {"team": "proxy"}, "seed": 1});
    document["models"]["open"]["candidates"] =
        json!([{"deployment": "open", "request_overrides": {"seed": null}}]);
    let engine = engine(&host, &document);
    for (members, wanted) in [
        ("", json!({"temperature": 0.5, "max_tokens": 9, "metadata": {"team": "proxy"}})),
        (
            r#", "temperature": null, "metadata": {"a": 1}, "seed": 5"#,
            json!({"temperature": null, "max_tokens": 9, "metadata": {"a": 1}}),
        ),
        // Two names of one setting would be refused.
        (
            r#", "max_completion_tokens": 3, "metadata": 1, "temperature": 1"#,
            json!({"temperature": 1, "max_completion_tokens": 3, "metadata": 1}),
        ),
    ] {
        let body = format!(r#"{{"model":"open"{members}}}"#);
        host.request(&engine, &head(&[]), &[body.as_bytes()]);
        let mut sent: serde_json::Value = serde_json::from_str(&host.sent_body()).unwrap();
        assert_eq!(sent["model"].take(), "open-model");
        sent.as_object_mut().unwrap().remove("model");
        assert_eq!(sent, wanted, "{body}");
    }
    // A provider refuses settings of an answer in a request that only counts.
    let mut counting = head(&[]);
    counting[1].1 = "/v1/responses/input_tokens";
    host.request(&engine, &counting, &[br#"{"model":"open"}"#]);
    assert_eq!(host.sent_body(), r#"{"model":"open-model"}"#);
}

#[test]
fn a_default_takes_the_place_of_what_the_client_may_not_choose() {
    let host = host();
    let mut document = document();
    document["deployments"]["own"]["request_defaults"] = json!({"models": ["ours"]});
    host.request(&engine(&host, &document), &head(&[]), &[br#"{"model":"own","models":["a"]}"#]);
    assert_eq!(host.sent_body(), r#"{"models":["ours"],"model":"own-model"}"#);
}

#[test]
fn the_cache_switch_tells_caches_to_keep_out() {
    let host = host();
    let mut document = document();
    document["routes"] =
        json!([{"name": "r", "then": {"target_model": "open", "disable_cache": true}}]);
    let engine = engine(&host, &document);
    host.request(&engine, &head(&[("cache-control", "max-age=60")]), &[br#"{"model":"own"}"#]);
    assert_eq!(host.sent("cache-control").as_deref(), Some("no-cache, no-store"));
}

#[test]
fn refusals_speak_the_clients_dialect() {
    let host = host();
    let engine = engine(&host, &document());
    host.request(&engine, &head(&[]), &[br#"{"model":"nope"}"#]);
    let (status, body) = host.refused().unwrap();
    assert_eq!(status, 404);
    assert!(body.contains(r#""code":"model_not_found""#), "{body}");
    let mut head = head(&[]);
    head[1].1 = "/v1/messages";
    host.request(&engine, &head, &[br#"{"model":"nope"}"#]);
    let (_, body) = host.refused().unwrap();
    assert!(body.contains(r#""type":"not_found_error""#), "{body}");
}

#[test]
fn a_bad_body_is_refused_at_its_first_bad_byte() {
    let host = host();
    let engine = engine(&host, &document());
    host.request(&engine, &head(&[]), &[b"{\"model\" 1", b"never read"]);
    assert_eq!(host.refused().unwrap().0, 400);
    assert_eq!(host.body.borrow().len(), 10);
}

#[test]
fn a_body_that_grows_past_the_limit_is_refused_while_it_arrives() {
    let host = host();
    let mut document = document();
    document["limits"] = json!({"max_body_bytes": 20});
    let engine = engine(&host, &document);
    host.request(
        &engine,
        &head(&[]),
        &[br#"{"model":"open","#, b"\"a\":\"aaaaaaaa", b"never read"],
    );
    assert_eq!(host.refused().unwrap().0, 413);
}

#[test]
fn trailers_end_a_body() {
    let host = host();
    let engine = engine(&host, &document());
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.body.borrow_mut().extend_from_slice(br#"{"model":"open"}"#);
    stream.on_request_body(&host, 16, false);
    stream.on_request_trailers(&host);
    assert_eq!(host.sent_body(), r#"{"model":"open-model"}"#);
}

#[test]
fn a_missing_credential_refuses_the_configuration() {
    let host = FakeHost::default();
    let problem = Engine::start(&host, document().to_string().as_bytes()).unwrap_err();
    assert!(
        problem.starts_with("providers.own.credential.env: environment variable \"OWN_KEY\""),
        "{problem}"
    );
    let mut host = FakeHost::default();
    host.environment.insert("OWN_KEY".to_owned(), "sk-own\n".to_owned());
    let problem = Engine::start(&host, document().to_string().as_bytes()).unwrap_err();
    assert!(problem.contains("control character") && !problem.contains("sk-own"), "{problem}");
}

#[test]
fn a_name_from_a_client_cannot_start_another_header() {
    let host = host();
    let mut document = document();
    document["allow_direct"] = json!(true);
    let engine = engine(&host, &document);
    let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"open:a\r\nx-evil: 1"}"#]);
    host.respond(&mut stream, 200, &[]);
    assert_eq!(host.sent("x-llm-model").as_deref(), Some("open:a%0D%0Ax-evil: 1"));
    assert_eq!(host.received("x-llm-deployment").as_deref(), Some("open:a%0D%0Ax-evil: 1"));
    assert_eq!(host.sent_body(), r#"{"model":"a\r\nx-evil: 1"}"#);
}
