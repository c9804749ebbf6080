//! The result of a replay, for programs and for people: summary, differences, requests.
//!
//! The names of fields are those of `--json`, which programs read.

use std::fmt::Write;

use serde::Serialize;

use super::super::table;
use super::side::{Disposition, Priced, Subtotal, Subtotals, Totals};

/// How many lines are named as examples of a difference.
pub(super) const EXAMPLES: usize = 3;

/// The whole report.
///
/// `against` and `differences` are there only if two configurations are compared.
#[derive(Debug, Serialize)]
pub(super) struct ReplayReport {
    pub(super) requests: u64,
    pub(super) bad_lines: BadLines,
    pub(super) seed: u64,
    pub(super) cost_basis: CostBasis,
    pub(super) config: SideTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) against: Option<SideTotals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) differences: Option<Differences>,
    /// The first requests; of two configurations, the first that they decide differently.
    pub(super) shown: Vec<Replayed>,
}

/// Lines that hold no request.
///
/// All of them are counted, and the first ones shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct BadLines {
    pub(super) count: u64,
    pub(super) shown: Vec<BadLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) because: String,
}

/// How many requests cost by the tokens that they used, and how many by the estimate.
///
/// The more are estimated, the less exact the sums are.
#[derive(Debug, Default, Serialize)]
pub(super) struct CostBasis {
    pub(super) usage: u64,
    pub(super) estimate: u64,
}

/// A configuration and what it did: a column of the tables.
#[derive(Debug, Serialize)]
pub(super) struct SideTotals {
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) totals: Totals,
}

/// Requests that the two configurations decide differently.
#[derive(Debug, Serialize)]
pub(super) struct Differences {
    pub(super) count: u64,
    /// What the second costs more than the first; none where a price is not known.
    pub(super) cost_usd: Option<f64>,
    /// Grouped by the two dispositions, most frequent first.
    pub(super) kinds: Vec<Shift>,
}

/// Requests that one configuration handles one way, and the other another way.
#[derive(Debug, Serialize)]
pub(super) struct Shift {
    pub(super) from: Disposition,
    pub(super) to: Disposition,
    pub(super) count: u64,
    /// The first [`EXAMPLES`] of them.
    ///
    /// These are numbers of lines in the capture, from 1.
    pub(super) lines: Vec<u64>,
}

/// A request and what became of it, under one configuration or both.
#[derive(Debug, Serialize)]
pub(super) struct Replayed {
    pub(super) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<serde_json::Value>,
    pub(super) path: String,
    pub(super) config: Priced,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) against: Option<Priced>,
}

/// Returns the report as tables with headings, without a line break at the end.
pub(super) fn text(report: &ReplayReport) -> String {
    let mut out = String::new();
    table::section(&mut out, "requests", overview(report));
    table::section(&mut out, "deployments", subtotals(report, |totals| &totals.deployments));
    table::section(&mut out, "models", subtotals(report, |totals| &totals.models));
    table::section(&mut out, "routes", subtotals(report, |totals| &totals.routes));
    if let Some(differences) = &report.differences {
        let heading = format!("differences: {}", differences.count);
        table::section(&mut out, &heading, differences.kinds.iter().map(shift).collect());
    }
    let heading = if report.against.is_some() { "requests that differ" } else { "first requests" };
    if !report.shown.is_empty() {
        table::section(&mut out, heading, report.shown.iter().map(cells).collect());
    }
    if report.bad_lines.count > 0 {
        let heading = format!("lines that cannot be read: {}", report.bad_lines.count);
        let row = |bad: &BadLine| vec![format!("line {}", bad.line), bad.because.clone()];
        table::section(&mut out, &heading, report.bad_lines.shown.iter().map(row).collect());
    }
    out.trim_end().to_owned()
}

fn sides(report: &ReplayReport) -> Vec<&SideTotals> {
    std::iter::once(&report.config).chain(&report.against).collect()
}

