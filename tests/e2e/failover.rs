//! Failures after which another deployment serves the same request.

mod bad_answers;
mod boundary;
mod clients;
mod commit;
mod draw;
mod early;
mod faults;
mod held;
mod hostless;
mod matrix;
mod random;
mod rows;
mod strip;
mod timeouts;
mod tls;
mod translated;
mod ways;

use std::sync::LazyLock;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Group, Reply, Spec, ask};

/// `alpha` and `gamma` have credentials of the proxy; `beta` takes the client's.
pub(crate) fn document() -> Value {
    let deployment = |provider: &str, model: &str| json!({"provider": provider, "model": model});
    json!({
        "providers": {
            "alpha": {"cluster": "alpha", "authority": "api.alpha.test", "path_prefix": "/alpha",
                      "credential": {"env": "ALPHA_KEY"}, "headers": {"x-alpha": "1"}},
            "beta": {"cluster": "beta", "authority": "api.beta.test"},
            "gamma": {"cluster": "gamma",
                      "credential": {"env": "GAMMA_KEY", "header": "x-api-key", "prefix": ""}},
            "closed": {"cluster": "closed"}
        },
        "deployments": {
            "a": deployment("alpha", "model-a"), "b": deployment("beta", "model-b"),
            "c": deployment("gamma", "model-c"), "none": deployment("closed", "model-none"),
            "large": deployment("gamma", "model-large")
        },
        "models": {
            "ab": {"candidates": ["a", "b"]},
            "abc": {"candidates": ["a", "b", "c"]},
            "down": {"candidates": ["none", "b"]},
            "all-down": {"candidates": ["none"]},
            "limited-then-down": {"candidates": ["a", "none"]},
            "fitting": {"candidates": ["a", "b"], "fallbacks": {"context_window": ["large"]}},
            "large": {"candidates": ["large"]}
        },
        "failover": {"max_attempts": 3},
        "cooldown": {"enabled": false},
        "default_cluster": "site"
    })
}

static GROUP: LazyLock<Group> = LazyLock::new(|| Group::start(&Spec::failing_over(document())));

/// Returns the text of a whole answer, in whichever dialect it is written.
#[track_caller]
fn text_of(body: &[u8], is_stream: bool) -> String {
    let body = str::from_utf8(body).unwrap();
    let text = |value: &Value, paths: [&str; 3]| {
        let mut texts = paths.iter().filter_map(|path| value.pointer(path)?.as_str());
        texts.next().unwrap_or_default().to_owned()
    };
    if !is_stream {
        let answer = serde_json::from_str(body).unwrap();
        return text(&answer, ["/choices/0/message/content", "/choices/0/text", "/content/0/text"]);
    }
    let events = body.split_terminator("\n\n").map(|event| {
        event.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event with data")
    });
    let mut events: Vec<&str> = events.collect();
    let last = events.pop().expect("an event");
    assert!(last == "[DONE]" || last.contains("message_stop"), "{body}");
    let word = |event| {
        let event = serde_json::from_str(event).unwrap();
        text(&event, ["/choices/0/delta/content", "/choices/0/text", "/delta/text"])
    };
    events.into_iter().map(word).collect()
}

fn hash_of(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks which providers were asked, in order, and what the client is told about it.
#[track_caller]
fn assert_went(reply: &Reply, providers: &[&str], attempts: &str) {
    let asked: Vec<&str> = reply.seen.iter().map(|(name, _)| *name).collect();
    assert_eq!(asked, providers);
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts));
    assert_eq!(reply.header("x-llm-retry"), None);
    GROUP.assert_no_trap();
}

#[test]
fn a_healthy_first_provider_serves() {
    let reply = ask(&GROUP).model("ab").header("authorization", "Bearer sk-client").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["alpha"], "a=200");
    let seen = &reply.seen[0].1;
    assert_eq!(seen.upstream_model.as_deref(), Some("model-a"));
    assert_eq!(seen.header("authorization"), Some("Bearer sk-alpha"));
    assert_eq!(seen.path, "/alpha/v1/chat/completions");
    assert_eq!(reply.header("x-llm-deployment"), Some("a"));
}

