//! An answer on its way to the client: read as it passes, and never held.
//!
//! However it ends, the attempt it belongs to ends exactly once.

use log::Level;

use crate::config::{DeploymentId, Role};
use crate::host::Host;
use crate::metrics::table;
use crate::request::format::Format;
use crate::response::body::BodyReader;
use crate::response::outcome::{self, Asked, End};
use crate::state::cooldown::Transition;
use crate::state::headroom::Headroom;
use crate::state::outcome::{Outcome, Report};
use crate::state::{Attempt, Dropped, Ended, Ending};

use super::engine::Engine;
use super::spent::Tokens;
use super::stream::{Action, State, Stream, millis};

/// Longest piece of a body that is copied at once, in bytes.
const WINDOW: usize = 64 * 1024;

/// Of an attempt that its client gave up.
const CANCELLED: &str = Outcome::Cancelled.name();

/// What a request is, as far as its answer is judged by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) format: Format,
    /// Estimated tokens of the request.
    pub(super) tokens: u64,
    /// Whether they are, of all that was sent.
    pub(super) is_estimated: bool,
    /// Whether its tokens go through a model, rather than being counted only.
    pub(super) is_processed: bool,
    /// Whether it is answered with text, of which every token is one of output.
    pub(super) is_text: bool,
    /// Whether it may name what is not its own: files, media, kept state.
    pub(super) may_name_others: bool,
    /// Whether it brings a credential of the client's.
    pub(super) has_clients_credential: bool,
}

/// An attempt that has been started.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) attempt: Attempt,
    pub(super) work: Work,
    /// When all of the request had gone on, in milliseconds since the epoch; not yet: `None`.
    pub(super) sent_ms: Option<u64>,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) started: Started,
    /// What the head says.
    pub(super) report: Report,
    pub(super) has_own_credential: bool,
    pub(super) is_events: bool,
    pub(super) reader: Option<BodyReader>,
    pub(super) headroom: Headroom,
    pub(super) first_byte_ms: Option<u64>,
    /// Bytes of the body so far.
    pub(super) length: u64,
}

impl Stream {
    /// Takes a piece of the answer's body.
    pub fn on_response_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        length: usize,
        is_end: bool,
    ) -> Action {
        if let Some(mut this) = self.take_try() {
            let action = self.attempt_answer_body(host, &mut this, length, is_end);
            self.state = State::Try(this);
            return action;
        }
        if let Some(refusal) = self.instead.take() {
            return self.answer_instead(host, refusal, length, is_end);
        }
        if let Some(answer) = &mut self.answer {
            answer.pass(host, 0, length);
            if is_end {
                self.finish(host, End::Whole);
            }
        }
        Action::Continue
    }

    /// Takes the end of an answer that has trailers.
    pub fn on_response_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.on_response_body(host, 0, true)
    }

    /// Takes the end of the stream, however it came.
    pub fn on_done<H: Host + ?Sized>(&mut self, host: &H) {
        self.count_shadow(host, None);
        if let Some(answer) = &self.answer {
            let details = host.property(&["response", "code_details"]).unwrap_or_default();
            let details = str::from_utf8(&details).unwrap_or_default();
            // An upgraded connection has no end but this.
            let is_attempt = self.engine.config.role == Role::Attempt;
            let is_attempt = is_attempt && answer.report.status != 101;
            let end = outcome::end(details, answer.started.sent_ms.is_some(), is_attempt);
            self.finish(host, end);
        }
        if let Some(this) = self.take_try() {
            self.attempt_done(host, &this);
        } else if let Some(started) = self.started.take()
            && !self.is_handed_over(host)
        {
            // Without an answer nobody but the client can have ended it: for a provider
            // that cannot be reached the proxy answers.
            self.engine.end(host, &started, &Ending::default(), Tokens::default(), CANCELLED);
        }
        self.count_stateless(host, CANCELLED);
        self.count_cancelled(host);
    }

    /// Ends what is left of the attempt; what it came to.
    pub(super) fn finish<H: Host + ?Sized>(&mut self, host: &H, end: End) -> Option<Report> {
        let mut answer = self.answer.take()?;
        let told = answer.reader.take().map(BodyReader::finish);
        let Answer { report, has_own_credential, is_events, headroom, first_byte_ms, .. } = *answer;
        let asked =
            Asked { has_own_credential, may_name_others: answer.started.work.may_name_others };
        let report = outcome::of_body(report, told.as_ref(), is_events, asked, end);
        let tokens = Tokens::of(&answer, told.unwrap_or_default());
        let answer_ms = answer.since_sent(host);
        let ending = Ending { report, tokens: tokens.sum(), first_byte_ms, answer_ms, headroom };
        let started = &answer.started;
        self.engine.end(host, started, &ending, tokens, CANCELLED);
        if end == End::Whole {
            self.engine.log_tokens(host, started.attempt.deployment, tokens);
        }
        report
    }
}

