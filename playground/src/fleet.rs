//! The state of deployments as the page describes it.
//!
//! Cooldowns stay as they are; turns are counted, so that many requests go
//! round.

use std::collections::{BTreeMap, HashMap};

use pointsman::config::{Config, DeploymentId};
use pointsman::state::{Asking, Fleet, Load, Standing, Turn};
use serde_json::Value;

/// How long a deployment cools, where the page does not say.
const LEFT_MS: u64 = 30_000;

/// Deployments of which some are out of every pick.
#[derive(Debug, Default)]
pub(crate) struct Described {
    out: BTreeMap<usize, Standing>,
    turns: HashMap<Turn, u64>,
}

impl Described {
    /// Reads `{"cooling": {"ID": {"left_ms", "cause"}}, "drained": ["ID"]}`; ids that are
    /// gone say nothing.
    pub(crate) fn read(config: &Config, text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let member = |key: &str| value.get(key).and_then(Value::as_object).into_iter().flatten();
        let mut out = BTreeMap::new();
        for (id, told) in member("cooling") {
            let Some(id) = config.names.deployments.get(id) else { continue };
            let left_ms = told.get("left_ms").and_then(Value::as_u64).unwrap_or(LEFT_MS);
            let cause = told.get("cause").and_then(Value::as_str).unwrap_or("429").to_owned();
            out.insert(id.0, Standing::Cooling { left_ms, cause });
        }
        for id in value.get("drained").and_then(Value::as_array).into_iter().flatten() {
            let id = id.as_str().and_then(|id| config.names.deployments.get(id));
            out.extend(id.map(|id| (id.0, Standing::Drained)));
        }
        Ok(Self { out, turns: HashMap::new() })
    }
}

impl Fleet for Described {
    fn standing(&mut self, deployment: DeploymentId, _: u64) -> Standing {
        self.out.get(&deployment.0).cloned().unwrap_or(Standing::Ready)
    }

    fn load(&mut self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn take_turn(&mut self, turn: Turn) -> u64 {
        let next = self.turns.entry(turn).or_default();
        let taken = *next;
        *next = taken.saturating_add(1);
        taken
    }

    fn next_turn(&mut self, turn: Turn) -> u64 {
        self.turns.get(&turn).copied().unwrap_or_default()
    }

    fn begin(&mut self, _: DeploymentId, _: Asking) -> Result<(), Standing> {
        Ok(())
    }
}
