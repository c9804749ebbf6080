//! Clusters that the document names: that they exist and can make attempts.

use crate::cli::needs::{ClusterUse, Needs, buffer_bytes};
use crate::config::{Config, NO_DEFAULT_CLUSTER};

use super::code::LintCode;
use super::host;
use super::listener::{buffer_limit, check_stream_duration};
use super::report::{LintReport, Severity};
use super::scene::{Cluster, Scene};
use super::tls;

/// Checks every cluster that the document names.
///
/// A cluster that requests are not routed to only has to exist.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    let fails_over = config.failover.max_attempts > 1;
    for (name, used) in &needs.clusters {
        let Some(cluster) = scene.cluster(name) else {
            unknown(scene, name, used, report);
            continue;
        };
        // What the filter itself calls has a timeout of its own and no long answers.
        if !used.is_routed {
            continue;
        }
        check_stream_duration(&cluster.at, report);
        // The same option has moved within Envoy's configuration, and both places count.
        check_stream_duration(&cluster.options, report);
        if !used.has_attempts {
            continue;
        }
        let hosts = host::of_cluster(config, name);
        tls::check(cluster, config.is_handing_over(), &hosts, report);
        if config.is_handing_over() {
            attempts(cluster, report);
            buffer(scene, cluster, config, report);
        }
        if fails_over {
            breakers(cluster, config, report);
        }
    }
    called(scene, needs, report);
    default(scene, config, needs, report);
}

/// Checks that no cluster which the filter calls runs the filter.
///
/// `pointsman check` refuses that for providers' clusters. Others may have the filter too,
/// which only Envoy's configuration says.
fn called(scene: &Scene, needs: &Needs, report: &mut LintReport) {
    for (name, path) in &needs.called {
        let Some(cluster) = scene.cluster(name).filter(|cluster| cluster.plugin.is_some()) else {
            continue;
        };
        report.error(
            LintCode::CalledCluster,
            &cluster.options.get("http_filters"),
            format!(
                "{path} names {name:?}, which runs the filter: each call would enter the filter \
                 while it runs, which ends the worker's VM and every request on it"
            ),
            "name a cluster that does not run the filter",
        );
    }
}

fn unknown(scene: &Scene, name: &str, used: &ClusterUse, report: &mut LintReport) {
    // What comes by CDS may have the name, so the cluster is not known to be missing.
    let (severity, unless) = if scene.has_unseen_clusters {
        (Severity::Warning, " here; it may come by CDS")
    } else {
        (Severity::Error, "")
    };
    report.add(
        (LintCode::UnknownCluster, severity),
        &scene.root.get("static_resources.clusters"),
        format!("{} names {name:?}, but there is no such cluster{unless}", used.path),
        format!("add a cluster with name: {name}"),
    );
}

/// Checks that a cluster can make attempts: it runs the filter.
///
/// The router only decides and hands over. What changes the request for the provider is the
/// filter on the cluster.
fn attempts(cluster: &Cluster, report: &mut LintReport) {
    if cluster.plugin.is_none() {
        report.error(
            LintCode::AttemptFilter,
            &cluster.options.get("http_filters"),
            format!(
                "the cluster has no attempt filter, so requests reach {} as the client sent them, \
                 with the client's model and path and without the credential",
                cluster.name
            ),
            "add the filter with root_id: attempt before envoy.filters.http.upstream_codec, as in \
             envoy/failover.yaml",
        );
    }
}

/// Checks that what the listener holds of a body can be sent to the cluster a second time.
///
/// The largest listener counts, since requests of any of them may reach the cluster.
fn buffer(scene: &Scene, cluster: &Cluster, config: &Config, report: &mut LintReport) {
    let (at, bytes) = buffer_limit(&cluster.at);
    let unset = at.unless_set();
    let limit = config.limits.max_body_bytes;
    let limits = scene.listeners.iter().map(|listener| buffer_limit(&listener.at).1);
    let largest = limits.max().unwrap_or(0);
    if bytes < limit {
        report.error(
            LintCode::ClusterBuffer,
            &at,
            format!(
                "the limit is {bytes} bytes{unset}, but limits.max_body_bytes is {limit}, so \
                 requests with longer bodies are not tried again"
            ),
            format!("set per_connection_buffer_limit_bytes: {}", largest.max(buffer_bytes(limit))),
        );
    } else if bytes < largest {
        // A rewrite may make a body longer than the limit.
        report.warning(
            LintCode::ClusterBuffer,
            &at,
            format!(
                "the limit is {bytes} bytes{unset}, but the listener holds {largest}, so requests \
                 between the two are not tried again"
            ),
            format!("set per_connection_buffer_limit_bytes: {largest}"),
        );
    }
}

/// Checks that Envoy makes as many retries at a time as requests may need.
///
/// The limit is for all requests to the cluster together. When a provider fails, all of them
/// need a retry at the same time, and those beyond the limit end with the failure.
fn breakers(cluster: &Cluster, config: &Config, report: &mut LintReport) {
    let thresholds = cluster.at.get("circuit_breakers.thresholds");
    // Requests have the default priority unless a route says otherwise.
    let is_default = |priority: Option<&str>| matches!(priority, None | Some("DEFAULT" | "0"));
    let mut of_default = thresholds.items().into_iter();
    let default = of_default.find(|one| is_default(one.get("priority").text()));
    // A budget is a share of the requests under way, and replaces the number.
    if default.as_ref().is_some_and(|one| one.get("retry_budget").is_there()) {
        return;
    }
    let at = default.map_or(thresholds, |one| one.get("max_retries"));
    let retries = at.number();
    // With as many as one request may need, a single request at a time is helped.
    let least = u64::from(config.failover.max_attempts).max(4);
    if retries.is_none_or(|retries| retries < least) {
        let what = retries.map_or_else(
            || "the limit is 3 (the default), so Envoy".to_owned(),
            |retries| {
                format!(
                    "the limit is {retries} and failover.max_attempts is {}, so Envoy",
                    config.failover.max_attempts
                )
            },
        );
        report.error(
            LintCode::CircuitBreakers,
            &at,
            format!(
                "{what} makes no more retries at a time and passes on the failures of all other \
                 requests"
            ),
            "set circuit_breakers: {thresholds: [{max_retries: 1024}]}",
        );
    }
}

/// Checks that requests which are no LLM requests have a cluster to go to, and that it is not a
/// provider's.
///
/// The finding is placed at the first filter's document, which the others should repeat.
fn default(scene: &Scene, config: &Config, needs: &Needs, report: &mut LintReport) {
    let Some(manager) = scene.managers().next() else { return };
    let at = manager.plugin.configuration();
    match &config.default_cluster {
        None => {
            let (what, instead) = NO_DEFAULT_CLUSTER.split_once("; ").unwrap_or_default();
            let what = format!("default_cluster {what}");
            report.warning(LintCode::NoDefaultCluster, &at, what, instead);
        }
        Some(name) => {
            let used = needs.clusters.get(name).filter(|used| used.has_attempts);
            if let Some(used) = used {
                report.warning(
                    LintCode::DefaultClusterProvider,
                    &at,
                    format!(
                        "default_cluster is {name:?}, which is also the cluster of {}, so \
                         requests that no route has seen reach a provider",
                        used.path
                    ),
                    "give requests that are not LLM requests a cluster of their own",
                );
            }
        }
    }
}
