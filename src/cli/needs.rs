//! What a configuration needs of the Envoy that runs it: clusters, variables and buffers.
//!
//! Knows neither how Envoy is configured nor how to write that down.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Credential, Timeouts};

/// Bytes that Envoy buffers for a listener or cluster with no limit of its own.
pub(super) const DEFAULT_BUFFER_BYTES: u64 = 1 << 20;

/// Returns the bytes of a buffer that holds every body of at most `limit` bytes.
///
/// A rewrite may lengthen a body (another model name, merged overrides), so an eighth is
/// added, or 1 MiB if that is more. Envoy's limits are 32 bits wide.
pub(super) fn buffer_bytes(limit: u64) -> u64 {
    limit.saturating_add((limit / 8).max(DEFAULT_BUFFER_BYTES)).min(u64::from(u32::MAX))
}

/// Seconds that Envoy waits for the first content of an attempt, where the configuration says nothing.
const DEFAULT_FIRST_S: u64 = 120;

/// Returns the seconds that the route gives each attempt until its first content: enough for every
/// deployment, and never less than the shipped files say.
pub(super) fn per_try_seconds(config: &Config) -> u64 {
    let longest_ms = config.timeouts().filter_map(Timeouts::first_content_ms).max().unwrap_or(0);
    longest_ms.div_ceil(1000).max(DEFAULT_FIRST_S)
}

/// The clusters and environment variables that a configuration names.
///
/// Each has the path by which the configuration names it, for messages:
/// `providers.openai.cluster`.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) clusters: BTreeMap<String, ClusterUse>,
    /// Path of each cluster that the filter itself calls, routed to or not.
    pub(super) called: BTreeMap<String, String>,
    /// The clusters that Envoy itself gets tokens from, for a credential.
    pub(super) token_clusters: BTreeSet<String>,
    /// Those that reach the filter. What only Envoy reads is not among them.
    pub(super) variables: BTreeMap<String, String>,
    /// Whether the filter adds a credential to requests for at least one provider.
    pub(super) has_credentials: bool,
}

/// What a cluster is used for.
///
/// A cluster that several parts of the configuration name has the widest use of them, since
/// providers come first, then `default_cluster`, then what is only called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClusterUse {
    pub(super) path: String,
    /// Whether plans attempt requests there: it is a provider's.
    pub(super) has_attempts: bool,
    /// Whether requests are routed there, attempted or not.
    pub(super) is_routed: bool,
}

impl Needs {
    /// Collects what this configuration needs. Its shadow has the same providers, so it needs
    /// no further ones.
    pub(super) fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        for provider in config.providers.iter() {
            let path = format!("providers.{}", provider.name);
            needs.add_cluster(&provider.cluster, format!("{path}.cluster"), true, true);
            if let Some(credential) = &provider.credential {
                needs.has_credentials = true;
                if let Some(secret) = credential.secret() {
                    needs.add_variable(&secret.env, format!("{path}.credential.env"));
                }
            }
        }
        needs.add_token_clusters(config);
        if let Some(cluster) = &config.default_cluster {
            needs.add_cluster(cluster, "default_cluster".to_owned(), false, true);
        }
        if let Some(admin) = &config.admin {
            needs.add_variable(&admin.token_env, "admin.token_env".to_owned());
        }
        if let Some(source) = &config.route_source {
            needs.add_called(&source.cluster, "route_source.cluster".to_owned());
            if let Some(variable) = &source.token_env {
                needs.add_variable(variable, "route_source.token_env".to_owned());
            }
            for (index, cluster) in source.services.iter().enumerate() {
                needs.add_called(cluster, format!("route_source.services[{index}]"));
            }
        }
        for model in &config.models {
            if let Some(service) = &model.custom {
                let path = format!("models.{}.custom.cluster", model.name);
                needs.add_called(&service.cluster, path);
            }
        }
        needs
    }

    /// Adds the clusters that tokens come from. After the providers', since a cluster that is also
    /// a provider's is more than that.
    fn add_token_clusters(&mut self, config: &Config) {
        for provider in config.providers.iter() {
            let envoy = provider.credential.as_ref().and_then(Credential::envoy);
            if let Some(cluster) = envoy.and_then(|envoy| envoy.token_cluster.as_ref()) {
                let path = format!("providers.{}.credential.token_cluster", provider.name);
                self.add_cluster(cluster, path, false, false);
                self.token_clusters.insert(cluster.clone());
            }
        }
    }

    /// Adds a cluster; one that is known keeps its use, which is the wider one.
    fn add_cluster(&mut self, name: &str, path: String, has_attempts: bool, is_routed: bool) {
        let used = ClusterUse { path, has_attempts, is_routed };
        self.clusters.entry(name.to_owned()).or_insert(used);
    }

    fn add_called(&mut self, name: &str, path: String) {
        self.add_cluster(name, path.clone(), false, false);
        // Kept apart from `clusters`: a provider's cluster that the filter also calls is not
        // known there as one that is called, and lint warns of exactly that.
        self.called.entry(name.to_owned()).or_insert(path);
    }

    fn add_variable(&mut self, name: &str, path: String) {
        self.variables.entry(name.to_owned()).or_insert(path);
    }

    /// Returns the clusters that requests are routed to, by name.
    ///
    /// Those that only the filter itself calls are left out.
    pub(super) fn routed(&self) -> impl Iterator<Item = (&String, &ClusterUse)> {
        self.clusters.iter().filter(|(_, used)| used.is_routed)
    }

    /// Whether plans attempt requests at this cluster.
    ///
    /// False also for a name that the configuration does not have.
    pub(super) fn has_attempts(&self, cluster: &str) -> bool {
        self.clusters.get(cluster).is_some_and(|used| used.has_attempts)
    }
}
