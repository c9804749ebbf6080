//! What the matrix does to a deployment's record.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use pointsman::config::{self, Config, DeploymentId};
use pointsman::host::{Conflict, SharedData};
use pointsman::request::format::Task;
use pointsman::state::cooldown::{Phase, phase};
use pointsman::state::outcome::{Outcome, Report};
use pointsman::state::{Claim, Ended, Ending, Intent, Record, SharedFleet, StartTerms};

use super::{Reach, Weight};
use super::{rows_of_matrix, verdict};

const NOW_MS: u64 = 1_800_000_000_000;
const D: DeploymentId = DeploymentId(0);

/// Shared data of one worker.
#[derive(Default)]
struct Alone(RefCell<HashMap<String, (Vec<u8>, u32)>>);

impl SharedData for Alone {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow().get(key).cloned()
    }

    fn write(&self, key: &str, value: &[u8], _: u32) -> Result<(), Conflict> {
        self.0.borrow_mut().insert(key.to_owned(), (value.to_vec(), 1));
        Ok(())
    }
}

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let document = br#"{"providers":{"p":{"cluster":"p"}},
        "models":{"m":{"candidates":[{"provider":"p","model":"a"}]}}}"#;
    config::parse(document).unwrap()
});

/// A proxy with one deployment.
struct Proxy {
    config: &'static Config,
    shared: Alone,
    fleet: SharedFleet,
}

/// What has happened at the deployment before.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    Successes,
    /// One failure short of a cooldown.
    Failures,
    HalfOpen,
}

const BEFORE: [Before; 4] =
    [Before::Nothing, Before::Successes, Before::Failures, Before::HalfOpen];

impl Proxy {
    fn new() -> Self {
        let shared = Alone::default();
        let fleet = SharedFleet::new(&CONFIG, &shared);
        Self { config: &CONFIG, shared, fleet }
    }

    /// Runs one request for that operation from its start to that end.
    fn run(&self, task: Task, fingerprint: u32, report: Report, at_ms: u64) -> Ended {
        let mut snapshot = self.fleet.at(&self.shared, self.config, at_ms);
        let terms = StartTerms { claim: Claim { task, tokens: 1 }, is_forced: true };
        let intent = Intent { turn: None, start: Some((D, terms)) };
        let attempt = snapshot.commit(&intent).unwrap().unwrap().attempt;
        let ending = Ending { report: Some(report), fingerprint, ..Ending::default() };
        self.fleet.end(&self.shared, self.config, &attempt, &ending, at_ms).unwrap()
    }

    /// Brings the deployment into a state, and returns the time then.
    fn prepare(&self, before: Before, task: Task) -> u64 {
        match before {
            Before::Nothing => {}
            Before::Successes => {
                for _ in 0..20 {
                    self.run(task, 1, Report::of(Outcome::Success, 200), NOW_MS);
                }
            }
            Before::Failures => {
                for _ in 0..4 {
                    self.run(task, 1, Report::of(Outcome::Server, 503), NOW_MS);
                }
            }
            Before::HalfOpen => {
                self.run(task, 1, Report::of(Outcome::RateLimit, 429), NOW_MS);
                return NOW_MS + 6000;
            }
        }
        NOW_MS
    }

    fn record(&self) -> Record {
        self.fleet.record(&self.shared, D)
    }

    fn is_cooling(&self, task: Task, at_ms: u64) -> bool {
        let phase = phase(&self.record().health(task), at_ms, &self.config.cooldown);
        matches!(phase, Phase::Cooling(_))
    }
}

/// The record without what every request leaves: attempts that were started.
fn judged(record: &Record) -> (u64, u64, u64, u64, Vec<pointsman::state::Health>) {
    let healths = Task::ALL.map(|task| {
        let mut health = record.health(task);
        health.minute.attempts = 0;
        health
    });
    let (minute, total) = (record.minute, record.total);
    (minute.successes, minute.failures, total.successes, total.failures, healths.to_vec())
}

/// The reports of the matrix, each once: of one status, as the status changes nothing more.
fn reports() -> Vec<Report> {
    let mut reports = BTreeMap::new();
    for (failure, status, profile) in rows_of_matrix() {
        let (outcome, evidence) = verdict::refused(failure, status, profile);
        let report = Report { evidence, ..Report::of(outcome, status) };
        reports.insert((outcome.code(), evidence.code()), report);
    }
    reports.into_values().collect()
}

