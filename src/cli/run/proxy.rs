//! The Envoy process: started, asked whether it serves, given new files, ended.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::envoy::{EnvoyFiles, EnvoyOptions};
use crate::cli::io::ToolError;

/// How long Envoy may take for a change, with names to look up and connections to drain.
const UPDATE: Duration = Duration::from_secs(10);
/// How often it is asked.
const ASKS: Duration = Duration::from_millis(50);

/// A running Envoy, which ends when this is dropped.
pub(super) struct Proxy {
    child: Child,
    /// The address of its admin page.
    admin: String,
    agent: ureq::Agent,
}

/// How often Envoy has taken and refused something, and what it is still working on.
#[derive(Debug, Clone, Copy)]
struct Updates {
    taken: u64,
    refused: u64,
    is_warming: bool,
}

impl Proxy {
    /// Starts Envoy.
    ///
    /// # Errors
    /// The program cannot be run.
    pub(super) fn start(
        program: &Path,
        config: &Path,
        log_level: &str,
        options: &EnvoyOptions,
    ) -> Result<Self, ToolError> {
        let child = Command::new(program)
            .args(["--disable-hot-restart", "-l", log_level, "-c"])
            .arg(config)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| ToolError::unusable(format!("{}: {error}", program.display())))?;
        let agent = ureq::Agent::config_builder().timeout_global(Some(UPDATE)).build().into();
        Ok(Self { child, admin: format!("http://{}", options.admin()), agent })
    }

    /// Waits until Envoy serves; false where a signal came before.
    ///
    /// # Errors
    /// Envoy has ended.
    pub(super) fn wait_until_ready(&mut self, is_over: &AtomicBool) -> Result<bool, ToolError> {
        while !is_over.load(Ordering::Relaxed) {
            if let Some(status) = self.ended()? {
                let message = format!("Envoy does not start ({status}); its log above says why");
                return Err(ToolError::unusable(message));
            }
            let updates = self.updates("listener_manager.lds").filter(|_| self.is_live());
            match updates {
                Some(Updates { refused: 1.., .. }) => {
                    return Err(ToolError::unusable(
                        "Envoy refuses the listener; its log above says why: often the value of an \
                         environment variable, or an address that is taken",
                    ));
                }
                Some(Updates { taken: 1.., is_warming: false, .. }) => return Ok(true),
                _ => {}
            }
            sleep(ASKS);
        }
        Ok(false)
    }

    /// Returns how Envoy has ended; `None` while it runs.
    ///
    /// # Errors
    /// The system does not say.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, ToolError> {
        self.child.try_wait().map_err(ToolError::unusable)
    }

    /// Gives Envoy new clusters, and then the listeners that send requests there.
    ///
    /// # Errors
    /// A file cannot be written, or Envoy refuses it; the listeners before go on then.
    pub(super) fn update(&self, files: &EnvoyFiles) -> Result<(), ToolError> {
        self.follows("cluster_manager.cds", || files.write_clusters())?;
        self.follows("listener_manager.lds", || files.write_listeners())
    }

    /// Has a file written, and waits until Envoy has taken it.
    ///
    /// # Errors
    /// As [`Proxy::update`].
    fn follows(
        &self,
        of: &str,
        write: impl FnOnce() -> Result<(), ToolError>,
    ) -> Result<(), ToolError> {
        let before = self.updates(of);
        write()?;
        let begun = Instant::now();
        while begun.elapsed() < UPDATE {
            sleep(ASKS);
            let (Some(before), Some(now)) = (before, self.updates(of)) else { continue };
            if now.refused > before.refused {
                let message = "Envoy refuses what was written for this document; its log says why";
                return Err(ToolError::unusable(message));
            }
            if now.taken > before.taken && !now.is_warming {
                return Ok(());
            }
        }
        Err(ToolError::unusable(format!(
            "Envoy has not taken the change within {} s; its log may say why",
            UPDATE.as_secs()
        )))
    }

    /// Returns what Envoy has done with the files of one kind.
    fn updates(&self, of: &str) -> Option<Updates> {
        let (manager, _) = of.split_once('.')?;
        let text = self.ask(&format!("/stats?filter=^{manager}"))?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
        };
        let warming = value("cluster_manager.warming_clusters")
            .max(value("listener_manager.total_listeners_warming"));
        Some(Updates {
            taken: value(&format!("{of}.update_success")),
            refused: value(&format!("{of}.update_rejected"))
                .saturating_add(value("listener_manager.listener_create_failure")),
            is_warming: warming > 0,
        })
    }

    /// Whether Envoy has begun to serve. That says nothing about its listener.
    fn is_live(&self) -> bool {
        self.ask("/ready").is_some()
    }

    /// Returns what Envoy's admin page answers; `None` where that is no success.
    fn ask(&self, path: &str) -> Option<String> {
        let mut answer = self.agent.get(format!("{}{path}", self.admin)).call().ok()?;
        answer.body_mut().read_to_string().ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A terminal has told Envoy already; whoever else ended this tool has not.
        let _ = self.agent.post(format!("{}/quitquitquit", self.admin)).send_empty();
        let begun = Instant::now();
        while begun.elapsed() < UPDATE && matches!(self.child.try_wait(), Ok(None)) {
            sleep(ASKS);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
