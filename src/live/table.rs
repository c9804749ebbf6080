//! Dynamic routes and aliases in shared data: how they are read, added and removed.
//!
//! All of them are one value. An entry is written only if the configuration with it can be
//! built and no other entry stops fitting. A change starts again if another worker has
//! written in between. So the value is consistent at any time, whichever workers write.

use crate::cas::{self, Change};
use crate::config::{self, Added, Base, Dynamic, DynamicRoute, Problems, Unfit};
use crate::host::SharedData;
use crate::state;

use super::names::{self, Author, Unnoted};
use super::{Origin, PREFIX, TRIES, announce};

/// Most dynamic routes, and most dynamic aliases.
const MOST_ENTRIES: usize = 256;
/// Longest value of all entries together, in bytes. Every worker parses it whenever anything
/// is new.
const LONGEST: usize = 256 * 1024;

/// A dynamic route or alias, with all that it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DynamicEntry {
    /// The model's name, and what serves it.
    Route(String, DynamicRoute),
    /// The alias's name, and what it stands for.
    Alias(String, String),
}

impl DynamicEntry {
    /// Returns the entry's kind and name, without what it says.
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
    /// What is wrong with the entry, by its fields.
    Wrong(Problems),
    /// There is no such entry.
    Unknown,
    /// It is configured or fetched, which cannot be removed here.
    Configured,
    /// Other workers wrote in between during every try.
    Contended,
}

/// Returns all entries, those that do not fit included.
pub(super) fn read<S: SharedData + ?Sized>(shared: &S) -> Dynamic {
    cas::read(shared, &key()).0
}

/// Returns the key of the value.
fn key() -> String {
    format!("{PREFIX}dynamic")
}

/// Bytes of another layout read as no entries.
impl cas::Value for Dynamic {
    type Bytes = String;

    fn decode(bytes: &[u8]) -> Self {
        Self::decode(bytes).unwrap_or_default()
    }

    fn encode(&self) -> String {
        self.encode()
    }
}

/// Adds an entry, or replaces the one of its name. Returns whether it is a new one.
///
/// The checks go from cheap to expensive: whether the route fits by itself, whether there are
/// too many names, whether the entry fits beside all others, and whether the whole can be
/// built. Every try checks anew how the entry fits beside the others. For example, there are the
/// models `a` and `b`, and two workers put an alias `a` of `b` and an alias `b` of `a` at the
/// same time. Each fits by itself. One worker writes first. The other's write is lost, and its
/// second try starts from a value that has the first alias. Beside that one, its own makes a
/// cycle, so it is refused.
///
/// # Errors
/// [`Refused`]; nothing is written then.
pub fn put<S: SharedData + ?Sized>(
    shared: &S,
    config: &config::Config,
    origin: &Origin,
    entry: &DynamicEntry,
) -> Result<bool, Refused> {
    let document = &*origin.document;
    let fetched = origin.fetched(shared, config);
    let base = Base::read(document, fetched.as_deref()).map_err(Refused::Wrong)?;
    if let DynamicEntry::Route(model, route) = entry {
        note(shared, &base, &base.further(model, route), entry)?;
    }
    // Building the configuration costs as much as all else together, so it is done in one
    // try only. What other workers add meanwhile, they have built themselves.
    let mut is_built = false;
    let put = cas::change_within(TRIES, shared, &key(), None, |dynamic: &mut Dynamic| {
        let is_new = !dynamic.has(&entry.name());
        let broken_before = base.unfit(dynamic);
        *dynamic = with(std::mem::take(dynamic), entry);
        let mut checked = check(entry, &broken_before, &base.unfit(dynamic))
            .and_then(|()| check_size(entry, dynamic));
        if checked.is_ok() && !is_built {
            // In the same way as every worker will build it.
            checked = config::parse_live(document, fetched.as_deref(), dynamic)
                .map_err(Refused::Wrong)
                .and_then(|live| check(entry, &broken_before, &live.unfit));
            is_built = true;
        }
        checked.map(|()| is_new).into()
    });
    let is_new = put.unwrap_or(Err(Refused::Contended))?;
    // Round robin begins anew: the old count says nothing of the new candidates.
    if let DynamicEntry::Route(model, _) = entry {
        state::restart_turns(shared, model, &base.groups(model));
    }
    announce(shared);
    Ok(is_new)
}

