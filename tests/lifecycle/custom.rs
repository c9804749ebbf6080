//! Models whose deployments a service picks: what it is asked, and how the request waits.

use std::rc::Rc;
use std::time::Duration;

use pointsman::config::Role;
use pointsman::host::Called;
use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{engine, head, host};

const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"my secret"}]}"#;

fn document(with: Value) -> Value {
    let mut document = json!({
        "providers": {"p": {"cluster": "pc"}, "q": {"cluster": "qc", "credential": {"env": "OWN_KEY"}}},
        "deployments": {
            "a": {"provider": "p", "model": "model-a", "priority": 7, "tags": ["eu"],
                  "facts": {"input_usd_per_million": 0, "output_usd_per_million": 1}},
            "b": {"provider": "q", "model": "model-b", "weight": 3},
            "c": {"provider": "p", "model": "model-c"}
        },
        "models": {"m": {"strategy": "custom", "candidates": ["a", "b", "c"],
                         "custom": {"cluster": "picker", "path": "/pick?v=1", "timeout_ms": 150}}},
        "default_cluster": "default-cluster"
    });
    for (key, value) in with.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

/// The document with other settings of its model.
fn set(key: &str, value: Value) -> Value {
    let mut models = document(json!({}))["models"].clone();
    models["m"]["custom"][key] = value;
    json!({"models": models})
}

struct Proxy {
    host: FakeHost,
    engine: Rc<Engine>,
}

impl Proxy {
    fn new(with: Value) -> Self {
        let host = host();
        let engine = engine(&host, &document(with));
        Self { host, engine }
    }

    fn send(&self, further: &[(&str, &str)]) -> Stream {
        self.host.request(&self.engine, &head(further), &[BODY])
    }

    /// Ends the call that was made last.
    fn end(&self, stream: &mut Stream, answer: Option<(u16, &[u8])>) -> Action {
        let call = u32::try_from(self.host.calls.borrow().len() - 1).unwrap();
        self.host.end_call(call, answer, |called| stream.on_called(&self.host, called))
    }

    fn pick(&self, stream: &mut Stream, deployment: &str) -> Action {
        let answer = json!({"deployment": deployment}).to_string();
        self.end(stream, Some((200, answer.as_bytes())))
    }

    /// The questions so far.
    fn asked(&self) -> Vec<Value> {
        let calls = self.host.calls.borrow();
        calls.iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect()
    }

    /// The deployment whose model went on, if the request did.
    fn served_by(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.host.sent_body()).unwrap();
        self.host.sent("x-llm-cluster")?;
        Some(body["model"].as_str()?.replace("model-", ""))
    }

    /// Requests that the deployment is counted to have had.
    fn begun(&self, deployment: &str) -> u32 {
        self.host.shared.record(deployment).flight.count(self.host.now_ms.get())
    }
}

#[test]
fn a_service_is_asked_and_the_one_it_picks_serves() {
    let proxy = Proxy::new(json!({}));
    let mut stream = proxy.send(&[("x-request-id", "id-1"), ("authorization", "Bearer client")]);
    assert_eq!(proxy.served_by(), None);
    assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3], "nothing begins unanswered");
    {
        let calls = proxy.host.calls.borrow();
        let call = &calls[0];
        assert_eq!((call.cluster.as_str(), call.timeout), ("picker", Duration::from_millis(150)));
        let header = |(name, value): &(String, String)| format!("{name}: {value}");
        let headers: Vec<String> = call.headers.iter().map(header).collect();
        let wanted = [
            ":method: POST",
            ":path: /pick?v=1",
            ":authority: picker",
            "content-type: application/json",
            "accept: application/json",
            "x-request-id: id-1",
        ];
        assert_eq!(headers, wanted);
    }
    let wanted = json!({
        "model": "m", "variant": null,
        "facts": {
            "format": "openai-chat", "operation": "chat", "model": "m", "tags": [], "params": {},
            "stream": false, "has_images": false, "has_audio": false, "has_files": false,
            "has_tools": false, "json_mode": false, "has_state": false, "message_count": 1,
            "input_tokens_estimate": proxy.asked()[0]["facts"]["input_tokens_estimate"],
            "max_output_tokens": null, "body_bytes": BODY.len(),
        },
        "candidates": [
            {"deployment": "a", "provider": "p", "upstream_model": "model-a", "weight": 1,
             "priority": 7, "tags": ["eu"], "estimated_cost_usd": 0.001},
            {"deployment": "b", "provider": "q", "upstream_model": "model-b", "weight": 3,
             "priority": 0, "tags": [], "estimated_cost_usd": null},
            {"deployment": "c", "provider": "p", "upstream_model": "model-c", "weight": 1,
             "priority": 0, "tags": [], "estimated_cost_usd": null},
        ],
    });
    assert_eq!(proxy.asked(), [wanted]);
    assert_ne!(proxy.asked()[0]["facts"]["input_tokens_estimate"], 0);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
    assert_eq!(proxy.served_by().as_deref(), Some("b"));
    assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-own"));
    assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0, 1, 0]);
    proxy.host.respond(&mut stream, 200, &[]);
    assert_eq!(proxy.host.received("x-llm-deployment").as_deref(), Some("b"));
    assert_eq!(proxy.begun("b"), 0);
}

