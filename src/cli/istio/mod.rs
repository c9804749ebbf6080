//! `pointsman istio`: what Istio's gateway needs to route by a configuration.
//!
//! One list of resources, in two forms: a `WasmPlugin`, which every Istio can load and
//! which cannot hold headers, or an `EnvoyFilter` that can. The attempt filter is on the
//! clusters in both, from a file in the gateway's container: Istio has no resource for it.

mod patch;
mod resource;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::{self, Config, Role};

use super::envoy::endpoint::{self, Given, Place};
use super::needs::Needs;
use super::{Failure, lint, read};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration, JSON
    #[arg(long, short)]
    config: PathBuf,
    /// How the filter that decides is loaded
    #[arg(long, short, default_value = "wasm-plugin")]
    form: Form,
    /// The namespace of the gateway, and of all that is written
    #[arg(long, short, default_value = "istio-system")]
    namespace: String,
    /// A label of the gateway's pods
    #[arg(long, short, default_value = "istio=ingressgateway", value_name = "KEY=VALUE")]
    gateway: String,
    /// The hosts that clients ask for
    #[arg(long, default_value = "*", value_name = "HOST")]
    hosts: Vec<String>,
    /// Where a cluster is; may be repeated. Without it, where the provider's authority says
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    endpoints: Vec<Given>,
    /// The image with the module, for the WasmPlugin
    #[arg(long, default_value = "oci://registry.example/pointsman:latest", value_name = "URL")]
    image: String,
    /// The module in the gateway's container
    #[arg(long, default_value = "/pointsman/plugin.wasm", value_name = "PATH")]
    module: String,
    /// YAML, or one JSON list
    #[arg(long, short, default_value = "yaml")]
    output: Format,
}

/// How the filter that decides is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// By a WasmPlugin; one attempt, headers are held by a buffer filter
    WasmPlugin,
    /// By an EnvoyFilter; holds headers and fails over, for Envoy 1.35 and 1.39
    EnvoyFilter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Yaml,
    Json,
}

/// All that the resources depend on.
#[derive(Debug)]
struct Plan<'a> {
    arguments: &'a Arguments,
    config: Config,
    /// The document with Istio's names of clusters.
    document: Value,
    needs: Needs,
    places: BTreeMap<String, Place>,
    buffer: u64,
}

/// The resources.
pub(super) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let bytes = read(&arguments.config)?;
    let config = config::parse(&bytes).map_err(|problems| Failure::new(2, problems))?;
    if config.role == Role::Attempt {
        let message = "role: wanted the configuration of the filter that decides, not of attempts";
        return Err(Failure::new(2, message));
    }
    if !arguments.gateway.contains('=') {
        return Err(Failure::new(2, "--gateway: wanted KEY=VALUE"));
    }
    let needs = Needs::of(&config);
    let places = endpoint::places(&config, &needs, &arguments.endpoints)
        .map_err(|problem| Failure::new(2, problem))?;
    let mut document: Value =
        serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
            .map_err(|error| Failure::new(2, error))?;
    adapt(&mut document, &places, arguments.form, config.failover.max_attempts);
    // What this form cannot serve is a problem of the configuration.
    let config = config::parse(document.to_string().as_bytes())
        .map_err(|problems| Failure::new(2, problems))?;
    let buffer = lint::roomy(config.limits.max_body_bytes);
    let plan = Plan { arguments, config, document, needs, places, buffer };
    let resources = resource::all(&plan);
    Ok(match arguments.output {
        Format::Yaml => yaml::documents(&resources),
        Format::Json => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": resources});
            serde_json::to_string_pretty(&list).map_err(|error| Failure::new(2, error))?
        }
    })
}

/// Names clusters as Istio does, and asks for what the form can do.
fn adapt(document: &mut Value, places: &BTreeMap<String, Place>, form: Form, attempts: u32) {
    let rename = |cluster: Option<&mut Value>| {
        if let Some(value) = cluster
            && let Some(place) = value.as_str().and_then(|name| places.get(name))
        {
            *value = resource::cluster(place).into();
        }
    };
    if let Some(providers) = document.get_mut("providers").and_then(Value::as_object_mut) {
        providers.values_mut().for_each(|provider| rename(provider.get_mut("cluster")));
    }
    rename(document.get_mut("default_cluster"));
    rename(document.pointer_mut("/route_source/cluster"));
    let Some(members) = document.as_object_mut() else { return };
    if form == Form::WasmPlugin {
        members.insert("hold".to_owned(), "buffer_filter".into());
    }
    if form == Form::WasmPlugin || attempts < 2 {
        members.insert("failover".to_owned(), json!({"attempt_filter": true}));
    }
}

/// Sets a member.
fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value.into());
    }
}

impl Plan<'_> {
    /// Whether a failure is followed by another attempt.
    fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }

    /// Names of the environment's variables.
    fn variables(&self) -> Vec<&str> {
        self.needs.variables.keys().map(String::as_str).collect()
    }

    /// The places of clusters that requests are attempted at, each once.
    fn attempted(&self) -> BTreeMap<String, &Place> {
        let is_attempted = |name: &String| {
            self.needs.clusters.get(name).is_some_and(|purpose| purpose.has_attempts)
        };
        let places = self.places.iter().filter(|(name, _)| is_attempted(name));
        places.map(|(_, place)| (resource::cluster(place), place)).collect()
    }
}
