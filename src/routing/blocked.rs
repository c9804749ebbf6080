//! Where every candidate is blocked: what may be tried all the same, or what the client
//! is told.

use crate::request::refusal::Refusal;
use crate::sort::ordered;

use super::eligible::{Block, Considered};
use super::plan::LookedAt;

/// The cooling candidate that is free soonest; the first of equals.
pub(super) fn soonest<'l, 'a>(
    looked_at: &'l LookedAt<'a>,
) -> Option<(&'l str, &'l Considered<'a>)> {
    let left = |considered: &Considered<'_>| match considered.block {
        Some(Block::Cooling { left_ms, .. }) => Some(left_ms),
        _ => None,
    };
    looked_at
        .iter()
        .filter_map(|(model, considered)| Some((left(considered)?, model.as_str(), considered)))
        .min_by_key(|(left_ms, ..)| *left_ms)
        .map(|(_, model, considered)| (model, considered))
}

/// When a client may come back where operators have taken everything out: nobody knows, and
/// clients that are told nothing come back at once.
const DRAINED_MS: u64 = 10_000;

/// What to tell the client where nothing may serve: what came closest to doing so.
pub(super) fn refusal(looked_at: &LookedAt<'_>) -> Refusal {
    let blocks = || looked_at.iter().filter_map(|(_, considered)| considered.block.as_ref());
    let seconds = |ms: u64| ms.div_ceil(1000).max(1);
    let wait_ms = |block: &Block| match block {
        Block::Cooling { left_ms: ms, .. } | Block::Limited { wait_ms: ms, .. } => Some(*ms),
        Block::Drained => Some(DRAINED_MS),
        _ => None,
    };
    if let Some(wait_ms) = blocks().filter_map(wait_ms).min() {
        let is_limited = blocks().any(|block| matches!(block, Block::Limited { .. }));
        let is_cooling = blocks().any(|block| matches!(block, Block::Cooling { .. }));
        let (status, code, what) = if is_limited {
            (429, "rate_limited", "is at one of its limits")
        } else if !is_cooling {
            (503, "no_deployment_available", "is out of service for now")
        } else {
            (503, "no_deployment_available", "is cooling down")
        };
        let message = format!("every deployment that could serve this request {what}");
        return Refusal::new(status, code, message).retry_after(seconds(wait_ms));
    }
    let cheapest = blocks().filter_map(|block| match block {
        Block::Cost { estimate, limit } => Some((*estimate, *limit)),
        _ => None,
    });
    if let Some((estimate, limit)) = cheapest.min_by(|a, b| a.0.total_cmp(&b.0)) {
        let message = format!(
            "the request is estimated to cost at least ${estimate:.6}, over the limit of ${limit}; \
             shorten it or allow fewer output tokens"
        );
        return Refusal::new(402, "cost_limit_exceeded", message);
    }
    if blocks().all(|block| *block == Block::Disabled) {
        let message = "every deployment that could serve this request is switched off";
        return Refusal::new(503, "no_deployment_available", message);
    }
    let reasons =
        blocks().filter(|block| **block != Block::Disabled).map(ToString::to_string).collect();
    let mut reasons: Vec<String> = ordered(reasons);
    reasons.dedup();
    reasons.truncate(8);
    let message = format!("no deployment can serve this request: {}", reasons.join("; "));
    Refusal::new(400, "no_capable_deployment", message)
}
