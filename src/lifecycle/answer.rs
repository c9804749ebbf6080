//! An answer on its way to the client: read as it passes, and never held.
//!
//! However it ends, the attempt it belongs to ends exactly once.

use log::Level;

use crate::config::DeploymentId;
use crate::host::Host;
use crate::request::format::Format;
use crate::response::body::{BodyReader, Told};
use crate::response::outcome::{self, Asked, End};
use crate::state::cooldown::Transition;
use crate::state::headroom::Headroom;
use crate::state::outcome::Report;
use crate::state::{Attempt, Dropped, Ending};

use super::engine::Engine;
use super::stream::{Stream, millis};

/// Longest piece of a body that is copied at once, in bytes.
const WINDOW: usize = 64 * 1024;

/// What an attempt was started for.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) attempt: Attempt,
    pub(super) format: Format,
    /// Estimated tokens of the request.
    pub(super) tokens: u64,
    /// Whether its tokens go through a model, rather than being counted only.
    pub(super) is_processed: bool,
    /// Whether it is answered with text, of which every token is one of output.
    pub(super) is_text: bool,
    /// Whether it may name what is not its own: files, media, kept state.
    pub(super) may_name_others: bool,
    /// Whether it brings a credential of the client's.
    pub(super) has_clients_credential: bool,
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
    pub fn on_response_body<H: Host + ?Sized>(&mut self, host: &H, length: usize, is_end: bool) {
        let Some(answer) = &mut self.answer else { return };
        answer.pass(host, length);
        if is_end {
            self.finish(host, End::Whole);
        }
    }

    /// Takes the end of the stream, however it came.
    pub fn on_done<H: Host + ?Sized>(&mut self, host: &H) {
        if self.answer.is_some() {
            let details = host.property(&["response", "code_details"]).unwrap_or_default();
            let is_whole = self.answer.as_ref().is_some_and(|a| a.started.sent_ms.is_some());
            let details = str::from_utf8(&details).unwrap_or_default();
            self.finish(host, outcome::end(details, is_whole));
        }
        // Without an answer nobody but the client can have ended it: for a provider
        // that cannot be reached the proxy answers.
        if let Some(started) = self.started.take() {
            self.engine.end(host, &started.attempt, &Ending::default());
        }
    }

    /// Ends what is left of the attempt.
    pub(super) fn finish<H: Host + ?Sized>(&mut self, host: &H, end: End) {
        let Some(mut answer) = self.answer.take() else { return };
        let told = answer.reader.take().map(BodyReader::finish);
        let Answer { report, has_own_credential, is_events, headroom, first_byte_ms, .. } = *answer;
        let asked = Asked { has_own_credential, may_name_others: answer.started.may_name_others };
        let report = outcome::of_body(report, told.as_ref(), is_events, asked, end);
        let tokens = tokens(&answer, told.unwrap_or_default());
        let answer_ms = answer.since_sent(host);
        let ending = Ending { report, tokens, first_byte_ms, answer_ms, headroom };
        self.engine.end(host, &answer.started.attempt, &ending);
    }
}

impl Answer {
    /// Milliseconds since all of the request had gone on: until then the client may have
    /// been what took so long.
    fn since_sent<H: Host + ?Sized>(&self, host: &H) -> Option<u64> {
        let sent_ms = self.started.sent_ms?;
        Some(millis(host.now()).saturating_sub(sent_ms))
    }

    fn pass<H: Host + ?Sized>(&mut self, host: &H, length: usize) {
        if length == 0 {
            return;
        }
        if self.first_byte_ms.is_none() {
            self.first_byte_ms = self.since_sent(host);
        }
        self.length = self.length.saturating_add(length as u64);
        let Some(reader) = &mut self.reader else { return };
        let mut at = 0;
        while at < length {
            let window = host.response_body(at, length.saturating_sub(at).min(WINDOW));
            let Some(window) = window.filter(|window| !window.is_empty()) else { return };
            at = at.saturating_add(window.len());
            reader.feed(&window);
        }
    }
}

/// Tokens of input and output: as the provider counts them, or else as they are estimated.
fn tokens(answer: &Answer, told: Told) -> u64 {
    let started = &answer.started;
    if answer.report.status >= 400 || !started.is_processed {
        return 0;
    }
    let input = told.usage.input_tokens.unwrap_or(started.tokens);
    let output = told.usage.output_tokens.unwrap_or(match (started.is_text, answer.is_events) {
        (false, _) => 0,
        // Most providers send an event for each token,
        (true, true) => u64::from(told.events),
        // and a token is four bytes long.
        (true, false) => answer.length / 4,
    });
    input.saturating_add(output)
}

impl Engine {
    /// Records the end of an attempt.
    pub(super) fn end<H: Host + ?Sized>(&self, host: &H, attempt: &Attempt, ending: &Ending) {
        let now_ms = millis(host.now());
        match self.fleet.end(host, &self.config, attempt, ending, now_ms) {
            Ok(Some(transition)) => self.log(host, attempt.deployment, transition, ending.report),
            Ok(None) => {}
            Err(Dropped) => self.count_exhausted(host, 1),
        }
    }

    fn log<H: Host + ?Sized>(
        &self,
        host: &H,
        id: DeploymentId,
        transition: Transition,
        report: Option<Report>,
    ) {
        let name = &self.config.deployment(id).id;
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
