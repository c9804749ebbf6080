//! What of a request's text a decision may hang on: what the scan has to look at.
//!
//! A guess that is never wrong for long: where it leaves something out that the
//! decision turns out to need, the decision says so and the body is read again.

use crate::condition::Subject;
use crate::config::{Condition, Config};
use crate::request::scan::Looks;

use super::{Request, resolve, route};

/// What is worth looking at when nothing is known of the body but its greatest length.
#[must_use]
pub fn before(config: &Config, has_cost_limit: bool, length: u64) -> Looks {
    let demand = &config.demand;
    // Text has no more tokens than bytes. Images and the like are not text, and rare.
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

/// What of it is left when the model is known; the request's facts say what is not.
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

/// Adds what the routes up to the first certain one ask for.
fn add_routes(config: &Config, subject: &Subject<'_>, before: Looks, looks: &mut Looks) {
    for (_, route) in route::possible(config, subject) {
        if *looks == before {
            return;
        }
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
