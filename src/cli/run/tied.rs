//! A program that ends with the tool that started it, also where that is killed by SIGKILL.
//!
//! Linux sends a process a signal when its parent ends, if the process has asked for it before.
//! Envoy does not ask. So the tool starts itself again, asks, and becomes Envoy. A program with
//! capabilities of its own file loses the wish when it starts.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::cli::io::ToolError;

/// What the tool is started with to become another program.
#[derive(Debug, clap::Args)]
pub(crate) struct TiedArgs {
    /// The process that the program ends with: the parent
    parent: u32,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// Returns a command that runs a program until this process ends. Where the system cannot do that,
/// the program runs on if this process is killed.
pub(super) fn command(program: &Path) -> Command {
    match std::env::current_exe() {
        Ok(own) if cfg!(target_os = "linux") => {
            let mut command = Command::new(own);
            command.arg("tied").arg(std::process::id().to_string()).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// Becomes the program, and so returns only errors.
///
/// # Errors
/// The program cannot be run, or the parent has ended before.
#[cfg(target_os = "linux")]
pub(crate) fn run(arguments: &TiedArgs) -> Result<String, ToolError> {
    use std::os::unix::process::CommandExt as _;

    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::TERM)).map_err(ToolError::unusable)?;
    // Had the parent ended before, there would be no signal.
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent != Some(arguments.parent) {
        return Err(ToolError::unusable("the process that asked for this has ended"));
    }
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(ToolError::unusable("no program is given"));
    };
    let error = Command::new(program).args(rest).exec();
    Err(ToolError::unusable(format!("{}: {error}", program.display())))
}

/// Says that there is no such thing here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_: &TiedArgs) -> Result<String, ToolError> {
    Err(ToolError::unusable("only Linux can tie one process to another"))
}
