//! Answers that cannot be translated, and errors that are none of a provider's.

use super::*;

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";

impl Proxy {
    /// Returns how many requests were counted with that verdict and code.
    fn requests(&self, model: &str, verdict: &str, code: &str) -> u64 {
        let labels = format!("model=.{model};.route=.none;.verdict=.{verdict};.code=.{code};");
        self.host.counted(&format!("pointsman.requests.{labels}"))
    }

    /// Returns how many requests were counted at all.
    fn all_requests(&self) -> u64 {
        let metrics = self.host.metrics.borrow();
        let requests = metrics.iter().filter(|(_, name, _)| name.starts_with("pointsman.requests"));
        requests.flat_map(|(_, _, values)| values).sum()
    }
}

#[test]
fn a_compressed_answer_is_an_error_in_the_clients_api() {
    for (status, stream) in [(200, false), (200, true)] {
        let body = HELLO_MESSAGES.replace("\"m\"", &format!("\"only-gpt\",\"stream\":{stream}"));
        let proxy = Proxy::new(json!({}));
        proxy.send(MESSAGES, &body, &[("accept-encoding", "gzip")]);
        let (mut attempt, _) = proxy.attempt(&body, 9);
        assert_eq!(proxy.host.sent("accept-encoding").as_deref(), Some("identity"));
        let head = [("content-type", JSON), ("content-encoding", "gzip"), ("content-length", "9")];
        proxy.host.begin_answer(&mut attempt, status, &head, false);
        assert!(proxy.host.holds_answer());
        proxy.host.answer_piece(&mut attempt, b"\x1f\x8b\x08\x00", false);
        proxy.host.answer_piece(&mut attempt, b"\x00\x03", true);
        assert!(!proxy.host.holds_answer());
        let got = String::from_utf8(proxy.host.response_body.borrow().clone()).unwrap();
        assert_eq!(proxy.host.received("content-encoding"), None);
        assert_eq!(proxy.host.received("content-length"), None);
        assert_eq!(proxy.host.received(":status").as_deref(), Some("502"), "{stream}");
        assert!(got.contains("compressed") && got.contains("\"type\":\"error\""), "{got}");
        if !stream {
            assert_eq!(of(&got)["error"]["type"], "api_error");
        }
    }
}

#[test]
fn a_request_is_counted_with_the_status_that_its_client_gets() {
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    for (encoding, answer, wanted) in [
        ("identity", MESSAGE, "200"),
        ("gzip", MESSAGE, "502"),
        ("identity", "<html>", "502"),
        ("identity", "{\"id\":", "502"),
    ] {
        let proxy = Proxy::new(json!({}));
        let mut router = proxy.send(CHAT, &body, &[]);
        let (mut attempt, _) = proxy.attempt(&body, 9);
        let head = [("content-type", JSON), ("content-encoding", encoding)];
        proxy.host.begin_answer(&mut attempt, 200, &head, false);
        proxy.host.answer_piece(&mut attempt, answer.as_bytes(), true);
        proxy.host.done(attempt, None);
        let status = proxy.host.received(":status").unwrap();
        assert_eq!(status, wanted, "{encoding} {answer}");
        proxy.host.begin_answer(&mut router, status.parse().unwrap(), &[], false);
        proxy.host.answer_piece(&mut router, b"{}", true);
        assert_eq!(proxy.host.received(":status").as_deref(), Some(wanted), "the router keeps it");
        proxy.host.done(router, None);
        let class = if wanted == "200" { "2xx" } else { "5xx" };
        assert_eq!(proxy.all_requests(), 1);
        assert_eq!(proxy.requests("only-claude", "served", class), 1, "{encoding} {answer}");
    }
}

#[test]
fn what_is_marked_as_not_compressed_is_translated() {
    let proxy = Proxy::new(json!({}));
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    proxy.send(CHAT, &body, &[]);
    let (mut attempt, _) = proxy.attempt(&body, 9);
    let head = [("content-type", JSON), ("content-encoding", "identity")];
    proxy.host.begin_answer(&mut attempt, 200, &head, false);
    proxy.host.answer_piece(&mut attempt, MESSAGE.as_bytes(), true);
    let got = String::from_utf8(proxy.host.response_body.borrow().clone()).unwrap();
    assert_eq!(of(&got)["choices"][0]["message"]["content"], "Hi.");
    assert_eq!(proxy.host.received(":status").as_deref(), Some("200"));
}

#[test]
fn an_event_that_is_too_long_ends_the_stream_with_one_error() {
    const MOST: usize = 4 << 20;
    let chunk = |text: &str| {
        format!(
            "{{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}"
        )
    };
    let empty = chunk("").len();
    let body = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\",\"stream\":true");
    // A space before the document counts with it.
    for (length, errors) in [(MOST - 1, 0), (MOST + 1, 1)] {
        let proxy = Proxy::new(json!({}));
        proxy.send(MESSAGES, &body, &[]);
        let (mut attempt, _) = proxy.attempt(&body, body.len());
        let long = chunk(&"x".repeat(length - empty));
        let events = format!(
            "data: {}\n\ndata: {long}\n\ndata: {}\n\ndata: [DONE]\n\n",
            chunk("before"),
            chunk("after")
        );
        let pieces: Vec<_> = events.as_bytes().chunks(60_000).collect();
        let got = proxy.answer(&mut attempt, 200, EVENTS, &pieces);
        assert!(got.contains("before"));
        assert_eq!(got.matches("event: error").count(), errors, "{length}");
        assert_eq!(got.matches("too long").count(), errors, "{length}");
        assert_eq!(got.contains("after"), errors == 0, "{length}");
        assert_eq!(got.contains("xxxx"), errors == 0, "{length}");
    }
}

