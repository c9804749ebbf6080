//! The native tool: what the filter would say and do, without Envoy.
//!
//! Uses the same core as the filter. Exit codes: 0 done, 1 the configuration
//! that `check` was given has problems, 2 bad arguments or nothing to work on.

mod check;
mod explain;
mod table;

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config;

/// Checks and explains Pointsman configurations.
#[derive(Debug, Parser)]
#[command(name = "pointsman", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Report every problem of a configuration; exits 1 if there is one
    Check {
        /// The configuration, JSON
        file: PathBuf,
    },
    /// Show what becomes of a request and why; exits 0 whatever the decision
    Explain(explain::Arguments),
    /// Print the JSON Schema of the configuration
    Schema,
}

/// What ends the tool without a result.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

/// Runs the tool with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check { file } => check::run(&file),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema => {
            serde_json::to_string_pretty(&config::schema()).map_err(|error| Failure::new(2, error))
        }
    };
    match result {
        // A reader that closes early (`| head`) has what it wants.
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .map_err(|error| Failure::new(2, format!("{}: cannot be read: {error}", file.display())))
}
