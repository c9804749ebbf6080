//! Routes and aliases that are added while the proxy runs, over all workers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::ledger::LAYOUT;
use crate::harness::{AUTHORITY, Group, Spec, ask, chat, connect, run};
use crate::mock::Behaviour;

const TOKEN: &str = "an-admin-token-of-the-tests";

fn document() -> Value {
    json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta"}},
        "deployments": {"a1": {"provider": "alpha", "model": "up-a1"},
                        "b1": {"provider": "beta", "model": "up-b1"}},
        "models": {"plain": {"candidates": ["b1"]}},
        "admin": {"token_env": "ADMIN_TOKEN"},
        // Some requests of these tests are meant to fail.
        "cooldown": {"enabled": false},
        "default_cluster": "site",
    })
}

fn spec(document: Value) -> Spec {
    Spec { environment: vec![("ADMIN_TOKEN", TOKEN)], ..Spec::new(document) }
}

static ROUTES: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(document())));
static CLIENTS: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(document())));
static UPDATED: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { is_dynamic: true, ..spec(document()) }));
static ATTEMPTS: LazyLock<Group> = LazyLock::new(|| {
    let mut document = document();
    document["failover"] = json!({"max_attempts": 3});
    Group::start(&Spec { has_attempts: true, with_peek: true, ..spec(document) })
});

type Connection = SendRequest<Full<Bytes>>;

/// Sends a request over a connection. Returns the status and body of the answer.
async fn send(
    connection: &mut Connection,
    method: &Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, AUTHORITY)
        .header(CONTENT_TYPE, "application/json")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    connection.ready().await.unwrap();
    let answer = connection.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn route(model: &str, upstream: &str) -> Value {
    json!({"model": model, "strategy": "priority",
           "endpoints": [{"provider": "alpha", "model_id": upstream}]})
}

async fn post(connection: &mut Connection, path: &str, body: &Value) {
    let (status, reply) = send(connection, &Method::POST, path, body).await;
    assert_eq!(status, 200, "{reply}");
}

/// Returns the model that served a chat with `model`, or otherwise the status.
async fn served(connection: &mut Connection, model: &str) -> String {
    let (status, reply) =
        send(connection, &Method::POST, "/v1/chat/completions", &chat(model, "Hi")).await;
    if status == 200 { reply["model"].as_str().unwrap().to_owned() } else { status.to_string() }
}

/// Opens connections that most likely reach all workers.
async fn connections(group: &Group, count: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for _ in 0..count {
        connections.push(connect(group).await);
    }
    connections
}

#[test]
fn the_very_next_request_of_every_worker_uses_what_was_posted() {
    LazyLock::force(&ROUTES);
    run(async {
        let mut all = connections(&ROUTES, 50).await;
        for round in 0..20 {
            let upstream = format!("up-{round}");
            let by = round % all.len();
            post(&mut all[by], "/admin/routes", &route("vendor/x", &upstream)).await;
            if round == 0 {
                post(&mut all[by], "/admin/aliases", &json!({"alias": "y", "model": "vendor/x"}))
                    .await;
            }
            // Each request has its own connection, and so possibly its own worker.
            for (at, connection) in all.iter_mut().enumerate() {
                let name = if at % 2 == 0 { "vendor/x" } else { "y" };
                assert_eq!(served(connection, name).await, upstream, "{round} {at}");
            }
        }
        let removed = send(&mut all[3], &Method::DELETE, "/admin/routes/vendor%2Fx", &Value::Null);
        assert_eq!(removed.await, (200, json!({"removed": "vendor/x"})));
        for connection in &mut all {
            assert_eq!(served(connection, "y").await, "404");
            assert_eq!(served(connection, "plain").await, "up-b1");
        }
    });
    ROUTES.assert_serves("plain");
}

