//! Services that pick a deployment, asked while the request is held.
//!
//! Nothing of the request has gone on and no attempt has begun: a client that leaves
//! meanwhile leaves nothing behind. With the answer the request is decided anew, so that
//! what has changed since counts. What is no answer is one that picks nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{Config, Custom, DeploymentId};
use crate::host::{Called, Callout, Host, NotCalled, Reply};
use crate::metrics::table;
use crate::request::control::Controls;
use crate::request::facts::{FactsView, RequestFacts};
use crate::request::refusal::Refusal;
use crate::request::scan::{Layout, Looks};
use crate::routing::{Answers, Question};

use super::headers::RequestHead;
use super::read;
use super::stream::{Action, Opening, State, Stream, millis};

/// Longest answer that is read, in bytes.
const MOST_ANSWER: usize = 64 * 1024;
/// Longest id of a request that is passed on, in bytes.
const MOST_ID: usize = 256;

/// The header that Envoy gives to all answers but its own.
const FROM_UPSTREAM: &str = "x-envoy-upstream-service-time";

/// A request that has been read, and what services have said of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) opening: Opening,
    pub(super) facts: RequestFacts,
    pub(super) controls: Controls,
    pub(super) layout: Layout,
    /// Length of the body.
    pub(super) seen: usize,
    pub(super) answers: Answers,
    /// Whether the client may be answered: its request has ended, or has no body.
    pub(super) is_end: bool,
}

/// A request that waits for a service.
#[derive(Debug)]
pub(super) struct Asking {
    judged: Judged,
    question: Box<Question>,
    call: u32,
    asked_ms: u64,
}

/// Why a service has not picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpicked {
    /// It cannot be reached, or its connection broke.
    Unreachable,
    /// It took too long.
    Timeout,
    /// It answered with another status than 200.
    Status,
    /// Its answer is too long, or does not name a deployment.
    Unreadable,
    /// It named one that it was not offered.
    NotACandidate,
}

impl Unpicked {
    /// Its name in metrics and logs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::Unreadable => "unreadable",
            Self::NotACandidate => "not_a_candidate",
        }
    }
}

impl Stream {
    /// Asks a service; where it is not called, goes on as if it had not answered.
    ///
    /// # Errors
    /// What the client is told where nothing serves the request.
    pub(super) fn ask<H: Host + ?Sized>(
        &mut self,
        host: &H,
        mut judged: Judged,
        mut question: Box<Question>,
    ) -> Result<Action, Refusal> {
        loop {
            let asked_ms = millis(host.now());
            match self.call(host, &judged, &question) {
                Ok(call) => {
                    let asking = Asking { judged, question, call, asked_ms };
                    self.state = State::Asking(Box::new(asking));
                    return Ok(Action::Pause);
                }
                Err(NotCalled) => {
                    self.note(host, &question, Err(Unpicked::Unreachable), None);
                    judged.answers.add(&question, None);
                }
            }
            match self.verdict_on(host, &judged) {
                Ok(verdict) => return self.settle(host, &judged, &[], verdict),
                Err(next) => question = next,
            }
        }
    }

    /// Takes the end of a call that this stream made.
    pub fn on_called<H: Host + ?Sized>(&mut self, host: &H, called: Called) -> Action {
        let mut asking = match std::mem::take(&mut self.state) {
            State::Asking(asking) if asking.call == called.call => *asking,
            other => {
                self.state = other;
                return Action::Pause;
            }
        };
        self.enter(host);
        let took_ms = millis(self.entered).saturating_sub(asking.asked_ms);
        let reply = Reply::read(host, called, MOST_ANSWER);
        let config = &self.engine.config;
        let picked = picked(config, &asking.question, &reply, took_ms);
        self.note(host, &asking.question, picked, Some(took_ms));
        let judged = &mut asking.judged;
        judged.answers.add(&asking.question, picked.ok());
        let (dialect, is_end) = (judged.opening.call.format().dialect(), judged.is_end);
        let verdict = self.verdict_on(host, judged);
        let action = match verdict {
            Ok(verdict) => self.settle(host, &asking.judged, &[], verdict),
            Err(question) => self.ask(host, asking.judged, question),
        };
        self.leave(host);
        action.unwrap_or_else(|refusal| self.refuse_at(host, Box::new((refusal, dialect)), is_end))
    }

    /// Goes on waiting for a service.
    pub(super) fn wait(&mut self, mut asking: Box<Asking>, is_end: bool) -> Action {
        asking.judged.is_end |= is_end;
        self.state = State::Asking(asking);
        Action::Pause
    }