fn overview(report: &ReplayReport) -> Vec<Vec<String>> {
    let sides = sides(report);
    let row = |name: &str, cell: &dyn Fn(&SideTotals) -> String| {
        row(name, sides.iter().map(|side| cell(side)))
    };
    let mut rows = vec![
        row("", &|side| side.file.clone()),
        row("requests", &|_| report.requests.to_string()),
        row("decided", &|side| side.totals.decided.requests.to_string()),
        row("untouched", &|side| side.totals.untouched.to_string()),
    ];
    for code in sorted(sides.iter().flat_map(|side| side.totals.refused.keys())) {
        // A code that only one of them refuses with is a 0 for the other.
        let count = |side: &SideTotals| side.totals.refused.get(code).copied().unwrap_or(0);
        rows.push(row(&format!("refused: {code}"), &|side| count(side).to_string()));
    }
    rows.push(row("projected cost", &|side| cost(&side.totals.decided)));
    if let Some(usd) = report.differences.as_ref().and_then(|it| it.cost_usd) {
        // In the second column, which is the one that costs more or less.
        rows.push(vec!["difference".to_owned(), String::new(), format!("{usd:+.6} USD")]);
    }
    let CostBasis { usage, estimate } = report.cost_basis;
    let basis = format!("{usage} by usage, {estimate} by estimate");
    rows.push(vec!["cost based on".to_owned(), basis]);
    rows
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// Returns keys of both configurations in order, each once.
fn sorted<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Returns a row for each name that either configuration has: requests, share and cost under
/// both of them.
fn subtotals(report: &ReplayReport, of: fn(&Totals) -> &Subtotals) -> Vec<Vec<String>> {
    let sides = sides(report);
    // Shares are of what is decided: what is refused or untouched uses no deployment.
    let cells = |name: &String, side: &&SideTotals| {
        let none = Subtotal::default();
        let subtotal = of(&side.totals).get(name).unwrap_or(&none);
        let share = share(subtotal.requests, side.totals.decided.requests);
        // A name that only the other configuration has costs nothing here, not $0.
        let cost = if subtotal.requests == 0 { String::new() } else { cost(subtotal) };
        [subtotal.requests.to_string(), share, cost]
    };
    let heading = sides.iter().flat_map(|_| ["requests", "share", "cost"].map(str::to_owned));
    let mut rows = vec![row("", heading)];
    for name in sorted(sides.iter().flat_map(|side| of(&side.totals).keys())) {
        rows.push(row(name, sides.iter().flat_map(|side| cells(name, side))));
    }
    rows
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(part: u64, whole: u64) -> String {
    // Without a request the share is 0 %: 0 / 0 would be shown as NaN.
    format!("{:.1} %", part as f64 * 100.0 / (whole.max(1)) as f64)
}

fn cost(subtotal: &Subtotal) -> String {
    match subtotal.unpriced {
        0 => format!("${:.6}", subtotal.cost_usd),
        all if all == subtotal.requests => "unknown cost".to_owned(),
        some => format!("${:.6} without {some} of unknown cost", subtotal.cost_usd),
    }
}

fn shift(shift: &Shift) -> Vec<String> {
    let lines: Vec<String> = shift.lines.iter().map(ToString::to_string).collect();
    let more = if shift.count > EXAMPLES as u64 { ", …" } else { "" };
    let lines = format!("line {}{more}", lines.join(", "));
    let (from, to) = (summary(&shift.from), summary(&shift.to));
    vec![shift.count.to_string(), from, "→".to_owned(), to, lines]
}

/// Returns the row of a request: line, path, and what became of it under each configuration.
pub(super) fn cells(replayed: &Replayed) -> Vec<String> {
    let price = |side: &Priced| side.cost_usd.map(|usd| format!("${usd:.6}")).unwrap_or_default();
    let mut row = vec![format!("line {}", replayed.line), replayed.path.clone()];
    row.extend([summary(&replayed.config.disposition), price(&replayed.config)]);
    if let Some(against) = &replayed.against {
        row.extend(["→".to_owned(), summary(&against.disposition), price(against)]);
    }
    row
}

/// Returns a disposition in a few words: `route: model on deployment`.
///
/// A model that is the deployment itself stands alone, and so does one that no route chose.
fn summary(disposition: &Disposition) -> String {
    if let Some(code) = disposition.refused {
        return format!("refused: {code}");
    }
    if disposition.untouched {
        return "untouched".to_owned();
    }
    let mut out = String::new();
    if let Some(route) = &disposition.route {
        let _ = write!(out, "{route}: ");
    }
    let (model, deployment) = (disposition.model.as_deref(), disposition.deployment.as_deref());
    out.push_str(model.unwrap_or_default());
    if model != deployment {
        let _ = write!(out, " on {}", deployment.unwrap_or_default());
    }
    out
}
