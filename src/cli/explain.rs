//! `pointsman explain`: what becomes of a request and why.
//!
//! State lives in Envoy: here nothing cools and every turn is the first.

use std::hash::{BuildHasher, RandomState};
use std::io::Read as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::config::{self, Config};
use crate::lifecycle::{Read, RequestHead, Whole, whole};
use crate::request::facts::{FactsView, RequestFacts};
use crate::request::refusal::Refusal;
use crate::routing::explain::{Fresh, explain};
use crate::routing::{Request, Trace};

use super::{Failure, read, table};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
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

/// A request that no decision is made of, in the shape of a trace.
#[derive(Debug, Serialize)]
struct Undecided<'a> {
    facts: Option<FactsView<'a>>,
    #[serde(flatten)]
    trace: Trace,
}

/// The trace, as a table or as JSON.
pub(super) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let config =
        config::parse(&read(&arguments.config)?).map_err(|problems| Failure::new(2, problems))?;
    let body = body(arguments)?;
    let head = head(arguments)?;
    let read = match whole(&config, &head, &body) {
        Whole::Read(read) => read,
        Whole::Untouched => return undecided(arguments, &config, None, None),
        Whole::Refused(refusal, facts) => {
            return undecided(arguments, &config, facts.as_deref(), Some(&refusal));
        }
    };
    let seed = arguments.seed.unwrap_or_else(|| RandomState::new().hash_one(0u8));
    let Read { facts, controls, early } = &*read;
    let request = Request { config: &config, facts, controls, sample: head.sample(seed) };
    let mut rng = fastrand::Rng::with_seed(seed);
    let early = early.as_ref().map_err(|because| *because);
    let explanation = explain(request, early, &mut Fresh, &mut rng);
    if arguments.json {
        return json(&explanation);
    }
    Ok(table::explanation(&explanation.facts, &explanation.trace))
}

fn undecided(
    arguments: &Arguments,
    config: &Config,
    facts: Option<&RequestFacts>,
    refusal: Option<&Refusal>,
) -> Result<String, Failure> {
    let mut trace = Trace::default();
    trace.undecided(refusal);
    if arguments.json {
        return json(&Undecided { facts: facts.map(FactsView::from), trace });
    }
    Ok(table::undecided(config, &trace))
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::new(2, error))
}

fn body(arguments: &Arguments) -> Result<Vec<u8>, Failure> {
    if arguments.body.as_os_str() != "-" {
        return read(&arguments.body);
    }
    let mut body = Vec::new();
    std::io::stdin()
        .read_to_end(&mut body)
        .map_err(|error| Failure::new(2, format!("standard input cannot be read: {error}")))?;
    Ok(body)
}

fn head(arguments: &Arguments) -> Result<RequestHead, Failure> {
    let mut headers = vec![
        (":method".to_owned(), b"POST".to_vec()),
        (":path".to_owned(), arguments.path.clone().into_bytes()),
    ];
    for header in &arguments.headers {
        let Some((name, value)) =
            header.split_once(':').filter(|(name, _)| !name.trim().is_empty())
        else {
            let message = format!("--header {header:?}: wanted NAME: VALUE");
            return Err(Failure::new(2, message));
        };
        headers.push((name.trim().to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
    }
    Ok(RequestHead::new(headers))
}
