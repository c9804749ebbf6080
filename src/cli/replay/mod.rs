//! `pointsman replay`: what becomes of captured requests, under one configuration or two.
//!
//! Reads line by line and keeps counts and a few examples: memory is bounded by the
//! configurations and the longest line. The same file, configurations and seed give the
//! same report.

mod line;
mod report;
mod side;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::io::{Output, ToolError, pretty_json, standard_input, unreadable};
use super::routing_file::RoutingFile;
use super::table;
use line::{Captured, NextLine};
use report::{
    BadLine, BadLines, CostBasis, Differences, EXAMPLES, ReplayReport, Replayed, Shift, SideTotals,
};
use side::{Disposition, Side, Subtotal};

const EXAMPLE: &str = "\
Example:
  pointsman replay --config pointsman.json --against next.json requests.jsonl

A line is {\"path\": …, \"headers\": {…}, \"body\": …}, or a body alone. The exit code is 1 if
there are lines that cannot be read; the report then covers the other lines.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct ReplayArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// A second configuration: the report then shows which requests it routes differently
    #[arg(long, short, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The file with the requests, one JSON object on each line; `-` reads standard input
    file: PathBuf,
    /// The path of requests that do not have one, such as /v1/messages
    #[arg(long, short)]
    path: Option<String>,
    /// The seed of random picks, a whole number
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many requests to show; with two configurations, how many that differ
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Print the decision for each request as it is read, before the report
    #[arg(long)]
    each: bool,
    /// Print the report as JSON; with --each, one JSON object on each line
    #[arg(long)]
    json: bool,
}

/// How many lines that cannot be read the report has in full; the others are counted.
/// A file of another kind has nothing else.
const MOST_BAD: usize = 20;

/// Returns the report; the exit code is 1 if there are lines that cannot be read.
///
/// With `--each`, every request is printed as it is read.
///
/// # Errors
/// A configuration is not valid, or a file cannot be read.
pub(super) fn run(arguments: &ReplayArgs) -> Result<Output, ToolError> {
    let side = |file: &Path| RoutingFile::read(file)?.config().map(Side::new);
    let mut replay = Replay {
        arguments,
        config: side(&arguments.config)?,
        against: arguments.against.as_deref().map(side).transpose()?,
        requests: 0,
        bad: BadLines::default(),
        basis: CostBasis::default(),
        shifts: BTreeMap::new(),
        shown: Vec::new(),
    };
    let failed = |error: io::Error| unreadable(arguments.file.display(), &error);
    if arguments.file.as_os_str() == "-" {
        replay.read_all(&mut standard_input()?).map_err(failed)?;
    } else {
        let file = File::open(&arguments.file).map_err(failed)?;
        replay.read_all(&mut BufReader::with_capacity(1 << 16, file)).map_err(failed)?;
    }
    let report = replay.into_report();
    let text = if arguments.json && arguments.each {
        // One object on each line, the report being the last.
        serde_json::to_string(&report).map_err(ToolError::unusable)?
    } else if arguments.json {
        pretty_json(&report)?
    } else {
        report::text(&report)
    };
    Ok(Output { text, code: u8::from(report.bad_lines.count > 0) })
}

/// A replay that is under way. Its size depends on the configurations and on how much is
/// shown, not on how many requests there are.
struct Replay<'a> {
    arguments: &'a ReplayArgs,
    config: Side,
    against: Option<Side>,
    requests: u64,
    bad: BadLines,
    basis: CostBasis,
    /// How many requests each pair of different dispositions has, and their first lines.
    /// Dispositions hold names of the configuration alone, so this is bounded.
    shifts: BTreeMap<(Disposition, Disposition), (u64, Vec<u64>)>,
    shown: Vec<Replayed>,
}

