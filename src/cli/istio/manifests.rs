//! What the resources are written from: the arguments, and a configuration with Istio's
//! names of clusters.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::cli::endpoint::{self, ClusterAddress, EndpointArg};
use crate::cli::io::ToolError;
use crate::cli::needs::{Needs, buffer_bytes};
use crate::cli::routing_file::RoutingFile;
use crate::config::{self, Config};

use super::name;

const EXAMPLE: &str = "\
Example:
  pointsman istio routing.yaml --form envoy-filter > pointsman.yaml
  kubectl apply -f pointsman.yaml

Standard error lists what is left for you to do.";

/// What is written where no image is given: it is refused or not found, never taken for another one.
const NO_IMAGE: &str = "oci://registry.example/pointsman:latest";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct IstioArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// The resource that loads the router
    #[arg(long, short, default_value = "wasm-plugin")]
    pub(super) form: Loader,
    /// The namespace of the gateway and of all resources
    #[arg(long, short, default_value = "istio-system")]
    pub(super) namespace: String,
    /// A label that selects the gateway's pods
    #[arg(long, short, default_value = "istio=ingressgateway", value_name = "KEY=VALUE")]
    pub(super) gateway: String,
    /// A host that clients send requests to; may be repeated
    #[arg(long, default_value = "*", value_name = "HOST")]
    pub(super) hosts: Vec<String>,
    /// The Secret with the certificate. With it, the Gateway listens with TLS on port 443, otherwise
    /// without TLS on port 80
    #[arg(long, value_name = "SECRET")]
    pub(super) tls: Option<String>,
    /// The address of a cluster; may be repeated. Without it, the address is the provider's
    /// authority with TLS, or else a placeholder to change
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    pub(super) endpoints: Vec<EndpointArg>,
    /// Where Istio finds the module for the WasmPlugin or TrafficExtension: oci://, https:// or
    /// file://. Without it, a placeholder to change
    #[arg(long, value_name = "URL")]
    pub(super) image: Option<String>,
    /// The path of the module in the gateway's container, for the EnvoyFilter
    #[arg(long, default_value = "/pointsman/plugin.wasm", value_name = "PATH")]
    pub(super) module: String,
    /// The folder in the gateway's container that holds the files with the locations of secrets
    #[arg(long, default_value = "/etc/pointsman/secrets", value_name = "PATH")]
    pub(super) secrets: String,
    /// The output: YAML documents, or one JSON list
    #[arg(long, short, default_value = "yaml")]
    pub(super) output: OutputFormat,
}

/// The resource that loads the filter that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Loader {
    /// A WasmPlugin, for Istio 1.28 or later: one attempt for each request
    WasmPlugin,
    /// A TrafficExtension, for Istio 1.30 or later: one attempt for each request
    TrafficExtension,
    /// An EnvoyFilter, for Istio 1.28 or later; with failover 1.31 or later
    EnvoyFilter,
}

impl Loader {
    /// Whether Istio loads the filter as a plugin, to which it gives no way to hold headers.
    pub(super) const fn is_plugin(self) -> bool {
        matches!(self, Self::WasmPlugin | Self::TrafficExtension)
    }

    /// Returns the kind of the resource.
    const fn kind(self) -> &'static str {
        match self {
            Self::WasmPlugin => "WasmPlugin",
            Self::TrafficExtension => "TrafficExtension",
            Self::EnvoyFilter => "EnvoyFilter",
        }
    }

    /// Returns the name that the command line has for it.
    const fn name(self) -> &'static str {
        match self {
            Self::WasmPlugin => "wasm-plugin",
            Self::TrafficExtension => "traffic-extension",
            Self::EnvoyFilter => "envoy-filter",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    Yaml,
    Json,
}

/// Everything that the resources depend on.
#[derive(Debug)]
pub(super) struct Manifests<'a> {
    pub(super) arguments: &'a IstioArgs,
    /// The configuration as the gateway's filter gets it.
    ///
    /// Its clusters have Istio's names already.
    pub(super) config: Config,
    /// The same, as the JSON that is written: what the user's document has and defaults
    /// do not appear, so that it stays recognisable.
    pub(super) document: Value,
    /// What the configuration needs, under the names that the user's document has.
    needs: Needs,
    /// Where clusters are, by the same names.
    pub(super) addresses: BTreeMap<String, ClusterAddress>,
    pub(super) buffer: u64,
}

