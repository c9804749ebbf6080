//! Shared state under real contention: threads as workers, one lock for the data.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use pointsman::config::{self, Config, DeploymentId, GroupId, ModelId};
use pointsman::host::{Conflict, SharedData};
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::request::format::Task;
use pointsman::routing::{Answers, Request, Services, Verdict, begin, decide};
use pointsman::state::outcome::Outcome;
use pointsman::state::report::Report;
use pointsman::state::{
    Claim, Counts, Ending, Intent, Overtaken, Record, SharedFleet, StartTerms, Turn, World,
};

const WORKERS: usize = 4;
const EACH: usize = 5_000;
const NOW_MS: u64 = 1_800_000_000_000;

/// Values with their versions, and the last version that was given.
type Versioned = (HashMap<String, (Vec<u8>, u32)>, u32);

/// Shared data as Envoy keeps it: one lock, and versions that only grow.
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

/// Runs `work` on every worker at once. Returns the workers' results.
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
                // Workers also create their keys at the same time.
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
            let mut snapshot = fleet.at(&shared, config, 0);
            let expected = snapshot.own_turn(turn);
            let committed = snapshot.commit(&Intent { turn: Some((turn, expected)), start: None });
            let number = snapshot.own_turn(turn);
            // A worker that is overtaken has lost this turn, and nobody takes it again.
            assert_eq!(committed, if number == expected { Ok(None) } else { Err(Overtaken) });
            assert_eq!(
                snapshot.commit(&Intent { turn: Some((turn, number)), start: None }),
                Ok(None)
            );
            assert_eq!(snapshot.next_turn(turn), number + 1);
            // A turn from the worker's own counter is not a shared one.
            if snapshot.dropped() == 0 { taken.push(number) } else { refused += 1 }
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
fn every_attempt_that_is_written_is_counted_and_none_stays_in_flight() {
    let shared = Locked::default();
    let report = Report::of(Outcome::Success, 200);
    let ending = Ending { report: Some(report), tokens: 3, ..Ending::default() };
    let written = workers(&shared, |config, fleet, _| {
        let (mut begun, mut ended) = (0, 0);
        for _ in 0..EACH {
            let mut snapshot = fleet.at(&shared, config, NOW_MS);
            let claim = Claim { task: Task::Chat, tokens: 1 };
            let asking = StartTerms { claim, is_forced: false };
            let intent = Intent { turn: None, start: Some((DeploymentId(0), asking)) };
            let attempt = snapshot.commit(&intent).unwrap().unwrap().attempt;
            begun += u64::from(snapshot.dropped() == 0);
            ended += u64::from(fleet.end(&shared, config, &attempt, &ending, NOW_MS).is_ok());
        }
        (begun, ended)
    });
    let (value, _) = shared.read("pointsman/6/deployment/p/a").unwrap();
    let record = Record::decode(&value);
    let begun: u64 = written.iter().map(|(begun, _)| begun).sum();
    let ended: u64 = written.iter().map(|(_, ended)| ended).sum();
    let counts = Counts { attempts: begun, successes: ended, failures: 0, tokens: 3 * ended };
    assert_eq!((record.minute, record.total), (counts, counts));
    assert!(ended > (WORKERS * EACH / 2) as u64);
    // Attempts whose end was dropped stay in flight until they are forgotten.
    let most = (WORKERS * EACH) as u64 - ended;
    assert!(u64::from(record.flight.count(NOW_MS)) <= most);
    assert_eq!(record.flight.count(NOW_MS + 20 * 60_000), 0);
}

/// Shared data in which another worker interferes. It drains this many deployments, each right
/// before an attempt begins there, and it takes a turn right before another is taken.
struct Overtaking {
    shared: Locked,
    left: Cell<u32>,
    accesses: Cell<(u32, u32)>,
}

impl Overtaking {
    fn count(&self, reads: u32, writes: u32) {
        let (read, written) = self.accesses.get();
        self.accesses.set((read + reads, written + writes));
    }
}

