//! What happens when attempts fail: one request through both roles of the filter, with simulated
//! providers behind them.
//!
//! The filter itself decides, counts and answers. Here are the providers and what the page shows.

mod conduct;
mod course;
mod envoy;
mod voice;

use std::collections::BTreeMap;

use pointsman::config::{Config, DeploymentId, Role};
use pointsman::lifecycle::{Read, ShownAttempts, Whole, whole};
use pointsman::request::format::{Format, Task};
use pointsman::response::classify::{Classified, WholeAnswer, classify};
use pointsman::response::outcome::{Head, KeyOwner, RequestProfile, report};
use pointsman::state::outcome::Outcome;
use pointsman::state::report::Report;
use pointsman::state::{Claim, Operation, SharedFleet, Standing, Suspicion, World};
use serde_json::{Value, json};

use crate::answer;
use crate::fleet::Described;
use crate::request::Request;
use conduct::{Asked, Conduct};
use course::{Course, Got, Made, PER_TRY_MS, Run};
use envoy::Envoy;

/// How much of an answer the page shows, in bytes.
const MOST_SHOWN: usize = 4000;

/// Returns what a provider can be told to do.
pub(crate) fn choices() -> Value {
    Conduct::choices()
}

/// What of the request and its provider the meaning of an answer depends on.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    config: &'a Config,
    read: &'a Read,
}

/// Sends a request to providers that do what `script` says, an object of deployments and names of
/// [`choices`]. Where it says nothing, the first one of the plan refuses and all others answer.
///
/// # Errors
/// Why no attempt is made, for the user.
pub(crate) fn failed_over(
    (config, text): (&Config, &str),
    request: &Request,
    fleet: &Described,
    script: &str,
    seed: u64,
) -> Result<Value, String> {
    let explained = answer::explained(config, request, fleet, seed);
    let plan = explained.pointer("/trace/plan").and_then(Value::as_array).cloned();
    let first = plan.as_deref().and_then(<[Value]>::first).and_then(Value::as_str);
    let head = request.head();
    let (Some(first), Whole::Read(read)) = (first, whole(config, &head, &request.body)) else {
        return Err("the request goes to no provider".to_owned());
    };
    if config.role == Role::Attempt {
        return Err("the configuration has \"role\": \"attempt\"; take the router's".to_owned());
    }
    let script: BTreeMap<String, String> =
        serde_json::from_str(script).map_err(|error| error.to_string())?;
    let conduct = |name: &str| {
        let told = script.get(name).and_then(|told| Conduct::from_name(told));
        told.unwrap_or(if name == first { Conduct::Limited } else { Conduct::Answers })
    };
    let envoy = Envoy::new(seed);
    let course = Course::new(&envoy, (config, text), &conduct)?;
    let shared = SharedFleet::new(config, &envoy);
    prepare(config, &shared, &envoy, fleet);
    let facts = &read.facts;
    let asked = Asked {
        format: facts.format,
        task: facts.task,
        is_streamed: facts.stream,
        in_events: false,
    };
    let run = course.run(request.headers(), &request.body, (asked, first))?;
    let subject = Subject { config, read: &read };
    Ok(told(subject, &run, (&shared, &envoy), &conduct, first))
}

/// Puts deployments into the state that the page describes.
fn prepare(config: &Config, shared: &SharedFleet, envoy: &Envoy, fleet: &Described) {
    for (id, standing) in fleet.out() {
        let operation = match standing {
            Standing::Cooling { left_ms, .. } => Operation::Cool(*left_ms),
            _ => Operation::Drain,
        };
        // Nobody else writes here, so nothing is ever dropped.
        let _ = shared.operate(envoy, config, id, operation, envoy.now_ms());
    }
}

