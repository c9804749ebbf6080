//! `pointsman lint`: whether an Envoy configuration fits a Pointsman one.
//!
//! Looks at what Envoy itself accepts and what then goes wrong with requests; what
//! Envoy refuses is for `envoy --mode validate`. One file for each family of rows.

mod cluster;
mod finding;
mod hold;
mod listener;
mod plugin;
mod retry;
mod route;
mod scene;
mod tls;
mod tree;
mod yaml;

use std::path::PathBuf;

use serde_json::Value;

use crate::config::{self, Config};

use super::needs::Needs;
use super::output::{Output, ToolFailure, read};
use finding::{LintFindings, LintRow, Severity};
use scene::Scene;
use tree::At;

pub(super) use listener::roomy;

#[derive(Debug, clap::Args)]
pub(super) struct LintArguments {
    /// The configuration, JSON; without it, the one in the Envoy file
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// Envoy's configuration, YAML or JSON
    #[arg(long, short, required_unless_present = "codes")]
    envoy: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Print every code and what it is about
    #[arg(long, exclusive = true)]
    codes: bool,
}

/// All findings; exit code 1 if one of them is an error.
pub(super) fn run(arguments: &LintArguments) -> Result<Output, ToolFailure> {
    let Some(file) = &arguments.envoy else { return Ok(finding::codes().into()) };
    let shown = file.display();
    let text = String::from_utf8(read(file)?)
        .map_err(|_| ToolFailure::new(2, format!("{shown}: is not UTF-8")))?;
    let root = read_tree(&text).map_err(|what| ToolFailure::new(2, format!("{shown}: {what}")))?;
    let given = arguments.config.as_deref().map(read).transpose()?;
    let findings = check(root, given.as_deref())?.sorted();
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    let text = if arguments.json {
        let json = finding::json(&findings);
        serde_json::to_string_pretty(&json).map_err(|error| ToolFailure::new(2, error))?
    } else {
        finding::text(&findings, &shown.to_string())
    };
    Ok(Output { text, code: u8::from(has_errors) })
}

/// Envoy's configuration as a tree.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn read_tree(text: &str) -> Result<At, String> {
    yaml::read(text).map(At::root)
}

/// The findings, given the bytes of a configuration or those in the Envoy file.
fn check(root: At, given: Option<&[u8]>) -> Result<LintFindings, ToolFailure> {
    let scene = Scene::of(root);
    let mut findings = LintFindings::default();
    if scene.listeners.is_empty() {
        no_filter(&scene, &mut findings);
    }
    let config = match given {
        Some(bytes) => config::parse(bytes).map_err(|problems| ToolFailure::new(2, problems))?,
        None => match embedded(&scene, &mut findings)? {
            Some(config) => config,
            None => return Ok(findings),
        },
    };
    let given = given.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let needs = Needs::of(&config);
    plugin::documents(&scene, given.as_ref(), &mut findings);
    plugin::settings(&scene, &config, &needs, &mut findings);
    plugin::shared(&scene, &mut findings);
    listener::check(&scene, &config, &needs, &mut findings);
    hold::check(&scene, &config, &mut findings);
    route::check(&scene, &config, &needs, &mut findings);
    cluster::check(&scene, &config, &needs, &mut findings);
    Ok(findings)
}

fn no_filter(scene: &Scene, findings: &mut LintFindings) {
    let from_elsewhere = scene.root.get("dynamic_resources.lds_config").is_there();
    let (severity, what) = if from_elsewhere {
        (Severity::Warning, "listeners come by LDS and are not looked at")
    } else {
        (Severity::Error, "no HTTP connection manager has the filter")
    };
    findings.add(
        (LintRow::NoFilter, severity),
        &scene.root.get("static_resources.listeners"),
        what,
        "a wasm filter called pointsman in http_filters, before envoy.filters.http.router",
    );
}

/// The document in the Envoy file.
fn embedded(scene: &Scene, findings: &mut LintFindings) -> Result<Option<Config>, ToolFailure> {
    let mut places = scene.managers().map(|manager| &manager.plugin);
    let found = places.find_map(|plugin| Some((plugin, plugin.document()?)));
    let Some((plugin, document)) = found else {
        if scene.listeners.is_empty() {
            return Ok(None);
        }
        let message = "the Envoy file holds no configuration of the filter; give it by --config";
        return Err(ToolFailure::new(2, message));
    };
    let text = document.map_or_else(|text| text, |document| document.to_string());
    match config::parse(text.as_bytes()) {
        Ok(config) => Ok(Some(config)),
        Err(problems) => {
            findings.error(
                LintRow::DocumentInvalid,
                &plugin.configuration(),
                problems.to_string().trim().replace('\n', "\n  "),
                "the document that `pointsman check` accepts",
            );
            Ok(None)
        }
    }
}
