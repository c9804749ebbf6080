//! Which version serves: logged once in a process, and a metric of every worker.

use std::collections::BTreeMap;
use std::sync::Arc;

use log::Level;
use pointsman::config;
use pointsman::host::SharedData;
use serde_json::{Value, json};

use crate::admin::BEARER;
use crate::fake_host::{FakeHost, Shared};
use crate::{document, engine, host, worker};

const LINE: &str = concat!("pointsman ", env!("CARGO_PKG_VERSION"), " is configured");

/// Returns the lines that say what is configured.
fn lines(host: &FakeHost) -> Vec<String> {
    let log = host.log.borrow();
    let lines = log.iter().filter(|(level, line)| *level == Level::Info && line.starts_with(LINE));
    lines.map(|(_, line)| line.clone()).collect()
}

/// Returns the hash of a document.
fn hash(document: &Value) -> String {
    config::parse(document.to_string().as_bytes()).unwrap().document_hash
}

/// Returns the last values of the gauge of documents, by their hashes.
fn shown(host: &FakeHost) -> BTreeMap<String, u64> {
    let metrics = host.metrics.borrow();
    let hash = |name: &str| {
        Some(name.strip_prefix("pointsman.config.hash=.")?.strip_suffix(';')?.to_owned())
    };
    metrics.iter().filter_map(|(_, name, values)| Some((hash(name)?, *values.last()?))).collect()
}

/// Configures a worker over that data, in both roles. Returns how often it logs its version.
fn told(shared: &Arc<Shared>) -> usize {
    let mut worker = FakeHost::sharing(shared);
    worker.environment = host().environment;
    let mut attempts = document();
    attempts["role"] = json!("attempt");
    engine(&worker, &document());
    engine(&worker, &attempts);
    lines(&worker).len()
}

#[test]
fn the_version_is_logged_by_one_worker_in_one_role() {
    let shared = Arc::default();
    assert_eq!([told(&shared), told(&shared), told(&shared)], [1, 0, 0]);
}

#[test]
fn another_version_in_the_same_process_is_logged_again() {
    let host = host();
    engine(&host, &document());
    let (_, version) = host.read("pointsman/version").unwrap();
    host.write("pointsman/version", b"0.0.0", version).unwrap();
    assert_eq!([told(&host.shared), told(&host.shared)], [1, 0]);
}

#[test]
fn the_version_is_a_metric_once_configured() {
    let host = host();
    engine(&host, &document());
    let name = concat!("pointsman.build.version=.", env!("CARGO_PKG_VERSION"), ";");
    let metrics = host.metrics.borrow();
    let build: Vec<_> = metrics.iter().filter(|(_, known, _)| known == name).collect();
    assert_eq!(build.len(), 1);
    assert_eq!(build[0].2, [1]);
    let mut uncounted = document();
    uncounted["metrics"] = json!({"enabled": false});
    let silent = crate::host();
    engine(&silent, &uncounted);
    assert!(silent.metrics.borrow().is_empty());
}

#[test]
fn the_line_names_the_document_and_comes_again_for_another_one_and_after_a_roll_back() {
    let host = host();
    let (first, mut second) = (document(), document());
    second["aliases"] = json!({"other": "own"});
    let (one, two) = (hash(&first), hash(&second));
    assert_ne!(one, two);
    // Two listeners have a document each, and two workers each configure both.
    for document in [&first, &second, &first, &second] {
        engine(&host, document);
    }
    let line = |hash: &str| format!("{LINE} with the document {hash}");
    assert_eq!(lines(&host), [line(&one), line(&two)]);
    // The first one goes with its listener, and comes back.
    worker(&host, &first).end(&host);
    engine(&host, &first);
    assert_eq!(lines(&host), [line(&one), line(&two), line(&one)]);
    // However many documents there are, few notes are kept.
    for at in 0..100 {
        second["aliases"] = json!({format!("alias-{at}"): "own"});
        engine(&host, &second);
    }
    let (notes, _) = host.read("pointsman/version").unwrap();
    assert!(notes.len() < 1100, "{}", notes.len());
    assert_eq!(lines(&host).len(), 103, "each document is logged");
}

#[test]
fn the_gauge_of_a_document_is_1_while_a_worker_has_it() {
    let host = host();
    let (first, mut second) = (document(), document());
    second["aliases"] = json!({"other": "own"});
    let (one, two) = (hash(&first), hash(&second));
    let before = worker(&host, &first);
    assert_eq!(shown(&host), [(one.clone(), 1)].into());
    let after = worker(&host, &second);
    before.end(&host);
    assert_eq!(shown(&host), [(one.clone(), 0), (two.clone(), 1)].into());
    // Another worker that still has it shows it again, and so does one in the other role.
    let mut attempts = second.clone();
    attempts["role"] = json!("attempt");
    let attempts = worker(&host, &attempts);
    after.end(&host);
    let gauge = format!("pointsman.config.hash=.{two};");
    assert_eq!(host.recorded(&gauge), [1, 0, 1], "the last is of the attempts, before that end");
    host.now_ms.pass(500);
    attempts.on_tick(&host);
    assert_eq!(host.recorded(&gauge), [1, 0, 1, 1]);
}

#[test]
fn the_admin_state_shows_the_hash() {
    let (host, document) = crate::admin::admin();
    let engine = engine(&host, &document);
    host.request(&engine, &[(":method", "GET"), (":path", "/admin/state"), BEARER], &[]);
    let state: Value = serde_json::from_str(&host.refused().unwrap().1).unwrap();
    assert_eq!(state["document"], json!(hash(&document)));
}
