//! What is counted of requests and attempts.
//!
//! The router counts each request once, however it ends; whoever ends an attempt counts
//! that. No text of a request goes into a metric or a log line.

use std::rc::Rc;
use std::time::Duration;

use crate::config::DeploymentId;
use crate::host::Host;
use crate::metrics::{NONE, OTHER, table};
use crate::request::refusal::Refusal;
use crate::routing::{Decision, Server};
use crate::state::Ending;
use crate::state::outcome::Outcome;

use super::answer::Started;
use super::engine::Engine;
use super::label::{class, deployment, labels};
use super::read;
use super::spent::Tokens;
use super::stream::{State, Stream};

/// What the proxy answered by itself; of an attempt, for reasons that say nothing of the
/// deployment: a circuit breaker, a cluster that is not there.
pub(super) const PROXY: &str = "proxy";
/// What is tried because nothing before it may be picked.
const UNAVAILABLE: &str = "unavailable";

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
        if matches!(self.state, State::Reading(_) | State::Asking(_)) {
            return;
        }
        let spent_us = u64::try_from(self.spent.as_micros()).unwrap_or(u64::MAX);
        self.engine.meter.put(host, &table::DECISION, &[], spent_us);
        self.engine.log_time(host, spent_us);
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
        let engine = Rc::clone(&self.engine);
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
        let engine = Rc::clone(&self.engine);
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
        self.engine.log_refusal(host, refusal);
        self.count(host, [model, route, "refused", refusal.code]);
    }

    /// Counts a request that was answered with that status.
    pub(super) fn count_served<H: Host + ?Sized>(
        &mut self,
        host: &H,
        decision: &Decision,
        status: u16,
    ) {
        let engine = Rc::clone(&self.engine);
        let (model, route) = labels(&engine.config, Some(decision));
        self.count(host, [model, route, "served", class(status)]);
    }

    /// Counts what a decision has come to, and keeps it for logs.
    pub(super) fn note_decision<H: Host + ?Sized>(&mut self, host: &H, decision: &Decision) {
        let engine = Rc::clone(&self.engine);
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
        engine.log_decision(host, decision, step);
    }

    /// Counts an attempt that no state is kept of, unless that has been done.
    pub(super) fn count_stateless<H: Host + ?Sized>(&mut self, host: &H, outcome: &str) {
        if std::mem::take(&mut self.is_uncounted) {
            self.engine.meter.put(host, &table::ATTEMPTS, &[OTHER, outcome], 1);
        }
    }
}

impl Engine {
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
        let (operation, model) =
            (started.work.format.genai_operation(), &*described.upstream_model);
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
            let percent = started.work.tokens.saturating_mul(100).checked_div(tokens.input);
            put(&table::ESTIMATE, &[name], percent.unwrap_or_default());
        }
        if let Some(nano) = tokens.cost_nano_usd(&described.facts) {
            put(&table::COST, &[name], nano);
        }
    }
}
