//! What a replay came to, for programs and for people: summary, differences, requests.

use std::fmt::Write;

use serde::Serialize;

use super::super::table;
use super::side::{PricedOutcome, ReplayOutcome, RequestCount, Totals};

/// Lines named with a kind of difference or of problem.
pub(super) const EXAMPLES: usize = 3;

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct ReplayReport {
    pub(super) requests: u64,
    pub(super) bad_lines: Bad,
    pub(super) seed: u64,
    /// What costs rest on.
    pub(super) cost_basis: Basis,
    pub(super) config: ConfigurationTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) against: Option<ConfigurationTotals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) differences: Option<Differences>,
    /// The first requests; of two configurations, the first that differ.
    pub(super) shown: Vec<ShownRequest>,
}

/// Lines that are no requests.
#[derive(Debug, Default, Serialize)]
pub(super) struct Bad {
    pub(super) count: u64,
    /// The first of them.
    pub(super) shown: Vec<BadLine>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) because: String,
}

/// How many requests' tokens are known, and how many are estimated.
#[derive(Debug, Default, Serialize)]
pub(super) struct Basis {
    pub(super) usage: u64,
    pub(super) estimate: u64,
}

/// A configuration and what it did.
#[derive(Debug, Serialize)]
pub(super) struct ConfigurationTotals {
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
    /// By what they come to, most frequent first.
    pub(super) kinds: Vec<DifferenceKind>,
}

/// One kind of difference.
#[derive(Debug, Serialize)]
pub(super) struct DifferenceKind {
    pub(super) from: ReplayOutcome,
    pub(super) to: ReplayOutcome,
    pub(super) count: u64,
    /// The first of them.
    pub(super) lines: Vec<u64>,
}

/// A request and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct ShownRequest {
    pub(super) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<serde_json::Value>,
    pub(super) path: String,
    pub(super) config: PricedOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) against: Option<PricedOutcome>,
}

/// The report as a table.
pub(super) fn text(report: &ReplayReport) -> String {
    let mut out = String::new();
    table::section(&mut out, "requests", overview(report));
    for (what, of) in [
        ("deployments", Totals::deployments as TotalsOf),
        ("models", Totals::models),
        ("routes", Totals::routes),
    ] {
        table::section(&mut out, what, tallies(report, of));
    }
    if let Some(differences) = &report.differences {
        let heading = format!("differences: {}", differences.count);
        table::section(&mut out, &heading, differences.kinds.iter().map(kind).collect());
    }
    let heading = if report.against.is_some() { "requests that differ" } else { "first requests" };
    if !report.shown.is_empty() {
        table::section(&mut out, heading, report.shown.iter().map(request).collect());
    }
    if report.bad_lines.count > 0 {
        let heading = format!("lines that cannot be read: {}", report.bad_lines.count);
        let row = |bad: &BadLine| vec![format!("line {}", bad.line), bad.because.clone()];
        table::section(&mut out, &heading, report.bad_lines.shown.iter().map(row).collect());
    }
    out.trim_end().to_owned()
}

type TotalsOf = fn(&Totals) -> &std::collections::BTreeMap<String, RequestCount>;

impl Totals {
    const fn deployments(&self) -> &std::collections::BTreeMap<String, RequestCount> {
        &self.deployments
    }

    const fn models(&self) -> &std::collections::BTreeMap<String, RequestCount> {
        &self.models
    }

    const fn routes(&self) -> &std::collections::BTreeMap<String, RequestCount> {
        &self.routes
    }
}

fn sides(report: &ReplayReport) -> Vec<&ConfigurationTotals> {
    std::iter::once(&report.config).chain(&report.against).collect()
}

