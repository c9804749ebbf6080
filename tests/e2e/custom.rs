//! A service that picks the deployment, through a real Envoy: what the service is asked. A service
//! that fails never delays a request beyond its timeout.

mod service;

use std::sync::LazyLock;

use serde_json::{Value, json};
use service::{Asked, Service};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{AUTHORITY, Ask, Group, Reply, Spec, ask, chat, fresh, run};

/// A port that nothing listens on.
const CLOSED: u16 = 1;

/// More often than there are workers.
const TIMES: usize = 8;

/// The ways in which a service goes wrong: (model, what the service does, the outcome that is
/// counted). Each has its own model, so that each is counted separately.
const WRONG: [(&str, &str, &str); 13] = [
    ("hangs", "hang", "timeout"),
    ("drips", "drip", "timeout"),
    ("drips-its-head", "drip-head", "timeout"),
    ("never-ends", "endless", "timeout"),
    ("closes", "close", "unreachable"),
    ("cut", "cut", "unreachable"),
    ("garbage", "garbage", "unreachable"),
    ("huge", "huge", "unreachable"),
    ("large", "large b", "unreadable"),
    ("redirects", "redirect b", "status"),
    ("errs", "error b", "status"),
    ("speaks-no-json", "body b", "unreadable"),
    ("names-another", "pick d", "not_a_candidate"),
];

static SERVICE: LazyLock<Service> = LazyLock::new(Service::start);

fn document() -> Value {
    let deployment = |provider: &str, model: &str| json!({"provider": provider, "model": model});
    let model = |cluster: &str, timeout_ms: u32, on_error: &str| {
        json!({"strategy": "custom", "candidates": ["a", "b", "c"],
               "custom": {"cluster": cluster, "path": "/pick?v=1", "timeout_ms": timeout_ms,
                          "on_error": on_error}})
    };
    let mut document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
            "beta": {"cluster": "beta"}, "gamma": {"cluster": "gamma"}
        },
        "deployments": {
            "a": deployment("alpha", "model-a"), "b": deployment("beta", "model-b"),
            "c": deployment("gamma", "model-c"), "d": deployment("gamma", "model-d")
        },
        "models": {
            "picked": model("picker", 20_000, "first"),
            "unknown-cluster": model("no-such-cluster", 20_000, "first"),
            "closed-cluster": model("nobody", 20_000, "first"),
            "strict": model("picker", 20_000, "fail"),
            "left": model("picker", 20_000, "first"),
            "plain": {"candidates": ["d"]}
        },
        "cooldown": {"enabled": false},
        "default_cluster": "site"
    });
    for (name, _, outcome) in WRONG {
        // On a busy machine, only the services that hang may time out.
        let timeout_ms = if outcome == "timeout" { 300 } else { 20_000 };
        document["models"][name] = model("picker", timeout_ms, "first");
    }
    document
}

fn spec(failing_over: bool) -> Spec {
    let mut document = document();
    let services = vec![("picker", SERVICE.port), ("nobody", CLOSED)];
    if failing_over {
        document["failover"] = json!({"max_attempts": 3});
        return Spec { services, ..Spec::failing_over(document) };
    }
    Spec { services, ..Spec::new(document) }
}

/// Here a buffer filter holds the head while the request waits.
fn held() -> Spec {
    let mut spec = spec(true);
    spec.document["hold"] = "buffer_filter".into();
    spec.document["failover"] = json!({"attempt_filter": true});
    Spec { has_holding_filter: true, ..spec }
}

static GROUP: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(false)));
static FAILOVER: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(true)));
static HELD: LazyLock<Group> = LazyLock::new(|| Group::start(&held()));

fn body(model: &str, case: &str, script: &str) -> Value {
    let mut body = chat(model, "Where to?");
    body["metadata"] = json!({"case": case, "script": script});
    body
}

/// Sends a request about which the service does what `script` says. Returns what the service was
/// asked, and the reply.
fn send(group: &Group, model: &str, script: &str) -> (Vec<Asked>, Reply) {
    send_with(group, model, script, |ask| ask)
}

