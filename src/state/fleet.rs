//! The deployments of a configuration as all workers see them.

use std::collections::HashMap;

use crate::cas;
use crate::config::{Config, Cooldown, DeploymentId, GroupId, ModelId};
use crate::host::SharedData;
use crate::load::Load;

use super::PREFIX;
use super::attempt::{self, Asking, Attempt, Ended, Ending};
use super::cooldown;
use super::onlooker::Heard;
use super::operate::Operation;
use super::record::Record;
use super::standing::{self, Standing};
use super::turn::{self, LocalTurns, Turn};

/// What a decision asks of shared state.
pub trait Fleet {
    /// Whether a deployment may be picked for a request of that many tokens.
    fn standing(&mut self, deployment: DeploymentId, tokens: u64) -> Standing;
    /// How busy a deployment is.
    fn load(&mut self, deployment: DeploymentId) -> Load;
    /// The number of this request's turn, counted over all workers.
    fn take_turn(&mut self, turn: Turn) -> u64;
    /// The number of the next turn, without taking it.
    fn next_turn(&mut self, turn: Turn) -> u64;
    /// Starts an attempt; no more than one for each decision.
    ///
    /// # Errors
    /// Why the deployment may not be picked, where another worker was faster.
    fn begin(&mut self, deployment: DeploymentId, asking: Asking) -> Result<(), Standing>;
}

/// Keys of a configuration in shared data, made once.
#[derive(Debug, Default)]
pub struct SharedFleet {
    deployments: Vec<String>,
    turns: HashMap<Turn, String>,
    /// Where dropped updates are counted.
    dropped: String,
    local: LocalTurns,
    /// Nothing is shared: what is written is not there afterwards.
    is_alone: bool,
}

impl SharedFleet {
    /// The keys of a configuration; creates those that do not exist yet.
    pub fn new<S: SharedData + ?Sized>(config: &Config, shared: &S) -> Self {
        let deployments: Vec<String> =
            config.deployments.iter().map(|deployment| key(&deployment.id)).collect();
        for key in &deployments {
            cas::create::<Record, S>(shared, key);
        }
        let mut turns = HashMap::new();
        for (model, described) in config.models.iter().enumerate() {
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
        let is_alone = shared.read(&dropped).is_none();
        Self { deployments, turns, dropped, local: LocalTurns::default(), is_alone }
    }

    /// Ends an attempt: what it came to, and that it is no longer under way.
    ///
    /// # Errors
    /// [`Dropped`] when the update lost all its tries.
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

    /// Gives back a probe's place, once its answer has begun.
    ///
    /// # Errors
    /// [`Dropped`] when the update lost all its tries: the lease runs out by itself.
    pub fn release<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        attempt: &mut Attempt,
    ) -> Result<(), Dropped> {
        let Some(lease) = attempt.lease.take() else { return Ok(()) };
        self.change(shared, attempt.deployment, |record| record.probes.release(lease))
    }

    /// Ends an attempt at a deployment that this configuration does not have, and another
    /// one had: all that is said is that it is no longer under way. How many are.
    pub fn abandon<S: SharedData + ?Sized>(
        shared: &S,
        id: &str,
        numbers: [u64; 4],
        settings: &Cooldown,
        now_ms: u64,
    ) -> Option<u32> {
        let attempt = Attempt::from_numbers(DeploymentId(0), numbers);
        let mut in_flight = 0;
        let is_written = cas::update(shared, &key(id), None, |record: &mut Record| {
            let ended = attempt::end(record, &attempt, &Ending::default(), settings, now_ms);
            in_flight = ended.in_flight;
            true
        });
        is_written.then_some(in_flight)
    }

    /// What is known of a deployment.
    pub fn record<S: SharedData + ?Sized>(&self, shared: &S, deployment: DeploymentId) -> Record {
        let key = self.deployments.get(deployment.0);
        key.map_or_else(Record::default, |key| cas::read(shared, key).0)
    }

    /// Does to a deployment what an operator wants; what is then known of it.
    ///
    /// # Errors
    /// [`Dropped`] when the update lost all its tries.
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

    /// The number of the next turn, without taking it.
    pub fn next_turn<S: SharedData + ?Sized>(&self, shared: &S, turn: Turn) -> u64 {
        self.turns.get(&turn).map_or(0, |key| turn::peek(shared, key))
    }

    /// Updates of all workers that lost all their tries, since the proxy's start.
    pub fn dropped<S: SharedData + ?Sized>(&self, shared: &S) -> u64 {
        cas::read(shared, &self.dropped).0
    }

    /// Counts updates that lost all their tries; itself at most as surely as they were made.
    pub fn count_dropped<S: SharedData + ?Sized>(&self, shared: &S, updates: u32) {
        let _ = cas::update(shared, &self.dropped, None, |count: &mut u64| {
            *count = count.saturating_add(u64::from(updates));
            true
        });
    }

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

