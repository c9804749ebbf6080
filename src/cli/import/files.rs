//! The files of an import: a document and Envoy's configuration for it, and the commands to go on with.
//!
//! Decides that nothing is replaced that a user may have edited.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Imported, LitellmArgs};
use crate::cli::envoy::{self, Begin, EnvoyOptions, MODULE};
use crate::cli::io::{self, ToolError};
use crate::cli::routing_file::{Notation, RoutingFile};

/// The address of the mock provider in the commands to try a document with.
const MOCK: &str = "127.0.0.1:9100";

/// Writes the document and Envoy's configuration, and returns the names of both files. The next
/// commands go to standard error.
///
/// # Errors
/// A file is there already and has another text, or the folder cannot be written to.
pub(super) fn write(
    folder: &Path,
    imported: Imported,
    arguments: &LitellmArgs,
) -> Result<String, ToolError> {
    let name = if arguments.to == Notation::Yaml { "routing.yaml" } else { "routing.json" };
    let [routing, envoy] = [name, "envoy.yaml"].map(|name| folder.join(name));
    let mut options =
        arguments.options.with_endpoints(&imported.endpoints).map_err(ToolError::unusable)?;
    options = options.with_module_beside_tool();
    let clusters: BTreeSet<String> =
        imported.config.providers.iter().map(|provider| provider.cluster.clone()).collect();
    let document = RoutingFile::of_json(routing.display().to_string(), imported.json);
    let begin = envoy::begin(&document, imported.config, &options)?;
    let files = [(&routing, &imported.document), (&envoy, &begin.text)];
    let files = files.map(|(file, text)| (file, format!("{text}\n")));
    if !arguments.force {
        has_nothing_else(&files)?;
    }
    io::note(&imported.report);
    std::fs::create_dir_all(folder)
        .map_err(|error| ToolError::unusable(format!("{}: {error}", folder.display())))?;
    for (file, text) in &files {
        io::write_file(file, text)?;
    }
    io::note(&begin.left_to_do);
    io::note(next(&routing, &envoy, &begin, &options));
    io::note(later(&routing, &options));
    io::note(with_mock(&routing, &clusters, &options));
    Ok(format!("{}\n{}", routing.display(), envoy.display()))
}

/// Checks that no file would lose a text.
///
/// # Errors
/// One is there and has another text than the one that is to be written.
fn has_nothing_else(files: &[(&PathBuf, String)]) -> Result<(), ToolError> {
    let differs = |(file, text): &&(&PathBuf, String)| {
        std::fs::read(file).is_ok_and(|there| there != text.as_bytes())
    };
    let lines: Vec<String> = files
        .iter()
        .filter(differs)
        .map(|(file, _)| {
            format!(
                "{}: exists and differs from what the import would write, so nothing is written; \
                 give --force to replace it, or another folder",
                file.display()
            )
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(ToolError::unusable(lines.join("\n"))) }
}

/// Returns options as a shell reads them, with a space before each.
fn words(options: &EnvoyOptions) -> String {
    options.arguments().iter().map(|argument| format!(" {}", quoted(argument))).collect()
}

/// Returns the commands that come next, a line each.
fn next(routing: &Path, envoy: &Path, begin: &Begin, options: &EnvoyOptions) -> Vec<String> {
    // Envoy reads the module by a path relative to the folder that it is started in.
    let is_elsewhere = options.module == MODULE && !Path::new(MODULE).is_file();
    let absolute = |file: &Path| file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let place = |file: &Path| if is_elsewhere { absolute(file) } else { file.to_owned() };
    let name = |file: &Path| quoted(&file.display().to_string());
    let mut run = words(options);
    for cluster in &begin.unplaced {
        run.push_str(&format!(" --endpoint {}", quoted(&format!("{cluster}=HOST:PORT"))));
    }
    let mut lines = vec!["next:".to_owned()];
    for variable in &begin.variables {
        lines.push(format!("  export {variable}=..."));
    }
    if begin.signs {
        lines.push("  export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...".to_owned());
    }
    lines.push(format!("  pointsman check {}", name(routing)));
    lines.push(format!("  pointsman run {}{run}", name(routing)));
    let folder = if is_elsewhere { ", in the folder of pointsman.wasm" } else { "" };
    lines.push(format!("or, to start Envoy yourself{folder}:"));
    lines.push(format!("  envoy -c {}", name(&place(envoy))));
    let module = match options.module.as_str() {
        MODULE => String::new(),
        other => format!(" --module {}", quoted(other)),
    };
    lines.push("after a change of the document, write Envoy's configuration again:".to_owned());
    lines.push(format!(
        "  pointsman envoy --config {}{run}{module} > {}",
        name(routing),
        name(envoy)
    ));
    lines
}

/// Returns what LiteLLM has by itself and the document gets by another step, a line each.
fn later(routing: &Path, options: &EnvoyOptions) -> Vec<String> {
    vec![
        "before clients use it (docs/migrating.md):".to_owned(),
        format!(
            "  prices and context windows: pointsman catalog model_prices_and_context_window.json --config {}",
            quoted(&routing.display().to_string())
        ),
        format!(
            "  probes of /health/liveliness and /health/readiness: GET http://{}/ready",
            options.admin()
        ),
        "  state, drains and routes at run time: set \"admin\" in the document (docs/admin.md)"
            .to_owned(),
    ]
}

/// Returns the commands that try the document without its providers.
fn with_mock(routing: &Path, clusters: &BTreeSet<String>, options: &EnvoyOptions) -> Vec<String> {
    let port = MOCK.rsplit(':').next().unwrap_or_default();
    let mut run = quoted(&routing.display().to_string());
    let mut arguments = options.arguments().into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--endpoint" {
            arguments.next();
        } else {
            run.push_str(&format!(" {}", quoted(&argument)));
        }
    }
    for cluster in clusters {
        run.push_str(&format!(" --endpoint {}", quoted(&format!("{cluster}={MOCK}"))));
    }
    vec![
        "or, to try it with a mock provider in place of all providers (keys may be anything):"
            .to_owned(),
        format!("  mock_provider --name mock --port {port} &"),
        format!("  pointsman run {run}"),
    ]
}

/// Returns a word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./:=,@%+".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
