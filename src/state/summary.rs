//! How a deployment does as a whole, for operators and alerts.
//!
//! Pure. A request asks more exactly: [`super::standing`] says whether one may go there.

use crate::config::{Cooldown, Deployment};
use crate::request::format::Task;

use super::cooldown::{self, Phase};
use super::health::Health;
use super::record::Record;

/// The state that a deployment is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentState {
    /// It may be picked.
    Healthy,
    /// At least one of its operations has failed and is left alone for a while.
    Cooling,
    /// At least one of its operations is tried again, a few requests at a time. None is cooling.
    HalfOpen,
    /// An operator has taken it out of every pick.
    Drained,
}

impl DeploymentState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Cooling, Self::HalfOpen, Self::Drained];

    /// Returns the state that a record tells at `now_ms`, in milliseconds since the epoch.
    #[must_use]
    pub fn of(record: &Record, settings: &Cooldown, now_ms: u64) -> Self {
        if record.is_drained() {
            return Self::Drained;
        }
        match worst(record, settings, now_ms).0 {
            Phase::Healthy => Self::Healthy,
            Phase::Cooling(_) => Self::Cooling,
            Phase::HalfOpen => Self::HalfOpen,
        }
    }

    /// Returns its name in metrics. Names never change, because dashboards depend on them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Cooling => "cooling",
            Self::HalfOpen => "half_open",
            Self::Drained => "drained",
        }
    }

    /// Returns whether requests of every operation may go to the deployment, or a few of them while
    /// it recovers.
    #[must_use]
    pub const fn is_available(self) -> bool {
        matches!(self, Self::Healthy | Self::HalfOpen)
    }
}

/// Returns the phase and the health of the operation that does worst, which stands for its
/// deployment.
#[must_use]
pub fn worst(record: &Record, settings: &Cooldown, now_ms: u64) -> (Phase, Health) {
    let of = |task| {
        let health = record.health(task);
        (cooldown::phase(&health, now_ms, settings), health)
    };
    let all = Task::ALL.into_iter().map(of);
    let worst = all.max_by_key(|(phase, health)| rank(*phase, health));
    worst.unwrap_or((Phase::Healthy, Health::default()))
}

/// Returns how badly an operation does in that phase, to be compared: a longer cooldown is worse
/// than a shorter one.
const fn rank(phase: Phase, health: &Health) -> (u8, u64) {
    match phase {
        Phase::Healthy => (0, health.consecutive_failures as u64),
        Phase::HalfOpen => (1, 0),
        Phase::Cooling(left_ms) => (2, left_ms),
    }
}

/// Returns how much is left of the limit that is nearest, in percent of it and rounded down: of
/// requests at a time, of requests and tokens this minute, and of what the provider says. `None`
/// where no limit is known.
///
/// For example, with 8 of 10 requests at a time under way and half of the tokens of this minute
/// taken, 20 is left.
#[must_use]
pub fn headroom_percent(record: &Record, deployment: &Deployment, now_ms: u64) -> Option<u64> {
    let used = [
        (deployment.max_parallel_requests, u64::from(record.flight.count(now_ms))),
        (deployment.rpm_limit, record.limited_attempts(now_ms)),
        (deployment.tpm_limit, record.this_minute(now_ms).tokens),
    ];
    let own = used.into_iter().filter_map(|(limit, used)| {
        let limit = u64::from(limit?);
        limit.saturating_sub(used).saturating_mul(100).checked_div(limit)
    });
    own.chain(of_provider(record, now_ms)).min()
}

/// Returns how much is left of the limits that the provider tells, in percent. A limit that it has
/// told once and that has been reset since is whole.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
fn of_provider(record: &Record, now_ms: u64) -> Option<u64> {
    let is_known = [record.headroom.requests, record.headroom.tokens].iter().any(|l| l.limit > 0);
    let share = record.headroom.share(now_ms).unwrap_or(1.0);
    is_known.then_some((share * 100.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::state::headroom::Left;

    const NOW: u64 = 1_800_000_000_000;

    fn config(limits: &str) -> Config {
        let document = format!(
            r#"{{"providers": {{"p": {{"cluster": "p"}}}}, "default_cluster": "p",
                 "deployments": {{"d": {{"provider": "p", "model": "m"{limits}}}}},
                 "models": {{"m": {{"candidates": ["d"]}}}}}}"#
        );
        crate::config::parse(document.as_bytes()).expect("valid")
    }

    #[test]
    fn the_operation_that_does_worst_tells_the_state() {
        let config = config("");
        let mut record = Record::default();
        let of = |record: &Record| DeploymentState::of(record, &config.cooldown, NOW);
        assert_eq!(of(&record), DeploymentState::Healthy);
        record.change(Task::Chat, |health| health.until_ms = NOW);
        assert_eq!(of(&record), DeploymentState::HalfOpen);
        record.change(Task::Embeddings, |health| health.until_ms = NOW + 1);
        assert_eq!(of(&record), DeploymentState::Cooling);
        record.drained = 1;
        assert_eq!(of(&record), DeploymentState::Drained);
    }

    #[test]
    fn the_nearest_limit_tells_the_headroom() {
        let mut record = Record::default();
        record.turn_to(NOW);
        record.minute.attempts = 8;
        record.minute.tokens = 999;
        let percent = |record: &Record, limits: &str| {
            headroom_percent(record, &config(limits).deployments[0], NOW)
        };
        assert_eq!(percent(&record, ""), None);
        assert_eq!(percent(&record, r#", "rpm_limit": 10"#), Some(20));
        assert_eq!(percent(&record, r#", "rpm_limit": 10, "tpm_limit": 1000"#), Some(0));
        assert_eq!(percent(&record, r#", "rpm_limit": 4"#), Some(0));
        assert_eq!(percent(&record, r#", "max_parallel_requests": 4"#), Some(100));
        let left = Left { remaining: 1, limit: 8, reset_ms: NOW + 1000 };
        record.headroom.requests = left;
        record.headroom.heard_ms = NOW;
        assert_eq!(percent(&record, ""), Some(12));
        record.headroom.requests.reset_ms = NOW;
        assert_eq!(percent(&record, ""), Some(100), "what was reset is whole");
    }
}
