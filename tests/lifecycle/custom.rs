//! Models whose deployments a service picks: what the service is asked, and how the request waits.

#[path = "custom/plan.rs"]
mod plan;
#[path = "custom/question.rs"]
mod question;
#[path = "custom/waiting.rs"]
mod waiting;

use std::rc::Rc;
use std::time::Duration;

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

/// Returns the document with one setting of its model changed.
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

    /// Ends the most recent call.
    fn end(&self, stream: &mut Stream, answer: Option<(u16, &[u8])>) -> Action {
        let call = u32::try_from(self.host.calls.borrow().len() - 1).unwrap();
        self.host.end_call(call, answer, |called| stream.on_called(&self.host, called))
    }

    fn pick(&self, stream: &mut Stream, deployment: &str) -> Action {
        let answer = json!({"deployment": deployment}).to_string();
        self.end(stream, Some((200, answer.as_bytes())))
    }

    /// Returns the questions so far.
    fn asked(&self) -> Vec<Value> {
        let calls = self.host.calls.borrow();
        calls.iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect()
    }

    /// Returns the deployment whose model was sent upstream, if the request was.
    fn served_by(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.host.sent_body()).unwrap();
        self.host.sent("x-llm-cluster")?;
        Some(body["model"].as_str()?.replace("model-", ""))
    }

    /// Returns how many requests are counted for the deployment.
    fn begun(&self, deployment: &str) -> u32 {
        self.host.shared.record(deployment).flight.count(self.host.now_ms.get())
    }
}

#[test]
fn a_service_is_asked_and_the_one_it_picks_serves() {
    let proxy = Proxy::new(json!({}));
    let mut stream = proxy.send(&[("x-request-id", "id-1"), ("authorization", "Bearer client")]);
    assert_eq!(proxy.served_by(), None);
    assert_eq!(
        ["a", "b", "c"].map(|id| proxy.begun(id)),
        [0; 3],
        "no attempt begins before the answer"
    );
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
            "has_tools": false, "json_mode": false, "has_state": false,
            "has_token_ids": false, "message_count": 1,
            "input_tokens_estimate": proxy.asked()[0]["facts"]["input_tokens_estimate"],
            "max_output_tokens": null, "answers": 1, "body_bytes": BODY.len(),
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

/// Answers that are not a pick.
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
fn without_a_pick_the_client_gets_an_error_where_configured() {
    for (what, answer) in WRONG {
        let proxy = Proxy::new(set("on_error", "fail".into()));
        let mut stream = proxy.send(&[]);
        assert_eq!(proxy.end(&mut stream, answer), Action::Pause, "{what}");
        let (status, body) = proxy.host.refused().unwrap();
        let error: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &error["error"]["code"]), (503, &json!("deployment_not_picked")));
        assert!(!body.contains("picker"), "the body names internals: {body}");
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
fn a_pick_that_was_not_offered_does_not_count() {
    // The request is too long for this deployment, so it was not offered.
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
fn with_a_single_candidate_no_service_is_asked() {
    let mut deployments = document(json!({}))["deployments"].clone();
    deployments["b"]["enabled"] = false.into();
    deployments["c"]["enabled"] = false.into();
    let proxy = Proxy::new(json!({"deployments": deployments}));
    proxy.send(&[]);
    assert_eq!(proxy.served_by().as_deref(), Some("a"));
    assert!(proxy.asked().is_empty());
}

#[test]
fn a_pinned_request_asks_no_service() {
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

#[test]
fn a_shadow_uses_the_pick_and_asks_no_service_itself() {
    let counted = |proxy: &Proxy, kind: &str| {
        proxy.host.counted(&format!("pointsman.shadow.requests.kind=.{kind};"))
    };
    let proxy = Proxy::new(json!({"shadow": {}}));
    let mut stream = proxy.send(&[]);
    proxy.pick(&mut stream, "b");
    assert_eq!((proxy.asked().len(), counted(&proxy, "same")), (1, 1));
    let routes = json!([{"name": "r", "then": {"target_model": "a"}}]);
    let proxy = Proxy::new(json!({"routes": routes, "shadow": {"routes": []}}));
    proxy.host.done(proxy.send(&[]), None);
    assert_eq!((proxy.asked().len(), counted(&proxy, "undecided")), (0, 1));
}
