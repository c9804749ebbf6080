//! The reasons for a decision, as the command line and the admin endpoint show them.
//!
//! Filled by the code that decides, while it decides; holds no prompt text.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::config::{Config, DeploymentId};
use crate::request::facts::{FactsView, RequestFacts};
use crate::request::refusal::Refusal;
use crate::state::{Load, Standing, Turn, World};

use super::candidate::Set;
use super::list::List;
use super::{Request, Server, Services, Verdict};

/// Why a request goes where it goes.
#[derive(Debug, Default, Serialize)]
pub struct Trace {
    /// Every route in the order it is tried.
    pub routes: Vec<RouteTrace>,
    /// The route that matched.
    pub route: Option<String>,
    /// The model it is served as.
    pub model: Option<String>,
    /// The chosen variant.
    pub variant: Option<String>,
    /// The strategy over the candidates.
    pub strategy: Option<&'static str>,
    /// The model's candidates in file order, then those of fallbacks.
    pub candidates: Vec<CandidateTrace>,
    /// Whether the body could be sent on before its end.
    pub release: Release,
    /// Deployments in the order they are tried.
    pub plan: Vec<String>,
    /// The first of the plan.
    pub decision: Option<DecisionTrace>,
    /// Why the order may be another one than the plan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// Whether the request is sent on untouched.
    pub pass_through: bool,
    /// What the client is told instead.
    pub error: Option<ErrorTrace>,
    /// What the shadow would do, where there is one.
    pub shadow: Option<Box<Trace>>,
}

/// One route's verdict.
#[derive(Debug, Serialize)]
pub struct RouteTrace {
    /// Its name.
    pub name: String,
    /// Whether it is the one.
    pub matched: bool,
    /// Why not, or why although its conditions do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// One candidate's verdict.
#[derive(Debug, Serialize)]
pub struct CandidateTrace {
    /// Its deployment id, or `provider:model`.
    pub deployment: String,
    /// The fallback it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Whether it may serve the request now.
    pub eligible: bool,
    /// What the request would cost there.
    pub estimated_cost_usd: Option<f64>,
    /// Why it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Whether a body could be sent on before its end.
#[derive(Debug, Default, Serialize)]
pub struct Release {
    /// Whether it could.
    pub early: bool,
    /// Why, or why not.
    pub because: String,
}

/// Where the request is sent first.
#[derive(Debug, Serialize)]
pub struct DecisionTrace {
    /// Deployment id, or `provider:model`.
    pub deployment: String,
    /// Its provider.
    pub provider: String,
    /// The provider's cluster.
    pub cluster: String,
    /// The model name sent upstream.
    pub upstream_model: String,
}

/// What the client is told.
#[derive(Debug, Serialize)]
pub struct ErrorTrace {
    /// HTTP status.
    pub status: u16,
    /// Stable word for programs.
    pub code: &'static str,
    /// Words for people.
    pub message: String,
}

impl From<&Refusal> for ErrorTrace {
    fn from(refusal: &Refusal) -> Self {
        Self { status: refusal.status, code: refusal.code, message: refusal.message.clone() }
    }
}

/// A trace with the facts it rests on.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the request says.
    pub facts: FactsView<'a>,
    /// What follows from it.
    pub trace: Trace,
    /// What would be done with it.
    pub verdict: Verdict,
}

/// A trace with the facts it rests on, as one object.
#[derive(Debug)]
pub struct Shown<'a> {
    /// What the request says, where that could be read.
    pub facts: Option<FactsView<'a>>,
    /// What follows from it.
    pub trace: &'a Trace,
}

impl Serialize for Explanation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown { facts: Some(self.facts.clone()), trace: &self.trace }.serialize(serializer)
    }
}

// By hand: to flatten one object into another, a derive would collect both first.
impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Shown", 14)?;
        to.serialize_field("facts", &self.facts)?;
        members(self.trace, &mut to)?;
        if let Some(shadow) = &self.trace.shadow {
            to.serialize_field("shadow", &Bare(shadow))?;
        }
        to.end()
    }
}

