//! Where clusters are: what the command line says, else what the providers' hosts say,
//! else a place that is easy to see.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

use crate::cli::needs::Needs;
use crate::config::{Api, Config, Provider};

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct HostPort {
    pub(in crate::cli) host: String,
    pub(in crate::cli) port: u16,
    pub(in crate::cli) is_tls: bool,
}

impl HostPort {
    /// The address, if it is one rather than a name.
    pub(in crate::cli) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl FromStr for HostPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "wanted HOST:PORT, or HOST:PORT,tls";
        let (place, is_tls) = text.strip_suffix(",tls").map_or((text, false), |it| (it, true));
        let (host, port) = place.rsplit_once(':').ok_or(WANTED)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
        let is_ip = host.parse::<IpAddr>().is_ok();
        if host.is_empty() || !(is_ip || host.chars().all(is_name)) {
            return Err(WANTED);
        }
        let port = port.parse().map_err(|_| WANTED)?;
        Ok(Self { host: host.to_owned(), port, is_tls })
    }
}

/// `CLUSTER=HOST:PORT[,tls]`
#[derive(Debug, Clone)]
pub(in crate::cli) struct Given {
    pub(in crate::cli) cluster: String,
    pub(in crate::cli) endpoint: HostPort,
}

impl FromStr for Given {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A host has no equals sign, a cluster may.
        let (cluster, endpoint) =
            text.rsplit_once('=').ok_or("wanted CLUSTER=HOST:PORT, or CLUSTER=HOST:PORT,tls")?;
        Ok(Self { cluster: cluster.to_owned(), endpoint: endpoint.parse()? })
    }
}

/// Where a cluster is, and who says so.
#[derive(Debug)]
pub(in crate::cli) struct ClusterPlace {
    pub(in crate::cli) endpoint: HostPort,
    pub(in crate::cli) source: ToldBy,
    /// The name that the certificate has to have.
    pub(in crate::cli) server_name: String,
}

/// Who says where a cluster is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum ToldBy {
    /// The command line.
    Given,
    /// The authority of this provider.
    Authority(String),
    /// Nobody.
    Placeholder,
}

/// The place of every cluster.
///
/// # Errors
/// An endpoint of a cluster that the configuration does not name.
pub(in crate::cli) fn places(
    config: &Config,
    needs: &Needs,
    given: &[Given],
) -> Result<BTreeMap<String, ClusterPlace>, String> {
    for one in given {
        if !needs.clusters.contains_key(&one.cluster) {
            let known: Vec<String> =
                needs.clusters.keys().map(|name| format!("{name:?}")).collect();
            return Err(format!(
                "--endpoint: unknown cluster {:?}; known: {}",
                one.cluster,
                known.join(", ")
            ));
        }
    }
    let place = |name: &String| {
        let given = given.iter().rev().find(|one| one.cluster == *name);
        (name.clone(), place(config, name, given.map(|one| &one.endpoint)))
    };
    Ok(needs.clusters.keys().map(place).collect())
}

fn place(config: &Config, cluster: &str, given: Option<&HostPort>) -> ClusterPlace {
    let users = || config.providers.iter().filter(|provider| provider.cluster == cluster);
    let mut authorities = users().filter_map(|provider| Some((provider, authority(provider)?)));
    let (provider, named) = authorities.next().unzip();
    let server_name = named.as_ref().map(|endpoint| endpoint.host.clone());
    let (endpoint, source) = match (given, named, provider) {
        (Some(endpoint), ..) => (endpoint.clone(), ToldBy::Given),
        (None, Some(endpoint), Some(provider)) => {
            (endpoint, ToldBy::Authority(provider.name.clone()))
        }
        _ => (placeholder(users().next()), ToldBy::Placeholder),
    };
    ClusterPlace {
        server_name: server_name.unwrap_or_else(|| endpoint.host.clone()),
        endpoint,
        source,
    }
}

fn authority(provider: &Provider) -> Option<HostPort> {
    let authority = provider.authority.as_ref()?;
    let with_port = format!("{authority}:443");
    let endpoint: HostPort = authority.parse().or_else(|_| with_port.parse()).ok()?;
    Some(HostPort { is_tls: true, ..endpoint })
}

/// The host of a provider's authority.
pub(in crate::cli) fn host(provider: &Provider) -> Option<String> {
    authority(provider).map(|endpoint| endpoint.host)
}

/// Where servers of that kind listen on one's own machine.
fn placeholder(provider: Option<&Provider>) -> HostPort {
    let is_ollama = provider.is_some_and(|provider| provider.api == Api::Ollama);
    let port = match provider {
        Some(_) if is_ollama => 11434,
        Some(_) => 8000,
        None => 8080,
    };
    HostPort { host: "127.0.0.1".to_owned(), port, is_tls: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_hosts_with_ports() {
        let endpoint = |host: &str, port, is_tls| HostPort { host: host.to_owned(), port, is_tls };
        for (text, wanted) in [
            ("127.0.0.1:80", endpoint("127.0.0.1", 80, false)),
            ("api.openai.com:443,tls", endpoint("api.openai.com", 443, true)),
            ("[::1]:8000", endpoint("::1", 8000, false)),
        ] {
            assert_eq!(text.parse(), Ok(wanted));
        }
        for text in ["host", ":80", "host:", "host:99999", "a b:80", "::1", "h:80,TLS", "\"x:80"] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
        let given: Given = "a=b=host:80".parse().unwrap();
        assert_eq!(given.cluster, "a=b");
    }
}
