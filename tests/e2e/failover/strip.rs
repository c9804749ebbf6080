//! With `on_boundary: strip`, what one account has encrypted or signed is left out for another, byte
//! by byte as documented, and never reaches it.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::{Group, Reply, Spec, ask};

use super::boundary::document;
use super::hash_of;

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let failover = json!({"max_attempts": 4, "on_boundary": "strip"});
    Group::start(&Spec::failing_over(document("model-of-a", &failover)))
});

/// A request as its client sends it, and as another account gets it. `%` is the model.
struct Example {
    path: &'static str,
    with: String,
    without: String,
    /// What the provider says that cannot read its state.
    foreign: &'static str,
}

fn examples() -> Vec<Example> {
    let messages = |blocks: &str| {
        format!(
            r#"{{"model": "%", "max_tokens": 9,
  "messages": [{{"role": "user", "content": "Hello"}}, {{"role": "assistant", "content": [ {blocks} ]}}, {{"role": "user", "content": "Go on"}}]}}"#
        )
    };
    let chat = |signature: &str| {
        format!(
            r#"{{"messages":[{{"role":"user","content":"Hello"}},{{"role":"assistant","tool_calls":[{{"id":"i","type":"function","function":{{"name":"f","arguments":"{{}}"}},"extra_content":{{"google":{{"thought_signature":"{signature}"}}}}}}]}},{{"role":"tool","tool_call_id":"i","content":"1"}}],"model":"%"}}"#
        )
    };
    vec![
        Example {
            path: "/v1/messages",
            with: messages(
                r#"{"type": "thinking", "thinking": "t", "signature": "SECRET"} , {"type": "redacted_thinking", "data": "SECRET"},{"type": "text", "text": "Hi"}, {"signature": "SECRET\u0041", "type": "thinking"}"#,
            ),
            without: messages(r#" {"type": "text", "text": "Hi"}"#),
            foreign: r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#,
        },
        Example {
            path: "/v1/responses",
            with: r#"{"model":"%","input":[{"role":"user","content":"Hello"},{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"SECRET"},{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"1"}]}"#.to_owned(),
            without: r#"{"model":"%","input":[{"role":"user","content":"Hello"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"1"}]}"#.to_owned(),
            foreign: r#"{"error":{"message":"The encrypted content gAAA could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}"#,
        },
        Example {
            path: "/v1/chat/completions",
            with: chat("SECRET"),
            without: chat("skip_thought_signature_validator"),
            foreign: r#"{"error":{"code":400,"message":"Corrupted thought signature.","status":"INVALID_ARGUMENT"}}"#,
        },
    ]
}

/// Sends a request for a model, and has alpha fail as the headers say.
fn sent(example: &Example, model: &str, mock: &[(&str, &str)]) -> Reply {
    let body = example.with.replace('%', model);
    let mut ask = ask(&GROUP).path(example.path).body(body).header("x-mock-only", "alpha");
    for (name, value) in mock {
        ask = ask.header(name, value);
    }
    ask.send()
}

/// Checks that these providers were asked, each with exactly that body.
#[track_caller]
fn assert_got(reply: &Reply, wanted: &[(&str, &str, &str)]) {
    let seen: Vec<_> = reply.seen.iter().map(|(name, seen)| (*name, &seen.body_sha256)).collect();
    let bodies: Vec<_> = wanted
        .iter()
        .map(|(name, body, model)| (*name, hash_of(body.replace('%', model).as_bytes())))
        .collect();
    assert_eq!(seen, bodies.iter().map(|(name, hash)| (*name, hash)).collect::<Vec<_>>());
    for (_, seen) in &reply.seen {
        assert!(seen.is_complete);
        assert_eq!(seen.header("content-length"), Some(&*seen.body_bytes.to_string()));
    }
}

