//! Whether the tenant that a request is billed to may spend what it takes.
//!
//! Asked where a decision is acted on. What is reserved here is settled by the ledger of the attempt.

use crate::config::Config;
use crate::host::Host;
use crate::metrics::{OTHER, table};
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::routing::price::ASSUMED_OUTPUT;
use crate::routing::{Decision, Verdict};
use crate::state::{ExpectedSpending, OverBudget, Spending, TenantHold, TenantTable};

use super::ctx::Ctx;
use super::event::millis;
use super::intake::Intake;
use super::ledger::{SpentTokens, settle};
use super::payer::MISSING;

/// Reserves what a request is likely to spend of its tenant's budget, if the verdict is to send it.
/// `None` where nothing is counted for it.
///
/// # Errors
/// The error for the client, where its tenant may not spend that.
pub(super) fn admit<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    intake: &Intake,
    facts: &RequestFacts,
    verdict: &Verdict,
) -> Result<Option<Box<TenantHold>>, Refusal> {
    match (&cx.engine.tenants, verdict) {
        (Some(table), Verdict::Serve(decision)) => reserve(cx, table, intake, facts, decision),
        _ => Ok(None),
    }
}

/// Reserves what a request that is to be sent is likely to spend of its tenant's budget. `None`
/// where nothing is counted for it.
///
/// # Errors
/// The error for the client, where its tenant may not spend that.
#[cold]
#[inline(never)]
fn reserve<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    table: &TenantTable,
    intake: &Intake,
    facts: &RequestFacts,
    decision: &Decision,
) -> Result<Option<Box<TenantHold>>, Refusal> {
    let config = &cx.engine.config;
    let named = intake.payer.name(config, &intake.head).inspect_err(|refusal| {
        if refusal.code == MISSING {
            cx.engine.meter.put(cx.host, &table::TENANTS_REFUSED, &[OTHER, "missing"], 1);
        }
    });
    let Some(name) = named? else { return Ok(None) };
    // Counting tokens costs nothing, and providers limit it apart.
    if !facts.is_processed() {
        return Ok(None);
    }
    let now_ms = millis(cx.host.now());
    match table.admit(cx.host, name, &expected(config, facts, decision), now_ms) {
        Ok(None) => Ok(None),
        Ok(Some(billed)) => {
            cx.engine.count_exhausted(cx.host, u32::from(billed.hold.is_none()));
            let evicted = u64::from(billed.has_evicted);
            cx.engine.meter.put(cx.host, &table::TENANTS_EVICTED, &[], evicted);
            Ok(billed.hold.map(Box::new))
        }
        Err(over) => {
            let label = table.configured(name).unwrap_or(OTHER);
            let values = [label, over.limit.name()];
            cx.engine.meter.put(cx.host, &table::TENANTS_REFUSED, &values, 1);
            Err(refuse(over))
        }
    }
}

/// Gives back all that was reserved for a request that is not sent after all, and the request
/// itself: it may be decided again.
#[inline(never)]
pub(super) fn give_back<H: Host + ?Sized>(cx: Ctx<'_, H>, hold: Option<Box<TenantHold>>) {
    if let Some(hold) = hold {
        settle(cx, *hold, Spending::NOTHING, millis(cx.host.now()));
    }
}

/// Returns the error for a request that is over a budget.
pub(super) fn refuse(OverBudget { limit, wait_ms }: OverBudget) -> Refusal {
    let name = limit.name();
    let Some(wait_ms) = wait_ms else {
        let message = format!("this request alone needs more than the budget {name}; shorten it");
        return Refusal::new(429, "budget_exceeded", message);
    };
    let seconds = wait_ms.div_ceil(1000).max(1);
    let message = format!("the budget {name} is used up; try again in {seconds} s");
    Refusal::new(429, "budget_exceeded", message).retry_after(seconds)
}

/// Returns what a request spends: certainly its input, and likely an answer of as many tokens as it
/// allows, but not more than an answer without a limit is taken to need. A larger answer counts
/// when it has ended: reserved, its limit would keep away what the tenant can well pay.
#[inline(never)]
pub(super) fn expected(
    config: &Config,
    facts: &RequestFacts,
    decision: &Decision,
) -> ExpectedSpending {
    let server = decision.plan.first().map(|step| &step.server);
    let model = server.map_or(&config.unknown_facts, |server| server.model_facts(config));
    let input = facts.input_tokens.likely();
    let limit = facts.output_limit(model.max_output_tokens).unwrap_or(ASSUMED_OUTPUT);
    let output = match facts.task.has_event_per_token() {
        true => limit.min(ASSUMED_OUTPUT).saturating_mul(facts.answers),
        false => 0,
    };
    let cost = |input, output| {
        SpentTokens::expected(input, output).cost_nano_usd(model).unwrap_or_default()
    };
    let (of_input, of_output) = (cost(input, 0), cost(0, output));
    ExpectedSpending {
        least: Spending { requests: 1, tokens: input, nano_usd: of_input },
        likely: Spending {
            requests: 1,
            tokens: input.saturating_add(output),
            nano_usd: of_input.saturating_add(of_output),
        },
    }
}
