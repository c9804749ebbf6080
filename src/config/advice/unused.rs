//! Warnings of keys that order candidates, where the strategy does not go by them.
//!
//! Looks at the document: a configuration does not say whether a key was written. That `rules`,
//! `sticky` and `custom` need their strategies is checked where those are read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::configuration::Config;
use super::super::error::{Diagnostics, Path, quoted};
use crate::strategy::{Strategy, Trait};

/// A key by which some strategies order candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderKey {
    Weight,
    Position,
    Priority,
}

impl OrderKey {
    const ALL: [Self; 3] = [Self::Weight, Self::Position, Self::Priority];

    const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Position => "position",
            Self::Priority => "priority",
        }
    }

    /// Whether a strategy reads the key. A service is told the weights.
    fn is_read_by(self, strategy: Strategy) -> bool {
        match self {
            Self::Weight => strategy.has(Trait::ByWeight) || strategy.has(Trait::AsksService),
            Self::Position => strategy == Strategy::OrderedFallback,
            Self::Priority => matches!(
                strategy,
                Strategy::OrderedFallback | Strategy::PriorityBased | Strategy::CostBased
            ),
        }
    }

    /// Returns the strategy that the key is for.
    const fn strategy(self) -> Strategy {
        match self {
            Self::Weight => Strategy::Weighted,
            Self::Position => Strategy::OrderedFallback,
            Self::Priority => Strategy::PriorityBased,
        }
    }
}

/// Warns of each list of candidates with a key that its strategy does not read, and of deployments with
/// one that no strategy reads.
pub(super) fn warn(config: &Config, document: &Value, findings: &mut Diagnostics) {
    let models = Path::Root.key("models");
    let shadow = Path::Root.key("shadow");
    let shadow_models = shadow.key("models");
    let mut read = Readers::default();
    for (at, models) in
        [(&models, document.get("models")), (&shadow_models, document.pointer("/shadow/models"))]
    {
        for (name, model) in models.and_then(Value::as_object).into_iter().flatten() {
            let at = at.key(name);
            list(&at, model, &mut read, findings);
            let variants_at = at.key("variants");
            for (index, variant) in items(model, "variants").iter().enumerate() {
                list(&variants_at.index(index), variant, &mut read, findings);
            }
        }
    }
    // What is added while the proxy runs may have any strategy.
    if config.admin.is_none() && config.route_source.is_none() {
        deployments(document, &read, findings);
    }
}

/// Which deployments are ordered by which key.
#[derive(Default)]
struct Readers(BTreeSet<(String, &'static str)>);

/// Warns of keys of the candidates of one list, and notes which of its deployments' keys are read.
fn list(at: &Path<'_>, group: &Value, read: &mut Readers, findings: &mut Diagnostics) {
    let named = group.get("strategy").and_then(Value::as_str);
    let strategy = named.and_then(Strategy::from_name).unwrap_or_default();
    let candidates = items(group, "candidates");
    let candidates_at = at.key("candidates");
    for key in OrderKey::ALL {
        let name = key.name();
        if key.is_read_by(strategy) {
            let ids = candidates.iter().filter_map(deployment);
            read.0.extend(ids.map(|id| (id.to_owned(), name)));
            continue;
        }
        let mut having =
            candidates.iter().enumerate().filter(|(_, candidate)| candidate.get(name).is_some());
        let Some((first, _)) = having.next() else { continue };
        let more = match having.count() {
            0 => String::new(),
            1 => ", also from one more candidate".to_owned(),
            more => format!(", also from {more} more candidates"),
        };
        let by_default = if named.is_none() { ", the default" } else { "" };
        let message = format!(
            "has no effect under the strategy {}{by_default}; set \"strategy\" to {}, or remove it{more}",
            quoted(strategy.name()),
            quoted(key.strategy().name())
        );
        findings.warn(&candidates_at.index(first).key(name), message);
    }
}

/// Warns of keys of deployments that none of the lists reads.
fn deployments(document: &Value, read: &Readers, findings: &mut Diagnostics) {
    let at = Path::Root.key("deployments");
    let deployments = document.get("deployments").and_then(Value::as_object);
    for (id, deployment) in deployments.into_iter().flatten() {
        for key in [OrderKey::Weight, OrderKey::Priority] {
            let name = key.name();
            if deployment.get(name).is_none() || read.0.contains(&(id.clone(), name)) {
                continue;
            }
            let message = format!(
                "has no effect, because no model that lists the deployment has a strategy that \
                 reads it; set \"strategy\" of such a model to {}, or remove it",
                quoted(key.strategy().name())
            );
            findings.warn(&at.key(id).key(name), message);
        }
    }
}

fn items<'a>(of: &'a Value, key: &str) -> &'a [Value] {
    of.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the id of the deployment that a candidate names.
fn deployment(candidate: &Value) -> Option<&str> {
    candidate.as_str().or_else(|| candidate.get("deployment").and_then(Value::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{Pick, Profile};

    /// Whether some order changes with the key.
    fn rests_on(strategy: Strategy, key: OrderKey) -> bool {
        let mut rng = fastrand::Rng::with_seed(3);
        (0..300).any(|seed| {
            let count = if strategy.has(Trait::IsOne) { 1 } else { rng.usize(2..6) };
            let drawn = |rng: &mut fastrand::Rng| Profile {
                weight: rng.u32(1..4),
                position: rng.i32(0..3),
                priority: rng.i32(0..3),
                cost_usd: Some(f64::from(rng.u32(0..3))),
                ..Profile::default()
            };
            let entries: Vec<Profile> = (0..count).map(|_| drawn(&mut rng)).collect();
            let mut changed = entries.clone();
            for entry in &mut changed {
                match key {
                    OrderKey::Weight => entry.weight = rng.u32(1..4),
                    OrderKey::Position => entry.position = rng.i32(0..3),
                    OrderKey::Priority => entry.priority = rng.i32(0..3),
                }
            }
            let order = |entries: &[Profile]| {
                strategy.order(entries, Pick::by(&mut fastrand::Rng::with_seed(seed)))
            };
            order(&entries) != order(&changed)
        })
    }

    #[test]
    fn a_strategy_reads_the_keys_that_its_order_rests_on() {
        for strategy in Strategy::ALL {
            for key in OrderKey::ALL {
                let is_told = key == OrderKey::Weight && strategy.has(Trait::AsksService);
                let reads = rests_on(*strategy, key) || is_told;
                assert_eq!(key.is_read_by(*strategy), reads, "{}: {}", strategy.name(), key.name());
            }
        }
        assert!(OrderKey::ALL.iter().all(|key| key.is_read_by(key.strategy())));
    }
}
