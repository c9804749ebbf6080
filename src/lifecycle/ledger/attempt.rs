//! The ledger of one attempt: what shared state and metrics record of it, from its start to its
//! end.

use log::Level;

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::work::Work;
use crate::metrics::{OTHER, table};
use crate::state::cooldown::{Charge, Transition};
use crate::state::outcome::Outcome;
use crate::state::report::Report;
use crate::state::{ATTEMPT_NUMBERS, Attempt, Dropped, Ended, Ending, TenantHold};

use super::in_flight::show_in_flight;
use super::tenant::{release, settle, spent};
use super::tokens::SpentTokens;

/// An attempt that has begun and has not been counted. Closing it takes it, so that no attempt
/// can end twice.
#[derive(Debug)]
#[must_use = "an attempt is counted when its ledger closes"]
pub(crate) struct AttemptLedger {
    work: Work,
    record: Recording,
    /// What is reserved for it of a tenant's budget, where there is one.
    pub(crate) hold: Option<Box<TenantHold>>,
    /// When the last of the request went on, in milliseconds since the epoch; `None` until then.
    sent_ms: Option<u64>,
}

/// Where an attempt is recorded in addition to the metrics.
#[derive(Debug)]
enum Recording {
    /// In the record of its deployment in shared data.
    Deployment(Attempt),
    /// Nowhere: its upstream model was named by the client, or this configuration does not have
    /// the deployment.
    Nowhere,
}

/// How an attempt ended, for shared state, metrics and logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptEnd {
    /// What the record of its deployment takes in.
    pub(crate) ending: Ending,
    /// The tokens that it cost; `None` where no answer tells.
    pub(crate) tokens: Option<SpentTokens>,
    /// The outcome as a label, for an ending without a report.
    pub(crate) otherwise: &'static str,
}

impl AttemptEnd {
    /// Returns the end of an attempt that was not answered. Without a report the client gave it
    /// up.
    pub(crate) fn without_answer(report: Option<Report>) -> Self {
        let ending = Ending { report, ..Ending::default() };
        let otherwise = Outcome::Cancelled.name();
        Self { ending, tokens: None, otherwise }
    }

    /// Returns the outcome as a label.
    fn outcome(&self) -> &'static str {
        self.ending.report.map_or(self.otherwise, |report| report.outcome.name())
    }
}

impl AttemptLedger {
    /// Opens the ledger of an attempt that has begun. `attempt` is `None` where shared state does
    /// not record it.
    pub(crate) fn open(work: Work, attempt: Option<Attempt>) -> Self {
        Self {
            work,
            record: attempt.map_or(Recording::Nowhere, Recording::Deployment),
            hold: None,
            sent_ms: None,
        }
    }

    /// Begins an attempt in shared state at a deployment that was chosen a while ago, and opens its
    /// ledger. It begins even if the deployment is at its limit by now, because Envoy has gone
    /// there already.
    pub(crate) fn open_chosen<H: Host + ?Sized>(
        cx: Ctx<'_, H>,
        id: DeploymentId,
        work: Work,
    ) -> Self {
        let mut snapshot = cx.engine.fleet.at(cx.host, &cx.engine.config, millis(cx.host.now()));
        let begun = snapshot.begin_chosen(id, work.claim());
        cx.engine.count_exhausted(cx.host, snapshot.dropped());
        show_in_flight(cx, id, begun.in_flight);
        Self::open(work, Some(begun.attempt))
    }

    /// Returns what is known of the request.
    pub(crate) const fn work(&self) -> &Work {
        &self.work
    }

    /// Returns the deployment that records the attempt.
    pub(crate) const fn deployment(&self) -> Option<DeploymentId> {
        match &self.record {
            Recording::Deployment(attempt) => Some(attempt.deployment),
            Recording::Nowhere => None,
        }
    }

    /// Returns whether somebody wants to know what its answer costs.
    pub(crate) const fn is_followed(&self) -> bool {
        self.deployment().is_some() || self.hold.is_some()
    }

    /// Returns the attempt as numbers, for the attempt filter that takes it over; `None` where it
    /// is recorded nowhere.
    pub(crate) fn numbers(&self) -> Option<[u64; ATTEMPT_NUMBERS]> {
        match &self.record {
            Recording::Deployment(attempt) => Some(attempt.numbers()),
            Recording::Nowhere => None,
        }
    }

    /// Notes what is known of the body: its length, if that is known, and how it begins.
    pub(crate) fn identify(&mut self, length: Option<u64>, beginning: &[u8]) {
        self.work.identify(length, beginning);
    }

