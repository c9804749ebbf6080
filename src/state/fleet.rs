//! The deployments of a configuration as all workers see them.

use std::collections::HashMap;

use crate::config::{Config, DeploymentId, GroupId, ModelId};
use crate::host::SharedData;
use crate::load::Load;

use super::cooldown::{self, Phase, Transition};
use super::outcome::Report;
use super::record::Record;
use super::turn::{self, LocalTurns, Turn};
use super::{PREFIX, cas};

/// Whether a deployment may be picked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Ready,
    /// Not for this many milliseconds more, because of that status or outcome.
    Cooling {
        /// Milliseconds left.
        left_ms: u64,
        /// What started it.
        cause: String,
    },
}

/// What a decision asks of shared state.
pub trait Fleet {
    /// Whether a deployment may be picked.
    fn standing(&mut self, deployment: DeploymentId) -> Standing;
    /// The number of this request's turn, counted over all workers.
    fn take_turn(&mut self, turn: Turn) -> u64;
    /// The number of the next turn, without taking it.
    fn next_turn(&mut self, turn: Turn) -> u64;
    /// What a deployment has to do.
    fn load(&mut self, _deployment: DeploymentId) -> Load {
        Load::default()
    }
}

/// Keys of a configuration in shared data, made once.
#[derive(Debug, Default)]
pub struct SharedFleet {
    deployments: Vec<String>,
    turns: HashMap<Turn, String>,
    local: LocalTurns,
}

impl SharedFleet {
    /// The keys of a configuration; creates those that do not exist yet.
    pub fn new<S: SharedData + ?Sized>(config: &Config, shared: &S) -> Self {
        let deployments: Vec<String> = config
            .deployments
            .iter()
            .map(|deployment| format!("{PREFIX}deployment/{}", deployment.id))
            .collect();
        for key in &deployments {
            cas::create(shared, key, &Record::default().encode());
        }
        let mut turns = HashMap::new();
        for (model, described) in config.models.iter().enumerate() {
            for (group, variant) in described.groups.iter().enumerate() {
                let variant = variant.key.as_deref().unwrap_or_default();
                for is_narrowed in [false, true] {
                    let set = if is_narrowed { "some" } else { "all" };
                    let key = format!("{PREFIX}turn/{set}/{}#{variant}", described.name);
                    cas::create(shared, &key, &0u64.to_le_bytes());
                    let turn = Turn { model: ModelId(model), group: GroupId(group), is_narrowed };
                    turns.insert(turn, key);
                }
            }
        }
        Self { deployments, turns, local: LocalTurns::default() }
    }

    /// Records what an attempt came to.
    ///
    /// # Errors
    /// [`Dropped`] when the update lost all its tries.
    pub fn record<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        config: &Config,
        deployment: DeploymentId,
        report: Report,
        now_ms: u64,
    ) -> Result<Option<Transition>, Dropped> {
        let Some(key) = self.deployments.get(deployment.0) else { return Ok(None) };
        let mut transition = None;
        let is_written = cas::update(shared, key, |value| {
            let record = Record::decode(value);
            let (next, changed) = cooldown::after(&record, report, now_ms, &config.cooldown)?;
            transition = changed;
            Some(next.encode().to_vec())
        });
        if is_written { Ok(transition) } else { Err(Dropped) }
    }

    /// The fleet at a moment, for one decision.
    pub fn at<'a, S: SharedData + ?Sized>(
        &'a self,
        shared: &'a S,
        config: &'a Config,
        now_ms: u64,
    ) -> FleetNow<'a, S> {
        FleetNow { fleet: self, shared, config, now_ms, exhausted: 0 }
    }
}

/// An update that lost all its tries and was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

/// Shared state at one moment.
#[derive(Debug)]
pub struct FleetNow<'a, S: ?Sized> {
    fleet: &'a SharedFleet,
    shared: &'a S,
    config: &'a Config,
    now_ms: u64,
    /// Turns that shared data refused, taken from the worker's own counter.
    pub exhausted: u32,
}

impl<S: SharedData + ?Sized> Fleet for FleetNow<'_, S> {
    fn standing(&mut self, deployment: DeploymentId) -> Standing {
        let key = self.fleet.deployments.get(deployment.0);
        let record = key
            .and_then(|key| self.shared.read(key))
            .map_or_else(Record::default, |(value, _)| Record::decode(&value));
        match cooldown::phase(&record, self.now_ms, &self.config.cooldown) {
            Phase::Cooling(left_ms) => {
                Standing::Cooling { left_ms, cause: cooldown::cause(&record) }
            }
            Phase::Healthy | Phase::HalfOpen => Standing::Ready,
        }
    }

    fn take_turn(&mut self, turn: Turn) -> u64 {
        let taken = self.fleet.turns.get(&turn).and_then(|key| turn::take(self.shared, key));
        taken.unwrap_or_else(|| {
            self.exhausted = self.exhausted.saturating_add(1);
            self.fleet.local.take(turn)
        })
    }

    fn next_turn(&mut self, turn: Turn) -> u64 {
        self.fleet.turns.get(&turn).map_or(0, |key| turn::peek(self.shared, key))
    }
}
