//! One request through the router role: hold its headers, scan its body as it
//! comes, decide, rewrite, let go; and once it was let go early, read on.

use std::rc::Rc;
use std::time::Duration;

use crate::config::Role;
use crate::host::Host;
use crate::request::body::BodyScanner;
use crate::request::facts::RequestFacts;
use crate::request::format::Dialect;
use crate::request::path::Call;
use crate::request::refusal::Refusal;
use crate::request::scan::{Layout, Looks, Scan, ScanError};
use crate::routing::{Decision, looks};

use super::admin::Asked;
use super::answer::{Answer, Started, Work};
use super::ask::Asking;
use super::attempt::Try;
use super::engine::Engine;
use super::hand::ENDED;
use super::headers::RequestHead;
use super::read::{self, Judged, Unread, Written, window};
use super::refuse::refuse;
use super::rest::Rest;
use super::shadow::{self, Shadowed};

/// What the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Goes on.
    Continue,
    /// Holds what it has and calls again.
    Pause,
}

/// One request.
#[derive(Debug)]
pub struct Stream {
    pub(super) engine: Rc<Engine>,
    pub(super) state: State,
    /// The head has gone on, and can be neither read nor changed.
    pub(super) is_head_gone: bool,
    /// What the request is, once that is known.
    pub(super) work: Option<Work>,
    /// The attempt, until its answer begins.
    pub(super) started: Option<Started>,
    /// What the shadow made of it, until that is counted.
    pub(super) shadowed: Option<Box<Shadowed>>,
    /// What the client is told instead of what is coming.
    pub(super) instead: Option<Refusal>,
    /// The answer, while it passes.
    pub(super) answer: Option<Box<Answer>>,
    /// Whether it is a request that has not been counted.
    pub(super) is_open: bool,
    /// Whether it is an attempt that no state is kept of and that has not been counted.
    pub(super) is_uncounted: bool,
    /// When the callback began that reads or decides.
    pub(super) entered: Duration,
    /// When the request had gone on, if that callback let it.
    pub(super) left: Duration,
    /// How long callbacks have read and decided.
    pub(super) spent: Duration,
}

#[derive(Debug, Default)]
pub(super) enum State {
    /// Nothing seen yet, or nothing to do any more.
    #[default]
    Idle,
    /// An admin request, whose body is being read.
    Admin(Box<Asked>),
    /// The body is being read.
    Reading(Box<Reading>),
    /// Held until a service has answered.
    Asking(Box<Asking>),
    /// Sent to a deployment.
    Sent(Box<Sent>),
    /// An attempt, in the attempt role.
    Try(Box<Try>),
    /// To be answered here, at the end of the request: Envoy closes the connection of a
    /// client that is answered before.
    Refused(Box<(Refusal, Dialect)>),
}

/// What is known of a request before its body.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) head: RequestHead,
    pub(super) call: Call,
    pub(super) written: Written,
    /// The length of the body, if it is announced.
    pub(super) length: Option<u64>,
    /// Draws what is drawn for this request.
    pub(super) seed: u64,
    /// Whether the shadow is evaluated for it.
    pub(super) is_shadowed: bool,
}

#[derive(Debug)]
pub(super) struct Reading {
    pub(super) opening: Opening,
    pub(super) scanner: BodyScanner,
    /// What the scanner looks at.
    pub(super) looks: Looks,
    pub(super) seen: usize,
    pub(super) is_model_awaited: bool,
}

#[derive(Debug)]
pub(super) struct Sent {
    /// Until its answer has come.
    pub(super) decision: Option<Decision>,
    /// What of the body was sent on unread.
    pub(super) rest: Option<Rest>,
}

impl Stream {
    /// A request that has not begun.
    #[must_use]
    pub fn new(engine: Rc<Engine>) -> Self {
        Self {
            engine,
            state: State::Idle,
            is_head_gone: false,
            work: None,
            started: None,
            shadowed: None,
            instead: None,
            answer: None,
            is_open: false,
            is_uncounted: false,
            entered: Duration::ZERO,
            left: Duration::ZERO,
            spent: Duration::ZERO,
        }
    }