/// Returns a run as the page shows it.
fn told(
    subject: Subject<'_>,
    run: &Run,
    (shared, envoy): (&SharedFleet, &Envoy),
    conduct: &dyn Fn(&str) -> Conduct,
    first: &str,
) -> Value {
    let config = subject.config;
    let legs: Vec<Value> = match &run.shown {
        Some(shown) => shown.legs.iter().map(|leg| &leg.name).fold(Vec::new(), |mut all, name| {
            // Lists may share deployments.
            let leg = json!({"name": name, "conduct": conduct(name).name()});
            if !all.contains(&leg) {
                all.push(leg);
            }
            all
        }),
        None => vec![json!({"name": first, "conduct": conduct(first).name()})],
    };
    let results: Vec<Judged> = run
        .made
        .iter()
        .enumerate()
        .map(|(at, made)| Judged::of(subject, made, run.shown.as_ref(), at))
        .collect();
    let next = |at: usize| run.made.get(at.saturating_add(1)).map(|made| made.name.as_str());
    let attempts = run.made.iter().zip(&results).enumerate();
    let attempts = attempts.map(|(at, (made, result))| result.shown(made, next(at)));
    let has_failed = results.last().is_none_or(|last| last.report.outcome != Outcome::Success);
    let deployments = deployments(config, run, &results);
    let held = deployments.into_iter().map(|(id, is_charged)| {
        standing(config, (shared, envoy), subject.read.facts.task, id, is_charged && has_failed)
    });
    json!({
        "legs": legs,
        "attempts": attempts.collect::<Value>(),
        "client": client(&run.got),
        "deployments": held.collect::<Value>(),
        "is_handed_over": run.shown.is_some(),
        "max_attempts": config.failover.max_attempts,
        "per_try_ms": PER_TRY_MS,
    })
}

/// What an attempt came to, and why.
#[derive(Debug)]
struct Judged {
    report: Report,
    /// What an answer says by itself; `None` where there was none.
    classified: Option<Classified>,
    is_charged: bool,
}

impl Judged {
    /// Returns the result of an attempt: what the attempt filter noted, or for the router's own attempt
    /// what the answer says.
    fn of(subject: Subject<'_>, made: &Made, shown: Option<&ShownAttempts>, at: usize) -> Self {
        let noted = shown.and_then(|shown| shown.tried.get(at));
        let provider = shown.and_then(|shown| shown.legs.get(noted?.leg));
        let format = provider.map_or(subject.read.facts.format, |leg| leg.format);
        let is_charged = noted.is_some_and(|noted| noted.is_charged);
        // An answer that is held may be judged otherwise than one that the client has seen.
        let of = |is_held| classified(subject, made, format, is_held);
        let Some(noted) = noted else {
            let classified = of(false);
            let report = classified.as_ref().map_or_else(|| unanswered(made), |it| it.report);
            return Self { report, classified, is_charged };
        };
        let is_it = |it: &Classified| it.report.outcome == noted.report.outcome;
        let classified = match noted.report.outcome {
            // The answer was committed, and nobody has noted what came after that.
            Outcome::Success => of(false),
            _ => of(true).filter(is_it).or_else(|| of(false).filter(is_it)),
        };
        let after = classified.as_ref().filter(|_| noted.report.outcome == Outcome::Success);
        let report = after.map_or(noted.report, |it| it.report);
        Self { report, classified, is_charged }
    }

    /// Returns it as the page shows it. `next` is the deployment that is tried after it.
    fn shown(&self, made: &Made, next: Option<&str>) -> Value {
        let Report { outcome, status, retry_after_ms, evidence } = self.report;
        let failure = self.classified.as_ref().and_then(|it| it.failure);
        json!({
            "deployment": made.name,
            "conduct": made.conduct.name(),
            "sent": made.answer.as_ref().map(|answer| json!({
                "status": answer.status,
                "headers": answer.headers,
                "body": text(&answer.pieces.concat()),
                "breaks": answer.breaks,
            })),
            "was_held": made.was_held,
            "outcome": outcome.name(),
            "status": status,
            "fault": evidence.blame.name(),
            "weight": evidence.weight.name(),
            "scope": Classified::scope(&self.report),
            "try_next": evidence.try_next,
            "kind": failure.map(|failure| failure.kind.name()),
            "because": self.classified.as_ref().map(|it| &it.because),
            "wait_ms": retry_after_ms,
            "next": next,
        })
    }
}

