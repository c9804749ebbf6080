//! How load is shared between deployments, counted over all workers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use serde_json::json;

use crate::harness::{Group, Spec, chat, connect, fresh, run};

const REQUESTS: usize = 4000;
const CONNECTIONS: usize = 64;

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    Group::start(&Spec::new(json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta"}, "gamma": {"cluster": "gamma"}},
        "deployments": {
            "one": {"provider": "alpha", "model": "one"},
            "two": {"provider": "beta", "model": "two"},
            "three": {"provider": "gamma", "model": "three"},
        },
        "models": {
            "turns": {"strategy": "round_robin", "candidates": ["one", "two", "three"]},
            "shares": {"strategy": "weighted", "candidates": [
                {"deployment": "one", "weight": 9}, {"deployment": "two", "weight": 1},
                {"deployment": "three", "weight": 0}]},
        },
    })))
});

/// How many of [`REQUESTS`] each upstream model got.
fn shares(model: &'static str) -> BTreeMap<String, usize> {
    let case = fresh(model);
    // Start the group here: otherwise all the clients would block while they wait for it.
    LazyLock::force(&GROUP);
    run(async {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|client| {
                // The first connections take one more when the division leaves a remainder.
                let extra = usize::from(client < REQUESTS % CONNECTIONS);
                tokio::spawn(send(model, case.clone(), REQUESTS / CONNECTIONS + extra))
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    let mut shares = BTreeMap::new();
    for (_, seen) in GROUP.seen(&case) {
        *shares.entry(seen.upstream_model.unwrap()).or_default() += 1;
    }
    assert_eq!(shares.values().sum::<usize>(), REQUESTS, "{shares:?}");
    GROUP.assert_no_trap();
    shares
}

async fn send(model: &str, case: String, times: usize) {
    let mut connection = connect(&GROUP).await;
    let body = Bytes::from(chat(model, "Hello").to_string());
    for _ in 0..times {
        let request = Request::post("/v1/chat/completions")
            .header(HOST, "gateway.example")
            .header(CONTENT_TYPE, "application/json")
            .header("x-case", &case)
            .body(Full::new(body.clone()));
        connection.ready().await.unwrap();
        let response = connection.send_request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap();
    }
}

#[test]
fn round_robin_is_even_to_within_one() {
    let shares = shares("turns");
    let (fewest, most) = (shares.values().min().unwrap(), shares.values().max().unwrap());
    assert_eq!(shares.len(), 3);
    assert!(most - fewest <= 1, "{shares:?}");
}

#[test]
fn weights_are_kept_to_within_four_sigma() {
    let shares = shares("shares");
    assert!(!shares.contains_key("three"), "{shares:?}");
    // 4 · √(4000 · 0.9 · 0.1) = 75.9 around 400
    let rare = shares["two"];
    assert!((325..=475).contains(&rare), "{shares:?}");
}
