//! The cooldown machine: what a report does to how well an operation of a deployment does.
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

use crate::request::format::Task;

use super::SKEW_MS;
use super::cause::{Cause, CauseCode};
use super::evidence::Weight;
use super::health::{Health, Suspicion};
use super::outcome::Outcome;
use super::record::Record;
use super::report::Report;

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

/// What a report has counted against a deployment, to be taken back where the request turns
/// out to be to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The minute in which a failure was counted; 0 where only a suspicion was.
    pub minute_at: u32,
    /// The deadline of the cooldown that it started; 0 where it started none.
    pub until_ms: u64,
    /// Whether the deployment was half-open before that.
    pub was_half_open: bool,
}

/// Returns the phase that an operation is in at `now_ms`.
///
/// No cooldown is longer than the maximum: a deadline that is much further away means that
/// the clock jumped back or the maximum was lowered, and counts as passed.
#[must_use]
pub fn phase(health: &Health, now_ms: u64, settings: &Cooldown) -> Phase {
    if !settings.enabled || health.until_ms == 0 {
        return Phase::Healthy;
    }
    let most = settings.max_time_ms;
    match health.until_ms.saturating_sub(now_ms) {
        left if (1..=most.saturating_add(SKEW_MS)).contains(&left) => {
            Phase::Cooling(left.min(most))
        }
        _ => Phase::HalfOpen,
    }
}

/// Takes a report into the record, for that operation. Returns how its phase changed, if it
/// did, and what was counted against it.
///
/// A report that says nothing about the deployment changes nothing. For example, with five
/// failures in a row as the limit and five seconds as the time: the fifth 503 starts a
/// cooldown of 5 s. After it the deployment is half open; a failure then doubles the time to
/// 10 s, and three successes (`success_threshold`) make it healthy. A 429 starts a cooldown
/// at once, of as long as its `retry-after` says. A 403 is a suspicion, which a 403 of another
/// request confirms, unless a request has succeeded in between.
pub fn take(
    record: &mut Record,
    (task, fingerprint): (Task, u32),
    report: Report,
    now_ms: u64,
    settings: &Cooldown,
) -> (Option<Transition>, Option<Charge>) {
    let weight = match report.evidence.weight {
        Weight::Nothing => return (None, None),
        Weight::Weak => {
            let is_confirmed = is_confirmed(record, task, fingerprint, now_ms);
            let at_ms = now_ms.max(1);
            record.change(task, |health| health.suspicion = Suspicion::of(fingerprint, at_ms));
            if !is_confirmed {
                return (None, Some(Charge { minute_at: 0, until_ms: 0, was_half_open: false }));
            }
            confirmed(report.outcome)
        }
        weight => weight,
    };
    record.turn_to(now_ms);
    let minute_at = record.minute_at;
    for counts in [&mut record.minute, &mut record.total] {
        let count =
            if weight == Weight::Success { &mut counts.successes } else { &mut counts.failures };
        *count = count.saturating_add(1);
    }
    // Asked before the change, which may end the cooldown and forget its cause.
    let is_operators = record.health(task).cause == CauseCode::OPERATOR;
    let taken = record.change(task, |health| {
        let phase = phase(health, now_ms, settings);
        if weight == Weight::Success {
            health.minute.successes = health.minute.successes.saturating_add(1);
            return (succeed(health, phase, now_ms, settings), None);
        }
        health.minute.failures = health.minute.failures.saturating_add(1);
        health.consecutive_failures = health.consecutive_failures.saturating_add(1);
        let transition = fail(health, (report, weight), phase, now_ms, settings);
        let until_ms = transition.map_or(0, |_| health.until_ms);
        let was_half_open = phase == Phase::HalfOpen;
        (transition, Some(Charge { minute_at, until_ms, was_half_open }))
    });
    // An operator cools a whole deployment, so the operation that comes back brings back all.
    if is_operators && taken.0 == Some(Transition::Recovered) {
        let cooled = record.operations.known_mut();
        cooled.filter(|health| health.cause == CauseCode::OPERATOR).for_each(Health::heal);
        record.operations.others_until_ms = 0;
    }
    taken
}

/// Returns whether another request has met weak evidence not long ago, and none has succeeded
/// since.
///
/// The other one may have asked for another operation, as long as this operation has had no success
/// in this minute. Where two operations both begin with a failure, it is hardly the fault of both
/// requests.
fn is_confirmed(record: &Record, task: Task, fingerprint: u32, now_ms: u64) -> bool {
    let own = record.health(task);
    let is_another = |health: &Health| health.suspicion.is_of_another(fingerprint, now_ms);
    is_another(&own)
        || (own.minute.successes == 0
            && record.operations.known().any(|(_, health)| is_another(health)))
}

