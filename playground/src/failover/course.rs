//! Drives both roles of the filter through one request, as Envoy does: the router, then attempt after
//! attempt, then the router again with the answer for the client.
//!
//! Says when Envoy retries and what it answers by itself; everything else is the filter's. The retry
//! policy is that of `envoy/failover.yaml`.

use pointsman::config::Config;
use pointsman::host::{Headers, Host};
use pointsman::lifecycle::{Action, ShownAttempts, Stream, Worker};

use super::conduct::{Answer, Asked, Conduct, Reaction};
use super::envoy::{Envoy, Reply};

/// `per_try_timeout` of `envoy/failover.yaml`, in milliseconds.
pub(super) const PER_TRY_MS: u64 = 120_000;
/// How long a request takes to a provider, and each piece of an answer, in milliseconds.
const STEP_MS: u64 = 40;

const DETAILS: &[&str] = &["response", "code_details"];

/// What one provider was asked, and what it did.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) conduct: Conduct,
    /// What it answered, as it sent it; `None` where nothing came.
    pub(super) answer: Option<Answer>,
    /// Whether the filter held the answer before any of it went on.
    pub(super) was_held: bool,
}

/// What the client gets.
#[derive(Debug, Default)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    /// Whether the answer breaks off.
    pub(super) is_cut: bool,
}

/// How a request went.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) made: Vec<Made>,
    pub(super) got: Got,
    /// The plan and its results, where the router has handed the request over.
    pub(super) shown: Option<ShownAttempts>,
}

/// A proxy with both filters.
pub(super) struct Course<'a> {
    pub(super) envoy: &'a Envoy,
    pub(super) config: &'a Config,
    pub(super) router: Worker,
    pub(super) attempts: Worker,
    /// Says what the deployment of that name does.
    pub(super) script: &'a dyn Fn(&str) -> Conduct,
}

/// An answer on its way through Envoy, as far as it has come.
#[derive(Debug, Default)]
struct Passed {
    headers: Headers,
    pieces: Vec<Vec<u8>>,
    /// Whether the connection broke after the last piece.
    is_cut: bool,
    /// What Envoy tells of who made the answer.
    details: &'static str,
}

/// What an attempt led to.
#[derive(Debug)]
enum Then {
    Retry,
    Deliver(Passed),
}

