//! What the scan has to look for in a request's text, because the decision may depend on it.
//!
//! Counting tokens and searching for keywords is most of the cost of reading a body. What is
//! needed is guessed twice: before any of the body is known, and again once its model is known.
//! Where the guess leaves out something that the decision turns out to need, the decision says
//! so, and the body is read once more for everything.

use crate::condition::Subject;
use crate::config::{Condition, Config};
use crate::request::scan::Looks;

use super::{Request, resolve, route};

/// Returns what is worth looking at when nothing is known of the body but that it has at most
/// `length` bytes.
#[must_use]
pub fn before(config: &Config, has_cost_limit: bool, length: u64) -> Looks {
    let demand = &config.demand;
    // Text has no more tokens than bytes, so a short body cannot reach a high bound. Images
    // have more tokens than that says, but are rare.
    let is_near = |bound: Option<u64>| bound.is_some_and(|bound| bound <= length);
    let costs = demand.prices && (demand.costs || has_cost_limit);
    Looks {
        keywords: demand.keywords,
        tokens: costs
            || demand.usage
            || is_near(demand.least_in_routes)
            || is_near(demand.least_in_candidates),
        sessions: demand.sessions,
        prompt: false,
    }
}

/// Returns what is still worth looking at once the model is known: some of `before`. The facts
/// of the request say which others are not known yet.
#[must_use]
pub fn left(request: Request<'_>, length: u64, before: Looks) -> Looks {
    let Request { config, controls, .. } = request;
    let demand = &config.demand;
    let costs = demand.prices && (demand.costs || controls.cost_limit_usd.is_some());
    let in_candidates = demand.least_in_candidates.is_some_and(|bound| bound <= length);
    let mut looks = Looks {
        keywords: before.keywords && demand.keywords_in_rules,
        tokens: before.tokens && (costs || demand.usage || in_candidates),
        sessions: before.sessions,
        prompt: before.prompt,
    };
    let subject = resolve::subject(request);
    if request.controls.route.is_none() {
        add_routes(config, &subject, before, &mut looks);
    }
    looks
}

/// Adds what routes ask for, up to the first one that certainly matches.
fn add_routes(config: &Config, subject: &Subject<'_>, before: Looks, looks: &mut Looks) {
    for (_, route) in route::possible(config, subject) {
        if *looks == before {
            return;
        }
        // Routes after one that certainly matches are never tried.
        match route.when.holds(subject) {
            Some(true) => return,
            Some(false) => {}
            None => route.when.each_open(subject, &mut |condition| match condition {
                Condition::PromptContainsAnyOf(_) => looks.keywords = before.keywords,
                Condition::InputTokensLt(_)
                | Condition::InputTokensGt(_)
                | Condition::EstimatedCostLt(_)
                | Condition::EstimatedCostGt(_) => looks.tokens = before.tokens,
                _ => {}
            }),
        }
    }
}
