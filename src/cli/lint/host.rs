//! The host of a vendor: which one requests name, and which one TLS is made for.
//!
//! Decides nothing of certificates; `tls` looks at those.

use crate::cli::endpoint::authority_host;
use crate::config::Config;
use crate::config::advice::hosts;
use crate::yaml::At;

use super::code::LintCode;
use super::report::LintReport;
use super::scene::{Cluster, Scene};

/// Checks that each provider of a vendor has an authority, unless Envoy's routes set the host. A cluster
/// without TLS is a server of one's own.
pub(super) fn check(scene: &Scene, config: &Config, report: &mut LintReport) {
    let Some(manager) = scene.managers().next() else { return };
    let mut routes = scene.managers().flat_map(|manager| &manager.routes);
    if routes.any(|route| rewrites_host(&route.at.get("route"))) {
        return;
    }
    for provider in config.providers.iter() {
        let Some(example) = hosts::missing(provider) else { continue };
        let tls = scene.cluster(&provider.cluster).map(tls);
        if tls.as_ref().is_some_and(Option::is_none) {
            continue;
        }
        let name = tls.flatten().and_then(|tls| Some(tls.get("sni").text()?.to_owned()));
        report.warning(
            LintCode::Authority,
            &manager.plugin.configuration(),
            format!(
                "providers.{}.authority is not set, so the provider gets the client's Host header",
                provider.name
            ),
            match name.filter(|name| !name.is_empty()) {
                Some(host) => format!("set authority of the provider to {host:?}"),
                None => format!("set authority of the provider to its host, such as {example:?}"),
            },
        );
    }
}

/// Whether a route's action sets the host of requests.
fn rewrites_host(action: &At) -> bool {
    let fields = ["host_rewrite_literal", "host_rewrite_header", "host_rewrite_path_regex"];
    action.get("auto_host_rewrite").is_true()
        || fields.iter().any(|field| action.get(field).is_there())
}

/// Returns the TLS of a cluster; `None` where it has none.
fn tls(cluster: &Cluster) -> Option<At> {
    let (kind, tls) = cluster.at.get("transport_socket.typed_config").typed();
    (kind == "UpstreamTlsContext").then_some(tls)
}

/// Returns the hosts of the providers whose requests go to a cluster, without ports.
pub(super) fn of_cluster(config: &Config, cluster: &str) -> Vec<String> {
    let users = config.providers.iter().filter(|provider| provider.cluster == cluster);
    let mut hosts: Vec<String> = users.filter_map(authority_host).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
