//! Rate limits before the filter, where nobody knows the model yet.
//!
//! Decides which filters limit rates, and which limits depend on the filter's decision. A limit for
//! each client alone may stand before the filter.

use crate::config::Config;

use super::code::LintCode;
use super::report::LintReport;
use super::scene::{Manager, Scene, Way, kind};
use crate::yaml::At;

/// Types of filters that limit how many requests pass.
const LIMITS: [&str; 3] = ["LocalRateLimit", ASKING, "RateLimitQuotaFilterConfig"];

/// The one that asks a service, and asks it nothing while the route has no cluster.
const ASKING: &str = "RateLimit";

/// How the names begin by which filter state tells what was decided.
const STATE: &str = "wasm.llm.";

/// Checks the rate limits before the filter in every connection manager.
pub(super) fn check(scene: &Scene, config: &Config, report: &mut LintReport) {
    let decided = [&config.headers.model, &config.headers.cluster, &config.headers.deployment];
    let decided: Vec<&str> =
        decided.into_iter().map(String::as_str).chain(std::iter::once(STATE)).collect();
    for manager in scene.managers() {
        for filter in manager.before.iter().filter(|one| LIMITS.contains(&kind(one).as_str())) {
            check_filter(manager, filter, &decided, report);
        }
    }
}

fn check_filter(manager: &Manager, filter: &At, decided: &[&str], report: &mut LintReport) {
    let name = filter.get("name").text().unwrap_or_default().to_owned();
    let around = manager.routes.iter().flat_map(|route| &route.around);
    let of_routes = around.flat_map(|at| {
        let own = at.get("typed_per_filter_config").member(&name);
        [at.get("rate_limits"), at.get("route.rate_limits"), own]
    });
    let mut places = std::iter::once(filter.clone()).chain(of_routes);
    let found = places.find_map(|at| Some((named(&at, decided)?, at)));
    let is_by_header = || manager.routes.iter().any(|route| matches!(route.way, Way::Header(_)));
    let (at, what) = match found {
        Some((word, at)) => (
            at,
            format!(
                "a limit depends on {word}, but {name} counts a request before pointsman has read its \
                 model: there is none yet, or one that the client made up"
            ),
        ),
        None if kind(filter) == ASKING && is_by_header() => (
            filter.clone(),
            format!(
                "{name} asks its service for no request: the route has no cluster before pointsman has \
                 decided"
            ),
        ),
        None => return,
    };
    report.warning(
        LintCode::RateLimitOrder,
        &at,
        what,
        format!("put {name} right after pointsman"),
    );
}

/// Returns which of the words stands anywhere here. Names of headers have no case.
fn named<'a>(at: &At, words: &[&'a str]) -> Option<&'a str> {
    let text = at.json()?.to_string().to_ascii_lowercase();
    words.iter().copied().find(|word| text.contains(word))
}
