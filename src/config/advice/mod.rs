//! Advice on what a configuration allows and hardly means: more warnings, for tools.
//!
//! The filter gives none of it, which keeps its module small. Knows a configuration that is valid.

mod apis;
mod prices;

use super::configuration::Config;
use super::error::{Diagnostics, Path};
use super::settings::Role;

/// Returns the warnings, each with its path as those of [`Config`] are. `routes` are the names of the
/// document's routes, in its order.
pub(super) fn of(config: &Config, routes: &[&str]) -> Vec<String> {
    let mut findings = Diagnostics::default();
    if config.role != Role::Attempt {
        apis::warn(config, &mut findings);
        prices::warn(config, routes, &mut findings);
    }
    findings.warnings
}

/// Returns where a route stands, if the document has it. `at` is the place of all routes.
fn route_at<'a>(at: &'a Path<'a>, routes: &[&str], name: &str) -> Option<Path<'a>> {
    routes.iter().position(|one| *one == name).map(|index| at.index(index))
}