type Answer = Option<(u16, &'static [u8])>;

/// What is no pick.
const WRONG: [(&str, Answer); 14] = [
    ("no answer", None),
    ("another status", Some((503, br#"{"deployment":"b"}"#))),
    ("a redirect", Some((302, br#"{"deployment":"b"}"#))),
    ("created", Some((201, br#"{"deployment":"b"}"#))),
    ("the proxy's timeout", Some((504, b"upstream request timeout"))),
    ("nothing", Some((200, b""))),
    ("no JSON", Some((200, b"b"))),
    ("half of it", Some((200, br#"{"deployment":"b""#))),
    ("a list", Some((200, br#"["b"]"#))),
    ("another type", Some((200, br#"{"deployment":2}"#))),
    ("another key", Some((200, br#"{"Deployment":"b"}"#))),
    ("twice", Some((200, br#"{"deployment":"b","deployment":"c"}"#))),
    ("an unknown one", Some((200, br#"{"deployment":"nope"}"#))),
    ("bytes", Some((200, b"{\"deployment\":\"b\xff\"}"))),
];

#[test]
fn without_a_pick_the_first_in_file_order_serves() {
    for (what, answer) in WRONG {
        let proxy = Proxy::new(json!({}));
        let mut stream = proxy.send(&[]);
        assert_eq!(proxy.end(&mut stream, answer), Action::Continue, "{what}");
        assert_eq!(proxy.served_by().as_deref(), Some("a"), "{what}");
        assert_eq!(proxy.host.calls.borrow().len(), 1, "{what}");
    }
}

#[test]
fn without_a_pick_the_client_is_told_so_where_that_is_wanted() {
    for (what, answer) in WRONG {
        let proxy = Proxy::new(set("on_error", "fail".into()));
        let mut stream = proxy.send(&[]);
        assert_eq!(proxy.end(&mut stream, answer), Action::Pause, "{what}");
        let (status, body) = proxy.host.refused().unwrap();
        let error: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &error["error"]["code"]), (503, &json!("deployment_not_picked")));
        assert!(!body.contains("picker"), "no internals: {body}");
        assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3], "{what}");
        proxy.host.done(stream, None);
    }
}

#[test]
fn an_answer_is_read_up_to_a_length() {
    for (length, wanted) in [(64 * 1024, "b"), (64 * 1024 + 1, "a"), (4 << 20, "a")] {
        let proxy = Proxy::new(json!({}));
        let mut stream = proxy.send(&[]);
        let mut answer = br#"{"deployment":"b","#.to_vec();
        answer.extend_from_slice(br#""why":""#);
        answer.resize(length - 2, b'x');
        answer.extend_from_slice(b"\"}");
        proxy.end(&mut stream, Some((200, &answer)));
        assert_eq!(proxy.served_by().as_deref(), Some(wanted), "{length}");
    }
}

#[test]
fn a_service_that_cannot_be_called_is_not_waited_for() {
    for (on_error, served, refused) in [("first", Some("a"), None), ("fail", None, Some(503))] {
        let proxy = Proxy::new(set("on_error", on_error.into()));
        proxy.host.uncalled.borrow_mut().push("picker".to_owned());
        proxy.send(&[]);
        assert_eq!(proxy.served_by().as_deref(), served);
        assert_eq!(proxy.host.refused().map(|(status, _)| status), refused);
    }
}

#[test]
fn a_pick_that_was_not_offered_is_none() {
    // The request is too long for it, so it was not offered.
    let mut deployments = document(json!({}))["deployments"].clone();
    deployments["b"]["facts"] = json!({"context_window": 1});
    let proxy = Proxy::new(json!({"deployments": deployments}));
    let mut stream = proxy.send(&[]);
    let offered = proxy.asked()[0]["candidates"].as_array().unwrap().len();
    assert_eq!(offered, 2);
    proxy.pick(&mut stream, "b");
    assert_eq!(proxy.served_by().as_deref(), Some("a"));
}

#[test]
fn where_one_alone_may_serve_nobody_is_asked() {
    let mut deployments = document(json!({}))["deployments"].clone();
    deployments["b"]["enabled"] = false.into();
    deployments["c"]["enabled"] = false.into();
    let proxy = Proxy::new(json!({"deployments": deployments}));
    proxy.send(&[]);
    assert_eq!(proxy.served_by().as_deref(), Some("a"));
    assert!(proxy.asked().is_empty());
}

#[test]
fn a_pinned_request_asks_nobody() {
    let proxy = Proxy::new(json!({"client_headers": "all"}));
    proxy.send(&[("x-llm-deployment", "c")]);
    assert_eq!(proxy.served_by().as_deref(), Some("c"));
    let body = br#"{"model":"m","input":"x","previous_response_id":"resp_1"}"#;
    let mut head = head(&[]);
    head[1].1 = "/v1/responses";
    proxy.host.request(&proxy.engine, &head, &[body]);
    assert_eq!(proxy.served_by().as_deref(), Some("a"), "state is kept at the first");
    assert!(proxy.asked().is_empty());
}

/// Cools a deployment by another request of the same worker.
fn cool(proxy: &Proxy, deployment: &str) {
    let other = FakeHost::sharing(&proxy.host.shared);
    let mut stream = other.request(&proxy.engine, &head(&[]), &[BODY]);
    let answer = json!({"deployment": deployment}).to_string();
    other.end_call(0, Some((200, answer.as_bytes())), |called| stream.on_called(&other, called));
    other.respond(&mut stream, 429, &[("retry-after", "60")]);
    other.done(stream, None);
}

#[test]
fn a_pick_that_has_begun_to_cool_meanwhile_is_passed_over() {
    for on_error in ["first", "fail"] {
        let proxy = Proxy::new(set("on_error", on_error.into()));
        let mut stream = proxy.send(&[]);
        cool(&proxy, "b");
        assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
        assert_eq!(proxy.served_by().as_deref(), Some("a"), "{on_error}");
        // The next one is not offered it.
        proxy.send(&[]);
        let offered = proxy.asked()[1]["candidates"].as_array().unwrap().clone();
        let offered: Vec<&Value> = offered.iter().map(|one| &one["deployment"]).collect();
        assert_eq!(offered, ["a", "c"]);
    }
}

#[test]
fn nothing_is_decided_before_the_whole_request_is_known() {
    let proxy = Proxy::new(json!({}));
    let length = BODY.len().to_string();
    for pieces in [1, 5, BODY.len() - 1] {
        let asked = proxy.asked().len();
        let (mut stream, action) =
            proxy.host.begin(&proxy.engine, &head(&[("content-length", &length)]), false);
        assert_eq!(action, Action::Pause);
        for piece in BODY[..BODY.len() - 1].chunks(pieces) {
            assert_eq!(proxy.host.piece(&mut stream, piece, false), Action::Pause);
        }
        assert_eq!(proxy.asked().len(), asked, "in pieces of {pieces}");
        assert_eq!(proxy.host.piece(&mut stream, &BODY[BODY.len() - 1..], false), Action::Pause);
        assert_eq!(proxy.asked().len(), asked + 1);
        assert_eq!(proxy.pick(&mut stream, "c"), Action::Continue);
        assert_eq!(proxy.served_by().as_deref(), Some("c"));
        let sent = proxy.host.sent_body();
        assert_eq!(proxy.host.sent("content-length"), Some(sent.len().to_string()));
        // The end of the body comes behind its last byte, and goes on with it.
        assert_eq!(stream.on_request_body(&proxy.host, 0, true), Action::Continue);
    }
}

#[test]
fn the_end_of_the_request_may_come_before_and_after_the_answer() {
    enum End {
        Body,
        Trailers,
    }
    for end in [End::Body, End::Trailers] {
        for is_before in [true, false] {
            for (on_error, wanted) in [("first", None), ("fail", Some(503))] {
                let proxy = Proxy::new(set("on_error", on_error.into()));
                let length = BODY.len().to_string();
                let (mut stream, _) =
                    proxy.host.begin(&proxy.engine, &head(&[("content-length", &length)]), false);
                proxy.host.piece(&mut stream, BODY, false);
                assert_eq!(proxy.asked().len(), 1);
                let ends = |stream: &mut Stream| match end {
                    End::Body => stream.on_request_body(&proxy.host, BODY.len(), true),
                    End::Trailers => stream.on_request_trailers(&proxy.host),
                };
                if is_before {
                    assert_eq!(ends(&mut stream), Action::Pause);
                }
                let action = proxy.end(&mut stream, None);
                assert_eq!(action == Action::Continue, wanted.is_none());
                if !is_before {
                    // Envoy closes the connection of a client that is answered before.
                    assert_eq!(proxy.host.refused(), None);
                    proxy.host.body.borrow_mut().clear();
                    let held = match end {
                        End::Body => stream.on_request_body(&proxy.host, 0, true),
                        End::Trailers => stream.on_request_trailers(&proxy.host),
                    };
                    assert_eq!(held == Action::Continue, wanted.is_none());
                }
                assert_eq!(proxy.host.refused().map(|(status, _)| status), wanted);
            }
        }
    }
}

#[test]
fn a_request_without_a_body_waits_too() {
    for (on_error, wanted) in [("first", None), ("fail", Some(503))] {
        let mut with = set("on_error", on_error.into());
        for id in ["a", "b", "c"] {
            with["deployments"][id] = json!({"provider": "p", "model": format!("model-{id}")});
        }
        let proxy = Proxy::new(with);
        let mut head = head(&[]);
        head[0].1 = "GET";
        head[1].1 = "/v1/realtime?model=m";
        let (mut stream, action) = proxy.host.begin(&proxy.engine, &head, false);
        assert_eq!((action, proxy.asked().len()), (Action::Pause, 1));
        assert_eq!(proxy.asked()[0]["facts"]["operation"], "realtime");
        proxy.end(&mut stream, Some((500, b"")));
        assert_eq!(proxy.host.refused().map(|(status, _)| status), wanted);
        let path = proxy.host.sent(":path").unwrap();
        assert_eq!(path == "/v1/realtime?model=model-a", wanted.is_none(), "{path}");
    }
}

#[test]
fn a_client_that_leaves_meanwhile_leaves_nothing_behind() {
    let proxy = Proxy::new(json!({}));
    let stream = proxy.send(&[]);
    let before = proxy.host.accesses.get();
    proxy.host.done(stream, Some("downstream_remote_disconnect"));
    assert_eq!(proxy.host.accesses.get(), before, "nothing is written of it");
    assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3]);
}

#[test]
fn an_answer_that_comes_too_late_changes_nothing() {
    let proxy = Proxy::new(json!({}));
    let mut stream = proxy.send(&[]);
    let stray = Called { call: 7, is_answered: false, length: 0 };
    assert_eq!(stream.on_called(&proxy.host, stray), Action::Pause, "the answer to another call");
    // The proxy has answered by itself, of a body that is too long or a client too slow.
    proxy.host.properties.borrow_mut().insert("response.code_details".into(), b"timeout".to_vec());
    proxy.host.respond(&mut stream, 408, &[]);
    assert_eq!(proxy.host.received("x-llm-deployment"), None);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Pause);
    assert_eq!(proxy.served_by(), None);
    assert_eq!(proxy.begun("b"), 0);
    // And a second one to the same.
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
    assert_eq!(proxy.pick(&mut stream, "c"), Action::Pause);
    assert_eq!(proxy.served_by().as_deref(), Some("b"));
    assert_eq!((proxy.begun("b"), proxy.begun("c")), (1, 0));
}

#[test]
fn an_id_that_is_no_plain_text_is_not_passed_on() {
    let long = "x".repeat(257);
    for (id, is_passed) in [("é", false), ("a b", false), (long.as_str(), false), ("1-2", true)] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[("x-request-id", id)]);
        let calls = proxy.host.calls.borrow();
        let is_there = calls[0].headers.iter().any(|(name, _)| name == "x-request-id");
        assert_eq!(is_there, is_passed, "{id}");
    }
}

/// Models with services of their own, each to go on to the next one.
fn chain(names: &[&str], on_error: &str) -> Value {
    let mut models = json!({});
    for (at, name) in names.iter().enumerate() {
        models[name] = json!({
            "strategy": "custom", "candidates": ["a", "b", "c"],
            "custom": {"cluster": format!("picker-{name}"), "path": "/pick", "on_error": on_error}
        });
        if at == 0 {
            models[name]["fallbacks"] = json!(names[1..]);
        }
    }
    models
}

#[test]
fn fallbacks_are_asked_before_the_first_attempt_and_each_once() {
    let document = json!({"models": chain(&["m", "n", "o", "m2", "m3", "m4"], "first"),
                          "failover": {"max_attempts": 8}});
    let proxy = Proxy::new(document);
    let mut stream = proxy.send(&[]);
    for (at, picked) in ["c", "b", "a", "b"].into_iter().enumerate() {
        assert_eq!(proxy.asked().len(), at + 1);
        assert_eq!(["a", "b", "c"].map(|id| proxy.begun(id)), [0; 3]);
        proxy.pick(&mut stream, picked);
    }
    let models: Vec<Value> = proxy.asked().iter().map(|asked| asked["model"].clone()).collect();
    assert_eq!(models, ["m", "n", "o", "m2"], "no more than four are waited for");
    let plan = proxy.host.properties.borrow()["llm.deployments"].clone();
    assert_eq!(String::from_utf8(plan).unwrap(), "c,a,b", "the pick, then file order");
    assert_eq!(proxy.begun("c"), 1);
    assert_eq!(proxy.engine.config().role, Role::Router);
}

#[test]
fn without_attempts_left_fallbacks_are_not_asked() {
    let proxy = Proxy::new(json!({"models": chain(&["m", "n"], "first")}));
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "c"), Action::Continue);
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn a_fallback_without_a_pick_is_left_out_where_that_is_wanted() {
    let mut models = chain(&["m", "n"], "fail");
    models["m"] = json!({"candidates": ["a"], "fallbacks": ["n"]});
    let document = json!({"models": models, "failover": {"max_attempts": 8}});
    let proxy = Proxy::new(document.clone());
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.end(&mut stream, None), Action::Continue);
    let plan = proxy.host.properties.borrow()["llm.deployments"].clone();
    assert_eq!(plan, b"a");
    // Where it is all that is left, the client is told so.
    let mut document = document;
    document["deployments"] = self::document(json!({}))["deployments"].clone();
    document["deployments"]["a"]["enabled"] = false.into();
    let proxy = Proxy::new(document);
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.end(&mut stream, None), Action::Pause);
    let (_, body) = proxy.host.refused().unwrap();
    assert!(body.contains("deployment_not_picked"), "{body}");
}

#[test]
fn models_for_failures_of_a_kind_are_in_file_order_and_not_asked() {
    let mut models = chain(&["m", "n"], "fail");
    models["m"]["fallbacks"] = json!({"rate_limit": ["n"]});
    let proxy = Proxy::new(json!({"models": models, "failover": {"max_attempts": 8}}));
    let mut stream = proxy.send(&[]);
    assert_eq!(proxy.pick(&mut stream, "b"), Action::Continue);
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn a_turn_is_not_taken_while_a_service_is_asked() {
    let mut models = chain(&["m", "n"], "first");
    models["m"] = json!({"strategy": "round_robin", "candidates": ["a", "b"], "fallbacks": ["n"]});
    let proxy = Proxy::new(json!({"models": models, "failover": {"max_attempts": 8}}));
    let firsts: Vec<u8> = (0..4)
        .map(|_| {
            let mut stream = proxy.send(&[]);
            proxy.pick(&mut stream, "c");
            proxy.host.properties.borrow()["llm.deployments"][0]
        })
        .collect();
    assert_eq!(firsts, *b"abab");
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
fn of_a_large_group_all_are_offered() {
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
fn errors_are_in_the_clients_dialect() {
    let mut document = set("on_error", "fail".into());
    document["providers"] =
        json!({"p": {"cluster": "pc", "api": "any"}, "q": {"cluster": "qc", "api": "any"}});
    let proxy = Proxy::new(document);
    let mut head = head(&[]);
    head[1].1 = "/v1/messages";
    let mut stream = proxy.host.request(&proxy.engine, &head, &[BODY]);
    proxy.end(&mut stream, None);
    let error: Value = serde_json::from_str(&proxy.host.refused().unwrap().1).unwrap();
    assert_eq!(error["type"], "error");
}
