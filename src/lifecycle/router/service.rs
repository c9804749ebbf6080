//! The service that picks a deployment: how it is called, and what its answer means.
//!
//! Whatever goes wrong with it is never the client's problem: a service that gives no usable
//! answer has not picked, and the request is decided without it.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::config::{Config, Custom, DeploymentId};
use crate::host::{Callout, Host, NotCalled, Reply};
use crate::json::{Level, level, text};
use crate::lifecycle::callout;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::lifecycle::head::RequestHead;
use crate::metrics::table;
use crate::request::facts::{FactsView, RequestFacts};
use crate::routing::Question;

use super::whole::WholeRequest;

/// Longest request id that is sent to a service, in bytes.
const MOST_ID: usize = 256;

/// A header that Envoy adds to every response from upstream, but not to its own.
const FROM_UPSTREAM: &str = "x-envoy-upstream-service-time";

/// Why a service has not picked a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpicked {
    /// It cannot be reached, or its connection broke.
    Unreachable,
    /// It took too long.
    Timeout,
    /// It answered with another status than 200.
    Status,
    /// Its answer is too long, is not JSON, or names no deployment.
    Unreadable,
    /// It named a deployment that it was not offered.
    NotACandidate,
}

impl Unpicked {
    /// Returns its name in metrics and logs.
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

/// Calls the service that a question is for, and returns the number of the call.
///
/// # Errors
/// [`NotCalled`] where the host cannot make the call, because the cluster does not exist for
/// example.
pub(super) fn call<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: &WholeRequest,
    question: &Question,
) -> Result<u32, NotCalled> {
    let config = &cx.engine.config;
    let Custom { cluster, path, timeout_ms, include_prompt, .. } =
        question.service(config).ok_or(NotCalled)?;
    let prompt = include_prompt.then(|| whole.prompt(cx)).flatten();
    let body = body(config, question, &whole.facts, prompt.as_deref()).ok_or(NotCalled)?;
    let mut headers = vec![
        (":method", "POST"),
        (":path", path.as_str()),
        (":authority", cluster.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    headers.extend(id(&whole.intake.head).map(|id| ("x-request-id", id)));
    let timeout = Duration::from_millis(*timeout_ms);
    callout::call(cx.host, config, Callout { cluster, headers: &headers, body: &body, timeout })
}

/// Counts the answer to a question, or why there is none. `took_ms` is how long the service took,
/// in milliseconds; `None` where it was not called.
pub(super) fn count<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    question: &Question,
    picked: Result<DeploymentId, Unpicked>,
    took_ms: Option<u64>,
) {
    let model = cx.engine.config.model(question.model).name.as_str();
    let outcome = picked.map_or_else(Unpicked::name, |_| "picked");
    cx.engine.meter.put(cx.host, &table::PICKS, &[model, outcome], 1);
    if let Some(took_ms) = took_ms {
        cx.engine.meter.put(cx.host, &table::PICK_DURATION, &[model], took_ms);
    }
    debug(cx.host, || {
        let deployment = picked.map_or("none", |id| cx.engine.config.deployment(id).id.as_str());
        let took_ms = took_ms.unwrap_or(0);
        format!("model={model} service={outcome} deployment={deployment} ms={took_ms}")
    });
}

/// Returns the candidate that the reply of a service picks. `took_ms` is how long the service took,
/// in milliseconds.
///
/// # Errors
/// Why it has not picked. Envoy reports its own failures as replies too. They lack a header
/// that Envoy adds to those of the service.
pub(super) fn picked(
    config: &Config,
    question: &Question,
    reply: &Reply,
    took_ms: u64,
) -> Result<DeploymentId, Unpicked> {
    let timeout_ms = question.service(config).map_or(0, |service| service.timeout_ms);
    // A timeout while the answer was on its way comes without headers. Envoy's clock and its
    // timers run a few milliseconds apart, so 80 percent of the time count as all of it.
    let is_late = took_ms.saturating_mul(5) >= timeout_ms.saturating_mul(4);
    // Without the header, the reply is Envoy's own.
    let is_own = reply.headers.first(FROM_UPSTREAM).is_none();
    match reply.status {
        504 if is_own => return Err(Unpicked::Timeout),
        0 if is_late => return Err(Unpicked::Timeout),
        502 | 503 if is_own => return Err(Unpicked::Unreachable),
        0 => return Err(Unpicked::Unreachable),
        200 => {}
        _ => return Err(Unpicked::Status),
    }
    // Only what was offered can be picked: the service cannot reach a deployment that may not
    // serve this request.
    let named = reply.body.as_deref().and_then(deployment).ok_or(Unpicked::Unreadable)?;
    question.named(config, &named).ok_or(Unpicked::NotACandidate)
}

/// Returns the name of the deployment in an answer: `{"deployment": "openai-eu"}`.
fn deployment(body: &[u8]) -> Option<String> {
    let Some(Level::Object(members)) = level(body) else { return None };
    let is_named = |(key, _): &(&RawValue, _)| text(key).is_some_and(|key| key == "deployment");
    let mut named = members.into_iter().filter(is_named);
    let (_, value) = named.next()?;
    // Of two, nobody could say which one is meant.
    if named.next().is_some() { None } else { text(value).map(Cow::into_owned) }
}

/// A question as it is written to a service. Other people's programs read this, so it holds no
/// credentials and no headers of the client.
#[derive(Serialize)]
struct AskedFor<'a> {
    model: &'a str,
    variant: Option<&'a str>,
    facts: FactsView<'a>,
    candidates: Vec<Offered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
}

/// A candidate in a question.
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

/// Returns a question as JSON; `None` where it cannot be written.
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
    let asked = AskedFor {
        model: &question.of(config).name,
        variant: config.group(question.model, question.group).key.as_deref(),
        facts: facts.into(),
        candidates: offered.collect(),
        prompt,
    };
    serde_json::to_vec(&asked).ok()
}

/// Returns the id of the request, by which the service's log can be matched with Envoy's; `None`
/// where it is long or has characters that could end a header.
fn id(head: &RequestHead) -> Option<&str> {
    let id = str::from_utf8(head.first("x-request-id")?).ok()?;
    let is_plain = id.len() <= MOST_ID && id.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    is_plain.then_some(id)
}
