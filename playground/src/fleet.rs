//! The state of deployments as the page describes it.
//!
//! Cooldowns stay as they are. Turns are counted, so that under round robin many requests
//! spread over all candidates.

use std::collections::{BTreeMap, HashMap};

use pointsman::config::{Config, DeploymentId};
use pointsman::routing::Decision;
use pointsman::state::{Claim, Load, Standing, Turn, World};
use serde_json::Value;

/// How long a deployment cools where the page does not say, in milliseconds.
const LEFT_MS: u64 = 30_000;

/// Deployments, some of which cannot be picked, by their place in the configuration.
#[derive(Debug, Default)]
pub(crate) struct Described {
    out: BTreeMap<usize, Standing>,
    turns: HashMap<Turn, u64>,
}

impl Described {
    /// Reads `{"cooling": {"ID": {"left_ms", "cause"}}, "drained": ["ID"]}`. Leaves out ids that
    /// the configuration does not have: the user may just have renamed the deployment.
    ///
    /// # Errors
    /// What is wrong with a text that is not JSON.
    pub(crate) fn read(config: &Config, text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let member = |key: &str| value.get(key).and_then(Value::as_object).into_iter().flatten();
        // Drained goes over cooling, as it does in the proxy: it does not end by itself.
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

    /// Returns the deployments that cannot be picked, and why.
    pub(crate) fn out(&self) -> impl Iterator<Item = (DeploymentId, &Standing)> {
        self.out.iter().map(|(id, standing)| (DeploymentId(*id), standing))
    }

    /// Takes the turn that a decision went by, so that the next one begins after it.
    pub(crate) fn take_turn(&mut self, decision: &Decision) {
        if let Some((turn, number)) = decision.intent.turn {
            self.turns.insert(turn, number.saturating_add(1));
        }
    }
}

impl World for Described {
    fn standing(&self, deployment: DeploymentId, _: Claim) -> Standing {
        self.out.get(&deployment.0).cloned().unwrap_or(Standing::Ready)
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        self.turns.get(&turn).copied().unwrap_or_default()
    }
}
