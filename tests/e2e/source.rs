//! The route source: it is fetched once for all workers, and its answer counts as a whole or not at
//! all.

use std::io::{Read, Write};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Group, Spec, ask, run};
use crate::mock::Behaviour;

const INTERVAL_MS: u64 = 300;

fn document(cluster: &str) -> Value {
    json!({
        "providers": {"alpha": {"cluster": "alpha"}},
        "deployments": {"a1": {"provider": "alpha", "model": "up-a1"},
                        "a2": {"provider": "alpha", "model": "up-a2"}},
        "models": {"plain": {"candidates": ["a1"]}},
        "route_source": {"cluster": cluster, "path": "/set?of=tests", "interval_ms": INTERVAL_MS,
                         "timeout_ms": INTERVAL_MS, "token_env": "SET_TOKEN"},
    })
}

fn group(cluster: &str) -> Group {
    let environment = vec![("SET_TOKEN", "token-of-the-set")];
    Group::start(&Spec { environment, ..Spec::new(document(cluster)) })
}

static SOURCE: LazyLock<Group> = LazyLock::new(|| group("gamma"));
static DOWN: LazyLock<Group> = LazyLock::new(|| group("closed"));

fn delivers(status: u16, etag: &str, body: &str) {
    let mock = SOURCE.mock("gamma");
    let headers = vec![("etag".to_owned(), etag.to_owned())];
    let (status, body) = (Some(status), Some(body.to_owned()));
    mock.script_anew(Behaviour {
        status,
        body: body.map(Into::into),
        headers,
        ..Behaviour::default()
    });
}

/// Waits until a counter has grown.
async fn until(group: &Group, outcome: &str, more: u64) {
    let name = format!("wasmcustom.pointsman.route_source.fetches.outcome=.{outcome};");
    let before = group.envoy().stat(&name).await;
    while group.envoy().stat(&name).await < before + more {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Returns how a model is served, most likely on every worker.
fn served(group: &Group, model: &str) -> Vec<String> {
    let one = || {
        let reply = ask(group).model(model).send();
        if reply.status == 200 {
            reply.served().1.to_owned()
        } else {
            reply.status.as_u16().to_string()
        }
    };
    let mut all: Vec<String> = (0..24).map(|_| one()).collect();
    all.dedup();
    all
}

#[test]
fn good_then_bad_then_good_again() {
    LazyLock::force(&SOURCE);
    delivers(200, "\"1\"", r#"{"models": {"f": {"candidates": ["a2"]}}, "aliases": {"g": "f"}}"#);
    run(until(&SOURCE, "fetched", 1));
    assert_eq!(served(&SOURCE, "g"), ["up-a2"]);
    // The next fetches ask whether it has changed.
    delivers(304, "\"1\"", "");
    run(until(&SOURCE, "unchanged", 2));
    let asked = SOURCE.mock("gamma").seen();
    let last = asked.last().unwrap();
    assert_eq!(
        (last.path.as_str(), last.header("if-none-match")),
        ("/set?of=tests", Some("\"1\""))
    );
    assert_eq!(last.header("authorization"), Some("Bearer token-of-the-set"));
    for (body, told) in [
        (
            r#"{"models": {"f": {"candidates": ["a9"]}}}"#.to_owned(),
            "route_source: models.f.candidates[0]: unknown deployment \"a9\"",
        ),
        (
            format!("{{\"models\": {{}}, \"aliases\": {{}}}}{}", " ".repeat(1 << 20)),
            "route_source: the answer is longer than 1048576 bytes",
        ),
    ] {
        delivers(200, "\"2\"", &body);
        run(until(&SOURCE, "rejected", 3));
        assert_eq!(served(&SOURCE, "g"), ["up-a2"]);
        assert_eq!(SOURCE.envoy().log().matches(told).count(), 1, "{told}");
    }
    delivers(500, "", "{}");
    run(until(&SOURCE, "failed", 2));
    assert_eq!(served(&SOURCE, "g"), ["up-a2"]);
    delivers(200, "\"3\"", r#"{"models": {"h": {"candidates": ["a1"]}}}"#);
    run(until(&SOURCE, "fetched", 1));
    assert_eq!(served(&SOURCE, "h"), ["up-a1"]);
    assert_eq!(served(&SOURCE, "g"), ["404"]);
    one_fetch_in_an_interval();
    SOURCE.assert_serves("plain");
}

/// Four workers and the main thread check whether a fetch is due.
fn one_fetch_in_an_interval() {
    let mock = SOURCE.mock("gamma");
    let before = mock.seen().len() as u64;
    let began = std::time::Instant::now();
    run(until(&SOURCE, "unchanged", 10));
    let fetches = mock.seen().len() as u64 - before;
    let intervals = u64::try_from(began.elapsed().as_millis()).unwrap() / INTERVAL_MS;
    assert!(fetches <= intervals + 2, "{fetches} fetches in {intervals} intervals");
}

/// Answers every request with this body. Returns the port.
fn serve(body: &'static str) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    port
}

/// The clusters of the providers and some others run the attempt filter. A call to one of them
/// would end every stream of the worker.
#[test]
fn no_fetched_model_makes_the_filter_call_a_cluster_that_runs_it() {
    for (cluster, set) in [
        (
            "alpha",
            r#"{"models": {"f": {"strategy": "custom", "candidates": ["a1", "a2"],
            "custom": {"cluster": "alpha", "path": "/pick"}}}}"#,
        ),
        (
            "beta",
            r#"{"models": {"f": {"strategy": "custom", "candidates": ["a1", "a2"],
            "custom": {"cluster": "beta", "path": "/pick"}}}}"#,
        ),
    ] {
        for failover in [json!({"max_attempts": 2}), json!({"attempt_filter": true})] {
            let mut document = document("rules");
            document["failover"] = failover;
            let environment = vec![("SET_TOKEN", "token-of-the-set")];
            let services = vec![("rules", serve(set))];
            let group =
                Group::start(&Spec { environment, services, ..Spec::failing_over(document) });
            run(until(&group, "rejected", 2));
            assert_eq!(served(&group, "f"), ["404"], "{cluster}");
            let told =
                format!("models.f.custom.cluster: \"{cluster}\" is not the cluster of a service");
            assert!(group.envoy().log().contains(&told), "{told}");
            group.assert_serves("plain");
            group.assert_no_trap();
        }
    }
}

#[test]
fn a_source_that_is_down_at_the_start_harms_nothing() {
    LazyLock::force(&DOWN);
    run(until(&DOWN, "failed", 2));
    assert_eq!(served(&DOWN, "plain"), ["up-a1"]);
    assert_eq!(DOWN.envoy().log().matches("route_source: ").count(), 1);
    DOWN.assert_serves("plain");
}
