//! What is counted of requests and attempts, and what access logs are given.
//!
//! The router counts each request once, however it ends; whoever ends an attempt counts
//! that. Labels are names of the configuration or words of this module: whatever a client
//! has named itself is [`OTHER`]. No text of a request goes into a metric, a log line or a
//! property of the stream.

use std::time::Duration;

use crate::config::{Config, DeploymentId, RouteId};
use crate::host::Host;
use crate::metrics::{NONE, OTHER, table};
use crate::request::format::Format;
use crate::request::refusal::Refusal;
use crate::response::body::Told;
use crate::routing::{Decision, Server, Step};
use crate::state::Ending;
use crate::state::outcome::Outcome;

use super::answer::{Answer, Started};
use super::engine::Engine;
use super::headers::value;
use super::read;
use super::stream::{State, Stream};

/// What the proxy answered by itself; of an attempt, for reasons that say nothing of the
/// deployment: a circuit breaker, a cluster that is not there.
pub(super) const PROXY: &str = "proxy";
/// What is tried because nothing before it may be picked.
const UNAVAILABLE: &str = "unavailable";

const MODEL: &[&str] = &["llm.model"];
const DEPLOYMENT: &[&str] = &["llm.deployment"];
const PROVIDER: &[&str] = &["llm.provider"];
const ROUTE: &[&str] = &["llm.route"];
const REFUSAL: &[&str] = &["llm.refusal"];
const DECISION_US: &[&str] = &["llm.decision_us"];
const INPUT_TOKENS: &[&str] = &["llm.input_tokens"];
const OUTPUT_TOKENS: &[&str] = &["llm.output_tokens"];
const COST_USD: &[&str] = &["llm.cost_usd"];

/// Billionths in one.
const NANO: u64 = 1_000_000_000;

/// Tokens of an attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
    /// Which of them the provider reports; the rest is estimated.
    told: [bool; 2],
}

impl Tokens {
    /// As the provider counts them, or else as they are estimated.
    pub(super) fn of(answer: &Answer, told: Told) -> Self {
        let work = &answer.started.work;
        if answer.report.status >= 400 || !work.is_processed {
            return Self::default();
        }
        let usage = told.usage;
        Self {
            input: usage.input_tokens.unwrap_or(work.tokens),
            output: usage.output_tokens.unwrap_or(match (work.is_text, answer.is_events) {
                (false, _) => 0,
                // Most providers send an event for each token,
                (true, true) => u64::from(told.events),
                // and a token is four bytes long.
                (true, false) => answer.length / 4,
            }),
            told: [usage.input_tokens.is_some(), usage.output_tokens.is_some()],
        }
    }

