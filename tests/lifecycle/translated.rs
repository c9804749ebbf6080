//! A request that goes to a provider of another API: what that gets, and what the client gets of its answer.

#[path = "translated/again.rs"]
mod again;
#[path = "translated/failing.rs"]
mod failing;
#[path = "translated/head.rs"]
mod head;
#[path = "translated/metered.rs"]
mod metered;
#[path = "translated/plan.rs"]
mod plan;

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::admin::admin;
use crate::engine;
use crate::fake_host::FakeHost;

pub(crate) const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

pub(crate) const HELLO_CHAT: &str = r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}]}"#;
const HELLO_MESSAGES: &str =
    r#"{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}"#;

pub(crate) const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":3}}"#;

/// A proxy with both filters. The model `m` is served by a provider of OpenAI's API, then by one of Anthropic's.
pub(crate) struct Proxy {
    pub(crate) host: FakeHost,
    pub(crate) router: Rc<Engine>,
    attempts: Rc<Engine>,
}

impl Proxy {
    pub(crate) fn new(with: Value) -> Self {
        let mut document = json!({
            "providers": {
                "open": {"cluster": "open", "credential": {"env": "OWN_KEY"}},
                "anthropic": {"cluster": "anthropic", "api": "anthropic",
                              "credential": {"env": "OWN_KEY", "header": "x-api-key", "prefix": ""}},
            },
            "deployments": {"gpt": {"provider": "open", "model": "gpt"},
                            "claude": {"provider": "anthropic", "model": "claude"}},
            "models": {"m": {"candidates": ["gpt", "claude"]},
                       "only-claude": {"candidates": ["claude"]},
                       "only-gpt": {"candidates": ["gpt"]}},
            "failover": {"max_attempts": 3},
            "translate": "lenient",
            "default_cluster": "default-cluster",
        });
        for (key, value) in with.as_object().unwrap() {
            document[key] = value.clone();
        }
        let (host, _) = admin();
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = engine(&host, &document);
        Self { host, router, attempts }
    }

    /// Sends a request through the router.
    pub(crate) fn send(&self, path: &str, body: &str, further: &[(&str, &str)]) -> Stream {
        let length = body.len().to_string();
        let mut head = vec![
            (":method", "POST"),
            (":path", path),
            (":authority", "proxy.test"),
            ("content-type", "application/json"),
            ("content-length", length.as_str()),
            ("authorization", "Bearer sk-client"),
        ];
        head.extend_from_slice(further);
        self.host.properties.borrow_mut().clear();
        self.host.request(&self.router, &head, &[body.as_bytes()])
    }

    /// Makes the next attempt, with the client's body in pieces of that many bytes. Returns what the provider gets.
    pub(crate) fn attempt(&self, body: &str, piece: usize) -> (Stream, String) {
        let mut stream = Stream::new(Rc::clone(&self.attempts));
        self.host.body.borrow_mut().clear();
        self.host.passed.borrow_mut().clear();
        self.host.head(&mut stream, false);
        let pieces: Vec<_> = body.as_bytes().chunks(piece).collect();
        for (at, piece) in pieces.iter().enumerate() {
            self.host.piece(&mut stream, piece, at + 1 == pieces.len());
        }
        (stream, self.host.sent_body())
    }

    /// Lets the attempt be answered, and returns what the client gets of the body.
    pub(crate) fn answer(
        &self,
        stream: &mut Stream,
        status: u16,
        content_type: &str,
        pieces: &[&[u8]],
    ) -> String {
        let head = [("content-type", content_type), ("content-length", "999")];
        self.host.begin_answer(stream, status, &head, false);
        let mut got = Vec::new();
        for piece in pieces.iter().copied().chain([&b""[..]]).enumerate() {
            let (at, piece) = piece;
            self.host.answer_piece(stream, piece, at == pieces.len());
            if !self.host.holds_answer() {
                got.extend_from_slice(&self.host.response_body.borrow());
            }
        }
        String::from_utf8(got).unwrap()
    }

