//! The live configuration: a document with its additions laid over it.

use super::super::configuration::Config;
use super::super::error::{Problem, Problems};
use super::base::Base;
use super::dynamic::Dynamic;
use super::entry::{Added, Unfit};

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
        // Entries that fit make no problem. Should one do so all the same, none of them is used.
        Err(problems) => {
            let config = Base::read(document, fetched)?.with(&Dynamic::default(), &[])?;
            Ok(Live { config, unfit: none(dynamic, &problems) })
        }
    }
}

/// Returns all entries as unfit, with the first problem as the reason. That is for a reason that
/// `fit` does not know: the proxy then works without entries, and not without a configuration.
fn none(dynamic: &Dynamic, problems: &Problems) -> Vec<Unfit> {
    let problem = problems.iter().next().cloned();
    let problem = problem
        .unwrap_or_else(|| Problem { path: "configuration".to_owned(), message: String::new() });
    let mut unfit = Vec::new();
    for (model, _) in &dynamic.routes {
        unfit.push(Unfit { entry: Added::Route(model.clone()), problem: problem.clone() });
    }
    for (alias, _) in &dynamic.aliases {
        unfit.push(Unfit { entry: Added::Alias(alias.clone()), problem: problem.clone() });
    }
    unfit
}
