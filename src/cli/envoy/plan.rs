//! All that a written configuration depends on.

use std::collections::BTreeMap;

use crate::cli::needs::Needs;
use crate::cli::output::ToolFailure;
use crate::config::{Config, Hold, Role};

use super::endpoint::ClusterPlace;

pub(super) const SIMPLE: &str = include_str!("../../../envoy/envoy.yaml");
pub(super) const FAILOVER: &str = include_str!("../../../envoy/failover.yaml");
pub(super) const BUFFER: &str = include_str!("../../../envoy/buffer.yaml");

/// What the configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mode {
    /// One attempt; Envoy 1.35 and later
    Simple,
    /// Failover inside the request; Envoy 1.39 and later
    Failover,
    /// A buffer filter holds headers; Envoy 1.36 and later, with failover 1.39
    Buffer,
}

/// All that the text depends on.
#[derive(Debug)]
pub(super) struct EnvoyPlan<'a> {
    pub(super) config: &'a Config,
    pub(super) needs: &'a Needs,
    pub(super) places: BTreeMap<String, ClusterPlace>,
    pub(super) mode: Mode,
    pub(super) buffer: u64,
    pub(super) trusted_ca: &'a str,
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Failover => "failover",
            Self::Buffer => "buffer",
        }
    }
}

impl EnvoyPlan<'_> {
    /// The shipped configuration that this is written after.
    pub(super) const fn shipped(&self) -> &'static str {
        match self.mode {
            Mode::Simple => SIMPLE,
            Mode::Failover => FAILOVER,
            Mode::Buffer => BUFFER,
        }
    }

    /// Whether a failure is followed by another attempt.
    pub(super) fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }
}

/// Returns the mode that the configuration asks for.
///
/// # Errors
/// A configuration that no mode fits, or another mode than the one that was asked for.
pub(super) fn mode(config: &Config, asked: Option<Mode>) -> Result<Mode, ToolFailure> {
    if config.role == Role::Attempt {
        let message = "role: wanted the configuration of the filter that decides, not of attempts";
        return Err(ToolFailure::new(2, message));
    }
    let attempts = config.failover.max_attempts;
    let fits = match config.hold {
        Hold::BufferFilter => Mode::Buffer,
        Hold::StopIteration if attempts > 1 => Mode::Failover,
        Hold::StopIteration => Mode::Simple,
    };
    if fits == Mode::Simple && config.failover.attempt_filter {
        let message = "failover.attempt_filter: wanted failover.max_attempts above 1, or hold: \
             \"buffer_filter\"; `pointsman istio` writes what Istio needs";
        return Err(ToolFailure::new(2, message));
    }
    let Some(asked) = asked.filter(|asked| *asked != fits) else { return Ok(fits) };
    let message = match (asked, fits) {
        (Mode::Buffer, _) => {
            "--mode buffer: hold is \"stop_iteration\", this needs \"buffer_filter\"".to_owned()
        }
        (_, Mode::Buffer) => format!(
            "--mode {}: hold is \"buffer_filter\", this needs \"stop_iteration\"",
            asked.name()
        ),
        (Mode::Simple, _) => {
            format!("--mode simple: failover.max_attempts is {attempts}, this needs 1")
        }
        (Mode::Failover, _) => {
            format!("--mode failover: failover.max_attempts is {attempts}, this needs 2 or more")
        }
    };
    Err(ToolFailure::new(2, message))
}
