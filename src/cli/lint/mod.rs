//! `pointsman lint`: whether an Envoy configuration fits a Pointsman one.
//!
//! Looks at what Envoy itself accepts and what then goes wrong with requests; what
//! Envoy refuses is for `envoy --mode validate`. One file for each family of rows.

mod apart;
mod cluster;
mod code;
mod credential;
mod dump;
mod hold;
mod host;
mod key;
mod listener;
mod plugin;
mod rate;
mod report;
mod retry;
mod route;
mod scene;
mod tenant;
mod timeouts;
mod tls;

use std::path::PathBuf;

use serde_json::Value;

use crate::config::{self, Config};

use super::foreign::Foreign;
use super::io::{self, Output, ToolError, read};
use super::needs::Needs;
use super::routing_file::RoutingFile;
use crate::yaml::{At, read_tree};
use apart::Apart;
use code::LintCode;
use report::{LintReport, Severity};
use scene::Scene;
pub(super) use scene::within;

const EXAMPLE: &str = "\
Example:
  pointsman lint --envoy envoy.yaml --config pointsman.json

The exit code is 1 if there are errors. Warnings and notes do not change it.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct LintArgs {
    /// The routing document, YAML or JSON. Without it, the one in the Envoy file is used
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Envoy's configuration, a YAML or JSON file, or what a running Envoy says at /config_dump
    #[arg(long, short, value_name = "FILE", required_unless_present = "codes")]
    envoy: Option<PathBuf>,
    /// The file with the clusters that Envoy gets by CDS. Without it, the file that the Envoy file
    /// names is used
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Print every code and its meaning
    #[arg(long, exclusive = true)]
    codes: bool,
}

/// Returns all findings; the exit code is 1 if one of them is an error.
///
/// # Errors
/// A file cannot be read, or holds no configuration to compare with.
pub(super) fn run(arguments: &LintArgs) -> Result<Output, ToolError> {
    // Without a file there is `--codes`, which clap makes sure of.
    let Some(file) = &arguments.envoy else { return Ok(code::codes().into()) };
    let shown = file.display();
    let text = String::from_utf8(read(file)?)
        .map_err(|_| ToolError::unusable(format!("{shown}: is not UTF-8; save it as UTF-8")))?;
    let root = read_tree(&text).map_err(|what| ToolError::unusable(format!("{shown}: {what}")))?;
    let dumped = dump::read(&root);
    if let (None, Some(foreign)) = (&dumped, root.node().and_then(Foreign::of)) {
        return Err(ToolError::unusable(format!("{shown}: {}", foreign.instead_of_envoy())));
    }
    let given = arguments.config.as_deref().map(RoutingFile::read).transpose()?;
    let (root, apart) = match dumped {
        Some(dumped) => dumped,
        None => {
            let apart = Apart::of(&root, file, arguments.clusters.as_deref())?;
            (root, apart)
        }
    };
    let findings = check(Scene::of(root, &apart), given.as_ref())?.sorted();
    let text = if arguments.json {
        io::pretty_json(&report::json(&findings))?
    } else {
        report::text(&findings, &shown.to_string())
    };
    let has_errors = report::count(&findings, Severity::Error) > 0;
    Ok(Output { text, code: u8::from(has_errors) })
}

/// Returns the routing document in an Envoy configuration, as JSON in its own order: that of the first
/// filter that has one.
pub(super) fn document_in(envoy: &At) -> Option<String> {
    let scene = Scene::of(envoy.clone(), &Apart::default());
    scene.managers().find_map(|manager| manager.plugin.document_text())
}

/// Compares the parts of Envoy's configuration with a Pointsman one: the one that is `given`,
/// or else the one in the Envoy file.
///
/// # Errors
/// `given` is not valid, or there is none at all.
fn check(scene: Scene, given: Option<&RoutingFile>) -> Result<LintReport, ToolError> {
    let mut report = LintReport::default();
    if scene.listeners.is_empty() {
        no_filter(&scene, &mut report);
    }
    let config = match given {
        Some(file) => file.config()?,
        // Without a document to compare with, only what was found so far can be reported.
        None => match embedded(&scene, &mut report)? {
            Some(config) => config,
            None => return Ok(report),
        },
    };
    let given = given.and_then(|file| serde_json::from_slice::<Value>(file.json()).ok());
    let needs = Needs::of(&config);
    plugin::documents(&scene, given.as_ref(), &mut report);
    plugin::settings(&scene, &config, &needs, &mut report);
    plugin::shared(&scene, &mut report);
    listener::check(&scene, &config, &needs, &mut report);
    tenant::check(&scene, &config, &mut report);
    rate::check(&scene, &config, &mut report);
    hold::check(&scene, &config, &mut report);
    route::check(&scene, &config, &needs, &mut report);
    cluster::check(&scene, &config, &needs, &mut report);
    host::check(&scene, &config, &mut report);
    key::check(&scene, &config, &mut report);
    credential::check(&scene, &config, &needs, &mut report);
    Ok(report)
}

fn no_filter(scene: &Scene, report: &mut LintReport) {
    let from_elsewhere = scene.root.get("dynamic_resources.lds_config").is_there();
    // What comes by LDS may have the filter, so it is not known to be missing.
    let (severity, what) = if from_elsewhere {
        (Severity::Warning, "Envoy gets its listeners by LDS, so they cannot be checked here")
    } else {
        (Severity::Error, "no HTTP connection manager has the filter, so no request is routed")
    };
    report.add(
        (LintCode::NoFilter, severity),
        &scene.root.get("static_resources.listeners"),
        what,
        "add a wasm filter with name: pointsman to http_filters, before envoy.filters.http.router",
    );
}

/// Returns the configuration in the Envoy file: that of the first filter that has one.
///
/// None where it is not valid, which is reported, and where the file has no filter.
///
/// # Errors
/// The file has the filter, but its configuration comes from elsewhere.
fn embedded(scene: &Scene, report: &mut LintReport) -> Result<Option<Config>, ToolError> {
    let mut plugins = scene.managers().map(|manager| &manager.plugin);
    let found = plugins.find_map(|plugin| Some((plugin, plugin.document()?)));
    let Some((plugin, document)) = found else {
        if scene.listeners.is_empty() {
            return Ok(None);
        }
        let message = "the Envoy file holds no configuration of the filter; name its file with \
                       --config";
        return Err(ToolError::unusable(message));
    };
    let text = document.map_or_else(|text| text, |document| document.to_string());
    match config::parse(text.as_bytes()) {
        Ok(config) => Ok(Some(config)),
        Err(problems) => {
            report.error(
                LintCode::DocumentInvalid,
                &plugin.configuration(),
                problems.to_string().trim().replace('\n', "\n  "),
                "correct the document until `pointsman check` accepts it",
            );
            Ok(None)
        }
    }
}
