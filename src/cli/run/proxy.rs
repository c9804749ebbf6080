//! The Envoy process: started, asked whether it serves, given new files, ended.

use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::envoy::{EnvoyFiles, EnvoyOptions};
use crate::cli::io::{ToolError, note};

use super::tied;

/// How long Envoy may take for a change, with names to look up and connections to drain.
const UPDATE: Duration = Duration::from_secs(10);
/// After how long a start is said to wait for something; then after twice that, and so on.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the admin page may take to answer during a start. Envoy accepts connections before it answers
/// any, so a longer wait would hide that the start takes long.
const START_ASK: Duration = Duration::from_secs(1);
/// How often it is asked.
const ASKS: Duration = Duration::from_millis(50);

/// A running Envoy, which ends when this is dropped.
pub(super) struct Proxy {
    child: Child,
    /// The address of its admin page.
    admin: String,
    agent: ureq::Agent,
    /// Whether this tool is to end.
    is_over: Arc<AtomicBool>,
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
        is_over: &Arc<AtomicBool>,
    ) -> Result<Self, ToolError> {
        let mut command = tied::command(program);
        command.args(["--disable-hot-restart", "-l", log_level]);
        if matches!(log_level, "error" | "critical") {
            // Why a file is refused is a warning.
            command.args(["--component-log-level", "config:warning"]);
        }
        let child = command
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| ToolError::unusable(format!("{}: {error}", program.display())))?;
        let admin = format!("http://{}", options.admin());
        Ok(Self { child, admin, agent: agent(START_ASK), is_over: Arc::clone(is_over) })
    }

    /// Whether this tool is to end.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Waits until Envoy serves; false where a signal came before. Says what it waits for where that
    /// takes long.
    ///
    /// # Errors
    /// Envoy has ended.
    pub(super) fn wait_until_ready(&mut self) -> Result<bool, ToolError> {
        let begun = Instant::now();
        let mut patience = PATIENCE;
        while !self.is_over() {
            if let Some(status) = self.ended()? {
                let message = format!("Envoy does not start ({status}); its log above says why");
                return Err(ToolError::unusable(message));
            }
            let updates = self.updates("listener_manager.lds");
            match updates.filter(|_| self.is_live()) {
                Some(Updates { refused: 1.., .. }) => {
                    return Err(ToolError::unusable(
                        "Envoy refuses the listener; its log above says why, often in a line with \
                         \"rejected\"",
                    ));
                }
                Some(Updates { taken: 1.., is_warming: false, .. }) => {
                    self.agent = agent(UPDATE);
                    return Ok(true);
                }
                _ => {}
            }
            if begun.elapsed() > patience {
                let seconds = patience.as_secs();
                note([format!("after {seconds} s, still waiting: {}", self.awaited(updates))]);
                patience = patience.saturating_mul(2);
            }
            sleep(ASKS);
        }
        Ok(false)
    }

    /// Returns what a start waits for.
    fn awaited(&self, updates: Option<Updates>) -> String {
        if updates.is_none() {
            return format!("Envoy's admin page {} does not answer yet", self.admin);
        }
        let clusters = self.warming_clusters();
        if clusters.is_empty() {
            return "Envoy loads the module".to_owned();
        }
        format!(
            "Envoy looks up the addresses of these clusters, or loads the module for them: {}",
            clusters.join(", ")
        )
    }

    /// Returns the names of the clusters that Envoy does not use yet.
    fn warming_clusters(&self) -> Vec<String> {
        let text = self.ask("/config_dump?resource=dynamic_warming_clusters");
        let dump: serde_json::Value =
            text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let clusters = dump.get("configs").and_then(serde_json::Value::as_array);
        let name =
            |one: &serde_json::Value| Some(one.pointer("/cluster/name")?.as_str()?.to_owned());
        clusters.into_iter().flatten().filter_map(name).collect()
    }

    /// Returns how Envoy has ended; `None` while it runs.
    ///
    /// # Errors
    /// The system does not say.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, ToolError> {
        self.child.try_wait().map_err(ToolError::unusable)
    }

    /// Gives Envoy another document than the former one. The former clusters stay, since they serve
    /// until the new listener is there, and connections of the former listener go on for a while.
    ///
    /// # Errors
    /// A file cannot be written, or Envoy refuses it. Then it has the former files again.
    pub(super) fn update(&self, next: &EnvoyFiles, former: &EnvoyFiles) -> Result<(), ToolError> {
        let taken = self
            .follows("cluster_manager.cds", || next.write_clusters_beside(former))
            .and_then(|()| self.follows("listener_manager.lds", || next.write_listeners()));
        if taken.is_err() {
            former.write_listeners()?;
            former.write_clusters()?;
        }
        taken
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
        while begun.elapsed() < UPDATE && !self.is_over() {
            sleep(ASKS);
            let (Some(before), Some(now)) = (before, self.updates(of)) else { continue };
            if now.refused > before.refused {
                let message = "Envoy refuses what was written for this document; its log above says \
                               why, in a line with \"rejected\"";
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

/// Returns what asks the admin page, and waits so long for an answer.
fn agent(patience: Duration) -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(patience)).build().into()
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A terminal has told Envoy already; whoever else ended this tool has not.
        #[cfg(unix)]
        if matches!(self.child.try_wait(), Ok(None)) {
            use rustix::process::{Pid, Signal, kill_process};
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let begun = Instant::now();
            while begun.elapsed() < UPDATE && matches!(self.child.try_wait(), Ok(None)) {
                sleep(ASKS);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