    /// The fleet at a moment, for one decision.
    pub fn at<'a, S: SharedData + ?Sized>(
        &'a self,
        shared: &'a S,
        config: &'a Config,
        now_ms: u64,
    ) -> FleetNow<'a, S> {
        FleetNow {
            fleet: self,
            shared,
            config,
            now_ms,
            places: Vec::new(),
            seen: Vec::new(),
            attempt: None,
            heard: Heard::default(),
            in_flight: None,
            exhausted: 0,
        }
    }
}

/// The key of a deployment's record.
fn key(id: &str) -> String {
    format!("{PREFIX}deployment/{id}")
}

/// An update that lost all its tries and was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

/// Shared state at one moment: each record is read once.
#[derive(Debug)]
pub struct FleetNow<'a, S: ?Sized> {
    fleet: &'a SharedFleet,
    shared: &'a S,
    config: &'a Config,
    pub(super) now_ms: u64,
    /// By deployment: its place among those seen, from 1 on; 0 has not been.
    places: Vec<u32>,
    seen: Vec<(Record, u32)>,
    /// The attempt that was started.
    pub attempt: Option<Attempt>,
    /// What an onlooker is to hear, where there is one.
    pub heard: Heard,
    /// How many are under way at its deployment, if its start was written.
    pub in_flight: Option<u32>,
    /// Updates that lost all their tries.
    pub exhausted: u32,
}

impl<S: SharedData + ?Sized> FleetNow<'_, S> {
    pub(super) fn record(&mut self, deployment: DeploymentId) -> (Record, u32) {
        let Some(key) = self.fleet.deployments.get(deployment.0) else { return Default::default() };
        if self.places.is_empty() {
            self.places.resize(self.fleet.deployments.len(), 0);
        }
        let place = self.places.get(deployment.0).map_or(0, |place| *place as usize);
        if let Some(seen) = place.checked_sub(1).and_then(|place| self.seen.get(place)) {
            return *seen;
        }
        let read = cas::read(self.shared, key);
        self.seen.push(read);
        if let Some(place) = self.places.get_mut(deployment.0) {
            *place = u32::try_from(self.seen.len()).unwrap_or_default();
        }
        read
    }

    fn prevented(&mut self, deployment: DeploymentId, standing: &Standing) {
        if self.config.shadow.is_some() {
            self.heard.was_prevented(deployment, standing.clone());
        }
    }
}

impl<S: SharedData + ?Sized> Fleet for FleetNow<'_, S> {
    fn standing(&mut self, deployment: DeploymentId, tokens: u64) -> Standing {
        let (record, _) = self.record(deployment);
        let settings = &self.config.cooldown;
        let deployment = self.config.deployment(deployment);
        standing::standing(&record, deployment, settings, tokens, self.now_ms)
    }

    fn load(&mut self, deployment: DeploymentId) -> Load {
        let (record, _) = self.record(deployment);
        standing::load(&record, self.config.deployment(deployment), self.now_ms)
    }

    fn take_turn(&mut self, turn: Turn) -> u64 {
        if self.fleet.is_alone {
            return self.fleet.local.take(turn);
        }
        let taken = self.fleet.turns.get(&turn).and_then(|key| turn::take(self.shared, key));
        let taken = taken.unwrap_or_else(|| {
            self.exhausted = self.exhausted.saturating_add(1);
            self.fleet.local.take(turn)
        });
        self.heard.took(turn, taken);
        taken
    }

    fn next_turn(&mut self, turn: Turn) -> u64 {
        let next = self.fleet.next_turn(self.shared, turn);
        if self.config.shadow.is_some() {
            self.heard.saw(turn, next);
        }
        next
    }

    fn begin(&mut self, deployment: DeploymentId, asking: Asking) -> Result<(), Standing> {
        let Some(key) = self.fleet.deployments.get(deployment.0) else { return Ok(()) };
        let settings = &self.config.cooldown;
        let described = (deployment, self.config.deployment(deployment));
        let known = self.record(deployment);
        let mut begun = Ok(Attempt::uncounted(deployment, self.now_ms));
        let mut in_flight = 0;
        let is_written = cas::update(self.shared, key, Some(known), |record: &mut Record| {
            begun = attempt::begin(record, described, asking, settings, self.now_ms);
            in_flight = record.flight.count(self.now_ms);
            begun.is_ok()
        });
        let mut attempt = begun.inspect_err(|standing| self.prevented(deployment, standing))?;
        if !is_written {
            self.exhausted = self.exhausted.saturating_add(1);
            // A probe without its place would be one too many.
            if attempt.is_probe() {
                let cause = cooldown::cause(&known.0);
                let standing = Standing::Cooling { left_ms: standing::UNKNOWN_WAIT_MS, cause };
                self.prevented(deployment, &standing);
                return Err(standing);
            }
            attempt = Attempt::uncounted(deployment, self.now_ms);
        }
        self.in_flight = is_written.then_some(in_flight);
        self.attempt = Some(attempt);
        Ok(())
    }
}
