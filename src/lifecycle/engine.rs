//! One configuration, ready to serve, in one worker.

use std::fmt::Write;
use std::rc::Rc;

use log::Level;

use crate::admin::Gate;
use crate::config::{self, Added, Config, Provider, ProviderId, Role, Unfit};
use crate::host::Host;
use crate::live::{self, Additions, Origin};
use crate::metrics::{Meter, table};
use crate::state::SharedFleet;

use super::delivery::Delivery;
use super::{head, lacks, version};

/// One configuration, ready to serve.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) fleet: SharedFleet,
    /// What the configuration was made of, where something can be added to it.
    pub(super) origin: Option<Origin>,
    /// By provider: the value of its credential header.
    secrets: Rc<[Option<String>]>,
    /// The token for the route source.
    pub(super) source_token: Option<Rc<str>>,
    /// What is counted.
    pub(super) meter: Rc<Meter>,
    /// Who may use the admin endpoints, where there are some.
    pub(super) gate: Option<Rc<Gate>>,
    /// How requests are delivered.
    pub(super) delivery: Delivery,
    /// Every header that an attempt may change.
    pub(super) changed: Rc<[String]>,
    /// Draws which part of long texts is estimated.
    pub(super) seed: u64,
}

impl Engine {
    /// Reads a configuration, with what has been added to it, and prepares shared state.
    ///
    /// # Errors
    /// All problems of the configuration itself, one a line, for the operator.
    pub fn start<H: Host + ?Sized>(host: &H, configuration: &[u8]) -> Result<Self, String> {
        let mut config = config::parse(configuration).map_err(|problems| problems.to_string())?;
        // One document can serve both roles.
        if host.property(&["plugin_root_id"]).as_deref() == Some(b"attempt") {
            config.role = Role::Attempt;
        }
        lacks::check(host, &config)?;
        let mut problems = String::new();
        let mut noted = |problem: String| {
            let _ = writeln!(problems, "{problem}");
            None
        };
        let mut secrets = Vec::with_capacity(config.providers.len());
        for provider in config.providers.iter() {
            secrets.push(secret(host, provider).unwrap_or_else(&mut noted));
        }
        let source_token = source_token(host, &config).unwrap_or_else(&mut noted);
        let admin = config.admin.as_ref().filter(|_| config.role == Role::Router);
        let gate = admin.map(|admin| Gate::new(admin, |name| host.environment(name)));
        let gate = gate.transpose().unwrap_or_else(|problem| {
            noted(problem.to_string());
            None
        });
        if !problems.is_empty() {
            return Err(problems.trim_end().to_owned());
        }
        for warning in &config.warnings {
            host.log(Level::Warn, warning);
        }
        let origin = if live::is_open(&config) {
            let role = config.role;
            let read = Additions::read(host, &config).over(configuration.into());
            let (live, origin) = read.map_err(|problems| problems.to_string())?;
            warn_of_left_out(host, &origin);
            config = Config { role, ..live };
            Some(origin)
        } else {
            None
        };
        let most = usize::try_from(config.metrics.max_series).unwrap_or(usize::MAX);
        let meter = Meter::new(host, config.metrics.enabled, most);
        version::tell(host, &meter);
        Ok(Self {
            fleet: SharedFleet::new(&config, host),
            meter: Rc::new(meter),
            changed: head::changed(&config).into(),
            delivery: Delivery::of(&config),
            secrets: secrets.into(),
            source_token: source_token.map(Into::into),
            gate: gate.map(Rc::new),
            seed: host.random(),
            config,
            origin,
        })
    }

    /// The same with what has been added by now; none where nothing can be added.
    ///
    /// Providers are the document's alone, so what belongs to them stays; so does what the
    /// worker has counted.
    pub(super) fn renewed<H: Host + ?Sized>(&self, host: &H) -> Option<Self> {
        let origin = self.origin.as_ref()?;
        let additions = Additions::read(host, &self.config);
        // The document has been read before.
        let (config, origin) = additions.over(Rc::clone(&origin.document)).ok()?;
        let config = Config { role: self.config.role, ..config };
        Some(Self {
            fleet: SharedFleet::new(&config, host),
            config,
            origin: Some(origin),
            secrets: Rc::clone(&self.secrets),
            source_token: self.source_token.clone(),
            meter: Rc::clone(&self.meter),
            gate: self.gate.clone(),
            changed: Rc::clone(&self.changed),
            delivery: self.delivery,
            seed: self.seed,
        })
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

/// Says which additions do not hold with a new configuration.
fn warn_of_left_out<H: Host + ?Sized>(host: &H, origin: &Origin) {
    for Unfit { entry, problem } in &origin.unfit {
        let (kind, name) = match entry {
            Added::Route(name) => ("route", name),
            Added::Alias(name) => ("alias", name),
        };
        host.log(Level::Warn, &format!("the dynamic {kind} {name:?} is inactive: {problem}"));
    }
    if let Some(problems) = &origin.unfetched {
        let message = format!("the set of the route source is left out: {problems}");
        host.log(Level::Warn, &message);
    }
}

/// The token for the route source.
fn source_token<H: Host + ?Sized>(host: &H, config: &Config) -> Result<Option<String>, String> {
    let source = config.route_source.as_ref();
    let Some(variable) = source.and_then(|source| source.token_env.as_ref()) else {
        return Ok(None);
    };
    Ok(Some(format!("Bearer {}", of_environment(host, "route_source.token_env", variable)?)))
}

fn secret<H: Host + ?Sized>(host: &H, provider: &Provider) -> Result<Option<String>, String> {
    let Some(credential) = &provider.credential else { return Ok(None) };
    let path = format!("providers.{}.credential.env", provider.name);
    let value = of_environment(host, &path, &credential.env)?;
    Ok(Some(format!("{}{value}", credential.prefix)))
}

/// The value of a variable that the configuration names at that path.
fn of_environment<H: Host + ?Sized>(
    host: &H,
    path: &str,
    variable: &str,
) -> Result<String, String> {
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
    Ok(value)
}
