//! `pointsman check`: every problem of a routing document, in one pass.

use std::path::PathBuf;

use serde::Serialize;

use crate::config::{Config, place_of_authority};

use super::endpoint;
use super::io::{Output, ToolError, pretty_json};
use super::needs::Needs;
use super::routing_file::{CheckedFile, Finding, RoutingFile};

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    file: PathBuf,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Returns the warnings of a valid document and a line that counts its parts and has its hash, or the findings of any
/// document as JSON. The exit code of JSON is 1 if there are problems.
///
/// # Errors
/// All problems of a document that is not valid; the file cannot be read.
pub(super) fn run(arguments: &CheckArgs) -> Result<Output, ToolError> {
    let file = RoutingFile::read(&arguments.file)?;
    let mut checked = file.check();
    if let Some(config) = &checked.config {
        checked.warnings.extend(own_with_tls(&file, config)?);
    }
    if arguments.json {
        return json(&file.name, &checked);
    }
    let Some(config) = &checked.config else {
        return Err(ToolError::has_problems(checked.problem_lines(&file.name)));
    };
    // Warnings first, so that the last line is the verdict.
    let line = |found: &Finding| found.line_of(&file.name, found.severity());
    let mut lines: Vec<String> = checked.warnings.iter().map(line).collect();
    lines.push(format!("{}: {}", file.name, summary(config)));
    Ok(lines.join("\n").into())
}

/// Returns a warning of each authority of a server that often has no TLS. The commands that start Envoy say
/// the same, unless they are given the address.
///
/// # Errors
/// As [`endpoint::addresses`].
fn own_with_tls(file: &RoutingFile, config: &Config) -> Result<Vec<Finding>, ToolError> {
    let addresses = endpoint::addresses(config, &Needs::of(config), &[])?;
    let warning = |(cluster, provider, address): (&String, &String, &_)| {
        let place = place_of_authority(provider);
        file.found(&format!("{place}: {}", endpoint::told_of_tls(cluster, address)))
    };
    Ok(endpoint::own_with_tls(&addresses).map(warning).collect())
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct CheckReport<'a> {
    file: &'a str,
    is_valid: bool,
    /// The hash of a valid document, which running proxies show as well.
    document_hash: Option<&'a str>,
    /// How many problems there are; `problems` has the first hundred.
    problem_count: usize,
    problems: Vec<ShownFinding<'a>>,
    warnings: Vec<ShownFinding<'a>>,
}

/// A finding as JSON. Lines and columns count from 1.
#[derive(Debug, Serialize)]
struct ShownFinding<'a> {
    path: &'a str,
    message: &'a str,
    line: Option<usize>,
    column: Option<usize>,
}

fn json(file: &str, checked: &CheckedFile) -> Result<Output, ToolError> {
    let report = CheckReport {
        file,
        is_valid: checked.config.is_some(),
        document_hash: checked.config.as_ref().map(|config| config.document_hash.as_str()),
        problem_count: checked.count,
        problems: checked.problems.iter().map(shown).collect(),
        warnings: checked.warnings.iter().map(shown).collect(),
    };
    Ok(Output { text: pretty_json(&report)?, code: u8::from(!report.is_valid) })
}

fn shown(found: &Finding) -> ShownFinding<'_> {
    let (path, message) = (&found.problem.path, &found.problem.message);
    ShownFinding { path, message, line: found.line, column: found.column }
}

fn summary(config: &Config) -> String {
    let count = |count: usize, thing: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {thing}{plural}")
    };
    format!(
        "ok: {}, {}, {}, {}; document {}",
        count(config.providers.len(), "provider"),
        count(config.deployments.len(), "deployment"),
        count(config.models.len(), "model"),
        count(config.routes.len(), "route"),
        config.document_hash,
    )
}
