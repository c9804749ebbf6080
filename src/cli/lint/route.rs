//! Routes by which requests go where the filter decides.

use crate::cli::needs::Needs;
use crate::config::{Config, Hold};

use super::finding::{LintFindings, LintRow};
use super::listener::cuts;
use super::retry;
use super::scene::{Manager, RouteToCluster, Scene, Way};
use super::tree::At;

/// Where the filter writes the cluster, with failover or `hold: buffer_filter`.
pub(super) const STATE: &str = "wasm.llm.cluster";

/// All that concerns routes.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    for manager in scene.managers() {
        let elsewhere = ["rds", "scoped_routes"].map(|field| manager.at.get(field));
        if let Some(at) = elsewhere.iter().find(|at| at.is_there()) {
            findings.warning(
                LintRow::RoutesUnseen,
                at,
                "the routes come from elsewhere and are not looked at",
                "route_config here, to have them looked at",
            );
            continue;
        }
        of_manager(manager, config, needs, findings);
    }
}

fn of_manager(manager: &Manager, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    let fails_over = config.failover.max_attempts > 1;
    let is_by_state = config.is_routed_by_state();
    let mut is_decided = false;
    for route in &manager.routes {
        match &route.way {
            Way::Header(header) if *header == config.headers.cluster => {
                is_decided = true;
                timeouts(route, findings);
                if is_by_state {
                    findings.error(
                        LintRow::ClusterHeaderFailover,
                        &route.at.get("route.cluster_header"),
                        format!(
                            "the cluster is chosen once, by a header that is not set with {}: \
                             requests are answered with 503",
                            why(config)
                        ),
                        by_state(config, "inline_cluster_specifier_plugin"),
                    );
                } else {
                    removed(route, config, findings);
                }
            }
            Way::State(key, matcher) if key == STATE && is_by_state => {
                is_decided = true;
                timeouts(route, findings);
                map(matcher, needs, findings);
                if fails_over {
                    retry::check(route, config, findings);
                    let window =
                        manager.at.get("http2_protocol_options.initial_stream_window_size");
                    retry::kept(&window, config, findings);
                }
            }
            _ => {}
        }
    }
    if !is_decided {
        let instead = if is_by_state {
            by_state(config, "a route with inline_cluster_specifier_plugin")
        } else {
            format!("a route with cluster_header: {}", config.headers.cluster)
        };
        findings.error(
            LintRow::NoDecisionRoute,
            &manager.at.get("route_config.virtual_hosts"),
            "no route goes where the filter decides",
            instead,
        );
    }
}

/// What has the cluster in filter state and not in a header.
fn why(config: &Config) -> &'static str {
    if config.hold == Hold::BufferFilter {
        "hold: buffer_filter"
    } else if config.failover.max_attempts > 1 {
        "failover.max_attempts above 1"
    } else {
        "failover.attempt_filter"
    }
}

fn by_state(config: &Config, what: &str) -> String {
    let file = if config.hold == Hold::BufferFilter { "buffer" } else { "failover" };
    format!("{what}, a matcher over filter state {STATE} as in envoy/{file}.yaml")
}

fn timeouts(route: &RouteToCluster, findings: &mut LintFindings) {
    let at = route.at.get("route.timeout");
    let seconds = at.seconds().unwrap_or(15.0);
    if seconds > 0.0 {
        let unset = if at.is_there() { "" } else { " unless set" };
        findings.error(
            LintRow::RouteTimeout,
            &at,
            format!("Envoy ends an answer after {seconds} s{unset}, streams included"),
            "timeout: 0s",
        );
    }
    for field in ["max_stream_duration", "grpc_timeout_header_max"] {
        cuts(&route.at.get("route.max_stream_duration").get(field), findings);
    }
}

fn removed(route: &RouteToCluster, config: &Config, findings: &mut LintFindings) {
    let lists = route.around.iter().map(|at| at.get("request_headers_to_remove").texts());
    let names: Vec<String> = lists.flatten().map(|name| name.to_ascii_lowercase()).collect();
    let wanted = [&config.headers.cluster, &config.headers.model];
    let missing: Vec<&str> =
        wanted.into_iter().filter(|name| !names.contains(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        findings.warning(
            LintRow::HeadersToRemove,
            &route.at.get("request_headers_to_remove"),
            format!("the provider is sent {}", missing.join(" and ")),
            format!("request_headers_to_remove: [{}, {}]", wanted[0], wanted[1]),
        );
    }
}

/// Every cluster that a decision may name, under its own name.
fn map(matcher: &At, needs: &Needs, findings: &mut LintFindings) {
    let map = matcher.get("matcher_tree.exact_match_map.map");
    if !map.is_there() {
        return;
    }
    for (name, purpose) in needs.clusters.iter().filter(|(_, purpose)| purpose.is_routed) {
        let at = map.member(name);
        let (_, action) = at.get("action.typed_config").typed();
        let what = match action.get("cluster").text() {
            Some(cluster) if cluster == name => continue,
            Some(cluster) => format!("{name} leads to the cluster {cluster}"),
            None => format!(
                "{} names {name}, which is missing: its requests are answered with 503",
                purpose.path
            ),
        };
        findings.error(
            LintRow::MatcherCluster,
            &at,
            what,
            format!("an entry {name} whose action is ClusterAction, cluster: {name}"),
        );
    }
}
