//! Compares the result of a request with its trace.

use std::fmt::Debug;

use pointsman::lifecycle::{Action, Stream};
use serde_json::{Value, json};

use super::delivery::Sent;
use super::scene::Scene;
use crate::fake_host::ANSWER;
use crate::row::Row;

const JSON: (&str, &str) = ("content-type", "application/json");

/// The differences that were found.
#[derive(Debug, Default)]
pub(super) struct Differences(pub(super) Vec<String>);

impl Differences {
    pub(super) fn compare<T: PartialEq + Debug>(&mut self, what: &str, found: T, wanted: T) {
        if found != wanted {
            self.0.push(format!("{what}: wanted {wanted:?}, found {found:?}"));
        }
    }
}

/// Compares the result of a request with its trace, and ends the request.
pub(super) fn check(
    found: &mut Differences,
    scene: &Scene,
    row: &Row,
    trace: &Value,
    sent: Sent<'_>,
) {
    if !trace["error"].is_null() {
        refused(found, scene, &trace["error"]);
        return scene.host.done(sent.stream, None);
    }
    found.compare("refused", scene.host.refused(), None);
    for (name, _) in row.head.iter().filter(|(name, _)| name.starts_with("x-llm-")) {
        found.compare(name, scene.host.sent(name), None);
    }
    if trace["pass_through"] == true {
        passed(found, scene, row);
        return scene.host.done(sent.stream, None);
    }
    if sent.delivery.shows_early() {
        found.compare("released early", json!(sent.is_early), trace["release"]["early"].clone());
    }
    found.compare("llm.model", property(scene, "llm.model"), text(&trace["model"]));
    found.compare("llm.route", property(scene, "llm.route"), text(&trace["route"]));
    if scene.attempts.is_some() {
        handed_over(found, scene, row, trace, sent);
    } else {
        served(found, scene, row, trace, sent);
    }
}

/// Checks a request that the filter answered itself.
fn refused(found: &mut Differences, scene: &Scene, error: &Value) {
    let Some((status, body)) = scene.host.refused() else {
        return found.0.push(format!("wanted {error}, and it went on"));
    };
    found.compare("status", json!(status), error["status"].clone());
    let body: Value = serde_json::from_str(&body).unwrap();
    found.compare("message", &body["error"]["message"], &error["message"]);
    // Anthropic's errors have no code.
    if !body["error"]["code"].is_null() {
        found.compare("code", &body["error"]["code"], &error["code"]);
    }
    found.compare("llm.refusal", property(scene, "llm.refusal"), text(&error["code"]));
}

/// Checks a request that passed through unchanged.
fn passed(found: &mut Differences, scene: &Scene, row: &Row) {
    let host = &scene.host;
    let cluster = text(&row.document["default_cluster"]);
    found.compare("cluster", host.sent("x-llm-cluster"), cluster);
    found.compare("model", host.sent("x-llm-model"), None);
    found.compare("body", host.sent_body(), row.body.clone());
    let path = row.head.iter().find(|(name, _)| name == ":path").map(|(_, path)| path.clone());
    found.compare("path", host.sent(":path"), path);
}

/// Checks a request that was sent to the first deployment of its plan.
fn served(found: &mut Differences, scene: &Scene, row: &Row, trace: &Value, sent: Sent<'_>) {
    let (host, decision) = (&scene.host, &trace["decision"]);
    found.compare("cluster", host.sent("x-llm-cluster"), text(&decision["cluster"]));
    found.compare("model", host.sent("x-llm-model"), served_model(trace));
    gone(found, scene, (row, trace), (&decision["deployment"], &decision["upstream_model"]));
    found.compare("path", host.sent(":path"), path(row));
    let mut stream = sent.stream;
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    let deployment = text(&decision["deployment"]);
    found.compare("x-llm-deployment", host.received("x-llm-deployment"), deployment.clone());
    found.compare("x-llm-provider", host.received("x-llm-provider"), text(&decision["provider"]));
    found.compare("x-llm-model", host.received("x-llm-model"), served_model(trace));
    found.compare("x-llm-route", host.received("x-llm-route"), text(&trace["route"]));
    found.compare("llm.deployment", property(scene, "llm.deployment"), deployment);
    found.compare("llm.provider", property(scene, "llm.provider"), text(&decision["provider"]));
    host.done(stream, None);
}

