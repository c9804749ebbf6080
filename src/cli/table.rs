//! A trace for people: short lines, columns aligned.

use std::fmt::Write;

use crate::config::Config;
use crate::request::facts::FactsView;
use crate::routing::Trace;

/// The whole trace of a decided request.
pub(super) fn explanation(facts: &FactsView<'_>, trace: &Trace) -> String {
    let mut out = String::new();
    section(&mut out, "facts", fact_rows(facts));
    section(&mut out, "routes", route_rows(trace));
    let mut asked = vec![vec!["route".to_owned(), or_none(trace.route.as_deref())]];
    asked.push(vec!["model".to_owned(), or_none(trace.model.as_deref())]);
    if let Some(variant) = &trace.variant {
        asked.push(vec!["variant".to_owned(), variant.clone()]);
    }
    asked.push(vec!["strategy".to_owned(), or_none(trace.strategy)]);
    if let Some(because) = trace.because {
        asked.push(vec!["but".to_owned(), because.to_owned()]);
    }
    section(&mut out, "asked for", asked);
    section(&mut out, "candidates", candidate_rows(trace));
    outcome(&mut out, trace);
    if let Some(shadow) = &trace.shadow {
        section(&mut out, "shadow", shadow_rows(shadow));
    }
    out.trim_end().to_owned()
}

/// What the shadow would do, in short: what it would do it for is in the JSON.
fn shadow_rows(trace: &Trace) -> Vec<Vec<String>> {
    let row = |key: &str, value: String| vec![key.to_owned(), value];
    let mut rows = vec![
        row("route", or_none(trace.route.as_deref())),
        row("model", or_none(trace.model.as_deref())),
    ];
    if let Some(decision) = &trace.decision {
        rows.push(row("deployment", decision.deployment.clone()));
    }
    if let Some(error) = &trace.error {
        rows.push(row("error", format!("{} {}", error.status, error.code)));
    }
    if trace.pass_through {
        rows.push(row("untouched", "the request passes through".to_owned()));
    }
    rows
}

/// The trace of a request that no decision is made of.
pub(super) fn undecided(config: &Config, trace: &Trace) -> String {
    let mut out = String::new();
    outcome(&mut out, trace);
    if trace.pass_through {
        let cluster = or_none(config.default_cluster.as_deref());
        let _ = writeln!(out, "  default_cluster  {cluster}");
    }
    out.trim_end().to_owned()
}

fn or_none(text: Option<&str>) -> String {
    text.unwrap_or("none").to_owned()
}

fn fact_rows(facts: &FactsView<'_>) -> Vec<Vec<String>> {
    let value = serde_json::to_value(facts).unwrap_or_default();
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null() && **value != false && !is_empty(value))
        .map(|(key, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            vec![key.clone(), text]
        })
        .collect()
}

fn is_empty(value: &serde_json::Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn route_rows(trace: &Trace) -> Vec<Vec<String>> {
    let row = |route: &crate::routing::explain::RouteTrace| {
        let verdict = if route.matched { "matches" } else { "no" };
        vec![route.name.clone(), verdict.to_owned(), route.because.clone().unwrap_or_default()]
    };
    trace.routes.iter().map(row).collect()
}

fn candidate_rows(trace: &Trace) -> Vec<Vec<String>> {
    let row = |candidate: &crate::routing::explain::CandidateTrace| {
        let verdict = if candidate.eligible { "eligible" } else { "no" };
        let cost = candidate.estimated_cost_usd.map(|usd| format!("${usd:.6}"));
        let fallback = candidate.fallback.as_ref().map(|name| format!("fallback {name}"));
        vec![
            candidate.deployment.clone(),
            verdict.to_owned(),
            cost.unwrap_or_else(|| "cost unknown".to_owned()),
            candidate.because.clone().or(fallback).unwrap_or_default(),
        ]
    };
    trace.candidates.iter().map(row).collect()
}

fn outcome(out: &mut String, trace: &Trace) {
    let mut rows = Vec::new();
    if !trace.plan.is_empty() {
        rows.push(vec!["plan".to_owned(), trace.plan.join(" → ")]);
    }
    if let Some(decision) = &trace.decision {
        rows.push(vec!["deployment".to_owned(), decision.deployment.clone()]);
        rows.push(vec!["provider".to_owned(), decision.provider.clone()]);
        rows.push(vec!["cluster".to_owned(), decision.cluster.clone()]);
        rows.push(vec!["upstream model".to_owned(), decision.upstream_model.clone()]);
    }
    if let Some(error) = &trace.error {
        rows.push(vec!["error".to_owned(), format!("{} {}", error.status, error.code)]);
        rows.push(vec![String::new(), error.message.clone()]);
    }
    if trace.pass_through {
        rows.push(vec!["untouched".to_owned(), "the request passes through".to_owned()]);
    }
    if !trace.release.because.is_empty() {
        let early = if trace.release.early { "at the model" } else { "at the end of the body" };
        rows.push(vec!["sent on".to_owned(), format!("{early}: {}", trace.release.because)]);
    }
    section(out, "decision", rows);
}

/// A heading and rows with aligned columns.
pub(super) fn section(out: &mut String, heading: &str, rows: Vec<Vec<String>>) {
    let _ = writeln!(out, "{heading}");
    if rows.is_empty() {
        let _ = writeln!(out, "  none");
    }
    let printable = |row: Vec<String>| row.iter().map(|cell| printable(cell)).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(printable).collect();
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

/// A text without what a terminal would act upon: much of what is shown, a client has written.
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
