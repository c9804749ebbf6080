//! What things are called in Istio.

use crate::cli::envoy::endpoint::ClusterPlace;

/// The name of every resource that there is one of.
pub(super) const NAME: &str = "pointsman";

/// Returns the name that Istio gives a cluster.
pub(super) fn cluster(place: &ClusterPlace) -> String {
    format!("outbound|{}||{}", place.endpoint.port, host(place))
}

/// Returns the host that Istio knows a place by; addresses have none of their own.
pub(super) fn host(place: &ClusterPlace) -> String {
    match place.endpoint.ip() {
        Some(ip) => format!("{}.pointsman.internal", ip.to_string().replace(['.', ':'], "-")),
        None => place.endpoint.host.clone(),
    }
}

/// Returns the name of a resource about a host.
pub(super) fn of_host(host: &str) -> String {
    let kept = |it: char| if it.is_ascii_alphanumeric() || it == '.' { it } else { '-' };
    format!("{NAME}-{}", host.to_ascii_lowercase().chars().map(kept).collect::<String>())
}