    /// Sends a request to a model whose provider speaks another API, and has it answered whole.
    fn served(&self, path: &str, body: &str, status: u16, answer: &str) -> Value {
        self.send(path, body, &[]);
        let (mut stream, _) = self.attempt(body, body.len());
        let got = self.answer(&mut stream, status, "application/json", &[answer.as_bytes()]);
        serde_json::from_str(&got).unwrap_or_else(|error| panic!("{error}: {got}"))
    }
}

fn of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_second_attempt_speaks_another_api() {
    for piece in [1, 7, HELLO_CHAT.len()] {
        let proxy = Proxy::new(json!({}));
        proxy.send(CHAT, HELLO_CHAT, &[("openai-beta", "x")]);
        let (mut first, sent) = proxy.attempt(HELLO_CHAT, piece);
        assert_eq!(of(&sent)["model"], "gpt");
        assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-own"));
        proxy.host.answer(&mut first, 503, &[("content-type", "application/json")], &[b"{}"]);
        proxy.host.done(first, None);
        let (mut second, sent) = proxy.attempt(HELLO_CHAT, piece);
        let sent_value = of(&sent);
        assert_eq!(sent_value["model"], "claude");
        assert_eq!(sent_value["messages"][0]["role"], "user");
        assert_eq!(proxy.host.sent(":path").as_deref(), Some(MESSAGES));
        assert_eq!(proxy.host.sent("content-length"), Some(sent.len().to_string()));
        assert_eq!(proxy.host.sent("anthropic-version").as_deref(), Some("2023-06-01"));
        assert_eq!(proxy.host.sent("openai-beta"), None);
        assert_eq!(proxy.host.sent("authorization"), None);
        assert_eq!(proxy.host.sent("x-api-key").as_deref(), Some("sk-own"));
        let got = proxy.answer(&mut second, 200, "application/json", &[MESSAGE.as_bytes()]);
        let got = of(&got);
        assert_eq!(got["choices"][0]["message"]["content"], "Hi.");
        assert_eq!(got["usage"]["prompt_tokens"], 9);
        assert_eq!(proxy.host.received("content-length"), None);
        assert_eq!(
            proxy.host.received("x-llm-translation").as_deref(),
            Some("openai-chat>anthropic-messages")
        );
    }
}

#[test]
fn what_one_attempt_has_set_is_taken_back_by_the_next() {
    let with = json!({"models": {"m": {"candidates": ["claude", "gpt"]}}});
    let proxy = Proxy::new(with);
    proxy.send(CHAT, HELLO_CHAT, &[]);
    let (mut first, _) = proxy.attempt(HELLO_CHAT, 9);
    assert_eq!(proxy.host.sent(":path").as_deref(), Some(MESSAGES));
    proxy.host.answer(&mut first, 529, &[("content-type", "application/json")], &[b"{}"]);
    proxy.host.done(first, None);
    let (_, sent) = proxy.attempt(HELLO_CHAT, 9);
    assert_eq!(sent, HELLO_CHAT.replace("\"m\"", "\"gpt\""));
    assert_eq!(proxy.host.sent(":path").as_deref(), Some(CHAT));
    assert_eq!(proxy.host.sent("anthropic-version"), None);
    assert_eq!(proxy.host.sent("x-api-key"), None);
    assert_eq!(proxy.host.sent("content-length"), Some(sent.len().to_string()));
}

#[test]
fn a_clients_credential_goes_to_no_provider_of_another_api() {
    let with = json!({"providers": {
        "open": {"cluster": "open"}, "anthropic": {"cluster": "anthropic", "api": "anthropic"}}});
    let proxy = Proxy::new(with);
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    proxy.send(CHAT, &body, &[("x-api-key", "sk-other")]);
    proxy.attempt(&body, 9);
    assert_eq!(proxy.host.sent("authorization"), None);
    assert_eq!(proxy.host.sent("x-api-key"), None);
}

