//! One request through the router role: hold its headers, scan its body as it
//! comes, decide at its end, rewrite, let go.

use std::rc::Rc;
use std::time::Duration;

use crate::config::BodyPolicy;
use crate::host::Host;
use crate::request::format::{Dialect, Format};
use crate::request::refusal::Refusal;
use crate::request::scan::{Scan, Scanner};
use crate::routing::{self, Decision, Verdict};

use super::apply::Held;
use super::engine::Engine;
use super::headers::RequestHead;
use super::read::{self, Judged, Unread};

/// Most bytes of a body that are in the module at a time while it is scanned.
const WINDOW: usize = 128 * 1024;

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
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing seen yet, or nothing to do any more.
    Idle,
    /// The body is being read.
    Reading(Box<Reading>),
    /// Sent to a deployment; its answer is waited for.
    Sent(Box<Decision>),
}

#[derive(Debug)]
struct Reading {
    head: RequestHead,
    format: Format,
    scanner: Scanner,
    seen: usize,
}

impl Stream {
    /// A request that has not begun.
    #[must_use]
    pub fn new(engine: Rc<Engine>) -> Self {
        Self { engine, state: State::Idle }
    }

    /// Takes the request's headers.
    pub fn on_request_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        let engine = Rc::clone(&self.engine);
        let head = RequestHead::new(host.request_headers());
        let judged = read::judge(&engine.config, &head);
        for name in head.withheld(&engine.config.headers, judged != Judged::No) {
            host.set_request_header(name, None);
        }
        let Judged::Yes(format) = judged else {
            self.pass(host);
            return Action::Continue;
        };
        if let Some(unread) = read::against(&engine.config, &head, is_end) {
            return self.not_read(host, &unread, format);
        }
        let scanner = Scanner::new(&read::spec(&engine.config, format));
        self.state = State::Reading(Box::new(Reading { head, format, scanner, seen: 0 }));
        Action::Pause
    }

    /// Takes the request's body: `held` bytes are held by now, all of it at the end.
    pub fn on_request_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
    ) -> Action {
        let State::Reading(reading) = &mut self.state else { return Action::Continue };
        let limit = self.engine.config.limits.max_body_bytes;
        if held as u64 > limit {
            let format = reading.format;
            return self.not_read(host, &Unread::TooLarge { limit }, format);
        }
        while reading.seen < held {
            let length = held.saturating_sub(reading.seen).min(WINDOW);
            let window = host.request_body(reading.seen, length);
            let Some(window) = window.filter(|window| !window.is_empty()) else {
                let dialect = reading.format.dialect();
                self.state = State::Idle;
                return refuse(host, &read::unreadable(), dialect);
            };
            reading.seen = reading.seen.saturating_add(window.len());
            if let Err(error) = reading.scanner.feed(&window) {
                let format = reading.format;
                return self.not_read(host, &Unread::Unparsable(error), format);
            }
        }
        if is_end { self.decide(host) } else { Action::Pause }
    }

    /// Takes the end of a body that has trailers.
    pub fn on_request_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.decide(host)
    }

    /// Takes the head of the response.
    pub fn on_response_headers<H: Host + ?Sized>(&mut self, host: &H) {
        if let State::Sent(decision) = std::mem::replace(&mut self.state, State::Idle) {
            self.respond(host, &decision);
        }
    }

    fn decide<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        let State::Reading(reading) = std::mem::replace(&mut self.state, State::Idle) else {
            return Action::Continue;
        };
        let Reading { head, format, scanner, seen } = *reading;
        let engine = Rc::clone(&self.engine);
        let Scan { mut facts, layout } = match scanner.finish() {
            Ok(scan) => scan,
            Err(error) => return self.not_read(host, &Unread::Unparsable(error), format),
        };
        let controls = match read::controls(&engine.config, &head, &mut facts) {
            Ok(controls) => controls,
            Err(bad) => return refuse(host, &read::bad_control(&bad), format.dialect()),
        };
        let held = Held { head: &head, format, layout: &layout, length: seen };
        let seed = host.random();
        let request = routing::Request {
            config: &engine.config,
            facts: &facts,
            controls: &controls,
            sample: head.sample(seed),
        };
        let mut fleet = engine.fleet.at(host, &engine.config, millis(host.now()));
        let mut rng = fastrand::Rng::with_seed(seed);
        let verdict = routing::decide(request, &mut fleet, &mut rng, None);
        engine.count_exhausted(host, fleet.exhausted);
        match verdict {
            Verdict::Refuse(refusal) => {
                read::debug(host, || format!("refused: {} {}", refusal.status, refusal.code));
                refuse(host, &refusal, format.dialect())
            }
            Verdict::Undecided(_) | Verdict::PassThrough => {
                self.pass(host);
                Action::Continue
            }
            Verdict::Serve(decision) => match self.apply(host, held, &decision) {
                Ok(()) => {
                    self.state = State::Sent(Box::new(decision));
                    Action::Continue
                }
                Err(refusal) => refuse(host, &refusal, format.dialect()),
            },
        }
    }

    /// Sends a request on untouched.
    fn pass<H: Host + ?Sized>(&mut self, host: &H) {
        self.state = State::Idle;
        let config = &self.engine.config;
        if let Some(cluster) = &config.default_cluster {
            host.set_request_header(&config.headers.cluster, Some(cluster.as_bytes()));
            host.clear_route_cache();
        }
    }

    /// Does with a body that is not read what the configuration says.
    fn not_read<H: Host + ?Sized>(&mut self, host: &H, unread: &Unread, format: Format) -> Action {
        read::debug(host, || format!("not read: {}", unread.refusal().message));
        self.state = State::Idle;
        match unread.policy(&self.engine.config) {
            BodyPolicy::PassThrough => {
                self.pass(host);
                Action::Continue
            }
            BodyPolicy::Reject => refuse(host, &unread.refusal(), format.dialect()),
        }
    }
}

/// Answers the client here.
fn refuse<H: Host + ?Sized>(host: &H, refusal: &Refusal, dialect: Dialect) -> Action {
    let retry_after = refusal.retry_after_s.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    host.respond(u32::from(refusal.status), &headers, refusal.body(dialect).as_bytes());
    Action::Pause
}

/// Milliseconds since the epoch.
pub(super) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