    /// Notes that the last of the request has gone on. `now_ms` is the time in milliseconds since
    /// the epoch, and `least_tokens` a lower bound of its input tokens.
    pub(crate) fn note_sent(&mut self, now_ms: u64, least_tokens: u64) {
        self.sent_ms = Some(now_ms);
        self.work.tokens = self.work.tokens.max(least_tokens);
    }

    /// Returns whether all of the request has gone on. Until then, a slow client may be what
    /// takes the time.
    pub(crate) const fn is_sent(&self) -> bool {
        self.sent_ms.is_some()
    }

    /// Returns the time since the last of the request went on, in milliseconds; `None` where it
    /// has not, for then the time would be the client's. `now_ms` is in milliseconds since the
    /// epoch.
    pub(crate) fn since_sent(&self, now_ms: u64) -> Option<u64> {
        Some(now_ms.saturating_sub(self.sent_ms?))
    }

    /// Gives a probe's place back. A deployment that recovers gets few requests at a time; once
    /// one of them is being answered, the next may come.
    pub(crate) fn release_probe<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        if let Recording::Deployment(attempt) = &mut self.record
            && attempt.is_probe()
            && cx.engine.fleet.release(cx.host, attempt).is_err()
        {
            cx.engine.count_exhausted(cx.host, 1);
        }
    }

    /// Closes the ledger: records the end of the attempt in shared state, and counts it. A write
    /// that is given up because other workers were always faster is counted too. Returns what was
    /// counted against the deployment.
    pub(crate) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>, end: &AttemptEnd) -> Option<Charge> {
        self.end_at(cx, end, millis(cx.host.now()))
    }

    /// Closes the ledger at a time, in milliseconds since the epoch, as [`AttemptLedger::end`] does.
    pub(crate) fn end_at<H: Host + ?Sized>(
        mut self,
        cx: Ctx<'_, H>,
        end: &AttemptEnd,
        now_ms: u64,
    ) -> Option<Charge> {
        if let Some(hold) = self.hold.take() {
            let facts = self.deployment().map(|id| &cx.engine.config.deployment(id).facts);
            let is_given_up = self.is_sent() && end.ending.report.is_none();
            let spent = spent(&hold, facts, end.tokens, is_given_up);
            settle(cx, *hold, spent, now_ms);
        }
        let attempt = match &self.record {
            Recording::Deployment(attempt) => attempt,
            Recording::Nowhere => {
                cx.engine.meter.put(cx.host, &table::ATTEMPTS, &[OTHER, end.outcome()], 1);
                return None;
            }
        };
        // Shared state comes first: other workers wait for it, and metrics can come later.
        let ending = Ending { fingerprint: self.work.fingerprint, ..end.ending };
        let mut counted = None;
        match cx.engine.fleet.end(cx.host, &cx.engine.config, attempt, &ending, now_ms) {
            Ok(Ended { transition, charge, in_flight }) => {
                counted = charge;
                if let Some(transition) = transition {
                    report_transition(cx, attempt.deployment, transition, ending.report);
                }
                show_in_flight(cx, attempt.deployment, Some(in_flight));
            }
            Err(Dropped) => cx.engine.count_exhausted(cx.host, 1),
        }
        if let Some(tokens) = end.tokens.as_ref().filter(|told| told.disbelieved.contains(&true)) {
            report_disbelieved(cx, attempt.deployment, tokens);
        }
        count(cx, attempt, &self.work, end, now_ms);
        counted
    }

    /// Closes the ledger of an attempt that ended unanswered through no fault of its deployment:
    /// the client left, or the request was refused after all.
    pub(crate) fn cancel<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.end(cx, &AttemptEnd::without_answer(None));
    }

    /// Closes the ledger of an attempt that was handed over, but that no attempt filter has taken.
    /// An attempt without a record is not counted: it is the filter that would have counted it.
    pub(crate) fn hand_back<H: Host + ?Sized>(mut self, cx: Ctx<'_, H>) {
        // No provider has got it, so nothing is billed.
        release(cx, self.hold.take().map(|hold| *hold));
        if self.deployment().is_some() {
            self.cancel(cx);
        }
    }
}

/// Counts a fallback: an attempt at another leg after one that ended with the outcome `after`.
/// `asked` is the model that the client asked for, as a label.
pub(crate) fn count_fallback<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    asked: &str,
    deployment: Option<DeploymentId>,
    after: Outcome,
) {
    let name = deployment.map_or(OTHER, |id| &cx.engine.config.deployment(id).id);
    cx.engine.meter.put(cx.host, &table::FALLBACKS, &[asked, name, after.name()], 1);
}

