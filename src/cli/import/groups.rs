//! Entries of one `model_name` are the candidates of one model. Decides ids, strategies and weights.

use super::models::Entry;
use super::providers::Providers;
use super::settings::Settings;
use crate::yaml::Ordered;

/// What `model_list` becomes.
pub(super) struct Groups {
    pub(super) deployments: Ordered,
    pub(super) models: Ordered,
    /// How many candidates each model has, by its name.
    pub(super) sizes: Vec<(String, usize)>,
    /// Whether clients may name any model of every provider.
    pub(super) is_open: bool,
}

/// Returns the deployments and models of all entries.
pub(super) fn groups(entries: &[Entry], settings: &Settings, providers: &mut Providers) -> Groups {
    let mut made = Groups {
        deployments: Ordered::object(),
        models: Ordered::object(),
        sizes: Vec::new(),
        is_open: is_open(entries),
    };
    let mut names: Vec<&str> = Vec::new();
    for entry in entries {
        if entry.is_wildcard() {
            say_wildcard(entry, made.is_open.then(|| providers.add(&entry.draft)));
        } else if !names.contains(&entry.model_name.as_str()) {
            names.push(&entry.model_name);
        }
    }
    for name in names {
        let of_name = |entry: &&Entry| entry.model_name == name && !entry.is_wildcard();
        let members: Vec<&Entry> = entries.iter().filter(of_name).collect();
        made.add(name, &members, settings, providers);
    }
    made
}

/// Whether each provider has an entry that opens all of its models to clients. Otherwise
/// `allow_direct` would open providers that the file has not opened.
fn is_open(entries: &[Entry]) -> bool {
    let (open, listed): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.is_wildcard());
    let has_entry = |one: &&Entry| open.iter().any(|entry| entry.draft.is_same(&one.draft));
    !open.is_empty() && listed.iter().all(has_entry)
}

/// Says what becomes of an entry that stands for many models. `provider`: the one whose models
/// clients may name; `None` where they may not.
fn say_wildcard(entry: &Entry, provider: Option<String>) {
    entry.params.get("model").mark();
    let permitted = match provider {
        Some(provider) => format!("allow_direct permits clients to write {provider}:MODEL instead"),
        None => "allow_direct would permit PROVIDER:MODEL as a name, but is left off: it holds for every \
                 provider, and not all have an entry with *"
            .to_owned(),
    };
    entry.place.member("model_name").report(format!(
        "is left out, because a deployment has one model, so clients get 404 for such names. To keep a name, add \
         an entry without * for each model that clients use, and import again. {permitted}"
    ));
    for section in ["litellm_params", "model_info"] {
        for place in entry.place.member(section).unread() {
            place.report("has no counterpart for models that the document does not list");
        }
    }
}

impl Groups {
    /// Adds the model of these entries, and a deployment for each.
    fn add(
        &mut self,
        name: &str,
        members: &[&Entry],
        settings: &Settings,
        providers: &mut Providers,
    ) {
        let strategy = strategy(members, settings);
        let numbers = strategy.numbers(members);
        strategy.say_unused_weights(members);
        let mut candidates: Vec<String> = Vec::new();
        for (entry, number) in members.iter().zip(numbers) {
            let provider = providers.add(&entry.draft);
            let key = if strategy == Picks::Ordered { "priority" } else { "weight" };
            let share = number.map(|number| (key, number));
            let deployment = entry.deployment(&provider, share, settings);
            let id = self.free_id(entry, members.len(), &provider);
            self.deployments.set(&id, deployment);
            candidates.push(id);
        }
        self.sizes.push((name.to_owned(), candidates.len()));
        let mut model = Ordered::object();
        if members.len() > 1 {
            model.set("strategy", strategy.name());
        }
        model.set("candidates", candidates);
        if let Some(tags) = settings.tag_match() {
            model.set("tag_match", tags);
        }
        self.models.set(name, model);
    }

    /// Returns the id of a deployment: the file's own, the model's name, or that with the
    /// provider's where the model has several deployments.
    fn free_id(&self, entry: &Entry, count: usize, provider: &str) -> String {
        let name = &entry.model_name;
        let wish = if count == 1 { name.clone() } else { format!("{name}-{provider}") };
        let wish = entry.id.clone().unwrap_or(wish);
        let is_free = |id: &String| self.deployments.get(id).is_none();
        let numbered = (2_u32..).map(|number| format!("{wish}-{number}"));
        std::iter::once(wish.clone()).chain(numbered).find(is_free).unwrap_or(wish)
    }
}

/// How a model picks among its candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picks {
    /// By the order that entries have.
    Ordered,
    /// Drawn by weight.
    Drawn,
    /// By a strategy that looks at the state of deployments.
    By(&'static str),
}

