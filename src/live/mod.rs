//! The live configuration: what is added to a document while the proxy runs, and where
//! all workers find it.
//!
//! Additions are kept in shared data: dynamic routes and aliases in one value, what the
//! route source delivered in another. Whoever changes one writes it first and then the
//! *generation*, a key that says nothing but that something is new. A worker that reads
//! another generation than its configuration was made of makes a new one, before it
//! serves the next request. Knows nothing of requests, and of the proxy only its shared
//! data. Bounded in number and size: shared data frees nothing.

mod list;
mod names;
pub mod source;
mod table;

use std::rc::Rc;

use crate::config::{self, Config, Dynamic, Problems, Unfit};
use crate::host::SharedData;

pub use list::{Alias, Listed, Place, Source, aliases, routes};
pub use table::{Entry, Refused, put, remove};

/// Starts every key of this module; the digit is the layout version of the values.
const PREFIX: &str = "pointsman/live/1/";

/// Its version is the generation.
const GENERATION: &str = "pointsman/live/1/generation";

/// A version with which a value is written whatever is there.
const WHATEVER: u32 = 0;

/// Tries of a change before it is given up. No request waits for one, so there are more
/// than for the records of deployments.
const TRIES: u32 = 256;

/// What a live configuration was made of.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The document, as the proxy delivered it.
    pub document: Rc<[u8]>,
    /// Dynamic entries that are left out.
    pub unfit: Vec<Unfit>,
    /// Why what was fetched is left out.
    pub unfetched: Option<Problems>,
}

/// The generation of the additions; it differs from all before it.
pub fn generation<S: SharedData + ?Sized>(shared: &S) -> Option<u32> {
    shared.read(GENERATION).map(|(_, version)| version)
}

/// Lets all workers know that something is new.
fn announce<S: SharedData + ?Sized>(shared: &S) {
    // Every write has a version of its own, so that it needs no number and meets no
    // conflict.
    let _ = shared.write(GENERATION, &[1], WHATEVER);
}

/// Whether anything can be added to a configuration.
#[must_use]
pub fn is_open(config: &Config) -> bool {
    config.admin.is_some() || config.route_source.is_some()
}

/// Additions as they are kept.
#[derive(Debug, Default)]
pub struct Additions {
    /// What the route source delivered.
    pub fetched: Option<Vec<u8>>,
    /// What operators added.
    pub dynamic: Dynamic,
}

impl Additions {
    /// What is kept for a configuration. What operators add holds where they have
    /// endpoints to see and remove it.
    pub fn read<S: SharedData + ?Sized>(shared: &S, config: &Config) -> Self {
        let fetched = config.route_source.as_ref().and_then(|from| source::stored(shared, from));
        let dynamic = config.admin.as_ref().map(|_| table::read(shared));
        Self { fetched: fetched.map(|set| set.text), dynamic: dynamic.unwrap_or_default() }
    }

    /// The live configuration of a document, and what it was made of.
    ///
    /// # Errors
    /// What is wrong with the document itself.
    pub fn over(&self, document: Rc<[u8]>) -> Result<(Config, Origin), Problems> {
        let fetched = self.fetched.as_deref();
        let read = config::parse_live(&document, fetched, &self.dynamic);
        let (live, unfetched) = match (read, fetched) {
            (Ok(live), _) => (live, None),
            (Err(problems), Some(_)) => {
                (config::parse_live(&document, None, &self.dynamic)?, Some(problems))
            }
            (Err(problems), None) => return Err(problems),
        };
        Ok((live.config, Origin { document, unfit: live.unfit, unfetched }))
    }

    /// What was fetched, if it holds.
    fn holding(self, origin: &Origin) -> Option<Vec<u8>> {
        self.fetched.filter(|_| origin.unfetched.is_none())
    }
}