#[test]
fn errors_have_the_clients_form_and_their_status() {
    let proxy = Proxy::new(json!({}));
    let chat = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    let error = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let got = proxy.served(CHAT, &chat, 400, error);
    assert_eq!(
        (&got["error"]["message"], &got["error"]["type"]),
        (&json!("no"), &json!("invalid_request_error"))
    );
    assert_eq!(proxy.host.received(":status").as_deref(), Some("400"));
    let messages = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\"");
    let error = r#"{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}"#;
    let got = proxy.served(MESSAGES, &messages, 429, error);
    assert_eq!(got["type"], "error");
    assert_eq!(got["error"]["type"], "rate_limit_error");
}

#[test]
fn an_answer_that_cannot_be_read_is_an_error_with_its_status() {
    for answer in ["{\"id\":", "<html>", "[]", ""] {
        let proxy = Proxy::new(json!({"failover": {"max_attempts": 1, "attempt_filter": true}}));
        let chat = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
        let got = proxy.served(CHAT, &chat, 200, answer);
        assert!(got["error"]["message"].is_string(), "{answer:?} {got}");
        assert_eq!(proxy.host.received(":status").as_deref(), Some("502"), "{answer:?}");
    }
}

#[test]
fn streams_are_translated_as_they_come() {
    let events = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hé\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    let mut whole = None;
    for piece in [events.len(), 100, 7, 1] {
        let proxy = Proxy::new(json!({}));
        let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\",\"stream\":true");
        proxy.send(CHAT, &body, &[]);
        let (mut stream, sent) = proxy.attempt(&body, 11);
        assert_eq!(of(&sent)["stream"], true);
        let pieces: Vec<_> = events.as_bytes().chunks(piece).collect();
        let got = proxy.answer(&mut stream, 200, "text/event-stream", &pieces);
        assert!(got.ends_with("data: [DONE]\n\n"), "{got}");
        assert!(got.contains("Hé"), "{got}");
        assert_eq!(proxy.host.received("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(*whole.get_or_insert(got.clone()), got, "pieces of {piece}");
    }
}

#[test]
fn a_stream_that_is_cut_ends_with_an_error_of_the_clients_api() {
    let events = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
    let proxy = Proxy::new(json!({}));
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\",\"stream\":true");
    proxy.send(CHAT, &body, &[]);
    let (mut stream, _) = proxy.attempt(&body, body.len());
    let got = proxy.answer(&mut stream, 200, "text/event-stream", &[events.as_bytes()]);
    assert_eq!(got.matches("before it was complete").count(), 1, "{got}");
    assert!(got.contains("\"error\""), "{got}");
    assert!(!got.contains("api_error"), "the provider's own error is translated: {got}");
}

#[test]
fn overrides_hold_for_the_body_that_the_provider_gets() {
    let with = json!({"deployments": {
        "gpt": {"provider": "open", "model": "gpt"},
        "claude": {"provider": "anthropic", "model": "claude",
                   "request_overrides": {"max_tokens": 7, "metadata": {"user_id": "u"}}}}});
    let proxy = Proxy::new(with);
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    proxy.send(CHAT, &body, &[]);
    let (_, sent) = proxy.attempt(&body, body.len());
    let sent = of(&sent);
    assert_eq!((&sent["max_tokens"], &sent["metadata"]), (&json!(7), &json!({"user_id": "u"})));
}

