//! The buffer filter that holds headers where the filter itself cannot: that it is there,
//! on, after the filter, and large enough.
//!
//! Concerns configurations with `hold: buffer_filter`. With another hold a buffer filter is
//! the user's own affair.

use crate::cli::needs::buffer_bytes;
use crate::config::{Config, Hold};

use super::code::LintCode;
use super::report::LintReport;
use super::route::STATE;
use super::scene::{Manager, Scene, Way, kind};
use crate::yaml::At;

const NAME: &str = "envoy.filters.http.buffer";
const BUFFER: &str = "Buffer";

/// Checks the buffer filter of every connection manager, if the configuration needs one.
pub(super) fn check(scene: &Scene, config: &Config, report: &mut LintReport) {
    if config.hold != Hold::BufferFilter {
        return;
    }
    for manager in scene.managers() {
        // A filter that comes by ECDS may be the one.
        let is_unseen = |filter: &At| filter.get("config_discovery").is_there();
        if !manager.after.iter().any(is_unseen) {
            check_manager(manager, config, report);
        }
    }
}

/// Checks that a manager has the buffer filter after this one, and that no route which the
/// filter decides turns it off or makes it smaller.
fn check_manager(manager: &Manager, config: &Config, report: &mut LintReport) {
    // By type and not by name: the name is the user's.
    let found = manager.after.iter().find_map(|filter| {
        let (kind, fields) = filter.get("typed_config").typed();
        (kind == BUFFER).then_some((filter, fields))
    });
    let Some((filter, fields)) = found else {
        missing(manager, report);
        return;
    };
    bytes(&fields.get("max_request_bytes"), config, report);
    let name = filter.get("name").text().unwrap_or(NAME).to_owned();
    let is_decided = |way: &Way| matches!(way, Way::State(key, _) if key == STATE);
    for route in manager.routes.iter().filter(|route| is_decided(&route.way)) {
        // Envoy takes the setting of the route, else of its virtual host, else of the table.
        let mut places =
            route.around.iter().map(|at| at.get("typed_per_filter_config").member(&name));
        let Some(at) = places.find(At::is_there) else { continue };
        let (_, own) = at.typed();
        if own.get("disabled").is_true() {
            report.error(
                LintCode::BufferFilter,
                &at,
                "the buffer filter is disabled on a route for LLM requests, so Envoy sends them \
                 on before the decision and answers 503",
                "disable it only on a separate route for requests that are not LLM requests",
            );
        }
        bytes(&own.get("buffer.max_request_bytes"), config, report);
    }
}

/// Reports that no filter holds the headers, and whether one only stands in the wrong place.
fn missing(manager: &Manager, report: &mut LintReport) {
    let (code, what) = if manager.before.iter().any(|filter| kind(filter) == BUFFER) {
        (
            LintCode::BufferFilterOrder,
            "the buffer filter is before pointsman and no filter after pointsman holds the \
             headers, so Envoy sends requests on before the decision and answers 503",
        )
    } else {
        (
            LintCode::BufferFilter,
            "hold is buffer_filter, but no filter holds the headers, so Envoy sends requests on \
             before the decision and answers 503",
        )
    };
    let instead = format!("put {NAME} directly after pointsman, as in envoy/buffer.yaml");
    report.error(code, &manager.at.get("http_filters"), what, instead);
}

/// Checks how much the buffer filter holds, if a limit is set at this place. Envoy itself refuses
/// a filter without a limit, so a missing one is not reported.
fn bytes(at: &At, config: &Config, report: &mut LintReport) {
    let limit = config.limits.max_body_bytes;
    if let Some(bytes) = at.number().filter(|bytes| *bytes < limit) {
        report.error(
            LintCode::BufferFilterBytes,
            at,
            format!(
                "the limit is {bytes} bytes, but limits.max_body_bytes is {limit}, so Envoy \
                 answers 413 to bodies between the two"
            ),
            format!("set max_request_bytes: {}", buffer_bytes(limit)),
        );
    }
}