#[test]
fn the_second_provider_gets_it_without_what_the_first_has_made() {
    for example in examples() {
        let Example { path, with, without, .. } = &example;
        for mock in [
            &[("x-mock-status", "503")][..],
            &[("x-mock-status", "429")],
            &[("x-mock-reset", "before-headers")],
        ] {
            let reply = sent(&example, "apart", mock);
            assert_eq!(reply.status, 200, "{path} {mock:?}: {:?}", reply.body);
            assert_got(&reply, &[("alpha", with, "model-of-a"), ("beta", without, "b")]);
            assert_eq!(reply.header("x-llm-deployment"), Some("b"), "{path}");
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_provider_that_says_it_cannot_read_it_is_followed_as_well() {
    for example in examples() {
        let Example { path, with, without, foreign } = &example;
        let reply = sent(&example, "apart", &[("x-mock-status", "400"), ("x-mock-body", foreign)]);
        assert_eq!(reply.status, 200, "{path}: {:?}", reply.body);
        assert_got(&reply, &[("alpha", with, "model-of-a"), ("beta", without, "b")]);
        // Another account of the boundary would say the same.
        let reply =
            sent(&example, "together", &[("x-mock-status", "400"), ("x-mock-body", foreign)]);
        assert_eq!(reply.status, 400, "{path}");
        assert_got(&reply, &[("alpha", with, "model-of-a")]);
    }
    GROUP.assert_no_trap();
}

#[test]
fn accounts_of_one_boundary_get_it_whole() {
    for example in examples() {
        let Example { with, .. } = &example;
        let reply = sent(&example, "together", &[("x-mock-status", "503")]);
        assert_eq!(reply.status, 200);
        assert_got(&reply, &[("alpha", with, "model-of-a"), ("beta", with, "b")]);
    }
    GROUP.assert_no_trap();
}

#[test]
fn what_cannot_be_left_out_goes_nowhere_else() {
    let thought = json!({"type": "thinking", "thinking": "t", "signature": "SECRET"});
    let call = json!({"type": "tool_use", "id": "u", "name": "f", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "u", "content": "1"});
    for (path, body) in [
        (
            "/v1/messages",
            json!({"max_tokens": 9, "messages": [
                {"role": "assistant", "content": [thought, call]},
                {"role": "user", "content": [result]}
            ]}),
        ),
        (
            "/v1/responses",
            json!({"input": [{"type": "compaction", "encrypted_content": "SECRET"},
                             {"role": "user", "content": "Go on"}]}),
        ),
        (
            "/v1/responses",
            json!({"previous_response_id": "resp_1", "input": [
                {"type": "reasoning", "summary": [], "encrypted_content": "SECRET"},
                {"role": "user", "content": "Go on"}
            ]}),
        ),
    ] {
        let mut body = body.clone();
        body["model"] = "apart".into();
        let ask = ask(&GROUP).path(path).json(&body);
        let reply = ask.header("x-mock-only", "alpha").header("x-mock-status", "503").send();
        let asked: Vec<_> = reply.seen.iter().map(|(name, _)| *name).collect();
        assert_eq!((reply.status.as_u16(), asked), (503, vec!["alpha"]), "{path} {body}");
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_long_conversation_is_left_without_each_of_its_thoughts() {
    let turn = |with: bool, at: usize| {
        let text = format!(r#"{{"type":"text","text":"{}"}}"#, "word ".repeat(at % 700));
        let thought = r#"{"type":"thinking","thinking":"t","signature":"SECRET"},"#;
        let thought = if with { thought } else { "" };
        format!(
            r#"{{"role":"assistant","content":[{thought}{text}]}},{{"role":"user","content":"{at}"}}"#
        )
    };
    let body = |with: bool| {
        let turns: Vec<String> = (0..600).map(|at| turn(with, at)).collect();
        format!(r#"{{"messages":[{}],"max_tokens":9,"model":"%"}}"#, turns.join(","))
    };
    let (with, without) = (body(true), body(false));
    assert!(with.len() > 512 * 1024, "more than a window of the module");
    let example = Example { path: "/v1/messages", with, without, foreign: "" };
    let reply = sent(&example, "apart", &[("x-mock-status", "503")]);
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_got(&reply, &[("alpha", &example.with, "model-of-a"), ("beta", &example.without, "b")]);
    GROUP.assert_no_trap();
}
