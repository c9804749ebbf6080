//! What the proxy's environment holds for a configuration: the credentials of providers, the
//! token for the route source, and the tokens of operators.
//!
//! The values are read once, when the configuration is loaded. They appear in no message, no
//! log and no filter state.

use std::fmt::Write;
use std::rc::Rc;

use crate::admin::Gate;
use crate::config::{Config, Credential, Provider, ProviderId, Role};
use crate::host::Host;

/// The secrets of one configuration. Copies share them, so that an engine made anew for the
/// same document takes over what has been read.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    /// By provider: the value of its credential header; `None`: it has no credential that this
    /// filter sends.
    credentials: Rc<[Option<String>]>,
    /// The value of the `authorization` header for the route source.
    pub(super) source_token: Option<Rc<str>>,
    /// Lets operators in by their token; `None`: there are no admin endpoints here.
    pub(super) gate: Option<Rc<Gate>>,
}

impl Secrets {
    /// Reads every environment variable that the configuration names.
    ///
    /// # Errors
    /// All variables that are not set or cannot be header values, one a line.
    pub(super) fn read<H: Host + ?Sized>(host: &H, config: &Config) -> Result<Self, String> {
        let mut problems = String::new();
        let mut note = |problem: String| {
            let _ = writeln!(problems, "{problem}");
        };
        let mut credentials = Vec::with_capacity(config.providers.len());
        for provider in config.providers.iter() {
            credentials.push(credential(host, provider).map_err(&mut note).unwrap_or_default());
        }
        // A problem does not end the reading: operators want to see all of them at once.
        let source_token = source_token(host, config).map_err(&mut note).unwrap_or_default();
        let gate = gate(host, config).map_err(&mut note).unwrap_or_default();
        if !problems.is_empty() {
            return Err(problems.trim_end().to_owned());
        }
        Ok(Self { credentials: credentials.into(), source_token, gate })
    }

    /// Returns the value of a provider's credential header.
    pub(super) fn credential(&self, provider: ProviderId) -> Option<&str> {
        self.credentials.get(provider.0)?.as_deref()
    }
}

/// Returns the value of a provider's credential header; `None` where it has no credential, or
/// Envoy adds it.
fn credential<H: Host + ?Sized>(host: &H, provider: &Provider) -> Result<Option<String>, String> {
    let Some(credential) = provider.credential.as_ref().and_then(Credential::secret) else {
        return Ok(None);
    };
    let path = format!("providers.{}.credential.env", provider.name);
    let value = variable(host, &path, &credential.env)?;
    Ok(Some(format!("{}{value}", credential.prefix)))
}

/// Returns the value of the `authorization` header for the route source; `None` where the source
/// needs no token.
fn source_token<H: Host + ?Sized>(host: &H, config: &Config) -> Result<Option<Rc<str>>, String> {
    let source = config.route_source.as_ref();
    let Some(name) = source.and_then(|source| source.token_env.as_ref()) else {
        return Ok(None);
    };
    let value = variable(host, "route_source.token_env", name)?;
    Ok(Some(format!("Bearer {value}").into()))
}

/// Returns the gate of the admin endpoints, which only the router has.
fn gate<H: Host + ?Sized>(host: &H, config: &Config) -> Result<Option<Rc<Gate>>, String> {
    let admin = config.admin.as_ref().filter(|_| config.role == Role::Router);
    let gate = admin.map(|admin| Gate::new(admin, |name| host.environment(name))).transpose();
    gate.map(|gate| gate.map(Rc::new)).map_err(|problem| problem.to_string())
}

/// Returns the value of the environment variable that the configuration names at `path`.
///
/// # Errors
/// A variable that is empty, or holds what cannot be part of a header value.
fn variable<H: Host + ?Sized>(host: &H, path: &str, name: &str) -> Result<String, String> {
    let value = host.environment(name).filter(|value| !value.trim().is_empty());
    let value = value.ok_or_else(|| {
        format!(
            "{path}: environment variable \"{name}\" is not set; set it for the proxy and list it \
             in vm_config.environment_variables.host_env_keys"
        )
    })?;
    // The value itself never appears in a message.
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(format!(
            "{path}: environment variable \"{name}\" has a control character or a character that \
             is not ASCII; use text that can be a header value, with no line break at the end"
        ));
    }
    Ok(value)
}
