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

use crate::config;

use super::output::{Output, ToolFailure, read};
use super::table;
use line::{Captured, NextLine};
use report::{
    Bad, BadLine, Basis, ConfigurationTotals, DifferenceKind, Differences, EXAMPLES, ReplayReport,
    ShownRequest,
};
use side::{ReplayOutcome, RequestCount, Side};

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArguments {
    /// The configuration, JSON
    #[arg(long, short)]
    config: PathBuf,
    /// Another one, to show what it decides differently
    #[arg(long, short)]
    against: Option<PathBuf>,
    /// The requests, one in JSON on each line; `-` reads standard input
    file: PathBuf,
    /// The path of requests that have none
    #[arg(long, short)]
    path: Option<String>,
    /// The seed of random picks
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many requests to show; of two configurations, of those that differ
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Print every request as it is read, before the report
    #[arg(long)]
    each: bool,
    /// Print JSON; what --each prints is then one object on each line
    #[arg(long)]
    json: bool,
}

/// Lines that cannot be read and are named.
const MOST_BAD: usize = 20;

/// The report; exit code 1 if there are lines that cannot be read.
pub(super) fn run(arguments: &ReplayArguments) -> Result<Output, ToolFailure> {
    let side = |file: &Path| {
        let named = |problems| ToolFailure::new(2, format!("{}:\n{problems}", file.display()));
        config::parse(&read(file)?).map(Side::new).map_err(named)
    };
    let mut replay = Replay {
        arguments,
        config: side(&arguments.config)?,
        against: arguments.against.as_deref().map(side).transpose()?,
        requests: 0,
        bad: Bad::default(),
        basis: Basis::default(),
        kinds: BTreeMap::new(),
        shown: Vec::new(),
    };
    let unreadable = |error: io::Error| {
        ToolFailure::new(2, format!("{}: cannot be read: {error}", arguments.file.display()))
    };
    if arguments.file.as_os_str() == "-" {
        replay.all(&mut io::stdin().lock()).map_err(unreadable)?;
    } else {
        let file = File::open(&arguments.file).map_err(unreadable)?;
        replay.all(&mut BufReader::with_capacity(1 << 16, file)).map_err(unreadable)?;
    }
    let report = replay.report();
    let code = u8::from(report.bad_lines.count > 0);
    let text = if arguments.json && arguments.each {
        serde_json::to_string(&report)
    } else if arguments.json {
        serde_json::to_string_pretty(&report)
    } else {
        Ok(report::text(&report))
    };
    Ok(Output { text: text.map_err(|error| ToolFailure::new(2, error))?, code })
}

struct Replay<'a> {
    arguments: &'a ReplayArguments,
    config: Side,
    against: Option<Side>,
    requests: u64,
    bad: Bad,
    basis: Basis,
    /// What differs: how often, and in which lines first.
    kinds: BTreeMap<(ReplayOutcome, ReplayOutcome), (u64, Vec<u64>)>,
    shown: Vec<ShownRequest>,
}

impl Replay<'_> {
    fn all(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        let (mut buffer, mut number) = (Vec::new(), 0u64);
        loop {
            let next = line::next(reader, &mut buffer)?;
            number = number.saturating_add(1);
            match next {
                NextLine::End => return Ok(()),
                NextLine::TooLong => self.bad(number, "is longer than 64 MiB".to_owned()),
                NextLine::Line if buffer.trim_ascii().is_empty() => {}
                NextLine::Line => match line::read(&buffer, self.arguments.path.as_deref()) {
                    Ok(captured) => self.one(number, captured),
                    Err(because) => self.bad(number, because),
                },
            }
        }
    }

    fn bad(&mut self, line: u64, because: String) {
        self.bad.count = self.bad.count.saturating_add(1);
        if self.bad.shown.len() < MOST_BAD {
            self.bad.shown.push(BadLine { line, because });
        }
    }

    fn one(&mut self, line: u64, captured: Captured) {
        self.requests = self.requests.saturating_add(1);
        let basis = match captured.usage {
            Some(_) => &mut self.basis.usage,
            None => &mut self.basis.estimate,
        };
        *basis = basis.saturating_add(1);
        // The line's own, so that a line in between changes no other request.
        let seed = fastrand::Rng::with_seed(self.arguments.seed ^ line.rotate_left(32)).u64(..);
        let config = self.config.decide(&captured, seed);
        let against = self.against.as_mut().map(|side| side.decide(&captured, seed));
        let differs = against.as_ref().is_some_and(|it| it.outcome != config.outcome);
        if let (Some(other), true) = (&against, differs) {
            let key = (config.outcome.clone(), other.outcome.clone());
            let (count, lines) = self.kinds.entry(key).or_default();
            *count = count.saturating_add(1);
            if lines.len() < EXAMPLES {
                lines.push(line);
            }
        }
        let is_shown = against.is_none() || differs;
        let is_kept = is_shown && !self.arguments.each && self.shown.len() < self.arguments.show;
        if is_kept || self.arguments.each {
            let Captured { time, path, .. } = captured;
            let shown = ShownRequest { line, time, path, config, against };
            if self.arguments.each {
                print(&shown, self.arguments.json);
            } else {
                self.shown.push(shown);
            }
        }
    }

    fn report(self) -> ReplayReport {
        let arguments = self.arguments;
        let named = |file: &Path, side: Side| ConfigurationTotals {
            file: file.display().to_string(),
            totals: side.totals,
        };
        let kind = |((from, to), (count, lines))| DifferenceKind { from, to, count, lines };
        let mut kinds: Vec<DifferenceKind> = self.kinds.into_iter().map(kind).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        let count = kinds.iter().map(|kind| kind.count).sum();
        let other = self.against.as_ref();
        let cost_usd =
            other.and_then(|other| more(&self.config.totals.decided, &other.totals.decided));
        ReplayReport {
            requests: self.requests,
            bad_lines: self.bad,
            seed: arguments.seed,
            cost_basis: self.basis,
            config: named(&arguments.config, self.config),
            differences: self.against.as_ref().map(|_| Differences { count, cost_usd, kinds }),
            against: self
                .against
                .zip(arguments.against.as_deref())
                .map(|(it, file)| named(file, it)),
            shown: self.shown,
        }
    }
}

/// What the second costs more, where all prices are known.
fn more(one: &RequestCount, other: &RequestCount) -> Option<f64> {
    (one.unpriced == 0 && other.unpriced == 0).then_some(other.cost_usd - one.cost_usd)
}

fn print(shown: &ShownRequest, as_json: bool) {
    let text = if as_json {
        serde_json::to_string(shown).unwrap_or_default()
    } else {
        let row = report::one(shown.line, &shown.path, &shown.config, shown.against.as_ref());
        let cells: Vec<String> = row.into_iter().filter(|cell| !cell.is_empty()).collect();
        table::printable(&cells.join("  "))
    };
    let _ = writeln!(io::stdout(), "{text}");
}
