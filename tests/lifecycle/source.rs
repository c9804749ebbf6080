//! The route source: one worker fetches for all, and its answer is only used if all of it is valid.

use log::Level;
use pointsman::lifecycle::Worker;
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{head, worker};

const GOOD: &str = r#"{"models": {"f": {"candidates": ["open2"]}}, "aliases": {"g": "f"}}"#;
const BAD: &str = r#"{"models": {"f": {"candidates": ["nil"]}}}"#;

fn document() -> Value {
    let (_, mut document) = admin();
    document["route_source"] = json!({"cluster": "rules", "path": "/set", "interval_ms": 1000,
        "timeout_ms": 300, "token_env": "RULES_TOKEN"});
    document
}

fn host() -> FakeHost {
    let (mut host, _) = admin();
    host.environment.insert("RULES_TOKEN".to_owned(), "rules".to_owned());
    host
}

/// Returns the host of another worker.
fn beside(host: &FakeHost) -> FakeHost {
    let mut other = FakeHost::sharing(&host.shared);
    other.environment.clone_from(&host.environment);
    other
}

fn start(host: &FakeHost) -> Worker {
    worker(host, &document())
}

/// Lets an interval pass, and lets the worker do what is due. Returns the headers of its call.
fn fetch(host: &FakeHost, worker: &Worker) -> Vec<(String, String)> {
    let before = host.calls.borrow().len();
    host.now_ms.pass(1000);
    worker.on_tick(host);
    let calls = host.calls.borrow();
    assert_eq!(calls.len(), before + 1);
    calls[before].headers.clone()
}

/// Returns how often a fetch came to this, after the tick that says so.
fn fetches(host: &FakeHost, worker: &Worker, outcome: &str) -> u64 {
    worker.on_tick(host);
    host.counted(&format!("pointsman.route_source.fetches.outcome=.{outcome};"))
}

/// Ends the most recent call.
fn answer(host: &FakeHost, worker: &Worker, status: u16, etag: &str, body: &str) {
    let call = u32::try_from(host.calls.borrow().len()).unwrap() - 1;
    let head = [("etag", etag)];
    let answer = Some((status, &head[..], body.as_bytes()));
    host.end_call_with(call, answer, |called| worker.on_called(host, called));
}

fn served(host: &FakeHost, worker: &Worker, model: &str) -> String {
    let body = json!({"model": model}).to_string();
    host.request(&worker.engine(host), &head(&[]), &[body.as_bytes()]);
    match host.refused() {
        Some((status, _)) => status.to_string(),
        None => serde_json::from_str::<Value>(&host.sent_body()).unwrap()["model"].to_string(),
    }
}

fn state(host: &FakeHost, worker: &Worker) -> Value {
    host.request(
        &worker.engine(host),
        &[(":method", "GET"), (":path", "/admin/state"), BEARER],
        &[],
    );
    let state: Value = serde_json::from_str(&host.refused().unwrap().1).unwrap();
    state["route_source"].clone()
}

fn warnings(host: &FakeHost) -> Vec<String> {
    let log = host.log.take();
    let warned = log
        .into_iter()
        .filter(|(level, line)| *level == Level::Warn && !line.contains("default_cluster"));
    warned.map(|(_, line)| line).collect()
}

