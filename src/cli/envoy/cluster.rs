//! The clusters of a written configuration.
//!
//! What a provider's cluster needs so that attempts can be made there is taken from
//! envoy/*.yaml, so that there is one copy of it.

use std::fmt::Write;
use std::net::IpAddr;

use crate::cli::endpoint::{AddressSource, ClusterAddress, authority_host};
use crate::yaml::scalar;

use super::bootstrap::{Bootstrap, FAILOVER};
use super::credential;
use super::template::commented;

/// A block of a shipped cluster that every provider's cluster has.
///
/// The first cluster has it in full with an anchor, the others an alias of it:
/// `circuit_breakers: &limits {…}`, then `circuit_breakers: *limits`.
struct SharedBlock {
    key: &'static str,
    anchor: &'static str,
    /// The shipped text, comments and anchor included.
    text: &'static str,
    /// Whether a cluster has it in full by now.
    is_written: bool,
}

impl SharedBlock {
    fn of(shipped: &'static str, key: &'static str, anchor: &'static str) -> Result<Self, String> {
        let (_, clusters) = shipped.split_once("\n  clusters:\n").ok_or("clusters:")?;
        let first = format!("{key}: &{anchor}");
        let text = commented(clusters, &first).ok_or(first)?;
        Ok(Self { key, anchor, text, is_written: false })
    }

    /// Writes the block: in full where no cluster has it yet.
    fn write(&mut self, out: &mut String) {
        let Self { key, anchor, text, is_written } = self;
        if *is_written {
            let _ = writeln!(out, "    {key}: *{anchor}");
        } else {
            out.push_str(text);
        }
        *is_written = true;
    }
}

/// The key of a cluster's options for HTTP.
const OPTIONS: &str = "typed_extension_protocol_options";

/// Returns the blocks that clusters with attempts share: none where no
/// cluster runs the filter.
fn shared_blocks(bootstrap: &Bootstrap<'_>) -> Result<Vec<SharedBlock>, String> {
    let mut blocks = Vec::new();
    if bootstrap.fails_over() {
        // Only failover.yaml has it: without retries the limit of retries is never reached.
        blocks.push(SharedBlock::of(FAILOVER, "circuit_breakers", "limits")?);
    }
    if bootstrap.config.is_handing_over() {
        blocks.push(SharedBlock::of(bootstrap.shipped(), OPTIONS, "attempts")?);
    }
    Ok(blocks)
}

/// Clusters as text.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    /// Those of the configuration itself.
    pub(super) fixed: String,
    /// Those that Envoy reads from a file of their own. They may refer to anchors of the others.
    pub(super) apart: String,
}

/// Returns all clusters by name, the default one last, as the shipped files have them.
///
/// # Errors
/// The block that a shipped file does not have.
pub(super) fn write_all(bootstrap: &Bootstrap<'_>) -> Result<Clusters, String> {
    let mut blocks = shared_blocks(bootstrap)?;
    let default = bootstrap.config.default_cluster.as_ref();
    let is_apart = |name: &str| credential::needs_file(&bootstrap.config, name);
    let (apart, others): (Vec<_>, Vec<_>) =
        bootstrap.addresses.iter().partition(|(name, _)| is_apart(name));
    // The default cluster is usually no provider's, so it comes after what belongs together.
    let (last, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(name, _)| Some(*name) == default);
    let mut all = Clusters::default();
    let mut is_first = true;
    for (name, address) in others.into_iter().chain(last).chain(apart) {
        let out = if is_apart(name) { &mut all.apart } else { &mut all.fixed };
        let has_attempts = bootstrap.needs.has_attempts(name);
        if !has_attempts {
            out.push_str(&purpose(bootstrap, name));
        }
        let _ = writeln!(out, "  - name: {}", scalar(name));
        write_discovery(out, bootstrap, name, address);
        if is_first {
            // Once is enough, and the first cluster is where a reader begins.
            out.push_str(
                "    # The longest time that an unreachable provider may cost a request.\n",
            );
            is_first = false;
        }
        // A name has to be looked up as well.
        let timeout = if address.endpoint.ip().is_some() { "2s" } else { "5s" };
        let _ = writeln!(out, "    connect_timeout: {timeout}");
        if has_attempts {
            let _ = writeln!(out, "    per_connection_buffer_limit_bytes: {}", bootstrap.buffer);
            write_blocks(out, bootstrap, name, &mut blocks)?;
            out.push_str(&credential::metadata(&bootstrap.config, name));
        }
        write_endpoint(out, name, address);
        if address.endpoint.is_tls {
            write_tls(out, address, &bootstrap.options.trusted_ca);
        }
    }
    Ok(all)
}

