//! An attempt from its start to its end, as the deployment's record sees it.
//!
//! Pure functions over one record. What the start adds, the end takes away exactly once: an
//! [`Attempt`] is not copied, and whoever ends it gives it up.

use crate::config::{Cooldown, Deployment, DeploymentId};
use crate::request::format::Task;

use super::cooldown::{self, Charge, Transition};
use super::headroom::{Headroom, Taken};
use super::outcome::Outcome;
use super::probe::Lease;
use super::record::Record;
use super::report::Report;
use super::standing::{self, Claim, Standing};

/// Weight of the latest answer in a moving average.
const ALPHA: f32 = 0.2;

/// On what terms an attempt starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartTerms {
    /// What the request claims of the deployment.
    pub claim: Claim,
    /// Whether the attempt starts although the deployment cools, because nothing else is
    /// there. Limits and a drain still prevent it.
    pub is_forced: bool,
}

/// An attempt under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The deployment that the request is sent to.
    pub deployment: DeploymentId,
    /// The operation that the request asks for.
    pub task: Task,
    /// When it began, in milliseconds since the epoch.
    pub began_ms: u64,
    /// The slot of time that counts it as under way. None where its start could not be
    /// written: then its end takes nothing away either.
    slot: Option<u32>,
    /// The place that it holds as a probe of a deployment that is coming back.
    pub(super) lease: Option<Lease>,
    /// What it took of the provider's headroom.
    taken: Taken,
}

/// How many numbers an attempt is handed over as.
pub const ATTEMPT_NUMBERS: usize = 6;

impl Attempt {
    /// Returns whether it is a probe that has not given its place back.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.lease.is_some()
    }

    /// Returns the attempt as numbers, to be ended by another stream: when it began, its slot,
    /// the two numbers of its lease, and the two of what it took of the headroom.
    ///
    /// Slot and lease are counted from 1, so that 0 says that there is none.
    #[must_use]
    pub fn numbers(&self) -> [u64; ATTEMPT_NUMBERS] {
        let slot = self.slot.map_or(0, |slot| u64::from(slot).saturating_add(1));
        let (place, until) = self.lease.map_or((0, 0), Lease::numbers);
        let (taken, heard_ms) = self.taken.numbers();
        [self.began_ms, slot, place, until, taken, heard_ms]
    }

    /// Returns the attempt that [`Attempt::numbers`] were made of. Numbers that no attempt
    /// has make one that is not counted.
    #[must_use]
    pub fn from_numbers(
        deployment: DeploymentId,
        task: Task,
        [began_ms, slot, place, until, taken, heard_ms]: [u64; ATTEMPT_NUMBERS],
    ) -> Self {
        let slot = slot.checked_sub(1).and_then(|slot| u32::try_from(slot).ok());
        let lease = Lease::from_numbers(place, until);
        let taken = Taken::from_numbers(taken, heard_ms);
        Self { deployment, task, began_ms, slot, lease, taken }
    }

    /// Returns an attempt whose start is written nowhere.
    #[must_use]
    pub fn uncounted(deployment: DeploymentId, task: Task, began_ms: u64) -> Self {
        Self { deployment, task, began_ms, slot: None, lease: None, taken: Taken::default() }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ending {
    /// What it came to. None where that is nothing to hold against or for the deployment:
    /// the client went away, for example.
    pub report: Option<Report>,
    /// A hash of the request, by which repetitions of it are known.
    pub fingerprint: u32,
    /// Tokens of its input and output together.
    pub tokens: u64,
    /// Milliseconds from when the whole request had been sent to the first byte of the
    /// answer.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds from when the whole request had been sent to the end of the answer.
    pub answer_ms: Option<u64>,
    /// What the provider says is left of its rate limits.
    pub headroom: Headroom,
}

/// What the end of an attempt has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How the deployment's phase changed, if it did.
    pub transition: Option<Transition>,
    /// What it has counted against the deployment, if anything.
    pub charge: Option<Charge>,
    /// How many attempts are still under way there.
    pub in_flight: u32,
}

/// Starts an attempt in the deployment's record, if the record allows it, and returns it.
///
/// # Errors
/// Why the deployment may not be picked. The record is unchanged then.
pub(super) fn begin(
    record: &mut Record,
    (id, deployment): (DeploymentId, &Deployment),
    terms: StartTerms,
    settings: &Cooldown,
    now_ms: u64,
) -> Result<Attempt, Standing> {
    let StartTerms { claim, is_forced } = terms;
    let standing = if is_forced {
        standing::forced(record, deployment, claim, now_ms)
    } else {
        standing::standing(record, deployment, settings, claim, now_ms)
    };
    if !matches!(standing, Standing::Ready | Standing::Probing) {
        return Err(standing);
    }
    // A forced attempt takes no place from the probes: it was not chosen to find out whether
    // the deployment is back.
    let lease = (standing == Standing::Probing)
        .then(|| {
            let (most, lease_ms) = (settings.half_open_probes, settings.probe_lease_ms);
            record.change(claim.task, |health| health.probes.take(most, now_ms, lease_ms))
        })
        .flatten();
    // The minute may have changed since the record was written last.
    record.turn_to(now_ms);
    for counts in [&mut record.minute, &mut record.total] {
        counts.attempts = counts.attempts.saturating_add(1);
    }
    record.change(claim.task, |health| {
        health.minute.attempts = health.minute.attempts.saturating_add(1);
    });
    // The provider says again what is left when it answers. Until then, what is sent now
    // counts as taken, so that requests at the same time do not all see the same rest.
    let taken = if claim.task.is_processed() {
        record.headroom.take(claim.tokens)
    } else {
        Taken::default()
    };
    let slot = Some(record.flight.begin(now_ms));
    Ok(Attempt { deployment: id, task: claim.task, began_ms: now_ms, slot, lease, taken })
}

