//! One attempt, from its start to its end, as shared state and the metrics know it.

use log::Level;

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::work::Work;
use crate::metrics::{OTHER, table};
use crate::state::cooldown::Transition;
use crate::state::outcome::{Outcome, Report};
use crate::state::{Attempt, Dropped, Ended, Ending};

use super::tokens::SpentTokens;

/// The outcome of an attempt that the proxy answered by itself, for reasons that say
/// nothing about the deployment: a circuit breaker, a cluster that does not exist.
pub(crate) const PROXY: &str = "proxy";

/// An attempt that has begun and is not counted yet.
#[derive(Debug)]
#[must_use = "an attempt is counted when its ledger closes"]
pub(crate) struct AttemptLedger {
    work: Work,
    record: Record,
    /// When all of the request had gone on, in milliseconds since the epoch; `None`: not yet.
    sent_ms: Option<u64>,
}

/// Where an attempt is recorded beside the metrics.
#[derive(Debug)]
enum Record {
    /// In its deployment's record.
    Deployment(Attempt),
    /// Nowhere: it goes to an upstream model that the client named itself, or to a
    /// deployment that this configuration does not have.
    Nowhere,
}

/// How an attempt ended, for all who are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptEnd {
    /// What its deployment's record is told.
    pub(crate) ending: Ending,
    pub(crate) tokens: SpentTokens,
    /// The name of what it came to where that says nothing about the deployment.
    pub(crate) otherwise: &'static str,
}

impl AttemptEnd {
    /// Returns the end of an attempt that was not answered; without a report its client
    /// gave it up.
    pub(crate) fn without_answer(report: Option<Report>) -> Self {
        let ending = Ending { report, ..Ending::default() };
        let otherwise = Outcome::Cancelled.name();
        Self { ending, tokens: SpentTokens::default(), otherwise }
    }

    fn outcome(&self) -> &'static str {
        self.ending.report.map_or(self.otherwise, |report| report.outcome.name())
    }
}

impl AttemptLedger {
    /// Opens the ledger of an attempt that has begun; without an [`Attempt`] no state is
    /// kept of it.
    pub(crate) fn open(work: Work, attempt: Option<Attempt>) -> Self {
        Self { work, record: attempt.map_or(Record::Nowhere, Record::Deployment), sent_ms: None }
    }

    /// Returns what the request is.
    pub(crate) const fn work(&self) -> &Work {
        &self.work
    }

    /// Returns the deployment, where the attempt is recorded at one.
    pub(crate) const fn deployment(&self) -> Option<DeploymentId> {
        match &self.record {
            Record::Deployment(attempt) => Some(attempt.deployment),
            Record::Nowhere => None,
        }
    }

    /// Returns the attempt as numbers, for whoever takes it over; `None`: it is recorded
    /// nowhere.
    pub(crate) fn numbers(&self) -> Option<[u64; 4]> {
        match &self.record {
            Record::Deployment(attempt) => Some(attempt.numbers()),
            Record::Nowhere => None,
        }
    }

    /// Notes that all of the request has gone on. `least_tokens`: it had that many at least.
    pub(crate) fn sent(&mut self, now_ms: u64, least_tokens: u64) {
        self.sent_ms = Some(now_ms);
        self.work.tokens = self.work.tokens.max(least_tokens);
    }

    /// Returns whether all of the request has gone on.
    pub(crate) const fn is_sent(&self) -> bool {
        self.sent_ms.is_some()
    }

    /// Returns milliseconds since all of the request had gone on. Until then the client
    /// may have been what took so long.
    pub(crate) fn since_sent<H: Host + ?Sized>(&self, host: &H) -> Option<u64> {
        Some(millis(host.now()).saturating_sub(self.sent_ms?))
    }