fn send_with<'g>(
    group: &'g Group,
    model: &str,
    script: &str,
    with: impl FnOnce(Ask<'g>) -> Ask<'g>,
) -> (Vec<Asked>, Reply) {
    let case = fresh("question");
    let reply = with(ask(group).json(&body(model, &case, script))).send();
    (SERVICE.asked(&case), reply)
}

fn count(group: &Group, model: &str, outcome: &str) -> u64 {
    let name = format!("pointsman.picks.model=.{model};.outcome=.{outcome};");
    run(group.envoy().counted(&name))
}

#[test]
fn the_service_picks_and_is_told_no_secrets() {
    for (group, is_http2) in
        [(&*GROUP, false), (&*GROUP, true), (&*FAILOVER, false), (&*HELD, false), (&*HELD, true)]
    {
        for id in ["a", "b", "c"] {
            let (asked, reply) = send_with(group, "picked", &format!("pick {id}"), |ask| {
                let ask = if is_http2 { ask.http2() } else { ask };
                ask.header("authorization", "Bearer sk-client").header("x-secret", "sesame")
            });
            let (_, seen) = reply.served_by_one();
            assert_eq!(seen.upstream_model.as_deref(), Some(format!("model-{id}").as_str()));
            assert_eq!(reply.header("x-llm-deployment"), Some(id));
            let [asked] = &asked[..] else { panic!("wanted one question: {asked:?}") };
            assert!(asked.head.starts_with("POST /pick?v=1 HTTP/1.1\r\nhost: picker\r\n"));
            let request_id = format!("x-request-id: {}\r\n", seen.header("x-request-id").unwrap());
            assert!(asked.head.contains(&request_id), "{}", asked.head);
            let whole = format!("{}{}", asked.head, asked.body);
            for secret in ["sk-", "sesame", "Where to?", "authorization"] {
                assert!(!whole.contains(secret), "{whole}");
            }
            let offered = asked.body["candidates"].as_array().unwrap();
            let offered: Vec<&Value> = offered.iter().map(|one| &one["deployment"]).collect();
            assert_eq!(offered, ["a", "b", "c"]);
        }
        group.assert_no_trap();
    }
}

#[test]
fn a_service_that_goes_wrong_in_any_way_leaves_the_request_to_the_first() {
    for group in [&*GROUP, &*FAILOVER, &*HELD] {
        for (model, script, outcome) in WRONG {
            let times = if outcome == "timeout" { TIMES / 2 } else { TIMES };
            for _ in 0..times {
                let (asked, reply) = send(group, model, script);
                assert_eq!(reply.served(), ("alpha", "model-a"), "{model}");
                assert_eq!(asked.len(), 1, "{model}");
            }
            assert_eq!(count(group, model, outcome), times as u64, "{model}: {outcome}");
        }
        group.assert_no_trap();
    }
}

#[test]
fn a_service_that_is_not_there_leaves_the_request_to_the_first() {
    for group in [&*GROUP, &*FAILOVER, &*HELD] {
        for model in ["unknown-cluster", "closed-cluster"] {
            for _ in 0..TIMES {
                let (asked, reply) = send(group, model, "pick b");
                assert_eq!(reply.served(), ("alpha", "model-a"), "{model}");
                assert!(asked.is_empty());
            }
            assert_eq!(count(group, model, "unreachable"), TIMES as u64, "{model}");
        }
        group.assert_no_trap();
    }
}

#[test]
fn the_client_is_told_when_a_required_pick_fails() {
    for group in [&*GROUP, &*FAILOVER, &*HELD] {
        for script in ["close", "error a", "pick d", "body {}"] {
            let (_, reply) = send(group, "strict", script);
            assert_eq!(reply.refused(503)["error"]["code"], "deployment_not_picked", "{script}");
        }
        let (_, reply) = send(group, "strict", "pick c");
        assert_eq!(reply.served(), ("gamma", "model-c"));
        group.assert_no_trap();
    }
}

