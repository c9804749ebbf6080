//! Shared data as Envoy keeps it: values with versions, under one lock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use pointsman::state::Record;

use crate::sync::Mutex;

/// Data shared by all hosts that hold it, like the workers of one process. Its one lock is held for
/// one read or write at a time.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(super) data: Mutex<Data>,
    /// How many more writes to existing keys will be lost.
    pub(crate) conflicts: Countdown,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    /// Values with their versions.
    pub(super) values: HashMap<String, (Vec<u8>, u32)>,
    /// The last version that was given.
    pub(super) version: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Countdown(AtomicU32);

impl Countdown {
    pub(crate) fn set(&self, count: u32) {
        self.0.store(count, Ordering::Relaxed);
    }

    /// Takes one if any is left. Returns whether there was one.
    pub(super) fn take(&self) -> bool {
        let less = |count: u32| count.checked_sub(1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

impl Shared {
    /// Returns what workers share about a deployment.
    pub(crate) fn record(&self, deployment: &str) -> Record {
        let data = self.data.lock().unwrap();
        Record::decode(&data.values[&format!("pointsman/6/deployment/{deployment}")].0)
    }

    /// The latest deadline of a deployment's cooldowns in milliseconds since the epoch; 0 where
    /// it has none.
    pub(crate) fn until_ms(&self, deployment: &str) -> u64 {
        let record = self.record(deployment);
        record.healths().map(|(_, health)| health.until_ms).max().unwrap_or(0)
    }

    /// Returns everything that is kept, for [`Shared::restore`].
    pub(crate) fn copy(&self) -> Data {
        self.data.lock().unwrap().clone()
    }

    /// Restores what was kept when that copy was made.
    pub(crate) fn restore(&self, copy: &Data) {
        *self.data.lock().unwrap() = copy.clone();
    }

    /// Replaces the value of every key, as a module with another layout would.
    pub(crate) fn overwrite(&self, value: &[u8]) {
        let mut data = self.data.lock().unwrap();
        data.values.values_mut().for_each(|(old, _)| *old = value.to_vec());
    }

    /// Loses all keys, which no proxy does.
    pub(crate) fn lose_all(&self) {
        self.data.lock().unwrap().values.clear();
    }
}
