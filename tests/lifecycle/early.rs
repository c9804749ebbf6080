//! Requests that go on before their body has been read.

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

/// What precedes and follows the text of a prompt.
const BEFORE: &str = r#"{"model":"open","messages":[{"role":"user","content":""#;
const AFTER: &str = r#""}],"temperature":1}"#;

/// Returns a body with this text, whose model comes first.
fn body(text: &str) -> String {
    format!("{BEFORE}{text}{AFTER}")
}

/// Sends a body in pieces of this size, with its length announced. Returns the stream and what was
/// done with each piece.
fn sent(host: &FakeHost, engine: &Rc<Engine>, body: &str, size: usize) -> (Stream, Vec<Action>) {
    let length = body.len().to_string();
    let (mut stream, action) = host.begin(engine, &head(&[("content-length", &length)]), false);
    assert_eq!(action, Action::Pause);
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    let mut actions = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        actions.push(host.piece(&mut stream, piece, at + 1 == pieces.len()));
        if host.refused().is_some() {
            break;
        }
    }
    (stream, actions)
}

#[test]
fn the_rest_streams_once_the_model_is_known() {
    let host = host();
    let engine = engine(&host, &document());
    let body = body(&"word ".repeat(40_000));
    let (mut stream, actions) = sent(&host, &engine, &body, 16_384);
    assert!(actions.iter().all(|action| *action == Action::Continue));
    assert_eq!(host.sent_body(), body.replace(r#""open""#, r#""open-model""#));
    assert_eq!(host.sent("content-length"), Some((body.len() + 6).to_string()));
    assert_eq!(host.sent("x-llm-cluster").as_deref(), Some("open-cluster"));
    assert!(host.most_held.get() <= 16_384, "{} bytes were held", host.most_held.get());
    host.respond(&mut stream, 200, &[]);
    assert_eq!(host.received("x-llm-deployment").as_deref(), Some("open"));
}

#[test]
fn bytes_before_the_model_are_held_until_it_is_known() {
    let host = host();
    let engine = engine(&host, &document());
    let body = body(&"word ".repeat(100));
    for size in 1..40 {
        let (_, actions) = sent(&host, &engine, &body, size);
        let at_model = 15_usize.div_ceil(size);
        for (at, action) in actions.iter().enumerate() {
            let wanted = if at + 1 < at_model { Action::Pause } else { Action::Continue };
            assert_eq!(*action, wanted, "piece {at} of {size}");
        }
        assert_eq!(host.sent_body(), body.replace(r#""open""#, r#""open-model""#), "{size}");
    }
}

#[test]
fn without_an_announced_length_none_is_added() {
    let host = host();
    let engine = engine(&host, &document());
    let body = body("word");
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(20).collect();
    host.request(&engine, &head(&[]), &pieces);
    assert_eq!(host.sent_body(), body.replace(r#""open""#, r#""open-model""#));
    assert_eq!(host.sent("content-length"), None);
}

#[test]
fn a_body_to_refuse_ends_the_stream_before_its_last_chunk() {
    let host = host();
    let engine = engine(&host, &document());
    let cases = [
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9],"model":"own"}"#, "a second \\\"model\\\""),
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9],"mod\u0065l":"open"}"#, "a second"),
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9],}"#, "invalid JSON"),
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9]"#, "invalid JSON"),
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9]} {}"#, "invalid JSON"),
        (r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9],"Messages":[]}"#, "other upper and lower case"),
        (r#"{"model":"open","a":"1234567890123456789012"#, "invalid JSON"),
    ];
    for (body, message) in cases {
        for size in 16..38 {
            let (mut stream, actions) = sent(&host, &engine, body, size);
            assert_eq!(actions.first(), Some(&Action::Continue), "{body} in pieces of {size}");
            let (status, reply) = host.refused().unwrap_or_else(|| panic!("{body}: {size}"));
            assert_eq!(status, 400);
            assert!(reply.contains(message), "{reply}");
            let original = host.passed.borrow().len() - "-model".len();
            assert!(original < body.len(), "all of {body} went on in pieces of {size}");
            // What Envoy then answers does not count as the provider's outcome.
            host.respond(&mut stream, 400, &[]);
            assert_eq!(host.received("x-llm-deployment"), None);
        }
    }
}

