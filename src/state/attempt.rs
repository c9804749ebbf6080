//! An attempt from its start to its end, as the deployment's record sees it.
//!
//! Pure. What the start adds, the end takes away, exactly once: an [`Attempt`] is
//! not copied, and its end consumes it.

use crate::config::{Cooldown, Deployment, DeploymentId};

use super::cooldown::{self, Phase, Transition};
use super::headroom::Headroom;
use super::outcome::{Outcome, Report};
use super::probe::Lease;
use super::record::Record;
use super::standing::{self, Standing};

/// Weight of the latest answer in a moving average.
const ALPHA: f32 = 0.2;

/// What a request asks of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Its estimated tokens.
    pub tokens: u64,
    /// Whether it is sent although the deployment cools: nothing else is there.
    pub is_forced: bool,
}

/// An attempt under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Where it is made.
    pub deployment: DeploymentId,
    /// When it began, in milliseconds since the epoch.
    pub began_ms: u64,
    /// Where it is counted as under way; not at all where its start could not be written.
    slot: Option<u32>,
    /// Its place among the probes.
    pub(super) lease: Option<Lease>,
}

impl Attempt {
    /// Whether it is a probe that has not given its place back.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.lease.is_some()
    }

    /// As numbers, to be ended elsewhere: when it began, its slot and its lease.
    #[must_use]
    pub fn numbers(&self) -> [u64; 4] {
        let slot = self.slot.map_or(0, |slot| u64::from(slot).saturating_add(1));
        let (place, until) = self.lease.map_or((0, 0), Lease::numbers);
        [self.began_ms, slot, place, until]
    }

    /// The attempt that those numbers are of.
    #[must_use]
    pub fn from_numbers(
        deployment: DeploymentId,
        [began_ms, slot, place, until]: [u64; 4],
    ) -> Self {
        let slot = slot.checked_sub(1).and_then(|slot| u32::try_from(slot).ok());
        Self { deployment, began_ms, slot, lease: Lease::from_numbers(place, until) }
    }

    /// One whose start is written nowhere.
    #[must_use]
    pub const fn uncounted(deployment: DeploymentId, began_ms: u64) -> Self {
        Self { deployment, began_ms, slot: None, lease: None }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ending {
    /// What it came to; `None` where that says nothing about the deployment.
    pub report: Option<Report>,
    /// Tokens of its input and output.
    pub tokens: u64,
    /// Milliseconds from when the request had gone on to the first byte of the answer.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds to its end.
    pub answer_ms: Option<u64>,
    /// What the provider says is left.
    pub headroom: Headroom,
}

/// What the end of an attempt has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Whether the deployment's phase changed.
    pub transition: Option<Transition>,
    /// How many attempts are under way there still.
    pub in_flight: u32,
}

/// Starts an attempt, if the deployment may be picked.
///
/// # Errors
/// Why it may not, where another worker was faster.
pub(super) fn begin(
    record: &mut Record,
    (id, deployment): (DeploymentId, &Deployment),
    asking: Asking,
    settings: &Cooldown,
    now_ms: u64,
) -> Result<Attempt, Standing> {
    let standing = if asking.is_forced {
        standing::forced(record, deployment, asking.tokens, now_ms)
    } else {
        standing::standing(record, deployment, settings, asking.tokens, now_ms)
    };
    if standing != Standing::Ready {
        return Err(standing);
    }
    let is_probe =
        !asking.is_forced && cooldown::phase(record, now_ms, settings) == Phase::HalfOpen;
    let lease = is_probe
        .then(|| record.probes.take(settings.half_open_probes, now_ms, settings.probe_lease_ms))
        .flatten();
    record.turn_to(now_ms);
    for counts in [&mut record.minute, &mut record.total] {
        counts.attempts = counts.attempts.saturating_add(1);
    }
    record.headroom.take(asking.tokens);
    let slot = Some(record.flight.begin(now_ms));
    Ok(Attempt { deployment: id, began_ms: now_ms, slot, lease })
}

/// Ends an attempt.
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
    if let Some(lease) = attempt.lease {
        record.probes.release(lease);
    }
    record.headroom.hear(ending.headroom, now_ms, settings.max_time_ms);
    for counts in [&mut record.minute, &mut record.total] {
        counts.tokens = counts.tokens.saturating_add(ending.tokens);
    }
    let in_flight = record.flight.count(now_ms);
    let Some(report) = ending.report else { return Ended { transition: None, in_flight } };
    if report.outcome == Outcome::Success {
        // What a failure took says nothing of how long an answer takes.
        average(&mut record.first_byte_ms, ending.first_byte_ms);
        average(&mut record.answer_ms, ending.answer_ms);
    }
    Ended { transition: cooldown::take(record, report, now_ms, settings), in_flight }
}

/// Moves an average; the first answer is its own.
#[expect(clippy::cast_precision_loss, reason = "it is an average")]
fn average(known: &mut f32, latest_ms: Option<u64>) {
    let Some(latest_ms) = latest_ms else { return };
    // 0 is not known; what took less than a millisecond took some of it.
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
        let asking = Asking { tokens, is_forced };
        let described = (DeploymentId(0), &config.deployments[0]);
        begin(record, described, asking, &config.cooldown, NOW)
    }

    #[test]
    fn an_attempt_that_is_forced_is_no_probe_but_within_the_limits() {
        let config = config(r#","rpm_limit":1"#);
        let mut record = Record { until_ms: NOW, ..Record::default() };
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
            let report = Report { outcome, status: 200, retry_after_ms: None };
            let first_byte_ms = Some(if outcome == Outcome::Success { 100 } else { 1 });
            let ending = Ending { report: Some(report), first_byte_ms, ..Ending::default() };
            end(&mut record, &attempt, &ending, &config.cooldown, NOW);
            assert_eq!(record.first_byte_ms, wanted);
        }
    }
}