/// Writes the blocks that a provider's cluster shares with others, and its own options where a
/// filter in it adds a credential.
///
/// # Errors
/// The place that a block does not have.
fn write_blocks(
    out: &mut String,
    bootstrap: &Bootstrap<'_>,
    cluster: &str,
    blocks: &mut [SharedBlock],
) -> Result<(), String> {
    let shared = blocks.iter().find(|block| block.key == OPTIONS);
    let shared = shared.map(|block| (block.text, block.anchor));
    let own = credential::options(&bootstrap.config, cluster, shared)?;
    for block in blocks {
        if own.is_none() || block.key != OPTIONS {
            block.write(out);
        }
    }
    out.push_str(&own.unwrap_or_default());
    Ok(())
}

/// Returns a comment that says why there is a cluster that is no provider's.
///
/// That is either the default cluster or one that the filter itself calls.
fn purpose(bootstrap: &Bootstrap<'_>, name: &str) -> String {
    if bootstrap.config.default_cluster.as_deref() == Some(name) {
        return "  # For all requests that are not LLM requests. The filter makes no attempts \
                here, and\n  # Envoy retries nothing.\n"
            .to_owned();
    }
    let path = bootstrap.needs.clusters.get(name).map(|used| used.path.as_str());
    let path = path.unwrap_or_default();
    if bootstrap.needs.token_clusters.contains(name) {
        return format!(
            "  # {path}: Envoy gets tokens here. No request is routed to this cluster.\n"
        );
    }
    format!("  # {path}: the filter calls this cluster. No request is routed to it.\n")
}

/// Writes how Envoy finds the cluster's hosts, and in comments who said where they are.
fn write_discovery(
    out: &mut String,
    bootstrap: &Bootstrap<'_>,
    name: &str,
    address: &ClusterAddress,
) {
    match &address.source {
        AddressSource::CommandLine => {}
        AddressSource::Authority(provider) => {
            let _ = writeln!(out, "    # The address is from providers.{provider}.authority.");
            // A cluster has one address. Requests to another provider of it would reach the
            // host of the first.
            let users = bootstrap.config.providers.iter().filter(|one| one.cluster == name);
            for other in users.filter(|one| &one.name != provider) {
                if let Some(authority) = &other.authority
                    && authority_host(other).is_none_or(|host| host != address.server_name)
                {
                    let _ = writeln!(
                        out,
                        "    # CHANGE ME: providers.{} is at {authority} and needs a cluster of its own.",
                        other.name
                    );
                }
            }
        }
        AddressSource::Token(provider) => {
            let _ = writeln!(out, "    # The address is from providers.{provider}.credential.");
        }
        AddressSource::Placeholder => {
            let _ = writeln!(
                out,
                "    # CHANGE ME: this address is a placeholder. Set the real one with --endpoint."
            );
        }
    }
    let kind = if address.endpoint.ip().is_some() {
        "STATIC"
    } else {
        "LOGICAL_DNS\n    dns_lookup_family: V4_PREFERRED"
    };
    let _ = writeln!(out, "    type: {kind}");
}

/// Writes the one host of the cluster.
///
/// Providers that share a cluster share the host as well.
fn write_endpoint(out: &mut String, name: &str, address: &ClusterAddress) {
    let host = match address.endpoint.ip() {
        // An IPv4 address needs no quotes, though `scalar` would give it some.
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("\"{ip}\""),
        None => scalar(&address.endpoint.host),
    };
    let (name, port) = (scalar(name), address.endpoint.port);
    let _ = writeln!(
        out,
        "    load_assignment:\n      cluster_name: {name}\n      endpoints: [{{lb_endpoints: \
         [{{endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}}}]}}]"
    );
}

/// Writes TLS that accepts the provider's certificate and no other.
///
/// A trusted issuer alone would do for any host in the world, and whoever can change where
/// the name leads to would get the credential.
fn write_tls(out: &mut String, address: &ClusterAddress, trusted_ca: &str) {
    let is_ip = address.server_name.parse::<IpAddr>().is_ok();
    let name = scalar(&address.server_name);
    out.push_str(
        "    # The host's name, twice: auto_sni would use the client's host.\n    \
         transport_socket:\n      name: envoy.transport_sockets.tls\n      \
         typed_config:\n        \"@type\": \
         type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n",
    );
    let _ = writeln!(out, "        sni: {name}");
    // Certificates list addresses apart from names, and Envoy looks in one of the lists.
    let kind = if is_ip { "IP_ADDRESS" } else { "DNS" };
    let _ = writeln!(
        out,
        "        common_tls_context:\n          validation_context:\n            trusted_ca: \
         {{filename: {}}}\n            match_typed_subject_alt_names: [{{san_type: {kind}, matcher: \
         {{exact: {name}}}}}]",
        scalar(trusted_ca)
    );
}
