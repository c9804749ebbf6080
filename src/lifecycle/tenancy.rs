//! What an explanation says about the tenant: whose budget a request spends, what is left of it, and
//! whether the request would be refused for it.
//!
//! Spends nothing. Without a running proxy it knows which budget applies, but not what is left.

use crate::config::{Config, Tenants};
use crate::request::facts::RequestFacts;
use crate::routing::Verdict;
use crate::routing::explain::{BudgetTrace, Explanation, TenantTrace};
use crate::state::{ExpectedSpending, MostSpent, TenantStanding};

use super::billing::{expected, refuse};
use super::head::RequestHead;
use super::payer::Payer;

/// Returns what the tenant of that name has spent, and which limit, if any, is in the way of a request
/// that is expected to spend that much.
pub type Accounts<'a> = &'a dyn Fn(&[u8], &ExpectedSpending) -> TenantStanding;

/// Returns the explanation with the request's tenant added. If the tenant may not spend what the request
/// takes, the verdict becomes the refusal. `accounts` are those of a running proxy.
#[must_use]
#[cold]
pub fn billed<'a>(
    mut explanation: Explanation<'a>,
    config: &Config,
    head: &RequestHead,
    facts: &RequestFacts,
    accounts: Option<Accounts<'_>>,
) -> Explanation<'a> {
    let Some(tenants) = &config.limits.tenants else { return explanation };
    let Verdict::Serve(decision) = &explanation.verdict else { return explanation };
    let (tenant, refusal) = match Payer::of(config, head).name(config, head) {
        // Nobody pays for a request that only counts tokens.
        Ok(Some(name)) if facts.is_processed() => {
            let standing = accounts.map(|of| of(name, &expected(config, facts, decision)));
            let refusal = standing.as_ref().and_then(|one| one.over).map(refuse);
            (Some(trace(tenants, name, standing.as_ref())), refusal)
        }
        Ok(_) => (None, None),
        Err(refusal) => (None, Some(refusal)),
    };
    explanation.trace.tenant = tenant;
    if let Some(refusal) = refusal {
        explanation.trace.decision = None;
        explanation.trace.error = Some((&refusal).into());
        explanation.verdict = Verdict::Refuse(refusal);
    }
    explanation
}

/// Returns what is shown of a tenant; the name is empty where all requests without one share a
/// budget.
fn trace(tenants: &Tenants, name: &[u8], standing: Option<&TenantStanding>) -> TenantTrace {
    let own = tenants.own(name);
    let most = own.or(tenants.budget.as_ref()).map(|budget| MostSpent::of(budget, tenants.share));
    let spent = |at: usize| standing.and_then(|one| one.numbers().get(at).copied());
    let limits = most.iter().flat_map(MostSpent::limits).map(|(limit, most)| {
        let spent = spent(limit.place());
        BudgetTrace {
            // Costs are in billionths of a dollar, as everywhere in state.
            limit: limit.name().replace("usd", "nano_usd"),
            most,
            spent,
            left: spent.map(|spent| most.saturating_sub(spent)),
        }
    });
    TenantTrace {
        name: (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned()),
        budget: match (name, own) {
            (b"", _) => "that of all requests without a tenant",
            (_, Some(_)) => "its own",
            (_, None) => "that of a tenant without its own",
        },
        limits: limits.collect(),
    }
}
