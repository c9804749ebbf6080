//! Deciding a request to show the reasons, rather than to send it.

use serde::Serialize;
use serde::ser::Serializer;

use crate::config::{Config, DeploymentId};
use crate::request::facts::{FactsView, RequestFacts};
use crate::state::{Claim, Load, Standing, Turn, World};

use super::{Request, Services, Verdict};

pub use super::trace::{
    AnswerTrace, BudgetTrace, CandidateTrace, DecisionTrace, ErrorTrace, Release, RouteTrace,
    StateTrace, TenantTrace, Trace, TraceWithFacts,
};

/// The reasons for a decision, and the decision. Written as JSON it is one object: the facts,
/// then the members of the trace.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the request says.
    pub facts: FactsView<'a>,
    /// What follows from that, and why.
    pub trace: Trace,
    /// What would be done with the request.
    pub verdict: Verdict,
}

impl Serialize for Explanation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TraceWithFacts { facts: Some(self.facts.clone()), trace: &self.trace }.serialize(serializer)
    }
}

/// Decides a request as it would be decided now, and returns the reasons as well.
///
/// `early` are the facts as they were known with the model, or why the request could not be
/// decided then: the trace tells whether the body could have been sent on before its end.
#[must_use]
pub fn explain<'a>(
    request: Request<'a>,
    early: Result<&RequestFacts, &str>,
    world: &dyn World,
    seed: u64,
) -> Explanation<'a> {
    let release = match early {
        Ok(facts) => release(Request { facts, ..request }, world, seed),
        Err(because) => Release { early: false, because: because.to_owned() },
    };
    let mut trace = Trace { release, ..Trace::default() };
    let verdict = super::decided(request, Services::Unasked, world, seed, Some(&mut trace));
    let facts: &RequestFacts = request.facts;
    Explanation { facts: facts.into(), trace, verdict }
}

/// Returns whether the body could have been sent on with these facts.
fn release(request: Request<'_>, world: &dyn World, seed: u64) -> Release {
    let (early, because) = match super::decide(request, Services::Unasked, world, seed) {
        Verdict::Serve(_) => (true, "nothing in play needs more than the model".to_owned()),
        Verdict::Undecided(need) => (false, need.because(request.config)),
        Verdict::Ask(_) | Verdict::PassThrough | Verdict::Refuse(_) => {
            (false, "it is not sent to a deployment".to_owned())
        }
    };
    Release { early, because }
}

/// Returns whether the first answer to a request with that many steps is held, as the attempt filter
/// decides it; `None` without failover.
fn answer(config: &Config, steps: usize) -> Option<AnswerTrace> {
    let failover = config.failover;
    if failover.max_attempts < 2 {
        return None;
    }
    let is_alone = steps < 2 && failover.retries_per_deployment == 0;
    let against =
        config.against_holding().or(is_alone.then_some("no other deployment could follow"));
    let most = || format!("until there is content, or {} bytes without", failover.commit_bytes);
    Some(AnswerTrace { held: against.is_none(), because: against.map_or_else(most, str::to_owned) })
}

/// A world in which no deployment has failed, none is busy, and every turn is the first: for
/// explaining where there is no running proxy.
#[derive(Debug, Clone, Copy)]
pub struct Fresh;

impl World for Fresh {
    fn standing(&self, _: DeploymentId, _: Claim) -> Standing {
        Standing::Ready
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn next_turn(&self, _: Turn) -> u64 {
        0
    }
}

/// Notes in the trace what was decided: the route and where the request goes, or what the
/// client is told.
pub(super) fn conclude(trace: &mut Trace, config: &Config, verdict: &Verdict) {
    match verdict {
        Verdict::Serve(decision) => {
            trace.route = decision.route.map(|id| config.route(id).name.clone());
            trace.answer = answer(config, decision.plan.len());
            trace.decision = decision.plan.first().map(|step| {
                let provider = config.provider(step.server.provider(config));
                DecisionTrace {
                    deployment: step.server.name(config).into_owned(),
                    provider: provider.name.clone(),
                    cluster: provider.cluster.clone(),
                    upstream_model: step.server.upstream_model(config).to_owned(),
                }
            });
        }
        Verdict::PassThrough => trace.pass_through = true,
        // What is explained has been read as a whole, and no service is asked.
        Verdict::Undecided(_) | Verdict::Ask(_) => {}
        Verdict::Refuse(refusal) => {
            let matched = trace.routes.iter().find(|route| route.matched);
            trace.route = matched.map(|route| route.name.clone());
            trace.error = Some(refusal.into());
        }
    }
}