impl<'a> Manifests<'a> {
    /// Reads the configuration that the arguments name, and fits it to Istio.
    ///
    /// # Errors
    /// The configuration cannot be read, is not valid, or asks for what the chosen form
    /// cannot do, failover by a `WasmPlugin` for example; an argument is wrong.
    pub(super) fn read(arguments: &'a IstioArgs) -> Result<Self, ToolError> {
        let file = RoutingFile::read(&arguments.config)?;
        // The filter's parser accepts a byte order mark, serde_json does not.
        let text = file.json();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let document = serde_json::from_slice(text);
        if let Ok(document) = &document {
            // First, since the other messages tell how to have both, which a plugin cannot.
            refuse_translation(document, arguments.form)?;
        }
        let config = file.router_config()?;
        if !arguments.gateway.contains('=') {
            return Err(ToolError::unusable(
                "--gateway: expected KEY=VALUE, such as istio=ingressgateway",
            ));
        }
        let needs = Needs::of(&config);
        let addresses = endpoint::addresses(&config, &needs, &arguments.endpoints)?;
        let mut document = document.map_err(ToolError::unusable)?;
        refuse_what_would_be_lost(&document, &config, arguments.form)?;
        fit(&mut document, &addresses, arguments.form, config.failover.max_attempts);
        // Parsed again: what this form cannot serve is a problem of the configuration, and has
        // the same message as anywhere else.
        let config = config::parse(document.to_string().as_bytes()).map_err(ToolError::unusable)?;
        let buffer = buffer_bytes(config.limits.max_body_bytes);
        Ok(Self { arguments, config, document, needs, addresses, buffer })
    }

    /// Whether a failed attempt is followed by another one.
    ///
    /// If not, the route gets no retry policy.
    pub(super) fn fails_over(&self) -> bool {
        self.config.failover.max_attempts > 1
    }

    /// Returns the URL of the module for a plugin.
    pub(super) fn image(&self) -> &str {
        self.arguments.image.as_deref().unwrap_or(NO_IMAGE)
    }

    /// Returns what the arguments leave for the user to do, a line each.
    pub(super) fn left_to_do(&self) -> Vec<String> {
        let mut lines = endpoint::placeholders(&self.addresses);
        let form = self.arguments.form;
        if form.is_plugin() && self.arguments.image.is_none() {
            lines.push(format!(
                "--image: is not given, so the {} has the placeholder {NO_IMAGE}; give --image with \
                 the URL of your image (oci://HOST/NAME:TAG), of a file on a server (https://…), or \
                 file://{}",
                form.kind(),
                self.arguments.module
            ));
        }
        lines.extend(self.addresses.iter().filter(|(_, at)| name::is_outside_in_plain(at)).map(
            |(cluster, at)| {
                format!(
                    "cluster {cluster}: {host} is taken for a host outside of the mesh, without TLS; if it is a Service, \
                     give its full name: --endpoint {cluster}=NAME.NAMESPACE.svc.cluster.local:{port}",
                    host = at.endpoint.host,
                    port = at.endpoint.port
                )
            },
        ));
        if !form.is_plugin() && self.fails_over() {
            lines.push(
                "failover.max_attempts: takes effect in Istio 1.31 or later; for 1.28 to 1.30 write failover: \
                 { attempt_filter: true }, which makes one attempt"
                    .to_owned(),
            );
        }
        let variables: Vec<&str> = self.variables().collect();
        if !variables.is_empty() {
            lines.push(format!(
                "the gateway's container needs the environment variables {}",
                variables.join(", ")
            ));
        }
        lines
    }

