//! A buffer filter that holds heads, where this filter lacks the flag that would let it hold them.
//! Istio's `WasmPlugin` and Envoy before 1.35 are like that.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{Ask, Group, Reply, Spec, ask, chat};

pub(crate) const CLIENT: &str = "Bearer sk-client";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"a": {"provider": "alpha", "model": "model-a"},
                        "b": {"provider": "beta", "model": "model-b"},
                        "g": {"provider": "beta", "model": "gemini-b"}},
        "models": {"m": {"candidates": ["a"]}, "n": {"candidates": ["b"]},
                   "gemini-b": {"candidates": ["g"]}, "picture": {"candidates": ["b"]}},
        "routes": [{"name": "pictures", "when": {"has_images": true, "model_in": ["m"]},
                    "then": {"target_model": "picture"}}],
        "cooldown": {"enabled": false},
        "limits": {"max_body_bytes": 2_097_152},
        "default_cluster": "site",
        "hold": "buffer_filter"
    })
});

/// Only the buffer filter follows the filter, and providers take requests as the client sent them.
static BARE: LazyLock<Group> = LazyLock::new(|| {
    Group::start(&Spec { has_holding_filter: true, ..Spec::new(DOCUMENT.clone()) })
});

pub(crate) fn with(failover: Value) -> Group {
    let mut document = crate::failover::document();
    document["failover"] = failover;
    document["hold"] = "buffer_filter".into();
    Group::start(&Spec { has_holding_filter: true, ..Spec::failing_over(document) })
}

static ONE_ATTEMPT: LazyLock<Group> = LazyLock::new(|| with(json!({"attempt_filter": true})));

pub(crate) fn with_credential(group: &Group) -> Ask<'_> {
    ask(group).header("authorization", CLIENT)
}

/// Checks which providers were asked, in order, and what the client is told about it.
#[track_caller]
pub(crate) fn assert_went(group: &Group, reply: &Reply, providers: &[&str], attempts: &str) {
    let asked: Vec<&str> = reply.seen.iter().map(|(name, _)| *name).collect();
    assert_eq!(asked, providers);
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts));
    assert_eq!(reply.header("x-llm-retry"), None);
    group.assert_no_trap();
}