/// A trace without the facts, which are those of the one it is shown in.
struct Bare<'a>(&'a Trace);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Trace", 12)?;
        members(self.0, &mut to)?;
        to.end()
    }
}

fn members<S: SerializeStruct>(trace: &Trace, to: &mut S) -> Result<(), S::Error> {
    let Trace {
        routes,
        route,
        model,
        variant,
        strategy,
        candidates,
        release,
        plan,
        because,
        decision,
        pass_through,
        error,
        shadow: _,
    } = trace;
    to.serialize_field("routes", routes)?;
    to.serialize_field("route", route)?;
    to.serialize_field("model", model)?;
    to.serialize_field("variant", variant)?;
    to.serialize_field("strategy", strategy)?;
    to.serialize_field("candidates", candidates)?;
    to.serialize_field("release", release)?;
    to.serialize_field("plan", plan)?;
    if let Some(because) = because {
        to.serialize_field("because", because)?;
    }
    to.serialize_field("decision", decision)?;
    to.serialize_field("pass_through", pass_through)?;
    to.serialize_field("error", error)
}

/// Decides a request for show.
///
/// `early` are the facts as they were when its model was known, or why the request
/// was not to be decided then.
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

/// Deployments of which nothing bad is known, and turns that none has taken: for
/// explaining where there is no state to ask.
#[derive(Debug, Clone, Copy)]
pub struct Fresh;

impl World for Fresh {
    fn standing(&self, _: DeploymentId, _: u64) -> Standing {
        Standing::Ready
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn next_turn(&self, _: Turn) -> u64 {
        0
    }
}

/// Why an explained order may be another one.
const UNASKED: &str = "a service is asked when a request is routed; without its answer, \
                       candidates are tried in file order";

impl Trace {
    /// Concludes a request that is refused, or passes through, before any decision.
    pub fn undecided(&mut self, refusal: Option<&Refusal>) {
        self.pass_through = refusal.is_none();
        self.error = refusal.map(ErrorTrace::from);
    }

    pub(super) fn considered(&mut self, config: &Config, set: &Set<'_>, list: &List<'_>) {
        self.model = Some(set.name.clone().into_owned());
        self.variant = set.variant.map(str::to_owned);
        self.strategy = Some(set.strategy.name());
        self.because = list.is_unasked.then_some(UNASKED);
        let name = |server: &Server| server.name(config).into_owned();
        self.plan = list.steps.iter().map(|step| name(&step.server)).collect();
        for (model, considered) in &list.considered {
            self.candidates.push(CandidateTrace {
                deployment: name(&considered.candidate.server),
                fallback: (*model != set.name).then(|| model.clone().into_owned()),
                eligible: considered.block.is_none(),
                estimated_cost_usd: considered.cost.map(|cost| cost.most),
                because: considered.block.as_ref().map(ToString::to_string),
            });
        }
    }

    pub(super) fn conclude(&mut self, config: &Config, verdict: &Verdict) {
        match verdict {
            Verdict::Serve(decision) => {
                self.route = decision.route.map(|id| config.route(id).name.clone());
                self.decision = decision.plan.first().map(|step| {
                    let provider = config.provider(step.server.provider(config));
                    DecisionTrace {
                        deployment: step.server.name(config).into_owned(),
                        provider: provider.name.clone(),
                        cluster: provider.cluster.clone(),
                        upstream_model: step.server.upstream_model(config).to_owned(),
                    }
                });
            }
            Verdict::PassThrough => self.pass_through = true,
            // Explain reads the whole body first, and asks no service.
            Verdict::Undecided(_) | Verdict::Ask(_) => {}
            Verdict::Refuse(refusal) => {
                let matched = self.routes.iter().find(|route| route.matched);
                self.route = matched.map(|route| route.name.clone());
                self.error = Some(refusal.into());
            }
        }
    }
}
