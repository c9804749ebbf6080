//! Where clusters are: what the command line says, else what the providers' authorities
//! say, else a placeholder that is easy to see.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::config::{Api, Config, Provider};

use super::io::ToolError;
use super::needs::Needs;

/// A host by name or address, a port, and whether connections to it use TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPort {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl HostPort {
    /// Returns the host's IP address, if the host is one and not a name.
    ///
    /// Names have to be looked up, so Envoy and Istio are told which of the two it is.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Reads `HOST:PORT` or `HOST:PORT,tls`, or the URL of a server; an IPv6 address is in brackets.
impl FromStr for HostPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "expected HOST:PORT or HOST:PORT,tls";
        if let Some(endpoint) = url(text) {
            return endpoint;
        }
        let (address, is_tls) = text.strip_suffix(",tls").map_or((text, false), |it| (it, true));
        let (host, port) = address.rsplit_once(':').ok_or(WANTED)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        // Nothing else gets into the YAML that is written, in quotes or not.
        let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
        let is_ip = host.parse::<IpAddr>().is_ok();
        if host.is_empty() || !(is_ip || host.chars().all(is_name)) {
            return Err(WANTED);
        }
        let port = port.parse().map_err(|_| WANTED)?;
        Ok(Self { host: host.to_owned(), port, is_tls })
    }
}

/// Returns the endpoint of a server by its URL, as people copy it; `None` for a text that is no URL.
///
/// # Errors
/// The URL has a path: an endpoint has none.
fn url(text: &str) -> Option<Result<HostPort, &'static str>> {
    let (scheme, rest) = text.split_once("://")?;
    let (is_tls, port) = match scheme {
        "http" => (false, 80),
        "https" => (true, 443),
        _ => return Some(Err("expected http:// or https:// before HOST:PORT")),
    };
    let address = rest.strip_suffix('/').unwrap_or(rest);
    if address.contains('/') {
        return Some(Err(
            "a path does not belong here: leave it out if it is /v1, which is usual, or else write it as \
             path_prefix of the provider",
        ));
    }
    let with_port = format!("{address}:{port}");
    let endpoint: Result<HostPort, _> = address.parse().or_else(|_| with_port.parse());
    Some(endpoint.map(|endpoint| HostPort { is_tls, ..endpoint }))
}

/// As it is read.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = if self.is_tls { ",tls" } else { "" };
        match self.ip() {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}{tls}", self.port),
            _ => write!(f, "{}:{}{tls}", self.host, self.port),
        }
    }
}

/// A host that no name server knows, by [RFC 2606](https://www.rfc-editor.org/rfc/rfc2606).
pub(super) const NOWHERE: &str = "pointsman.invalid";

/// The value of `--endpoint`: `CLUSTER=HOST:PORT[,tls]`.
///
/// The last equals sign divides the two, since a cluster may have one in its name.
#[derive(Debug, Clone)]
pub(super) struct EndpointArg {
    cluster: String,
    endpoint: HostPort,
}

impl EndpointArg {
    /// Returns the cluster whose address this is.
    pub(super) fn cluster(&self) -> &str {
        &self.cluster
    }
}

impl FromStr for EndpointArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A host has no equals sign, a cluster may.
        let (cluster, endpoint) =
            text.rsplit_once('=').ok_or("expected CLUSTER=HOST:PORT or CLUSTER=HOST:PORT,tls")?;
        Ok(Self { cluster: cluster.to_owned(), endpoint: endpoint.parse()? })
    }
}

impl fmt::Display for EndpointArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.cluster, self.endpoint)
    }
}

/// Where a cluster is, and who says so, which the written file repeats in a comment.
///
/// Envoy makes TLS with `endpoint` and expects a certificate for `server_name`.
#[derive(Debug)]
pub(super) struct ClusterAddress {
    pub(super) endpoint: HostPort,
    pub(super) source: AddressSource,
    /// The name that the server's certificate must have. It is the authority's host also
    /// where `--endpoint` leads elsewhere, to a proxy for example.
    pub(super) server_name: String,
}

/// Who says where a cluster is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AddressSource {
    /// `--endpoint`.
    ///
    /// It replaces the address of the authority, but not the name in the certificate.
    CommandLine,
    /// The authority of the provider of this name.
    Authority(String),
    /// The credential of the provider of this name: Envoy gets tokens there.
    Token(String),
    /// No one: the address is made up, and the user has to change it.
    Placeholder,
}