/// Counts an attempt that has ended: its outcome, duration, tokens and cost, and how far the
/// estimate of its tokens was from the provider's count.
fn count<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    attempt: &Attempt,
    work: &Work,
    end: &AttemptEnd,
    now_ms: u64,
) {
    // Labels and durations need not be found out for metrics that are off.
    if !cx.engine.meter.is_on() {
        return;
    }
    let put =
        |metric, values: &[&str], amount| cx.engine.meter.put(cx.host, metric, values, amount);
    let described = cx.engine.config.deployment(attempt.deployment);
    let name = described.id.as_str();
    let provider = cx.engine.config.provider(described.provider).name.as_str();
    let (operation, model) = (work.format.genai_operation(), &*described.upstream_model);
    let AttemptEnd { ending, .. } = end;
    let tokens = end.tokens.unwrap_or_default();
    let outcome = end.outcome();
    let is_success = outcome == Outcome::Success.name();
    put(&table::ATTEMPTS, &[name, outcome], 1);
    let took_ms = now_ms.saturating_sub(attempt.began_ms);
    // The label is empty for a success, as OpenTelemetry's `error.type` is absent then.
    let error = if is_success { "" } else { outcome };
    let genai = [name, operation, provider, model];
    put(&table::DURATION, &[name, operation, provider, model, error], took_ms);
    if let Some(ms) = ending.first_byte_ms.filter(|_| is_success) {
        put(&table::FIRST_TOKEN, &genai, ms);
    }
    count_tokens(cx, &genai, &tokens);
    // Only an estimate of the whole body can be compared with the provider's count.
    if let (true, true, 1..) = (work.is_estimated, tokens.told[0], tokens.input) {
        let percent = work.tokens.saturating_mul(100).checked_div(tokens.input);
        put(&table::ESTIMATE, &[name], percent.unwrap_or_default());
    }
    if let Some(nano) = tokens.cost_nano_usd(&described.facts) {
        put(&table::COST, &[name], nano);
    }
}

/// Counts the tokens of an attempt, and the parts of them that its provider tells. `genai` are the
/// labels of the conventions, of which the first is the deployment.
fn count_tokens<H: Host + ?Sized>(cx: Ctx<'_, H>, genai: &[&str; 4], tokens: &SpentTokens) {
    let put =
        |metric, values: &[&str], amount| cx.engine.meter.put(cx.host, metric, values, amount);
    let [name, ..] = *genai;
    let directions = [
        ("input", tokens.input, &table::INPUT_TOKENS),
        ("output", tokens.output, &table::OUTPUT_TOKENS),
    ];
    for ((direction, count, histogram), is_told) in directions.into_iter().zip(tokens.told) {
        let source = if is_told { "provider" } else { "estimate" };
        put(&table::TOKENS, &[name, direction, source], count);
        if is_told {
            put(histogram, genai, count);
        }
    }
    for (kind, count) in [
        ("cache_read", tokens.cache.read),
        ("cache_write", tokens.cache.written),
        ("reasoning", tokens.reasoning),
    ] {
        put(&table::TOKEN_PARTS, &[name, kind], count);
    }
}

/// Counts token counts of a provider that are impossible, and warns of the first one that this
/// worker has met at the deployment.
#[cold]
fn report_disbelieved<H: Host + ?Sized>(cx: Ctx<'_, H>, id: DeploymentId, tokens: &SpentTokens) {
    let name = &cx.engine.config.deployment(id).id;
    let directions = ["input", "output"].into_iter().zip(tokens.disbelieved);
    for (direction, _) in directions.filter(|(_, is_disbelieved)| *is_disbelieved) {
        cx.engine.meter.put(cx.host, &table::DISBELIEVED, &[name, direction], 1);
        if cx.engine.is_first_warning(id) {
            let line = format!(
                "deployment \"{name}\" reports more {direction} tokens than possible; the filter \
                 replaces such counts by estimates"
            );
            cx.host.log(Level::Warn, &line);
        }
    }
}

/// Logs and counts that a deployment has begun to cool down, or is healthy again.
#[cold]
pub(crate) fn report_transition<H: Host + ?Sized>(
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
        // A deployment cools only after a report, so this is the other transition.
        _ => {
            cx.engine.meter.put(cx.host, &table::RECOVERIES, &[name], 1);
            format!("deployment \"{name}\" is healthy again")
        }
    };
    cx.host.log(Level::Info, &line);
}
