//! What is tried after a whole answer of which the client has got nothing yet.

use super::*;

/// A proxy whose model is served by a provider of Anthropic's API, then by one of OpenAI's.
fn proxy() -> Proxy {
    Proxy::new(json!({"models": {"m": {"candidates": ["claude", "gpt"]}}}))
}

/// Lets the second attempt be answered, and returns the model that it asks and the client's status.
fn second(proxy: &Proxy) -> (Value, Option<String>) {
    let (mut attempt, sent) = proxy.attempt(HELLO_CHAT, 9);
    let answer = r#"{"id":"c","choices":[{"message":{"content":"Hi."},"finish_reason":"stop"}]}"#;
    let head = [("content-type", "application/json")];
    proxy.host.answer(&mut attempt, 200, &head, &[answer.as_bytes()]);
    proxy.host.done(attempt, None);
    (of(&sent)["model"].clone(), proxy.host.received(":status"))
}

#[test]
fn an_answer_that_cannot_be_translated_leads_to_the_next_deployment() {
    let unknown = MESSAGE.replace(r#""type":"text","text":"Hi.""#, r#""type":"hologram""#);
    for (answer, is_retried) in [(MESSAGE, false), (&*unknown, true), ("{\"id\":", true)] {
        let proxy = proxy();
        proxy.send(CHAT, HELLO_CHAT, &[]);
        let (mut first, sent) = proxy.attempt(HELLO_CHAT, 9);
        assert_eq!(of(&sent)["model"], "claude");
        proxy.answer(&mut first, 200, "application/json", &[answer.as_bytes()]);
        assert_eq!(proxy.host.received("x-llm-retry").is_some(), is_retried, "{answer}");
        proxy.host.done(first, None);
        if is_retried {
            assert_eq!(second(&proxy), ("gpt".into(), Some("200".into())), "{answer}");
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_leads_to_the_next_deployment() {
    for length in [1, 40, MESSAGE.len() - 1] {
        let proxy = proxy();
        proxy.send(CHAT, HELLO_CHAT, &[]);
        let (mut first, _) = proxy.attempt(HELLO_CHAT, 9);
        proxy.host.begin_answer(&mut first, 200, &[("content-type", "application/json")], false);
        proxy.host.answer_piece(&mut first, &MESSAGE.as_bytes()[..length], false);
        assert!(proxy.host.holds_answer());
        proxy.host.done(first, None);
        assert_eq!(second(&proxy), ("gpt".into(), Some("200".into())), "cut after {length}");
    }
}