#[test]
fn a_request_is_routed_and_rewritten_while_its_head_is_held() {
    let reply = with_credential(&BARE).header("x-llm-tag", "a").model("m").send();
    assert_eq!(reply.served(), ("alpha", "model-a"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some(CLIENT));
    assert_eq!(seen.header("content-length"), Some(seen.text().len().to_string().as_str()));
    for name in ["x-llm-tag", "x-llm-cluster", "x-llm-model"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(reply.header("x-llm-deployment"), Some("a"));
    assert_eq!(reply.header("x-llm-attempts"), Some("a=200"));
    assert_eq!(ask(&BARE).model("n").send().served(), ("beta", "model-b"));
    let picture = json!([{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]);
    let reply = ask(&BARE).json(&chat("m", picture)).send();
    assert_eq!(reply.served(), ("beta", "model-b"));
    BARE.assert_no_trap();
}

#[test]
fn bodies_in_pieces_of_any_length_are_held() {
    let body = chat("n", "word ".repeat(200_000)).to_string();
    let want = body.replace("\"model\":\"n\"", "\"model\":\"model-b\"");
    for is_http2 in [false, true] {
        for size in [1000, 64 * 1024] {
            let pieces: Vec<Vec<u8>> = body.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
            for has_trailer in [false, true] {
                let mut asked = ask(&BARE).pieces(pieces.clone());
                if is_http2 {
                    asked = asked.http2();
                }
                if has_trailer {
                    asked = asked.trailer("x-sum", "1");
                }
                let reply = asked.send();
                assert!(reply.served_by_one().1.text() == want, "{size} {is_http2} {has_trailer}");
            }
        }
    }
    BARE.assert_no_trap();
}

#[test]
fn without_a_buffer_filter_after_it_requests_reach_no_provider() {
    let mut spec = Spec::failing_over(DOCUMENT.clone());
    spec.document["failover"] = json!({"attempt_filter": true});
    let buffer = json!({"name": "envoy.filters.http.buffer", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
        "max_request_bytes": 2_097_152}});
    for filters_before in [vec![], vec![buffer]] {
        let group = Group::start(&Spec { filters_before, ..spec.clone() });
        let reply = ask(&group).model("m").send();
        assert_eq!(reply.status, 503);
        assert!(reply.seen.is_empty(), "{:?}", reply.seen);
        group.assert_no_trap();
    }
}

#[test]
fn refusals_are_answered_and_reach_no_provider() {
    ask(&BARE).model("nil").send().refused(404);
    ask(&BARE).body("{").send().refused(400);
    ask(&BARE).body("").send().refused(400);
    ask(&BARE).http2().body("{]").send().refused(400);
    ask(&BARE).json(&chat("m", "x".repeat(2_200_000))).send().refused(413);
    BARE.assert_serves("m");
}

#[test]
fn a_path_is_sent_in_its_plain_form_and_not_under_another_model() {
    let reply = ask(&BARE).path("/v1//chat/../chat/completions").model("m").send();
    assert_eq!(reply.served_by_one().1.path, "/v1/chat/completions");
    let generate = |model: &str| {
        ask(&BARE)
            .path(&format!("/v1beta/models/{model}:generateContent"))
            .json(&json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}))
            .send()
    };
    assert_eq!(generate("gemini-b").served_by_one().0, "beta");
    generate("n").refused(501);
    BARE.assert_no_trap();
}

#[test]
fn a_request_that_the_filter_does_not_route_goes_to_the_default_cluster() {
    for group in [&*BARE, &*ONE_ATTEMPT] {
        let reply = with_credential(group).path("/v1/files").body("anything").send();
        let (provider, seen) = reply.reached_one();
        assert_eq!((provider, seen.text().as_str()), ("site", "anything"));
        assert_eq!(seen.header("authorization"), Some(CLIENT));
        group.assert_no_trap();
    }
}

#[test]
fn answers_stream_through() {
    let mut body = chat("m", "Hello");
    body["stream"] = true.into();
    let reply = ask(&BARE).json(&body).send();
    let text = String::from_utf8_lossy(reply.body.as_deref().unwrap()).into_owned();
    assert!(text.contains("data: [DONE]"), "{text}");
}

#[test]
fn an_attempt_has_the_credential_of_its_provider_and_no_other() {
    let group = &*ONE_ATTEMPT;
    let body = chat("abc", "Hello");
    let reply = with_credential(group).json(&body).send();
    assert_eq!(reply.status, 200);
    assert_went(group, &reply, &["alpha"], "a=200");
    let seen = &reply.seen[0].1;
    assert_eq!(seen.header("authorization"), Some("Bearer sk-alpha"));
    assert_eq!(seen.path, "/alpha/v1/chat/completions");
    assert_eq!(seen.header("x-alpha"), Some("1"));
    assert_eq!(seen.upstream_model.as_deref(), Some("model-a"));
    // The client announced no length, so this is the length of what is sent.
    let text = body.to_string();
    let reply = with_credential(group).pieces([text]).trailer("x-sum", "1").send();
    assert_eq!(reply.seen[0].1.upstream_model.as_deref(), Some("model-a"));
    group.assert_no_trap();
}

#[test]
fn without_retries_the_client_gets_the_failure() {
    let reply = ask(&ONE_ATTEMPT)
        .model("ab")
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "503")
        .send();
    assert_eq!(reply.status, 503);
    assert_went(&ONE_ATTEMPT, &reply, &["alpha"], "a=503");
    ask(&ONE_ATTEMPT).model("nil").send().refused(404);
}
