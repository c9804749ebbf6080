//! The native tool: what the filter would say and do, without Envoy.
//!
//! Uses the same core as the filter. Exit codes: 0 done, 1 what was looked at has
//! problems, 2 bad arguments or nothing to work on.

mod check;
mod envoy;
mod explain;
mod istio;
mod lint;
mod needs;
mod output;
mod replay;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config;
use output::{Output, ToolFailure};

/// Checks, explains and tries out Pointsman configurations.
#[derive(Debug, Parser)]
#[command(name = "pointsman", version, about, arg_required_else_help = true, after_help = CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const CODES: &str = "\
Exit codes:
  0  done; of lint: no errors; of replay: every line was read
  1  check: the configuration has problems; lint: there are errors;
     replay: there are lines that cannot be read, the others are in the report
  2  bad arguments, or a file that cannot be read or worked with";

#[derive(Debug, Subcommand)]
enum Command {
    /// Report every problem of a configuration; exits 1 if there is one
    Check {
        /// The configuration, JSON
        file: PathBuf,
    },
    /// Show what becomes of a request and why; exits 0 whatever the decision
    Explain(explain::ExplainArguments),
    /// Show what becomes of captured requests, under one configuration or two
    Replay(replay::ReplayArguments),
    /// Report what in an Envoy configuration does not fit; exits 1 on errors
    Lint(lint::LintArguments),
    /// Write a complete Envoy configuration
    Envoy(envoy::EnvoyArguments),
    /// Write the resources that Istio's gateway needs
    Istio(istio::IstioArguments),
    /// Print the JSON Schema of the configuration
    Schema {
        /// Instead, the page of documentation that says the same
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the tool with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Check { file } => check::run(&file).map(Output::from),
        Command::Explain(arguments) => explain::run(&arguments).map(Output::from),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Envoy(arguments) => envoy::run(&arguments).map(Output::from),
        Command::Istio(arguments) => istio::run(&arguments).map(Output::from),
        Command::Schema { markdown: true } => {
            Ok(Output::from(config::reference().trim_end().to_owned()))
        }
        Command::Schema { markdown: false } => serde_json::to_string_pretty(&config::schema())
            .map(Output::from)
            .map_err(|error| ToolFailure::new(2, error)),
    };
    match result {
        // A reader that closes early (`| head`) has what it wants.
        Ok(output) => {
            let _ = writeln!(std::io::stdout(), "{}", output.text);
            ExitCode::from(output.code)
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
