//! `pointsman admin`: what running proxies say, and what an operator tells them.
//!
//! Every proxy of a fleet has its state for itself, so each command goes to all that are named. It
//! uses the admin endpoints and nothing else.

mod client;
mod permanent;
mod trouble;
mod view;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::io::{Output, ToolError, pretty_json, read_body};
use super::routing_file::{Notation, RoutingFile};
use client::{Fleet, Told};

#[derive(Debug, clap::Args)]
pub(super) struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
    #[command(flatten)]
    fleet: client::FleetArgs,
    /// Print the answers of the proxies as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum AdminCommand {
    /// Show the state of every deployment
    State {
        /// Show only this deployment
        #[arg(long, short)]
        deployment: Option<String>,
    },
    /// Take a deployment out of every pick, until `undrain`
    Drain {
        /// The id of the deployment
        deployment: String,
    },
    /// Put a drained deployment back
    Undrain {
        /// The id of the deployment
        deployment: String,
    },
    /// Clear the failures of a deployment and its cooldown
    Reset {
        /// The id of the deployment
        deployment: String,
    },
    /// Put a deployment into cooldown
    Cool {
        /// The id of the deployment
        deployment: String,
        /// How long it cools; without it, as long as the document says
        #[arg(long, value_name = "MILLISECONDS")]
        ms: Option<u64>,
    },
    /// Show what would become of a request now, and why
    Explain {
        /// The file with the request body, or the body itself if it begins with `{`; `-` reads
        /// standard input
        #[arg(long, short)]
        body: PathBuf,
        /// The path of the request
        #[arg(long, short, default_value = "/v1/chat/completions")]
        path: String,
        /// A header of the request; may be repeated
        #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
        headers: Vec<String>,
    },
    /// List every model, and where it comes from
    Routes,
    /// Add or replace a dynamic route, which serves a model until you remove it
    Route {
        /// The model that clients ask for
        model: String,
        /// A provider that serves it, and the provider's name for the model; may be repeated
        #[arg(long = "at", required = true, value_name = "PROVIDER:UPSTREAM_MODEL")]
        at: Vec<String>,
        /// The strategy that orders them; without it, ordered_fallback
        #[arg(long)]
        strategy: Option<String>,
    },
    /// Remove a dynamic route
    Unroute {
        /// The model that clients ask for
        model: String,
    },
    /// Print the document with the dynamic routes and aliases of the proxies
    Permanent {
        /// The document that the proxies run, YAML or JSON
        #[arg(long, short)]
        config: PathBuf,
        /// The form to write; without it, that of the document
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
        let to = if arguments.json { Some(Notation::Json) } else { *to };
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
        let path = format!("/deployments/{}/{what}", client::encoded(deployment));
        Ok(fleet.with_known(fleet.ask("POST", &path, b"")))
    };
    match command {
        AdminCommand::State { deployment } => {
            let named = deployment.as_ref().map(|id| format!("deployment={}", client::encoded(id)));
            Ok(fleet.with_known(fleet.all_pages(named.as_deref())))
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
            post(format!("/explain?path={}{query}", client::encoded(path)), &read_body(body)?)
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
