//! `pointsman run`: Envoy with one routing document, for as long as the command runs.
//!
//! Decides when Envoy gets a changed document and when it has to be told to the user that it cannot.
//! What Envoy is configured with is up to `envoy`.

mod example;
mod findings;
mod program;
mod proxy;
mod tied;
mod variables;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::envoy::{EnvoyFiles, EnvoyOptions};
use super::io::{ToolError, note};
use super::routing_file::{RoutingFile, of_router};
use findings::Findings;
use proxy::Proxy;
use variables::Moment;

pub(super) use tied::{TiedArgs, run as become_tied};

/// How often the document is looked at.
const LOOKS: Duration = Duration::from_millis(300);
/// After how many looks a file that cannot be read is reported.
const PATIENCE: u32 = 4;
/// What is said of a change that has no effect.
const KEPT: &str = "not applied: Envoy keeps the previous document, and serves by it";
/// How long clusters stay that the document no longer names: until Envoy has closed the last
/// connections of the listener before, which takes 10 minutes.
const DRAIN: Duration = Duration::from_secs(610);

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
    let read = RoutingFile::read(&arguments.file)?;
    // A mistake in the document is told before what this machine lacks.
    of_router(read.accepted()?.0)?;
    let options = program::completed(&arguments.options)?;
    let program = program::envoy(arguments.envoy.as_deref())?;
    let folder = TemporaryFolder::make()?;
    let mut document = Document::of(&read, &options, &folder.0, Moment::Start)?;
    program::has_free_ports(&options)?;
    document.files.write_start()?;
    document.files.write_clusters()?;
    document.files.write_listeners()?;
    let name = arguments.file.display();
    note([format!("starting Envoy {} with {name} …", program.version)]);
    let begun = Instant::now();
    let start = document.files.start_file();
    let mut proxy = Proxy::start(&program.path, &start, &arguments.log_level, &options, &is_over)?;
    if !proxy.wait_until_ready()? {
        return Ok(());
    }
    // Standard output is Envoy's access log.
    note(document.findings.since(&Findings::default()));
    note([welcome(arguments, &options, &document, begun.elapsed())]);
    while !proxy.is_over() {
        if let Some(status) = proxy.ended()? {
            return Err(ToolError::unusable(format!("Envoy ended by itself: {}", said(status))));
        }
        sleep(LOOKS);
        document.follow(&arguments.file, &options, &proxy);
        document.forget();
    }
    Ok(())
}

/// The document that Envoy runs, and what it was written from.
struct Document {
    followed: Followed,
    files: EnvoyFiles,
    folder: PathBuf,
    /// Since when the clusters of the document before are kept; `None`: there are none.
    kept: Option<Instant>,
    /// A request to try.
    example: String,
    findings: Findings,
    /// Why the file cannot be read at the moment, and how often that was found.
    trouble: Option<(String, u32)>,
}

impl Document {
    /// Returns a document with what Envoy needs for it. Nothing is in the folder yet.
    ///
    /// # Errors
    /// It is not valid, or an environment variable cannot be used that it names.
    fn of(
        file: &RoutingFile,
        options: &EnvoyOptions,
        folder: &Path,
        moment: Moment,
    ) -> Result<Self, ToolError> {
        let (config, warnings) = file.accepted()?;
        let config = of_router(config)?;
        variables::check(file, &config, moment)?;
        let example = example::curl(file, &config, &format!("http://{}", options.listen));
        let (fewer, others) = options.without_others(&config);
        // At the start, a name that the document does not have is a mistake of the command line.
        let options = if moment == Moment::Start { options } else { &fewer };
        let files = EnvoyFiles::of(file, config, options, folder)?;
        let mut notes = files.notes.clone();
        notes.extend(others.iter().map(|cluster| {
            format!("--endpoint {cluster}=…: the document does not name this cluster any more")
        }));
        Ok(Self {
            followed: Followed::of(file, options),
            findings: Findings::of(&file.name, &warnings, &notes),
            files,
            folder: folder.to_owned(),
            kept: None,
            example,
            trouble: None,
        })
    }

    /// Takes the clusters away that only the document before names, when nothing can use them any
    /// more.
    fn forget(&mut self) {
        if self.kept.is_some_and(|since| since.elapsed() > DRAIN) {
            self.kept = None;
            if let Err(error) = self.files.write_clusters() {
                note([error.message]);
            }
        }
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
        let followed = Followed::of(&read, options);
        let Some(changed) = followed.changed_since(&self.followed, file, options) else {
            return;
        };
        // Whatever comes of it, it is not tried again before the next change.
        self.followed = followed;
        let applied = Self::of(&read, options, &self.folder, Moment::Change).and_then(|next| {
            if next.files.start != self.files.start {
                return Err(ToolError::unusable(
                    "this change is in a part that Envoy reads at its start only (secrets); \
                     stop with Ctrl-C and start again",
                ));
            }
            proxy.update(&next.files, &self.files)?;
            Ok(Self { kept: Some(Instant::now()), ..next })
        });
        match applied {
            Ok(next) => {
                note(next.findings.since(&self.findings));
                *self = next;
                note([format!("{changed}: changed and applied")]);
            }
            Err(_) if proxy.is_over() => {}
            Err(error) => note([format!("{}\n{KEPT}", error.message)]),
        }
    }
}

/// What Envoy gets anew if it changes.
struct Followed {
    document: Vec<u8>,
    /// The file with filters; empty without one.
    filters: Vec<u8>,
}

impl Followed {
    fn of(file: &RoutingFile, options: &EnvoyOptions) -> Self {
        let filters = options.filters.as_ref().and_then(|filters| std::fs::read(filters).ok());
        Self { document: file.json().to_vec(), filters: filters.unwrap_or_default() }
    }

    /// Returns the names of the files that have changed; `None` if none has.
    fn changed_since(&self, former: &Self, file: &Path, options: &EnvoyOptions) -> Option<String> {
        let document = (self.document != former.document).then_some(file);
        let filters = options.filters.as_deref().filter(|_| self.filters != former.filters);
        let names: Vec<String> =
            document.into_iter().chain(filters).map(|name| name.display().to_string()).collect();
        (!names.is_empty()).then(|| names.join(" and "))
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
    format!(
        "Envoy serves {} at {url} after {:.1} s. For example:\n\n    {}\n\n{}Each change of {} \
         is applied. Envoy's admin page: http://{}     Ctrl-C stops.",
        arguments.file.display(),
        took.as_secs_f64(),
        document.example,
        example::key(options.filters.as_deref()),
        if options.filters.is_some() { "both files" } else { "the file" },
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
        let name = format!("pointsman-{}", std::process::id());
        // One of an earlier process of this number may be left, where that was killed.
        let mut folders = (0..100).map(|more| std::env::temp_dir().join(format!("{name}-{more}")));
        let mut maker = std::fs::DirBuilder::new();
        // Filters may hold keys of clients.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        // Made here and by nobody before, since Envoy runs what is in it.
        let made = folders.find_map(|folder| match maker.create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
            Err(error) => Some(Err(format!("{}: {error}", folder.display()))),
            Ok(()) => Some(Ok(Self(folder))),
        });
        let none = || Err(format!("{name}: all such folders for temporary files are taken"));
        made.unwrap_or_else(none).map_err(ToolError::unusable)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
