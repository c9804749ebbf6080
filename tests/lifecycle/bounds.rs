//! How much may be added while the proxy runs.

use pointsman::host::SharedData as _;
use pointsman::lifecycle::Worker;
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;

fn post(host: &FakeHost, worker: &Worker, path: &str, body: &Value) -> (u32, String) {
    let head = [(":method", "POST"), (":path", path), BEARER];
    host.request(&worker.engine(host), &head, &[body.to_string().as_bytes()]);
    let (status, body) = host.refused().unwrap();
    let reply: Value = serde_json::from_str(&body).unwrap();
    (status, reply["error"]["message"].as_str().unwrap_or_default().to_owned())
}

fn start() -> (FakeHost, Worker) {
    let (host, document) = admin();
    let worker = Worker::start(&host, document.to_string().as_bytes()).unwrap();
    (host, worker)
}

fn route(name: &str, upstream: &str) -> Value {
    json!({"model": name, "endpoints": [{"provider": "open", "model_id": upstream}]})
}

/// Writes a value under one of the module's own keys.
fn keep(host: &FakeHost, key: &str, value: &[u8]) {
    host.write(&format!("pointsman/live/1/{key}"), value, 0).unwrap();
}

fn kept(count: usize, route: impl Fn(usize) -> Value) -> String {
    let routes: Vec<Value> = (0..count).map(route).collect();
    let alias = |at: usize| json!({"alias": format!("a{at}"), "model": "m7"});
    let aliases: Vec<Value> = (0..count).map(alias).collect();
    json!({"routes": routes, "aliases": aliases}).to_string()
}

#[test]
fn routes_and_aliases_are_bounded_in_number() {
    let (host, worker) = start();
    let full = kept(255, |at| route(&format!("m{at}"), "open-model"));
    keep(&host, "dynamic", full.as_bytes());
    let put = |name: &str| post(&host, &worker, "/admin/routes", &route(name, "open-model"));
    assert_eq!(put("the-last").0, 200);
    let message =
        "model: there are already 256 dynamic routes, the most that are allowed; remove one first";
    assert_eq!(put("one-more"), (400, message.to_owned()));
    assert_eq!(put("m7").0, 200);
    let alias =
        |name: &str| post(&host, &worker, "/admin/aliases", &json!({"alias": name, "model": "m7"}));
    assert_eq!(alias("the-last-alias").0, 200);
    let message =
        "alias: there are already 256 dynamic aliases, the most that are allowed; remove one first";
    assert_eq!(alias("one-more"), (400, message.to_owned()));
}

#[test]
fn the_table_is_bounded_in_size() {
    let (host, worker) = start();
    let name = |at: usize| format!("{at}{}", "x".repeat(240));
    let endpoints = vec![json!({"provider": "open", "model_id": name(0)}); 32];
    let route = |at: usize| json!({"model": name(at), "endpoints": endpoints});
    let most = (1..).find(|count| kept(count + 1, route).len() > 262_144).unwrap();
    keep(&host, "dynamic", kept(most, route).as_bytes());
    let (status, message) = post(&host, &worker, "/admin/routes", &route(most));
    assert_eq!(status, 400);
    let start = "model: all dynamic routes and aliases together would take 2";
    assert!(message.starts_with(start), "{message}");
    assert!(message.ends_with(" bytes; allowed: at most 262144"), "{message}");
}

#[test]
fn names_that_shared_data_keeps_are_bounded_for_the_life_of_the_process() {
    let (host, worker) = start();
    let known: Vec<u8> = (0_u64..1022).flat_map(u64::to_le_bytes).collect();
    keep(&host, "names/posted", &known);
    let put = |upstream: &str| post(&host, &worker, "/admin/routes", &route("m", upstream));
    // The model and its deployment take the last two places.
    assert_eq!(put("the-last").0, 200);
    let (status, message) = put("one-more");
    assert_eq!(status, 400);
    let start = "model: 1024 different models and deployments have been added";
    assert!(message.starts_with(start), "{message}");
    // A name that is known already takes no place.
    assert_eq!(put("the-last").0, 200);
    assert_eq!(put("open-model").0, 200);
}