    fn call<H: Host + ?Sized>(
        &self,
        host: &H,
        judged: &Judged,
        question: &Question,
    ) -> Result<u32, NotCalled> {
        let config = &self.engine.config;
        let Custom { cluster, path, timeout_ms, include_prompt, .. } =
            question.service(config).ok_or(NotCalled)?;
        let prompt = include_prompt.then(|| {
            let looks = Looks { prompt: true, ..Looks::NOTHING };
            self.read_again(host, &judged.opening, judged.seen, looks)?.prompt
        });
        let prompt = prompt.flatten();
        let body = body(config, question, &judged.facts, prompt.as_deref()).ok_or(NotCalled)?;
        let mut headers = vec![
            (":method", "POST"),
            (":path", path.as_str()),
            (":authority", cluster.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        headers.extend(id(&judged.opening.head).map(|id| ("x-request-id", id)));
        let timeout = Duration::from_millis(*timeout_ms);
        host.call(Callout { cluster, headers: &headers, body: &body, timeout })
    }

    /// Notes what became of a question, and when, if anybody was asked.
    fn note<H: Host + ?Sized>(
        &self,
        host: &H,
        question: &Question,
        picked: Result<DeploymentId, Unpicked>,
        took_ms: Option<u64>,
    ) {
        let engine = &*self.engine;
        let model = engine.config.model(question.model).name.as_str();
        let outcome = picked.map_or_else(Unpicked::name, |_| "picked");
        engine.meter.put(host, &table::PICKS, &[model, outcome], 1);
        if let Some(took_ms) = took_ms {
            engine.meter.put(host, &table::PICK_DURATION, &[model], took_ms);
        }
        read::debug(host, || {
            let deployment = picked.map_or("none", |id| engine.config.deployment(id).id.as_str());
            let took_ms = took_ms.unwrap_or(0);
            format!("model={model} service={outcome} deployment={deployment} ms={took_ms}")
        });
    }
}

/// The candidate that an answer picks.
fn picked(
    config: &Config,
    question: &Question,
    reply: &Reply,
    took_ms: u64,
) -> Result<DeploymentId, Unpicked> {
    let timeout_ms = question.service(config).map_or(0, |service| service.timeout_ms);
    // The proxy's clock and its timers run a few milliseconds apart.
    let is_late = took_ms.saturating_mul(5) >= timeout_ms.saturating_mul(4);
    // What the proxy answers itself, where nothing came, is not marked as the service's.
    let is_own = !reply.headers.iter().any(|(name, _)| name == FROM_UPSTREAM);
    match reply.status {
        504 if is_own => return Err(Unpicked::Timeout),
        0 if is_late => return Err(Unpicked::Timeout),
        502 | 503 if is_own => return Err(Unpicked::Unreachable),
        0 => return Err(Unpicked::Unreachable),
        200 => {}
        _ => return Err(Unpicked::Status),
    }
    let named = reply.body.as_deref().and_then(deployment).ok_or(Unpicked::Unreadable)?;
    question.named(config, &named).ok_or(Unpicked::NotACandidate)
}

/// The deployment that an answer names.
fn deployment(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        deployment: String,
    }
    // A list would be taken for the members in their order.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let answer: Answer = serde_json::from_slice(body).ok().filter(|_| is_object)?;
    Some(answer.deployment)
}

/// A question as it is written to a service: no credentials, no headers.
#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    variant: Option<&'a str>,
    facts: FactsView<'a>,
    candidates: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
}

#[derive(Serialize)]
struct Offered<'a> {
    deployment: &'a str,
    provider: &'a str,
    upstream_model: &'a str,
    weight: u32,
    priority: i32,
    tags: &'a [String],
    estimated_cost_usd: Option<f64>,
}

fn body(
    config: &Config,
    question: &Question,
    facts: &RequestFacts,
    prompt: Option<&str>,
) -> Option<Vec<u8>> {
    let offered = question.candidates.iter().map(|listed| {
        let deployment = config.deployment(listed.deployment);
        Offered {
            deployment: &deployment.id,
            provider: &config.provider(deployment.provider).name,
            upstream_model: &deployment.upstream_model,
            weight: listed.weight,
            priority: deployment.priority,
            tags: &deployment.tags,
            estimated_cost_usd: listed.estimated_cost_usd,
        }
    });
    let asked = Asked {
        model: &question.of(config).name,
        variant: config.group(question.model, question.group).key.as_deref(),
        facts: facts.into(),
        candidates: offered.collect(),
        prompt,
    };
    serde_json::to_vec(&asked).ok()
}

/// The request's id, by which the service's log can be told to belong to it.
fn id(head: &RequestHead) -> Option<&str> {
    let id = str::from_utf8(head.first("x-request-id")?).ok()?;
    let is_plain = id.len() <= MOST_ID && id.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    is_plain.then_some(id)
}