    pub(super) const fn sum(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl Stream {
    /// Notes that a request is judged, and when.
    pub(super) fn enter<H: Host + ?Sized>(&mut self, host: &H) {
        self.entered = host.now();
        self.left = Duration::ZERO;
    }

    /// Notes how long the callback took that began when the stream was entered; where the
    /// request has been decided by it, how long that took in all.
    pub(super) fn leave<H: Host + ?Sized>(&mut self, host: &H) {
        let config = &self.engine.config;
        if !self.engine.meter.is_on() && !config.log_fields {
            return;
        }
        let left = if self.left.is_zero() { host.now() } else { self.left };
        self.spent = self.spent.saturating_add(left.saturating_sub(self.entered));
        if matches!(self.state, State::Reading(_)) {
            return;
        }
        let spent_us = u64::try_from(self.spent.as_micros()).unwrap_or(u64::MAX);
        self.engine.meter.put(host, &table::DECISION, &[], spent_us);
        if config.log_fields {
            host.set_property(DECISION_US, spent_us.to_string().as_bytes());
        }
    }

    /// Counts a request, unless it has been counted.
    fn count<H: Host + ?Sized>(&mut self, host: &H, labels: [&str; 4]) {
        if std::mem::take(&mut self.is_open) {
            self.engine.meter.put(host, &table::REQUESTS, &labels, 1);
        }
    }

    /// Counts a request that goes on untouched.
    pub(super) fn count_passed<H: Host + ?Sized>(&mut self, host: &H) {
        self.count(host, [NONE, NONE, "passed", NONE]);
    }

    /// Counts a request that the proxy has answered before it was decided.
    pub(super) fn count_answered<H: Host + ?Sized>(&mut self, host: &H) {
        self.count(host, [NONE, NONE, "refused", PROXY]);
    }

    /// Counts a request whose client left before it was answered.
    pub(super) fn count_cancelled<H: Host + ?Sized>(&mut self, host: &H) {
        if !self.is_open {
            return;
        }
        let engine = std::rc::Rc::clone(&self.engine);
        let state = std::mem::take(&mut self.state);
        let decision = match &state {
            State::Sent(sent) => sent.decision.as_ref(),
            _ => None,
        };
        let (model, route) = labels(&engine.config, decision);
        self.count(host, [model, route, "cancelled", NONE]);
        self.state = state;
    }

    /// Counts a request that is answered here, decided or not.
    pub(super) fn count_refused<H: Host + ?Sized>(
        &mut self,
        host: &H,
        refusal: &Refusal,
        decision: Option<&Decision>,
    ) {
        let engine = std::rc::Rc::clone(&self.engine);
        let (model, route) = labels(&engine.config, decision);
        self.count_refused_as(host, refusal, model, route);
    }

    /// Counts a request for that model that is answered here.
    pub(super) fn count_refused_as<H: Host + ?Sized>(
        &mut self,
        host: &H,
        refusal: &Refusal,
        model: &str,
        route: &str,
    ) {
        if !self.is_open {
            return;
        }
        read::debug(host, || format!("refused: {} {}", refusal.status, refusal.code));
        if self.engine.config.log_fields {
            host.set_property(REFUSAL, refusal.code.as_bytes());
        }
        self.count(host, [model, route, "refused", refusal.code]);
    }

    /// Counts a request that was answered with that status.
    pub(super) fn count_served<H: Host + ?Sized>(
        &mut self,
        host: &H,
        decision: &Decision,
        status: u16,
    ) {
        let engine = std::rc::Rc::clone(&self.engine);
        let (model, route) = labels(&engine.config, Some(decision));
        self.count(host, [model, route, "served", class(status)]);
    }

    /// Counts what a decision has come to, and keeps it for logs.
    pub(super) fn note_decision<H: Host + ?Sized>(&mut self, host: &H, decision: &Decision) {
        let engine = std::rc::Rc::clone(&self.engine);
        let config = &engine.config;
        let Some(step) = decision.plan.first() else { return };
        let (model, route) = labels(config, Some(decision));
        if decision.route.is_some() {
            engine.meter.put(host, &table::ROUTE_MATCHES, &[route], 1);
        }
        if step.model != decision.model {
            let values = [model, deployment(config, step), UNAVAILABLE];
            engine.meter.put(host, &table::FALLBACKS, &values, 1);
        }
        if !config.is_handing_over() {
            self.is_uncounted = matches!(step.server, Server::Direct(..));
        }
        if !config.log_fields {
            return;
        }
        host.set_property(MODEL, value(&decision.model).as_bytes());
        if decision.route.is_some() {
            host.set_property(ROUTE, value(route).as_bytes());
        }
        if !config.is_handing_over() {
            let provider = &config.provider(step.server.provider(config)).name;
            engine.log_server(host, &step.server.name(config), provider);
        }
    }

    /// Counts an attempt that no state is kept of, unless that has been done.
    pub(super) fn count_stateless<H: Host + ?Sized>(&mut self, host: &H, outcome: &str) {
        if std::mem::take(&mut self.is_uncounted) {
            self.engine.meter.put(host, &table::ATTEMPTS, &[OTHER, outcome], 1);
        }
    }
}

impl Engine {
    /// Keeps for logs who is asked.
    pub(super) fn log_server<H: Host + ?Sized>(&self, host: &H, name: &str, provider: &str) {
        if self.config.log_fields {
            host.set_property(DEPLOYMENT, value(name).as_bytes());
            host.set_property(PROVIDER, value(provider).as_bytes());
        }
    }

    /// Counts an attempt after another one that came to `after`.
    pub(super) fn count_fallback<H: Host + ?Sized>(
        &self,
        host: &H,
        asked: &str,
        deployment: Option<DeploymentId>,
        after: Outcome,
    ) {
        let name = deployment.map_or(OTHER, |id| &self.config.deployment(id).id);
        self.meter.put(host, &table::FALLBACKS, &[asked, name, after.name()], 1);
    }

    /// Shows how many attempts are under way at a deployment.
    pub(super) fn show_in_flight<H: Host + ?Sized>(
        &self,
        host: &H,
        deployment: DeploymentId,
        in_flight: Option<u32>,
    ) {
        let Some(count) = in_flight else { return };
        let name = self.config.deployment(deployment).id.as_str();
        self.meter.put(host, &table::IN_FLIGHT, &[name], u64::from(count));
    }

    /// Counts an attempt that has ended. `otherwise` is what it came to where that says
    /// nothing about the deployment.
    pub(super) fn count_attempt<H: Host + ?Sized>(
        &self,
        host: &H,
        started: &Started,
        ending: &Ending,
        tokens: Tokens,
        otherwise: &'static str,
        now_ms: u64,
    ) {
        if !self.meter.is_on() {
            return;
        }
        let put = |metric, values: &[&str], amount| self.meter.put(host, metric, values, amount);
        let described = self.config.deployment(started.attempt.deployment);
        let name = described.id.as_str();
        let provider = self.config.provider(described.provider).name.as_str();
        let (operation, model) = (operation(started.work.format), &*described.upstream_model);
        let outcome = ending.report.map_or(otherwise, |report| report.outcome.name());
        let is_success = outcome == Outcome::Success.name();
        put(&table::ATTEMPTS, &[name, outcome], 1);
        let took_ms = now_ms.saturating_sub(started.attempt.began_ms);
        let error = if is_success { "" } else { outcome };
        put(&table::DURATION, &[name, operation, provider, model, error], took_ms);
        if let Some(ms) = ending.first_byte_ms.filter(|_| is_success) {
            put(&table::FIRST_TOKEN, &[name, operation, provider, model], ms);
        }
        let directions = [("input", tokens.input), ("output", tokens.output)];
        for ((direction, count), is_told) in directions.into_iter().zip(tokens.told) {
            let source = if is_told { "provider" } else { "estimate" };
            put(&table::TOKENS, &[name, direction, source], count);
            if is_told {
                let values = [name, operation, provider, model, direction];
                put(&table::TOKEN_USAGE, &values, count);
            }
        }
        if let (true, true, 1..) = (started.work.is_estimated, tokens.told[0], tokens.input) {
            let percent = started.work.tokens.saturating_mul(100) / tokens.input.max(1);
            put(&table::ESTIMATE, &[name], percent);
        }
        if let Some(nano) = self.cost_nano_usd(started.attempt.deployment, tokens) {
            put(&table::COST, &[name], nano);
        }
    }

    /// Keeps for logs what an attempt took.
    pub(super) fn log_tokens<H: Host + ?Sized>(
        &self,
        host: &H,
        deployment: DeploymentId,
        tokens: Tokens,
    ) {
        if !self.config.log_fields || tokens.sum() == 0 {
            return;
        }
        host.set_property(INPUT_TOKENS, tokens.input.to_string().as_bytes());
        host.set_property(OUTPUT_TOKENS, tokens.output.to_string().as_bytes());
        if let Some(nano) = self.cost_nano_usd(deployment, tokens) {
            let (whole, rest) = (nano / NANO, nano % NANO);
            host.set_property(COST_USD, format!("{whole}.{rest:09}").as_bytes());
        }
    }

    /// What tokens cost in billionths of a dollar; `None` where a price is not known.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "token counts stay far below 2^53, and the cast saturates"
    )]
    fn cost_nano_usd(&self, deployment: DeploymentId, tokens: Tokens) -> Option<u64> {
        let facts = &self.config.deployment(deployment).facts;
        let prices = [facts.input_usd_per_million, facts.output_usd_per_million];
        let mut nano = 0.0;
        for (count, price) in [tokens.input, tokens.output].into_iter().zip(prices) {
            if count > 0 {
                // A dollar for a million is a thousand billionths for one.
                nano += count as f64 * price? * 1000.0;
            }
        }
        Some(nano.round() as u64)
    }
}