impl Replay<'_> {
    fn read_all(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        let (mut buffer, mut number) = (Vec::new(), 0u64);
        loop {
            let next = line::next(reader, &mut buffer)?;
            number = number.saturating_add(1);
            match next {
                NextLine::End => return Ok(()),
                NextLine::TooLong => {
                    self.add_bad(number, "is longer than 64 MiB; shorten the line".to_owned())
                }
                NextLine::Read if buffer.trim_ascii().is_empty() => {}
                NextLine::Read => match line::read(&buffer, self.arguments.path.as_deref()) {
                    Ok(captured) => self.decide(number, captured),
                    Err(because) => self.add_bad(number, because),
                },
            }
        }
    }

    fn add_bad(&mut self, line: u64, because: String) {
        self.bad.count = self.bad.count.saturating_add(1);
        if self.bad.shown.len() < MOST_BAD {
            self.bad.shown.push(BadLine { line, because });
        }
    }

    /// Decides the request of a line under both configurations, counts it, and shows it or
    /// keeps it for the report.
    fn decide(&mut self, line: u64, captured: Captured) {
        self.requests = self.requests.saturating_add(1);
        let basis = match captured.usage {
            Some(_) => &mut self.basis.usage,
            None => &mut self.basis.estimate,
        };
        *basis = basis.saturating_add(1);
        // The seed depends on the line's number and on nothing that earlier lines did, and both
        // configurations draw by the same one: what differs is what they decide.
        let seed = fastrand::Rng::with_seed(self.arguments.seed ^ line.rotate_left(32)).u64(..);
        let config = self.config.decide(&captured, seed);
        let against = self.against.as_mut().map(|side| side.decide(&captured, seed));
        let differs = against.as_ref().is_some_and(|it| it.disposition != config.disposition);
        if let (Some(other), true) = (&against, differs) {
            let key = (config.disposition.clone(), other.disposition.clone());
            let (count, lines) = self.shifts.entry(key).or_default();
            *count = count.saturating_add(1);
            if lines.len() < EXAMPLES {
                lines.push(line);
            }
        }
        let is_shown = against.is_none() || differs;
        let is_kept = is_shown && !self.arguments.each && self.shown.len() < self.arguments.show;
        if is_kept || self.arguments.each {
            let Captured { time, path, .. } = captured;
            let replayed = Replayed { line, time, path, config, against };
            if self.arguments.each {
                print(&replayed, self.arguments.json);
            } else {
                self.shown.push(replayed);
            }
        }
    }

    fn into_report(self) -> ReplayReport {
        let arguments = self.arguments;
        let totals = |file: &Path, side: Side| SideTotals {
            file: file.display().to_string(),
            totals: side.totals,
        };
        let shift = |((from, to), (count, lines))| Shift { from, to, count, lines };
        let mut kinds: Vec<Shift> = self.shifts.into_iter().map(shift).collect();
        // Stable, so that equal counts stay in the order of their names.
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let count = kinds.iter().map(|kind| kind.count).sum();
        let cost_usd = self
            .against
            .as_ref()
            .and_then(|other| added_cost(&self.config.totals.decided, &other.totals.decided));
        let against = self.against.zip(arguments.against.as_deref());
        let against = against.map(|(side, file)| totals(file, side));
        ReplayReport {
            requests: self.requests,
            bad_lines: self.bad,
            seed: arguments.seed,
            cost_basis: self.basis,
            config: totals(&arguments.config, self.config),
            differences: against.as_ref().map(|_| Differences { count, cost_usd, kinds }),
            against,
            shown: self.shown,
        }
    }
}

/// Returns what the second configuration costs more than the first, in USD; none where a
/// price is unknown, because a sum without it would look like a saving.
fn added_cost(one: &Subtotal, other: &Subtotal) -> Option<f64> {
    (one.unpriced == 0 && other.unpriced == 0).then_some(other.cost_usd - one.cost_usd)
}

fn print(replayed: &Replayed, as_json: bool) {
    let text = if as_json {
        serde_json::to_string(replayed).unwrap_or_default()
    } else {
        let cells = report::cells(replayed).into_iter().filter(|cell| !cell.is_empty());
        table::printable(&cells.collect::<Vec<_>>().join("  "))
    };
    let _ = writeln!(io::stdout(), "{text}");
}
