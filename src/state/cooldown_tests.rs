//! The cooldown machine, report by report.

use crate::config::{Cooldown, WhenAllCooling};
use crate::request::format::Task;

use super::cooldown::*;
use super::evidence::{Evidence, Weight};
use super::outcome::{Outcome, Report};
use super::record::Record;

const NOW: u64 = 1_800_000_000_000;
/// A chat.
const ONE: (Task, u32) = (Task::Chat, 1);

fn settings() -> Cooldown {
    Cooldown {
        enabled: true,
        consecutive_failures: 5,
        allowed_fails: 3,
        min_requests: 10,
        failure_rate_percent: 50.0,
        time_ms: 5000,
        max_time_ms: 300_000,
        success_threshold: 3,
        half_open_probes: 1,
        probe_lease_ms: 60_000,
        honour_retry_after: true,
        when_all_cooling: WhenAllCooling::LeastRemaining,
    }
}

fn report(outcome: Outcome, retry_after_ms: Option<u64>) -> Report {
    Report { retry_after_ms, ..Report::of(outcome, 503) }
}

/// Runs reports at given offsets from now.
fn run(reports: &[(u64, Outcome, Option<u64>)]) -> Record {
    reports.iter().fold(Record::default(), |record, (at, outcome, hint)| {
        let mut record = record;
        take(&mut record, ONE, report(*outcome, *hint), NOW + at, &settings());
        record
    })
}

fn phase_at(record: &Record, at: u64) -> Phase {
    phase(&record.health(Task::Chat), NOW + at, &settings())
}

#[test]
fn failures_in_a_row_trip_and_a_success_between_them_does_not() {
    let failure = (0, Outcome::Server, None);
    assert_eq!(phase_at(&run(&[failure; 4]), 0), Phase::Healthy);
    assert_eq!(phase_at(&run(&[failure; 5]), 0), Phase::Cooling(5000));
    let broken = [failure, failure, failure, (0, Outcome::Success, None), failure, failure];
    assert_eq!(phase_at(&run(&broken), 0), Phase::Healthy);
}

#[test]
fn a_failure_rate_trips_only_with_enough_requests() {
    let mut reports = Vec::new();
    for _ in 0..5 {
        reports.extend([(0, Outcome::Success, None), (0, Outcome::Server, None)]);
    }
    assert_eq!(phase_at(&run(&reports[..9]), 0), Phase::Healthy);
    assert_eq!(phase_at(&run(&reports), 0), Phase::Cooling(5000));
    // The same reports over two minutes do not.
    for report in &mut reports[5..] {
        report.0 = 60_000;
    }
    assert_eq!(phase_at(&run(&reports), 60_000), Phase::Healthy);
}

#[test]
fn refusals_trip_at_once_for_as_long_as_the_provider_says() {
    for outcome in [Outcome::RateLimit, Outcome::Auth, Outcome::Quota] {
        assert_eq!(phase_at(&run(&[(0, outcome, None)]), 0), Phase::Cooling(5000));
    }
    assert_eq!(phase_at(&run(&[(0, Outcome::RateLimit, Some(2000))]), 500), Phase::Cooling(1500));
    assert_eq!(
        phase_at(&run(&[(0, Outcome::RateLimit, Some(u64::MAX))]), 0),
        Phase::Cooling(300_000)
    );
}

#[test]
fn clients_mistakes_change_nothing() {
    let record = run(&[(0, Outcome::Client, None); 50]);
    assert_eq!(record, Record::default());
    assert_eq!(run(&[(0, Outcome::Cancelled, None); 50]), Record::default());
}

#[test]
fn a_shorter_hint_never_shortens_a_deadline() {
    let record =
        run(&[(0, Outcome::RateLimit, Some(60_000)), (10, Outcome::RateLimit, Some(1000))]);
    assert_eq!(phase_at(&record, 10), Phase::Cooling(59_990));
    let longer =
        run(&[(0, Outcome::RateLimit, Some(1000)), (10, Outcome::RateLimit, Some(60_000))]);
    assert_eq!(phase_at(&longer, 10), Phase::Cooling(60_000));
}

