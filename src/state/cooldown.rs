//! The cooldown machine: what a report does to a deployment's record.
//!
//! ```text
//!             failures trip                    deadline passes
//!   Healthy ─────────────────▶ Cooling(left) ─────────────────▶ HalfOpen
//!      ▲                             ▲                           │    │
//!      │                             └─────── a failure ─────────┘    │
//!      └──────────────────── enough successes ────────────────────────┘
//! ```
//!
//! The phase is not stored: the deadline tells it. There is none (healthy), it lies ahead
//! (cooling), or it has passed (half-open). Pure; `now_ms` is an argument, and clocks may
//! jump. Deadlines are only ever moved later, except by a success.

use crate::config::Cooldown;

use super::SKEW_MS;
use super::cause::Cause;
use super::outcome::{Outcome, Report, Weight};
use super::record::Record;

/// Which phase of the cooldown machine a deployment is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// There is no deadline.
    Healthy,
    /// It is out of every pick for this many milliseconds more.
    Cooling(u64),
    /// The deadline has passed, and enough successes are still to come. A few requests at a
    /// time are sent as probes.
    HalfOpen,
}

/// A change of phase that is worth a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It has begun to cool, for this many milliseconds.
    Cooled(u64),
    /// It is healthy again.
    Recovered,
}

/// Returns the phase that a record is in at `now_ms`.
///
/// No cooldown is longer than the maximum: a deadline that is much further away means that
/// the clock jumped back or the maximum was lowered, and counts as passed.
#[must_use]
pub fn phase(record: &Record, now_ms: u64, settings: &Cooldown) -> Phase {
    if !settings.enabled || record.until_ms == 0 {
        return Phase::Healthy;
    }
    let most = settings.max_time_ms;
    match record.until_ms.saturating_sub(now_ms) {
        left if (1..=most.saturating_add(SKEW_MS)).contains(&left) => {
            Phase::Cooling(left.min(most))
        }
        _ => Phase::HalfOpen,
    }
}

/// Takes a report into the record, and returns how its phase changed, if it did.
///
/// A report that says nothing about the deployment changes nothing. For example, with five
/// failures in a row as the limit and five seconds as the time: the fifth 503 starts a
/// cooldown of 5 s. After it the deployment is half open; a failure then doubles the time to
/// 10 s, and three successes (`success_threshold`) make it healthy. A 429 starts a cooldown
/// at once, of as long as its `retry-after` says.
pub fn take(
    record: &mut Record,
    report: Report,
    now_ms: u64,
    settings: &Cooldown,
) -> Option<Transition> {
    let weight = report.outcome.weight();
    if weight == Weight::Nothing {
        return None;
    }
    record.turn_to(now_ms);
    let phase = phase(record, now_ms, settings);
    let counts = [&mut record.minute, &mut record.total];
    if weight == Weight::Success {
        for counts in counts {
            counts.successes = counts.successes.saturating_add(1);
        }
        succeed(record, phase, now_ms, settings)
    } else {
        for counts in counts {
            counts.failures = counts.failures.saturating_add(1);
        }
        record.consecutive_failures = record.consecutive_failures.saturating_add(1);
        fail(record, report, phase, now_ms, settings)
    }
}

/// Takes a success into the record, which was in that phase before.
fn succeed(
    next: &mut Record,
    phase: Phase,
    now_ms: u64,
    settings: &Cooldown,
) -> Option<Transition> {
    next.consecutive_failures = 0;
    if phase == Phase::Healthy {
        return None;
    }
    // A success while cooling proves more than the deadline does: half open from now on.
    next.until_ms = next.until_ms.min(now_ms.max(1));
    next.probe_successes = next.probe_successes.saturating_add(1);
    if next.probe_successes < settings.success_threshold {
        return None;
    }
    next.until_ms = 0;
    next.length_ms = 0;
    next.probe_successes = 0;
    (next.cause, next.status) = (None, 0);
    Some(Transition::Recovered)
}