impl SharedData for Overtaking {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.count(1, 0);
        self.shared.read(key)
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        self.count(0, 1);
        let Some((known, current)) = self.shared.read(key) else {
            return self.shared.write(key, value, version);
        };
        if version == current && self.left.get() > 0 {
            self.left.set(self.left.get() - 1);
            let others = if key.contains("/deployment/") {
                let mut drained = Record::decode(&known);
                drained.drained = 1;
                drained.encode().as_ref().to_vec()
            } else {
                value.to_vec()
            };
            self.shared.write(key, &others, current)?;
        }
        self.shared.write(key, value, version)
    }
}

/// Sends a request for this model while other workers are faster this many times. Returns its
/// verdict, its deployment, and the accesses.
fn overtaken(model: &str, times: u32) -> (Verdict, Option<usize>, (u32, u32)) {
    let ids: Vec<String> = (0..10).map(|at| format!("d{at}")).collect();
    let deployment = |id: &String| format!(r#""{id}": {{"provider": "p", "model": "{id}"}}"#);
    let deployments: Vec<String> = ids.iter().map(deployment).collect();
    let document = format!(
        r#"{{"providers": {{"p": {{"cluster": "p"}}}}, "deployments": {{{}}},
            "models": {{"listed": {{"candidates": {ids:?}}},
                        "turns": {{"strategy": "round_robin", "candidates": {ids:?}}}}}}}"#,
        deployments.join(",")
    );
    let config = config::parse(document.as_bytes()).unwrap();
    let shared =
        Overtaking { shared: Locked::default(), left: Cell::new(0), accesses: Cell::default() };
    let fleet = SharedFleet::new(&config, &shared);
    shared.left.set(times);
    shared.accesses.set((0, 0));
    let (verdict, begun) = decided(&config, &fleet, &shared, model);
    (verdict, begun, shared.accesses.get())
}

fn decided(
    config: &Config,
    fleet: &SharedFleet,
    shared: &Overtaking,
    model: &str,
) -> (Verdict, Option<usize>) {
    let headers = [(":method", "POST"), (":path", "/v1/completions")];
    let body = format!(r#"{{"model":"{model}","prompt":"How are you?"}}"#);
    let Whole::Read(read) =
        whole(config, &RequestHead::new(headers.into_iter().collect()), body.as_bytes())
    else {
        panic!("the request is not routed")
    };
    let request = Request { config, facts: &read.facts, controls: &read.controls, sample: 0.0 };
    let mut snapshot = fleet.at(shared, config, NOW_MS);
    let answers = Answers::default();
    let verdict = decide(request, Services::Answered(&answers), &snapshot, 1);
    let (verdict, begun) = begin(verdict, request, &answers, &mut snapshot, 1);
    (verdict, begun.map(|begun| begun.attempt.deployment.0))
}

#[test]
fn an_overtaken_request_goes_elsewhere_at_most_eight_times() {
    for times in 0..8 {
        let (verdict, begun, accesses) = overtaken("listed", times);
        assert!(matches!(verdict, Verdict::Serve(_)), "{times}: {verdict:?}");
        assert_eq!(begun, Some(times as usize));
        // Each lost start is a write that fails and a read that shows why. Records that are already
        // known are not read again for the next start.
        assert_eq!(accesses, (1 + 2 * times, 1 + times), "{times}");
    }
    let (verdict, begun, _) = overtaken("listed", 8);
    let Verdict::Refuse(refusal) = verdict else { panic!("{verdict:?}") };
    assert_eq!((refusal.status, refusal.retry_after_s, begun), (503, Some(10), None));
}

#[test]
fn a_request_that_loses_a_turn_takes_the_next_one() {
    // The turn is written first.
    let (_, begun, accesses) = overtaken("turns", 0);
    assert_eq!((begun, accesses), (Some(0), (11, 2)));
    let (_, begun, accesses) = overtaken("turns", 1);
    assert_eq!((begun, accesses), (Some(1), (12, 3)));
    // Two turns are lost, and then the deployment of the third turn is gone. The same turn leads to
    // the next one that is ready.
    let (_, begun, accesses) = overtaken("turns", 3);
    assert_eq!((begun, accesses), (Some(3), (14, 5)));
}
