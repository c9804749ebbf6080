//! `pointsman catalog`: prices and limits of models, from LiteLLM's list into the catalogue of a
//! document.
//!
//! Decides what a document gets: facts of the models that it uses, and only those that it does not
//! state itself.

mod facts;
mod fill;
mod map;
mod price;

use std::path::PathBuf;

use super::io::{self, ToolError};
use super::routing_file::{Notation, RoutingFile, written};
use crate::yaml::Ordered;
pub(super) use facts::facts;
use fill::Filling;
use map::PriceMap;

#[derive(Debug, clap::Args)]
pub(super) struct CatalogArgs {
    /// LiteLLM's list, model_prices_and_context_window.json
    file: PathBuf,
    /// The document to add to, YAML or JSON; it is printed whole. Without it, a catalogue of all
    /// models is printed
    #[arg(long, short, value_name = "DOCUMENT")]
    config: Option<PathBuf>,
}

/// Returns the document with its catalogue, or a document with a catalogue alone. What was not found
/// is written to standard error.
///
/// # Errors
/// A file cannot be read, is not valid, or is no list of prices.
pub(super) fn run(arguments: &CatalogArgs) -> Result<String, ToolError> {
    let shown = arguments.file.display();
    let map = PriceMap::read(&io::read(&arguments.file)?).ok_or_else(|| {
        let message =
            "is not LiteLLM's list of prices: expected an object with an object for each model";
        ToolError::unusable(format!("{shown}: {message}"))
    })?;
    let mut report = Vec::new();
    let own = arguments.config.as_deref().map(RoutingFile::read).transpose()?;
    let to = own.as_ref().map_or(Notation::Json, RoutingFile::notation);
    let document = match &own {
        Some(own) => filled(own, &map, &mut report)?,
        None => {
            let (catalog, others) = map.all();
            if others > 0 {
                report.push(format!(
                    "names that several providers have, with other prices or limits: {others}; one \
                     entry of each name is taken, and with --config that of the provider"
                ));
            }
            Ordered::with([("catalog", catalog)])
        }
    };
    io::note(report);
    Ok(written(&document.into(), to))
}

/// Returns the document in a file with the facts of the models that it uses.
fn filled(
    file: &RoutingFile,
    map: &PriceMap,
    report: &mut Vec<String>,
) -> Result<Ordered, ToolError> {
    let config = file.config()?;
    let mut document = Ordered::from(&file.tree()?);
    let mut filling = Filling::new(&document);
    for deployment in config.deployments.iter() {
        let provider = config.provider(deployment.provider);
        let model = &deployment.upstream_model;
        match map.find(provider, model) {
            Some((name, facts)) => {
                if map.is_tiered(&name) {
                    report.push(format!("{model}: costs more for long requests; the price of short ones is taken"));
                }
                filling.add(&mut document, &deployment.id, (&provider.name, model), &facts);
            }
            None => report.push(format!(
                "deployments.{}: the list has no {model:?} of the provider {:?}; write its facts by hand",
                deployment.id, provider.name
            )),
        }
    }
    report.dedup();
    Ok(document)
}