/// Returns the address of every cluster that the configuration names.
///
/// # Errors
/// `--endpoint` with a cluster that the configuration does not name.
pub(super) fn addresses(
    config: &Config,
    needs: &Needs,
    given: &[EndpointArg],
) -> Result<BTreeMap<String, ClusterAddress>, ToolError> {
    if let Some(unknown) = given.iter().find(|one| !needs.clusters.contains_key(&one.cluster)) {
        let known: Vec<String> = needs.clusters.keys().map(|name| format!("{name:?}")).collect();
        let (cluster, known) = (&unknown.cluster, known.join(", "));
        let message = format!("--endpoint: unknown cluster {cluster:?}; known: {known}");
        return Err(ToolError::unusable(message));
    }
    let address = |name: &String| {
        // Of several for one cluster the last counts, as for other flags.
        let given = given.iter().rev().find(|one| one.cluster == *name);
        (name.clone(), address(config, name, given.map(|one| &one.endpoint)))
    };
    Ok(needs.clusters.keys().map(address).collect())
}

/// Returns the clusters whose address nobody has given, with the placeholder that stands for it.
pub(super) fn unplaced(
    addresses: &BTreeMap<String, ClusterAddress>,
) -> impl Iterator<Item = (&String, &HostPort)> {
    let is_unplaced = |address: &ClusterAddress| address.source == AddressSource::Placeholder;
    let all = addresses.iter().filter(move |(_, address)| is_unplaced(address));
    all.map(|(name, address)| (name, &address.endpoint))
}

/// Returns a line for each cluster whose address nobody has given.
pub(super) fn placeholders(addresses: &BTreeMap<String, ClusterAddress>) -> Vec<String> {
    let line = |(name, endpoint): (&String, &HostPort)| {
        format!(
            "cluster {name}: its address is not known, so the file has the placeholder {}:{}; give \
             --endpoint {name}=HOST:PORT[,tls]",
            endpoint.host, endpoint.port
        )
    };
    unplaced(addresses).map(line).collect()
}

/// Returns a line for each cluster whose address nobody has given and that Envoy connects to as it
/// is, with the option that gives it.
pub(super) fn assumed(addresses: &BTreeMap<String, ClusterAddress>) -> Vec<String> {
    let line = |(name, HostPort { host, port, .. }): (&String, &HostPort)| {
        format!(
            "cluster {name}: its address is not given, so Envoy connects to {host}:{port} without \
             TLS; to choose the address, add --endpoint {name}={host}:{port}, or --endpoint \
             {name}=HOST:443,tls for a server with TLS"
        )
    };
    unplaced(addresses).map(line).collect()
}

/// Returns each cluster that Envoy connects to with TLS because of an authority that seems to be a server of
/// one's own, which often has none: its name, the provider and the address.
pub(super) fn own_with_tls(
    addresses: &BTreeMap<String, ClusterAddress>,
) -> impl Iterator<Item = (&String, &String, &HostPort)> {
    addresses.iter().filter_map(|(cluster, address)| match &address.source {
        AddressSource::Authority(provider) if is_own(&address.endpoint) => {
            Some((cluster, provider, &address.endpoint))
        }
        _ => None,
    })
}

/// Returns what to say of such a cluster, to stand after what names it.
pub(super) fn told_of_tls(cluster: &str, endpoint: &HostPort) -> String {
    let HostPort { host, port, .. } = endpoint;
    let plain = HostPort { is_tls: false, ..endpoint.clone() };
    format!(
        "Envoy connects to {host}:{port} with TLS, since an authority means that; for plain HTTP, give \
         --endpoint {cluster}={plain} to `pointsman run` and `pointsman envoy`"
    )
}

/// Whether a host is one of this machine, of a private network or of a cluster of containers.
fn is_own(endpoint: &HostPort) -> bool {
    let host = endpoint.host.to_ascii_lowercase();
    let ends = [".localhost", ".local", ".internal", ".svc", ".lan"];
    match endpoint.ip() {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        // Names of services in Compose and Kubernetes have no dot.
        None => !host.contains('.') || ends.iter().any(|end| host.ends_with(end)),
    }
}

/// Returns the address of one cluster; the first provider of the cluster with an authority
/// speaks for all of them.
fn address(config: &Config, cluster: &str, given: Option<&HostPort>) -> ClusterAddress {
    // Several providers may share a cluster: one vendor with two wire formats, for example.
    let users = || config.providers.iter().filter(|provider| provider.cluster == cluster);
    let of_provider = |provider: &Provider| {
        Some((AddressSource::Authority(provider.name.clone()), authority(provider)?))
    };
    let named = users().find_map(of_provider).or_else(|| token_server(config, cluster));
    let server_name = named.as_ref().map(|(_, endpoint)| endpoint.host.clone());
    let (endpoint, source) = match (given, named) {
        (Some(endpoint), _) => (endpoint.clone(), AddressSource::CommandLine),
        (None, Some((source, endpoint))) => (endpoint, source),
        (None, None) => (placeholder(users().next()), AddressSource::Placeholder),
    };
    let server_name = server_name.unwrap_or_else(|| endpoint.host.clone());
    ClusterAddress { endpoint, source, server_name }
}

