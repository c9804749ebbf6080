//! What a service is told about a request.

use serde_json::{Value, json};

use super::{Proxy, document, set};
use crate::head;

#[test]
fn an_id_that_is_not_plain_text_is_not_passed_on() {
    let long = "x".repeat(257);
    for (id, is_passed) in [("é", false), ("a b", false), (long.as_str(), false), ("1-2", true)] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[("x-request-id", id)]);
        let calls = proxy.host.calls.borrow();
        let is_there = calls[0].headers.iter().any(|(name, _)| name == "x-request-id");
        assert_eq!(is_there, is_passed, "{id}");
    }
}

#[test]
fn a_variant_is_asked_about_by_its_key() {
    let variants = json!([
        {"key": "base", "strategy": "custom", "candidates": ["a", "b"]},
        {"key": "review", "strategy": "custom", "candidates": ["b", "c"]}
    ]);
    let custom = document(json!({}))["models"]["m"]["custom"].clone();
    let proxy = Proxy::new(json!({"models": {"m": {"variants": variants, "custom": custom}}}));
    let body = br#"{"model":"m#review"}"#;
    let mut stream = proxy.host.request(&proxy.engine, &head(&[]), &[body]);
    assert_eq!(proxy.asked()[0]["variant"], "review");
    assert_eq!(proxy.asked()[0]["facts"]["model"], "m#review");
    proxy.pick(&mut stream, "c");
    assert_eq!(proxy.served_by().as_deref(), Some("c"));
}

#[test]
fn all_candidates_of_a_large_group_are_offered() {
    let ids: Vec<String> = (0..40).map(|at| format!("d{at:02}")).collect();
    let mut deployments = json!({});
    for id in &ids {
        deployments[id] = json!({"provider": "p", "model": format!("model-{id}")});
    }
    let mut models = document(json!({}))["models"].clone();
    models["m"]["candidates"] = json!(ids);
    let proxy = Proxy::new(json!({"deployments": deployments, "models": models}));
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.asked()[0]["candidates"].as_array().unwrap().len(), 40);
    proxy.pick(&mut stream, "d37");
    assert_eq!(proxy.served_by().as_deref(), Some("d37"));
}

#[test]
fn the_prompt_is_sent_where_configured() {
    let proxy = Proxy::new(set("include_prompt", true.into()));
    let asked = |path: &'static str, body: &Value| {
        let mut head = head(&[]);
        head[1].1 = path;
        let before = proxy.asked().len();
        let body = body.to_string();
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(1000).collect();
        proxy.host.request(&proxy.engine, &head, &pieces);
        proxy.asked().swap_remove(before).as_object_mut().unwrap().remove("prompt")
    };
    let chat = "/v1/chat/completions";
    let messages = json!([
        {"role": "system", "content": "be terse"},
        {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "p\u{e9}rts"}]},
        {"role": "assistant", "content": "an answer", "tool_calls": [{"function": {"arguments": "{}"}}]},
        {"role": "tool", "content": "a result"},
        {"role": "user", "content": "thanks"}
    ]);
    let prompt = asked(chat, &json!({"model": "m", "messages": messages}));
    assert_eq!(prompt, Some(json!("be terse\ntwo\np\u{e9}rts\nthanks")));
    let prompt = asked("/v1/completions", &json!({"model": "m", "prompt": ["a", "b"]}));
    assert_eq!(prompt, Some(json!("a\nb")));
    let long = "word ".repeat(100_000);
    let messages = json!([{"role": "user", "content": long}, {"role": "user", "content": "end"}]);
    let prompt = asked(chat, &json!({"model": "m", "messages": messages}));
    assert_eq!(prompt.unwrap().as_str(), long.get(..16 * 1024));
    // What is searched beside the prompt is no part of it.
    let beside = json!({"model": "m", "messages": [{"role": "user", "content": "a", "name": "b"}],
                        "documents": ["c"], "tools": [{"function": {"name": "d"}}]});
    assert_eq!(asked(chat, &beside), Some(json!("a")));
    assert_eq!(asked(chat, &json!({"model": "m", "messages": []})), None);
}

#[test]
fn the_prompt_of_a_form_is_sent_too() {
    let proxy = Proxy::new(set("include_prompt", true.into()));
    let mut head = head(&[]);
    head[1].1 = "/v1/images/edits";
    head[3].1 = "multipart/form-data; boundary=b";
    let part = |name: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body =
        [part("model", "m"), part("prompt", "a hat"), part("prompt", "red"), "--b--\r\n".into()];
    proxy.host.request(&proxy.engine, &head, &[body.concat().as_bytes()]);
    assert_eq!(proxy.asked()[0]["prompt"], "a hat\nred");
}
