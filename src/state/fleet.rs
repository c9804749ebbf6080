//! The deployments and turns of a configuration, where all workers find them.
//!
//! Knows the keys in shared data, and changes records for what ends or comes from operators.
//! What a request reads is in `snapshot.rs`, and what it begins in `commit.rs`.

use std::collections::HashMap;

use crate::cas;
use crate::config::{Config, Cooldown, DeploymentId, GroupId, ModelId};
use crate::host::SharedData;
use crate::request::format::Task;

use super::PREFIX;
use super::attempt::{self, Attempt, Ended, Ending};
use super::cooldown::{self, Charge, Transition};
use super::operate::Operation;
use super::record::Record;
use super::turn::{self, LocalTurns, Turn};

/// The keys of a configuration in shared data, made once for each configuration.
#[derive(Debug, Default)]
pub struct SharedFleet {
    /// The key of each deployment's record, by its id.
    pub(super) deployments: Vec<String>,
    /// The key of each turn counter.
    pub(super) turns: HashMap<Turn, String>,
    /// The key where dropped updates are counted.
    dropped: String,
    /// Turns for where shared data takes none.
    pub(super) local: LocalTurns,
    /// Whether the host shares nothing: what is written is not there afterwards.
    pub(super) is_alone: bool,
}

impl SharedFleet {
    /// Returns the keys of a configuration, and creates those that do not exist yet.
    pub fn new<S: SharedData + ?Sized>(config: &Config, shared: &S) -> Self {
        let deployments: Vec<String> =
            config.deployments.iter().map(|deployment| key(&deployment.id)).collect();
        for key in &deployments {
            cas::create::<Record, S>(shared, key);
        }
        let mut turns = HashMap::new();
        for (model, described) in config.models.iter().enumerate() {
            // A model without variants has one group without a key.
            for (group, variant) in described.groups.iter().enumerate() {
                let variant = variant.key.as_deref().unwrap_or_default();
                for is_narrowed in [false, true] {
                    let key = turn::key(&described.name, variant, is_narrowed);
                    cas::create::<u64, S>(shared, &key);
                    let turn = Turn { model: ModelId(model), group: GroupId(group), is_narrowed };
                    turns.insert(turn, key);
                }
            }
        }
        let dropped = format!("{PREFIX}dropped");
        cas::create::<u64, S>(shared, &dropped);
        // It has just been created, so a host that has shared data finds it.
        let is_alone = shared.read(&dropped).is_none();
        Self { deployments, turns, dropped, local: LocalTurns::default(), is_alone }
    }

    /// Ends an attempt: writes down what it came to, and that it is no longer under way.
    ///
    /// # Errors
    /// [`Dropped`] where the update lost all its tries. The attempt is then counted as under
    /// way until it is forgotten, 15 to 20 minutes after its start.
    pub fn end<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        config: &Config,
        attempt: &Attempt,
        ending: &Ending,
        now_ms: u64,
    ) -> Result<Ended, Dropped> {
        self.change(shared, attempt.deployment, |record| {
            attempt::end(record, attempt, ending, &config.cooldown, now_ms)
        })
    }

    /// Gives back a probe's place, once its answer has begun. An attempt that is no probe is
    /// left alone.
    ///
    /// # Errors
    /// [`Dropped`] where the update lost all its tries. The lease runs out by itself.
    pub fn release<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        attempt: &mut Attempt,
    ) -> Result<(), Dropped> {
        let Some(lease) = attempt.lease.take() else { return Ok(()) };
        let task = attempt.task;
        self.change(shared, attempt.deployment, |record| {
            attempt::release(record, task, Some(lease));
        })
    }

    /// Ends an attempt at a deployment that an earlier configuration had and this one lacks:
    /// all that is written is that it is no longer under way.
    ///
    /// `numbers` are those of [`Attempt::numbers`]. Returns how many attempts are still under
    /// way there, or `None` where the update lost all its tries.
    pub fn abandon<S: SharedData + ?Sized>(
        shared: &S,
        id: &str,
        (task, numbers): (Task, [u64; 4]),
        settings: &Cooldown,
        now_ms: u64,
    ) -> Option<u32> {
        let attempt = Attempt::from_numbers(DeploymentId(0), task, numbers);
        let mut in_flight = 0;
        let is_written = cas::update(shared, &key(id), None, |record: &mut Record| {
            let ended = attempt::end(record, &attempt, &Ending::default(), settings, now_ms);
            in_flight = ended.in_flight;
            true
        });
        is_written.then_some(in_flight)
    }

    /// Takes back what an attempt has counted against its deployment, because the request itself
    /// is to blame. `of` is its operation and its fingerprint. Returns how the phase of the
    /// deployment changed, if it did.
    ///
    /// # Errors
    /// [`Dropped`] where the update lost all its tries.
    pub fn take_back<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        deployment: DeploymentId,
        of: (Task, u32),
        charge: Charge,
        now_ms: u64,
    ) -> Result<Option<Transition>, Dropped> {
        self.change(shared, deployment, |record| cooldown::take_back(record, of, charge, now_ms))
    }

    /// Returns the record of a deployment, read from shared data.
    pub fn record<S: SharedData + ?Sized>(&self, shared: &S, deployment: DeploymentId) -> Record {
        let key = self.deployments.get(deployment.0);
        key.map_or_else(Record::default, |key| cas::read(shared, key).0)
    }

    /// Does to a deployment what an operator wants, and returns its record afterwards.
    ///
    /// # Errors
    /// [`Dropped`] where the update lost all its tries.
    pub fn operate<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        config: &Config,
        deployment: DeploymentId,
        operation: Operation,
        now_ms: u64,
    ) -> Result<Record, Dropped> {
        self.change(shared, deployment, |record| {
            operation.apply(record, &config.cooldown, now_ms);
            *record
        })
    }

    /// Returns the number of the next turn, read from shared data, without taking it.
    pub fn next_turn<S: SharedData + ?Sized>(&self, shared: &S, turn: Turn) -> u64 {
        self.turns.get(&turn).map_or(0, |key| turn::peek(shared, key))
    }

    /// Returns how many updates of all workers have lost all their tries since the proxy's
    /// start.
    pub fn dropped<S: SharedData + ?Sized>(&self, shared: &S) -> u64 {
        cas::read(shared, &self.dropped).0
    }

    /// Counts updates that lost all their tries. The count may lose all its tries as well, so
    /// it is a lower bound.
    pub fn count_dropped<S: SharedData + ?Sized>(&self, shared: &S, updates: u32) {
        let _ = cas::update(shared, &self.dropped, None, |count: &mut u64| {
            *count = count.saturating_add(u64::from(updates));
            true
        });
    }

    /// Changes a deployment's record, and returns what `change` returns. `change` runs once
    /// for every try.
    fn change<S: SharedData + ?Sized, T>(
        &self,
        shared: &S,
        deployment: DeploymentId,
        mut change: impl FnMut(&mut Record) -> T,
    ) -> Result<T, Dropped> {
        let mut changed = Err(Dropped);
        if let Some(key) = self.deployments.get(deployment.0) {
            let is_written = cas::update(shared, key, None, |record| {
                changed = Ok(change(record));
                true
            });
            if !is_written {
                changed = Err(Dropped);
            }
        }
        changed
    }
}

/// Returns the key of a deployment's record.
fn key(id: &str) -> String {
    format!("{PREFIX}deployment/{id}")
}

/// An update lost all its tries to other workers, and was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;
