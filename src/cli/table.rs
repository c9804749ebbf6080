//! A trace for people: short lines, columns aligned.

use std::fmt::Write;

use crate::request::facts::FactsView;
use crate::routing::Trace;
use crate::routing::explain::{CandidateTrace, RouteTrace, TenantTrace};

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Returns the whole trace of a request that is decided, without a line break at the end.
pub(super) fn explanation(facts: &FactsView<'_>, trace: &Trace) -> String {
    let mut out = String::new();
    section(&mut out, "facts", fact_rows(facts));
    section(&mut out, "routes", trace.routes.iter().map(route_row).collect());
    section(&mut out, "asked for", asked_rows(trace));
    section(&mut out, "state", state_rows(trace));
    section(&mut out, "candidates", trace.candidates.iter().map(candidate_row).collect());
    if let Some(tenant) = &trace.tenant {
        section(&mut out, "tenant", tenant_rows(tenant));
    }
    section(&mut out, "decision", decision_rows(trace));
    if let Some(shadow) = &trace.shadow {
        section(&mut out, "shadow", shadow_rows(shadow));
    }
    out.trim_end().to_owned()
}

/// Returns the trace of a request that is not decided: it passes through, or is refused
/// before there is anything to decide by.
/// `untouched` is what becomes of it if the filter lets it pass.
pub(super) fn undecided(trace: &Trace, untouched: Vec<[String; 2]>) -> String {
    let mut out = String::new();
    let mut rows = decision_rows(trace);
    if trace.pass_through {
        rows.extend(untouched.into_iter().map(Vec::from));
    }
    section(&mut out, "decision", rows);
    out.trim_end().to_owned()
}

fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("none")
}

/// Returns a row for each fact that says something: false, null and empty facts are most of
/// them, and are left out.
fn fact_rows(facts: &FactsView<'_>) -> Vec<Vec<String>> {
    use serde_json::Value;

    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    // Through JSON, so that a new fact is shown without a change here.
    let value = serde_json::to_value(facts).unwrap_or_default();
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| says_something(value))
        .map(|(key, value)| match value.as_str() {
            Some(text) => row([key, text]),
            None => row([key, &value.to_string()]),
        })
        .collect()
}

fn route_row(route: &RouteTrace) -> Vec<String> {
    let verdict = if route.matched { "matches" } else { "no" };
    row([&route.name, verdict, route.because.as_deref().unwrap_or_default()])
}

fn asked_rows(trace: &Trace) -> Vec<Vec<String>> {
    let mut rows = vec![
        row(["route", or_none(trace.route.as_deref())]),
        row(["model", or_none(trace.model.as_deref())]),
    ];
    if let Some(variant) = &trace.variant {
        rows.push(row(["variant", variant]));
    }
    rows.push(row(["strategy", or_none(trace.strategy)]));
    if let Some(because) = trace.because {
        rows.push(row(["but", because]));
    }
    rows
}

/// Returns what the request carries that only some can read, and whether others may get it without.
fn state_rows(trace: &Trace) -> Vec<Vec<String>> {
    let Some(state) = &trace.state else { return Vec::new() };
    let mut rows = vec![row(["boundary", &state.boundary])];
    rows.extend(state.at.iter().map(|at| row(["at", at])));
    let kept = state.because.as_ref().map(|because| format!("no: {because}"));
    rows.push(row(["can be left out", kept.as_deref().unwrap_or("yes")]));
    rows
}

fn candidate_row(candidate: &CandidateTrace) -> Vec<String> {
    let verdict = if candidate.eligible { "eligible" } else { "no" };
    let expected = candidate.expected_cost_usd.map(|usd| format!(", expected ${usd:.6}"));
    let expected = expected.unwrap_or_default();
    let cost = candidate.estimated_cost_usd.map(|usd| format!("${usd:.6}{expected}"));
    let fallback = candidate.fallback.as_ref().map(|name| format!("fallback {name}"));
    let stripped = candidate.stripped.then(|| "without the request's state".to_owned());
    let translated = candidate.translation.as_ref().map(|translation| {
        let dropped = translation.dropped.join("; ");
        let without = if dropped.is_empty() { dropped } else { format!(", without: {dropped}") };
        format!("translated into {}{without}", translation.into)
    });
    let notes: Vec<String> = fallback.into_iter().chain(stripped).chain(translated).collect();
    vec![
        candidate.deployment.clone(),
        verdict.to_owned(),
        cost.unwrap_or_else(|| "unknown cost".to_owned()),
        candidate.because.clone().unwrap_or_else(|| notes.join(", ")),
    ]
}