impl Answer {
    /// Milliseconds since all of the request had gone on: until then the client may have
    /// been what took so long.
    fn since_sent<H: Host + ?Sized>(&self, host: &H) -> Option<u64> {
        let sent_ms = self.started.sent_ms?;
        Some(millis(host.now()).saturating_sub(sent_ms))
    }

    /// Reads what has come behind the first `seen` bytes at hand.
    pub(super) fn pass<H: Host + ?Sized>(&mut self, host: &H, seen: usize, length: usize) {
        if length <= seen {
            return;
        }
        if self.first_byte_ms.is_none() {
            self.first_byte_ms = self.since_sent(host);
        }
        self.length = self.length.saturating_add(length.saturating_sub(seen) as u64);
        let Some(reader) = &mut self.reader else { return };
        let mut at = seen;
        while at < length {
            let window = host.response_body(at, length.saturating_sub(at).min(WINDOW));
            let Some(window) = window.filter(|window| !window.is_empty()) else { return };
            at = at.saturating_add(window.len());
            reader.feed(&window);
        }
    }
}

impl Engine {
    /// Records the end of an attempt, and counts it; `otherwise` where it says nothing
    /// about the deployment.
    pub(super) fn end<H: Host + ?Sized>(
        &self,
        host: &H,
        started: &Started,
        ending: &Ending,
        tokens: Tokens,
        otherwise: &'static str,
    ) {
        let now_ms = millis(host.now());
        let attempt = &started.attempt;
        match self.fleet.end(host, &self.config, attempt, ending, now_ms) {
            Ok(Ended { transition, in_flight }) => {
                if let Some(transition) = transition {
                    self.changed_phase(host, attempt.deployment, transition, ending.report);
                }
                self.show_in_flight(host, attempt.deployment, Some(in_flight));
            }
            Err(Dropped) => self.count_exhausted(host, 1),
        }
        self.count_attempt(host, started, ending, tokens, otherwise, now_ms);
    }

    /// Says that a deployment's phase has changed, and counts it.
    fn changed_phase<H: Host + ?Sized>(
        &self,
        host: &H,
        id: DeploymentId,
        transition: Transition,
        report: Option<Report>,
    ) {
        let name = &self.config.deployment(id).id;
        match (transition, report) {
            (Transition::Cooled(_), Some(report)) => {
                self.meter.put(host, &table::COOLDOWNS, &[name, report.outcome.name()], 1);
            }
            _ => self.meter.put(host, &table::RECOVERIES, &[name], 1),
        }
        let line = match (transition, report) {
            (Transition::Recovered, _) | (_, None) => {
                format!("deployment \"{name}\" is healthy again")
            }
            (Transition::Cooled(ms), Some(Report { outcome, status, .. })) => {
                let status = if status == 0 { String::new() } else { format!(" ({status})") };
                format!("deployment \"{name}\" cools for {ms} ms after {}{status}", outcome.name())
            }
        };
        host.log(Level::Info, &line);
    }
}
