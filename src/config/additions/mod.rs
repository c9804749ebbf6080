//! What is added to a document while the proxy runs: further models, aliases and
//! routes of the route source, and dynamic routes and aliases.
//!
//! The *live configuration* is the document with these laid over it before any name is
//! resolved, so that requests meet one configuration and know nothing of its layers.
//! What was fetched is further: a name that the document has is a problem, and any
//! problem refuses the set as a whole. What is dynamic wins over what it shares a name
//! with; an entry that does not fit is left out, and the others hold. Knows nothing of
//! where additions are kept.

mod base;
mod dynamic;
mod fit;
mod overlay;
#[cfg(test)]
mod tests;

pub use base::Base;
pub use dynamic::{Dynamic, DynamicRoute, Endpoint};
pub use fit::{Added, Unfit};

use super::{Config, Problems};

/// A live configuration.
#[derive(Debug)]
pub struct Live {
    /// The document and what fits of the additions.
    pub config: Config,
    /// Dynamic entries that are left out, and why.
    pub unfit: Vec<Unfit>,
}

/// Reads a document with its additions: `fetched` is what the route source delivered.
///
/// # Errors
/// What is wrong with the document or with what was fetched; dynamic entries are left
/// out instead.
pub fn parse_live(
    document: &[u8],
    fetched: Option<&[u8]>,
    dynamic: &Dynamic,
) -> Result<Live, Problems> {
    let base = Base::read(document, fetched)?;
    let unfit = base.unfit(dynamic);
    match base.with(dynamic, &unfit) {
        Ok(config) => Ok(Live { config, unfit }),
        Err(problems) if dynamic.is_empty() => Err(problems),
        // No entry that was found to fit makes a problem: this is for those that should.
        Err(problems) => {
            let config = Base::read(document, fetched)?.with(&Dynamic::default(), &[])?;
            Ok(Live { config, unfit: fit::none(dynamic, &problems) })
        }
    }
}
