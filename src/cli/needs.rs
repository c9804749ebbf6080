//! What a configuration needs of the Envoy that runs it: clusters and variables.
//!
//! Knows neither how Envoy is configured nor how to write that down.

use std::collections::BTreeMap;

use crate::config::Config;

/// Clusters and variables by name.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// What each cluster is for.
    pub(super) clusters: BTreeMap<String, ClusterPurpose>,
    /// Where each cluster is named that the filter itself calls.
    pub(super) called: BTreeMap<String, String>,
    /// Where each variable is named.
    pub(super) variables: BTreeMap<String, String>,
    /// Whether credentials are added to requests.
    pub(super) has_credentials: bool,
}

/// What a cluster is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClusterPurpose {
    /// Where the configuration names it.
    pub(super) path: String,
    /// Whether requests are attempted there.
    pub(super) has_attempts: bool,
    /// Whether requests are routed there, attempted or not; others are only called.
    pub(super) is_routed: bool,
}

impl Needs {
    /// What this configuration needs.
    pub(super) fn of(config: &Config) -> Self {
        let mut needs = Self::default();
        for provider in config.providers.iter() {
            let path = format!("providers.{}", provider.name);
            needs.cluster(&provider.cluster, format!("{path}.cluster"), true, true);
            if let Some(credential) = &provider.credential {
                needs.has_credentials = true;
                needs.variable(&credential.env, format!("{path}.credential.env"));
            }
        }
        if let Some(cluster) = &config.default_cluster {
            needs.cluster(cluster, "default_cluster".to_owned(), false, true);
        }
        if let Some(admin) = &config.admin {
            needs.variable(&admin.token_env, "admin.token_env".to_owned());
        }
        if let Some(source) = &config.route_source {
            needs.called(&source.cluster, "route_source.cluster".to_owned());
            if let Some(variable) = &source.token_env {
                needs.variable(variable, "route_source.token_env".to_owned());
            }
        }
        for model in &config.models {
            if let Some(service) = &model.custom {
                let path = format!("models.{}.custom.cluster", model.name);
                needs.called(&service.cluster, path);
            }
        }
        needs
    }

    /// The first that names a cluster says what it is for.
    fn cluster(&mut self, name: &str, path: String, has_attempts: bool, is_routed: bool) {
        let purpose = ClusterPurpose { path, has_attempts, is_routed };
        self.clusters.entry(name.to_owned()).or_insert(purpose);
    }

    fn called(&mut self, name: &str, path: String) {
        self.cluster(name, path.clone(), false, false);
        self.called.entry(name.to_owned()).or_insert(path);
    }

    fn variable(&mut self, name: &str, path: String) {
        self.variables.entry(name.to_owned()).or_insert(path);
    }
}
