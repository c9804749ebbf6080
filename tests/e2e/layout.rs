//! Values of two layouts in use at the same time: a module of the next version beside this one, and
//! bytes that are not a record at all.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use pointsman::state::Record;

use crate::harness::ledger::{
    DEPLOYMENTS, LAYOUT, MODELS, assert_equal, counted, document, recorded,
};
use crate::harness::load::{FAULTY, Load, SOUND, drive};
use crate::harness::{AUTHORITY, Group, Spec, ask, chat, connect, fresh, module, run};

/// The prefix of every key in the next layout, whichever number that has.
const NEXT: &str = "pointsman/n/";

fn spec() -> Spec {
    Spec { with_peek: true, is_dynamic: true, ..Spec::new(document()) }
}

static UPDATED: LazyLock<Group> = LazyLock::new(|| Group::start(&spec()));
static SPOILT: LazyLock<Group> = LazyLock::new(|| Group::start(&spec()));

/// Writes this module as its next version would be: its keys differ, and have the same length.
fn next_module() -> PathBuf {
    let mut bytes = fs::read(module()).unwrap();
    let (this, next) = (LAYOUT.as_bytes(), NEXT.as_bytes());
    assert_eq!(this.len(), next.len());
    let places = bytes.windows(this.len()).enumerate().filter(|(_, found)| *found == this);
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{LAYOUT} is not in the module");
    for at in places {
        bytes[at..at + next.len()].copy_from_slice(next);
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(fresh("next-layout"));
    fs::write(&path, bytes).unwrap();
    path
}

fn load(requests: usize) -> Load {
    Load { models: &MODELS, requests, connections: 32, seed: 6, kinds: &FAULTY }
}

/// Fails if a virtual machine has ended.
async fn assert_lives(group: &Group) {
    assert_eq!(group.envoy().stat("wasm.pointsman.vm_reload").await, 0);
    assert_eq!(group.envoy().counted("pointsman.cas.exhausted").await, 0);
    group.assert_no_trap();
}

#[test]
fn a_module_of_the_next_layout_takes_over_under_load() {
    LazyLock::force(&UPDATED);
    run(async {
        // Connections that are open by now stay with this module.
        let mut old = connect(&UPDATED).await;
        let under_way = tokio::spawn(drive(&UPDATED, load(6000)));
        until(LAYOUT, 1000).await;
        UPDATED.envoy().update(&spec(), &next_module());
        until(NEXT, 100).await;
        let beside = attempts(&UPDATED, LAYOUT).await;
        let body = Full::new(Bytes::from(chat("turns", "Hello").to_string()));
        let request = Request::post("/v1/chat/completions")
            .header(HOST, AUTHORITY)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let response = old.send_request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap();
        under_way.await.unwrap();
        // Every attempt is in one of the two layouts, and none is in both.
        assert_equal(&UPDATED, &[LAYOUT, NEXT]).await;
        let before = attempts(&UPDATED, LAYOUT).await;
        assert!(before > beside, "both have served at the same time");
        drive(&UPDATED, load(500)).await;
        assert_eq!(attempts(&UPDATED, LAYOUT).await, before, "this one still serves");
        assert_equal(&UPDATED, &[LAYOUT, NEXT]).await;
        assert_lives(&UPDATED).await;
    });
}

/// Waits until this many attempts are recorded in a layout.
async fn until(layout: &str, many: u64) {
    while attempts(&UPDATED, layout).await < many {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn attempts(group: &Group, layout: &str) -> u64 {
    if group.shared(&format!("{layout}deployment/one")).await.is_none() {
        return 0;
    }
    recorded(group, &[layout]).await.values().map(|(counts, _)| counts.attempts).sum()
}

/// Returns bytes of this length that are not a record.
fn foreign(length: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; length];
    let record = Record::default().encode();
    let record = record.as_ref();
    // Where the length is that of a record, the first byte says what it is.
    if let (Some(first), true) = (bytes.first_mut(), length != record.len()) {
        *first = record[0];
    }
    assert_eq!(Record::decode(&bytes), Record::default());
    bytes
}

#[test]
fn bytes_that_are_no_record_are_ignored() {
    LazyLock::force(&SPOILT);
    let longest = Record::default().encode().as_ref().len() + 20;
    let keys: Vec<String> = DEPLOYMENTS
        .iter()
        .map(|deployment| format!("{LAYOUT}deployment/{deployment}"))
        .chain(["all", "some"].map(|set| format!("{LAYOUT}turn/{set}/turns#")))
        .collect();
    run(async {
        let under_way = tokio::spawn(drive(&SPOILT, load(4000)));
        for length in (0..longest).cycle() {
            for key in &keys {
                SPOILT.set_shared(key, &foreign(length)).await;
            }
            if under_way.is_finished() {
                break;
            }
        }
        under_way.await.unwrap();
        assert_lives(&SPOILT).await;
    });
    // Requests go one at a time: a deployment without a record may be picked.
    for length in 0..longest {
        run(SPOILT.set_shared(&keys[0], &foreign(length)));
        let reply = ask(&SPOILT).model("first").send();
        assert_eq!(reply.served(), ("alpha", "one"), "{length} bytes");
    }
    run(async {
        for key in &keys {
            // These bytes are too short for a turn too, so the turn starts again.
            SPOILT.set_shared(key, &foreign(7)).await;
        }
        let before = counted(&SPOILT);
        let sound = Load { models: &["turns"], kinds: &SOUND, ..load(300) };
        drive(&SPOILT, sound).await;
        let after = counted(&SPOILT);
        for (deployment, (counts, in_flight)) in recorded(&SPOILT, &[LAYOUT]).await {
            let (before, after) = (before[deployment].0, after[deployment].0);
            assert_eq!(counts.attempts, 100, "{deployment}");
            assert_eq!(counts.successes, after.successes - before.successes, "{deployment}");
            assert_eq!(counts.tokens, after.tokens - before.tokens, "{deployment}");
            assert_eq!(in_flight, 0, "{deployment}");
        }
        assert_lives(&SPOILT).await;
    });
}
