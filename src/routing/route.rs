//! The route of a request: the one it forces, else the first that matches.

use crate::condition::Subject;
use crate::config::RouteId;
use crate::request::refusal::{Refusal, quoted};

use super::Request;
use super::explain::{RouteTrace, Trace};

/// Finds the route; `None` where none matches.
///
/// # Errors
/// 400 where the request forces a route that does not exist or is disabled.
pub(super) fn find(
    request: Request<'_>,
    subject: &Subject<'_>,
    trace: Option<&mut Trace>,
) -> Result<Option<RouteId>, Refusal> {
    let found = match &request.controls.route {
        Some(name) => Some(forced(request, name)?),
        None => first_match(request, subject),
    };
    if let Some(trace) = trace {
        trace.routes = explain(request, subject, found);
    }
    Ok(found)
}

fn first_match(request: Request<'_>, subject: &Subject<'_>) -> Option<RouteId> {
    let mut routes = request.config.routes.iter();
    routes.position(|route| route.enabled && route.when.matches(subject)).map(RouteId)
}

fn forced(request: Request<'_>, name: &str) -> Result<RouteId, Refusal> {
    let routes = &request.config.routes;
    routes.iter().position(|route| route.enabled && route.name == name).map(RouteId).ok_or_else(
        || {
            let header = &request.config.headers.route;
            Refusal::new(400, "unknown_route", format!("{header}: unknown route {}", quoted(name)))
        },
    )
}

fn explain(request: Request<'_>, subject: &Subject<'_>, found: Option<RouteId>) -> Vec<RouteTrace> {
    let verdict = |(at, route): (usize, &crate::config::Route)| {
        let is_found = found == Some(RouteId(at));
        let because = if is_found && request.controls.route.is_some() {
            Some("forced by the request".to_owned())
        } else if is_found {
            None
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