    /// Gives a probe's place back, once its answer has begun.
    pub(crate) fn release_probe<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        if let Record::Deployment(attempt) = &mut self.record
            && attempt.is_probe()
            && cx.engine.fleet.release(cx.host, attempt).is_err()
        {
            cx.engine.count_exhausted(cx.host, 1);
        }
    }

    /// Closes the ledger: records the end of the attempt, and counts it.
    pub(crate) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>, end: &AttemptEnd) {
        let attempt = match &self.record {
            Record::Deployment(attempt) => attempt,
            Record::Nowhere => {
                cx.engine.meter.put(cx.host, &table::ATTEMPTS, &[OTHER, end.outcome()], 1);
                return;
            }
        };
        let now_ms = millis(cx.host.now());
        match cx.engine.fleet.end(cx.host, &cx.engine.config, attempt, &end.ending, now_ms) {
            Ok(Ended { transition, in_flight }) => {
                if let Some(transition) = transition {
                    changed_phase(cx, attempt.deployment, transition, end.ending.report);
                }
                show_in_flight(cx, attempt.deployment, Some(in_flight));
            }
            Err(Dropped) => cx.engine.count_exhausted(cx.host, 1),
        }
        count(cx, attempt, &self.work, end, now_ms);
    }

    /// Closes the ledger of an attempt that ended before it was answered, for no fault of
    /// its deployment: its client left, or the request was refused after all.
    pub(crate) fn cancelled<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.end(cx, &AttemptEnd::without_answer(None));
    }

    /// Closes the ledger of an attempt that was handed over and that no attempt filter has
    /// taken: who has no record then was not counted there either.
    pub(crate) fn handed_back<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if self.deployment().is_some() {
            self.cancelled(cx);
        }
    }
}

/// Counts an attempt after another one that came to `after`.
pub(crate) fn count_fallback<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    asked: &str,
    deployment: Option<DeploymentId>,
    after: Outcome,
) {
    let name = deployment.map_or(OTHER, |id| &cx.engine.config.deployment(id).id);
    cx.engine.meter.put(cx.host, &table::FALLBACKS, &[asked, name, after.name()], 1);
}

/// Shows how many attempts are under way at a deployment, where that is known.
pub(crate) fn show_in_flight<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    deployment: DeploymentId,
    in_flight: Option<u32>,
) {
    let Some(count) = in_flight else { return };
    let name = cx.engine.config.deployment(deployment).id.as_str();
    cx.engine.meter.put(cx.host, &table::IN_FLIGHT, &[name], u64::from(count));
}

/// Counts an attempt that has ended, with its duration, tokens and cost.
fn count<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    attempt: &Attempt,
    work: &Work,
    end: &AttemptEnd,
    now_ms: u64,
) {
    if !cx.engine.meter.is_on() {
        return;
    }
    let put =
        |metric, values: &[&str], amount| cx.engine.meter.put(cx.host, metric, values, amount);
    let described = cx.engine.config.deployment(attempt.deployment);
    let name = described.id.as_str();
    let provider = cx.engine.config.provider(described.provider).name.as_str();
    let (operation, model) = (work.format.genai_operation(), &*described.upstream_model);
    let AttemptEnd { ending, tokens, .. } = end;
    let outcome = end.outcome();
    let is_success = outcome == Outcome::Success.name();
    put(&table::ATTEMPTS, &[name, outcome], 1);
    let took_ms = now_ms.saturating_sub(attempt.began_ms);
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
            put(&table::TOKEN_USAGE, &[name, operation, provider, model, direction], count);
        }
    }
    if let (true, true, 1..) = (work.is_estimated, tokens.told[0], tokens.input) {
        let percent = work.tokens.saturating_mul(100).checked_div(tokens.input);
        put(&table::ESTIMATE, &[name], percent.unwrap_or_default());
    }
    if let Some(nano) = tokens.cost_nano_usd(&described.facts) {
        put(&table::COST, &[name], nano);
    }
}

/// Logs that a deployment's phase has changed, and counts it.
fn changed_phase<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    id: DeploymentId,
    transition: Transition,
    report: Option<Report>,
) {
    let name = &cx.engine.config.deployment(id).id;
    let line = match (transition, report) {
        (Transition::Cooled(ms), Some(Report { outcome, status, .. })) => {
            cx.engine.meter.put(cx.host, &table::COOLDOWNS, &[name, outcome.name()], 1);
            let status = if status == 0 { String::new() } else { format!(" ({status})") };
            format!("deployment \"{name}\" cools for {ms} ms after {}{status}", outcome.name())
        }
        _ => {
            cx.engine.meter.put(cx.host, &table::RECOVERIES, &[name], 1);
            format!("deployment \"{name}\" is healthy again")
        }
    };
    cx.host.log(Level::Info, &line);
}
