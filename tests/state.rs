//! Shared state under real contention: threads for workers, one lock for data.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use pointsman::config::{self, DeploymentId, GroupId, ModelId};
use pointsman::host::{Conflict, SharedData};
use pointsman::state::outcome::{Outcome, Report};
use pointsman::state::{Asking, Counts, Ending, Fleet, Record, SharedFleet, Turn};

const WORKERS: usize = 4;
const EACH: usize = 5_000;
const NOW_MS: u64 = 1_800_000_000_000;

/// Values with their versions, and the last version given.
type Versioned = (HashMap<String, (Vec<u8>, u32)>, u32);

/// Shared data as Envoy keeps it: one lock, versions that only grow.
#[derive(Default)]
struct Locked(Mutex<Versioned>);

impl SharedData for Locked {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.lock().unwrap().0.get(key).cloned()
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        let (values, last) = &mut *self.0.lock().unwrap();
        if values.get(key).is_some_and(|(_, current)| version != 0 && version != *current) {
            return Err(Conflict);
        }
        *last += 1;
        values.insert(key.to_owned(), (value.to_vec(), *last));
        Ok(())
    }
}

/// Runs `work` on every worker at once; the workers' results.
fn workers<T: Send>(
    shared: &Locked,
    work: impl Fn(&config::Config, &SharedFleet, usize) -> T + Sync,
) -> Vec<T> {
    let document = br#"{
        "providers": {"p": {"cluster": "p"}},
        "models": {"m": {"strategy": "round_robin", "candidates": [{"provider": "p", "model": "a"}]}}
    }"#;
    let start = Barrier::new(WORKERS);
    thread::scope(|scope| {
        let spawn = |worker| {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                let config = config::parse(document).unwrap();
                start.wait();
                // Workers create their keys at the same time, too.
                let fleet = SharedFleet::new(&config, shared);
                work(&config, &fleet, worker)
            })
        };
        let handles: Vec<_> = (0..WORKERS).map(spawn).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

#[test]
fn no_turn_is_taken_twice_and_none_is_lost() {
    let shared = Locked::default();
    let turn = Turn { model: ModelId(0), group: GroupId(0), is_narrowed: false };
    let taken = workers(&shared, |config, fleet, _| {
        let mut taken = Vec::new();
        let mut refused = 0;
        while taken.len() + refused < EACH {
            let mut now = fleet.at(&shared, config, 0);
            let count = now.take_turn(turn);
            // A turn from the worker's own counter is not one of the shared ones.
            if now.exhausted == 0 { taken.push(count) } else { refused += 1 }
        }
        taken
    });
    let mut all: Vec<u64> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    let shared_turns: Vec<u64> = (0..all.len() as u64).collect();
    assert_eq!(all, shared_turns);
    assert!(all.len() > WORKERS * EACH / 2, "most turns are shared, {} were", all.len());
}

#[test]
fn every_attempt_that_is_written_is_counted_and_none_stays_under_way() {
    let shared = Locked::default();
    let report = Report { outcome: Outcome::Success, status: 200, retry_after_ms: None };
    let ending = Ending { report: Some(report), tokens: 3, ..Ending::default() };
    let written = workers(&shared, |config, fleet, _| {
        let (mut begun, mut ended) = (0, 0);
        for _ in 0..EACH {
            let mut now = fleet.at(&shared, config, NOW_MS);
            now.begin(DeploymentId(0), Asking { tokens: 1, is_forced: false }).unwrap();
            let (attempt, exhausted) = (now.attempt.unwrap(), now.exhausted);
            begun += u64::from(exhausted == 0);
            ended += u64::from(fleet.end(&shared, config, &attempt, &ending, NOW_MS).is_ok());
        }
        (begun, ended)
    });
    let (value, _) = shared.read("pointsman/3/deployment/p/a").unwrap();
    let record = Record::decode(&value);
    let begun: u64 = written.iter().map(|(begun, _)| begun).sum();
    let ended: u64 = written.iter().map(|(_, ended)| ended).sum();
    let counts = Counts { attempts: begun, successes: ended, failures: 0, tokens: 3 * ended };
    assert_eq!((record.minute, record.total), (counts, counts));
    assert!(ended > (WORKERS * EACH / 2) as u64);
    // Of ends that were dropped the attempts stay, until they are forgotten.
    let most = (WORKERS * EACH) as u64 - ended;
    assert!(u64::from(record.flight.count(NOW_MS)) <= most);
    assert_eq!(record.flight.count(NOW_MS + 20 * 60_000), 0);
}
