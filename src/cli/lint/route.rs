//! Routes by which requests go where the filter decides.

use crate::cli::needs::Needs;
use crate::config::{Config, Hold};

use super::code::LintCode;
use super::listener::check_duration;
use super::report::LintReport;
use super::retry;
use super::scene::{EnvoyRoute, Manager, Scene, Way};
use crate::yaml::At;

/// Seconds after which Envoy ends an answer where the route says nothing.
const DEFAULT_TIMEOUT_SECONDS: f64 = 15.0;

/// Key of the filter state that has the cluster where [`Config::is_routed_by_state`].
pub(super) const STATE: &str = "wasm.llm.cluster";

/// Checks the routes of every connection manager that has the filter.
///
/// Routes that are not in the file are reported as unseen, not as wrong.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    for manager in scene.managers() {
        let elsewhere = ["rds", "scoped_routes"].map(|field| manager.at.get(field));
        if let Some(at) = elsewhere.iter().find(|at| at.is_there()) {
            report.warning(
                LintCode::RoutesUnseen,
                at,
                "Envoy gets the routes from elsewhere, so they cannot be checked here",
                "put a route_config here if you want them checked",
            );
            continue;
        }
        let mut is_decided = false;
        for (at, route) in manager.routes.iter().enumerate() {
            if check_route(manager, route, config, needs, report) {
                is_decided = true;
                order(manager.routes.get(..at).unwrap_or_default(), route, config, report);
            }
        }
        if !is_decided {
            undecided(manager, config, report);
        }
    }
}

/// Checks a route if it goes where the filter decides, and returns whether it does.
///
/// A manager may have any number of other routes: health checks, a website.
fn check_route(
    manager: &Manager,
    route: &EnvoyRoute,
    config: &Config,
    needs: &Needs,
    report: &mut LintReport,
) -> bool {
    let is_by_state = config.is_routed_by_state();
    match &route.way {
        Way::Header(header) if *header == config.headers.cluster => {
            timeouts(route, report);
            retry::check_one_attempt(route, report);
            if is_by_state {
                // The route is meant for the filter, and cannot work: the filter does not set
                // the header.
                report.error(
                    LintCode::ClusterHeaderFailover,
                    &route.at.get("route.cluster_header"),
                    format!(
                        "this route takes the cluster from a header that the filter does not set \
                         with {}, so Envoy answers 503",
                        reason_for_state(config)
                    ),
                    matcher_route("use inline_cluster_specifier_plugin", config),
                );
            } else {
                removed_headers(route, config, report);
            }
            true
        }
        Way::State(key, matcher) if key == STATE && is_by_state => {
            timeouts(route, report);
            map(matcher, needs, report);
            if config.failover.max_attempts > 1 {
                retry::check(route, config, report);
                // Over HTTP/2 Envoy holds as much of a request as its window is wide.
                let window = manager.at.get("http2_protocol_options.initial_stream_window_size");
                retry::check_kept(&window, config, report);
            }
            true
        }
        _ => false,
    }
}

/// Checks that no route before one that the filter decides takes its requests for models.
///
/// Routes before it are looked at that match by the path alone. Those for other paths belong there.
fn order(before: &[EnvoyRoute], decided: &EnvoyRoute, config: &Config, report: &mut LintReport) {
    let prefix = |route: &EnvoyRoute| {
        let found = route.at.get("match");
        let is_more = ["headers", "query_parameters", "filter_state", "runtime_fraction"];
        let is_by_path = is_more.iter().all(|field| !found.get(field).is_there());
        let fields = ["prefix", "path_separated_prefix"].map(|field| found.get(field));
        let prefix = fields.iter().find_map(At::text).map(str::to_owned);
        prefix.filter(|_| is_by_path)
    };
    let own = decided.at.get("match.prefix");
    let [_, host, _] = &decided.around;
    let is_decided = |path: &&str| path.starts_with(own.text().unwrap_or_default());
    for earlier in before {
        let [_, its_host, _] = &earlier.around;
        let Some(prefix) = prefix(earlier).filter(|_| its_host.path() == host.path()) else {
            continue;
        };
        let is_taken = |path: &&str| path.starts_with(&prefix);
        // A route that the filter decides may itself come before another one.
        if let (Way::Other, Some(path)) =
            (&earlier.way, config.paths.usual().filter(is_decided).filter(is_taken).last())
        {
            report.error(
                LintCode::RouteOrder,
                &earlier.at.get("match"),
                format!("{path} takes this route, whatever the filter decides"),
                "move the route that follows the filter's decision before this one, or narrow the \
                 match here",
            );
        }
    }
}

