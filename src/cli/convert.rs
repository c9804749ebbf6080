//! `pointsman convert`: a routing document in the other notation.
//!
//! The order of keys stays. Comments are lost: JSON has none.

use std::path::PathBuf;

use super::io::ToolError;
use super::routing_file::{Notation, RoutingFile};

#[derive(Debug, clap::Args)]
pub(super) struct ConvertArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    file: PathBuf,
    /// The form to write; without it, the one that the document does not have
    #[arg(long)]
    to: Option<Notation>,
}

/// Returns the document in the notation that was asked for.
///
/// The document is not checked: one that is not finished can be converted as well.
///
/// # Errors
/// The file cannot be read, or is neither YAML nor JSON.
pub(super) fn run(arguments: &ConvertArgs) -> Result<String, ToolError> {
    let file = RoutingFile::read(&arguments.file)?;
    let to = arguments.to.unwrap_or_else(|| file.notation().other());
    file.written(to)
}