#[test]
fn a_failure_while_cooling_does_not_lengthen_it() {
    let record = run(&[(0, Outcome::Auth, None), (4000, Outcome::Server, None)]);
    assert_eq!(phase_at(&record, 4000), Phase::Cooling(1000));
}

#[test]
fn half_open_failures_double_the_length_up_to_the_maximum() {
    let mut at = 0;
    let mut reports = vec![(0, Outcome::Auth, None)];
    for length in [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
        at += 400_000;
        reports.push((at, Outcome::Server, None));
        assert_eq!(phase_at(&run(&reports), at), Phase::Cooling(length));
    }
}

#[test]
fn three_successes_after_the_deadline_heal() {
    let mut reports = vec![(0, Outcome::Auth, None)];
    for at in [6000, 6001] {
        reports.push((at, Outcome::Success, None));
        assert_eq!(phase_at(&run(&reports), at), Phase::HalfOpen);
    }
    reports.push((6002, Outcome::Success, None));
    assert_eq!(phase_at(&run(&reports), 6002), Phase::Healthy);
    assert_eq!(run(&reports).health(Task::Chat).length_ms, 0);
}

#[test]
fn successes_before_another_failure_do_not_heal() {
    let mut reports = vec![(0, Outcome::Auth, None)];
    reports.extend([(6000, Outcome::Success, None); 2]);
    reports.push((6001, Outcome::Server, None));
    reports.extend([(20_000, Outcome::Success, None); 2]);
    assert_eq!(phase_at(&run(&reports), 20_000), Phase::HalfOpen);
    reports.push((20_000, Outcome::Success, None));
    assert_eq!(phase_at(&run(&reports), 20_000), Phase::Healthy);
}

#[test]
fn a_failure_rate_trips_only_with_enough_failures() {
    let settings = Cooldown { min_requests: 1, failure_rate_percent: 1.0, ..settings() };
    let mut record = Record::default();
    for failures in 1..=3 {
        // No five in a row.
        take(&mut record, ONE, report(Outcome::Success, None), NOW, &settings);
        take(&mut record, ONE, report(Outcome::Server, None), NOW, &settings);
        let is_cooling = phase(&record.health(Task::Chat), NOW, &settings) != Phase::Healthy;
        assert_eq!(is_cooling, failures == 3, "{failures}");
    }
}

#[test]
fn a_success_while_cooling_opens_half() {
    let record = run(&[(0, Outcome::Auth, None), (100, Outcome::Success, None)]);
    assert_eq!(phase_at(&record, 100), Phase::HalfOpen);
}

#[test]
fn a_worker_that_read_the_clock_a_moment_before_sees_the_longest_cooldown() {
    let record = run(&[(1, Outcome::RateLimit, Some(u64::MAX))]);
    assert_eq!(phase_at(&record, 0), Phase::Cooling(300_000));
}

#[test]
fn a_clock_that_jumps_back_ends_a_cooldown() {
    let reports = [(10_000_000, Outcome::Auth, None), (0, Outcome::Auth, None)];
    assert_eq!(phase_at(&run(&reports[..1]), 0), Phase::HalfOpen);
    // The next failure counts from the new time.
    assert_eq!(phase_at(&run(&reports), 0), Phase::Cooling(10_000));
}

#[test]
fn disabled_nothing_cools() {
    let off = Cooldown { enabled: false, ..settings() };
    let mut record = Record::default();
    let report = report(Outcome::RateLimit, Some(9000));
    let (transition, _) = take(&mut record, ONE, report, NOW, &off);
    assert_eq!((phase(&record.health(Task::Chat), NOW, &off), transition), (Phase::Healthy, None));
}

/// A 403 that may be of the request alone.
fn weak() -> Report {
    let denied = report(Outcome::Auth, None);
    Report { evidence: Evidence { weight: Weight::Weak, ..denied.evidence }, ..denied }
}

