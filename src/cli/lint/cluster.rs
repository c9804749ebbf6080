//! Clusters that the document names: that they exist and can make attempts.

use crate::cli::needs::{ClusterPurpose, Needs};
use crate::config::Config;

use super::finding::{LintFindings, LintRow, Severity};
use super::listener::{BUFFER, cuts, duration, roomy};
use super::scene::{Cluster, Scene};
use super::tls;

/// All that concerns clusters.
pub(super) fn check(scene: &Scene, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    let fails_over = config.failover.max_attempts > 1;
    for (name, purpose) in &needs.clusters {
        let Some(cluster) = scene.cluster(name) else {
            unknown(scene, name, purpose, findings);
            continue;
        };
        if !purpose.is_routed {
            continue;
        }
        duration(&cluster.at, findings);
        duration(&cluster.options, findings);
        cuts(&cluster.options.get("common_http_protocol_options.max_stream_duration"), findings);
        if purpose.has_attempts {
            tls::check(cluster, config.is_handing_over(), findings);
        }
        if purpose.has_attempts && config.is_handing_over() {
            attempts(cluster, findings);
            buffer(scene, cluster, config, findings);
        }
        if purpose.has_attempts && fails_over {
            breakers(cluster, config, findings);
        }
    }
    called(scene, needs, findings);
    default(scene, config, needs, findings);
}

/// Clusters that are no provider's may run the filter, too, and the document cannot tell.
fn called(scene: &Scene, needs: &Needs, findings: &mut LintFindings) {
    for (name, path) in &needs.called {
        let Some(cluster) = scene.cluster(name).filter(|cluster| cluster.plugin.is_some()) else {
            continue;
        };
        findings.error(
            LintRow::CalledCluster,
            &cluster.options.get("http_filters"),
            format!(
                "{path} names {name:?}: each call enters the filter while it runs, which ends the \
                 worker's VM and every request on it"
            ),
            "a cluster without the filter for what is called",
        );
    }
}

fn unknown(scene: &Scene, name: &str, purpose: &ClusterPurpose, findings: &mut LintFindings) {
    let from_elsewhere = scene.root.get("dynamic_resources.cds_config").is_there();
    let (severity, unless) = if from_elsewhere {
        (Severity::Warning, ", unless it comes by CDS")
    } else {
        (Severity::Error, "")
    };
    findings.add(
        (LintRow::UnknownCluster, severity),
        &scene.root.get("static_resources.clusters"),
        format!("{} names {name:?}, and there is no such cluster{unless}", purpose.path),
        format!("a cluster with name: {name}"),
    );
}

fn attempts(cluster: &Cluster, findings: &mut LintFindings) {
    if cluster.plugin.is_none() {
        findings.error(
            LintRow::AttemptFilter,
            &cluster.options.get("http_filters"),
            format!(
                "requests reach {} as the client sent them, without model, path and credential",
                cluster.name
            ),
            "the filter with root_id: attempt, before envoy.filters.http.upstream_codec, as in \
             envoy/failover.yaml",
        );
    }
}

fn buffer(scene: &Scene, cluster: &Cluster, config: &Config, findings: &mut LintFindings) {
    let at = cluster.at.get("per_connection_buffer_limit_bytes");
    let bytes = at.number().unwrap_or(BUFFER);
    let unset = if at.is_there() { "" } else { " unless set" };
    let limit = config.limits.max_body_bytes;
    let of_listener = |listener: &super::scene::Listener| {
        listener.at.get("per_connection_buffer_limit_bytes").number().unwrap_or(BUFFER)
    };
    let listeners = scene.listeners.iter().map(of_listener).max().unwrap_or(0);
    if bytes < limit {
        findings.error(
            LintRow::ClusterBuffer,
            &at,
            format!(
                "{bytes} bytes{unset}, and limits.max_body_bytes is {limit}: longer bodies are not \
                 tried again"
            ),
            format!("per_connection_buffer_limit_bytes: {}", listeners.max(roomy(limit))),
        );
    } else if bytes < listeners {
        findings.warning(
            LintRow::ClusterBuffer,
            &at,
            format!(
                "{bytes} bytes{unset}, and the listener holds {listeners}: what is between them is \
                 not tried again"
            ),
            format!("per_connection_buffer_limit_bytes: {listeners}"),
        );
    }
}

fn breakers(cluster: &Cluster, config: &Config, findings: &mut LintFindings) {
    let thresholds = cluster.at.get("circuit_breakers.thresholds");
    let is_default = |priority: Option<&str>| matches!(priority, None | Some("DEFAULT" | "0"));
    let mut of_default = thresholds.items().into_iter();
    let default = of_default.find(|one| is_default(one.get("priority").text()));
    if default.as_ref().is_some_and(|one| one.get("retry_budget").is_there()) {
        return;
    }
    let at = default.map_or(thresholds, |one| one.get("max_retries"));
    let retries = at.number();
    // As many at a time as one request makes help one request at a time.
    let least = u64::from(config.failover.max_attempts).max(4);
    if retries.is_none_or(|retries| retries < least) {
        let what = retries.map_or_else(
            || "3 unless set: Envoy".to_owned(),
            |retries| {
                format!(
                    "{retries}: with failover.max_attempts {}, Envoy",
                    config.failover.max_attempts
                )
            },
        );
        findings.error(
            LintRow::CircuitBreakers,
            &at,
            format!(
                "{what} retries no more at a time, and hands on the failure of every other request"
            ),
            "circuit_breakers: {thresholds: [{max_retries: 1024}]}",
        );
    }
}

fn default(scene: &Scene, config: &Config, needs: &Needs, findings: &mut LintFindings) {
    let Some(manager) = scene.managers().next() else { return };
    let at = manager.plugin.configuration();
    match &config.default_cluster {
        None => findings.warning(
            LintRow::NoDefaultCluster,
            &at,
            "there is no default_cluster: what is no LLM request is answered with 503",
            "\"default_cluster\" in the document, and a cluster of that name",
        ),
        Some(name) => {
            let purpose = needs.clusters.get(name).filter(|purpose| purpose.has_attempts);
            if let Some(purpose) = purpose {
                findings.warning(
                    LintRow::DefaultClusterProvider,
                    &at,
                    format!(
                        "default_cluster is {name:?}, as is {}: requests that no rule has seen \
                         reach a provider",
                        purpose.path
                    ),
                    "a cluster of its own for what is no LLM request",
                );
            }
        }
    }
}