/// Takes a failure into the record, which was in that phase before.
fn fail(
    next: &mut Record,
    report: Report,
    phase: Phase,
    now_ms: u64,
    settings: &Cooldown,
) -> Option<Transition> {
    if !settings.enabled {
        return None;
    }
    let hint = honoured(report, settings);
    let length = match phase {
        Phase::Cooling(_) => {
            // The attempt was forced, or began before the cooldown. Only what the provider
            // says itself may move the deadline, and only to a later time.
            if let Some(hint) = hint {
                next.until_ms = next.until_ms.max(now_ms.saturating_add(hint));
            }
            return None;
        }
        Phase::HalfOpen => u64::from(next.length_ms).saturating_mul(2),
        Phase::Healthy if trips(next, report.outcome, settings) => settings.time_ms,
        Phase::Healthy => return None,
    };
    // The hint sets this deadline; the length is what the next one doubles, hint or not.
    let length = length.clamp(settings.time_ms.min(settings.max_time_ms), settings.max_time_ms);
    let deadline = now_ms.saturating_add(hint.unwrap_or(length));
    next.until_ms = deadline.max(1);
    next.length_ms = u32::try_from(length).unwrap_or(u32::MAX);
    next.probe_successes = 0;
    next.cause = Some(Cause::Outcome(report.outcome));
    next.status = report.status;
    Some(Transition::Cooled(deadline.saturating_sub(now_ms)))
}

/// Returns how long the provider asks to be left alone, as far as settings follow that.
fn honoured(report: Report, settings: &Cooldown) -> Option<u64> {
    let hint = report.retry_after_ms.filter(|_| settings.honour_retry_after);
    hint.map(|ms| ms.min(settings.max_time_ms))
}

/// Returns whether a failure of that outcome, which the record counts already, starts a
/// cooldown: it does so by itself, or enough have failed in a row or within the minute.
fn trips(record: &Record, outcome: Outcome, settings: &Cooldown) -> bool {
    let failures = record.minute.failures;
    let judged = failures.saturating_add(record.minute.successes);
    #[expect(clippy::cast_precision_loss, reason = "a minute's counts stay far below 2^53")]
    let is_frequent = failures >= u64::from(settings.allowed_fails)
        && judged >= u64::from(settings.min_requests)
        && failures as f64 * 100.0 >= settings.failure_rate_percent * judged as f64;
    outcome.weight() == Weight::Trip
        || record.consecutive_failures >= settings.consecutive_failures
        || is_frequent
}

/// Returns in a word what started the cooldown: the provider's status, or the outcome where
/// there was none.
#[must_use]
pub fn cause(record: &Record) -> String {
    if record.status != 0 {
        return record.status.to_string();
    }
    let word = match record.cause {
        Some(Cause::Outcome(outcome)) => outcome.name(),
        Some(Cause::Operator) => "admin",
        None => "failures",
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WhenAllCooling;

    const NOW: u64 = 1_800_000_000_000;

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
        Report { outcome, status: 503, retry_after_ms }
    }

    /// Runs reports at given offsets from now.
    fn run(reports: &[(u64, Outcome, Option<u64>)]) -> Record {
        reports.iter().fold(Record::default(), |record, (at, outcome, hint)| {
            let mut record = record;
            take(&mut record, report(*outcome, *hint), NOW + at, &settings());
            record
        })
    }

    fn phase_at(record: &Record, at: u64) -> Phase {
        phase(record, NOW + at, &settings())
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
        for outcome in [Outcome::RateLimit, Outcome::Auth, Outcome::Quota, Outcome::NotFound] {
            assert_eq!(phase_at(&run(&[(0, outcome, None)]), 0), Phase::Cooling(5000));
        }
        assert_eq!(
            phase_at(&run(&[(0, Outcome::RateLimit, Some(2000))]), 500),
            Phase::Cooling(1500)
        );
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
        assert_eq!(run(&reports).length_ms, 0);
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
            take(&mut record, report(Outcome::Success, None), NOW, &settings);
            take(&mut record, report(Outcome::Server, None), NOW, &settings);
            let is_cooling = phase(&record, NOW, &settings) != Phase::Healthy;
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
        let transition = take(&mut record, report(Outcome::RateLimit, Some(9000)), NOW, &off);
        assert_eq!((phase(&record, NOW, &off), transition), (Phase::Healthy, None));
    }
}