#[test]
fn weak_evidence_cools_only_once_another_request_confirms_it() {
    let chat = |fingerprint| (Task::Chat, fingerprint);
    let cools = |steps: &[((Task, u32), u64, Report)]| {
        let mut record = Record::default();
        for (of, at, report) in steps {
            take(&mut record, *of, *report, NOW + at, &settings());
        }
        phase(&record.health(Task::Chat), NOW + 70_000, &settings()) != Phase::Healthy
    };
    let success = report(Outcome::Success, None);
    let again = [(chat(1), 0, weak()); 50];
    assert!(!cools(&again), "one request, however often it is sent");
    assert!(cools(&[(chat(1), 0, weak()), (chat(2), 0, weak())]));
    assert!(cools(&[(chat(1), 0, weak()), (chat(2), 60_000, weak())]));
    assert!(!cools(&[(chat(1), 0, weak()), (chat(2), 60_001, weak())]));
    // What has succeeded in between shows that it is well.
    assert!(!cools(&[(chat(1), 0, weak()), (chat(3), 1, success), (chat(2), 2, weak())]));
    // Another operation confirms it, unless this one is well.
    let counting = (Task::CountTokens, 9);
    assert!(cools(&[(counting, 0, weak()), (chat(2), 1, weak())]));
    assert!(!cools(&[(counting, 0, weak()), (chat(3), 1, success), (chat(2), 2, weak())]));
    assert!(!cools(&[(counting, 0, weak()), ((Task::CountTokens, 8), 0, weak())]));
}

#[test]
fn what_is_taken_back_leaves_the_record_as_it_was() {
    let operation = (Task::Embeddings, 5);
    let reports = [
        report(Outcome::Server, None),
        report(Outcome::RateLimit, None),
        report(Outcome::Timeout, None),
        weak(),
    ];
    for failure in reports {
        for earlier in [&[][..], &[(0, Outcome::Success, None)], &[(0, Outcome::Server, None)]] {
            let mut record = run(earlier);
            record.turn_to(NOW + 10);
            record.change(operation.0, |_| {});
            let before = record;
            let (_, charge) = take(&mut record, operation, failure, NOW + 10, &settings());
            assert_ne!(record, before);
            take_back(&mut record, operation, charge.unwrap(), NOW + 20);
            assert_eq!(record, before, "{failure:?}");
        }
    }
}

#[test]
fn a_cooldown_that_another_request_has_lengthened_is_not_taken_back() {
    let mut record = Record::default();
    let limited = report(Outcome::RateLimit, None);
    let (cooled, charge) = take(&mut record, ONE, limited, NOW, &settings());
    assert_eq!(cooled, Some(Transition::Cooled(5000)));
    let told = report(Outcome::RateLimit, Some(60_000));
    take(&mut record, (Task::Chat, 2), told, NOW + 1, &settings());
    assert_eq!(take_back(&mut record, ONE, charge.unwrap(), NOW + 2), None);
    assert_eq!(phase_at(&record, 2), Phase::Cooling(59_999));
    assert_eq!(record.total.failures, 1);
}

#[test]
fn a_probe_that_is_taken_back_leaves_it_half_open() {
    let mut record = run(&[(0, Outcome::Auth, None)]);
    let failure = report(Outcome::Server, None);
    let (_, charge) = take(&mut record, ONE, failure, NOW + 6000, &settings());
    assert_eq!(phase_at(&record, 6000), Phase::Cooling(10_000));
    take_back(&mut record, ONE, charge.unwrap(), NOW + 6001);
    assert_eq!(phase_at(&record, 6001), Phase::HalfOpen);
    assert_eq!(record.health(Task::Chat).length_ms, 5000);
}

#[test]
fn operations_fail_and_recover_apart() {
    let mut record = Record::default();
    for _ in 0..5 {
        let failure = report(Outcome::Server, None);
        take(&mut record, (Task::CountTokens, 1), failure, NOW, &settings());
        take(&mut record, ONE, report(Outcome::Success, None), NOW, &settings());
    }
    let phase = |task: Task| phase(&record.health(task), NOW, &settings());
    assert_eq!(phase(Task::CountTokens), Phase::Cooling(5000));
    assert_eq!((phase(Task::Chat), phase(Task::Embeddings)), (Phase::Healthy, Phase::Healthy));
    assert_eq!((record.total.successes, record.total.failures), (5, 5));
}