#[test]
fn a_limit_of_the_proxy_is_refused_in_the_clients_api_and_counted_once() {
    let proxy = Proxy::new(json!({"limits": {"tenants": {"budget": {"requests_per_minute": 1}}}}));
    let body = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\"");
    let tenant = [("x-llm-tenant", "acme")];
    proxy.send(MESSAGES, &body, &tenant);
    assert_eq!(proxy.host.refused(), None);
    let refused = proxy.send(MESSAGES, &body, &tenant);
    let (status, message) = proxy.host.refused().unwrap();
    assert_eq!((status, &of(&message)["type"]), (429, &json!("error")), "{message}");
    let reply = proxy.host.reply.borrow();
    let headers = &reply.as_ref().unwrap().headers;
    assert!(headers.iter().all(|(name, _)| name != "x-llm-translation"), "{headers:?}");
    proxy.host.done(refused, None);
    assert_eq!(proxy.all_requests(), 1, "the first one has not been answered");
}

#[test]
fn a_retry_with_nothing_left_is_answered_in_the_clients_api() {
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["gpt"]}}}));
    let mut router = proxy.send(MESSAGES, HELLO_MESSAGES, &[]);
    let (first, _) = proxy.attempt(HELLO_MESSAGES, 9);
    proxy.host.done(first, None);
    // Envoy makes another attempt after a connection has failed, and asks nobody.
    let mut second = Stream::new(Rc::clone(&proxy.attempts));
    proxy.host.body.borrow_mut().clear();
    assert_eq!(proxy.host.head(&mut second, false), Action::Pause);
    let (status, message) = proxy.host.refused().unwrap();
    assert_eq!((status, &of(&message)["type"]), (503, &json!("error")), "{message}");
    proxy.host.done(second, None);
    // To Envoy it comes from upstream. The router has its own error in the place of it.
    let head = [("content-type", JSON)];
    proxy.host.begin_answer(&mut router, 503, &head, false);
    proxy.host.answer_piece(&mut router, message.as_bytes(), true);
    let got = String::from_utf8(proxy.host.response_body.borrow().clone()).unwrap();
    assert_eq!(of(&got)["type"], "error", "{got}");
    assert_eq!(got.matches("\"error\":").count(), 1, "{got}");
    assert_eq!(proxy.host.received("x-llm-translation"), None);
    proxy.host.done(router, None);
    assert_eq!((proxy.all_requests(), proxy.requests("m", "served", "5xx")), (1, 1));
}

#[test]
fn what_envoy_answers_itself_is_not_translated() {
    let details = "upstream_response_timeout";
    let proxy = Proxy::new(json!({}));
    let body = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\"");
    let mut router = proxy.send(MESSAGES, &body, &[]);
    let (attempt, _) = proxy.attempt(&body, 9);
    proxy.host.done(attempt, None);
    let details = ("response.code_details".to_owned(), details.as_bytes().to_vec());
    proxy.host.properties.borrow_mut().extend([details]);
    let head = [("content-type", "text/plain"), ("content-length", "24")];
    proxy.host.begin_answer(&mut router, 504, &head, false);
    proxy.host.answer_piece(&mut router, b"upstream request timeout", true);
    let got = String::from_utf8(proxy.host.response_body.borrow().clone()).unwrap();
    assert_eq!(of(&got)["type"], "error", "{got}");
    assert!(!got.contains("upstream request timeout"), "{got}");
    assert_eq!(proxy.host.received("x-llm-translation"), None);
    proxy.host.done(router, None);
    assert_eq!((proxy.all_requests(), proxy.requests("only-gpt", "served", "5xx")), (1, 1));
}

/// Returns an answer of Anthropic's of that length.
fn message_of(length: usize) -> String {
    let text = "x".repeat(length - MESSAGE.len() + "Hi.".len());
    MESSAGE.replace("Hi.", &text)
}

#[test]
fn an_answer_that_is_too_long_is_an_error_with_its_status() {
    const LIMIT: usize = 1000;
    let chat = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    for (length, status) in [(LIMIT, "200"), (LIMIT + 1, "502")] {
        for piece in [length, 300, 1] {
            let proxy = Proxy::new(json!({"limits": {"max_translated_bytes": LIMIT}}));
            let router = proxy.send(CHAT, &chat, &[]);
            let (mut attempt, _) = proxy.attempt(&chat, chat.len());
            let answer = message_of(length);
            let pieces: Vec<_> = answer.as_bytes().chunks(piece).collect();
            let got = of(&proxy.answer(&mut attempt, 200, JSON, &pieces));
            assert_eq!(proxy.host.received(":status").as_deref(), Some(status), "{length}");
            assert_eq!(proxy.host.received("content-type").as_deref(), Some(JSON));
            proxy.host.done(attempt, None);
            let mut router = router;
            proxy.host.begin_answer(&mut router, status.parse().unwrap(), &[], false);
            proxy.host.done(router, None);
            let code = if status == "200" { "2xx" } else { "5xx" };
            assert_eq!(proxy.all_requests(), 1);
            assert_eq!(proxy.requests("only-claude", "served", code), 1, "{length}");
            if status == "200" {
                assert_eq!(got["choices"][0]["finish_reason"], "stop");
                continue;
            }
            let error = &got["error"];
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("too long"), "{got}");
            assert_eq!((&error["code"], got.get("choices")), (&json!("invalid_answer"), None));
        }
    }
}