/// Returns the endpoint that a provider's authority names: by TLS, on 443 unless it says
/// another port.
fn authority(provider: &Provider) -> Option<HostPort> {
    let authority = provider.authority.as_ref()?;
    let with_port = format!("{authority}:443");
    let endpoint: HostPort = authority.parse().or_else(|_| with_port.parse()).ok()?;
    Some(HostPort { is_tls: true, ..endpoint })
}

/// Returns where a cluster is that Envoy gets tokens from, and which provider says so: where the URL
/// for tokens leads, else where Google Cloud has its metadata server.
fn token_server(config: &Config, cluster: &str) -> Option<(AddressSource, HostPort)> {
    let asked = |provider: &Provider| {
        let envoy = provider.credential.as_ref()?.envoy()?;
        (envoy.token_cluster.as_deref() == Some(cluster)).then_some(())?;
        let endpoint = match &envoy.token_url {
            Some(url) => url_endpoint(url)?,
            None => HostPort { host: METADATA_SERVER.to_owned(), port: 80, is_tls: false },
        };
        Some((AddressSource::Token(provider.name.clone()), endpoint))
    };
    config.providers.iter().find_map(asked)
}

/// The host of Google Cloud's metadata server, which each of its machines can reach.
const METADATA_SERVER: &str = "metadata.google.internal";

/// Returns the host of a URL, and its port by its scheme unless it has one.
fn url_endpoint(url: &str) -> Option<HostPort> {
    let (scheme, rest) = url.split_once("://")?;
    let (is_tls, port) = if scheme == "https" { (true, 443) } else { (false, 80) };
    let authority = rest.split(['/', '?']).next()?;
    let with_port = format!("{authority}:{port}");
    let endpoint: HostPort = authority.parse().or_else(|_| with_port.parse()).ok()?;
    Some(HostPort { is_tls, ..endpoint })
}

/// Returns the host of a provider's authority, without its port.
///
/// None where there is no authority, and where it is not a host with an optional port.
pub(super) fn authority_host(provider: &Provider) -> Option<String> {
    authority(provider).map(|endpoint| endpoint.host)
}

/// Returns where a server for this provider listens by default on the user's own machine: that of
/// Ollama, of vLLM and similar servers, or of a website for a cluster that is not a provider's.
fn placeholder(provider: Option<&Provider>) -> HostPort {
    let port = match provider {
        Some(provider) if provider.api == Api::Ollama => 11434,
        Some(_) => 8000,
        None => 8080,
    };
    HostPort { host: "127.0.0.1".to_owned(), port, is_tls: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_one_s_own_are_known_by_their_hosts() {
        let is_own = |text: &str| is_own(&text.parse().unwrap());
        for host in [
            "localhost:1",
            "127.0.0.1:1",
            "[::1]:1",
            "10.0.0.7:1",
            "192.168.1.2:1",
            "vllm:1",
            "vllm.models.svc:1",
            "vllm.models.svc.cluster.local:1",
            "host.docker.internal:1",
        ] {
            assert!(is_own(host), "{host}");
        }
        for host in ["api.openai.com:443", "llm.example:443", "8.8.8.8:443", "localhost.example:1"]
        {
            assert!(!is_own(host), "{host}");
        }
    }

    #[test]
    fn endpoints_are_hosts_with_ports() {
        let endpoint = |host: &str, port, is_tls| HostPort { host: host.to_owned(), port, is_tls };
        for (text, wanted) in [
            ("127.0.0.1:80", endpoint("127.0.0.1", 80, false)),
            ("api.openai.com:443,tls", endpoint("api.openai.com", 443, true)),
            ("[::1]:8000", endpoint("::1", 8000, false)),
            ("http://localhost:11434", endpoint("localhost", 11434, false)),
            ("http://localhost", endpoint("localhost", 80, false)),
            ("https://llm.example/", endpoint("llm.example", 443, true)),
        ] {
            assert_eq!(text.parse(), Ok(wanted));
        }
        for text in [
            "host",
            ":80",
            "host:",
            "host:99999",
            "a b:80",
            "::1",
            "h:80,TLS",
            "\"x:80",
            "ftp://h:1",
            "http://h:1/v1",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
        for text in ["a=b=host:80", "c=[::1]:8000", "d=10.0.0.7:443,tls"] {
            let given: EndpointArg = text.parse().unwrap();
            assert_eq!(given.to_string(), text);
        }
        assert_eq!("a=b=host:80".parse::<EndpointArg>().unwrap().cluster(), "a=b");
    }
}