/// Removes an entry. Dynamic entries that no longer fit without it stay in the value, and are
/// left out of the configuration until they fit again.
///
/// # Errors
/// [`Refused`]; nothing is removed then.
pub fn remove<S: SharedData + ?Sized>(
    shared: &S,
    config: &config::Config,
    origin: &Origin,
    entry: &Added,
) -> Result<(), Refused> {
    let removed = cas::change_within(TRIES, shared, &key(), None, |dynamic: &mut Dynamic| {
        let is_removed = dynamic.remove(entry);
        if is_removed { Change::Write(true) } else { Change::Keep(false) }
    });
    if removed.ok_or(Refused::Contended)? {
        announce(shared);
        return Ok(());
    }
    // There is no such dynamic entry. The error depends on whether the name is configured.
    let base = origin.base(shared, config).map_err(Refused::Wrong)?;
    let is_known = match entry {
        Added::Route(model) => base.is_model(model),
        Added::Alias(alias) => base.is_alias(alias),
    };
    Err(if is_known { Refused::Configured } else { Refused::Unknown })
}

/// Returns the entries with one more, or with another in place of the one of its name.
fn with(mut dynamic: Dynamic, entry: &DynamicEntry) -> Dynamic {
    match entry.clone() {
        DynamicEntry::Route(model, route) => dynamic.put_route(model, route),
        DynamicEntry::Alias(alias, model) => dynamic.put_alias(alias, model),
    }
    dynamic
}

/// Checks that an entry fits, and that no other stops fitting. `before` are the entries that
/// did not fit without it, `after` those that do not fit with it.
fn check(entry: &DynamicEntry, before: &[Unfit], after: &[Unfit]) -> Result<(), Refused> {
    let (DynamicEntry::Route(name, _) | DynamicEntry::Alias(name, _)) = entry;
    let added = entry.name();
    if let Some(own) = after.iter().find(|unfit| unfit.entry == added) {
        return Err(misfit(own));
    }
    let is_broken = |unfit: &&Unfit| !before.iter().any(|known| known.entry == unfit.entry);
    for unfit in after.iter().filter(is_broken) {
        // A route wins over an alias of its name, which then waits until the route is gone.
        let (kind, other) = match &unfit.entry {
            Added::Alias(alias) if alias == name => continue,
            Added::Alias(alias) => ("alias", alias),
            Added::Route(model) => ("route", model),
        };
        let message =
            format!("the dynamic {kind} {other:?} would no longer be valid: {}", unfit.problem);
        return Err(Refused::Wrong(Problems::of("model", message)));
    }
    Ok(())
}

/// Checks that there are not too many entries, and that they are not too long together.
fn check_size(entry: &DynamicEntry, after: &Dynamic) -> Result<(), Refused> {
    let length = after.encode().len();
    let (field, kind, count) = match entry {
        DynamicEntry::Route(..) => ("model", "routes", after.routes.len()),
        DynamicEntry::Alias(..) => ("alias", "aliases", after.aliases.len()),
    };
    let message = if count > MOST_ENTRIES {
        format!(
            "there are already {MOST_ENTRIES} dynamic {kind}, the most that are allowed; remove \
             one first"
        )
    } else if length > LONGEST {
        format!(
            "all dynamic routes and aliases together would take {length} bytes; allowed: at most \
             {LONGEST}"
        )
    } else {
        return Ok(());
    };
    Err(Refused::Wrong(Problems::of(field, message)))
}

/// Returns the refusal of an entry that does not fit.
fn misfit(unfit: &Unfit) -> Refused {
    let Unfit { problem, .. } = unfit;
    Refused::Wrong(Problems::of(&problem.path, problem.message.clone()))
}

/// Notes the names of a route, after a check that it fits by itself: a route that is refused
/// for its own sake must not use up names.
fn note<S: SharedData + ?Sized>(
    shared: &S,
    base: &Base,
    names: &[String],
    entry: &DynamicEntry,
) -> Result<(), Refused> {
    if let Some(unfit) = base.unfit(&with(Dynamic::default(), entry)).first() {
        return Err(misfit(unfit));
    }
    names::note(shared, Author::Operator, names).map_err(|unnoted| match unnoted {
        Unnoted::Full(most) => Refused::Wrong(Problems::of(
            "model",
            format!(
                "{most} different models and deployments have been added since the proxy started, \
                 the most that are allowed; add this one to the configuration instead"
            ),
        )),
        Unnoted::Contended => Refused::Contended,
    })
}
