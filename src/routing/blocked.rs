//! What happens where every candidate is blocked: one of them is tried all the same, or the
//! request is refused.

use std::borrow::Cow;

use crate::decimal::{Decimal, Rounded};
use crate::request::refusal::Refusal;
use crate::sort::ordered;

use super::eligible::{Block, Considered};

/// Returns the cooling candidate that is free soonest, with the model it was considered for.
/// Of equals it is the first.
pub(super) fn soonest<'l, 'a>(
    considered: &'l mut [(Cow<'a, str>, Considered<'a>)],
) -> Option<(&'l str, &'l mut Considered<'a>)> {
    let left = |one: &Considered<'_>| match one.block {
        Some(Block::Cooling { left_ms, .. }) => Some(left_ms),
        _ => None,
    };
    considered
        .iter_mut()
        .filter_map(|(model, one)| Some((left(one)?, &**model, one)))
        .min_by_key(|(left_ms, ..)| *left_ms)
        .map(|(_, model, one)| (model, one))
}

/// When a client may come back where operators have taken everything out, in milliseconds. The
/// real time is not known, but a client that gets none comes back at once.
const DRAINED_MS: u64 = 10_000;

/// Returns the refusal where no candidate may serve. Its reason is that of the candidate that
/// came closest to serving.
///
/// Limits, cooldowns and drains pass by themselves, so they come first. Then comes the cost,
/// which the client can lower, then what the request needs and no deployment has. For example,
/// with one deployment that cools for 3.2 s and one that takes no images, a request with an
/// image is answered 503 with `retry-after: 4`.
pub(super) fn refusal(blocks: &[&Block]) -> Refusal {
    if let Some(refusal) = for_now(blocks).or_else(|| too_dear(blocks)) {
        return refusal;
    }
    if blocks.iter().all(|block| **block == Block::Disabled) {
        let message = "every deployment that could serve this request is disabled";
        return Refusal::new(503, "no_deployment_available", message);
    }
    let is_told = |block: &&&Block| ***block != Block::Disabled;
    let reasons = blocks.iter().filter(is_told).map(ToString::to_string).collect();
    let mut reasons: Vec<String> = ordered(reasons);
    reasons.dedup();
    reasons.truncate(8);
    let message = format!("no deployment can serve this request: {}", reasons.join("; "));
    Refusal::new(400, "no_capable_deployment", message)
}

/// Returns the refusal where waiting may help. It says how long: until the first of them may
/// be free.
fn for_now(blocks: &[&Block]) -> Option<Refusal> {
    let wait_ms = |block: &&Block| match block {
        Block::Cooling { left_ms: ms, .. } | Block::Limited { wait_ms: ms, .. } => Some(*ms),
        Block::Drained => Some(DRAINED_MS),
        _ => None,
    };
    let wait_ms = blocks.iter().filter_map(wait_ms).min()?;
    let is_limited = blocks.iter().any(|block| matches!(block, Block::Limited { .. }));
    let is_cooling = blocks.iter().any(|block| matches!(block, Block::Cooling { .. }));
    let (status, code, what) = if is_limited {
        (429, "rate_limited", "is at one of its limits; try again later")
    } else if !is_cooling {
        (503, "no_deployment_available", "is currently out of service; try again later")
    } else {
        (503, "no_deployment_available", "is cooling down; try again later")
    };
    let message = format!("every deployment that could serve this request {what}");
    Some(Refusal::new(status, code, message).retry_after(wait_ms.div_ceil(1000).max(1)))
}

/// Returns the refusal where the cost is over the limit. It says what the cheapest would cost.
fn too_dear(blocks: &[&Block]) -> Option<Refusal> {
    let costs = blocks.iter().filter_map(|block| match block {
        Block::Cost { estimate, limit } => Some((*estimate, *limit)),
        _ => None,
    });
    let (estimate, limit) = costs.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let (estimate, limit) = (Rounded(estimate, 6), Decimal(limit));
    let message = format!(
        "the request costs at least ${estimate} by estimate, above the limit of ${limit}; \
         shorten it or allow fewer output tokens"
    );
    Some(Refusal::new(402, "cost_limit_exceeded", message))
}
