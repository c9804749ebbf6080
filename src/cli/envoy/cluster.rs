//! The clusters of a written configuration.
//!
//! What clusters of envoy/*.yaml say of attempts is taken from there, so that there is one
//! copy of it.

use std::fmt::Write;

use crate::cli::needs::Needs;
use crate::config::Config;

use super::endpoint::{self, ClusterPlace, ToldBy};
use super::plan::{EnvoyPlan, FAILOVER};
use super::yaml::{commented, scalar};

/// All clusters, the default one last.
pub(super) fn all(plan: &EnvoyPlan<'_>) -> Result<String, String> {
    let clusters = |text: &'static str| text.split_once("\n  clusters:\n").map(|(_, it)| it);
    let shipped = clusters(plan.shipped()).ok_or("clusters:")?;
    let failover = clusters(FAILOVER).ok_or("clusters:")?;
    let retried = ("circuit_breakers", "limits", failover);
    let attempted = ("typed_extension_protocol_options", "attempts", shipped);
    let blocks: &[_] = match (plan.fails_over(), plan.config.is_handing_over()) {
        (true, _) => &[retried, attempted],
        (false, true) => &[attempted],
        (false, false) => &[],
    };
    let mut out = String::from("  clusters:\n");
    let default = plan.config.default_cluster.as_ref();
    let is_last = |name: &&String| Some(*name) == default;
    let names = plan.places.keys().filter(|name| !is_last(name));
    let (mut is_first, mut has_anchors) = (true, false);
    for name in names.chain(plan.places.keys().filter(is_last)) {
        let (Some(place), Some(purpose)) = (plan.places.get(name), plan.needs.clusters.get(name))
        else {
            continue;
        };
        if !purpose.has_attempts {
            out.push_str(&what_for(name, plan.needs, plan.config));
        }
        let _ = writeln!(out, "  - name: {}", scalar(name));
        where_it_is(&mut out, name, place, plan.config);
        if is_first {
            out.push_str("    # A provider that is not there costs the request this long.\n");
        }
        let timeout = if place.endpoint.ip().is_some() { "2s" } else { "5s" };
        let _ = writeln!(out, "    connect_timeout: {timeout}");
        if purpose.has_attempts {
            let _ = writeln!(out, "    per_connection_buffer_limit_bytes: {}", plan.buffer);
        }
        is_first = false;
        if purpose.has_attempts {
            for (key, anchor, shipped) in blocks {
                if has_anchors {
                    let _ = writeln!(out, "    {key}: *{anchor}");
                } else {
                    let first = format!("{key}: &{anchor}");
                    out.push_str(commented(shipped, &first).ok_or(first)?);
                }
            }
            has_anchors = true;
        }
        load(&mut out, name, place);
        if place.endpoint.is_tls {
            tls(&mut out, place, plan.trusted_ca);
        }
    }
    Ok(out)
}

/// Why there is a cluster that is no provider's.
fn what_for(name: &str, needs: &Needs, config: &Config) -> String {
    if config.default_cluster.as_deref() == Some(name) {
        return "  # Where everything goes that is no LLM request. Nothing is attempted here, and\n  \
                # nothing retried.\n"
            .to_owned();
    }
    let path = needs.clusters.get(name).map(|purpose| purpose.path.as_str()).unwrap_or_default();
    format!("  # {path}: called by the filter, no request is routed here.\n")
}

fn where_it_is(out: &mut String, name: &str, place: &ClusterPlace, config: &Config) {
    match &place.source {
        ToldBy::Given => {}
        ToldBy::Authority(provider) => {
            let _ = writeln!(out, "    # Where providers.{provider}.authority says.");
            let users = config.providers.iter().filter(|one| one.cluster == name);
            for other in users.filter(|one| &one.name != provider) {
                if let Some(authority) = &other.authority
                    && endpoint::host(other).is_none_or(|host| host != place.server_name)
                {
                    let _ = writeln!(
                        out,
                        "    # CHANGE ME: providers.{} is {authority}, and needs a cluster of its own.",
                        other.name
                    );
                }
            }
        }
        ToldBy::Placeholder => {
            let _ = writeln!(out, "    # CHANGE ME: nobody has said where this is (--endpoint).");
        }
    }
    let kind = if place.endpoint.ip().is_some() {
        "STATIC"
    } else {
        "LOGICAL_DNS\n    dns_lookup_family: V4_PREFERRED"
    };
    let _ = writeln!(out, "    type: {kind}");
}

fn load(out: &mut String, name: &str, place: &ClusterPlace) {
    let (name, host) = (scalar(name), scalar(&place.endpoint.host));
    let host = place.endpoint.ip().map_or(host, |ip| match ip {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("\"{ip}\""),
    });
    let port = place.endpoint.port;
    let _ = writeln!(
        out,
        "    load_assignment:\n      cluster_name: {name}\n      endpoints: [{{lb_endpoints: \
         [{{endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}}}]}}]"
    );
}

fn tls(out: &mut String, place: &ClusterPlace, trusted_ca: &str) {
    let is_ip = place.server_name.parse::<std::net::IpAddr>().is_ok();
    let name = scalar(&place.server_name);
    out.push_str(
        "    # The host by name, twice: auto_sni would take what the client called it.\n    \
         transport_socket:\n      name: envoy.transport_sockets.tls\n      typed_config:\n        \
         \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n",
    );
    let _ = writeln!(out, "        sni: {name}");
    let kind = if is_ip { "IP_ADDRESS" } else { "DNS" };
    let _ = writeln!(
        out,
        "        common_tls_context:\n          validation_context:\n            trusted_ca: \
         {{filename: {}}}\n            match_typed_subject_alt_names: [{{san_type: {kind}, matcher: \
         {{exact: {name}}}}}]",
        scalar(trusted_ca)
    );
}