#[test]
fn a_failing_provider_is_followed_by_the_next() {
    for status in ["500", "503", "529", "429", "401", "402", "408"] {
        let reply = ask(&GROUP)
            .model("ab")
            .header("authorization", "Bearer sk-client")
            .header("x-mock-only", "alpha")
            .header("x-mock-status", status)
            .send();
        assert_eq!(reply.status, 200, "{status}");
        assert_went(&reply, &["alpha", "beta"], &format!("a={status},b=200"));
        let [(_, first), (_, second)] = reply.seen.as_slice() else { panic!("two were asked") };
        assert_eq!(first.header("authorization"), Some("Bearer sk-alpha"));
        // Nothing of the first attempt is in the second one.
        assert_eq!(second.header("authorization"), Some("Bearer sk-client"));
        assert_eq!(second.header("x-alpha"), None);
        assert_eq!(second.path, "/v1/chat/completions");
        assert_eq!(second.upstream_model.as_deref(), Some("model-b"));
        assert_eq!(reply.header("x-llm-deployment"), Some("b"));
    }
}

/// Envoy's rate limit filter marks its answers so, and Envoy tries none again that has the mark.
#[test]
fn a_provider_that_its_own_envoy_limits_is_followed_by_the_next() {
    for status in ["429", "500", "503"] {
        let reply = ask(&GROUP)
            .model("ab")
            .header("x-mock-only", "alpha")
            .header("x-mock-status", status)
            .header("x-mock-header", "x-envoy-ratelimited: true")
            .send();
        assert_eq!(reply.status, 200, "{status}");
        assert_went(&reply, &["alpha", "beta"], &format!("a={status},b=200"));
    }
}

#[test]
fn a_refused_connection_is_followed_by_the_next() {
    let reply = ask(&GROUP).model("down").send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["beta"], "none=network,b=200");
}

#[test]
fn when_no_deployment_is_left_the_client_gets_the_last_answer() {
    let reply = ask(&GROUP).model("all-down").send();
    assert_eq!(reply.refused(503)["error"]["code"], "no_deployment_available");
    assert_went(&reply, &[], "none=network");
    let reply = ask(&GROUP).model("abc").header("x-mock-status", "503").send();
    assert_eq!(reply.status, 503);
    assert_went(&reply, &["alpha", "beta", "gamma"], "a=503,b=503,c=503");
}

#[test]
fn a_rate_limit_is_reported_rather_than_an_unreachable_provider() {
    let reply = ask(&GROUP)
        .model("limited-then-down")
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "429")
        .header("x-mock-retry-after", "7")
        .send();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.json()["error"]["code"], "rate_limited");
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_went(&reply, &["alpha"], "a=429,none=network");
}

#[test]
fn a_clients_mistake_is_not_tried_again() {
    let reply = ask(&GROUP).model("ab").header("x-mock-status", "400").send();
    assert_eq!(reply.status, 400);
    assert_went(&reply, &["alpha"], "a=400");
}

#[test]
fn a_prompt_that_does_not_fit_goes_to_a_larger_window() {
    let reply = ask(&GROUP)
        .model("fitting")
        .header("x-mock-only", "alpha")
        .header("x-mock-refusal", "context-length")
        .send();
    assert_eq!(reply.status, 200);
    assert_went(&reply, &["alpha", "gamma"], "a=400,large=200");
}

#[test]
fn streams_fail_over_before_their_first_byte() {
    let mut body = crate::harness::chat("ab", "Hello");
    body["stream"] = true.into();
    let reply = ask(&GROUP)
        .json(&body)
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "503")
        .send();
    assert_eq!(reply.status, 200);
    let text = String::from_utf8_lossy(reply.body.as_deref().unwrap()).into_owned();
    assert!(text.contains("data: [DONE]"), "{text}");
    assert_went(&reply, &["alpha", "beta"], "a=503,b=200");
}

#[test]
fn a_client_that_sends_nonsense_fails_no_deployment() {
    // A single failure would cool a deployment.
    let document = {
        let mut document = document();
        document["cooldown"] = json!({"consecutive_failures": 1, "when_all_cooling": "reject"});
        document["models"]["alone"] = json!({"candidates": ["a"]});
        document
    };
    let group = Group::start(&Spec::failing_over(document));
    for _ in 0..3 {
        let filler = vec![b' '; 256 * 1024];
        let beginning = br#"{"model":"alone","messages":[]"#.to_vec();
        let reply = ask(&group).pieces([beginning, filler, b"}}".to_vec()]).send();
        assert_eq!(reply.status, 400);
    }
    let reply = ask(&group).model("alone").send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("a=200"));
    group.assert_no_trap();
}

#[test]
fn a_request_that_the_filter_does_not_route_is_sent_once() {
    let failing = [("x-mock-reset", "before-headers"), ("x-mock-header", "x-llm-retry: 1")];
    for (name, value) in failing {
        let reply = ask(&GROUP).path("/v1/files").header(name, value).body("anything").send();
        let (provider, seen) = reply.reached_one();
        assert_eq!((provider, seen.text().as_str()), ("site", "anything"), "{name}");
        assert_eq!(seen.header("x-envoy-max-retries"), None);
    }
}
