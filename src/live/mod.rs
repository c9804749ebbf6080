//! The live configuration: what is added to a document while the proxy runs, and how all
//! workers find it.
//!
//! Additions are kept in shared data: dynamic routes and aliases in one value, what the route
//! source delivered in another. A worker that changes one writes it first, and then the
//! *generation*: a key that only says that something is new. A worker that reads another
//! generation than its configuration was made of builds a new configuration before it serves
//! the next request. The additions are bounded in number and size, because shared data never
//! frees anything. Knows nothing of requests, and of the proxy only its shared data.

mod list;
mod names;
pub mod source;
mod table;

use std::rc::Rc;

use crate::config::{self, Added, Base, Config, Dynamic, Problem, Problems, Unfit};
use crate::host::SharedData;

pub use list::{
    ListedAlias, ListedEndpoint, ListedGroup, ListedModel, Provenance, aliases, routes,
};
pub use table::{DynamicEntry, Refused, put, remove};

/// The beginning of every key of this module; the digit is the layout version of the values.
const PREFIX: &str = "pointsman/live/1/";

/// The key whose version is the generation. Its value says nothing.
const GENERATION: &str = "pointsman/live/1/generation";

/// A version with which the host writes a value without a comparison, so that a write is never
/// lost to another worker's.
const WHATEVER: u32 = 0;

/// How often a change is tried. No request waits for one, so there are more tries than for
/// the records of deployments.
const TRIES: u32 = 256;

/// What a live configuration was made of.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The document, as the proxy delivered it.
    pub document: Rc<[u8]>,
    /// Dynamic entries that are left out, because they do not fit the document, each with the
    /// reason.
    pub unfit: Vec<Unfit>,
    /// Why what was fetched is left out; `None`: it is not, or nothing was fetched. It fitted
    /// the document when it came, but the document may have changed since.
    pub unfetched: Option<Problems>,
}

impl Origin {
    /// Returns why a dynamic entry is left out; `None` where it is not.
    fn problem(&self, entry: &Added) -> Option<&Problem> {
        self.unfit.iter().find(|unfit| unfit.entry == *entry).map(|unfit| &unfit.problem)
    }

    /// Returns what the route source delivered last; `None` also where it is left out, because it
    /// no longer fits the document.
    fn fetched<S: SharedData + ?Sized>(&self, shared: &S, config: &Config) -> Option<Vec<u8>> {
        if self.unfetched.is_some() { None } else { fetched(shared, config) }
    }

    /// Returns the document with what was fetched, without dynamic entries: what those are laid
    /// over.
    fn base<S: SharedData + ?Sized>(&self, shared: &S, config: &Config) -> Result<Base, Problems> {
        Base::read(&self.document, self.fetched(shared, config).as_deref())
    }
}

/// Returns what the route source delivered last; `None` without a source or a delivery.
fn fetched<S: SharedData + ?Sized>(shared: &S, config: &Config) -> Option<Vec<u8>> {
    let source = config.route_source.as_ref()?;
    source::stored(shared, source).map(|set| set.text)
}

/// Returns the generation of the additions, which differs from all earlier ones; `None`
/// before the first addition.
pub fn generation<S: SharedData + ?Sized>(shared: &S) -> Option<u32> {
    shared.read(GENERATION).map(|(_, version)| version)
}

/// Lets all workers know that something is new. Each finds it at its next request, and builds
/// its configuration again.
fn announce<S: SharedData + ?Sized>(shared: &S) {
    // Every write gives the key a new version, so the value may stay the same. Without a
    // comparison it cannot fail either.
    let _ = shared.write(GENERATION, &[1], WHATEVER);
}

/// Returns whether anything can be added to a configuration. Where nothing can, workers need
/// not look at the generation.
#[must_use]
pub fn is_open(config: &Config) -> bool {
    config.admin.is_some() || config.route_source.is_some()
}

/// All that was added, as it is kept in shared data. It need not fit the document.
#[derive(Debug, Default)]
pub struct Additions {
    /// What the route source delivered.
    pub fetched: Option<Vec<u8>>,
    /// What operators added.
    pub dynamic: Dynamic,
}

impl Additions {
    /// Returns what is kept for a configuration. What operators added counts only while they
    /// have endpoints to see and remove it.
    pub fn read<S: SharedData + ?Sized>(shared: &S, config: &Config) -> Self {
        let dynamic = config.admin.as_ref().map(|_| table::read(shared));
        Self { fetched: fetched(shared, config), dynamic: dynamic.unwrap_or_default() }
    }

    /// Returns the live configuration of a document, and what it was made of.
    ///
    /// # Errors
    /// Problems of the document itself. What was fetched or added is left out where it does
    /// not fit, and fails nothing: a bad addition must not stop a worker.
    pub fn over(&self, document: Rc<[u8]>) -> Result<(Config, Origin), Problems> {
        let fetched = self.fetched.as_deref();
        let read = config::parse_live(&document, fetched, &self.dynamic);
        let (live, unfetched) = match (read, fetched) {
            (Ok(live), _) => (live, None),
            // Either may be wrong; without what was fetched, only the document is left.
            (Err(problems), Some(_)) => {
                (config::parse_live(&document, None, &self.dynamic)?, Some(problems))
            }
            (Err(problems), None) => return Err(problems),
        };
        Ok((live.config, Origin { document, unfit: live.unfit, unfetched }))
    }
}