/// The model that was asked for and the route that took the request, as labels.
fn labels<'a>(config: &'a Config, decision: Option<&'a Decision>) -> (&'a str, &'a str) {
    let Some(decision) = decision else { return (NONE, NONE) };
    (model(decision), route(config, decision.route))
}

/// The model of a decision as a label.
pub(super) fn model(decision: &Decision) -> &str {
    match decision.plan.first() {
        // Its name is the client's own, unless it stands in for a model.
        Some(Step { server: Server::Direct(..), model, .. }) if *model == decision.model => OTHER,
        _ => &decision.model,
    }
}

fn route(config: &Config, route: Option<RouteId>) -> &str {
    route.map_or(NONE, |id| &config.route(id).name)
}

fn deployment<'a>(config: &'a Config, step: &Step) -> &'a str {
    match &step.server {
        Server::Deployment(id) => &config.deployment(*id).id,
        Server::Direct(..) => OTHER,
    }
}

/// What a client has asked for, as a label.
pub(super) fn asked<'a>(config: &'a Config, sent: Option<&str>) -> &'a str {
    let Some(sent) = sent else { return NONE };
    let names = &config.names;
    let of = |name: &str| {
        let id = names.models.get(name).or_else(|| names.aliases.get(name))?;
        Some(config.model(*id).name.as_str())
    };
    let of_variant = || of(sent.split_once('#')?.0);
    let of_deployment = || Some(config.deployment(*names.deployments.get(sent)?).id.as_str());
    of(sent).or_else(of_variant).or_else(of_deployment).unwrap_or(OTHER)
}

const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => NONE,
    }
}

/// What the GenAI conventions call what a request asks for.
const fn operation(format: Format) -> &'static str {
    match format {
        Format::OpenAiChat
        | Format::OpenAiResponses
        | Format::AnthropicMessages
        | Format::AzureOpenAi
        | Format::BedrockConverse
        | Format::CohereChat
        | Format::Ollama => "chat",
        Format::OpenAiCompletions => "text_completion",
        Format::OpenAiEmbeddings => "embeddings",
        Format::GeminiGenerate => "generate_content",
        Format::OpenAiModerations => "moderation",
        Format::OpenAiImages => "image",
        Format::OpenAiAudio => "audio",
        Format::OpenAiRealtime => "realtime",
        Format::Rerank => "rerank",
    }
}
