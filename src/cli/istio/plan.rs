//! All that the resources depend on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::cli::envoy::endpoint::{ClusterPlace, Given};
use crate::cli::needs::Needs;
use crate::config::Config;

use super::name;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct IstioArguments {
    /// The configuration, JSON
    #[arg(long, short)]
    pub(super) config: PathBuf,
    /// How the filter that decides is loaded
    #[arg(long, short, default_value = "wasm-plugin")]
    pub(super) form: IstioForm,
    /// The namespace of the gateway, and of all that is written
    #[arg(long, short, default_value = "istio-system")]
    pub(super) namespace: String,
    /// A label of the gateway's pods
    #[arg(long, short, default_value = "istio=ingressgateway", value_name = "KEY=VALUE")]
    pub(super) gateway: String,
    /// The hosts that clients ask for
    #[arg(long, default_value = "*", value_name = "HOST")]
    pub(super) hosts: Vec<String>,
    /// Where a cluster is; may be repeated. Without it, where the provider's authority says
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    pub(super) endpoints: Vec<Given>,
    /// The image with the module, for the WasmPlugin
    #[arg(long, default_value = "oci://registry.example/pointsman:latest", value_name = "URL")]
    pub(super) image: String,
    /// The module in the gateway's container
    #[arg(long, default_value = "/pointsman/plugin.wasm", value_name = "PATH")]
    pub(super) module: String,
    /// YAML, or one JSON list
    #[arg(long, short, default_value = "yaml")]
    pub(super) output: OutputFormat,
}

/// How the filter that decides is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum IstioForm {
    /// By a WasmPlugin; one attempt, headers are held by a buffer filter
    WasmPlugin,
    /// By an EnvoyFilter; holds headers and fails over, for Envoy 1.35 and 1.39
    EnvoyFilter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    Yaml,
    Json,
}

/// All that the resources depend on.
#[derive(Debug)]
pub(super) struct IstioPlan<'a> {
    pub(super) arguments: &'a IstioArguments,
    pub(super) config: Config,
    /// The document with Istio's names of clusters.
    pub(super) document: Value,
    pub(super) needs: Needs,
    pub(super) places: BTreeMap<String, ClusterPlace>,
    pub(super) buffer: u64,
}

impl IstioPlan<'_> {
    /// Whether a failure is followed by another attempt.
    pub(super) fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }

    /// Names of the environment's variables.
    pub(super) fn variables(&self) -> Vec<&str> {
        self.needs.variables.keys().map(String::as_str).collect()
    }

    /// Returns the label of the gateway's pods.
    pub(super) fn gateway_label(&self) -> Value {
        let (key, value) = self.arguments.gateway.split_once('=').unwrap_or_default();
        let mut label = Map::new();
        label.insert(key.to_owned(), value.into());
        label.into()
    }

    /// The places of clusters that requests are attempted at, each once.
    pub(super) fn attempted(&self) -> BTreeMap<String, &ClusterPlace> {
        let is_attempted = |name: &String| {
            self.needs.clusters.get(name).is_some_and(|purpose| purpose.has_attempts)
        };
        let places = self.places.iter().filter(|(name, _)| is_attempted(name));
        places.map(|(_, place)| (name::cluster(place), place)).collect()
    }
}

/// Sets a member.
pub(super) fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value.into());
    }
}
