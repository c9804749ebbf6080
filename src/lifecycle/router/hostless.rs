//! An attempt at a cluster that has no host: its name has never resolved, or none of its pods is ready.
//!
//! Envoy's router answers for such a cluster by itself, and asks neither an attempt filter nor its
//! retry policy. So the request ends here, and only the router can record why. It records the
//! deployment as out of service, and the requests that follow go elsewhere.

use crate::config::Config;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::ledger::{
    AttemptEnd, AttemptLedger, count_fallback, log_server, metric_model,
};
use crate::lifecycle::progress::{AttemptList, NextAttempt, Progress, Tried};
use crate::lifecycle::properties::ATTEMPTS;
use crate::lifecycle::work::Work;
use crate::routing::{Decision, Server};
use crate::state::report::Report;

/// Records the attempt that Envoy would have made, and adds it to those that were made.
///
/// `own` is the attempt that the router has begun, unless an attempt filter has taken it over.
/// Then the one after the last of `progress` is recorded. For example, `a` answered 429 and `b`
/// has no host: `b` is recorded, and the attempts become `a=429,b=network`.
// Rare, and large enough to be kept out of its caller.
#[cold]
#[inline(never)]
pub(super) fn record<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    decision: &Decision,
    own: Option<AttemptLedger>,
    work: Work,
    progress: &mut Progress,
) {
    let leg = match progress.next {
        NextAttempt::Leg(leg) => leg,
        _ if own.is_some() => 0,
        _ => return,
    };
    let Some(step) = decision.steps().nth(leg) else { return };
    let (config, server) = (&cx.engine.config, &step.server);
    let ledger = own.unwrap_or_else(|| match server {
        Server::Deployment(id) => AttemptLedger::open_chosen(cx, *id, work),
        Server::Direct(..) => AttemptLedger::open(work, None),
    });
    if progress.tried.last().is_some_and(|last| last.leg != leg) {
        let after = progress.last_outcome();
        count_fallback(cx, metric_model(decision), ledger.deployment(), after);
    }
    let provider = &config.provider(server.provider(config)).name;
    log_server(cx, &server.name(config), provider, server.upstream_model(config));
    let charge = ledger.end(cx, &AttemptEnd::without_answer(Some(Report::NO_HOST)));
    progress.tried.push(Tried { report: Report::NO_HOST, charge, ..Tried::new(leg) });
    if config.log_fields {
        cx.host.set_property(ATTEMPTS, attempts(config, decision, progress).text().as_bytes());
    }
}

/// Returns the attempts of a request with their results, for the attempts header and logs.
pub(super) fn attempts(config: &Config, decision: &Decision, progress: &Progress) -> AttemptList {
    AttemptList::of(progress, |leg| {
        decision.steps().nth(leg).map(|step| step.server.name(config)).unwrap_or_default()
    })
}
