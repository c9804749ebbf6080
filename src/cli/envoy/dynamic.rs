//! An Envoy configuration in several files, of which Envoy follows two.
//!
//! `envoy.yaml` is what Envoy starts with. It names `listeners.yaml` and `clusters.yaml`, and Envoy
//! reads each of these again when another file takes its place. So a new document needs no restart.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::io::{ToolError, write_file};
use crate::cli::routing_file::RoutingFile;
use crate::cli::yaml;
use crate::config::Config;

use super::bootstrap::Bootstrap;
use super::credential;
use super::{EnvoyOptions, left_to_do, write as write_parts};

/// What is written for one document.
#[derive(Debug)]
pub(crate) struct EnvoyFiles {
    /// What Envoy is started with. If it changes, Envoy has to be started again.
    pub(crate) start: String,
    listeners: String,
    clusters: String,
    /// Names of the environment variables that Envoy has to have.
    pub(crate) variables: Vec<String>,
    /// What is left for the user to do, a line each.
    pub(crate) left_to_do: Vec<String>,
    folder: PathBuf,
}

/// Writes the files of a document to a folder, and returns the lines that say so.
///
/// # Errors
/// The folder or a file cannot be written, or the configuration cannot be used.
pub(super) fn write(bootstrap: &Bootstrap<'_>, folder: &Path) -> Result<Vec<String>, ToolError> {
    let files = EnvoyFiles::of_bootstrap(bootstrap, folder)?;
    files.write_start()?;
    files.write_clusters()?;
    files.write_listeners()?;
    let shown = folder.display();
    Ok(vec![
        format!("{shown}/envoy.yaml: start Envoy with it: envoy -c {shown}/envoy.yaml"),
        format!("{shown}/clusters.yaml, {shown}/listeners.yaml: Envoy follows changes of both"),
    ])
}

impl EnvoyFiles {
    /// Returns the files for a document.
    ///
    /// # Errors
    /// The configuration does not fit the options, or the folder cannot be made.
    pub(crate) fn of(
        file: &RoutingFile,
        config: Config,
        options: &EnvoyOptions,
        folder: &Path,
    ) -> Result<Self, ToolError> {
        Self::of_bootstrap(&Bootstrap::of(file, config, options, None)?, folder)
    }

    fn of_bootstrap(bootstrap: &Bootstrap<'_>, folder: &Path) -> Result<Self, ToolError> {
        let unusable = |error| ToolError::unusable(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(unusable)?;
        // Envoy may be started in another folder than this tool.
        let folder = folder.canonicalize().map_err(unusable)?;
        let written = write_parts(bootstrap)?;
        let text = format!("{}{}{}", written.head, written.apart, written.after);
        let tree = yaml::read_tree(&text).map_err(ToolError::unusable)?;
        let mut start = match tree.json() {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let mut followed = |list: &str, kind: &str| {
            let fixed = start.get_mut("static_resources").and_then(Value::as_object_mut);
            let of = fixed.and_then(|fixed| fixed.remove(list)).unwrap_or_default();
            resources(of, kind)
        };
        let listeners = followed("listeners", "listener.v3.Listener");
        let clusters = followed("clusters", "cluster.v3.Cluster");
        start.insert("node".to_owned(), json!({"id": "pointsman", "cluster": "pointsman"}));
        start.insert("dynamic_resources".to_owned(), subscriptions(&folder));
        let variables = bootstrap.needs.variables.keys().cloned();
        Ok(Self {
            start: yaml::documents(&[Value::Object(start)]),
            listeners,
            clusters,
            variables: variables.chain(credential::variables(&bootstrap.config)).collect(),
            left_to_do: left_to_do(bootstrap),
            folder,
        })
    }

    /// Returns the file that Envoy is started with.
    pub(crate) fn start_file(&self) -> PathBuf {
        self.folder.join("envoy.yaml")
    }

    /// Writes what Envoy is started with.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_start(&self) -> Result<(), ToolError> {
        write_file(&self.start_file(), &self.start)
    }

    /// Writes the clusters. They come before the listeners, which send requests to them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_clusters(&self) -> Result<(), ToolError> {
        write_file(&self.folder.join("clusters.yaml"), &self.clusters)
    }

    /// Writes the listeners.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_listeners(&self) -> Result<(), ToolError> {
        write_file(&self.folder.join("listeners.yaml"), &self.listeners)
    }
}

/// Returns a list of resources as Envoy reads it from a file of its own.
fn resources(list: Value, kind: &str) -> String {
    let Value::Array(mut list) = list else { return String::new() };
    for members in list.iter_mut().filter_map(Value::as_object_mut) {
        members
            .insert("@type".to_owned(), format!("type.googleapis.com/envoy.config.{kind}").into());
    }
    yaml::documents(&[json!({"resources": list})])
}

/// Returns where Envoy finds listeners and clusters.
fn subscriptions(folder: &Path) -> Value {
    let file = |name: &str| {
        json!({
            "path_config_source": {"path": folder.join(name)},
            "resource_api_version": "V3",
        })
    };
    json!({"lds_config": file("listeners.yaml"), "cds_config": file("clusters.yaml")})
}
