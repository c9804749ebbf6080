//! One request: why it goes where it goes, and what its client gets back.

use pointsman::config::Config;
use pointsman::lifecycle::{Read, Whole, billed, whole};
use pointsman::request::facts::FactsView;
use pointsman::request::format::{Dialect, Format};
use pointsman::request::refusal::Refusal;
use pointsman::routing::explain::explain;
use pointsman::routing::{self, Decision, Trace, Verdict};
use serde_json::{Value, json};

use crate::fleet::Described;
use crate::request::Request;

/// Returns the trace of a request, as `trace`, and the response to its client, as `response`.
/// Equal seeds draw equal lots.
pub(crate) fn explained(config: &Config, request: &Request, fleet: &Described, seed: u64) -> Value {
    let head = request.head();
    let read = match whole(config, &head, &request.body) {
        Whole::Read(read) => read,
        Whole::Untouched => return undecided(config, None, None),
        Whole::Refused(refusal, facts) => {
            return undecided(config, facts.as_deref().map(FactsView::from), Some(&refusal));
        }
    };
    let Read { facts, controls, early, .. } = &*read;
    let asked = routing::Request { config, facts, controls, sample: head.sample(seed) };
    let early = early.as_ref().map_err(|because| *because);
    let explanation = explain(asked, early, fleet, seed);
    // What tenants have spent is known to a running proxy alone.
    let mut explanation = billed(explanation, config, &head, facts, None);
    read.note_state(&mut explanation.trace);
    // The response is to what the trace decided: decided again, a draw could fall otherwise.
    let response = match &explanation.verdict {
        Verdict::Serve(decision) => served(config, decision),
        Verdict::Refuse(refusal) => refused(refusal, facts.format.dialect()),
        Verdict::PassThrough | Verdict::Undecided(_) | Verdict::Ask(_) => passed(config),
    };
    json!({"trace": explanation, "response": response})
}

/// Returns trace and response of a request that is not decided: it passes untouched, or is
/// refused before a decision. `facts` are what was read of it until then.
fn undecided(config: &Config, facts: Option<FactsView<'_>>, refusal: Option<&Refusal>) -> Value {
    let mut trace = Trace::default();
    trace.undecided(refusal);
    let facts = json!(facts);
    let format = facts.get("format").and_then(Value::as_str).and_then(Format::from_name);
    let mut shown = json!(trace);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("facts".to_owned(), facts);
    }
    let response = match refusal {
        Some(refusal) => refused(refusal, format.map_or(Dialect::OpenAi, Format::dialect)),
        None => passed(config),
    };
    json!({"trace": shown, "response": response})
}

/// Returns the answer that the proxy gives itself, in the client's dialect.
fn refused(refusal: &Refusal, dialect: Dialect) -> Value {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(refusal.retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    let body: Value = serde_json::from_str(&refusal.body(dialect)).unwrap_or_default();
    json!({"kind": "refused", "status": refusal.status, "headers": headers, "body": body})
}

/// Returns a provider's answer, with the headers that the proxy adds to it. As nothing is sent,
/// the first attempt is taken to succeed.
fn served(config: &Config, decision: &Decision) -> Value {
    let names = &config.headers;
    let mut headers = Vec::new();
    if let Some(step) = decision.plan.first().filter(|_| config.response_headers) {
        let deployment = step.server.name(config);
        let provider = &config.provider(step.server.provider(config)).name;
        headers.push((&names.model, step.model.clone()));
        headers.push((&names.deployment, deployment.to_string()));
        headers.push((&names.provider, provider.clone()));
        headers.push((&names.attempts, format!("{deployment}=200")));
        headers.extend(decision.route.map(|id| (&names.route, config.route(id).name.clone())));
    }
    json!({"kind": "served", "status": 200, "headers": headers})
}

/// Returns where a request goes that the proxy does not touch.
fn passed(config: &Config) -> Value {
    json!({"kind": "passed", "cluster": config.default_cluster})
}
