//! One configuration, ready to serve, in one worker.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use log::Level;

use crate::config::{self, Added, Config, DeploymentId, ProviderId, Role, Timeouts, Unfit};
use crate::host::Host;
use crate::live::{self, Additions, Origin};
use crate::metrics::{Meter, table};
use crate::state::{SharedFleet, TenantTable};

use super::delivery::Delivery;
use super::ledger::begin_series;
use super::rounds::Rounds;
use super::secrets::Secrets;
use super::unshown::Unshown;
use super::{head, lacks, version};

/// One configuration, ready to serve: all that is prepared once and read by every request.
///
/// An engine never changes, except for what it counts and what it has warned of. What is added
/// while the proxy runs makes a new engine, and a request keeps the one that it began with.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) fleet: SharedFleet,
    /// The budgets of tenants, in the router; `None`: there are none.
    pub(super) tenants: Option<Rc<TenantTable>>,
    /// The document and the additions that `config` was made from; `None`: nothing can be
    /// added to this configuration.
    pub(super) origin: Option<Origin>,
    pub(super) secrets: Secrets,
    pub(super) meter: Rc<Meter>,
    /// Where the number of attempts in flight has changed and is still to be shown.
    pub(super) unshown: Unshown,
    /// Which deployments' states are shown next.
    pub(super) rounds: Rounds,
    pub(super) delivery: Delivery,
    /// Every header that an attempt may change, which is why the router hands over what the
    /// client sent of them.
    pub(super) changed: Rc<[String]>,
    /// The shortest of all `timeouts`, in milliseconds; `None` if there are none, or if this role does not
    /// keep them.
    pub(super) shortest_time_ms: Option<u64>,
    /// Draws which part of a long text is estimated.
    pub(super) seed: u64,
    /// The deployments whose token counts have been warned of: one warning for each in each worker,
    /// since every answer would bring another.
    warned: RefCell<BTreeSet<DeploymentId>>,
}

impl Engine {
    /// Reads a configuration with what has been added to it, and prepares shared state.
    ///
    /// Takes these steps in this order, so that an operator sees the problems of the
    /// document before those of the environment, and a warning only for a configuration that
    /// is served:
    ///
    /// 1. parse the document, and choose the role: the same document can configure the
    ///    router and, with the root id `attempt`, the attempt filter of each cluster;
    /// 2. compare what the document needs with what the host has;
    /// 3. read all secrets from the environment;
    /// 4. lay the dynamic entries and the fetched set over the document.
    ///
    /// # Errors
    /// All problems of the configuration itself, one a line, for the operator. A dynamic or
    /// fetched entry that does not fit is no error: it is left out, with a warning.
    pub fn start<H: Host + ?Sized>(host: &H, configuration: &[u8]) -> Result<Self, String> {
        let mut config = config::parse(configuration).map_err(|problems| problems.to_string())?;
        // Operators give one document to the router and to the attempt filters.
        if host.property(&["plugin_root_id"]).as_deref() == Some(b"attempt") {
            config.role = Role::Attempt;
        }
        lacks::check(host, &config)?;
        let secrets = Secrets::read(host, &config)?;
        for warning in &config.warnings {
            host.log(Level::Warn, warning);
        }
        let mut origin = None;
        if live::is_open(&config) {
            let (live, of_live) = with_additions(host, &config, configuration.into())?;
            warn_of_left_out(host, &of_live);
            (config, origin) = (live, Some(of_live));
        }
        // On a 32-bit host a larger limit than it can hold is no limit.
        let most = usize::try_from(config.metrics.max_series).unwrap_or(usize::MAX);
        let meter = Meter::new(host, config.metrics.enabled, most);
        version::announce(host, &meter, &config);
        begin_series(host, &meter, &config);
        let tenants = config.limits.tenants.as_ref().filter(|_| config.role == Role::Router);
        let tenants = tenants.map(|all| Rc::new(TenantTable::new(all, host, || host.random())));
        Ok(Self {
            fleet: SharedFleet::new(&config, host),
            tenants,
            meter: Rc::new(meter),
            unshown: Unshown::default(),
            rounds: Rounds::default(),
            changed: head::changed(&config).into(),
            delivery: Delivery::of(&config),
            secrets,
            seed: host.random(),
            shortest_time_ms: shortest_time_ms(&config),
            config,
            origin,
            warned: RefCell::default(),
        })
    }