#[test]
fn a_good_set_serves_every_worker_and_a_bad_one_changes_nothing() {
    let host = host();
    let other = beside(&host);
    let (worker, beside) = (start(&host), start(&other));
    assert_eq!(served(&host, &worker, "f"), "404");
    let headers = fetch(&host, &worker);
    let sent = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!((sent(":path"), sent("authorization")), (Some("/set"), Some("Bearer rules")));
    assert_eq!(sent("if-none-match"), None);
    answer(&host, &worker, 200, "\"1\"", GOOD);
    for name in ["f", "g"] {
        assert_eq!(served(&host, &worker, name), "\"open-model-2\"");
        assert_eq!(served(&other, &beside, name), "\"open-model-2\"");
    }
    let sent = fetch(&host, &worker);
    assert!(sent.contains(&("if-none-match".to_owned(), "\"1\"".to_owned())), "{sent:?}");
    warnings(&host);
    let problem = r#"route_source: models.f.candidates[0]: unknown deployment "nil"; known: "open", "open2", "own""#;
    for _ in 0..2 {
        answer(&host, &worker, 200, "\"2\"", BAD);
        fetch(&host, &worker);
    }
    // The problem is logged once, and remains visible in the state.
    assert_eq!(warnings(&host), [problem]);
    assert_eq!(served(&other, &beside, "g"), "\"open-model-2\"");
    assert_eq!(state(&other, &beside)["error"], problem);
    answer(&host, &worker, 200, "\"3\"", r#"{"models": {"h": {"candidates": ["open"]}}}"#);
    assert_eq!(
        (served(&other, &beside, "f"), served(&other, &beside, "h")),
        ("404".into(), "\"open-model\"".into())
    );
    assert_eq!(state(&other, &beside)["error"], Value::Null);
    assert_eq!(fetches(&host, &worker, "fetched"), 2);
    assert_eq!(fetches(&host, &worker, "rejected"), 2);
}

#[test]
fn an_unchanged_set_is_confirmed_without_a_new_configuration() {
    let host = host();
    host.now_ms.stop();
    let worker = start(&host);
    fetch(&host, &worker);
    answer(&host, &worker, 200, "\"1\"", GOOD);
    let engine = worker.engine(&host);
    fetch(&host, &worker);
    host.now_ms.pass(200);
    answer(&host, &worker, 304, "", "");
    assert!(std::rc::Rc::ptr_eq(&engine, &worker.engine(&host)));
    host.now_ms.pass(50);
    let state_of = |age: u64| json!({"age_ms": age, "asked_ms_ago": age, "error": null});
    assert_eq!(state(&host, &worker), state_of(50));
    // This source ignores tags.
    fetch(&host, &worker);
    answer(&host, &worker, 200, "\"1\"", GOOD);
    assert!(std::rc::Rc::ptr_eq(&engine, &worker.engine(&host)));
    assert_eq!(fetches(&host, &worker, "unchanged"), 2);
}

#[test]
fn one_worker_fetches_per_interval_and_another_takes_over_when_it_is_gone() {
    let host = host();
    let other = beside(&host);
    let (worker, beside) = (start(&host), start(&other));
    for _ in 0..100 {
        worker.on_tick(&host);
        beside.on_tick(&other);
        for host in [&host, &other] {
            host.now_ms.pass(100);
        }
    }
    let calls = || host.calls.borrow().len() + other.calls.borrow().len();
    assert_eq!(calls(), 10);
    // No answer has arrived yet.
    assert_eq!(state(&other, &beside)["age_ms"], Value::Null);
    other.now_ms.set(other.now_ms.get() + 1000);
    beside.on_tick(&other);
    assert_eq!(calls(), 11);
    // After the clock jumped back, fetching does not wait for the old time.
    other.now_ms.set(other.now_ms.get() - 3_600_000);
    beside.on_tick(&other);
    assert_eq!(calls(), 12);
}

#[test]
fn a_source_that_fails_harms_nothing_and_is_reported() {
    let host = host();
    let worker = start(&host);
    fetch(&host, &worker);
    answer(&host, &worker, 200, "", GOOD);
    warnings(&host);
    let long = "x".repeat(1024 * 1024 + 1);
    let cases = [
        (503, "", "route_source: the answer has the status 503", "failed"),
        (200, long.as_str(), "route_source: the answer is longer than 1048576 bytes", "rejected"),
        (200, "", "route_source: answer: is empty; expected a JSON object", "rejected"),
        (200, "[]", "route_source: answer: expected a JSON object", "rejected"),
        (
            200,
            r#"{"models": {"open": {"candidates": ["open2"]}}}"#,
            "route_source: models.open: the configuration already has this name; choose another name",
            "rejected",
        ),
        (
            200,
            r#"{"providers": {}}"#,
            "route_source: answer: unknown key \"providers\"; allowed: \"aliases\", \"models\", \"routes\"",
            "rejected",
        ),
    ];
    for (status, body, problem, outcome) in cases {
        let before = fetches(&host, &worker, outcome);
        fetch(&host, &worker);
        answer(&host, &worker, status, "\"x\"", body);
        assert_eq!(warnings(&host), [problem]);
        assert_eq!(fetches(&host, &worker, outcome), before + 1);
        assert_eq!(served(&host, &worker, "g"), "\"open-model-2\"");
    }
    fetch(&host, &worker);
    host.end_call(u32::try_from(host.calls.borrow().len()).unwrap() - 1, None, |called| {
        worker.on_called(&host, called);
    });
    assert_eq!(warnings(&host), ["route_source: there was no answer"]);
    host.uncalled.borrow_mut().push("rules".to_owned());
    host.now_ms.pass(1000);
    worker.on_tick(&host);
    assert_eq!(warnings(&host), [""; 0]);
    assert_eq!(state(&host, &worker)["error"], "route_source: there was no answer");
}

#[test]
fn the_last_good_set_survives_an_update_it_fits_and_otherwise_waits() {
    let host = host();
    let worker = start(&host);
    fetch(&host, &worker);
    answer(&host, &worker, 200, "\"1\"", GOOD);
    assert_eq!(served(&host, &start(&host), "g"), "\"open-model-2\"");
    let mut document = document();
    document["aliases"] = json!({"f": "open"});
    warnings(&host);
    let updated = Worker::start(&host, document.to_string().as_bytes()).unwrap();
    assert_eq!(served(&host, &updated, "f"), "\"open-model\"");
    let told = "the set of the route source is not used: models.f: the configuration already has this name; choose another name";
    assert_eq!(warnings(&host), [told]);
    // The request carries no tag, so that the source sends the set again and its problems are
    // reported.
    let sent = fetch(&host, &updated);
    assert!(!sent.iter().any(|(name, _)| name == "if-none-match"), "{sent:?}");
    // Another path is another source.
    document["route_source"]["path"] = json!("/other");
    let elsewhere = Worker::start(&host, document.to_string().as_bytes()).unwrap();
    assert_eq!((served(&host, &elsewhere, "g"), warnings(&host)), ("404".to_owned(), vec![]));
}

#[test]
fn dynamic_entries_win_over_what_was_fetched() {
    let host = host();
    let worker = start(&host);
    fetch(&host, &worker);
    answer(&host, &worker, 200, "", GOOD);
    let post = |path: &str, body: &str| {
        host.request(
            &worker.engine(&host),
            &[(":method", "POST"), (":path", path), BEARER],
            &[body.as_bytes()],
        );
        host.refused().unwrap().0
    };
    let route = r#"{"model": "f", "endpoints": [{"provider": "open", "model_id": "new"}]}"#;
    assert_eq!(post("/admin/routes", route), 200);
    assert_eq!(post("/admin/aliases", r#"{"alias": "x", "model": "g"}"#), 200);
    assert_eq!(served(&host, &worker, "x"), "\"new\"");
    host.request(
        &worker.engine(&host),
        &[(":method", "DELETE"), (":path", "/admin/routes/f"), BEARER],
        &[],
    );
    assert_eq!(served(&host, &worker, "x"), "\"open-model-2\"");
    host.request(
        &worker.engine(&host),
        &[(":method", "DELETE"), (":path", "/admin/routes/f"), BEARER],
        &[],
    );
    assert_eq!(host.refused().unwrap().0, 409);
    // The source withdraws the target of an alias.
    fetch(&host, &worker);
    answer(&host, &worker, 200, "", "{}");
    assert_eq!(served(&host, &worker, "x"), "404");
}

#[test]
fn a_missing_token_is_a_bad_configuration() {
    let (host, _) = admin();
    let problem = Worker::start(&host, document().to_string().as_bytes()).unwrap_err();
    let wanted = "route_source.token_env: environment variable \"RULES_TOKEN\" is not set";
    assert!(problem.starts_with(wanted), "{problem}");
}
