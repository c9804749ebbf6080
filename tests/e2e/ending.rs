//! However a stream ends, its attempt ends with it and is counted as what it was.
//!
//! Every way to end has its own deployment.

use std::sync::LazyLock;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::ledger::{LAYOUT, assert_counts, record};
use crate::harness::load::hanging;
use crate::harness::{AUTHORITY, Ask, Group, Spec, ask, chat, fresh, run};

/// How often each way is tried: more often than there are workers.
const TIMES: u64 = 12;

/// The ways to end, each with the cluster of its deployment.
const WAYS: [(&str, &str); 14] = [
    ("whole", "alpha"),
    ("streamed", "alpha"),
    ("trailed", "alpha-http2"),
    ("reset", "alpha"),
    ("cut", "alpha"),
    ("late", "alpha"),
    ("stuck", "alpha"),
    ("given-up", "alpha"),
    ("given-up-2", "alpha"),
    ("left", "alpha"),
    ("left-2", "alpha"),
    ("upload", "alpha"),
    ("closed", "closed"),
    ("nowhere", "no-such-cluster"),
];

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let mut document = json!({"providers": {}, "deployments": {}, "models": {},
                              "cooldown": {"enabled": false}});
    for (way, cluster) in WAYS {
        document["providers"][cluster] = json!({"cluster": cluster});
        document["deployments"][way] = json!({"provider": cluster, "model": way});
        document["models"][way] = json!({"candidates": [way]});
    }
    Group::start(&Spec { with_peek: true, ..Spec::new(document) })
});

/// What an attempt is counted as.
enum Counts {
    Success,
    Failure,
    Neither,
}

/// Fails unless this many attempts are recorded as ended, each counted as it should be.
async fn assert_ended(way: &str, each: Counts) {
    let (successes, failures) = match each {
        Counts::Success => (TIMES, 0),
        Counts::Failure => (0, TIMES),
        Counts::Neither => (0, 0),
    };
    assert_counts(&GROUP, way, (TIMES, successes, failures)).await;
    GROUP.assert_no_trap();
}

/// Returns a request that ends in this way.
fn request(way: &str, headers: &[(&str, &str)]) -> Ask<'static> {
    let mut body = chat(way, "Hello");
    let is_held = headers.iter().any(|(name, _)| *name == "x-mock-hold");
    let is_stream = is_held || matches!(way, "streamed" | "trailed");
    body["stream"] = is_stream.into();
    headers.iter().fold(ask(&GROUP).json(&body), |ask, (name, value)| ask.header(name, value))
}

/// Sends the request [`TIMES`] times at once, and reads every answer.
fn answered(way: &str, headers: &[(&str, &str)], status: u16, each: Counts) {
    LazyLock::force(&GROUP);
    std::thread::scope(|scope| {
        for _ in 0..TIMES {
            scope.spawn(|| assert_eq!(request(way, headers).send().status, status, "{way}"));
        }
    });
    run(assert_ended(way, each));
}

#[test]
fn a_whole_answer() {
    answered("whole", &[], 200, Counts::Success);
    answered("streamed", &[], 200, Counts::Success);
}

#[test]
fn an_answer_that_ends_with_trailers() {
    answered("trailed", &[("x-mock-trailer", "1")], 200, Counts::Success);
}

#[test]
fn a_provider_that_breaks_the_connection() {
    answered("reset", &[("x-mock-reset", "before-headers")], 503, Counts::Failure);
    answered("cut", &[("x-mock-reset", "mid-body")], 200, Counts::Failure);
}

#[test]
fn a_provider_that_takes_too_long() {
    answered("late", &[("x-short", "1"), ("x-mock-hang", "late")], 504, Counts::Failure);
}

#[test]
fn a_provider_that_stops_during_its_answer() {
    answered("stuck", &[("x-short", "1"), ("x-mock-hold", "stuck")], 200, Counts::Failure);
}

#[test]
fn a_provider_that_cannot_be_reached() {
    answered("closed", &[], 503, Counts::Failure);
}

#[test]
fn a_missing_cluster_does_not_count_against_the_deployment() {
    answered("nowhere", &[], 503, Counts::Neither);
}

#[test]
fn a_client_that_leaves_before_the_answer() {
    LazyLock::force(&GROUP);
    run(async {
        for _ in 0..TIMES {
            for way in ["given-up", "given-up-2"] {
                let key = fresh(way);
                let request = request(way, &[("x-mock-hang", &key)]);
                let request = if way == "given-up" { request } else { request.http2() };
                tokio::select! {
                    response = request.open() => panic!("{response:?}"),
                    () = hanging(&GROUP, &key) => {}
                }
            }
        }
        assert_ended("given-up", Counts::Neither).await;
        assert_ended("given-up-2", Counts::Neither).await;
    });
}

#[test]
fn a_client_that_leaves_during_the_answer() {
    LazyLock::force(&GROUP);
    run(async {
        for _ in 0..TIMES {
            for way in ["left", "left-2"] {
                let request = request(way, &[("x-mock-hold", way)]);
                let request = if way == "left" { request } else { request.http2() };
                let mut response = request.open().await;
                response.frame().await.unwrap().unwrap();
            }
        }
        assert_ended("left", Counts::Neither).await;
        assert_ended("left-2", Counts::Neither).await;
    });
}

#[test]
fn a_client_that_leaves_during_its_request() {
    LazyLock::force(&GROUP);
    let start = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {AUTHORITY}\r\n\
         content-type: application/json\r\ncontent-length: 1000000\r\n\r\n\
         {{\"model\":\"upload\",\"messages\":[{{\"role\":\"user\",\"content\":\"{}",
        "x".repeat(10_000)
    );
    run(async {
        for times in 1..=TIMES {
            let mut stream = TcpStream::connect(("127.0.0.1", GROUP.port())).await.unwrap();
            stream.write_all(start.as_bytes()).await.unwrap();
            // The model is known, so the request is already on its way.
            while record(&GROUP, LAYOUT, "upload").await.total.attempts < times {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        assert_ended("upload", Counts::Neither).await;
    });
}
