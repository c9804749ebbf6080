//! An Envoy configuration in several files, of which Envoy follows two.
//!
//! `envoy.yaml` is what Envoy starts with. It names `listeners.yaml` and `clusters.yaml`, and Envoy
//! reads each of these again when another file takes its place. So a new document needs no restart.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::io::ToolError;
use crate::cli::routing_file::RoutingFile;
use crate::config::Config;
use crate::yaml;

use super::bootstrap::Bootstrap;
use super::tls::CERTIFICATE;
use super::{EnvoyOptions, running, sealed, write as write_parts};

/// What is written for one document.
#[derive(Debug)]
pub(crate) struct EnvoyFiles {
    /// What Envoy is started with. If it changes, Envoy has to be started again.
    pub(crate) start: String,
    listeners: Vec<Value>,
    clusters: Vec<Value>,
    /// The text by which Envoy finds the certificate of the listener, if that speaks TLS.
    certificate: Option<String>,
    /// What the user has to know of an Envoy that runs with it, a line each.
    pub(crate) notes: Vec<String>,
    folder: PathBuf,
}

/// Writes the files of a document to a folder, and returns the lines that say so.
///
/// # Errors
/// The folder or a file cannot be written, the configuration cannot be used, or a file was edited and
/// `is_forced` is not set.
pub(super) fn write(
    bootstrap: &Bootstrap<'_>,
    folder: &Path,
    is_forced: bool,
) -> Result<Vec<String>, ToolError> {
    let files = EnvoyFiles::of_bootstrap(bootstrap, folder)?;
    if !is_forced {
        let names = ["envoy.yaml", "clusters.yaml", "listeners.yaml", CERTIFICATE];
        sealed::may_replace(&names.map(|name| files.folder.join(name)))?;
    }
    files.write_start()?;
    files.write_clusters()?;
    files.write_certificate()?;
    files.write_listeners()?;
    let shown = folder.display();
    let mut lines = vec![
        format!("{shown}/envoy.yaml: start Envoy with it: envoy -c {shown}/envoy.yaml"),
        format!("{shown}/clusters.yaml, {shown}/listeners.yaml: Envoy follows changes of both"),
    ];
    if files.certificate.is_some() {
        lines.push(format!("{shown}/{CERTIFICATE}: Envoy follows the certificate and its key"));
    }
    Ok(lines)
}

impl EnvoyFiles {
    /// Returns the files for a document that this tool runs Envoy with.
    ///
    /// # Errors
    /// The configuration does not fit the options, or the folder cannot be made.
    pub(crate) fn of(
        file: &RoutingFile,
        config: Config,
        options: &EnvoyOptions,
        folder: &Path,
    ) -> Result<Self, ToolError> {
        let mut bootstrap = Bootstrap::of(file, config, options, None)?;
        bootstrap.has_terse_log = true;
        Self::of_bootstrap(&bootstrap, folder)
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
        let mut listeners = followed("listeners", "listener.v3.Listener");
        let clusters = followed("clusters", "cluster.v3.Cluster");
        let certificate = bootstrap.certificate.as_ref();
        let certificate = certificate.map(|files| files.follow(&mut listeners, &folder));
        start.insert("node".to_owned(), json!({"id": "pointsman", "cluster": "pointsman"}));
        start.insert("dynamic_resources".to_owned(), subscriptions(&folder));
        Ok(Self {
            start: yaml::documents(&[Value::Object(start)]),
            listeners,
            clusters,
            certificate,
            notes: running(bootstrap),
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
        sealed::write(&self.start_file(), &self.start)
    }

    /// Writes the clusters. They come before the listeners, which send requests to them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_clusters(&self) -> Result<(), ToolError> {
        self.write_with_clusters(&[])
    }

    /// Writes the clusters, and those of another document that this one does not name. So whatever
    /// is still served by the other document reaches its providers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_clusters_beside(&self, other: &Self) -> Result<(), ToolError> {
        let is_missing =
            |one: &&Value| !self.clusters.iter().any(|own| own.get("name") == one.get("name"));
        let others: Vec<Value> = other.clusters.iter().filter(is_missing).cloned().collect();
        self.write_with_clusters(&others)
    }

    fn write_with_clusters(&self, more: &[Value]) -> Result<(), ToolError> {
        let all: Vec<&Value> = self.clusters.iter().chain(more).collect();
        let text = yaml::documents(&[json!({"resources": all})]);
        sealed::write(&self.folder.join("clusters.yaml"), &text)
    }

    /// Writes where the certificate is, which comes before the listener that has it.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write_certificate(&self) -> Result<(), ToolError> {
        let Some(text) = &self.certificate else { return Ok(()) };
        sealed::write(&self.folder.join(CERTIFICATE), text)
    }

    /// Writes the listeners.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write_listeners(&self) -> Result<(), ToolError> {
        let text = yaml::documents(&[json!({"resources": self.listeners})]);
        sealed::write(&self.folder.join("listeners.yaml"), &text)
    }
}

/// Returns a list of resources as Envoy reads them from a file of their own.
fn resources(list: Value, kind: &str) -> Vec<Value> {
    let Value::Array(mut list) = list else { return Vec::new() };
    for members in list.iter_mut().filter_map(Value::as_object_mut) {
        members
            .insert("@type".to_owned(), format!("type.googleapis.com/envoy.config.{kind}").into());
    }
    list
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
