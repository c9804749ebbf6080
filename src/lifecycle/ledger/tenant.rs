//! What attempts have spent of a tenant's budget.

use crate::config::ModelFacts;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::state::{Spending, TenantHold};

use super::tokens::SpentTokens;

/// Returns what an attempt has spent that has ended. `facts` are those of its model, where they are
/// known, and `tokens` what its answer tells, if there was one. `is_given_up`: the provider had the
/// whole request, and the client left.
///
/// An attempt that the client gave up before its answer has spent what was reserved: the provider
/// may bill it, and a tenant could spend without a limit if it always left. One that failed has
/// spent nothing. Where a price is not known, the cost that was reserved stands for it.
#[cold]
pub(super) fn spent(
    hold: &TenantHold,
    facts: Option<&ModelFacts>,
    tokens: Option<SpentTokens>,
    is_given_up: bool,
) -> Spending {
    let reserved = hold.reserved();
    let Some(tokens) = tokens else {
        return if is_given_up { reserved } else { requests_of(hold) };
    };
    let cost = facts.and_then(|facts| tokens.cost_nano_usd(facts));
    let otherwise = if tokens.sum() > 0 { reserved.nano_usd } else { 0 };
    Spending { tokens: tokens.sum(), nano_usd: cost.unwrap_or(otherwise), ..requests_of(hold) }
}

/// Returns the request alone that a hold is for: it is counted, whatever it costs.
fn requests_of(hold: &TenantHold) -> Spending {
    Spending { requests: hold.reserved().requests, ..Spending::NOTHING }
}

/// Gives back the tokens and the cost that were reserved for a request that no provider got.
#[inline(never)]
pub(crate) fn release<H: Host + ?Sized>(cx: Ctx<'_, H>, hold: Option<TenantHold>) {
    if let Some(hold) = hold {
        let spent = requests_of(&hold);
        settle(cx, hold, spent, millis(cx.host.now()));
    }
}

/// Puts what was spent in the place of what was reserved. A write that is given up is counted.
#[cold]
#[inline(never)]
pub(crate) fn settle<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    hold: TenantHold,
    spent: Spending,
    now_ms: u64,
) {
    if hold.settle(cx.host, spent, now_ms).is_err() {
        cx.engine.count_exhausted(cx.host, 1);
    }
}
