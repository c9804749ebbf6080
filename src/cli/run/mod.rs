//! `pointsman run`: Envoy with one routing document, for as long as the command runs.
//!
//! Decides when Envoy gets a changed document and when it has to be told to the user that it cannot.
//! What Envoy is configured with is up to `envoy`.

mod program;
mod proxy;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::envoy::{EnvoyFiles, EnvoyOptions};
use super::io::{ToolError, note};
use super::routing_file::{RoutingFile, of_router};
use proxy::Proxy;

/// How often the document is looked at.
const LOOKS: Duration = Duration::from_millis(300);
/// After how many looks a file that cannot be read is reported.
const PATIENCE: u32 = 4;
/// What is said of a change that has no effect.
const KEPT: &str = "not applied: Envoy keeps the previous document";

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The routing document, YAML or JSON; each change of the file is applied
    file: PathBuf,
    /// Envoy's program. Without it, $ENVOY, or else envoy on the PATH
    #[arg(long, value_name = "PATH")]
    envoy: Option<PathBuf>,
    /// Envoy's log level
    #[arg(long, default_value = "error")]
    log_level: String,
    #[command(flatten)]
    options: EnvoyOptions,
}

/// Runs Envoy until a signal comes. There is nothing to print at the end.
///
/// # Errors
/// Something is missing that Envoy needs, the document is not valid at the start, or Envoy ends by
/// itself.
pub(super) fn run(arguments: &RunArgs) -> Result<(), ToolError> {
    let is_over = Arc::new(AtomicBool::new(false));
    let signalled = Arc::clone(&is_over);
    ctrlc::set_handler(move || signalled.store(true, Ordering::Relaxed))
        .map_err(ToolError::unusable)?;
    let options = program::completed(&arguments.options)?;
    let program = program::envoy(arguments.envoy.as_deref())?;
    let folder = TemporaryFolder::make()?;
    let read = RoutingFile::read(&arguments.file)?;
    let mut document = Document::of(&read, &options, &folder.0)?;
    document.files.write_start()?;
    document.files.write_clusters()?;
    document.files.write_listeners()?;
    let begun = Instant::now();
    let mut proxy =
        Proxy::start(&program, &document.files.start_file(), &arguments.log_level, &options)?;
    if !proxy.wait_until_ready(&is_over)? {
        return Ok(());
    }
    // Standard output is Envoy's access log.
    note([welcome(arguments, &options, &document, begun.elapsed())]);
    while !is_over.load(Ordering::Relaxed) {
        if let Some(status) = proxy.ended()? {
            return Err(ToolError::unusable(format!("Envoy ended by itself: {}", said(status))));
        }
        sleep(LOOKS);
        document.follow(&arguments.file, &options, &proxy);
    }
    Ok(())
}

/// The document that Envoy runs, and what it was written from.
struct Document {
    bytes: Vec<u8>,
    files: EnvoyFiles,
    folder: PathBuf,
    /// Names of models, for the example.
    models: Vec<String>,
    /// What is accepted and worth a second look, a line each.
    warnings: Vec<String>,
    /// Why the file cannot be read at the moment, and how often that was found.
    trouble: Option<(String, u32)>,
}

impl Document {
    /// Returns a document with what Envoy needs for it. Nothing is in the folder yet.
    ///
    /// # Errors
    /// It is not valid, or an environment variable is not set that it names.
    fn of(file: &RoutingFile, options: &EnvoyOptions, folder: &Path) -> Result<Self, ToolError> {
        let (config, warnings) = file.accepted()?;
        let config = of_router(config)?;
        let warnings = warnings.iter().map(|found| found.line_of(&file.name, "warning")).collect();
        let models = config.models.iter().map(|model| model.name.clone()).collect();
        let files = EnvoyFiles::of(file, config, options, folder)?;
        program::has_variables(&files.variables)?;
        Ok(Self {
            bytes: file.json().to_vec(),
            files,
            folder: folder.to_owned(),
            models,
            warnings,
            trouble: None,
        })
    }

    /// Says that the file cannot be read, once it is so for a while: an editor may be writing it.
    fn unreadable(&mut self, message: String) {
        let looks = match &self.trouble {
            Some((known, looks)) if *known == message => looks.saturating_add(1),
            _ => 1,
        };
        if looks == PATIENCE {
            note([format!("{message}\n{KEPT}")]);
        }
        self.trouble = Some((message, looks));
    }

    /// Gives Envoy the document if it has changed. A document with a mistake changes nothing.
    fn follow(&mut self, file: &Path, options: &EnvoyOptions, proxy: &Proxy) {
        let read = match RoutingFile::read(file) {
            Ok(read) => read,
            Err(error) => return self.unreadable(error.message),
        };
        self.trouble = None;
        if read.json() == self.bytes {
            return;
        }
        // Whatever comes of it, it is not tried again before the next change.
        self.bytes = read.json().to_vec();
        let applied = Self::of(&read, options, &self.folder).and_then(|next| {
            if next.files.start != self.files.start {
                return Err(ToolError::unusable(
                    "this change is in a part that Envoy reads at its start only (secrets); \
                     stop with Ctrl-C and start again",
                ));
            }
            proxy.update(&next.files)?;
            Ok(next)
        });
        match applied {
            Ok(next) => {
                *self = next;
                note(&self.warnings);
                note([format!("{}: changed and applied", file.display())]);
            }
            Err(error) => note([format!("{}\n{KEPT}", error.message)]),
        }
    }
}

/// Returns what is said when Envoy serves.
fn welcome(
    arguments: &RunArgs,
    options: &EnvoyOptions,
    document: &Document,
    took: Duration,
) -> String {
    let url = format!("http://{}", options.listen);
    let model = document.models.first().map_or("MODEL", String::as_str);
    let left = document.files.left_to_do.iter().map(|line| format!("note: {line}\n"));
    let left = document.warnings.iter().map(|line| format!("{line}\n")).chain(left);
    format!(
        "{}Envoy serves {} at {url} after {:.1} s. For example:\n\n    curl -i {url}/v1/chat/completions \
         -H 'content-type: application/json' \\\n      -d '{{\"model\": \"{model}\", \"messages\": \
         [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n\nEach change of the file is applied. \
         Envoy's admin page: http://{}     Ctrl-C stops.",
        left.collect::<String>(),
        arguments.file.display(),
        took.as_secs_f64(),
        options.admin(),
    )
}

fn said(status: ExitStatus) -> String {
    format!("{status}; its log is above")
}

/// A folder that is removed when it is no longer needed.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn make() -> Result<Self, ToolError> {
        let folder = std::env::temp_dir().join(format!("pointsman-{}", std::process::id()));
        // Made here and by nobody before, since Envoy runs what is in it.
        std::fs::create_dir(&folder)
            .map_err(|error| ToolError::unusable(format!("{}: {error}", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
