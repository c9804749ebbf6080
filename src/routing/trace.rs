//! The reasons for a decision, as data and as JSON. Holds no prompt text.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::config::Timeouts;
use crate::request::facts::FactsView;
use crate::request::refusal::Refusal;

/// Why a request goes where it goes: what `pointsman explain --json` prints.
#[derive(Debug, Default, Serialize)]
pub struct Trace {
    /// Every route in the order it is tried.
    pub routes: Vec<RouteTrace>,
    /// The route that matched, if one did.
    pub route: Option<String>,
    /// The model that serves it, or the id of a deployment that the request named.
    pub model: Option<String>,
    /// The variant of that model, if it has any.
    pub variant: Option<String>,
    /// The strategy that orders the candidates.
    pub strategy: Option<&'static str>,
    /// The candidates of what was asked for in file order, then those of fallbacks. One may be
    /// there several times, for different models.
    pub candidates: Vec<CandidateTrace>,
    /// Whether the body could be sent on before its end.
    pub release: Release,
    /// The deployments in the order they are tried.
    pub plan: Vec<String>,
    /// What it carries that only some can read, where it goes by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateTrace>,
    /// Where the request is sent first.
    pub decision: Option<DecisionTrace>,
    /// Whether the answer is held until it has content, where there is failover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerTrace>,
    /// Why the order may be another one than that of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// Whether the request is sent on untouched.
    pub pass_through: bool,
    /// The error that the client gets, where the request is refused.
    pub error: Option<ErrorTrace>,
    /// Whose budget it spends, where tenants have budgets.
    pub tenant: Option<TenantTrace>,
    /// What the shadow would do, where the configuration has one.
    pub shadow: Option<Box<Trace>>,
}

/// Whether the first answer is held until it has content.
#[derive(Debug, Serialize)]
pub struct AnswerTrace {
    /// Whether it is.
    pub held: bool,
    /// Why not, or how long at most.
    pub because: String,
}

/// Whose budget a request spends, and what there is of it.
#[derive(Debug, Serialize)]
pub struct TenantTrace {
    /// The tenant that the request names; none where all that name none share a budget.
    pub name: Option<String>,
    /// Which budget it is, in words.
    pub budget: &'static str,
    /// Its limits; none where the tenant may spend as much as it likes.
    pub limits: Vec<BudgetTrace>,
}

/// One limit of a tenant's budget.
#[derive(Debug, Serialize)]
pub struct BudgetTrace {
    /// The key that configures it; `nano_usd_…` for costs, which are in billionths of a dollar.
    pub limit: String,
    /// The most that may be spent in this process.
    pub most: u64,
    /// What was spent in the minute or on the day, as far as that is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<u64>,
    /// What is left of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
}

/// Why a route matched, or why not. All routes are in a trace, those after the one that counts
/// as well.
#[derive(Debug, Serialize)]
pub struct RouteTrace {
    /// The route's name.
    pub name: String,
    /// Whether it is the one that counts.
    pub matched: bool,
    /// Why it is not, or why it is although its conditions do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Why a candidate may serve, or why not. All that were looked at are in a trace, of large
/// groups each one.
#[derive(Debug, Serialize)]
pub struct CandidateTrace {
    /// Its deployment id, or `provider:model`.
    pub deployment: String,
    /// The model it stands in for, where it is a fallback's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Whether it may serve the request now.
    pub eligible: bool,
    /// What the request would cost there in USD at most, where prices are known.
    pub estimated_cost_usd: Option<f64>,
    /// The same with the share of its input read from a cache that the configuration expects, where
    /// it names one. Picks by cost go by this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_cost_usd: Option<f64>,
    /// How long an attempt there may take, where that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// Whether it would get the request without the state in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stripped: bool,
    /// How it would get the request, if its provider speaks another format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation: Option<TranslationTrace>,
    /// Why it may not serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// The translation of a request for a provider of another format.
#[derive(Debug, Serialize)]
pub struct TranslationTrace {
    /// The provider's format.
    pub into: &'static str,
    /// What would be left out, each as a place and a reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// What a request carries that only some providers can read.
#[derive(Debug, Default, Serialize)]
pub struct StateTrace {
    /// The boundary of those who can.
    pub boundary: String,
    /// Where in the body it stands, as far as that is told.
    pub at: Vec<String>,
    /// Whether it can be left out for others.
    pub removable: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Whether a body could be sent on before its end.
#[derive(Debug, Default, Serialize)]
pub struct Release {
    /// Whether the body could be sent on before its end.
    pub early: bool,
    /// Why it could, or what is in the way.
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
    /// The name of the model that is sent upstream.
    pub upstream_model: String,
}

/// The error that the client gets.
#[derive(Debug, Serialize)]
pub struct ErrorTrace {
    /// HTTP status.
    pub status: u16,
    /// A word for programs, which never changes.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl From<&Refusal> for ErrorTrace {
    fn from(refusal: &Refusal) -> Self {
        Self { status: refusal.status, code: refusal.code, message: refusal.message.clone() }
    }
}

/// A trace and the facts it rests on, to be written as one object.
#[derive(Debug)]
pub struct TraceWithFacts<'a> {
    /// What the request says, where that could be read.
    pub facts: Option<FactsView<'a>>,
    /// What follows from it.
    pub trace: &'a Trace,
}

// By hand, because a derive flattens one object into another by collecting both first.
impl Serialize for TraceWithFacts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("TraceWithFacts", 17)?;
        to.serialize_field("facts", &self.facts)?;
        members(self.trace, &mut to)?;
        if let Some(shadow) = &self.trace.shadow {
            to.serialize_field("shadow", &Bare(shadow))?;
        }
        to.end()
    }
}

/// A shadow's trace, without the facts, which are those of the trace that it is part of.
struct Bare<'a>(&'a Trace);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut to = serializer.serialize_struct("Trace", 15)?;
        members(self.0, &mut to)?;
        to.end()
    }
}

/// Writes the members of a trace, except for its shadow.
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
        answer,
        state,
        because,
        decision,
        pass_through,
        error,
        tenant,
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
    if let Some(answer) = answer {
        to.serialize_field("answer", answer)?;
    }
    if let Some(state) = state {
        to.serialize_field("state", state)?;
    }
    if let Some(because) = because {
        to.serialize_field("because", because)?;
    }
    if let Some(tenant) = tenant {
        to.serialize_field("tenant", tenant)?;
    }
    to.serialize_field("decision", decision)?;
    to.serialize_field("pass_through", pass_through)?;
    to.serialize_field("error", error)
}

impl Trace {
    /// Notes that a request is refused, or passes through, before anything is decided.
    pub fn undecided(&mut self, refusal: Option<&Refusal>) {
        self.pass_through = refusal.is_none();
        self.error = refusal.map(ErrorTrace::from);
    }
}