/// Checks a request that was handed to the attempts of its plan. All of them fail, one by one.
fn handed_over(found: &mut Differences, scene: &Scene, row: &Row, trace: &Value, sent: Sent<'_>) {
    let (host, plan) = (&scene.host, trace["plan"].as_array().unwrap());
    let plan: Vec<&str> = plan.iter().map(|name| name.as_str().unwrap()).collect();
    found.compare("llm.deployments", property(scene, "llm.deployments"), Some(plan.join(",")));
    found.compare("cluster in a header", host.sent("x-llm-cluster"), None);
    found.compare("body", host.sent_body(), row.body.clone());
    let retries = Some((plan.len() - 1).to_string());
    found.compare("retries", host.sent("x-envoy-max-retries"), retries);
    for (at, name) in plan.iter().enumerate() {
        let deployment = &row.document["deployments"][name];
        let (provider, model) = match deployment["provider"].as_str() {
            Some(provider) => (provider, deployment["model"].as_str().unwrap()),
            None => name.split_once(':').unwrap(),
        };
        let cluster = text(&row.document["providers"][provider]["cluster"]);
        found.compare(&format!("cluster of {name}"), property(scene, "llm.cluster"), cluster);
        let stream = attempt(scene, row, &sent);
        gone(found, scene, (row, trace), (&json!(name), &json!(model)));
        if at == 0 {
            found.compare("path", host.sent(":path"), path(row));
        }
        fail(scene, stream);
        let is_retried = host.received("x-llm-retry").is_some();
        found.compare(&format!("retried after {name}"), is_retried, at + 1 < plan.len());
    }
    let mut stream = sent.stream;
    host.answer(&mut stream, 503, &[JSON], &[b"{}"]);
    let attempts: Vec<String> = plan.iter().map(|name| format!("{name}=503")).collect();
    found.compare("x-llm-attempts", host.received("x-llm-attempts"), Some(attempts.join(",")));
    let last = plan.last().map(|name| (*name).to_owned());
    found.compare("x-llm-deployment", host.received("x-llm-deployment"), last.clone());
    found.compare("x-llm-route", host.received("x-llm-route"), text(&trace["route"]));
    found.compare("llm.deployment", property(scene, "llm.deployment"), last);
    host.done(stream, None);
}

/// Makes the next attempt, up to the point where its provider gets the request.
fn attempt(scene: &Scene, row: &Row, sent: &Sent<'_>) -> Stream {
    let mut stream = Stream::new(scene.attempts.clone().unwrap());
    scene.host.passed.borrow_mut().clear();
    scene.host.body.borrow_mut().clear();
    assert_eq!(scene.host.head(&mut stream, false), Action::Continue, "{}", row.name);
    sent.delivery.pass(scene, row, &mut stream);
    stream
}

/// Lets the provider fail.
fn fail(scene: &Scene, mut stream: Stream) {
    scene.host.answer(&mut stream, 503, &[JSON], &[b"{}"]);
    scene.host.done(stream, None);
}

/// Checks the body that went to a deployment: the client's, with the upstream model and the
/// overrides of the deployment.
fn gone(
    found: &mut Differences,
    scene: &Scene,
    (row, trace): (&Row, &Value),
    (deployment, model): (&Value, &Value),
) {
    let sent = scene.host.sent_body();
    let candidates = trace["candidates"].as_array().unwrap();
    let is_stripped = |one: &Value| one["deployment"] == *deployment && one["stripped"] == true;
    let body = if candidates.iter().any(is_stripped) {
        row.body_stripped.as_ref().expect("the row says what is left")
    } else {
        &row.body
    };
    let mut wanted: Value = serde_json::from_str(body).unwrap();
    wanted["model"] = model.clone();
    let deployment = &row.document["deployments"][deployment.as_str().unwrap()];
    let overrides = deployment["request_overrides"].as_object();
    for (key, value) in overrides.into_iter().flatten() {
        wanted[key] = value.clone();
    }
    found.compare("body", serde_json::from_str(&sent).ok(), Some(wanted));
    if let Some(length) = scene.host.sent("content-length") {
        found.compare("content-length", length, sent.len().to_string());
    }
}

/// Returns the model that the plan's first deployment serves.
fn served_model(trace: &Value) -> Option<String> {
    let candidates = trace["candidates"].as_array().unwrap();
    let first = candidates.iter().find(|one| one["deployment"] == trace["plan"][0])?;
    text(&first["fallback"]).or_else(|| text(&trace["model"]))
}

fn path(row: &Row) -> Option<String> {
    let came = || row.head.iter().find(|(name, _)| name == ":path").map(|(_, path)| path.clone());
    row.path_sent.clone().or_else(came)
}

fn property(scene: &Scene, name: &str) -> Option<String> {
    let properties = scene.host.properties.borrow();
    properties.get(name).map(|value| String::from_utf8(value.clone()).unwrap())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