#[test]
fn defaults_hold_where_the_client_has_said_nothing() {
    let with = json!({"deployments": {
        "gpt": {"provider": "open", "model": "gpt"},
        "claude": {"provider": "anthropic", "model": "claude-3-5-sonnet",
                   "request_defaults": {"max_tokens": 7, "temperature": 0.5}}}});
    for (members, wanted) in [
        ("", (json!(7), json!(0.5))),
        (", \"max_tokens\": 3", (json!(3), json!(0.5))),
        (", \"max_completion_tokens\": 3, \"temperature\": 0.9", (json!(3), json!(0.9))),
        // The translation leaves out what Anthropic does anyway.
        (", \"temperature\": 1", (json!(7), json!(null))),
    ] {
        let proxy = Proxy::new(with.clone());
        let body = HELLO_CHAT.replace("\"m\"", &format!("\"only-claude\"{members}"));
        proxy.send(CHAT, &body, &[]);
        let (_, sent) = proxy.attempt(&body, body.len());
        let sent = of(&sent);
        assert_eq!((sent["max_tokens"].clone(), sent["temperature"].clone()), wanted, "{body}");
    }
}

#[test]
fn strict_refuses_what_lenient_leaves_out() {
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\",\"seed\":7");
    let proxy = Proxy::new(json!({}));
    proxy.send(CHAT, &body, &[]);
    assert_eq!(proxy.host.refused(), None);
    let (mut stream, sent) = proxy.attempt(&body, body.len());
    assert_eq!(of(&sent).get("seed"), None);
    proxy.answer(&mut stream, 200, "application/json", &[MESSAGE.as_bytes()]);
    assert_eq!(
        proxy.host.received("x-llm-translation").as_deref(),
        Some("openai-chat>anthropic-messages; dropped=seed")
    );
    let proxy = Proxy::new(json!({"translate": "strict"}));
    proxy.send(CHAT, &body, &[]);
    let (status, message) = proxy.host.refused().unwrap();
    assert_eq!(status, 400, "{message}");
    assert!(message.contains("seed"), "{message}");
}

#[test]
fn what_means_something_else_is_never_left_out() {
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\",\"n\":2");
    let proxy = Proxy::new(json!({}));
    proxy.send(CHAT, &body, &[]);
    let (status, message) = proxy.host.refused().unwrap();
    assert_eq!(status, 400, "{message}");
    assert!(message.contains('n'), "{message}");
}

#[test]
fn a_model_may_set_it_for_itself() {
    let models = json!({"m": {"candidates": ["gpt", "claude"], "translate": "lenient"},
                        "only-claude": {"candidates": ["claude"]}});
    let proxy = Proxy::new(json!({"translate": "off", "models": models}));
    proxy.send(CHAT, HELLO_CHAT, &[]);
    assert_eq!(proxy.host.refused(), None);
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    proxy.send(CHAT, &body, &[]);
    assert_eq!(proxy.host.refused().unwrap().0, 400);
}

#[test]
fn tokens_are_counted_here_where_the_provider_has_no_count() {
    let proxy = Proxy::new(json!({}));
    let body = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\"").replace("\"max_tokens\":100,", "");
    proxy.send("/v1/messages/count_tokens", &body, &[]);
    let (status, counted) = proxy.host.refused().unwrap();
    assert_eq!(status, 200, "{counted}");
    let count = of(&counted)["input_tokens"].as_u64().unwrap();
    assert!((1..20).contains(&count), "{counted}");
    let reply = proxy.host.reply.borrow();
    let headers = &reply.as_ref().unwrap().headers;
    assert!(headers.contains(&("x-llm-translation".to_owned(), "estimated".to_owned())));
}

#[test]
fn the_head_of_a_translated_request_waits_for_the_body() {
    let proxy = Proxy::new(json!({}));
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    proxy.send(CHAT, &body, &[]);
    let mut stream = Stream::new(Rc::clone(&proxy.attempts));
    proxy.host.body.borrow_mut().clear();
    assert_eq!(proxy.host.head(&mut stream, false), Action::Pause);
    assert_eq!(proxy.host.piece(&mut stream, &body.as_bytes()[..20], false), Action::Pause);
    assert_eq!(proxy.host.body.borrow().len(), 0, "nothing stays with the host");
    assert_eq!(proxy.host.piece(&mut stream, &body.as_bytes()[20..], true), Action::Continue);
}
