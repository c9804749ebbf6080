//! One configuration over all requests: what it decides, and what that costs.
//!
//! State is this process's own: turns go round over the replay, nothing cools and
//! nothing is busy.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::config::{Config, DeploymentId};
use crate::lifecycle::{RequestHead, Whole, whole};
use crate::request::facts::RequestFacts;
use crate::routing::{Request, Server, Services, Verdict, decide, price};
use crate::state::{Load, Standing, Turn, World};

use super::line::{Captured, CapturedUsage};

/// What became of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct ReplayOutcome {
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

/// A decision, and its price.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PricedOutcome {
    #[serde(flatten)]
    pub(super) outcome: ReplayOutcome,
    /// None where a price is not known.
    pub(super) cost_usd: Option<f64>,
}

/// How many requests, and what they cost.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct RequestCount {
    pub(super) requests: u64,
    /// Of those whose price is known.
    pub(super) cost_usd: f64,
    /// Those whose price is not.
    pub(super) unpriced: u64,
}

impl RequestCount {
    fn add(&mut self, cost_usd: Option<f64>) {
        self.requests = self.requests.saturating_add(1);
        match cost_usd {
            Some(usd) => self.cost_usd += usd,
            None => self.unpriced = self.unpriced.saturating_add(1),
        }
    }
}

/// All that one configuration did.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) decided: RequestCount,
    pub(super) untouched: u64,
    pub(super) refused: BTreeMap<&'static str, u64>,
    pub(super) routes: BTreeMap<String, RequestCount>,
    pub(super) models: BTreeMap<String, RequestCount>,
    pub(super) deployments: BTreeMap<String, RequestCount>,
}

/// What stands for the route of requests that match none.
pub(super) const NO_ROUTE: &str = "(no route)";

impl Totals {
    fn add(&mut self, decided: &PricedOutcome) {
        let outcome = &decided.outcome;
        if let Some(code) = outcome.refused {
            let count = self.refused.entry(code).or_default();
            *count = count.saturating_add(1);
        } else if outcome.untouched {
            self.untouched = self.untouched.saturating_add(1);
        } else {
            let usd = decided.cost_usd;
            self.decided.add(usd);
            let route = outcome.route.as_deref().unwrap_or(NO_ROUTE);
            self.routes.entry(route.to_owned()).or_default().add(usd);
            for (tallies, name) in
                [(&mut self.models, &outcome.model), (&mut self.deployments, &outcome.deployment)]
            {
                tallies.entry(name.clone().unwrap_or_default()).or_default().add(usd);
            }
        }
    }
}

/// A configuration, and what it has done so far.
#[derive(Debug)]
pub(super) struct Side {
    config: Config,
    turns: ReplayWorld,
    pub(super) totals: Totals,
}

impl Side {
    pub(super) fn new(config: Config) -> Self {
        Self { config, turns: ReplayWorld::default(), totals: Totals::default() }
    }

    /// Decides a request; the same seed draws the same under every configuration.
    pub(super) fn decide(&mut self, captured: &Captured, seed: u64) -> PricedOutcome {
        let decided = self.decided(captured, seed);
        self.totals.add(&decided);
        decided
    }

    fn decided(&mut self, captured: &Captured, seed: u64) -> PricedOutcome {
        let mut headers = vec![
            (":method".to_owned(), captured.method.clone().into_bytes()),
            (":path".to_owned(), captured.path.clone().into_bytes()),
        ];
        headers.extend(captured.headers.iter().cloned());
        let head = RequestHead::new(headers);
        let read = match whole(&self.config, &head, &captured.body) {
            Whole::Read(read) => read,
            Whole::Untouched => return untouched(),
            Whole::Refused(refusal, _) => return refused(refusal.code),
        };
        let config = &self.config;
        let sample = head.sample(seed);
        let request = Request { config, facts: &read.facts, controls: &read.controls, sample };
        match decide(request, Services::Unasked, &self.turns, seed) {
            Verdict::Serve(decision) => {
                if let Some((turn, number)) = decision.intent.turn {
                    self.turns.0.insert(turn, number.wrapping_add(1));
                }
                let server = decision.plan.first().map(|step| &step.server);
                let variant = decision.variant.map(|key| format!("#{key}"));
                let is_direct = matches!(server, Some(Server::Direct(..)));
                let deployment = server.map(|server| bounded(server, config));
                let model = decision.model + variant.as_deref().unwrap_or_default();
                let outcome = ReplayOutcome {
                    route: decision.route.map(|id| config.route(id).name.clone()),
                    model: if is_direct { deployment.clone() } else { Some(model) },
                    deployment,
                    ..ReplayOutcome::default()
                };
                let cost_usd = server.and_then(|it| cost(it, config, &read.facts, captured.usage));
                PricedOutcome { outcome, cost_usd }
            }
            Verdict::Refuse(refusal) => refused(refusal.code),
            // The whole of the request is known.
            Verdict::PassThrough | Verdict::Undecided(_) | Verdict::Ask(_) => untouched(),
        }
    }
}

fn untouched() -> PricedOutcome {
    PricedOutcome {
        outcome: ReplayOutcome { untouched: true, ..ReplayOutcome::default() },
        cost_usd: None,
    }
}

fn refused(code: &'static str) -> PricedOutcome {
    PricedOutcome {
        outcome: ReplayOutcome { refused: Some(code), ..ReplayOutcome::default() },
        cost_usd: None,
    }
}

/// A name that clients cannot make up: tallies grow with the configuration alone.
fn bounded(server: &Server, config: &Config) -> String {
    match server {
        Server::Deployment(_) => server.name(config).into_owned(),
        Server::Direct(provider, _) => format!("{}:*", config.provider(*provider).name),
    }
}

/// What the request costs there: by its usage, or else by the estimate.
fn cost(
    server: &Server,
    config: &Config,
    facts: &RequestFacts,
    usage: Option<CapturedUsage>,
) -> Option<f64> {
    let of_model = match server {
        Server::Deployment(id) => &config.deployment(*id).facts,
        Server::Direct(_, model) => config.catalog.get(model).unwrap_or(&config.unknown_facts),
    };
    let Some(usage) = usage else { return price::likely(facts, of_model) };
    #[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
    let cost = |tokens: u64, usd: f64| tokens as f64 * usd / 1e6;
    let input = cost(usage.input_tokens, of_model.input_usd_per_million?);
    Some(input + cost(usage.output_tokens, of_model.output_usd_per_million?))
}

/// A world of turns alone: whatever else is asked, nothing is known against a deployment.
#[derive(Debug, Default)]
struct ReplayWorld(HashMap<Turn, u64>);

impl World for ReplayWorld {
    fn standing(&self, _: DeploymentId, _: u64) -> Standing {
        Standing::Ready
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }

    fn next_turn(&self, turn: Turn) -> u64 {
        self.0.get(&turn).copied().unwrap_or_default()
    }
}
