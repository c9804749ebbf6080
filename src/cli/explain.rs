//! `pointsman explain`: what becomes of a request and why.
//!
//! The state of deployments lives in Envoy. Here none cools or is busy, and every turn of a
//! round robin is the first.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use crate::config::Config;
use crate::host::Headers;
use crate::lifecycle::{RequestHead, explained, unknown};
use crate::models::ModelsRequest;
use crate::request::refusal::Refusal;
use crate::routing::explain::Fresh;

use super::io::{self, ToolError};
use super::routing_file::RoutingFile;
use super::table;

const EXAMPLE: &str = "\
Example:
  pointsman explain pointsman.json --body request.json --header \"x-llm-tag: batch\"

The exit code is 0 whatever the decision is, even if the request is refused.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct ExplainArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// The file with the request body, or the body itself if it begins with `{`; `-` reads standard
    /// input
    #[arg(long, short, value_name = "FILE")]
    body: PathBuf,
    /// The path of the request
    #[arg(long, short, default_value = "/v1/chat/completions")]
    path: String,
    /// The method of the request
    #[arg(long, short = 'X', default_value = "POST")]
    method: String,
    /// A header of the request; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The seed of random picks, a whole number. Without it, each run may pick differently
    #[arg(long)]
    seed: Option<u64>,
    /// Print the explanation as JSON
    #[arg(long)]
    json: bool,
}

/// Returns the trace of the request, as tables or as JSON.
///
/// A refused request is a result like any other.
///
/// # Errors
/// The configuration or the body cannot be read, or a header has no name.
pub(super) fn run(arguments: &ExplainArgs) -> Result<String, ToolError> {
    let config = RoutingFile::read(&arguments.config)?.config()?;
    let body = io::read_body(&arguments.body)?;
    let head = head(arguments)?;
    // The standard library seeds its hash maps with random numbers: enough to draw by, and no
    // further dependency.
    let seed = arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0u8));
    let explained = explained(&config, &head, &body, &Fresh, None, seed);
    let shown = explained.shown();
    if arguments.json {
        return io::pretty_json(&shown);
    }
    Ok(match &shown.facts {
        Some(facts) if explained.is_decided => table::explanation(facts, shown.trace),
        _ => table::undecided(shown.trace, untouched(&config, &head, arguments)),
    })
}

/// Returns what the filter or Envoy does with a request that is not decided.
fn untouched(config: &Config, head: &RequestHead, arguments: &ExplainArgs) -> Vec<[String; 2]> {
    let row = |name: &str, value: &str| [name.to_owned(), value.to_owned()];
    let is_list = ModelsRequest::of(arguments.method.as_bytes(), &arguments.path, false).is_some();
    if config.serve_models && is_list {
        return vec![row("answer", "200 with the models of the document (serve_models)")];
    }
    let default = config.default_cluster.as_deref();
    let mut rows = vec![row("default_cluster", default.unwrap_or("none"))];
    let meant = meant(config, arguments);
    if let Some((refusal, _)) = unknown(config, head, || true) {
        let Refusal { status, code, message, .. } = refusal;
        let what = format!("{status} {code}, unless a route of Envoy's own has a cluster");
        rows.push(row("answer", &what));
        // The message lists every path, which says less than the one that was meant.
        if meant.is_none() {
            rows.push(row("", &message));
        }
    }
    rows.extend(meant.map(|meant| row("did you mean", &meant)));
    rows
}

/// Returns the path that a path of no LLM request is probably meant for.
fn meant(config: &Config, arguments: &ExplainArgs) -> Option<String> {
    const MOST_EDITS: usize = 3;
    let path = arguments.path.as_str();
    let (plain, _) = path.split_once('?').unwrap_or((path, ""));
    let edits = |usual: &str| {
        let short = usual.strip_prefix("/v1").unwrap_or(usual);
        let edits = strsim::osa_distance(plain, usual).min(strsim::osa_distance(plain, short));
        // `/v1/chat` is the beginning of one.
        let is_start = usual.strip_prefix(plain).is_some_and(|rest| rest.starts_with('/'));
        if is_start { 1 } else { edits }
    };
    let usual = config.paths.usual().filter(|_| config.paths.call(b"POST", path).is_none());
    let near = usual.map(|usual| (edits(usual), usual)).filter(|(edits, _)| *edits <= MOST_EDITS);
    near.min_by_key(|(edits, _)| *edits).map(|(_, usual)| usual.to_owned())
}

/// Returns the head of the request of the command line, as Envoy would have it.
///
/// # Errors
/// A header without a name or without a colon.
fn head(arguments: &ExplainArgs) -> Result<RequestHead, ToolError> {
    let own = [(":method", arguments.method.as_bytes()), (":path", arguments.path.as_bytes())];
    let given = headers(&arguments.headers)?;
    Ok(RequestHead::new(own.into_iter().chain(given.iter()).collect()))
}

/// Returns the headers of a command line, as Envoy would have them.
///
/// # Errors
/// One of them has no name.
pub(super) fn headers(given: &[String]) -> Result<Headers, ToolError> {
    let header = |header: &String| {
        let named = header.split_once(':').filter(|(name, _)| !name.trim().is_empty());
        let Some((name, value)) = named else {
            return Err(ToolError::unusable(format!(
                "--header: found {header:?}; expected \"NAME: VALUE\""
            )));
        };
        // Envoy gives filters every name in lower case.
        Ok((name.trim().to_ascii_lowercase(), value.trim().as_bytes().to_vec()))
    };
    given.iter().map(header).collect()
}
