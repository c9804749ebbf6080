//! The files from which Envoy reads clusters and listeners, apart from the rest of its configuration
//! (CDS, LDS).
//!
//! Decides which files these are. `scene` looks at what is in it.

use std::path::{Path, PathBuf};

use crate::cli::io::{ToolError, read};
use crate::yaml::{At, read_tree};

/// What Envoy reads beside its own file; `None` where that is not on this machine.
#[derive(Debug, Default)]
pub(super) struct Apart {
    pub(super) clusters: Option<Vec<At>>,
    pub(super) listeners: Option<Vec<At>>,
}

impl Apart {
    /// Reads the files that the Envoy file `bootstrap` names; `clusters` is named by the user.
    ///
    /// # Errors
    /// A file cannot be read, or is not YAML.
    pub(super) fn of(
        root: &At,
        bootstrap: &Path,
        clusters: Option<&Path>,
    ) -> Result<Self, ToolError> {
        Ok(Self {
            clusters: self::clusters(root, bootstrap, clusters)?,
            listeners: listeners(root, bootstrap)?,
        })
    }
}

/// Returns the clusters of the file with those that come by CDS: the one that is `given`, or else the one
/// that the Envoy file `bootstrap`, whose tree is `root`, names. `None` where they come from a
/// server, or where the file is not on this machine.
///
/// # Errors
/// The file cannot be read, or is not YAML.
fn clusters(
    root: &At,
    bootstrap: &Path,
    given: Option<&Path>,
) -> Result<Option<Vec<At>>, ToolError> {
    let found = || found(root, bootstrap, "dynamic_resources.cds_config");
    given.map(Path::to_owned).or_else(found).map(|file| resources(&file)).transpose()
}

/// Returns the listeners of the file with those that come by LDS, as [`clusters`] does.
///
/// # Errors
/// As [`clusters`].
fn listeners(root: &At, bootstrap: &Path) -> Result<Option<Vec<At>>, ToolError> {
    let file = found(root, bootstrap, "dynamic_resources.lds_config");
    file.map(|file| resources(&file)).transpose()
}

fn resources(file: &Path) -> Result<Vec<At>, ToolError> {
    let shown = file.display();
    let text = String::from_utf8(read(file)?)
        .map_err(|_| ToolError::unusable(format!("{shown}: is not UTF-8; save it as UTF-8")))?;
    let tree = read_tree(&text).map_err(|what| ToolError::unusable(format!("{shown}: {what}")))?;
    Ok(tree.in_file(&shown.to_string()).get("resources").items())
}

/// Returns the file that the bootstrap names, if it is there.
///
/// Envoy resolves a relative path from the folder that it is started in, so the path is tried as it is
/// first. Often it is a path on another machine. Then the file of that name beside the bootstrap is
/// taken.
fn found(root: &At, bootstrap: &Path, source: &str) -> Option<PathBuf> {
    let source = root.get(source);
    let named = [source.get("path_config_source.path"), source.get("path")];
    let named = PathBuf::from(named.iter().find_map(At::text)?);
    let beside = bootstrap.with_file_name(named.file_name()?);
    [named, beside].into_iter().find(|file| file.is_file())
}
