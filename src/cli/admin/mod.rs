//! `pointsman admin`: what running proxies say, and what an operator tells them.
//!
//! Every proxy of a fleet has its state for itself, so each command goes to all that are named. It
//! uses the admin endpoints and nothing else.

mod client;
mod permanent;
mod view;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::io::{Output, ToolError, pretty_json, read};
use super::routing_file::{Notation, RoutingFile};
use client::{Fleet, Told};

#[derive(Debug, clap::Args)]
pub(super) struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
    #[command(flatten)]
    fleet: client::FleetArgs,
    /// Print what each proxy answers as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum AdminCommand {
    /// Show how every deployment stands
    State {
        /// Only this deployment
        #[arg(long, short)]
        deployment: Option<String>,
    },
    /// Take a deployment out of every pick until `undrain`
    Drain { deployment: String },
    /// Put a drained deployment back
    Undrain { deployment: String },
    /// Forget what is held against a deployment
    Reset { deployment: String },
    /// Have a deployment cool for a while
    Cool {
        deployment: String,
        /// For how long; without it, as long as the configuration says
        #[arg(long, value_name = "MILLISECONDS")]
        ms: Option<u64>,
    },
    /// Show what would become of a request now, and why
    Explain {
        /// The request body; `-` reads standard input
        #[arg(long, short)]
        body: PathBuf,
        /// The request path
        #[arg(long, short, default_value = "/v1/chat/completions")]
        path: String,
        /// A request header, `name: value`; may be repeated
        #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
        headers: Vec<String>,
    },
    /// List models and where they come from
    Routes,
    /// Put a dynamic route: what serves a model until it is removed
    Route {
        model: String,
        /// Where it is served; may be repeated
        #[arg(long = "at", required = true, value_name = "PROVIDER:UPSTREAM_MODEL")]
        at: Vec<String>,
        /// The strategy; without it, ordered_fallback
        #[arg(long)]
        strategy: Option<String>,
    },
    /// Remove a dynamic route
    Unroute { model: String },
    /// Write the document with what is dynamic in the proxies, so that it stays
    Permanent {
        /// The document that the proxies run, YAML or JSON
        #[arg(long, short)]
        config: PathBuf,
        /// What to write; without it, as the document is
        #[arg(long)]
        to: Option<Notation>,
    },
}

/// Returns what the proxies answer; the exit code is 1 if one of them does not, or refuses.
///
/// # Errors
/// The token is not set, or a file cannot be read.
pub(super) fn run(arguments: &AdminArgs) -> Result<Output, ToolError> {
    let fleet = Fleet::of(&arguments.fleet)?;
    if let AdminCommand::Permanent { config, to } = &arguments.command {
        let file = RoutingFile::read(config)?;
        let to = to.unwrap_or_else(|| file.notation());
        return permanent::document(&fleet, &file, to).map(Output::from);
    }
    let told = ask(&fleet, &arguments.command)?;
    let text = if arguments.json {
        pretty_json(&told.iter().map(as_json).collect::<Value>())?
    } else {
        view::text(&arguments.command, &told)
    };
    Ok(Output { text, code: u8::from(told.iter().any(|told| told.answer.is_err())) })
}

/// Asks every proxy what the command says.
fn ask(fleet: &Fleet, command: &AdminCommand) -> Result<Vec<Told>, ToolError> {
    let post = |path: String, body: &[u8]| Ok(fleet.ask("POST", &path, body));
    let hand = |deployment: &str, what: &str| {
        post(format!("/deployments/{}/{what}", client::encoded(deployment)), b"")
    };
    match command {
        AdminCommand::State { deployment } => {
            let named = deployment.as_ref().map(|id| format!("deployment={}", client::encoded(id)));
            Ok(fleet.all_pages(named.as_deref()))
        }
        AdminCommand::Drain { deployment } => hand(deployment, "drain"),
        AdminCommand::Undrain { deployment } => hand(deployment, "undrain"),
        AdminCommand::Reset { deployment } => hand(deployment, "reset"),
        AdminCommand::Cool { deployment, ms } => {
            let query = ms.map(|ms| format!("?ms={ms}")).unwrap_or_default();
            hand(deployment, &format!("cool{query}"))
        }
        AdminCommand::Explain { body, path, headers } => {
            let headers = headers.iter().map(|header| {
                let header = header.replacen(": ", ":", 1);
                format!("&header={}", client::encoded(&header))
            });
            let query: String = headers.collect();
            post(format!("/explain?path={}{query}", client::encoded(path)), &read(body)?)
        }
        AdminCommand::Routes => Ok(fleet.ask("GET", "/routes", b"")),
        AdminCommand::Route { model, at, strategy } => {
            post("/routes".to_owned(), route(model, at, strategy.as_deref())?.as_bytes())
        }
        AdminCommand::Unroute { model } => {
            Ok(fleet.ask("DELETE", &format!("/routes/{}", client::encoded(model)), b""))
        }
        // Asked for by its own function.
        AdminCommand::Permanent { .. } => Ok(Vec::new()),
    }
}

/// Returns a dynamic route as the endpoint reads it.
///
/// # Errors
/// An endpoint has no provider.
fn route(model: &str, at: &[String], strategy: Option<&str>) -> Result<String, ToolError> {
    let endpoint = |at: &String| {
        let (provider, model) = at.split_once(':').ok_or_else(|| {
            ToolError::unusable(format!("--at {at:?}: expected PROVIDER:UPSTREAM_MODEL"))
        })?;
        Ok(json!({"provider": provider, "model_id": model}))
    };
    let endpoints = at.iter().map(endpoint).collect::<Result<Value, ToolError>>()?;
    let mut route = json!({"model": model, "endpoints": endpoints});
    if let (Some(strategy), Some(members)) = (strategy, route.as_object_mut()) {
        members.insert("strategy".to_owned(), strategy.into());
    }
    Ok(route.to_string())
}

fn as_json(told: &Told) -> Value {
    match &told.answer {
        Ok(answer) => json!({"proxy": told.proxy, "answer": answer}),
        Err(error) => json!({"proxy": told.proxy, "error": error}),
    }
}
