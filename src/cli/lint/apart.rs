//! The file from which Envoy reads clusters, apart from the rest of its configuration (CDS).
//!
//! Decides which file that is. `scene` looks at what is in it.

use std::path::{Path, PathBuf};

use crate::cli::io::{ToolError, read};

use crate::cli::yaml::At;

/// Returns the file with the clusters that come by CDS: the one that is `given`, or else the one
/// that the Envoy file `bootstrap`, whose tree is `root`, names. `None` where they come from a
/// server, or where the file is not on this machine.
///
/// # Errors
/// The file cannot be read, or is not YAML.
pub(super) fn clusters(
    root: &At,
    bootstrap: &Path,
    given: Option<&Path>,
) -> Result<Option<At>, ToolError> {
    let file = match given {
        Some(file) => file.to_owned(),
        None => match found(root, bootstrap) {
            Some(file) => file,
            None => return Ok(None),
        },
    };
    let shown = file.display();
    let text = String::from_utf8(read(&file)?)
        .map_err(|_| ToolError::unusable(format!("{shown}: is not UTF-8")))?;
    let tree =
        super::read_tree(&text).map_err(|what| ToolError::unusable(format!("{shown}: {what}")))?;
    Ok(Some(tree.in_file(&shown.to_string())))
}

/// Returns the file that the bootstrap names, if it is there.
///
/// Envoy resolves a relative path from the folder that it is started in, so the path is tried as it is
/// first. Often it is a path on another machine. Then the file of that name beside the bootstrap is
/// taken.
fn found(root: &At, bootstrap: &Path) -> Option<PathBuf> {
    let source = root.get("dynamic_resources.cds_config");
    let named = [source.get("path_config_source.path"), source.get("path")];
    let named = PathBuf::from(named.iter().find_map(At::text)?);
    let beside = bootstrap.with_file_name(named.file_name()?);
    [named, beside].into_iter().find(|file| file.is_file())
}
