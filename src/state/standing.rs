//! Whether a deployment may be picked at some moment, by its record.
//!
//! Pure. The first reason in this order is the answer: a drain, a cooldown, attempts at a
//! time, requests this minute, tokens this minute, what the provider says is left.

use std::fmt;

use crate::config::{Cooldown, Deployment};
use crate::load::Load;
use crate::request::format::Task;

use super::cooldown::{self, Phase};
use super::record::{MINUTE_MS, Record};

/// What a request claims of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The operation, each of which fails and recovers by itself.
    pub task: Task,
    /// How many tokens it is estimated to take of the deployment's limits.
    pub tokens: u64,
}

/// Whether a deployment may be picked now. What is in the way says how long it may last, where
/// that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may be picked.
    Ready,
    /// It may be picked, as one of the few that find out whether it is back.
    Probing,
    /// An operator has taken it out, until an operator takes it back in.
    Drained,
    /// It has failed, and is left alone for a while.
    Cooling {
        /// Milliseconds left.
        left_ms: u64,
        /// What started that, in a word: a status or an outcome.
        cause: String,
    },
    /// One of its limits is reached.
    Limited {
        /// Which one.
        limit: Limit,
        /// Milliseconds until there may be room again.
        wait_ms: u64,
    },
}

/// A limit that is reached, with its size. The first three are the configuration's, and hold
/// over all workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `max_parallel_requests`: attempts at a time.
    Parallel(u32),
    /// `rpm_limit`: requests in a minute.
    Requests(u32),
    /// `tpm_limit`: tokens in a minute.
    Tokens(u32),
    /// The provider's own rate limits, of which it says how much is left.
    Headroom,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parallel(most) => write!(f, "has {most} requests in flight, its limit"),
            Self::Requests(most) => write!(f, "has had its {most} requests this minute"),
            Self::Tokens(most) => write!(f, "has no room for it in its {most} tokens a minute"),
            Self::Headroom => f.write_str("has too little left of its provider's rate limit"),
        }
    }
}

/// How long to wait for an attempt under way to end, in milliseconds. Nobody knows, so this is a
/// guess.
pub(super) const UNKNOWN_WAIT_MS: u64 = 1000;

/// Returns whether the deployment may be picked for a request with that claim.
#[must_use]
pub(super) fn standing(
    record: &Record,
    deployment: &Deployment,
    settings: &Cooldown,
    claim: Claim,
    now_ms: u64,
) -> Standing {
    if record.is_drained() {
        return Standing::Drained;
    }
    let health = record.health(claim.task);
    let ready = match cooldown::phase(&health, now_ms, settings) {
        Phase::Healthy => Standing::Ready,
        Phase::Cooling(left_ms) => {
            return Standing::Cooling { left_ms, cause: cooldown::cause(&health) };
        }
        Phase::HalfOpen => {
            let left_ms =
                health.probes.wait_ms(settings.half_open_probes, now_ms, settings.probe_lease_ms);
            if left_ms > 0 {
                // All probes are out. Their leases run out much later, but one of them is
                // likely to end soon.
                let left_ms = left_ms.min(UNKNOWN_WAIT_MS);
                return Standing::Cooling { left_ms, cause: cooldown::cause(&health) };
            }
            Standing::Probing
        }
    };
    match forced(record, deployment, claim, now_ms) {
        Standing::Ready => ready,
        other => other,
    }
}

/// Returns whether the deployment may be sent a request although it cools: only a drain and
/// limits are in the way of that.
pub(super) fn forced(
    record: &Record,
    deployment: &Deployment,
    claim: Claim,
    now_ms: u64,
) -> Standing {
    if record.is_drained() {
        return Standing::Drained;
    }
    match limit(record, deployment, claim, now_ms) {
        Some((limit, wait_ms)) => Standing::Limited { limit, wait_ms },
        None => Standing::Ready,
    }
}

/// Returns the first limit that is reached, and the milliseconds until there may be room
/// again. Of those, only that of requests at a time holds for one that counts tokens.
fn limit(
    record: &Record,
    deployment: &Deployment,
    Claim { task, tokens }: Claim,
    now_ms: u64,
) -> Option<(Limit, u64)> {
    let next_minute = MINUTE_MS.saturating_sub(now_ms % MINUTE_MS);
    if let Some(most) = deployment.max_parallel_requests
        && record.flight.count(now_ms) >= most
    {
        return Some((Limit::Parallel(most), UNKNOWN_WAIT_MS));
    }
    if !task.is_processed() {
        return None;
    }
    if let Some(most) = deployment.rpm_limit
        && record.limited_attempts(now_ms) >= u64::from(most)
    {
        return Some((Limit::Requests(most), next_minute));
    }
    if let Some(most) = deployment.tpm_limit
        // Every request takes a token at least, so that a full minute takes none.
        && record.this_minute(now_ms).tokens.saturating_add(tokens.max(1)) > u64::from(most)
    {
        return Some((Limit::Tokens(most), next_minute));
    }
    let wait_ms = record.headroom.wait_ms(tokens, now_ms);
    (wait_ms > 0).then_some((Limit::Headroom, wait_ms))
}

/// Returns how busy a deployment is, by its record. Limits come from the configuration, for
/// strategies that compare shares of them.
pub(super) fn load(record: &Record, deployment: &Deployment, now_ms: u64) -> Load {
    let latency_ms = f64::from(record.first_byte_ms);
    Load {
        in_flight: record.flight.count(now_ms),
        latency_ms: (latency_ms > 0.0).then_some(latency_ms),
        tokens: record.this_minute(now_ms).tokens,
        requests: u32::try_from(record.limited_attempts(now_ms)).unwrap_or(u32::MAX),
        tpm_limit: deployment.tpm_limit,
        rpm_limit: deployment.rpm_limit,
        headroom: record.headroom.share(now_ms),
    }
}
