//! What changes in a request's body, and what must not.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::group::OPEN;
use crate::harness::ask;

/// Marks in templates where the model's value goes.
const MODEL: &str = "<model>";

/// Sends the template with `plain` as its model, and expects it back with `up-b1`.
#[track_caller]
fn only_the_model_changes(template: &str) {
    let reply = ask(&OPEN).body(template.replace(MODEL, "plain")).send();
    let (provider, seen) = reply.served_by_one();
    assert_eq!(provider, "beta");
    let want = template.replace(MODEL, "up-b1");
    assert_eq!(seen.text(), want);
    assert_eq!(seen.header("content-length"), Some(want.len().to_string().as_str()));
}

#[test]
fn every_byte_but_the_model_stays() {
    for template in [
        r#"{"model":"<model>","messages":[{"role":"user","content":"Hello"}]}"#,
        r#"{"messages":[{"role":"user","content":"Hello"}],"model":"<model>"}"#,
        r#"{"messages":[],"model":"<model>","stream":false,"n":1.0e+2}"#,
        "  {\n\t\"messages\" :\r\n [ ] ,\n\n \"model\"\t:   \"<model>\"   ,\"x\":null\n}\n  ",
        r#"{"messages":[{"role":"user","content":"Grüße 🚂 \ud83d\ude82 \u0000 \ud800"}],"model":"<model>"}"#,
        r#"{"metadata":{"model":"decoy"},"model":"<model>","tools":[{"model":"decoy"}],"messages":[]}"#,
        r#"{"messages":[{"role":"user","content":"\"model\":\"decoy\""}],"model":"<model>"}"#,
        r#"{"model":"<model>","messages":[],"big":12345678901234567890123,"dup":1,"dup":2}"#,
    ] {
        only_the_model_changes(template);
    }
}

#[test]
fn an_escaped_key_is_the_same_key() {
    only_the_model_changes(r#"{"mod\u0065l":"<model>","messages":[]}"#);
}

#[test]
fn an_escaped_value_is_the_same_name() {
    let reply = ask(&OPEN).body(r#"{"model":"pl\u0061in","messages":[]}"#).send();
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.text(), r#"{"model":"up-b1","messages":[]}"#);
}

#[test]
fn an_upstream_name_is_escaped_as_json_wants() {
    let reply = ask(&OPEN).model("odd").send();
    assert_eq!(reply.served(), ("beta", "up \"odd\" \\ ü/🚂"));
}

#[test]
fn overrides_replace_merge_and_remove_members() {
    let body = json!({"model": "over", "temperature": 1, "seed": 7, "metadata": {"user": "u"},
                      "messages": [{"role": "user", "content": "Hello"}]});
    let reply = ask(&OPEN).json(&body).send();
    let (_, seen) = reply.served_by_one();
    let mut want = body;
    want["model"] = json!("up-over");
    want["temperature"] = json!(0.5);
    want["metadata"] = json!({"user": "u", "tier": "gold"});
    want.as_object_mut().unwrap().remove("seed");
    assert_eq!(seen.json(), want);
}

#[test]
fn overrides_are_added_where_members_are_missing() {
    let reply = ask(&OPEN).body(r#"{"model":"over"}"#).send();
    let want = json!({"model": "up-over", "temperature": 0.5, "metadata": {"tier": "gold"}});
    assert_eq!(reply.served_by_one().1.json(), want);
}

#[test]
fn defaults_are_added_where_the_client_has_sent_none() {
    for (sent, wanted) in [
        (json!({}), json!({"temperature": 0.5, "max_tokens": 9})),
        (json!({"temperature": 1}), json!({"temperature": 1, "max_tokens": 9})),
        (
            json!({"messages": [], "max_completion_tokens": 5}),
            json!({"messages": [], "temperature": 0.5, "max_completion_tokens": 5}),
        ),
    ] {
        let [mut sent, mut wanted] = [sent, wanted];
        sent["model"] = json!("filled");
        wanted["model"] = json!("up-filled");
        assert_eq!(ask(&OPEN).json(&sent).send().served_by_one().1.json(), wanted);
    }
}

#[test]
fn a_body_in_pieces_is_the_same_body() {
    let body = r#"{"messages":[{"role":"user","content":"Hello"}],"model":"plain","n":1}"#;
    for at in [1, 20, 55, 58, 61, body.len() - 1] {
        let (head, tail) = body.split_at(at);
        let reply = ask(&OPEN).pieces([head.to_owned(), tail.to_owned()]).send();
        let (_, seen) = reply.served_by_one();
        assert_eq!(seen.text(), body.replace("plain", "up-b1"));
    }
    let single: Vec<Vec<u8>> = body.bytes().map(|byte| vec![byte]).collect();
    let reply = ask(&OPEN).pieces(single).send();
    assert_eq!(reply.served_by_one().1.body_bytes, body.len());
}

#[test]
fn megabytes_arrive_as_they_were_sent() {
    let template = |model: &str| {
        let text = "Grüße, 🚂 and \\\"quotes\\\". ".repeat(400_000);
        format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}],"model":"{model}"}}"#)
    };
    let reply = ask(&OPEN).body(template("plain")).send();
    let (_, seen) = reply.served_by_one();
    let want = template("up-b1");
    assert!(want.len() > 10 << 20 && want.len() < 16 << 20);
    assert_eq!(seen.body_bytes, want.len());
    let hash: String = Sha256::digest(want).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.body_sha256, hash);
}
