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
    if asking.is_forced {
        if let Some((limit, wait_ms)) = standing::limit(record, deployment, asking.tokens, now_ms) {
            return Err(Standing::Limited { limit, wait_ms });
        }
    } else {
        match standing::standing(record, deployment, settings, asking.tokens, now_ms) {
            Standing::Ready => {}
            stands_otherwise => return Err(stands_otherwise),
        }
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

/// Ends an attempt; whether the deployment's phase changed.
pub(super) fn end(
    record: &mut Record,
    attempt: &Attempt,
    ending: &Ending,
    settings: &Cooldown,
    now_ms: u64,
) -> Option<Transition> {
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
    let report = ending.report?;
    if report.outcome == Outcome::Success {
        // What a failure took says nothing of how long an answer takes.
        average(&mut record.first_byte_ms, ending.first_byte_ms);
        average(&mut record.answer_ms, ending.answer_ms);
    }
    cooldown::take(record, report, now_ms, settings)
}

/// Moves an average; the first answer is its own.
#[expect(clippy::cast_precision_loss, reason = "it is an average")]
fn average(known: &mut f32, latest_ms: Option<u64>) {
    let Some(latest_ms) = latest_ms else { return };
    // 0 is not known; what took less than a millisecond took some of it.
    let latest_ms = (latest_ms as f32).max(0.5);
    *known = if *known > 0.0 { *known + ALPHA * (latest_ms - *known) } else { latest_ms };
}
