//! What proxies answer, for people.

use serde_json::Value;

use crate::cli::table::section;

use super::AdminCommand;
use super::client::Told;

/// Returns the answers of all proxies as one table, and what went wrong after it.
pub(super) fn text(command: &AdminCommand, told: &[Told]) -> String {
    let mut out = String::new();
    for one in told {
        let rows = match (&one.answer, command) {
            (Err(error), _) => vec![vec![error.clone()]],
            (Ok(answer), AdminCommand::State { .. }) => state(answer),
            (Ok(answer), AdminCommand::Explain { .. }) => explanation(answer),
            (Ok(answer), AdminCommand::Routes) => routes(answer),
            (Ok(answer), AdminCommand::Unroute { .. } | AdminCommand::Route { .. }) => {
                vec![vec![answer.to_string()]]
            }
            (Ok(answer), _) => vec![deployment(answer)],
        };
        section(&mut out, &one.proxy, rows);
    }
    out.trim_end().to_owned()
}

fn text_of(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns a row for each deployment of a proxy.
fn state(answer: &Value) -> Vec<Vec<String>> {
    let heading = ["deployment", "health", "in flight", "this minute", "cause"].map(str::to_owned);
    let rows = list(answer, "deployments").iter().map(deployment);
    std::iter::once(heading.to_vec()).chain(rows).collect()
}

/// Returns the row of one deployment.
fn deployment(of: &Value) -> Vec<String> {
    let is_drained = of.get("drained").and_then(Value::as_bool).unwrap_or(false);
    let health = text_of(of, "/health");
    let left = of.pointer("/cooldown/left_ms").and_then(Value::as_f64);
    let health = match left {
        Some(ms) if !is_drained => format!("{health} for {:.1} s", ms / 1000.0),
        _ if is_drained => format!("drained, {health}"),
        _ => health,
    };
    vec![
        text_of(of, "/id"),
        health,
        text_of(of, "/in_flight"),
        format!("{}, {}", counted(of, "attempt"), counted(of, "failure")),
        text_of(of, "/cooldown/cause"),
    ]
}

/// Returns how many of something there were this minute: `1 attempt`.
fn counted(of: &Value, what: &str) -> String {
    let count = text_of(of, &format!("/minute/{what}s"));
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Returns the candidates and the decision of an explained request.
fn explanation(answer: &Value) -> Vec<Vec<String>> {
    let candidate = |of: &Value| {
        let is_eligible = of.get("eligible").and_then(Value::as_bool).unwrap_or(false);
        let eligible = if is_eligible { "eligible" } else { "no" };
        vec![text_of(of, "/deployment"), eligible.to_owned(), text_of(of, "/because")]
    };
    let mut rows: Vec<Vec<String>> = list(answer, "candidates").iter().map(candidate).collect();
    let plan: Vec<&str> = list(answer, "plan").iter().filter_map(Value::as_str).collect();
    for (name, value) in [
        ("route", text_of(answer, "/route")),
        ("model", text_of(answer, "/model")),
        ("plan", plan.join(" → ")),
        ("error", text_of(answer, "/error/message")),
    ] {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    }
    rows
}

/// Returns a row for each model.
fn routes(answer: &Value) -> Vec<Vec<String>> {
    let model = |of: &Value| {
        let endpoint =
            |at: &Value| format!("{}:{}", text_of(at, "/provider"), text_of(at, "/model_id"));
        let endpoints: Vec<String> = list(of, "endpoints").iter().map(endpoint).collect();
        vec![
            text_of(of, "/model"),
            text_of(of, "/source"),
            text_of(of, "/strategy"),
            endpoints.join(", "),
        ]
    };
    list(answer, "routes").iter().map(model).collect()
}
