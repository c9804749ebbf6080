//! The one place that takes turns and begins attempts.
//!
//! Deciding changes nothing; what it wants to change comes here as an [`Intent`]. Each
//! change is one compare-and-swap that starts from the version the snapshot has read, so
//! that where nobody was faster, nothing is read twice.

use crate::cas;
use crate::config::DeploymentId;
use crate::host::SharedData;

use super::attempt::{self, Asking, Attempt};
use super::cooldown;
use super::record::Record;
use super::snapshot::Snapshot;
use super::standing::{self, Standing};
use super::turn::{self, Turn};

/// What a decision changes in shared data when it is acted on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// The turn that it went by, and the number it took it to have.
    pub turn: Option<(Turn, u64)>,
    /// The deployment to begin an attempt at. None for servers without state.
    pub start: Option<(DeploymentId, Asking)>,
}

/// An attempt that has just begun.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    /// The attempt, which has to be ended.
    pub attempt: Attempt,
    /// How many are under way at its deployment now; none where that could not be written.
    pub in_flight: Option<u32>,
}

/// Another worker was faster. The snapshot knows by now what that worker changed, so the
/// request is to be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

impl<S: SharedData + ?Sized> Snapshot<'_, S> {
    /// Takes the turn and begins the attempt of a decision.
    ///
    /// A request takes at most one turn in all, however often it is decided: where the
    /// number is not the one that the decision went by, it is this request's nevertheless,
    /// and the next decision goes by it. For example, two workers read the number 7 at the
    /// same time. The slower one finds 8 when it takes its turn, keeps 8 and decides again.
    ///
    /// # Errors
    /// Another worker was faster: it took the turn with that number, or the deployment may
    /// no longer be picked. Nothing has begun.
    pub fn commit(&mut self, intent: &Intent) -> Result<Option<Begun>, Overtaken> {
        if let (Some((turn, expected)), None) = (intent.turn, self.taken_turn()) {
            let number = self.take_turn(turn);
            self.seen.get_mut().taken = Some((turn, number));
            if number != expected {
                return Err(Overtaken);
            }
        }
        let Some((deployment, asking)) = intent.start else { return Ok(None) };
        match self.begin(deployment, asking) {
            Ok(begun) => Ok(begun),
            Err(standing) => {
                self.seen.get_mut().refused.push((deployment, standing));
                Err(Overtaken)
            }
        }
    }

    /// Begins an attempt that was chosen earlier and cannot go elsewhere any more: forced if
    /// the deployment has begun to cool since, and not counted if it may not be sent
    /// anything.
    pub fn begin_chosen(&mut self, deployment: DeploymentId, tokens: u64) -> Begun {
        for is_forced in [false, true] {
            if let Ok(Some(begun)) = self.begin(deployment, Asking { tokens, is_forced }) {
                return begun;
            }
        }
        let attempt = Attempt::uncounted(deployment, self.seen.get_mut().now_ms);
        Begun { attempt, in_flight: None }
    }

    /// Takes a turn and returns its number: the one of this worker alone where shared data
    /// refuses.
    fn take_turn(&mut self, turn: Turn) -> u64 {
        if self.fleet.is_alone {
            return self.fleet.local.take(turn);
        }
        let known = self.counter(turn);
        let key = self.fleet.turns.get(&turn);
        let taken = key.and_then(|key| turn::take(self.shared, key, known));
        taken.unwrap_or_else(|| {
            self.drop_update();
            self.fleet.local.take(turn)
        })
    }

    /// Begins an attempt; none where the deployment has no record.
    fn begin(
        &mut self,
        deployment: DeploymentId,
        asking: Asking,
    ) -> Result<Option<Begun>, Standing> {
        let Some(key) = self.fleet.deployments.get(deployment.0) else { return Ok(None) };
        let settings = &self.config.cooldown;
        let described = (deployment, self.config.deployment(deployment));
        let now_ms = self.seen.get_mut().now_ms;
        let known = self.record(deployment);
        let mut begun = Ok(Attempt::uncounted(deployment, now_ms));
        let mut in_flight = 0;
        let is_written = cas::update(self.shared, key, Some(known), |record: &mut Record| {
            begun = attempt::begin(record, described, asking, settings, now_ms);
            in_flight = record.flight.count(now_ms);
            begun.is_ok()
        });
        let attempt = begun?;
        if is_written {
            return Ok(Some(Begun { attempt, in_flight: Some(in_flight) }));
        }
        self.drop_update();
        // A probe without its place would be one too many.
        if attempt.is_probe() {
            let cause = cooldown::cause(&known.0);
            return Err(Standing::Cooling { left_ms: standing::UNKNOWN_WAIT_MS, cause });
        }
        Ok(Some(Begun { attempt: Attempt::uncounted(deployment, now_ms), in_flight: None }))
    }

    fn drop_update(&mut self) {
        let dropped = &mut self.seen.get_mut().dropped;
        *dropped = dropped.saturating_add(1);
    }
}