    /// Returns an engine for the same document with what has been added by now; `None` where
    /// nothing can be added.
    ///
    /// Providers come from the document alone, so whatever depends on them stays as it is:
    /// secrets, delivery, the headers that attempts change. So do the worker's metrics.
    pub(super) fn renewed<H: Host + ?Sized>(&self, host: &H) -> Option<Self> {
        let origin = self.origin.as_ref()?;
        // The document has been read before, so this does not fail.
        let (config, origin) =
            with_additions(host, &self.config, Rc::clone(&origin.document)).ok()?;
        begin_series(host, &self.meter, &config);
        Some(Self {
            fleet: SharedFleet::new(&config, host),
            shortest_time_ms: shortest_time_ms(&config),
            config,
            tenants: self.tenants.clone(),
            origin: Some(origin),
            secrets: self.secrets.clone(),
            meter: Rc::clone(&self.meter),
            unshown: Unshown::default(),
            rounds: Rounds::default(),
            changed: Rc::clone(&self.changed),
            delivery: self.delivery,
            seed: self.seed,
            warned: RefCell::default(),
        })
    }

    /// Collects what is counted from here on. Whoever calls this hands it over every now and then,
    /// shows all at once when no new request comes to the engine, and closes the meter after its
    /// last engine.
    pub(super) fn collect(&self) {
        self.meter.collect();
        if self.meter.is_on() {
            self.unshown.collect(self.config.deployments.len());
        }
    }

    /// Returns the configuration that it serves, additions included.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns whether requests go to a provider with a credential of the proxy's, whoever adds
    /// it, and not with the client's own.
    pub(super) fn has_credential(&self, provider: ProviderId) -> bool {
        self.config.provider(provider).credential.is_some()
    }

    /// Returns the value of a provider's credential header; `None` where this filter sets none.
    pub(super) fn secret(&self, provider: ProviderId) -> Option<&str> {
        self.secrets.credential(provider)
    }

    /// Returns whether a deployment has not been warned of yet, and notes that it is now. What
    /// goes on with every answer would fill the log.
    pub(super) fn is_first_warning(&self, deployment: DeploymentId) -> bool {
        self.warned.try_borrow_mut().is_ok_and(|mut warned| warned.insert(deployment))
    }

    /// Counts updates of shared state that were given up because other workers were always
    /// faster.
    pub(super) fn count_exhausted<H: Host + ?Sized>(&self, host: &H, updates: u32) {
        if updates > 0 {
            self.note_exhausted(host, updates);
        }
    }

    #[cold]
    fn note_exhausted<H: Host + ?Sized>(&self, host: &H, updates: u32) {
        self.meter.put(host, &table::CAS_EXHAUSTED, &[], u64::from(updates));
        self.fleet.count_dropped(host, updates);
    }
}

/// Returns the shortest of all times that attempts may take, in milliseconds.
fn shortest_time_ms(config: &Config) -> Option<u64> {
    let is_kept = config.role == Role::Attempt;
    config.timeouts().filter_map(Timeouts::shortest_ms).min().filter(|_| is_kept)
}

/// Returns the configuration of a document with what has been added to it by now, in the
/// role of `config`, and what it was made from.
fn with_additions<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    document: Rc<[u8]>,
) -> Result<(Config, Origin), String> {
    let read = Additions::read(host, config).over(document);
    let (live, origin) = read.map_err(|problems| problems.to_string())?;
    let document_hash = config.document_hash.clone();
    Ok((Config { role: config.role, document_hash, ..live }, origin))
}

/// Warns of the additions that do not fit the configuration and were left out, and says why. They
/// are no error: an operator's dynamic route must not stop a new document from being loaded.
fn warn_of_left_out<H: Host + ?Sized>(host: &H, origin: &Origin) {
    for Unfit { entry, problem } in &origin.unfit {
        let (kind, name) = match entry {
            Added::Route(name) => ("route", name),
            Added::Alias(name) => ("alias", name),
        };
        host.log(Level::Warn, &format!("the dynamic {kind} {name:?} is inactive: {problem}"));
    }
    if let Some(problems) = &origin.unfetched {
        let message = format!("the set of the route source is not used: {problems}");
        host.log(Level::Warn, &message);
    }
}