#[test]
fn bodies_of_every_kind_wait_and_arrive_whole() {
    for group in [&*GROUP, &*FAILOVER, &*HELD] {
        let text = "word ".repeat(100_000);
        let case = fresh("question");
        let mut long = body("picked", &case, "late b");
        long["messages"][0]["content"] = text.as_str().into();
        let long = long.to_string();
        let pieces = || long.as_bytes().chunks(60_000).map(<[u8]>::to_vec);
        let replies = [
            ask(group).body(long.clone()).send(),
            ask(group).pieces(pieces()).send(),
            ask(group).pieces(pieces()).trailer("x-end", "1").send(),
            ask(group).pieces(pieces()).http2().send(),
        ];
        for reply in &replies {
            assert_eq!(reply.served(), ("beta", "model-b"));
            let sent = reply.reached_one().1.json();
            assert_eq!(sent["messages"][0]["content"], text);
        }
        // The clusters of the other groups do not have trailers enabled.
        if std::ptr::eq(group, &*FAILOVER) {
            let wanted = [("x-end".to_owned(), "1".to_owned())];
            assert_eq!(replies[2].seen[0].1.trailers, wanted);
        }
        assert_eq!(SERVICE.asked(&case).len(), replies.len());
        group.assert_no_trap();
    }
}

#[test]
fn requests_whose_head_has_gone_on_wait() {
    for is_failing_over in [false, true] {
        let mut spec = Spec { has_holding_filter: true, ..spec(is_failing_over) };
        spec.document["hold"] = "buffer_filter".into();
        if !is_failing_over {
            spec.document["providers"]["alpha"].as_object_mut().unwrap().remove("credential");
        }
        let group = Group::start(&spec);
        let case = fresh("question");
        let body = body("picked", &case, "late b").to_string();
        let pieces = || body.as_bytes().chunks(20).map(<[u8]>::to_vec);
        for reply in [
            ask(&group).body(body.clone()).send(),
            ask(&group).pieces(pieces()).send(),
            ask(&group).pieces(pieces()).trailer("x-end", "1").send(),
            ask(&group).pieces(pieces()).http2().send(),
        ] {
            assert_eq!(reply.served(), ("beta", "model-b"));
        }
        assert_eq!(SERVICE.asked(&case).len(), 4);
        assert_eq!(send(&group, "hangs", "hang").1.served(), ("alpha", "model-a"));
        let (_, reply) = send(&group, "strict", "error a");
        assert_eq!(reply.refused(503)["error"]["code"], "deployment_not_picked");
        group.assert_no_trap();
    }
}

#[test]
fn waiting_requests_do_not_block_others() {
    // More requests hang than there are workers, and none of them blocks another.
    let case = fresh("question");
    // Start the group here if it is not running yet.
    let _ = &*GROUP;
    let hanging = run(async {
        let mut streams = Vec::new();
        for _ in 0..4 * TIMES {
            streams.push(half(&GROUP, &body("left", &case, "hang")).await);
        }
        while SERVICE.asked(&case).len() < streams.len() {
            tokio::task::yield_now().await;
        }
        streams
    });
    for _ in 0..2 * TIMES {
        assert_eq!(ask(&GROUP).model("plain").send().served(), ("gamma", "model-d"));
        assert_eq!(send(&GROUP, "picked", "pick b").1.served(), ("beta", "model-b"));
    }
    // These clients leave while they wait, so nobody reads their answers.
    drop(hanging);
    for _ in 0..2 * TIMES {
        assert_eq!(send(&GROUP, "picked", "late c").1.served(), ("gamma", "model-c"));
    }
    GROUP.assert_no_trap();
}

/// Sends a request and does not wait for its answer.
async fn half(group: &Group, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {AUTHORITY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[test]
fn clients_that_leave_at_any_moment_stop_no_worker() {
    let case = fresh("question");
    let _ = &*GROUP;
    run(async {
        for _ in 0..20 * TIMES {
            let stream = half(&GROUP, &body("picked", &case, "late b")).await;
            tokio::task::yield_now().await;
            drop(stream);
        }
    });
    for _ in 0..2 * TIMES {
        assert_eq!(send(&GROUP, "picked", "pick c").1.served(), ("gamma", "model-c"));
    }
    GROUP.assert_no_trap();
}

#[test]
fn after_a_failure_the_others_are_tried_in_file_order() {
    let (asked, reply) = send_with(&FAILOVER, "picked", "pick c", |ask| {
        ask.header("x-mock-only", "gamma").header("x-mock-status", "500")
    });
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("c=500,a=200"));
    assert_eq!(asked.len(), 1);
    FAILOVER.assert_no_trap();
}