/// Returns what the answer of an attempt says by itself; `None` where there was none.
fn classified(
    Subject { config, read }: Subject<'_>,
    made: &Made,
    format: Format,
    is_held: bool,
) -> Option<Classified> {
    let answer = made.answer.as_ref()?;
    let body = answer.pieces.concat();
    let id = config.names.deployments.get(&made.name);
    let provider = id.map(|id| config.provider(config.deployment(*id).provider));
    let key =
        match (provider.is_some_and(|one| one.credential.is_some()), read.has_clients_credential) {
            (true, _) => KeyOwner::Proxy,
            (false, true) => KeyOwner::Client,
            (false, false) => KeyOwner::Nobody,
        };
    let profile = RequestProfile { key, may_name_others: read.facts.may_name_others() };
    let whole = WholeAnswer { status: answer.status, body: &body, format, profile, is_held };
    let headers = &answer.headers;
    let header = |name: &str| {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    };
    classify(&whole, header)
}

/// Returns the report of an attempt of the router's own that was not answered, by what Envoy says
/// of that.
fn unanswered(made: &Made) -> Report {
    let (status, details) = match made.conduct {
        Conduct::Silent => (504, "upstream_per_try_timeout"),
        _ => (503, "upstream_reset_before_response_started{connection_termination}"),
    };
    let profile = RequestProfile { key: KeyOwner::Nobody, may_name_others: false };
    let head = Head { details: Some(details), ..Head::of_status(status, profile) };
    report(&head).unwrap_or(Report::UNANSWERED)
}

/// Returns the deployments that were tried, each once, and whether an attempt counted something
/// against it.
fn deployments(config: &Config, run: &Run, results: &[Judged]) -> Vec<(DeploymentId, bool)> {
    let mut all: Vec<(DeploymentId, bool)> = Vec::new();
    for (made, result) in run.made.iter().zip(results) {
        let Some(id) = config.names.deployments.get(&made.name).copied() else { continue };
        match all.iter_mut().find(|(known, _)| *known == id) {
            Some((_, is_charged)) => *is_charged |= result.is_charged,
            None => all.push((id, result.is_charged)),
        }
    }
    all
}

/// Returns what is held against a deployment after the request. `was_charged` is whether the request
/// has counted something against it and has had no answer anywhere.
fn standing(
    config: &Config,
    (shared, envoy): (&SharedFleet, &Envoy),
    task: Task,
    id: DeploymentId,
    was_charged: bool,
) -> Value {
    let now_ms = envoy.now_ms();
    let health = shared.record(envoy, id).health(task);
    let claim = Claim { task, tokens: 0 };
    let cooling = match shared.at(envoy, config, now_ms).standing(id, claim) {
        Standing::Cooling { left_ms, cause } => Some(json!({"left_ms": left_ms, "cause": cause})),
        _ => None,
    };
    let is_suspected = health.suspicion != Suspicion::default();
    let is_clear = cooling.is_none() && !is_suspected && health.consecutive_failures == 0;
    json!({
        "id": config.deployment(id).id,
        "cooling": cooling,
        "failures": health.consecutive_failures,
        "failures_to_cool": config.cooldown.consecutive_failures,
        "is_suspected": is_suspected,
        "is_taken_back": was_charged && is_clear,
    })
}

/// Returns what the client gets.
fn client(got: &Got) -> Value {
    let headers = got.headers.iter().filter(|(name, _)| !name.starts_with(':'));
    let headers = headers.map(|(name, value)| json!([name, String::from_utf8_lossy(value)]));
    json!({
        "status": got.status,
        "headers": headers.collect::<Value>(),
        "body": text(&got.body),
        "is_cut": got.is_cut,
    })
}

/// Returns a body as text, no longer than the page shows it.
fn text(body: &[u8]) -> String {
    let shown = body.get(..MOST_SHOWN).unwrap_or(body);
    let rest = if shown.len() < body.len() { "…" } else { "" };
    format!("{}{rest}", String::from_utf8_lossy(shown))
}