    /// Takes the request's headers.
    pub fn on_request_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        let engine = Rc::clone(&self.engine);
        if engine.config.role == Role::Attempt {
            return self.attempt(host, is_end);
        }
        let config = &engine.config;
        let mut head = RequestHead::new(host.request_headers());
        if let Some(gate) = &engine.gate
            && let Some(action) = self.admin(host, gate, &mut head, is_end)
        {
            return action;
        }
        self.is_open = true;
        let judged = read::judge(config, &head);
        for name in head.withheld(&config.headers, judged != Judged::No) {
            host.set_request_header(name, None);
        }
        let Judged::Yes(call, written) = judged else {
            if config.serve_models
                && let Some(action) = Self::list_models(host, config, &head)
            {
                // No request to a model: nobody is to see a refusal in it.
                self.is_open = false;
                return action;
            }
            self.pass(host);
            return Action::Continue;
        };
        let format = call.format();
        if let Some(unread) = read::against(config, &head, written, is_end) {
            return self.not_read(host, &unread, format);
        }
        let length = head.length();
        let longest = length.unwrap_or(config.limits.max_body_bytes);
        let seed = host.random();
        let is_shadowed = shadow::is_wanted(config, || head.shadow_sample(seed));
        let has_cost_limit = head.has_cost_limit(config);
        let looks =
            shadow::looks(config, is_shadowed, |c| looks::before(c, has_cost_limit, longest));
        let scanner = match read::scanner(config, &head, call.entry, written, looks, engine.seed) {
            Ok(scanner) => scanner,
            Err(error) => return self.not_read(host, &Unread::Unparsable(error), format),
        };
        let action = self.hold(host, &mut head, &call);
        let opening = Opening { head, call, written, length, seed, is_shadowed };
        if written == Written::Nothing {
            self.enter(host);
            let facts = RequestFacts::new(opening.call.entry);
            let scan = Scan { facts, layout: Layout::default() };
            let action = self.decide_on(host, opening, scan, 0, &[], true);
            self.leave(host);
            return action.unwrap_or_else(|refusal| refuse(host, &refusal, format.dialect()));
        }
        self.state = State::Reading(Box::new(Reading {
            opening,
            scanner,
            looks,
            seen: 0,
            is_model_awaited: true,
        }));
        action
    }

    /// Takes the request's body. While it is held, `held` is all that is there by now;
    /// once it streams, the chunk that has just come.
    pub fn on_request_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
    ) -> Action {
        match std::mem::take(&mut self.state) {
            State::Idle => Action::Continue,
            State::Admin(asked) => self.admin_body(host, asked, held, is_end),
            State::Reading(reading) => {
                self.enter(host);
                let action = self.read(host, reading, held, is_end);
                self.leave(host);
                action
            }
            State::Asking(asking) => self.wait(asking, is_end),
            State::Sent(sent) => self.stream(host, sent, held, is_end),
            State::Try(mut this) => {
                self.attempt_body(host, &mut this, held, is_end);
                self.state = State::Try(this);
                Action::Continue
            }
            State::Refused(refused) => self.refuse_at(host, refused, is_end),
        }
    }

    /// Takes the end of a body that has trailers.
    pub fn on_request_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        match std::mem::take(&mut self.state) {
            State::Idle => Action::Continue,
            State::Admin(asked) => self.answer_admin(host, &asked),
            State::Reading(reading) => {
                self.enter(host);
                let action = self.decide(host, *reading, &[], true);
                self.leave(host);
                action
            }
            State::Asking(asking) => self.wait(asking, true),
            State::Sent(sent) => self.stream(host, sent, 0, true),
            State::Try(this) => {
                self.sent(host);
                self.state = State::Try(this);
                Action::Continue
            }
            State::Refused(refused) => self.refuse_at(host, refused, true),
        }
    }

    /// Takes the head of the response.
    pub fn on_response_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        if let Some(mut this) = self.take_try() {
            let action = self.attempt_answered(host, &mut this, is_end);
            self.state = State::Try(this);
            return action;
        }
        match &mut self.state {
            State::Sent(sent) => {
                if let Some(decision) = sent.decision.take() {
                    self.respond(host, &decision, is_end);
                }
            }
            // The proxy has answered by itself: a service's answer comes too late.
            State::Asking(_) => self.state = State::Idle,
            _ => {}
        }
        self.count_answered(host);
        Action::Continue
    }

    /// The attempt, to be put back.
    pub(super) fn take_try(&mut self) -> Option<Box<Try>> {
        match std::mem::take(&mut self.state) {
            State::Try(this) => Some(this),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Reads what is held of a body and not read yet.
    fn read<H: Host + ?Sized>(
        &mut self,
        host: &H,
        mut reading: Box<Reading>,
        held: usize,
        is_end: bool,
    ) -> Action {
        let limit = self.engine.config.limits.max_body_bytes;
        let format = reading.opening.call.format();
        if held as u64 > limit {
            return self.not_read(host, &Unread::TooLarge { limit }, format);
        }
        let is_whole = is_end || reading.opening.length == Some(held as u64);
        let mut early = None;
        let mut first = Vec::new();
        while reading.seen < held {
            let Some(window) = window(host, reading.seen, held) else {
                let refusal = read::unreadable();
                self.count_refused(host, &refusal, None);
                return refuse(host, &refusal, format.dialect());
            };
            let is_first = reading.seen == 0;
            reading.seen = reading.seen.saturating_add(window.len());
            let read = match reading.read_to_model(&window) {
                Ok(rest) => {
                    early = early.or_else(|| self.at_model(host, &mut reading, is_whole));
                    reading.scanner.feed(rest)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = read {
                return self.not_read(host, &Unread::Unparsable(error), format);
            }
            if is_first {
                first = window;
            }
        }
        if let Some(decision) = early {
            return self.release(host, *reading, decision, &first);
        }
        // Nothing can follow the announced length: one callback less that holds.
        if is_whole {
            return self.decide(host, *reading, &first, is_end);
        }
        self.state = State::Reading(reading);
        Action::Pause
    }

    /// Reads a chunk of a body that was let go before its end. What would have been
    /// refused ends the stream, before the provider has the whole of it.
    fn stream<H: Host + ?Sized>(
        &mut self,
        host: &H,
        mut sent: Box<Sent>,
        held: usize,
        is_end: bool,
    ) -> Action {
        let limit = self.engine.config.limits.max_body_bytes;
        if let Some(rest) = &mut sent.rest {
            match rest.read(host, held, is_end, limit) {
                Ok(None) => {}
                Ok(facts) => self.count_shadow(host, facts.as_ref()),
                Err(refusal) => {
                    if self.engine.config.is_handing_over() {
                        host.set_property(ENDED, b"1");
                    }
                    self.count_refused(host, &refusal, sent.decision.as_ref());
                    return refuse(host, &refusal, rest.format.dialect());
                }
            }
        }
        if is_end {
            self.sent(host);
            if let (Some(started), Some(rest)) = (&mut self.started, &sent.rest) {
                started.work.tokens = started.work.tokens.max(rest.tokens());
            }
        }
        self.state = State::Sent(sent);
        Action::Continue
    }

    /// Notes that all of the request goes on.
    pub(super) fn sent<H: Host + ?Sized>(&mut self, host: &H) {
        self.left = host.now();
        let of_answer = self.answer.as_mut().map(|answer| &mut answer.started);
        if let Some(started) = of_answer.or(self.started.as_mut()) {
            started.sent_ms = Some(millis(self.left));
        }
    }
}

impl Reading {
    /// Reads as far as the model, if that has not been seen; gives back what is left.
    fn read_to_model<'w>(&mut self, window: &'w [u8]) -> Result<&'w [u8], ScanError> {
        let is_awaited = self.is_model_awaited && !self.opening.call.names_model();
        if is_awaited { self.scanner.feed_to_model(window) } else { Ok(window) }
    }
}

/// Milliseconds since the epoch.
pub(super) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
