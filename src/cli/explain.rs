//! `pointsman explain`: what becomes of a request and why.
//!
//! State lives in Envoy: here nothing cools and every turn is the first.

use std::hash::{BuildHasher, RandomState};
use std::io::Read as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::config;
use crate::lifecycle::{RequestHead, explained};
use crate::routing::explain::Fresh;

use super::output::{ToolFailure, read};
use super::table;

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    /// The configuration, JSON
    #[arg(long, short)]
    config: PathBuf,
    /// The request body; `-` reads standard input
    #[arg(long, short)]
    body: PathBuf,
    /// The request path
    #[arg(long, short, default_value = "/v1/chat/completions")]
    path: String,
    /// A request header, `name: value`; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The seed of random picks; without it, every run draws anew
    #[arg(long)]
    seed: Option<u64>,
    /// Print the trace as JSON
    #[arg(long)]
    json: bool,
}

/// The trace, as a table or as JSON.
pub(super) fn run(arguments: &ExplainArguments) -> Result<String, ToolFailure> {
    let config = config::parse(&read(&arguments.config)?)
        .map_err(|problems| ToolFailure::new(2, problems))?;
    let body = body(arguments)?;
    let head = head(arguments)?;
    let seed = arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0u8));
    let explained = explained(&config, &head, &body, &Fresh, seed);
    let shown = explained.shown();
    if arguments.json {
        return json(&shown);
    }
    Ok(match &shown.facts {
        Some(facts) if explained.is_decided => table::explanation(facts, shown.trace),
        _ => table::undecided(&config, shown.trace),
    })
}

fn json(value: &impl Serialize) -> Result<String, ToolFailure> {
    serde_json::to_string_pretty(value).map_err(|error| ToolFailure::new(2, error))
}

fn body(arguments: &ExplainArguments) -> Result<Vec<u8>, ToolFailure> {
    if arguments.body.as_os_str() != "-" {
        return read(&arguments.body);
    }
    let mut body = Vec::new();
    std::io::stdin()
        .read_to_end(&mut body)
        .map_err(|error| ToolFailure::new(2, format!("standard input cannot be read: {error}")))?;
    Ok(body)
}

fn head(arguments: &ExplainArguments) -> Result<RequestHead, ToolFailure> {
    let mut headers = vec![
        (":method".to_owned(), b"POST".to_vec()),
        (":path".to_owned(), arguments.path.clone().into_bytes()),
    ];
    for header in &arguments.headers {
        let Some((name, value)) =
            header.split_once(':').filter(|(name, _)| !name.trim().is_empty())
        else {
            let message = format!("--header {header:?}: wanted NAME: VALUE");
            return Err(ToolFailure::new(2, message));
        };
        headers.push((name.trim().to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
    }
    Ok(RequestHead::new(headers))
}
