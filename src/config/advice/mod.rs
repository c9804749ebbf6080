//! Advice on what a configuration allows and hardly means: more warnings, for tools.
//!
//! The filter gives none of it, which keeps its module small. Knows a configuration that is valid.

mod apis;
mod empty;
pub(crate) mod hosts;
pub(crate) mod keys;
mod prices;
mod route_apis;
mod unused;
mod vendors;

use serde_json::Value;

use super::configuration::Config;
use super::error::{Diagnostics, Path};
use super::settings::Role;

/// Returns the warnings, each with its path as those of [`Config`] are. `document` is the one that the
/// configuration is of, as plain JSON.
pub(super) fn of(config: &Config, document: &Value) -> Vec<String> {
    let mut findings = Diagnostics::default();
    if config.role != Role::Attempt {
        empty::warn(config, &mut findings);
        hosts::warn(config, &mut findings);
        keys::warn(config, &mut findings);
        apis::warn(config, &mut findings);
        route_apis::warn(config, &route_names(document), &mut findings);
        unused::warn(config, document, &mut findings);
        prices::warn(config, &route_names(document), &mut findings);
    }
    findings.warnings
}

/// Returns the names of a document's routes in its order, an empty one where there is none.
fn route_names(document: &Value) -> Vec<&str> {
    let routes = document.get("routes").and_then(Value::as_array);
    let routes = routes.into_iter().flatten();
    routes.map(|route| route.get("name").and_then(Value::as_str).unwrap_or_default()).collect()
}

/// Returns where a route stands, if the document has it. `at` is the place of all routes.
fn route_at<'a>(at: &'a Path<'a>, routes: &[&str], name: &str) -> Option<Path<'a>> {
    routes.iter().position(|one| *one == name).map(|index| at.index(index))
}