    /// Returns the names of the environment variables that the filter reads.
    ///
    /// Envoy gives a module no variable that is not listed.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.needs.variables.keys().map(String::as_str)
    }

    /// Returns the clusters that plans attempt requests at, by Istio's names.
    ///
    /// A map, since two clusters of the document with one address are one of Istio's.
    pub(super) fn attempted(&self) -> BTreeMap<String, &ClusterAddress> {
        let attempted = self.addresses.iter().filter(|(name, _)| self.needs.has_attempts(name));
        attempted.map(|(_, address)| (name::cluster(address), address)).collect()
    }

    /// Returns Istio's names of the clusters that requests are routed to.
    ///
    /// Clusters with one address have one name, which then comes twice.
    pub(super) fn routed(&self) -> impl Iterator<Item = String> {
        self.needs.routed().filter_map(|(name, _)| self.addresses.get(name)).map(name::cluster)
    }

    /// Returns the label that the gateway's pods have, as a selector.
    ///
    /// [`Manifests::read`] has made sure that the argument has a `=`.
    pub(super) fn selector(&self) -> Value {
        let (key, value) = self.arguments.gateway.split_once('=').unwrap_or_default();
        Value::Object(Map::from_iter([(key.to_owned(), value.into())]))
    }
}

/// Refuses what the form cannot do and `fit` would otherwise replace without a word.
///
/// # Errors
/// The key, and the form or the value that helps.
fn refuse_what_would_be_lost(
    document: &Value,
    config: &Config,
    form: Loader,
) -> Result<(), ToolError> {
    let (name, attempts) = (form.name(), config.failover.max_attempts);
    let hold = document.get("hold").and_then(Value::as_str);
    let message = match (form.is_plugin(), hold) {
        (true, _) if attempts > 1 => format!(
            "failover.max_attempts: is {attempts}, but the form {name} makes only one attempt; use --form \
             envoy-filter (Istio 1.31 or later), or set it to 1"
        ),
        (true, Some("stop_iteration")) => format!(
            "hold: is \"stop_iteration\", but the form {name} cannot hold headers; use --form \
             envoy-filter, or remove the key"
        ),
        (false, Some("buffer_filter")) => format!(
            "hold: is \"buffer_filter\", but the form {name} has no buffer filter; use --form \
             wasm-plugin, or remove the key"
        ),
        _ => return Ok(()),
    };
    Err(ToolError::unusable(message))
}

/// Refuses translation where a buffer filter holds the headers of requests: nothing holds those of
/// answers then.
///
/// # Errors
/// The key, and the form that can translate.
fn refuse_translation(document: &Value, form: Loader) -> Result<(), ToolError> {
    let is_on = |of: &Value| {
        matches!(of.get("translate").and_then(Value::as_str), Some("strict" | "lenient"))
    };
    let of_models = document.get("models").and_then(Value::as_object).into_iter().flatten();
    let mut found = of_models.filter(|(_, model)| is_on(model));
    let path = match found.next() {
        _ if !form.is_plugin() => return Ok(()),
        _ if is_on(document) => "translate".to_owned(),
        Some((name, _)) => format!("models.{name}.translate"),
        None => return Ok(()),
    };
    Err(ToolError::unusable(format!(
        "{path}: does not work with the form {}, which cannot hold the headers of answers; use --form \
         envoy-filter, or set it to \"off\"",
        form.name()
    )))
}

/// Fits a document to Istio: names clusters as Istio does, and asks for what the form can do.
///
/// The clusters of services that models ask keep the names of the document.
fn fit(
    document: &mut Value,
    addresses: &BTreeMap<String, ClusterAddress>,
    form: Loader,
    attempts: u32,
) {
    let rename = |cluster: Option<&mut Value>| {
        if let Some(value) = cluster
            && let Some(address) = value.as_str().and_then(|name| addresses.get(name))
        {
            *value = name::cluster(address).into();
        }
    };
    if let Some(providers) = document.get_mut("providers").and_then(Value::as_object_mut) {
        for provider in providers.values_mut() {
            rename(provider.get_mut("cluster"));
            rename(provider.pointer_mut("/credential/token_cluster"));
        }
    }
    rename(document.get_mut("default_cluster"));
    rename(document.pointer_mut("/route_source/cluster"));
    if form.is_plugin() {
        // Istio gives a plugin no way to hold headers, so a buffer filter does it.
        put(document, "hold", "buffer_filter");
    }
    if attempts < 2 {
        // The route reads the cluster from filter state, where the filter writes it only if
        // there are attempt filters. Where a buffer filter holds the head, only they change it.
        let mut failover = document.get("failover").cloned().unwrap_or_else(|| json!({}));
        put(&mut failover, "attempt_filter", true);
        put(document, "failover", failover);
    }
}

/// Sets a member of an object; any other value is left as it is.
pub(super) fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value.into());
    }
}