fn strategy(members: &[&Entry], settings: &Settings) -> Picks {
    let ordered = members.iter().find(|entry| entry.params.get("order").is_there());
    if let Some(entry) = ordered.filter(|_| members.len() > 1) {
        entry.params.get("order").report_once(
            "decides alone: of deployments with the same order one is drawn, without weights or another strategy",
        );
        return Picks::Ordered;
    }
    match settings.strategy() {
        "weighted" => Picks::Drawn,
        other => Picks::By(other),
    }
}

impl Picks {
    const fn name(self) -> &'static str {
        match self {
            Self::Ordered => "priority_based",
            Self::Drawn => "weighted",
            Self::By(name) => name,
        }
    }

    /// Says of each weight that it is left out, where the model reads none.
    fn say_unused_weights(self, members: &[&Entry]) {
        let why = match self {
            _ if members.len() < 2 => "the model has one deployment".to_owned(),
            Self::Drawn => return,
            Self::Ordered | Self::By(_) => format!("the strategy {} reads none", self.name()),
        };
        for place in members.iter().map(|entry| entry.params.get("weight")) {
            if place.is_there() {
                place.report(format!("is left out: {why}"));
            }
        }
    }

    /// Returns the priority or weight of each entry; `None` where the usual one is meant.
    fn numbers(self, members: &[&Entry]) -> Vec<Option<u64>> {
        let of = |key: &str| -> Vec<Option<u64>> {
            members.iter().map(|entry| entry.params.get(key).number()).collect()
        };
        if self == Self::Ordered {
            // Those without an order come after all others.
            let orders = of("order");
            let last = orders.iter().flatten().max().map_or(0, |most| most.saturating_add(1));
            return orders.into_iter().map(|order| Some(order.unwrap_or(last))).collect();
        }
        if self != Self::Drawn || members.len() < 2 {
            return vec![None; members.len()];
        }
        let keys = ["weight", "rpm", "tpm"];
        let Some(key) = keys.iter().find(|key| of(key).iter().any(Option::is_some)) else {
            return vec![None; members.len()];
        };
        let weights = of(key);
        let is_uneven = weights.iter().any(Option::is_none);
        if is_uneven {
            for entry in members.iter().filter(|entry| entry.params.get(key).number().is_none()) {
                entry.place.member("model_name").report(format!(
                    "has no {key}, and another entry of its name has: its weight is 1 and theirs are \
                     large, so it is picked after them, and before them by one request in a million"
                ));
            }
        }
        if weights.iter().all(|weight| weight.unwrap_or_default() == 0) {
            // At least one has to be above, and all are alike.
            return vec![None; members.len()];
        }
        if is_uneven {
            return after_others(&weights).into_iter().map(Some).collect();
        }
        let weights: Vec<u64> = weights.into_iter().flatten().collect();
        reduced(&weights).into_iter().map(Some).collect()
    }
}

/// Returns weights with which those that have none are picked after the others. A weight of 0 would never be
/// picked, not even if all others have failed.
fn after_others(weights: &[Option<u64>]) -> Vec<u64> {
    let mut known = reduced(&weights.iter().map(|one| one.unwrap_or_default()).collect::<Vec<_>>());
    let most = known.iter().copied().max().unwrap_or_default().max(1);
    let times = u64::from(u32::MAX).checked_div(most).unwrap_or(1).min(1_000_000);
    for (weight, given) in known.iter_mut().zip(weights) {
        *weight = if given.is_none() { 1 } else { weight.saturating_mul(times) };
    }
    known
}

/// Divides weights by what they have in common, and further where they are too large for a weight.
fn reduced(weights: &[u64]) -> Vec<u64> {
    let most = weights.iter().copied().max().unwrap_or_default();
    let common = weights.iter().copied().fold(0, gcd).max(1);
    let part = |weight: u64, of: u64| weight.checked_div(of).unwrap_or(weight);
    let too_large = part(part(most, common), u64::from(u32::MAX));
    let divisor = common.saturating_mul(too_large.saturating_add(1));
    let small = |weight: &u64| if *weight == 0 { 0 } else { part(*weight, divisor).max(1) };
    weights.iter().map(small).collect()
}

/// Returns the greatest common divisor; that of a number and 0 is the number.
fn gcd(one: u64, other: u64) -> u64 {
    one.checked_rem(other).map_or(one, |rest| gcd(other, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_without_a_weight_come_after_the_others() {
        assert_eq!(
            after_others(&[Some(600), None, Some(300), Some(0)]),
            [2_000_000, 1, 1_000_000, 0]
        );
        let large = after_others(&[Some(u64::MAX), None, Some(u64::MAX - 2)]);
        assert!(large[0] <= u64::from(u32::MAX) && large[1] == 1 && large[2] > 1, "{large:?}");
    }

    #[test]
    fn weights_are_as_small_as_they_can_be() {
        assert_eq!(reduced(&[600, 300, 0]), [2, 1, 0]);
        assert_eq!(reduced(&[0, 0]), [0, 0]);
        assert_eq!(reduced(&[7]), [1]);
        let large = reduced(&[u64::MAX, 1]);
        assert!(large[0] <= u64::from(u32::MAX) && large[1] == 1, "{large:?}");
    }
}