#[test]
fn one_request_moves_no_deployment_to_cooling_but_by_what_is_the_accounts() {
    for report in reports() {
        for task in Task::ALL {
            for before in [Before::Nothing, Before::Successes] {
                let world = Proxy::new();
                let now_ms = world.prepare(before, task);
                // However often a client repeats it: five would be enough of any failure.
                for _ in 0..4 {
                    world.run(task, 7, report, now_ms);
                }
                let is_allowed = report.evidence.weight == Weight::Trip;
                assert_eq!(world.is_cooling(task, now_ms), is_allowed, "{report:?} {before:?}");
            }
        }
    }
}

#[test]
fn a_request_of_one_operation_says_nothing_of_the_others() {
    for report in reports() {
        let (task, other) = (Task::CountTokens, Task::Chat);
        for before in BEFORE {
            let world = Proxy::new();
            let now_ms = world.prepare(before, other);
            let known = world.record().health(other);
            for fingerprint in 0..10 {
                world.run(task, fingerprint, report, now_ms);
                world.run(task, fingerprint, Report::of(Outcome::Success, 200), now_ms);
            }
            assert_eq!(world.record().health(other), known, "{report:?} {before:?}");
        }
    }
}

#[test]
fn what_a_clients_own_key_gets_changes_nothing() {
    let own = reports().into_iter().filter(|report| report.evidence.reach == Reach::OwnKey);
    let mut seen = 0;
    for report in own {
        seen += 1;
        for before in BEFORE {
            let world = Proxy::new();
            let now_ms = world.prepare(before, Task::Chat);
            let known = judged(&world.record());
            for fingerprint in 0..10 {
                world.run(Task::Chat, fingerprint, report, now_ms);
            }
            assert_eq!(judged(&world.record()), known, "{report:?} {before:?}");
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn what_is_taken_back_leaves_the_record_as_before() {
    let mut seen = 0;
    for report in reports().into_iter().filter(Report::is_excusable) {
        for before in [Before::Nothing, Before::Successes, Before::Failures] {
            let world = Proxy::new();
            let now_ms = world.prepare(before, Task::Chat);
            let known = judged(&world.record());
            if let Some(charge) = world.run(Task::Chat, 7, report, now_ms).charge {
                seen += 1;
                let of = (Task::Chat, 7);
                world.fleet.take_back(&world.shared, D, of, charge, now_ms).unwrap();
            }
            assert_eq!(judged(&world.record()), known, "{report:?} {before:?}");
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn weak_evidence_of_two_requests_cools_what_a_retry_would_not_mend() {
    let weak = |report: &Report| report.evidence.weight == Weight::Weak;
    let mut seen = 0;
    for report in reports().into_iter().filter(weak) {
        let world = Proxy::new();
        world.run(Task::Chat, 1, report, NOW_MS);
        assert!(!world.is_cooling(Task::Chat, NOW_MS), "{report:?}");
        world.run(Task::Chat, 2, report, NOW_MS + 1000);
        let trips = matches!(report.outcome, Outcome::Auth | Outcome::NotFound);
        assert_eq!(world.is_cooling(Task::Chat, NOW_MS + 1000), trips, "{report:?}");
        assert_eq!(world.record().total.failures, 1, "{report:?}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn counting_tokens_takes_nothing_of_a_limit() {
    let document = br#"{"providers":{"p":{"cluster":"p"}},
        "deployments":{"d":{"provider":"p","model":"m","rpm_limit":2,"tpm_limit":10}},
        "models":{"m":{"candidates":["d"]}}}"#;
    let config = config::parse(document).unwrap();
    let shared = Alone::default();
    let fleet = SharedFleet::new(&config, &shared);
    let begin = |task, tokens| {
        let mut snapshot = fleet.at(&shared, &config, NOW_MS);
        let terms = StartTerms { claim: Claim { task, tokens }, is_forced: false };
        snapshot.commit(&Intent { turn: None, start: Some((D, terms)) }).is_ok()
    };
    for _ in 0..5 {
        assert!(begin(Task::CountTokens, 0));
    }
    assert!(begin(Task::Chat, 1) && begin(Task::Chat, 1));
    assert!(!begin(Task::Chat, 1), "two are the limit");
    assert!(begin(Task::CountTokens, 0), "which is not that of counts");
}
