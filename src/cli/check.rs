//! `pointsman check`: every problem of a configuration, in one pass.

use std::path::Path;

use crate::config::{self, Config};

use super::io::{ToolError, read};

/// Returns the warnings of a valid configuration and a line that counts its parts.
///
/// # Errors
/// All problems of an invalid one.
pub(super) fn run(file: &Path) -> Result<String, ToolError> {
    let config = config::parse(&read(file)?).map_err(ToolError::has_problems)?;
    // Warnings first, so that the last line is the verdict.
    let mut lines: Vec<String> =
        config.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
    lines.push(format!("{}: {}", file.display(), summary(&config)));
    Ok(lines.join("\n"))
}

fn summary(config: &Config) -> String {
    let count = |count: usize, thing: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {thing}{plural}")
    };
    format!(
        "ok: {}, {}, {}, {}",
        count(config.providers.len(), "provider"),
        count(config.deployments.len(), "deployment"),
        count(config.models.len(), "model"),
        count(config.routes.len(), "route"),
    )
}
