//! The one place that takes turns and begins attempts.
//!
//! Deciding changes nothing: what acting on a decision changes comes here as an [`Intent`].
//! Each change is a compare-and-swap that starts from the version the snapshot has read, so
//! nothing is read twice unless another worker was faster.

use crate::cas;
use crate::config::DeploymentId;
use crate::host::SharedData;

use super::attempt::{self, Attempt, StartTerms};
use super::cooldown;
use super::record::Record;
use super::snapshot::Snapshot;
use super::standing::Claim;
use super::standing::{self, Standing};
use super::turn::{self, Turn};

/// What a decision changes in shared data when it is acted on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// The turn to take, and the number by which it was decided.
    pub turn: Option<(Turn, u64)>,
    /// The deployment to begin an attempt at, and its terms. None where no state is kept of
    /// the server.
    pub start: Option<(DeploymentId, StartTerms)>,
}

/// An attempt that has just begun.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    /// The attempt. Whoever has it must see to its end.
    pub attempt: Attempt,
    /// How many attempts are under way at its deployment, this one included. None where its
    /// start could not be written.
    pub in_flight: Option<u32>,
}

/// Another worker was faster. The snapshot now knows what that worker changed, and the
/// request has to be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

impl<S: SharedData + ?Sized> Snapshot<'_, S> {
    /// Takes the turn and begins the attempt of a decision, and returns the attempt. There is
    /// none where no state is kept of the server.
    ///
    /// A request takes one turn, however often it is decided. Where the number is another one
    /// than it was decided by, the number is this request's all the same, and the next
    /// decision goes by it. For example, two workers decide by turn 7. The slower one takes
    /// turn 8, keeps it, and decides again.
    ///
    /// # Errors
    /// Another worker was faster: it has taken the turn of that number, or the deployment may
    /// no longer be picked. No attempt has begun.
    pub fn commit(&mut self, intent: &Intent) -> Result<Option<Begun>, Overtaken> {
        if let (Some((turn, expected)), None) = (intent.turn, self.taken_turn()) {
            // Whatever the number is, it is taken now, and never again for this request.
            let number = self.take_turn(turn);
            self.seen.get_mut().taken = Some((turn, number));
            if number != expected {
                return Err(Overtaken);
            }
        }
        let Some((deployment, terms)) = intent.start else { return Ok(None) };
        match self.begin(deployment, terms) {
            Ok(begun) => Ok(begun),
            Err(standing) => {
                self.seen.get_mut().refused.push((deployment, standing));
                Err(Overtaken)
            }
        }
    }

    /// Begins an attempt that was chosen a while ago and can no longer go elsewhere: its
    /// connection is to that deployment. It is forced if the deployment has begun to cool
    /// since, and not counted if a limit or a drain would prevent that, too.
    pub fn begin_chosen(&mut self, deployment: DeploymentId, claim: Claim) -> Begun {
        for is_forced in [false, true] {
            if let Ok(Some(begun)) = self.begin(deployment, StartTerms { claim, is_forced }) {
                return begun;
            }
        }
        let attempt = Attempt::uncounted(deployment, claim.task, self.seen.get_mut().now_ms);
        Begun { attempt, in_flight: None }
    }

    /// Takes a turn and returns its number. Where shared data takes none, it is a turn of this
    /// worker alone.
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

    /// Begins an attempt, and returns it; none where the deployment has no record.
    ///
    /// An attempt whose start lost all its tries is made all the same, and counted nowhere:
    /// contention must not refuse requests.
    fn begin(
        &mut self,
        deployment: DeploymentId,
        terms: StartTerms,
    ) -> Result<Option<Begun>, Standing> {
        let Some(key) = self.fleet.deployments.get(deployment.0) else { return Ok(None) };
        let settings = &self.config.cooldown;
        let described = (deployment, self.config.deployment(deployment));
        let now_ms = self.seen.get_mut().now_ms;
        let known = self.record(deployment);
        let task = terms.claim.task;
        let mut begun = Ok(Attempt::uncounted(deployment, task, now_ms));
        let mut in_flight = 0;
        let is_written = cas::update(self.shared, key, Some(known), |record: &mut Record| {
            begun = attempt::begin(record, described, terms, settings, now_ms);
            in_flight = record.flight.count(now_ms);
            begun.is_ok()
        });
        let attempt = begun?;
        if is_written {
            return Ok(Some(Begun { attempt, in_flight: Some(in_flight) }));
        }
        self.drop_update();
        // But a probe without a place would be one too many.
        if attempt.is_probe() {
            let cause = cooldown::cause(&known.0.health(task));
            return Err(Standing::Cooling { left_ms: standing::UNKNOWN_WAIT_MS, cause });
        }
        let attempt = Attempt::uncounted(deployment, task, now_ms);
        Ok(Some(Begun { attempt, in_flight: None }))
    }

    /// Counts an update that lost all its tries.
    #[cold]
    fn drop_update(&mut self) {
        let dropped = &mut self.seen.get_mut().dropped;
        *dropped = dropped.saturating_add(1);
    }
}
