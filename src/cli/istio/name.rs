//! What Istio calls things: hosts, clusters and resources.

use crate::cli::endpoint::{AddressSource, ClusterAddress};

/// The name of every resource that there is one of. The route has it too, by which the
/// patch finds it.
pub(super) const POINTSMAN: &str = "pointsman";

/// How the short form of a service's name ends: `vllm.models.svc`.
const SHORT: &str = ".svc";

/// Returns the name that Istio gives the cluster of a service: `outbound|443||api.example`.
///
/// Istio makes clusters of services by itself. What the configuration calls a cluster is
/// therefore replaced by this.
pub(super) fn cluster(address: &ClusterAddress) -> String {
    format!("outbound|{}||{}", address.endpoint.port, host(address))
}

/// Returns the host of a service. A service needs a name, so an IP address gets one that
/// is never looked up: `10-0-0-1.pointsman.internal`.
pub(super) fn host(address: &ClusterAddress) -> String {
    match address.endpoint.ip() {
        Some(ip) => format!("{}.pointsman.internal", ip.to_string().replace(['.', ':'], "-")),
        // Istio knows services by their full names alone.
        None if address.endpoint.host.ends_with(SHORT) => {
            format!("{}.cluster.local", address.endpoint.host)
        }
        None => address.endpoint.host.clone(),
    }
}

/// Whether the host is a service of Kubernetes, which Istio knows without a `ServiceEntry`:
/// `vllm.models.svc.cluster.local`.
pub(super) fn is_kubernetes_service(host: &str) -> bool {
    host.ends_with(SHORT) || host.contains(".svc.")
}

/// Whether an address is a name outside of the mesh that is reached without TLS. Few are, so it may be a
/// service whose name is not complete: `vllm.models`.
pub(super) fn is_outside_in_plain(address: &ClusterAddress) -> bool {
    let endpoint = &address.endpoint;
    let is_given = address.source != AddressSource::Placeholder;
    is_given
        && !endpoint.is_tls
        && endpoint.ip().is_none()
        && !is_kubernetes_service(&endpoint.host)
}

/// Returns the name of a resource for a host. Kubernetes allows lower case letters, digits,
/// dots and dashes.
pub(super) fn resource(host: &str) -> String {
    let kept = |it: char| if it.is_ascii_alphanumeric() || it == '.' { it } else { '-' };
    format!("{POINTSMAN}-{}", host.to_ascii_lowercase().chars().map(kept).collect::<String>())
}
