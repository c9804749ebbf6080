//! Shared state as one request sees it.
//!
//! A record or a turn counter is read when it is first asked for, and never again. So a
//! request pays only for what its decision looks at, and however often it is decided, it is
//! decided by the same state. What changes the state is in `commit.rs`.

use std::cell::RefCell;

use crate::cas;
use crate::config::{Config, DeploymentId};
use crate::host::SharedData;
use crate::load::Load;

use super::fleet::SharedFleet;
use super::record::Record;
use super::standing::Claim;
use super::standing::{self, Standing};
use super::turn::Turn;
use super::world::World;

/// The shared state of one moment, for one request: a [`World`] that reads on demand.
///
/// It answers by what it has read, even if other workers have changed that since. Only a commit
/// that was overtaken changes what it answers.
#[derive(Debug)]
pub struct Snapshot<'a, S: ?Sized> {
    pub(super) fleet: &'a SharedFleet,
    pub(super) shared: &'a S,
    pub(super) config: &'a Config,
    pub(super) seen: RefCell<Seen>,
}

/// What a snapshot has read, and what its request has come to know. It borrows nothing from
/// the proxy, so that it can be kept until the request is decided once more.
#[derive(Debug, Default)]
pub struct Seen {
    /// The moment, in milliseconds since the epoch.
    pub(super) now_ms: u64,
    /// By deployment: the place of its record in `records`, counted from 1. 0 where it has
    /// not been read. A list, because of a large group hundreds may be read.
    places: Vec<u32>,
    records: Vec<Versioned<Record>>,
    /// The counters that were read: rarely more than one.
    turns: Vec<(Turn, Versioned<u64>)>,
    /// The turn that the request has taken, and its number.
    pub(super) taken: Option<(Turn, u64)>,
    /// Deployments where another worker was faster, and why they may not be picked now.
    pub(super) refused: Vec<(DeploymentId, Standing)>,
    /// How many updates lost all their tries.
    pub(super) dropped: u32,
}

/// A value, and the version that it had in shared data.
pub(super) type Versioned<V> = (V, u32);

impl Seen {
    /// Returns where the record of a deployment is kept, if it has been read.
    fn place(&self, deployment: DeploymentId) -> Option<usize> {
        (*self.places.get(deployment.0)? as usize).checked_sub(1)
    }

    fn record(&self, deployment: DeploymentId) -> Option<Versioned<Record>> {
        self.records.get(self.place(deployment)?).copied()
    }

    fn keep(&mut self, deployment: DeploymentId, deployments: usize, read: Versioned<Record>) {
        self.places.resize(deployments, 0);
        // A record is large, and most requests look at one.
        if self.records.is_empty() {
            self.records.reserve_exact(1);
        }
        self.records.push(read);
        if let Some(place) = self.places.get_mut(deployment.0) {
            *place = u32::try_from(self.records.len()).unwrap_or_default();
        }
    }

    fn turn(&self, wanted: Turn) -> Option<Versioned<u64>> {
        let mut turns = self.turns.iter().filter(|(turn, _)| *turn == wanted);
        turns.next().map(|(_, read)| *read)
    }
}

impl SharedFleet {
    /// Returns the shared state of a moment, of which nothing has been read yet. `now_ms` is
    /// in milliseconds since the epoch.
    pub fn at<'a, S: SharedData + ?Sized>(
        &'a self,
        shared: &'a S,
        config: &'a Config,
        now_ms: u64,
    ) -> Snapshot<'a, S> {
        self.resume(shared, config, Seen { now_ms, ..Seen::default() })
    }

    /// Returns the snapshot that was kept. It has the time and the state of then; what it had
    /// not read, it reads now.
    pub fn resume<'a, S: SharedData + ?Sized>(
        &'a self,
        shared: &'a S,
        config: &'a Config,
        seen: Seen,
    ) -> Snapshot<'a, S> {
        Snapshot { fleet: self, shared, config, seen: RefCell::new(seen) }
    }
}

