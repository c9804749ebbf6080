//! `pointsman import`: a routing document from the configuration of another router.
//!
//! Says of every setting that has no counterpart, or means something else here, what to do instead.
//! No secret of the file gets into what is written. One file for each concern: places in the file
//! (place, params), providers (kind, address, draft, shape, cloud, secret, providers), models (models,
//! members, groups, names, windows), settings (settings, failover, times), and what is said (advice,
//! instead, report).

mod address;
mod advice;
mod cloud;
mod draft;
mod failover;
mod files;
mod groups;
mod instead;
mod kind;
mod members;
mod models;
mod names;
mod params;
mod place;
mod providers;
mod report;
mod secret;
mod settings;
mod shape;
mod times;
mod windows;

use std::path::{Path, PathBuf};

use super::envoy::EnvoyOptions;
use super::io::{self, ToolError};
use super::routing_file::{Notation, written};
use crate::config::{self, Config};
use crate::yaml::{At, Ordered, read_merging};
use names::Names;
use place::Place;
use providers::Providers;
use secret::Variables;
pub(super) use settings::STRATEGIES;
use settings::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, clap::Subcommand)]
enum Source {
    /// Read the config.yaml of LiteLLM's proxy
    Litellm(LitellmArgs),
}

#[derive(Debug, clap::Args)]
struct LitellmArgs {
    /// LiteLLM's configuration, YAML or JSON
    file: PathBuf,
    /// The form of the document
    #[arg(long, default_value = "yaml")]
    to: Notation,
    /// The folder to write the document (routing.yaml or routing.json) and envoy.yaml to. It is created if
    /// it is missing. Without it, the document is printed
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace files in the folder that differ from what is written
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    options: EnvoyOptions,
}

/// The document that a file leads to.
struct Imported {
    document: String,
    /// The same as JSON, which Envoy's configuration has.
    json: String,
    config: Config,
    /// What is to be known of it, a line each.
    report: Vec<String>,
    /// Addresses that only Envoy's configuration has, as `--endpoint` takes them.
    endpoints: Vec<String>,
}

/// Returns the document, or with a folder which files it has written. The report goes to standard
/// error.
///
/// # Errors
/// The file cannot be read, or is not LiteLLM's; the folder cannot be written to, or has files with
/// another text.
pub(super) fn run(arguments: &ImportArgs) -> Result<String, ToolError> {
    let Source::Litellm(arguments) = &arguments.source;
    let imported = imported(&arguments.file, arguments.to)?;
    match &arguments.output {
        None => {
            io::note(&imported.report);
            Ok(imported.document)
        }
        Some(folder) => files::write(folder, imported, arguments),
    }
}

fn imported(file: &Path, to: Notation) -> Result<Imported, ToolError> {
    let shown = file.display();
    let unusable = |what: String| ToolError::unusable(format!("{shown}: {what}"));
    let text =
        String::from_utf8(io::read(file)?).map_err(|_| unusable("is not UTF-8".to_owned()))?;
    let root = read_merging(&text).map(At::root).map_err(unusable)?;
    let root = Place::root(root);
    if root.member("model_list").items().is_empty() {
        let message =
            "is not LiteLLM's configuration: it has no model_list, or one without entries";
        return Err(unusable(message.to_owned()));
    }
    let (document, endpoints) = document(&root);
    let tree = document.into();
    // What the tool writes, it has to accept.
    let json = written(&tree, Notation::Json);
    let config = config::parse(json.as_bytes())
        .map_err(|problems| unusable(format!("leads to a document with problems:\n{problems}")))?;
    let report = root.said(&shown.to_string());
    Ok(Imported { document: written(&tree, to), json, config, report, endpoints })
}

/// Returns the document, and the addresses that only Envoy's configuration has.
fn document(root: &Place) -> (Ordered, Vec<String>) {
    let settings = Settings::of(root);
    let entries = models::entries(root);
    let variables = Variables::of(entries.iter().map(|entry| &entry.draft.secret));
    let mut providers = Providers::new(variables, settings.timeouts());
    let mut groups = groups::groups(&entries, &settings, &mut providers);
    let names = Names::of(&groups.models, &settings);
    names.add_fallbacks(&mut groups.models, &settings);
    windows::say(&groups.models, &groups.deployments, &settings);

    let mut document = Ordered::object();
    document.set("providers", providers.section());
    document.set("deployments", groups.deployments.clone());
    document.set("models", groups.models.clone());
    document.set_unless_empty("aliases", names.section());
    document.set("translate", settings.translate());
    if settings.translate() == "strict" {
        say_strict(&entries);
    }
    document.set("serve_models", true);
    if groups.is_open {
        document.set("allow_direct", true);
    }
    document.set("failover", failover::failover(&groups, &settings));
    document.set_unless_empty("cooldown", settings.cooldown());
    document.set_unless_empty("limits", settings.limits());
    if settings.tag_match().is_some() {
        // Clients go on to send their tags as they do.
        document.set("headers", Ordered::with([("x-llm-tag", "x-litellm-tags".into())]));
    }
    if settings.logs() {
        document.set("log_fields", true);
    }
    settings.usual();
    advice::rest(root, &providers);
    (document, providers.endpoints())
}

/// Says at the first entry whose requests are translated that a translation loses nothing, or is not
/// made.
fn say_strict(entries: &[models::Entry]) {
    let translated = ["anthropic", "gemini", "bedrock"];
    if let Some(entry) = entries.iter().find(|entry| translated.contains(&entry.draft.api)) {
        entry.params.get("model").report_once(
            "speaks another API than OpenAI's: a request is refused if its translation would lose anything; \
             set translate to lenient to leave out what only changes how the answer is made",
        );
    }
}
