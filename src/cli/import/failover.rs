//! How many attempts a request gets. LiteLLM counts retries for each model; here one number bounds all
//! attempts of a request, those at fallbacks included.

use super::groups::Groups;
use super::place::Place;
use super::settings::Settings;
use crate::yaml::Ordered;

/// LiteLLM's number of retries where the file has none.
const RETRIES: u64 = 2;

/// Returns the section `failover`, and reports where its numbers come from. The models have their
/// fallbacks already.
pub(super) fn failover(groups: &Groups, settings: &Settings) -> Ordered {
    let place = settings.get("num_retries");
    let retries = place.number().unwrap_or(RETRIES);
    let single: Vec<&str> =
        groups.sizes.iter().filter(|(_, size)| *size == 1).map(|(name, _)| name.as_str()).collect();
    let are_all_single = single.len() == groups.sizes.len();
    let again = if are_all_single { retries.min(100) } else { 0 };
    let longest = longest(groups, retries, again);
    if longest.attempts() < 2 {
        place.report(
            "is 0, but the attempt filter translates, so failover.max_attempts is 2: after a failure \
             another deployment of the model is tried once",
        );
    }
    let attempts = longest.attempts().clamp(2, 100);
    let mut failover = Ordered::with([("max_attempts", attempts.into())]);
    if again > 0 {
        failover.set("retries_per_deployment", again);
    }
    longest.say(&place, attempts);
    if !are_all_single && !single.is_empty() && retries > 0 && place.is_there() {
        place.report(format!(
            "goes to the next deployment each time, so models with one deployment are not tried again ({}); \
             failover.retries_per_deployment tries each deployment of every model again",
            single.join(", ")
        ));
    }
    failover
}

/// The model whose requests may need the most attempts.
#[derive(Default)]
struct Longest<'a> {
    model: &'a str,
    /// Attempts at deployments of the model itself.
    own: u64,
    /// Attempts at its fallbacks.
    others: u64,
}

impl Longest<'_> {
    const fn attempts(&self) -> u64 {
        self.own.saturating_add(self.others)
    }

    /// Says where the number of attempts comes from, if it is not the number of retries.
    fn say(&self, place: &Place, attempts: u64) {
        if self.others > 0 {
            place.report(format!(
                "counts the retries of each model (2 if the file does not say it), and failover.max_attempts all \
                 attempts of a request. So it is {attempts}, which is enough for every deployment of {} ({}) and of \
                 its fallbacks ({})",
                self.model, self.own, self.others
            ));
        } else if place.is_there() && attempts > 1 {
            place.report(format!(
                "becomes failover.max_attempts: {attempts}. The first attempt counts too, and no model has a use for \
                 more"
            ));
        }
    }
}

/// Returns the model with the most attempts. A model without fallbacks needs no more than its
/// deployments and the retries allow; one with fallbacks has to get through its own first.
fn longest<'a>(groups: &'a Groups, retries: u64, again: u64) -> Longest<'a> {
    let tries = |name: &str| {
        let size =
            groups.sizes.iter().find(|(known, _)| known == name).map_or(0, |(_, size)| *size);
        u64::try_from(size).unwrap_or(u64::MAX).saturating_mul(again.saturating_add(1))
    };
    let mut longest = Longest::default();
    for (model, body) in groups.models.members() {
        let lists = body.get("fallbacks").map_or(&[][..], Ordered::members);
        let others = lists.iter().map(|(_, targets)| {
            targets.items().iter().filter_map(Ordered::text).map(tries).sum::<u64>()
        });
        let others = others.max().unwrap_or_default();
        let own = tries(model);
        let own = if others > 0 { own } else { own.min(retries.saturating_add(1)) };
        if own.saturating_add(others) > longest.attempts() {
            longest = Longest { model, own, others };
        }
    }
    longest
}