fn overview(report: &ReplayReport) -> Vec<Vec<String>> {
    let sides = sides(report);
    let mut rows = vec![row("", sides.iter().map(|side| side.file.clone()))];
    rows.push(row("requests", sides.iter().map(|_| report.requests.to_string())));
    let decided = |side: &&ConfigurationTotals| side.totals.decided.requests.to_string();
    rows.push(row("decided", sides.iter().map(decided)));
    rows.push(row("untouched", sides.iter().map(|side| side.totals.untouched.to_string())));
    let mut codes: Vec<_> = sides.iter().flat_map(|side| side.totals.refused.keys()).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let count = |side: &&ConfigurationTotals| {
            side.totals.refused.get(code).copied().unwrap_or(0).to_string()
        };
        rows.push(row(&format!("refused: {code}"), sides.iter().map(count)));
    }
    rows.push(row("projected cost", sides.iter().map(|side| cost(&side.totals.decided))));
    if let Some(usd) = report.differences.as_ref().and_then(|it| it.cost_usd) {
        rows.push(vec!["difference".to_owned(), String::new(), format!("{usd:+.6} USD")]);
    }
    let Basis { usage, estimate } = report.cost_basis;
    let basis = format!("{usage} by usage, {estimate} by the estimate");
    rows.push(vec!["cost rests on".to_owned(), basis]);
    rows
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// A row for each name of either configuration: requests, share and cost of both.
fn tallies(report: &ReplayReport, of: TotalsOf) -> Vec<Vec<String>> {
    let sides = sides(report);
    let mut names: Vec<_> = sides.iter().flat_map(|side| of(&side.totals).keys()).collect();
    names.sort_unstable();
    names.dedup();
    let cells = |name: &String, side: &&ConfigurationTotals| {
        let none = RequestCount::default();
        let tally = of(&side.totals).get(name).unwrap_or(&none);
        let share = share(tally.requests, side.totals.decided.requests);
        let cost = if tally.requests == 0 { String::new() } else { cost(tally) };
        [tally.requests.to_string(), share, cost]
    };
    let of_name = |name: &String| row(name, sides.iter().flat_map(|side| cells(name, side)));
    let heading = sides.iter().flat_map(|_| ["requests", "share", "cost"].map(str::to_owned));
    let rows = std::iter::once(row("", heading)).chain(names.into_iter().map(of_name));
    rows.collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / (whole.max(1)) as f64)
}

fn cost(tally: &RequestCount) -> String {
    match tally.unpriced {
        0 => format!("${:.6}", tally.cost_usd),
        all if all == tally.requests => "cost unknown".to_owned(),
        some => format!("${:.6} without {some} of unknown cost", tally.cost_usd),
    }
}

fn kind(kind: &DifferenceKind) -> Vec<String> {
    let lines: Vec<String> = kind.lines.iter().map(ToString::to_string).collect();
    let more = if kind.count > EXAMPLES as u64 { ", …" } else { "" };
    let lines = format!("line {}{more}", lines.join(", "));
    vec![kind.count.to_string(), said(&kind.from), "→".to_owned(), said(&kind.to), lines]
}

fn request(shown: &ShownRequest) -> Vec<String> {
    one(shown.line, &shown.path, &shown.config, shown.against.as_ref())
}

/// A request in a row: of two decisions, both.
pub(super) fn one(
    line: u64,
    path: &str,
    config: &PricedOutcome,
    against: Option<&PricedOutcome>,
) -> Vec<String> {
    let mut row = vec![format!("line {line}"), path.to_owned()];
    row.extend([said(&config.outcome), price(config)]);
    if let Some(against) = against {
        row.extend(["→".to_owned(), said(&against.outcome), price(against)]);
    }
    row
}

fn price(decided: &PricedOutcome) -> String {
    decided.cost_usd.map(|usd| format!("${usd:.6}")).unwrap_or_default()
}

/// An outcome in a few words: `route: model → deployment`.
fn said(outcome: &ReplayOutcome) -> String {
    if let Some(code) = outcome.refused {
        return format!("refused: {code}");
    }
    if outcome.untouched {
        return "untouched".to_owned();
    }
    let mut said = String::new();
    if let Some(route) = &outcome.route {
        let _ = write!(said, "{route}: ");
    }
    let (model, deployment) = (outcome.model.as_deref(), outcome.deployment.as_deref());
    said.push_str(model.unwrap_or_default());
    if model != deployment {
        let _ = write!(said, " on {}", deployment.unwrap_or_default());
    }
    said
}