#[test]
fn sixteen_clients_at_once_lose_no_change_and_corrupt_none() {
    LazyLock::force(&CLIENTS);
    run(async {
        let mut tasks = Vec::new();
        for client in 0..16 {
            tasks.push(tokio::spawn(async move {
                let mut connection = connect(&CLIENTS).await;
                // Each client has its own names, so it knows what must be there in the end.
                let mut last = BTreeMap::new();
                for step in 0..60_usize {
                    let name = format!("m{client}-{}", step % 5);
                    if step % 3 == 2 {
                        let path = format!("/admin/routes/{name}");
                        let (status, reply) =
                            send(&mut connection, &Method::DELETE, &path, &Value::Null).await;
                        let wanted = if last.remove(&name).is_some() { 200 } else { 404 };
                        assert_eq!(status, wanted, "{reply}");
                    } else {
                        let upstream = format!("up-{step}");
                        post(&mut connection, "/admin/routes", &route(&name, &upstream)).await;
                        assert_eq!(served(&mut connection, &name).await, upstream);
                        last.insert(name, upstream);
                    }
                }
                last
            }));
        }
        let mut wanted = BTreeMap::new();
        for task in tasks {
            wanted.extend(task.await.unwrap());
        }
        assert!(wanted.len() > 16);
        for connection in &mut connections(&CLIENTS, 16).await {
            let (_, list) = send(connection, &Method::GET, "/admin/routes", &Value::Null).await;
            let routes = list["routes"].as_array().unwrap().iter();
            let dynamic = routes.filter(|route| route["source"] == "dynamic").map(|route| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&route["model"]), text(&route["endpoints"][0]["model_id"]))
            });
            assert_eq!(dynamic.collect::<BTreeMap<_, _>>(), wanted);
        }
    });
    CLIENTS.assert_serves("plain");
}

#[test]
fn added_entries_survive_an_update_of_the_filter() {
    LazyLock::force(&UPDATED);
    run(async {
        let mut old = connect(&UPDATED).await;
        post(&mut old, "/admin/routes", &route("x", "up-x")).await;
        let beta = json!({"model": "z", "endpoints": [{"provider": "beta", "model_id": "up-z"}]});
        post(&mut old, "/admin/routes", &beta).await;
        post(&mut old, "/admin/aliases", &json!({"alias": "y", "model": "x"})).await;
        let mut after = document();
        // No deployment is left at beta.
        after["providers"].as_object_mut().unwrap().remove("beta");
        after["deployments"].as_object_mut().unwrap().remove("b1");
        after["models"] = json!({"new": {"candidates": ["a1"]}});
        let spec = Spec { is_dynamic: true, ..spec(after) };
        UPDATED.envoy().update(&spec, crate::harness::module().as_ref());
        while served(&mut connect(&UPDATED).await, "new").await != "up-a1" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        for connection in &mut connections(&UPDATED, 16).await {
            if served(connection, "new").await == "up-a1" {
                assert_eq!(served(connection, "y").await, "up-x");
                assert_eq!(served(connection, "z").await, "404");
            }
        }
        let mut connection = connect(&UPDATED).await;
        let (_, list) = send(&mut connection, &Method::GET, "/admin/routes", &Value::Null).await;
        let of = |name: &str| {
            let routes = list["routes"].as_array().unwrap();
            routes.iter().find(|route| route["model"] == name).cloned().unwrap()
        };
        assert_eq!(of("z")["inactive"]["field"], "endpoints[0].provider");
        assert_eq!(of("x").get("inactive"), None);
    });
    UPDATED.assert_no_trap();
}

#[test]
fn attempts_go_to_added_deployments_and_are_counted_there() {
    LazyLock::force(&ATTEMPTS);
    let routes = json!({"model": "x", "strategy": "priority", "endpoints": [
        {"provider": "alpha", "model_id": "up-new"}, {"provider": "beta", "model_id": "up-new"}]});
    run(async { post(&mut connect(&ATTEMPTS).await, "/admin/routes", &routes).await });
    let failing =
        Behaviour { only: Some("alpha".to_owned()), status: Some(503), ..Behaviour::default() };
    ATTEMPTS.mock("alpha").script(failing, None);
    for _ in 0..40 {
        let reply = ask(&ATTEMPTS).model("x").send();
        assert_eq!(reply.status, StatusCode::OK);
        let by: Vec<_> = reply.seen.iter().map(|(provider, _)| *provider).collect();
        assert_eq!(by, ["alpha", "beta"]);
        assert!(
            reply.seen.iter().all(|(_, seen)| seen.upstream_model.as_deref() == Some("up-new"))
        );
        assert_eq!(reply.header("x-llm-deployment"), Some("beta/up-new"));
    }
    run(async {
        for (deployment, wanted) in [("alpha/up-new", [40, 0, 40]), ("beta/up-new", [40, 40, 0])] {
            let key = format!("{LAYOUT}deployment/{deployment}");
            let record = ATTEMPTS.shared(&key).await.expect("a record");
            let total = pointsman::state::Record::decode(&record).total;
            assert_eq!([total.attempts, total.successes, total.failures], wanted, "{deployment}");
        }
    });
    ATTEMPTS.assert_no_trap();
}
