//! Which translated attempts are made, when a request goes on, and how long it may be.

use super::*;

const COUNT: &str = "/v1/messages/count_tokens";
const COUNTED: &str = r#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

impl Proxy {
    /// Returns the names of the deployments that the router has planned, in their order.
    fn planned(&self) -> String {
        let properties = self.host.properties.borrow();
        String::from_utf8(properties["llm.deployments"].clone()).unwrap()
    }

    /// Sends a request in pieces of that many bytes, and returns what was done with each.
    fn send_in_pieces(&self, body: &str, piece: usize) -> Vec<Action> {
        let length = body.len().to_string();
        let head = crate::head(&[("content-length", &length)]);
        self.host.properties.borrow_mut().clear();
        let (mut stream, _) = self.host.begin(&self.router, &head, false);
        let pieces: Vec<_> = body.as_bytes().chunks(piece).collect();
        let last = pieces.len() - 1;
        let of = |(at, piece): (usize, &&[u8])| self.host.piece(&mut stream, piece, at == last);
        pieces.iter().enumerate().map(of).collect()
    }

    /// Makes an attempt that fails with that status; whether there is to be another one.
    fn fails(&self, body: &str, status: u16) -> bool {
        let (mut stream, _) = self.attempt(body, 9);
        self.host.answer(&mut stream, status, &[JSON], &[b"{}"]);
        self.host.done(stream, None);
        self.host.received("x-llm-retry").is_some()
    }
}

#[test]
fn a_request_that_may_be_translated_is_held_until_its_end() {
    let long = |model: &str| {
        let text = "word ".repeat(2000);
        HELLO_CHAT.replace("\"m\"", &format!("\"{model}\"")).replace("Hello", &text)
    };
    for (model, is_held) in [("only-gpt", false), ("only-claude", true), ("m", true)] {
        let proxy = Proxy::new(json!({}));
        let body = long(model);
        let actions = proxy.send_in_pieces(&body, 1000);
        assert_eq!(proxy.host.refused(), None, "{model}");
        let (last, before) = actions.split_last().unwrap();
        let wanted = if is_held { Action::Pause } else { Action::Continue };
        assert!(before.iter().all(|action| *action == wanted), "{model}: {actions:?}");
        assert_eq!(*last, Action::Continue, "{model}");
        assert_eq!(proxy.host.sent_body(), body, "{model}");
    }
    // Without translation, the plan has one provider, and nothing waits for the body.
    let proxy = Proxy::new(json!({"translate": "off"}));
    let actions = proxy.send_in_pieces(&long("m"), 1000);
    assert!(actions.iter().all(|action| *action == Action::Continue), "{actions:?}");
}

#[test]
fn a_request_that_is_too_long_goes_to_providers_of_its_own_api_alone() {
    for (longer, plan) in [(0, "gpt,claude"), (1, "gpt")] {
        let limit = HELLO_CHAT.len() - longer;
        let proxy = Proxy::new(json!({"limits": {"max_translated_bytes": limit}}));
        proxy.send(CHAT, HELLO_CHAT, &[]);
        assert_eq!(proxy.host.refused(), None);
        assert_eq!(proxy.planned(), plan, "{longer}");
    }
    let body = HELLO_CHAT.replace("\"m\"", "\"only-claude\"");
    let limit = body.len() - 1;
    let proxy = Proxy::new(json!({"limits": {"max_translated_bytes": limit}}));
    proxy.send(CHAT, &body, &[]);
    let (status, message) = proxy.host.refused().unwrap();
    assert_eq!(status, 400, "{message}");
    assert!(message.contains("longer than limits.max_translated_bytes"), "{message}");
}

#[test]
fn an_attempt_with_a_lower_limit_refuses_in_the_clients_api() {
    let document = |limit: usize| json!({"limits": {"max_translated_bytes": limit}});
    let body = HELLO_MESSAGES.replace("\"m\"", "\"only-gpt\"");
    for (longer, is_refused) in [(0, false), (1, true)] {
        let mut proxy = Proxy::new(json!({}));
        proxy.attempts = Proxy::new(document(body.len() - longer)).attempts;
        proxy.send(MESSAGES, &body, &[]);
        let (mut stream, _) = proxy.attempt(&body, 10);
        assert_eq!(proxy.host.refused().is_some(), is_refused);
        if let Some((status, message)) = proxy.host.refused() {
            let error = of(&message);
            assert_eq!((status, &error["type"]), (413, &json!("error")), "{message}");
            assert_eq!(error["error"]["type"], "request_too_large", "{message}");
            assert_eq!(proxy.host.passed.borrow().len(), 0, "nothing of it goes on");
            // Envoy may show the attempt its own answer. It is no provider's.
            let got = proxy.answer(&mut stream, 413, "application/json", &[message.as_bytes()]);
            assert_eq!(got, message);
            assert_eq!(proxy.host.received("x-llm-translation"), None);
            assert_eq!(proxy.host.received("x-llm-retry"), None);
        }
    }
}

/// A conversation with thinking that Anthropic has signed.
const SIGNED: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"secret"},{"type":"text","text":"x"}]},{"role":"user","content":"go on"}]}"#;