fn undecided(manager: &Manager, config: &Config, report: &mut LintReport) {
    let instead = if config.is_routed_by_state() {
        matcher_route("add a route with inline_cluster_specifier_plugin", config)
    } else {
        format!("add a route with cluster_header: {}", config.headers.cluster)
    };
    report.error(
        LintCode::NoDecisionRoute,
        &manager.at.get("route_config.virtual_hosts"),
        "no route follows the filter's decision",
        instead,
    );
}

/// Returns the setting by which the cluster is in filter state and in no header, as the user
/// knows it.
fn reason_for_state(config: &Config) -> &'static str {
    if config.hold == Hold::BufferFilter {
        "hold: buffer_filter"
    } else if config.failover.max_attempts > 1 {
        "failover.max_attempts above 1"
    } else {
        "failover.attempt_filter"
    }
}

/// Returns advice that names the shipped file with such a route.
///
/// `what` is the field or the route to write.
fn matcher_route(what: &str, config: &Config) -> String {
    let file = if config.hold == Hold::BufferFilter { "buffer" } else { "failover" };
    format!("{what} and a matcher over filter state {STATE}, as in envoy/{file}.yaml")
}

/// Checks that Envoy does not end an answer that takes long.
///
/// The route's timeout counts until the last byte, so it ends streams too.
fn timeouts(route: &EnvoyRoute, report: &mut LintReport) {
    let at = route.at.get("route.timeout");
    let seconds = at.seconds().unwrap_or(DEFAULT_TIMEOUT_SECONDS);
    // 0 turns it off.
    if seconds > 0.0 {
        report.error(
            LintCode::RouteTimeout,
            &at,
            format!("Envoy ends an answer after {seconds} s{}, streams included", at.unless_set()),
            "set timeout: 0s",
        );
    }
    for field in ["max_stream_duration", "grpc_timeout_header_max"] {
        check_duration(&route.at.get("route.max_stream_duration").get(field), report);
    }
}

/// Checks that providers do not get the headers by which the filter tells Envoy its decision.
///
/// They would learn the names of clusters and models. That breaks nothing, so it is a
/// warning.
fn removed_headers(route: &EnvoyRoute, config: &Config, report: &mut LintReport) {
    let lists = route.around.iter().map(|at| at.get("request_headers_to_remove").texts());
    let names: Vec<String> = lists.flatten().map(|name| name.to_ascii_lowercase()).collect();
    let wanted = [&config.headers.cluster, &config.headers.model];
    let missing: Vec<&str> =
        wanted.into_iter().filter(|name| !names.contains(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        report.warning(
            LintCode::HeadersToRemove,
            &route.at.get("request_headers_to_remove"),
            format!("Envoy sends the headers {} to the provider", missing.join(" and ")),
            format!("set request_headers_to_remove: [{}, {}]", wanted[0], wanted[1]),
        );
    }
}

/// Checks that the map of a matcher has every cluster that a decision may name, each under
/// its own name.
fn map(matcher: &At, needs: &Needs, report: &mut LintReport) {
    let map = matcher.get("matcher_tree.exact_match_map.map");
    // Another kind of matcher may do the same in a way that is not looked at.
    if !map.is_there() {
        return;
    }
    for (name, used) in needs.routed() {
        let at = map.member(name);
        let (_, action) = at.get("action.typed_config").typed();
        let what = match action.get("cluster").text() {
            Some(cluster) if cluster == name => continue,
            Some(cluster) => format!("the entry {name} leads to the cluster {cluster}"),
            None => format!(
                "{} names {name}, which has no entry here, so Envoy answers 503 to its requests",
                used.path
            ),
        };
        report.error(
            LintCode::MatcherCluster,
            &at,
            what,
            format!("add an entry {name} with the action ClusterAction and cluster: {name}"),
        );
    }
}