/// Returns what weak evidence weighs once it is confirmed. A model or a right that is missing
/// does not come back by trying.
const fn confirmed(outcome: Outcome) -> Weight {
    match outcome {
        Outcome::Auth | Outcome::NotFound => Weight::Trip,
        _ => Weight::Failure,
    }
}

/// Takes back what a report has counted, because the request that it was of is to blame.
/// Returns how the phase changed, if it did.
pub(super) fn take_back(
    record: &mut Record,
    (task, fingerprint): (Task, u32),
    charge: Charge,
    now_ms: u64,
) -> Option<Transition> {
    let is_counted = charge.minute_at != 0;
    // A minute that has ended has no counts any more that could be too high.
    let is_this_minute = record.minute_at == charge.minute_at;
    let less = |count: &mut u64, is_there: bool| {
        *count = count.saturating_sub(u64::from(is_counted && is_there));
    };
    less(&mut record.total.failures, true);
    less(&mut record.minute.failures, is_this_minute);
    record.change(task, |health| {
        if health.suspicion.is_of(fingerprint) {
            health.suspicion = Suspicion::default();
        }
        if !is_counted {
            return None;
        }
        let less = |count: &mut u32| *count = count.saturating_sub(1);
        less(&mut health.consecutive_failures);
        if is_this_minute {
            less(&mut health.minute.failures);
        }
        // Another request may have moved the deadline since. Then the cooldown is that one's.
        if charge.until_ms == 0 || health.until_ms != charge.until_ms {
            return None;
        }
        // As it was before the probe: half-open, and the length not doubled.
        if charge.was_half_open {
            health.until_ms = health.until_ms.min(now_ms.max(1));
            health.length_ms /= 2;
            return None;
        }
        health.heal();
        Some(Transition::Recovered)
    })
}

/// Takes a success of an operation that was in that phase before.
fn succeed(
    next: &mut Health,
    phase: Phase,
    now_ms: u64,
    settings: &Cooldown,
) -> Option<Transition> {
    next.consecutive_failures = 0;
    next.suspicion = Suspicion::default();
    if phase == Phase::Healthy {
        return None;
    }
    // A success while cooling proves more than the deadline does: half open from now on.
    next.until_ms = next.until_ms.min(now_ms.max(1));
    next.probe_successes = next.probe_successes.saturating_add(1);
    if next.probe_successes < settings.success_threshold {
        return None;
    }
    next.heal();
    Some(Transition::Recovered)
}

/// Takes a failure of that weight, of an operation that was in that phase before.
fn fail(
    next: &mut Health,
    (report, weight): (Report, Weight),
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
        Phase::HalfOpen => next.length_ms.saturating_mul(2),
        Phase::Healthy if trips(next, weight, settings) => settings.time_ms,
        Phase::Healthy => return None,
    };
    // The hint sets this deadline; the length is what the next one doubles, hint or not.
    let length = length.clamp(settings.time_ms.min(settings.max_time_ms), settings.max_time_ms);
    let deadline = now_ms.saturating_add(hint.unwrap_or(length));
    next.until_ms = deadline.max(1);
    next.length_ms = length;
    next.probe_successes = 0;
    next.cause = Cause::Outcome(report.outcome).into();
    next.status = report.status;
    Some(Transition::Cooled(deadline.saturating_sub(now_ms)))
}

/// Returns how long the provider asks to be left alone, as far as settings follow that.
fn honoured(report: Report, settings: &Cooldown) -> Option<u64> {
    let hint = report.retry_after_ms.filter(|_| settings.honour_retry_after);
    hint.map(|ms| ms.min(settings.max_time_ms))
}

/// Returns whether a failure of that weight, which is counted already, starts a cooldown: it
/// does so by itself, or enough have failed in a row or within the minute.
fn trips(health: &Health, weight: Weight, settings: &Cooldown) -> bool {
    // Attempts that say nothing of the deployment are in neither count.
    let failures = health.minute.failures;
    let judged = failures.saturating_add(health.minute.successes);
    let is_frequent = u64::from(failures) >= u64::from(settings.allowed_fails)
        && u64::from(judged) >= u64::from(settings.min_requests)
        && f64::from(failures) * 100.0 >= settings.failure_rate_percent * f64::from(judged);
    weight == Weight::Trip
        || health.consecutive_failures >= settings.consecutive_failures
        || is_frequent
}

/// Returns in a word what started the cooldown: the provider's status, or the outcome where
/// there was none.
#[must_use]
pub fn cause(health: &Health) -> String {
    if health.status != 0 {
        return health.status.to_string();
    }
    let word = match health.cause.cause() {
        Some(Cause::Outcome(outcome)) => outcome.name(),
        Some(Cause::Operator) => "admin",
        None => "failures",
    };
    word.to_owned()
}
