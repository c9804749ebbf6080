//! The route of a request: the one it forces, else the first that matches.

use crate::condition::{Subject, identity};
use crate::config::{Config, Route, RouteId};
use crate::request::refusal::Refusal;
use crate::text::quoted;

use super::need::Asker;
use super::trace::{RouteTrace, Trace};
use super::{Need, Request, Stop};

/// Returns the route of a request; `None` where none matches. A trace gets the reasons of
/// every route.
///
/// # Errors
/// 400 where the request forces a route that does not exist or is disabled; or what has to be
/// known before an earlier route is known not to match.
pub(super) fn find(
    request: Request<'_>,
    subject: &Subject<'_>,
    trace: Option<&mut Trace>,
) -> Result<Option<RouteId>, Stop> {
    let found = match &request.controls.route {
        Some(name) => Some(forced(request, name)?),
        None => first_match(request, subject)?,
    };
    if let Some(trace) = trace {
        trace.routes = explain(request, subject, found);
    }
    Ok(found)
}

/// Returns the first route of which all conditions hold. Where that depends on something not
/// known yet, later routes are not looked at: they may only serve what that one leaves.
fn first_match(request: Request<'_>, subject: &Subject<'_>) -> Result<Option<RouteId>, Need> {
    let config = request.config;
    for (id, route) in possible(config, subject) {
        match route.when.holds(subject) {
            Some(true) => return Ok(Some(id)),
            Some(false) => {}
            None => return Err(Need { of: Asker::Route(id), what: route.when.open(subject) }),
        }
    }
    Ok(None)
}

/// Returns the enabled routes that may match a request of these names, in order. The index
/// leaves out routes of other models without looking at them.
pub(super) fn possible<'c>(
    config: &'c Config,
    subject: &Subject<'_>,
) -> impl Iterator<Item = (RouteId, &'c Route)> {
    let names = identity::names(subject).into_iter().flatten();
    let found = config.route_index.of_names(names).into_iter();
    found.filter_map(|at| Some((RouteId(at), config.routes.get(at)?)))
}

/// Returns the route that the request forces.
fn forced(request: Request<'_>, name: &str) -> Result<RouteId, Refusal> {
    let routes = &request.config.routes;
    routes.iter().position(|route| route.enabled && route.name == name).map(RouteId).ok_or_else(
        || {
            let header = &request.config.headers.route;
            Refusal::new(400, "unknown_route", format!("{header}: unknown route {}", quoted(name)))
        },
    )
}

/// Returns why each route is the one that was found, or is not.
fn explain(request: Request<'_>, subject: &Subject<'_>, found: Option<RouteId>) -> Vec<RouteTrace> {
    let verdict = |(at, route): (usize, &crate::config::Route)| {
        let is_found = found == Some(RouteId(at));
        let because = if is_found && request.controls.route.is_some() {
            Some("forced by the request".to_owned())
        } else if is_found {
            route.when.although(subject)
        } else if !route.enabled {
            Some("disabled".to_owned())
        } else if request.controls.route.is_some() {
            Some("another route is forced by the request".to_owned())
        } else {
            let earlier = || Some("an earlier route matched".to_owned());
            route.when.because(subject).or_else(earlier)
        };
        RouteTrace { name: route.name.clone(), matched: is_found, because }
    };
    request.config.routes.iter().enumerate().map(verdict).collect()
}