/// Ends an attempt in the deployment's record: takes back what its start added, and takes in
/// what its answer told.
pub(super) fn end(
    record: &mut Record,
    attempt: &Attempt,
    ending: &Ending,
    settings: &Cooldown,
    now_ms: u64,
) -> Ended {
    record.turn_to(now_ms);
    if let Some(slot) = attempt.slot {
        record.flight.end(slot);
    }
    release(record, attempt.task, attempt.lease);
    let is_processed = attempt.task.is_processed();
    // Counting tokens has limits of its own, of which its answers speak.
    if is_processed {
        // What the provider says of its limits replaces this.
        // A provider that has answered has counted the request, whatever the answer was.
        let is_answered = ending.report.is_some_and(|report| report.status != 0);
        record.headroom.give_back(attempt.taken, ending.tokens, is_answered);
        record.headroom.hear(ending.headroom, now_ms, settings.max_time_ms);
    }
    for counts in [&mut record.minute, &mut record.total] {
        counts.tokens = counts.tokens.saturating_add(ending.tokens);
    }
    let in_flight = record.flight.count(now_ms);
    let Some(report) = ending.report else {
        return Ended { transition: None, charge: None, in_flight };
    };
    if report.outcome == Outcome::Success && is_processed {
        // How long a failure took says nothing of how long an answer takes.
        average(&mut record.first_byte_ms, ending.first_byte_ms);
        average(&mut record.answer_ms, ending.answer_ms);
    }
    let of = (attempt.task, ending.fingerprint);
    let (transition, charge) = cooldown::take(record, of, report, now_ms, settings);
    Ended { transition, charge, in_flight }
}

/// Gives the place of a probe back, if there is one.
pub(super) fn release(record: &mut Record, task: Task, lease: Option<Lease>) {
    if let Some(lease) = lease {
        record.change(task, |health| health.probes.release(lease));
    }
}

/// Moves an average towards the latest value. The first value is the average.
#[expect(clippy::cast_precision_loss, reason = "it is an average")]
fn average(known: &mut f32, latest_ms: Option<u64>) {
    let Some(latest_ms) = latest_ms else { return };
    // 0 means that nothing is known, so less than a millisecond is counted as half of one.
    let latest_ms = (latest_ms as f32).max(0.5);
    *known = if *known > 0.0 { *known + ALPHA * (latest_ms - *known) } else { latest_ms };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::state::Limit;

    const NOW: u64 = 1_800_000_000_000;

    /// A deployment with these limits.
    fn config(limits: &str) -> config::Config {
        let document = format!(
            r#"{{"providers":{{"p":{{"cluster":"p"}}}},
                "deployments":{{"d":{{"provider":"p","model":"m"{limits}}}}},
                "models":{{"m":{{"candidates":["d"]}}}}}}"#
        );
        config::parse(document.as_bytes()).unwrap()
    }

    fn begun(
        record: &mut Record,
        config: &config::Config,
        tokens: u64,
        is_forced: bool,
    ) -> Result<Attempt, Standing> {
        let claim = Claim { task: Task::Chat, tokens };
        let terms = StartTerms { claim, is_forced };
        let described = (DeploymentId(0), &config.deployments[0]);
        begin(record, described, terms, &config.cooldown, NOW)
    }

    #[test]
    fn an_attempt_that_is_forced_is_no_probe_but_within_the_limits() {
        let config = config(r#","rpm_limit":1"#);
        let mut record = Record::default();
        record.change(Task::Chat, |health| health.until_ms = NOW);
        let forced = begun(&mut record, &config, 1, true).unwrap();
        assert!(!forced.is_probe());
        let refused = begun(&mut record, &config, 1, true);
        assert!(
            matches!(refused, Err(Standing::Limited { limit: Limit::Requests(1), .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn tokens_fit_as_far_as_the_limit_and_a_token_is_always_asked_for() {
        let config = config(r#","tpm_limit":100"#);
        for (used, asked, fits) in [(40, 60, true), (40, 61, false), (99, 0, true), (100, 0, false)]
        {
            let mut record = Record::default();
            record.turn_to(NOW);
            record.minute.tokens = used;
            assert_eq!(begun(&mut record, &config, asked, false).is_ok(), fits, "{used} + {asked}");
        }
    }

    #[test]
    fn what_fails_has_no_part_in_the_average_however_it_began() {
        let config = config("");
        let mut record = Record::default();
        for (outcome, wanted) in [(Outcome::Success, 100.0), (Outcome::InBand, 100.0)] {
            let attempt = begun(&mut record, &config, 1, false).unwrap();
            let report = Report::of(outcome, 200);
            let first_byte_ms = Some(if outcome == Outcome::Success { 100 } else { 1 });
            let ending = Ending { report: Some(report), first_byte_ms, ..Ending::default() };
            end(&mut record, &attempt, &ending, &config.cooldown, NOW);
            assert_eq!(record.first_byte_ms, wanted);
        }
    }
}
