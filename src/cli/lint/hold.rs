//! The buffer filter that holds headers where the filter itself cannot: that it is there,
//! on and behind, and large enough.
//!
//! Concerns configurations with `hold: buffer_filter`; with another hold, what a buffer
//! filter does is nobody's business.

use crate::config::{Config, Hold};

use super::finding::{LintFindings, LintRow};
use super::listener::roomy;
use super::route::STATE;
use super::scene::{Manager, Scene, Way};
use super::tree::At;

const NAME: &str = "envoy.filters.http.buffer";
const BUFFER: &str = "Buffer";

/// All that concerns the buffer filter.
pub(super) fn check(scene: &Scene, config: &Config, findings: &mut LintFindings) {
    if config.hold != Hold::BufferFilter {
        return;
    }
    for manager in scene.managers() {
        // Filters that come from elsewhere are not looked at.
        let is_unseen = |filter: &At| filter.get("config_discovery").is_there();
        if !manager.behind.iter().any(is_unseen) {
            of_manager(manager, config, findings);
        }
    }
}

fn of_manager(manager: &Manager, config: &Config, findings: &mut LintFindings) {
    let found = manager.behind.iter().find_map(|filter| {
        let (kind, fields) = filter.get("typed_config").typed();
        (kind == BUFFER).then_some((filter, fields))
    });
    let Some((filter, fields)) = found else {
        missing(manager, findings);
        return;
    };
    bytes(&fields.get("max_request_bytes"), config, findings);
    let name = filter.get("name").text().unwrap_or(NAME).to_owned();
    let is_decided = |way: &Way| matches!(way, Way::State(key, _) if key == STATE);
    for route in manager.routes.iter().filter(|route| is_decided(&route.way)) {
        // What stands nearer to the request is what holds.
        let mut places =
            route.around.iter().map(|at| at.get("typed_per_filter_config").member(&name));
        let Some(at) = places.find(At::is_there) else { continue };
        let (_, own) = at.typed();
        if own.get("disabled").is_true() {
            findings.error(
                LintRow::BufferFilter,
                &at,
                "the buffer filter is off where the filter decides: requests are sent on before \
                 that and answered with 503",
                "this for a route of its own, for what is no LLM request",
            );
        }
        bytes(&own.get("buffer.max_request_bytes"), config, findings);
    }
}

fn missing(manager: &Manager, findings: &mut LintFindings) {
    let at = manager.at.get("http_filters");
    if manager.before.iter().any(|kind| kind == BUFFER) {
        findings.error(
            LintRow::BufferFilterOrder,
            &at,
            "the buffer filter stands before pointsman, and nothing behind it holds the headers: \
             requests are sent on before they are decided and answered with 503",
            format!("{NAME} right behind pointsman, as in envoy/buffer.yaml"),
        );
    } else {
        findings.error(
            LintRow::BufferFilter,
            &at,
            "nothing holds the headers that the filter lets go with hold: buffer_filter: requests \
             are sent on before they are decided and answered with 503",
            format!("{NAME} right behind pointsman, as in envoy/buffer.yaml"),
        );
    }
}

fn bytes(at: &At, config: &Config, findings: &mut LintFindings) {
    let limit = config.limits.max_body_bytes;
    if let Some(bytes) = at.number().filter(|bytes| *bytes < limit) {
        findings.error(
            LintRow::BufferFilterBytes,
            at,
            format!(
                "{bytes} bytes, and limits.max_body_bytes is {limit}: Envoy answers bodies between \
                 them with 413"
            ),
            format!("max_request_bytes: {}", roomy(limit)),
        );
    }
}
