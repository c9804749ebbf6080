//! Dynamic routes and aliases in shared data: read, changed, and written if no other
//! worker was faster.
//!
//! An entry is written only where the configuration with it holds, and where it breaks no
//! other entry; so the value is whole at any time, whoever else writes.

use crate::cas::{self, Change};
use crate::config::{self, Added, Base, Dynamic, DynamicRoute, Problems, Unfit};
use crate::host::SharedData;
use crate::state;

use super::additions::{Additions, Origin};
use super::dynamic;
use super::key::{TRIES, announce};
use super::names::{self, AddedBy, Unnoted};

/// Most routes, and most aliases.
const MOST_ENTRIES: usize = 256;
/// Longest value, in bytes.
const LONGEST: usize = 256 * 1024;

/// Something to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DynamicEntry {
    /// A model and what serves it.
    Route(String, DynamicRoute),
    /// An alias and what it stands for.
    Alias(String, String),
}

impl DynamicEntry {
    /// Without what it says.
    fn name(&self) -> Added {
        match self {
            Self::Route(model, _) => Added::Route(model.clone()),
            Self::Alias(alias, _) => Added::Alias(alias.clone()),
        }
    }
}

/// Why a change was not made. Nothing of it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// What is wrong with it, by its fields.
    Wrong(Problems),
    /// There is no such entry.
    Unknown,
    /// It is configured or fetched, which cannot be removed here.
    Configured,
    /// Other workers were faster all the time.
    Contended,
}

/// Adds an entry, or replaces the one of its name; whether it is a new one.
///
/// # Errors
/// [`Refused`]
pub fn put<S: SharedData + ?Sized>(
    shared: &S,
    config: &config::Config,
    origin: &Origin,
    entry: &DynamicEntry,
) -> Result<bool, Refused> {
    let document = &*origin.document;
    let fetched = Additions::read(shared, config).holding(origin);
    let base = Base::read(document, fetched.as_deref()).map_err(Refused::Wrong)?;
    if let DynamicEntry::Route(model, route) = entry {
        note(shared, &base.further(model, route), || base.unfit(&with(Dynamic::default(), entry)))?;
    }
    // That the configuration as a whole can be built is asked once: it costs as much as
    // all else together, and what other workers add meanwhile was asked by them.
    let mut is_built = false;
    let put = cas::change_within(TRIES, shared, &dynamic::key(), None, |entries: &mut Dynamic| {
        let is_new = !entries.has(&entry.name());
        let broken_before = base.unfit(entries);
        *entries = with(std::mem::take(entries), entry);
        let mut checked = check(entry, &broken_before, &base.unfit(entries))
            .and_then(|()| check_size(entry, entries));
        if checked.is_ok() && !is_built {
            // As every worker is going to.
            checked = config::parse_live(document, fetched.as_deref(), entries)
                .map_err(Refused::Wrong)
                .and_then(|live| check(entry, &broken_before, &live.unfit));
            is_built = true;
        }
        checked.map(|()| is_new).into()
    });
    let is_new = put.unwrap_or(Err(Refused::Contended))?;
    if let DynamicEntry::Route(model, _) = entry {
        state::restart_turns(shared, model, &base.groups(model));
    }
    announce(shared);
    Ok(is_new)
}

/// Removes an entry; dynamic entries that no longer fit without it stay, and are left out.
///
/// # Errors
/// [`Refused`]
pub fn remove<S: SharedData + ?Sized>(
    shared: &S,
    config: &config::Config,
    origin: &Origin,
    entry: &Added,
) -> Result<(), Refused> {
    let removed =
        cas::change_within(TRIES, shared, &dynamic::key(), None, |entries: &mut Dynamic| {
            let is_removed = entries.remove(entry);
            if is_removed { Change::Write(true) } else { Change::Keep(false) }
        });
    if removed.ok_or(Refused::Contended)? {
        announce(shared);
        return Ok(());
    }
    let fetched = Additions::read(shared, config).holding(origin);
    let base = Base::read(&origin.document, fetched.as_deref()).map_err(Refused::Wrong)?;
    let is_known = match entry {
        Added::Route(model) => base.is_model(model),
        Added::Alias(alias) => base.is_alias(alias),
    };
    Err(if is_known { Refused::Configured } else { Refused::Unknown })
}

fn with(mut dynamic: Dynamic, entry: &DynamicEntry) -> Dynamic {
    match entry.clone() {
        DynamicEntry::Route(model, route) => dynamic.put_route(model, route),
        DynamicEntry::Alias(alias, model) => dynamic.put_alias(alias, model),
    }
    dynamic
}

/// An entry must fit, and leave those fitting that did.
fn check(entry: &DynamicEntry, before: &[Unfit], after: &[Unfit]) -> Result<(), Refused> {
    let (DynamicEntry::Route(name, _) | DynamicEntry::Alias(name, _)) = entry;
    let added = entry.name();
    if let Some(own) = after.iter().find(|unfit| unfit.entry == added) {
        let Unfit { problem, .. } = own;
        return Err(Refused::Wrong(Problems::of(&problem.path, problem.message.clone())));
    }
    let is_broken = |unfit: &&Unfit| !before.iter().any(|known| known.entry == unfit.entry);
    for unfit in after.iter().filter(is_broken) {
        // A route wins over an alias of its name, which then waits.
        let (kind, other) = match &unfit.entry {
            Added::Alias(alias) if alias == name => continue,
            Added::Alias(alias) => ("alias", alias),
            Added::Route(model) => ("route", model),
        };
        let message = format!("the dynamic {kind} {other:?} would not fit: {}", unfit.problem);
        return Err(Refused::Wrong(Problems::of("model", message)));
    }
    Ok(())
}

fn check_size(entry: &DynamicEntry, after: &Dynamic) -> Result<(), Refused> {
    let length = after.encode().len();
    let (field, kind, count) = match entry {
        DynamicEntry::Route(..) => ("model", "routes", after.routes.len()),
        DynamicEntry::Alias(..) => ("alias", "aliases", after.aliases.len()),
    };
    let message = if count > MOST_ENTRIES {
        format!("there are {MOST_ENTRIES} dynamic {kind}, which is the most; remove one first")
    } else if length > LONGEST {
        format!(
            "all dynamic routes and aliases would take {length} bytes; allowed: {LONGEST} at most"
        )
    } else {
        return Ok(());
    };
    Err(Refused::Wrong(Problems::of(field, message)))
}

/// Notes the names of a route that fits by itself.
fn note<S: SharedData + ?Sized>(
    shared: &S,
    names: &[String],
    unfit: impl FnOnce() -> Vec<Unfit>,
) -> Result<(), Refused> {
    if let Some(Unfit { problem, .. }) = unfit().into_iter().next() {
        return Err(Refused::Wrong(Problems::of(&problem.path, problem.message)));
    }
    names::note(shared, AddedBy::Operator, names).map_err(|unnoted| match unnoted {
        Unnoted::Full(most) => Refused::Wrong(Problems::of(
            "model",
            format!(
                "{most} different models and deployments have been added since the proxy started, \
                 which is the most; put it into the configuration"
            ),
        )),
        Unnoted::Contended => Refused::Contended,
    })
}