/// Returns whose budget it is, and a row for each limit of it.
fn tenant_rows(tenant: &TenantTrace) -> Vec<Vec<String>> {
    let mut rows =
        vec![row(["name", or_none(tenant.name.as_deref())]), row(["budget", tenant.budget])];
    #[expect(clippy::cast_precision_loss, reason = "budgets are below 2^53")]
    rows.extend(tenant.limits.iter().map(|one| match one.limit.strip_prefix("nano_") {
        Some(key) => row([key, &format!("${}", one.most as f64 / 1e9)]),
        None => row([&one.limit, &one.most.to_string()]),
    }));
    if tenant.limits.is_empty() {
        rows.push(row(["limits", "none"]));
    }
    rows
}

fn decision_rows(trace: &Trace) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if !trace.plan.is_empty() {
        rows.push(row(["plan", &trace.plan.join(" → ")]));
    }
    if let Some(decision) = &trace.decision {
        rows.push(row(["deployment", &decision.deployment]));
        rows.push(row(["provider", &decision.provider]));
        rows.push(row(["cluster", &decision.cluster]));
        rows.push(row(["upstream model", &decision.upstream_model]));
    }
    if let Some(error) = &trace.error {
        rows.push(row(["error", &format!("{} {}", error.status, error.code)]));
        rows.push(row(["", &error.message]));
    }
    if trace.pass_through {
        rows.push(row(UNTOUCHED));
    }
    if let Some(answer) = &trace.answer {
        let held = if answer.held { "held" } else { "not held" };
        rows.push(row(["answer", &format!("{held}: {}", answer.because)]));
    }
    if !trace.release.because.is_empty() {
        let early = if trace.release.early { "at the model" } else { "at the end of the body" };
        rows.push(row(["sent on", &format!("{early}: {}", trace.release.because)]));
    }
    rows
}

/// Returns what the shadow would do, in short. For what request and from which candidates is
/// in the JSON.
fn shadow_rows(trace: &Trace) -> Vec<Vec<String>> {
    let mut rows = vec![
        row(["route", or_none(trace.route.as_deref())]),
        row(["model", or_none(trace.model.as_deref())]),
    ];
    if let Some(decision) = &trace.decision {
        rows.push(row(["deployment", &decision.deployment]));
    }
    if let Some(error) = &trace.error {
        rows.push(row(["error", &format!("{} {}", error.status, error.code)]));
    }
    if trace.pass_through {
        rows.push(row(UNTOUCHED));
    }
    rows
}

const UNTOUCHED: [&str; 2] = ["untouched", "the filter does not change the request"];

/// Writes a heading and rows whose columns are aligned, and a blank line:
///
/// ```text
/// candidates
///   north-large  eligible  $0.000120
///   south-small  no        cost unknown  cooling for 3.2 s after 429
/// ```
///
/// Rows may have different numbers of cells; without rows there is the word `none`.
pub(super) fn section(out: &mut String, heading: &str, rows: Vec<Vec<String>>) {
    let _ = writeln!(out, "{heading}");
    if rows.is_empty() {
        let _ = writeln!(out, "  none");
    }
    // Escaped before the widths are measured: an escape is longer than what it stands for.
    let printable = |row: &Vec<String>| row.iter().map(|cell| printable(cell)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(printable).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    out.push('\n');
}

/// Returns a text in which everything that a terminal would act upon is escaped.
///
/// Much of what is shown was written by a client (paths, models, tags), who could otherwise
/// move the cursor, hide lines or make up results.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        // Marks of direction would show a line in another order.
        let is_mark = matches!(one, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if one.is_control() || is_mark {
            out.extend(one.escape_unicode());
        } else {
            out.push(one);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_client_wrote_moves_the_cursor_or_begins_a_line() {
        let mut out = String::new();
        section(&mut out, "paths", vec![vec!["/a\u{1b}[2J\nb\u{9b}\u{202e}é".to_owned()]]);
        assert_eq!(out, "paths\n  /a\\u{1b}[2J\\u{a}b\\u{9b}\\u{202e}é\n\n");
    }
}
