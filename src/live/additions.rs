//! Additions as all workers read them, and the configuration that comes of them.

use std::rc::Rc;

use crate::config::{self, Config, Dynamic, Problems, Unfit};
use crate::host::SharedData;

use super::{dynamic, source};

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
        let dynamic = config.admin.as_ref().map(|_| dynamic::read(shared));
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
    pub(super) fn holding(self, origin: &Origin) -> Option<Vec<u8>> {
        self.fetched.filter(|_| origin.unfetched.is_none())
    }
}
