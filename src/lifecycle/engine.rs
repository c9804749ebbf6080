//! One configuration, ready to serve, in one worker.

use std::fmt::Write;

use log::Level;

use crate::admin::Gate;
use crate::config::{self, Config, Provider, ProviderId, Role};
use crate::host::Host;
use crate::metrics::{Meter, table};
use crate::state::SharedFleet;

use super::hand;

/// One configuration, ready to serve.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) fleet: SharedFleet,
    /// By provider: the value of its credential header.
    secrets: Vec<Option<String>>,
    /// Who may use the admin endpoints, where there are some.
    pub(super) gate: Option<Gate>,
    /// What is counted.
    pub(super) meter: Meter,
    /// Every header that an attempt may change.
    pub(super) changed: Vec<String>,
    /// Draws which part of long texts is estimated.
    pub(super) seed: u64,
}

impl Engine {
    /// Reads a configuration and prepares shared state.
    ///
    /// # Errors
    /// All problems, one a line, for the operator.
    pub fn start<H: Host + ?Sized>(host: &H, configuration: &[u8]) -> Result<Self, String> {
        let mut config = config::parse(configuration).map_err(|problems| problems.to_string())?;
        // One document can serve both roles.
        if host.property(&["plugin_root_id"]).as_deref() == Some(b"attempt") {
            config.role = Role::Attempt;
        }
        let mut secrets = Vec::with_capacity(config.providers.len());
        let mut problems = String::new();
        for provider in &config.providers {
            secrets.push(secret(host, provider).unwrap_or_else(|problem| {
                let _ = writeln!(problems, "{problem}");
                None
            }));
        }
        let admin = config.admin.as_ref().filter(|_| config.role == Role::Router);
        let gate = admin.map(|admin| Gate::new(admin, |name| host.environment(name)));
        let gate = gate.transpose().unwrap_or_else(|problem| {
            let _ = writeln!(problems, "{problem}");
            None
        });
        if !problems.is_empty() {
            return Err(problems.trim_end().to_owned());
        }
        for warning in &config.warnings {
            host.log(Level::Warn, warning);
        }
        let fleet = SharedFleet::new(&config, host);
        let most = usize::try_from(config.metrics.max_series).unwrap_or(usize::MAX);
        let meter = Meter::new(host, config.metrics.enabled, most);
        let changed = hand::changed(&config);
        Ok(Self { config, fleet, secrets, gate, meter, changed, seed: host.random() })
    }

    /// The configuration it serves.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The value of a provider's credential header.
    pub(super) fn secret(&self, provider: ProviderId) -> Option<&str> {
        self.secrets.get(provider.0)?.as_deref()
    }

    /// Counts updates of shared state that lost all their tries.
    pub(super) fn count_exhausted<H: Host + ?Sized>(&self, host: &H, updates: u32) {
        if updates == 0 {
            return;
        }
        self.meter.put(host, &table::CAS_EXHAUSTED, &[], u64::from(updates));
        self.fleet.count_dropped(host, updates);
    }
}

fn secret<H: Host + ?Sized>(host: &H, provider: &Provider) -> Result<Option<String>, String> {
    let Some(credential) = &provider.credential else { return Ok(None) };
    let path = format!("providers.{}.credential.env", provider.name);
    let variable = &credential.env;
    let value =
        host.environment(variable).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
            format!(
                "{path}: environment variable \"{variable}\" is not set; list it in \
             vm_config.environment_variables.host_env_keys and give it to the proxy"
            )
        })?;
    // The value itself never appears in a message.
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(format!(
            "{path}: environment variable \"{variable}\" holds a control character or one that is \
             not ASCII; allowed: text that can be a header value, without a line break at the end"
        ));
    }
    Ok(Some(format!("{}{value}", credential.prefix)))
}