#[test]
fn a_chunk_that_completes_the_announced_length_is_the_last() {
    let host = host();
    let engine = engine(&host, &document());
    let body = r#"{"model":"open","a":[1,2,3,4,5,6,7,8,9]"#;
    let length = body.len().to_string();
    let (mut stream, _) = host.begin(&engine, &head(&[("content-length", &length)]), false);
    assert_eq!(host.piece(&mut stream, &body.as_bytes()[..20], false), Action::Continue);
    // The end of the stream arrives on its own.
    assert_eq!(host.piece(&mut stream, &body.as_bytes()[20..], false), Action::Pause);
    assert_eq!(host.refused().unwrap().0, 400);
}

#[test]
fn trailers_end_a_body_that_streams() {
    let host = host();
    let engine = engine(&host, &document());
    for (rest, is_refused) in [("]}", false), ("]", true)] {
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, br#"{"model":"open","a":[1"#, false);
        assert_eq!(host.piece(&mut stream, rest.as_bytes(), false), Action::Continue);
        let action = stream.on_request_trailers(&host);
        assert_eq!(action == Action::Pause, is_refused);
        assert_eq!(host.refused().is_some(), is_refused);
    }
}

#[test]
fn a_body_that_streams_has_a_limit_too() {
    let host = host();
    let mut document = document();
    document["limits"] = json!({"max_body_bytes": 100});
    let engine = engine(&host, &document);
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    assert_eq!(host.piece(&mut stream, br#"{"model":"open","a":""#, false), Action::Continue);
    assert_eq!(host.piece(&mut stream, &[b'a'; 60], false), Action::Continue);
    assert_eq!(host.piece(&mut stream, &[b'a'; 60], false), Action::Pause);
    assert_eq!(host.refused().unwrap().0, 413);
}

#[test]
fn a_provider_may_answer_before_the_body_has_ended() {
    let host = host();
    let engine = engine(&host, &document());
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.piece(&mut stream, br#"{"model":"open","a":""#, false);
    host.respond(&mut stream, 200, &[]);
    assert_eq!(host.received("x-llm-deployment").as_deref(), Some("open"));
    // The rest is still read, and an error in it still ends the stream.
    assert_eq!(host.piece(&mut stream, b"\x01", true), Action::Pause);
    assert_eq!(host.refused().unwrap().0, 400);
}

/// Returns a document with one route that asks for keywords, and one for tokens of another model.
fn asking() -> Value {
    let mut document = document();
    document["routes"] = json!([
        {"name": "words", "when": {"model_in": ["own"], "prompt_contains_any_of": ["secret"]},
         "then": {"target_model": "open"}},
        {"name": "long", "when": {"model_in": ["own"], "input_tokens_gt": 1000},
         "then": {"target_model": "open2"}},
    ]);
    document
}

#[test]
fn a_condition_on_the_text_holds_the_body() {
    let host = host();
    let engine = engine(&host, &asking());
    let own = |text: &str| body(text).replace(r#""open""#, r#""own""#);
    for (text, cluster, model) in [
        ("a ".repeat(100), "own-cluster", "own-model"),
        ("a ".repeat(100) + "secret", "open-cluster", "open-model"),
        ("a ".repeat(5000), "open-cluster", "open-model-2"),
    ] {
        let body = own(&text);
        let (_, actions) = sent(&host, &engine, &body, 64);
        let (last, before) = actions.split_last().unwrap();
        assert!(before.iter().all(|action| *action == Action::Pause));
        assert_eq!(*last, Action::Continue);
        assert_eq!(host.sent("x-llm-cluster").as_deref(), Some(cluster));
        assert!(host.sent_body().contains(&format!(r#""model":"{model}""#)));
    }
    // A condition that only applies to other models does not hold it.
    let (_, actions) = sent(&host, &engine, &body("secret"), 64);
    assert!(actions.iter().all(|action| *action == Action::Continue));
}

#[test]
fn text_is_counted_only_where_bounds_do_not_decide() {
    let host = host();
    let mut document = document();
    document["routes"] = json!([{"name": "long", "when": {"input_tokens_gt": 5000},
        "then": {"target_model": "open2"}}]);
    let engine = engine(&host, &document);
    for (words, model) in [(500, "open-model"), (3000, "open-model"), (9000, "open-model-2")] {
        let body = body(&"word ".repeat(words));
        sent(&host, &engine, &body, body.len());
        assert!(host.sent_body().contains(&format!(r#""model":"{model}""#)), "{words}");
    }
}

#[test]
fn images_that_make_a_short_text_long_are_counted() {
    let host = host();
    let mut document = document();
    document["tokens"] = json!({"chars_per_image": 12_000});
    document["routes"] = json!([{"name": "long", "when": {"input_tokens_gt": 5000},
        "then": {"target_model": "open2"}}]);
    let engine = engine(&host, &document);
    let image = r#"{"type":"image_url"}"#;
    for (images, model) in [(1, "open-model"), (2, "open-model-2")] {
        let parts = vec![image; images].join(",");
        let body =
            format!(r#"{{"model":"open","messages":[{{"role":"user","content":[{parts}]}}]}}"#);
        sent(&host, &engine, &body, body.len());
        assert!(host.sent_body().contains(&format!(r#""model":"{model}""#)), "{images}");
    }
}

#[test]
fn images_are_measured_where_their_bounds_do_not_decide() {
    let host = host();
    let mut document = document();
    document["routes"] = json!([{"name": "large", "when": {"input_tokens_gt": 900},
        "then": {"target_model": "open2"}}]);
    let engine = engine(&host, &document);
    // 1,024 by 1,024 pixels are 765 tokens, 3,000 by 2,000 are 1,105.
    for (size, model) in [("BAAAAAQA", "open-model"), ("C7gAAAfQ", "open-model-2")] {
        let url = format!("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA{size}");
        let part = format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#);
        let body =
            format!(r#"{{"model":"open","messages":[{{"role":"user","content":[{part}]}}]}}"#);
        host.bytes_read.set(0);
        sent(&host, &engine, &body, body.len());
        assert!(host.sent_body().contains(&format!(r#""model":"{model}""#)), "{size}");
        assert_eq!(host.bytes_read.get(), 2 * body.len(), "read twice");
    }
}

#[test]
fn a_turn_is_taken_once() {
    let host = host();
    let mut document = document();
    document["models"]["turns"]["candidates"] = json!(["open", "open2"]);
    document["routes"] = json!([{"name": "long", "when": {"input_tokens_gt": 500},
        "then": {"target_model": "turns"}}]);
    let engine = engine(&host, &document);
    let mut models = Vec::new();
    for _ in 0..4 {
        let body = body(&"word ".repeat(1000));
        sent(&host, &engine, &body, body.len());
        let sent: Value = serde_json::from_str(&host.sent_body()).unwrap();
        models.push(sent["model"].as_str().unwrap().to_owned());
    }
    assert_eq!(models, ["open-model", "open-model-2", "open-model", "open-model-2"]);
}

#[test]
fn a_decision_that_waits_for_the_body_takes_one_turn() {
    let host = host();
    let mut document = document();
    document["failover"] = json!({"max_attempts": 2});
    document["models"]["turns"]["candidates"] = json!(["open", "open2"]);
    document["models"]["turns"]["fallbacks"] = json!({"general": ["rewritten"]});
    document["models"]["rewritten"] = json!({"candidates": [
        {"deployment": "own", "request_overrides": {"user": null}}]});
    document["deployments"]["open2"]["request_defaults"] = json!({"user": "c"});
    let engine = engine(&host, &document);
    // A chat may continue the state of a provider. That alone holds the body.
    let mut head = head(&[]);
    head[1].1 = "/v1/embeddings";
    for _ in 0..4 {
        host.request(&engine, &head, &[br#"{"model":"turns","input":"a","#, br#""user":"b"}"#]);
    }
    let attempts = ["open", "open2"].map(|name| host.shared.record(name).total.attempts);
    assert_eq!(attempts, [2, 2]);
}

#[test]
fn a_body_unreadable_after_its_model_begins_no_attempt() {
    let host = host();
    let engine = engine(&host, &document());
    let (mut stream, _) = host.begin(&engine, &head(&[("content-length", "2000")]), false);
    host.piece(&mut stream, br#"{"model":"open"}{}"#, false);
    assert_eq!(host.refused().unwrap().0, 400);
    host.done(stream, None);
    assert_eq!(host.counted("pointsman.attempts.deployment=.open;.outcome=.cancelled;"), 0);
    assert_eq!(
        host.counted(
            "pointsman.requests.model=.none;.route=.none;.verdict=.refused;.code=.invalid_body;"
        ),
        1
    );
}
