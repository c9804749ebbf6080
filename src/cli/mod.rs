//! The native tool: what the filter would say and do, without Envoy.
//!
//! Uses the same core as the filter. Exit codes: 0 done, 1 the input has problems, 2 bad
//! arguments or nothing to work on.

mod admin;
mod catalog;
mod check;
mod classify;
mod convert;
mod document_arg;
mod endpoint;
mod envoy;
mod explain;
mod finding;
mod foreign;
mod gateway;
mod hint;
mod import;
mod io;
mod istio;
mod lint;
mod needs;
mod replay;
mod routing_file;
mod run;
mod spelling;
mod table;
mod translate;
mod words;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config;

use io::Output;

/// Checks and explains routing documents, writes Envoy's configuration for them, and runs and operates proxies
#[derive(Debug, Parser)]
#[command(name = "pointsman", version, arg_required_else_help = true, after_help = CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const CODES: &str = "\
Exit codes:
  0  The command is done. lint found no errors, and replay read every line.
     import and catalog exit with 0 also if something has no counterpart.
  1  check found problems, lint found errors, replay found lines that it cannot
     read, translate refuses the request, or a proxy did not do what admin asked.
  2  An argument is wrong, or a file cannot be used.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Report every problem of a routing document, each with its line and path
    Check(check::CheckArgs),
    /// Write a routing document as YAML or as JSON
    Convert(convert::ConvertArgs),
    /// Show how one request is routed, and why
    Explain(explain::ExplainArgs),
    /// Show what the filter makes of a provider's answer, and why
    Classify(classify::ClassifyArgs),
    /// Translate a request or an answer into another API
    Translate(translate::TranslateArgs),
    /// Show how captured requests are routed by one document, or compare two documents
    Replay(replay::ReplayArgs),
    /// Report settings of an Envoy configuration that do not fit Pointsman
    Lint(lint::LintArgs),
    /// Run Envoy with a routing document, and apply each change of the file
    Run(run::RunArgs),
    /// Become a program that ends with its parent
    #[command(hide = true)]
    Tied(run::TiedArgs),
    /// See and change the state of running proxies
    Admin(admin::AdminArgs),
    /// Write a complete Envoy configuration for a routing document
    Envoy(envoy::EnvoyArgs),
    /// Write the Istio resources for a routing document
    Istio(istio::IstioArgs),
    /// Write the Envoy Gateway resources for a routing document
    Gateway(gateway::GatewayArgs),
    /// Write a document from the configuration of another router, and say what it leaves out
    Import(import::ImportArgs),
    /// Add prices and limits of models to a document, from LiteLLM's list
    Catalog(catalog::CatalogArgs),
    /// Print the JSON Schema of routing documents, for editors
    Schema {
        /// Print a page with every key in Markdown instead
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the tool with the arguments of the process, and returns its exit code.
///
/// The result goes to standard output, everything else to standard error, so that the
/// result can be written to a file or read by a program.
#[must_use]
pub fn main() -> ExitCode {
    let root = document_arg::with_both(spelling::with_json(Cli::command()));
    let line: Vec<_> = std::env::args_os().collect();
    let matches = document_arg::matches(&root, &line).unwrap_or_else(|error| error.exit());
    let arguments = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments).map(Output::from),
        Command::Explain(arguments) => explain::run(&arguments).map(Output::from),
        Command::Classify(arguments) => classify::run(&arguments).map(Output::from),
        Command::Translate(arguments) => translate::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Admin(arguments) => admin::run(&arguments),
        Command::Run(arguments) => run::run(&arguments).map(|()| Output::from(String::new())),
        Command::Tied(arguments) => run::become_tied(&arguments).map(Output::from),
        Command::Envoy(arguments) => envoy::run(&arguments).map(Output::from),
        Command::Istio(arguments) => istio::run(&arguments).map(Output::from),
        Command::Import(arguments) => import::run(&arguments).map(Output::from),
        Command::Catalog(arguments) => catalog::run(&arguments).map(Output::from),
        Command::Gateway(arguments) => gateway::run(&arguments).map(Output::from),
        Command::Schema { markdown: true } => {
            Ok(Output::from(config::reference().trim_end().to_owned()))
        }
        Command::Schema { markdown: false } => io::pretty_json(&config::schema()).map(Output::from),
    };
    // A write fails where the reader has closed early (`| head`). It has what it wants, so
    // that is no error of this tool, and `println!` would panic.
    match result {
        Ok(output) if output.text.is_empty() => ExitCode::from(output.code),
        Ok(output) => {
            let _ = writeln!(std::io::stdout(), "{}", output.text);
            ExitCode::from(output.code)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", error.message);
            ExitCode::from(error.code)
        }
    }
}
