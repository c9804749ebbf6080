//! One configuration over all requests: what it decides, and what that costs.
//!
//! The only state is whose turn it is: turns go round over the replay, no deployment cools
//! and none is busy.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::config::{Config, DeploymentId};
use crate::lifecycle::{RequestHead, Whole, whole};
use crate::request::facts::RequestFacts;
use crate::routing::{Request, Server, Services, Verdict, decide, price};
use crate::state::{Claim, Load, Standing, Turn, World};

use super::line::{Captured, CapturedUsage};

/// What becomes of a request: it is served, refused, or passes untouched.
///
/// Two configurations decide a request the same way if these are equal. Names are those of
/// the configuration, so that requests can be counted by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Disposition {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deployment: Option<String>,
    /// The code of the error that the client gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) untouched: bool,
}

impl Disposition {
    fn untouched() -> Self {
        Self { untouched: true, ..Self::default() }
    }

    fn refused(code: &'static str) -> Self {
        Self { refused: Some(code), ..Self::default() }
    }
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Priced {
    #[serde(flatten)]
    pub(super) disposition: Disposition,
    /// None where a price is unknown, and where no provider is asked.
    pub(super) cost_usd: Option<f64>,
}

impl From<Disposition> for Priced {
    fn from(disposition: Disposition) -> Self {
        Self { disposition, cost_usd: None }
    }
}

/// How many requests, and what they cost. Where prices are unknown, the sum is of the others.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Subtotal {
    pub(super) requests: u64,
    /// The sum for the requests with a known price.
    pub(super) cost_usd: f64,
    /// How many requests have none.
    pub(super) unpriced: u64,
}

impl Subtotal {
    fn add(&mut self, cost_usd: Option<f64>) {
        self.requests = self.requests.saturating_add(1);
        match cost_usd {
            Some(usd) => self.cost_usd += usd,
            None => self.unpriced = self.unpriced.saturating_add(1),
        }
    }
}

/// Subtotals by a name of the configuration.
pub(super) type Subtotals = BTreeMap<String, Subtotal>;

/// Everything that one configuration did.
///
/// Its maps have names of the configuration as keys, so a long capture does not make them grow.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) decided: Subtotal,
    pub(super) untouched: u64,
    /// Requests that were refused, by the code of the error.
    pub(super) refused: BTreeMap<&'static str, u64>,
    pub(super) routes: Subtotals,
    pub(super) models: Subtotals,
    pub(super) deployments: Subtotals,
}

/// What stands for the route of requests that match none: they have the model that they
/// asked for.
const NO_ROUTE: &str = "(no route)";

impl Totals {
    fn add(&mut self, priced: &Priced) {
        let (disposition, usd) = (&priced.disposition, priced.cost_usd);
        if let Some(code) = disposition.refused {
            let count = self.refused.entry(code).or_default();
            *count = count.saturating_add(1);
        } else if disposition.untouched {
            self.untouched = self.untouched.saturating_add(1);
        } else {
            self.decided.add(usd);
            let name = |name: &Option<String>| name.clone().unwrap_or_default();
            let route = disposition.route.clone().unwrap_or_else(|| NO_ROUTE.to_owned());
            self.routes.entry(route).or_default().add(usd);
            self.models.entry(name(&disposition.model)).or_default().add(usd);
            self.deployments.entry(name(&disposition.deployment)).or_default().add(usd);
        }
    }
}

#[derive(Debug)]
pub(super) struct Side {
    config: Config,
    turns: TurnsOnly,
    pub(super) totals: Totals,
}

impl Side {
    pub(super) fn new(config: Config) -> Self {
        Self { config, turns: TurnsOnly::default(), totals: Totals::default() }
    }

    /// Decides a request and counts it.
    ///
    /// The same seed draws the same under every configuration.
    pub(super) fn decide(&mut self, captured: &Captured, seed: u64) -> Priced {
        let priced = self.decide_uncounted(captured, seed);
        self.totals.add(&priced);
        priced
    }

    fn decide_uncounted(&mut self, captured: &Captured, seed: u64) -> Priced {
        let own = [(":method", captured.method.as_bytes()), (":path", captured.path.as_bytes())];
        let given = captured.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let head = RequestHead::new(own.into_iter().chain(given).collect());
        let read = match whole(&self.config, &head, &captured.body) {
            Whole::Read(read) => read,
            Whole::Untouched => return Disposition::untouched().into(),
            Whole::Refused(refusal, _) => return Disposition::refused(refusal.code).into(),
        };
        let config = &self.config;
        let sample = head.sample(seed);
        let request = Request { config, facts: &read.facts, controls: &read.controls, sample };
        match decide(request, Services::Unasked, &self.turns, seed) {
            Verdict::Serve(decision) => {
                // Deciding changes nothing; taking the turn is up to whoever acts on it.
                if let Some((turn, number)) = decision.intent.turn {
                    self.turns.0.insert(turn, number.wrapping_add(1));
                }
                let server = decision.plan.first().map(|step| &step.server);
                let variant = decision.variant.map(|key| format!("#{key}"));
                let is_direct = matches!(server, Some(Server::Direct(..)));
                let deployment = server.map(|server| bounded_name(server, config));
                let model = decision.model + variant.as_deref().unwrap_or_default();
                let disposition = Disposition {
                    route: decision.route.map(|id| config.route(id).name.clone()),
                    // A direct one's name is the client's own text.
                    model: if is_direct { deployment.clone() } else { Some(model) },
                    deployment,
                    ..Disposition::default()
                };
                let cost_usd = server.and_then(|it| cost(it, config, &read.facts, captured.usage));
                Priced { disposition, cost_usd }
            }
            Verdict::Refuse(refusal) => Disposition::refused(refusal.code).into(),
            // The whole request is known and no service can be asked, so there is always a
            // decision: the last two do not occur.
            Verdict::PassThrough | Verdict::Undecided(_) | Verdict::Ask(_) => {
                Disposition::untouched().into()
            }
        }
    }
}

/// Returns the name of a deployment, or `provider:*` where the client names the model.
///
/// Clients cannot make up further names, so what is counted by name grows with the
/// configuration and not with the capture.
fn bounded_name(server: &Server, config: &Config) -> String {
    match server {
        Server::Deployment(_) => server.name(config).into_owned(),
        Server::Direct(provider, _) => format!("{}:*", config.provider(*provider).name),
    }
}

/// Returns what the request costs there in USD: by its usage, or else by the estimate.
/// None where a price is unknown.
fn cost(
    server: &Server,
    config: &Config,
    facts: &RequestFacts,
    usage: Option<CapturedUsage>,
) -> Option<f64> {
    let model = server.model_facts(config);
    let Some(usage) = usage else { return price::likely(facts, model) };
    #[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
    let cost = |tokens: u64, usd_per_million: f64| tokens as f64 * usd_per_million / 1e6;
    let input = cost(usage.input_tokens, model.input_usd_per_million?);
    Some(input + cost(usage.output_tokens, model.output_usd_per_million?))
}

/// A world in which turns are all that is known: every deployment is ready and idle.
#[derive(Debug, Default)]
struct TurnsOnly(HashMap<Turn, u64>);

impl World for TurnsOnly {
    fn standing(&self, _: DeploymentId, _: Claim) -> Standing {
        Standing::Ready
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        self.0.get(&turn).copied().unwrap_or_default()
    }
}
