//! The playground's interface: text in, JSON text out, so that the page needs no types of its
//! own.
//!
//! The library decides and gives the reasons; this crate puts its results into the shape that
//! the page shows. Nothing is kept between calls.

mod answer;
mod document;
mod failover;
mod fleet;
mod request;
mod samples;
mod simulate;
mod texts;
mod translated;

use document::Document;
use pointsman::config::{self, Checked, Config, Located};
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks a configuration, in JSON or YAML. Returns every problem and warning with its place in the text, and
/// what a valid configuration contains.
#[wasm_bindgen]
#[must_use]
pub fn check(configuration: &str) -> String {
    let document = match Document::read(configuration) {
        Ok(document) => document,
        Err(problem) => {
            let found = json!({"ok": false, "problems": [problem], "count": 1, "warnings": []});
            return found.to_string();
        }
    };
    let Checked { config, problems, count, warnings } = config::check_json(document.json());
    let located =
        |all: &[Located]| -> Value { all.iter().map(|one| document.located(one)).collect() };
    json!({
        "ok": config.is_some(),
        "problems": located(&problems),
        "count": count,
        "warnings": located(&warnings),
        "holds": config.as_ref().map(held),
    })
    .to_string()
}

/// Explains how a request is decided. Returns the trace of `pointsman explain --json` as `trace`
/// and what the client gets as `response`; or the `problem` of a text that cannot be read.
#[wasm_bindgen]
#[must_use]
pub fn explain(configuration: &str, request: &str, state: &str, seed: u32) -> String {
    let explained = readable(configuration)
        .and_then(|document| parsed(&document, request, state))
        .map(|asked| answer::explained(&asked.0, &asked.1, &asked.2, seed.into()));
    told(explained)
}

/// Decides a request many times, and returns how often it goes where; or the `problem` of a
/// text that cannot be read.
#[wasm_bindgen]
#[must_use]
pub fn simulate(configuration: &str, request: &str, state: &str, times: u32, seed: u32) -> String {
    let simulated = readable(configuration)
        .and_then(|document| parsed(&document, request, state))
        .map(|asked| simulate::simulated(&asked.0, &asked.1, asked.2, times, seed.into()));
    told(simulated)
}

/// Sends a request to providers that do what `script` says, an object of deployments and the names of
/// [`conducts`]. Returns attempt by attempt what it came to, what the client gets, and what is held
/// against the deployments afterwards; or the `problem` of a text that cannot be read.
#[wasm_bindgen]
#[must_use]
pub fn fail_over(
    configuration: &str,
    request: &str,
    state: &str,
    script: &str,
    seed: u32,
) -> String {
    let sent = readable(configuration).and_then(|document| {
        let (config, request, fleet) = parsed(&document, request, state)?;
        failover::failed_over((&config, document.json()), &request, &fleet, script, seed.into())
    });
    told(sent)
}

/// Returns what a provider can be told to do: `name` and `title` of each.
#[wasm_bindgen]
#[must_use]
pub fn conducts() -> String {
    failover::choices().to_string()
}

/// Returns the texts of a request as they are searched for keywords, with what was found, what was not
/// searched, and what cannot be; or the `problem` of a text that cannot be read.
#[wasm_bindgen]
#[must_use]
pub fn searched(configuration: &str, request: &str) -> String {
    let listed = readable(configuration)
        .and_then(|document| parsed(&document, request, "{}"))
        .and_then(|(config, request, _)| texts::listed(&config, &request));
    told(listed)
}

/// Returns the version of the filter that this page runs.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    pointsman::lifecycle::VERSION.to_owned()
}

/// Translates a request for a provider of another API, or translates back what that provider has sent.
/// Returns the result as `text`, and for a request also what is lost as `losses`. If nothing can be
/// translated, returns the reason as `problem`.
#[wasm_bindgen]
#[must_use]
pub fn translate(asked: &str) -> String {
    told(translated::translated(asked))
}

/// Returns requests of real SDKs to begin with.
#[wasm_bindgen]
#[must_use]
pub fn samples() -> String {
    samples::all().to_string()
}

/// Returns configurations to begin with.
#[wasm_bindgen]
#[must_use]
pub fn examples() -> String {
    samples::examples().to_string()
}

/// What is said of a configuration that [`check`] finds problems in.
const UNREADABLE: &str = "the configuration has problems";

/// Reads the text of a configuration.
///
/// # Errors
/// That it has problems, for the user.
fn readable(configuration: &str) -> Result<Document<'_>, String> {
    Document::read(configuration).map_err(|_| UNREADABLE.to_owned())
}

/// Reads what the page hands in.
///
/// # Errors
/// Why it cannot be read, for the user.
fn parsed(
    document: &Document<'_>,
    request: &str,
    state: &str,
) -> Result<(Config, request::Request, fleet::Described), String> {
    let config = config::parse(document.json().as_bytes()).map_err(|_| UNREADABLE.to_owned())?;
    let request = request::Request::read(request)?;
    let fleet = fleet::Described::read(&config, state)?;
    Ok((config, request, fleet))
}

/// Returns a result as JSON text; of a problem, an object that says just that.
fn told(result: Result<Value, String>) -> String {
    result.unwrap_or_else(|problem| json!({"problem": problem})).to_string()
}

/// Returns what the page shows of a valid configuration.
fn held(config: &Config) -> Value {
    let deployment = |deployment: &config::Deployment| {
        json!({
            "id": deployment.id,
            "provider": config.provider(deployment.provider).name,
            "model": deployment.upstream_model,
        })
    };
    json!({
        "providers": config.providers.len(),
        "models": config.models.len(),
        "routes": config.routes.len(),
        "deployments": config.deployments.iter().map(deployment).collect::<Value>(),
        "max_attempts": config.failover.max_attempts,
    })
}
