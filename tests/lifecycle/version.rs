//! Which version serves: logged once in a process, and a metric of every worker.

use std::sync::Arc;

use log::Level;
use pointsman::host::SharedData;
use serde_json::json;

use crate::fake_host::{FakeHost, Shared};
use crate::{document, engine, host};

const LINE: &str = concat!("pointsman ", env!("CARGO_PKG_VERSION"), " is configured");

/// Configures a worker over that data. Returns how often it logs its version.
fn told(shared: &Arc<Shared>) -> usize {
    let mut worker = FakeHost::sharing(shared);
    worker.environment = host().environment;
    let mut attempts = document();
    attempts["role"] = json!("attempt");
    engine(&worker, &document());
    engine(&worker, &attempts);
    let log = worker.log.borrow();
    log.iter().filter(|line| **line == (Level::Info, LINE.to_owned())).count()
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