impl<S: SharedData + ?Sized> Snapshot<'_, S> {
    /// Returns what has been read, to be kept for [`SharedFleet::resume`].
    #[must_use]
    pub fn into_seen(self) -> Seen {
        self.seen.into_inner()
    }

    /// Returns the turn that the request has taken, and its number. There is none before the
    /// first commit, and none for a request that goes by no turn.
    #[must_use]
    pub fn taken_turn(&self) -> Option<(Turn, u64)> {
        self.seen.borrow().taken
    }

    /// Returns why the deployments may not be picked where another worker was faster.
    #[must_use]
    pub fn refused(&self) -> Vec<Standing> {
        self.seen.borrow().refused.iter().map(|(_, standing)| standing.clone()).collect()
    }

    /// Returns how many updates of this request lost all their tries and were not made. They are
    /// for [`SharedFleet::count_dropped`].
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.seen.borrow().dropped
    }

    /// Returns a deployment's record; that of a healthy one where it has no key.
    pub(super) fn record(&self, deployment: DeploymentId) -> Versioned<Record> {
        let Some(key) = self.fleet.deployments.get(deployment.0) else { return Default::default() };
        if let Some(read) = self.seen.borrow().record(deployment) {
            return read;
        }
        let read = cas::read(self.shared, key);
        self.seen.borrow_mut().keep(deployment, self.fleet.deployments.len(), read);
        read
    }

    /// Returns a turn counter, if there is one.
    pub(super) fn counter(&self, turn: Turn) -> Option<Versioned<u64>> {
        let key = self.fleet.turns.get(&turn)?;
        if let Some(read) = self.seen.borrow().turn(turn) {
            return Some(read);
        }
        let read = cas::read(self.shared, key);
        self.seen.borrow_mut().turns.push((turn, read));
        Some(read)
    }

    /// Returns the number of the next turn, whoever takes it.
    fn number(&self, turn: Turn) -> u64 {
        // Without shared data each worker counts by itself.
        if self.fleet.is_alone {
            return self.fleet.local.next(turn);
        }
        self.counter(turn).map_or(0, |(number, _)| number)
    }
}

impl<S: SharedData + ?Sized> Snapshot<'_, S> {
    /// Looks at a deployment's record where it is kept. A record is too large to be copied for
    /// each candidate.
    fn look<T>(&self, deployment: DeploymentId, look: impl FnOnce(&Record) -> T) -> T {
        if let Some(place) = self.seen.borrow().place(deployment)
            && let Some((record, _)) = self.seen.borrow().records.get(place)
        {
            return look(record);
        }
        let (record, _) = self.record(deployment);
        look(&record)
    }
}

impl<S: SharedData + ?Sized> World for Snapshot<'_, S> {
    fn standing(&self, deployment: DeploymentId, claim: Claim) -> Standing {
        // The record that was read is older than the refusal.
        let is_it = |(refused, _): &&(DeploymentId, Standing)| *refused == deployment;
        if let Some((_, standing)) = self.seen.borrow().refused.iter().find(is_it) {
            return standing.clone();
        }
        let now_ms = self.seen.borrow().now_ms;
        let settings = &self.config.cooldown;
        let described = self.config.deployment(deployment);
        self.look(deployment, |record| {
            standing::standing(record, described, settings, claim, now_ms)
        })
    }

    fn standing_if_forced(&self, deployment: DeploymentId, claim: Claim) -> Standing {
        let now_ms = self.seen.borrow().now_ms;
        let described = self.config.deployment(deployment);
        self.look(deployment, |record| standing::forced(record, described, claim, now_ms))
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        let now_ms = self.seen.borrow().now_ms;
        let described = self.config.deployment(deployment);
        self.look(deployment, |record| standing::load(record, described, now_ms))
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        match self.taken_turn() {
            Some((taken, number)) if taken == turn => number.wrapping_add(1),
            _ => self.number(turn),
        }
    }

    fn own_turn(&self, turn: Turn) -> u64 {
        match self.taken_turn() {
            Some((taken, number)) if taken == turn => number,
            _ => self.number(turn),
        }
    }
}