#[test]
fn a_translated_attempt_beyond_the_boundary_gets_it_without_state() {
    let models = json!({"m": {"candidates": ["claude", "gpt"]}});
    let with = |on_boundary: &str| json!({"models": models, "failover": {"max_attempts": 3, "on_boundary": on_boundary}});
    let proxy = Proxy::new(with("strip"));
    proxy.send(MESSAGES, SIGNED, &[]);
    assert_eq!(proxy.host.refused(), None);
    assert_eq!(proxy.planned(), "claude,gpt");
    let (mut first, sent) = proxy.attempt(SIGNED, 7);
    assert_eq!(sent, SIGNED.replace("\"m\"", "\"claude\""));
    proxy.host.answer(&mut first, 503, &[JSON], &[b"{}"]);
    assert!(proxy.host.received("x-llm-retry").is_some());
    proxy.host.done(first, None);
    let (mut second, sent) = proxy.attempt(SIGNED, 7);
    let sent = of(&sent);
    assert_eq!(sent["model"], "gpt");
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3, "{sent}");
    assert_eq!(sent["messages"][1], json!({"role": "assistant", "content": "x"}));
    let answer = crate::fake_host::ANSWER;
    let got = of(&proxy.answer(&mut second, 200, "application/json", &[answer]));
    assert_eq!(got["content"][0]["text"], "Yes.");
    // What was left out before the translation is not lost by it.
    let translation = proxy.host.received("x-llm-translation");
    assert_eq!(translation.as_deref(), Some("anthropic-messages>openai-chat"));

    let proxy = Proxy::new(with("stay"));
    proxy.send(MESSAGES, SIGNED, &[]);
    assert_eq!(proxy.planned(), "claude");
}

#[test]
fn tokens_of_a_responses_request_are_counted_here_where_the_provider_has_no_count() {
    let proxy = Proxy::new(json!({}));
    let body = r#"{"model":"only-claude","input":"Hello, how are you?"}"#;
    proxy.send("/v1/responses/input_tokens", body, &[]);
    let (status, counted) = proxy.host.refused().unwrap();
    assert_eq!(status, 200, "{counted}");
    let counted = of(&counted);
    assert_eq!(counted["object"], "response.input_tokens");
    let count = counted["input_tokens"].as_u64().unwrap();
    assert!((4..20).contains(&count), "{counted}");
    let requests =
        "pointsman.requests.model=.only-claude;.route=.none;.verdict=.served;.code=.2xx;";
    assert_eq!(proxy.host.counted(requests), 1);
    // One that can count is asked.
    let body = body.replace("only-claude", "only-gpt");
    proxy.send("/v1/responses/input_tokens", &body, &[]);
    assert_eq!(proxy.host.refused(), None);
    let (_, sent) = proxy.attempt(&body, 9);
    assert_eq!(of(&sent)["model"], "gpt");
}

#[test]
fn no_count_is_asked_of_a_provider_of_another_api_after_a_failure() {
    let deployments = json!({"claude": {"provider": "anthropic", "model": "claude"},
                             "gpt": {"provider": "open", "model": "gpt"},
                             "claude-2": {"provider": "anthropic", "model": "claude-2"}});
    let with = |candidates: Value| {
        let models = json!({"m": {"candidates": candidates}});
        Proxy::new(json!({"deployments": deployments, "models": models}))
    };
    let proxy = with(json!(["claude", "gpt", "claude-2"]));
    proxy.send(COUNT, COUNTED, &[]);
    assert_eq!(proxy.host.refused(), None);
    assert!(proxy.fails(COUNTED, 503));
    let (_, sent) = proxy.attempt(COUNTED, 9);
    assert_eq!(of(&sent)["model"], "claude-2");
    assert_eq!(proxy.host.sent(":path").as_deref(), Some(COUNT));

    let proxy = with(json!(["claude", "gpt"]));
    proxy.send(COUNT, COUNTED, &[]);
    assert!(!proxy.fails(COUNTED, 503), "nothing is left that can count");
    // The same where there was no connection, after which Envoy asks nobody.
    proxy.send(COUNT, COUNTED, &[]);
    let (first, _) = proxy.attempt(COUNTED, 9);
    proxy.host.done(first, None);
    proxy.attempt(COUNTED, 9);
    assert_eq!(proxy.host.refused().unwrap().0, 503);
    // A conversation goes on with the other one.
    proxy.send(MESSAGES, HELLO_MESSAGES, &[]);
    assert!(proxy.fails(HELLO_MESSAGES, 503));
}

#[test]
fn the_boundary_of_state_is_that_of_a_provider_that_speaks_the_clients_api() {
    for (translate, on_boundary, plan) in [
        ("lenient", "stay", "claude"),
        ("strict", "stay", "claude"),
        ("lenient", "strip", "claude,gpt"),
        ("off", "stay", "claude"),
    ] {
        let models = json!({"m": {"candidates": ["gpt", "claude"]}});
        let failover = json!({"max_attempts": 3, "on_boundary": on_boundary});
        let with = json!({"models": models, "failover": failover, "translate": translate});
        let proxy = Proxy::new(with);
        proxy.send(MESSAGES, SIGNED, &[]);
        assert_eq!(proxy.host.refused(), None, "{translate} {on_boundary}");
        assert_eq!(proxy.planned(), plan, "{translate} {on_boundary}");
        // Without state, the order is that of the file.
        proxy.send(MESSAGES, HELLO_MESSAGES, &[]);
        let wanted = if translate == "off" { "claude" } else { "gpt,claude" };
        assert_eq!(proxy.planned(), wanted, "{translate} {on_boundary}");
    }
}