impl<'a> Course<'a> {
    /// Returns a proxy that has loaded a configuration in both roles.
    ///
    /// # Errors
    /// Why the filter refuses the configuration.
    pub(super) fn new(
        envoy: &'a Envoy,
        (config, text): (&'a Config, &str),
        script: &'a dyn Fn(&str) -> Conduct,
    ) -> Result<Self, String> {
        let router = Worker::start(envoy, text.as_bytes())?;
        envoy.tell(&["plugin_root_id"], Some("attempt"));
        let attempts = Worker::start(envoy, text.as_bytes())?;
        envoy.tell(&["plugin_root_id"], None);
        Ok(Self { envoy, config, router, attempts, script })
    }

    /// Sends a request that the filter decides, and returns how it went. `direct` is the deployment
    /// that gets it where the router does not hand it over.
    ///
    /// # Errors
    /// Why nothing is sent to a provider.
    pub(super) fn run(
        &self,
        headers: Headers,
        body: &[u8],
        (asked, direct): (Asked, &str),
    ) -> Result<Run, String> {
        *self.envoy.request_headers.borrow_mut() = headers;
        let mut router = self.router.stream(self.envoy, 0);
        self.hand_in(&mut router, body);
        if let Some(reply) = self.envoy.reply.take() {
            return Ok(Run { made: Vec::new(), got: replied(reply), shown: None });
        }
        let mut made = Vec::new();
        let is_handed_over = ShownAttempts::of(self.envoy).is_some();
        let passed = if is_handed_over {
            self.attempts(body, asked, &mut made)?
        } else {
            let (attempt, passed) = self.direct(direct, asked);
            made.push(attempt);
            passed
        };
        let got = self.deliver(router, passed);
        Ok(Run { made, got, shown: ShownAttempts::of(self.envoy) })
    }

    /// Hands a request to a filter, and returns what it does at its end.
    fn hand_in(&self, stream: &mut Stream, body: &[u8]) -> Action {
        let action = stream.on_request_headers(self.envoy, body.is_empty());
        if body.is_empty() || self.envoy.reply.borrow().is_some() {
            return action;
        }
        *self.envoy.request_body.borrow_mut() = body.to_vec();
        stream.on_request_body(self.envoy, body.len(), true)
    }

    /// Makes attempts until one has an answer for the client, or Envoy makes no more.
    ///
    /// # Errors
    /// The router waits for something that is not here.
    fn attempts(&self, body: &[u8], asked: Asked, made: &mut Vec<Made>) -> Result<Passed, String> {
        let retries = self.envoy.sent("x-envoy-max-retries").and_then(|text| text.parse().ok());
        let retries: usize = retries.unwrap_or_default();
        for tries in 0..=retries {
            let has_more = tries < retries;
            match self.attempt(body, asked, has_more, made) {
                Then::Deliver(passed) => return Ok(passed),
                Then::Retry => self.envoy.pass(STEP_MS),
            }
        }
        Err("Envoy has made no attempt".to_owned())
    }

    /// Makes one attempt. `has_more` is whether Envoy may make another one.
    fn attempt(&self, body: &[u8], asked: Asked, has_more: bool, made: &mut Vec<Made>) -> Then {
        let envoy = self.envoy;
        let cluster = envoy.told(&["llm.cluster"]);
        envoy.tell(&["xds", "cluster_name"], cluster.as_deref());
        envoy.tell(DETAILS, None);
        let number = u32::try_from(made.len()).unwrap_or(u32::MAX).saturating_add(1);
        let mut stream = self.attempts.stream(envoy, number);
        self.hand_in(&mut stream, body);
        envoy.pass(STEP_MS);
        if let Some(reply) = envoy.reply.take() {
            stream.on_done(envoy);
            return Then::Deliver(local(reply, "via_upstream"));
        }
        let leg = ShownAttempts::of(envoy)
            .and_then(|shown| shown.legs.get(shown.tried.last()?.leg).cloned());
        let Some(leg) = leg else {
            stream.on_done(envoy);
            return Then::Deliver(unreached(503, "connection failure"));
        };
        let conduct = (self.script)(&leg.name);
        let in_events = envoy.sent(":path").is_some_and(|path| path.contains("alt=sse"));
        let outcome = conduct.reaction(Asked { format: leg.format, in_events, ..asked });
        let mut attempt = Made { name: leg.name, conduct, answer: None, was_held: false };
        let then = match outcome {
            Reaction::Lost => {
                stream.on_done(envoy);
                if has_more { Then::Retry } else { Then::Deliver(unreached(503, LOST)) }
            }
            Reaction::Silent => self.wait(stream, leg.deployment.as_deref(), has_more),
            Reaction::Answer(answer) => {
                let then = self.answer(stream, &answer, has_more, &mut attempt.was_held);
                attempt.answer = Some(answer);
                then
            }
        };
        made.push(attempt);
        then
    }

    /// Lets an attempt pass without an answer until the filter or Envoy ends it.
    fn wait(&self, mut stream: Stream, deployment: Option<&str>, has_more: bool) -> Then {
        let envoy = self.envoy;
        let id = deployment.and_then(|id| self.config.names.deployments.get(id));
        let times = id.map(|id| self.config.deployment(*id).timeouts);
        let own_ms = times.and_then(|times| times.first_content_ms());
        let envoys_ms = envoy.sent("x-envoy-upstream-rq-per-try-timeout-ms");
        let envoys_ms = envoys_ms.and_then(|text| text.parse().ok()).unwrap_or(PER_TRY_MS);
        let first_ms = own_ms.unwrap_or(envoys_ms).min(envoys_ms);
        envoy.pass(first_ms);
        self.attempts.on_tick(envoy);
        if let Some(reply) = envoy.reply.take() {
            stream.on_done(envoy);
            return Then::Deliver(local(reply, "via_upstream"));
        }
        envoy.pass(envoys_ms.saturating_sub(first_ms));
        stream.on_done(envoy);
        if has_more { Then::Retry } else { Then::Deliver(late()) }
    }

    /// Lets an answer pass the attempt filter, and says whether Envoy drops it for another attempt.
    fn answer(
        &self,
        mut stream: Stream,
        answer: &Answer,
        has_more: bool,
        was_held: &mut bool,
    ) -> Then {
        let envoy = self.envoy;
        begin(envoy, answer);
        let mut holds =
            stream.on_response_headers(envoy, answer.pieces.is_empty()) == Action::Pause;
        *was_held = holds;
        let mut has_begun = false;
        let mut passed = Passed { details: "via_upstream", ..Passed::default() };
        envoy.response_body.borrow_mut().clear();
        let last = answer.pieces.len().saturating_sub(1);
        for at in 0..=answer.pieces.len() {
            if !holds && !has_begun {
                if self.wants_retry() && has_more {
                    stream.on_done(envoy);
                    return Then::Retry;
                }
                has_begun = true;
            }
            if !holds {
                passed.pieces.push(envoy.response_body.take());
            }
            let Some(piece) = answer.pieces.get(at) else { break };
            envoy.pass(STEP_MS);
            envoy.response_body.borrow_mut().extend_from_slice(piece);
            let length = envoy.response_body.borrow().len();
            let is_end = at == last && !answer.breaks;
            holds = stream.on_response_body(envoy, length, is_end) == Action::Pause;
        }
        passed.is_cut = answer.breaks || envoy.is_broken_off.replace(false);
        stream.on_done(envoy);
        if let Some(reply) = envoy.reply.take() {
            return Then::Deliver(local(reply, "via_upstream"));
        }
        if holds {
            // Nothing of it has gone on when the connection breaks.
            return if has_more { Then::Retry } else { Then::Deliver(unreached(503, LOST)) };
        }
        passed.headers = envoy.response_headers.borrow().clone();
        Then::Deliver(passed)
    }

    /// Returns whether the attempt filter asks Envoy for another attempt.
    fn wants_retry(&self) -> bool {
        let name = &self.config.headers.retry;
        self.envoy.response_headers.borrow().first(name).is_some()
    }

    /// Lets the deployment of the router's own attempt answer.
    fn direct(&self, name: &str, asked: Asked) -> (Made, Passed) {
        let conduct = (self.script)(name);
        let in_events = self.envoy.sent(":path").is_some_and(|path| path.contains("alt=sse"));
        let mut made = Made { name: name.to_owned(), conduct, answer: None, was_held: false };
        let passed = match conduct.reaction(Asked { in_events, ..asked }) {
            Reaction::Lost => unreached(503, LOST),
            Reaction::Silent => {
                self.envoy.pass(PER_TRY_MS);
                late()
            }
            Reaction::Answer(answer) => {
                begin(self.envoy, &answer);
                let headers = self.envoy.response_headers.borrow().clone();
                let pieces = answer.pieces.clone();
                let is_cut = answer.breaks;
                made.answer = Some(answer);
                Passed { headers, pieces, is_cut, details: "via_upstream" }
            }
        };
        (made, passed)
    }

    /// Lets an answer pass the router, and returns what the client gets.
    fn deliver(&self, mut router: Stream, passed: Passed) -> Got {
        let envoy = self.envoy;
        let Passed { headers, pieces, is_cut, details } = passed;
        *envoy.response_headers.borrow_mut() = headers;
        envoy.tell(DETAILS, Some(details));
        envoy.response_body.borrow_mut().clear();
        let is_bodiless = pieces.iter().all(Vec::is_empty) && !is_cut;
        router.on_response_headers(envoy, is_bodiless);
        let mut body = Vec::new();
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.iter().enumerate().filter(|_| !is_bodiless) {
            envoy.response_body.borrow_mut().extend_from_slice(piece);
            let length = envoy.response_body.borrow().len();
            let is_end = at == last && !is_cut;
            if router.on_response_body(envoy, length, is_end) == Action::Continue {
                body.append(&mut envoy.response_body.take());
            }
        }
        if is_cut {
            let details = "upstream_reset_after_response_started{connection_termination}";
            envoy.tell(DETAILS, Some(details));
        }
        router.on_done(envoy);
        if let Some(reply) = envoy.reply.take() {
            return replied(reply);
        }
        let headers = envoy.response_headers();
        let status =
            headers.first(":status").and_then(|status| str::from_utf8(status).ok()?.parse().ok());
        Got { status: status.unwrap_or_default(), headers, body, is_cut }
    }
}

/// What Envoy says of a connection that was lost.
const LOST: &str = "connection termination";

/// Puts the head of an answer where the filter reads it.
fn begin(envoy: &Envoy, answer: &Answer) {
    let mut headers = Headers::default();
    headers.push(":status", answer.status.to_string().as_bytes());
    for (name, value) in &answer.headers {
        headers.push(name, value.as_bytes());
    }
    *envoy.response_headers.borrow_mut() = headers;
    envoy.tell(DETAILS, Some("via_upstream"));
}

/// Returns an answer of the filter's own as the client gets it.
fn replied(reply: Reply) -> Got {
    let status = u16::try_from(reply.status).unwrap_or_default();
    Got { status, headers: reply.headers, body: reply.body, is_cut: false }
}

/// Returns an answer that a filter has made in the place of a provider's.
fn local(reply: Reply, details: &'static str) -> Passed {
    let mut headers = reply.headers;
    headers.push(":status", reply.status.to_string().as_bytes());
    Passed { headers, pieces: vec![reply.body], is_cut: false, details }
}

/// Returns Envoy's own answer where a connection has failed.
fn unreached(status: u32, why: &str) -> Passed {
    let body =
        format!("upstream connect error or disconnect/reset before headers. reset reason: {why}");
    of_envoy(status, body, "upstream_reset_before_response_started{connection_termination}")
}

/// Returns Envoy's own answer where none has come in time.
fn late() -> Passed {
    of_envoy(504, "upstream request timeout".to_owned(), "upstream_per_try_timeout")
}

fn of_envoy(status: u32, body: String, details: &'static str) -> Passed {
    let headers = [("content-type", "text/plain")].into_iter().collect();
    local(Reply { status, headers, body: body.into_bytes() }, details)
}
