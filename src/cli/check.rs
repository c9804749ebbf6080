//! `pointsman check`: every problem of a configuration, in one pass.

use std::path::Path;

use crate::config::{self, Config};

use super::output::{ToolFailure, read};

/// What a valid configuration holds, with warnings; or all its problems.
pub(super) fn run(file: &Path) -> Result<String, ToolFailure> {
    let config = config::parse(&read(file)?).map_err(|problems| ToolFailure::new(1, problems))?;
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
