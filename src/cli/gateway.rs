//! `pointsman gateway`: the resources with which Envoy Gateway routes by a configuration.
//!
//! Takes the listener's filters, the route and the clusters out of what `pointsman envoy` writes, and
//! has an `EnvoyPatchPolicy` put them into what Envoy Gateway makes. So there is one copy of what is
//! right. Knows how Envoy Gateway names its listeners and routes, and nothing of the module.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::{Config, Credential, EnvoyFilter};

use super::endpoint::{self, ClusterAddress, EndpointArg};
use super::envoy;
use super::io::{ToolError, note, pretty_json};
use super::needs::Needs;
use super::routing_file::RoutingFile;
use super::yaml::{self, At};

const GATEWAY_API: &str = "gateway.networking.k8s.io";
const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io";
const POINTSMAN: &str = "pointsman";
const TYPES: &str = "type.googleapis.com/envoy.config";

/// Where Envoy Gateway has the connection manager of a listener without TLS.
const MANAGER: &str = "/default_filter_chain/filters/0/typed_config";

/// How much of a body a client with HTTP/2 may send ahead.
const WINDOW: &str = "http2_protocol_options/initial_stream_window_size";

/// Where it has the only route of this gateway.
const ROUTE: &str = "/virtual_hosts/0/routes/0";

#[derive(Debug, clap::Args)]
pub(super) struct GatewayArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short)]
    config: PathBuf,
    /// The namespace of all that is written
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// The name of the `GatewayClass`
    #[arg(long, default_value = "eg", value_name = "NAME")]
    class: String,
    /// The address of a cluster; may be repeated. Without it, the address is the provider's
    /// authority with TLS, or else a placeholder to change
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    endpoints: Vec<EndpointArg>,
    /// The module in the proxy's container
    #[arg(long, default_value = "/pointsman/plugin.wasm", value_name = "PATH")]
    module: String,
    /// Print one JSON list instead of YAML
    #[arg(long)]
    json: bool,
}

/// Returns all resources as YAML documents or as one JSON list, for `kubectl apply`.
///
/// # Errors
/// The configuration cannot be used, or has a credential that this form cannot add.
pub(super) fn run(arguments: &GatewayArgs) -> Result<String, ToolError> {
    let file = RoutingFile::read(&arguments.config)?;
    let config = file.router_config()?;
    refuse_injected(&config)?;
    let addresses = endpoint::addresses(&config, &Needs::of(&config), &arguments.endpoints)?;
    let default = config.default_cluster.clone();
    let text = envoy::written(&file, config, &arguments.endpoints, &arguments.module)?;
    note(endpoint::placeholders(&addresses));
    let root = yaml::read_tree(&text).map_err(ToolError::unusable)?;
    let resources = [
        gateway(arguments),
        backend(arguments, default.as_deref(), &addresses)?,
        route(arguments),
        policy(arguments, &root)?,
    ];
    if arguments.json {
        return pretty_json(&json!({"apiVersion": "v1", "kind": "List", "items": resources}));
    }
    Ok(yaml::documents(&resources))
}

/// Refuses secrets that Envoy would find in the static part of its configuration, which Envoy
/// Gateway writes itself.
fn refuse_injected(config: &Config) -> Result<(), ToolError> {
    let is_injected = |credential: &Credential| {
        credential.envoy().is_some_and(|one| one.envoy == EnvoyFilter::CredentialInjector)
    };
    let mut providers = config.providers.iter();
    match providers.find(|one| one.credential.as_ref().is_some_and(is_injected)) {
        None => Ok(()),
        Some(provider) => Err(ToolError::unusable(format!(
            "providers.{}.credential.envoy: is \"credential_injector\", whose secret Envoy Gateway \
             has no place for; have \"env\" alone, so that this filter sends it",
            provider.name
        ))),
    }
}

fn resource(arguments: &GatewayArgs, group: (&str, &str), kind: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("{}/{}", group.0, group.1),
        "kind": kind,
        "metadata": {"name": POINTSMAN, "namespace": arguments.namespace},
        "spec": spec,
    })
}

fn gateway(arguments: &GatewayArgs) -> Value {
    let spec = json!({
        "gatewayClassName": arguments.class,
        "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}],
    });
    resource(arguments, (GATEWAY_API, "v1"), "Gateway", &spec)
}

/// Returns the backend that the route names. Envoy Gateway makes no route without one, and the patch
/// replaces where it leads to.
///
/// # Errors
/// The configuration names no cluster.
fn backend(
    arguments: &GatewayArgs,
    default: Option<&str>,
    addresses: &BTreeMap<String, ClusterAddress>,
) -> Result<Value, ToolError> {
    let default = default.and_then(|name| addresses.get(name));
    let address = default
        .or_else(|| addresses.values().next())
        .ok_or_else(|| ToolError::unusable("providers: are none; a gateway needs one"))?;
    let (host, port) = (&address.endpoint.host, address.endpoint.port);
    let endpoint = match address.endpoint.ip() {
        Some(ip) => json!({"ip": {"address": ip.to_string(), "port": port}}),
        None => json!({"fqdn": {"hostname": host, "port": port}}),
    };
    let spec = json!({"endpoints": [endpoint]});
    Ok(resource(arguments, (ENVOY_GATEWAY, "v1alpha1"), "Backend", &spec))
}

fn route(arguments: &GatewayArgs) -> Value {
    let spec = json!({
        "parentRefs": [{"name": POINTSMAN}],
        "rules": [{
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"group": ENVOY_GATEWAY, "kind": "Backend", "name": POINTSMAN}],
        }],
    });
    resource(arguments, (GATEWAY_API, "v1"), "HTTPRoute", &spec)
}

/// Returns the patches of the listener, its route and its clusters.
///
/// # Errors
/// What `pointsman envoy` wrote lacks one of them.
fn policy(arguments: &GatewayArgs, root: &At) -> Result<Value, ToolError> {
    let first = |at: &At| at.items().into_iter().next();
    let lacks = |what: &str| ToolError::unusable(format!("envoy/*.yaml has changed: no {what}"));
    let listener =
        first(&root.get("static_resources.listeners")).ok_or_else(|| lacks("listener"))?;
    let chain = first(&listener.get("filter_chains")).ok_or_else(|| lacks("filter chain"))?;
    let manager = first(&chain.get("filters")).ok_or_else(|| lacks("filter"))?.get("typed_config");
    let host = first(&manager.get("route_config.virtual_hosts")).ok_or_else(|| lacks("host"))?;
    let route = first(&host.get("routes")).ok_or_else(|| lacks("route"))?;
    let name = format!("{}/{POINTSMAN}/http", arguments.namespace);
    let patch = |kind: &str, name: &str, operation: Value| json!({"type": format!("{TYPES}.{kind}"), "name": name, "operation": operation});
    let add = |path: &str, at: &At| json!({"op": "add", "path": path, "value": at.json()});
    let of_listener = |operation| patch("listener.v3.Listener", &name, operation);
    let of_route = |operation| patch("route.v3.RouteConfiguration", &name, operation);
    let limit = "per_connection_buffer_limit_bytes";
    let idle = "stream_idle_timeout";
    let mut patches = vec![
        of_listener(add(&format!("/{limit}"), &listener.get(limit))),
        of_listener(add(&format!("{MANAGER}/{idle}"), &manager.get(idle))),
        // Envoy Gateway sets 64 KiB, and Envoy tries nothing again that is longer than this.
        of_listener(add(&format!("{MANAGER}/{WINDOW}"), &listener.get(limit))),
    ];
    let filters = manager.get("http_filters").items();
    let is_router = |at: &&At| at.get("name").text() == Some("envoy.filters.http.router");
    for filter in filters.iter().filter(|at| !is_router(at)) {
        // Each is added at the place of the router, so it comes after those before it and after
        // every filter of Envoy Gateway's own, authentication among them.
        patches.push(of_listener(json!({
            "op": "add",
            "jsonPath": "$..http_filters[?(@.name=='envoy.filters.http.router')]",
            "value": filter.json(),
        })));
    }
    let removed = "request_headers_to_remove";
    patches.push(of_route(add(&format!("{ROUTE}/{removed}"), &route.get(removed))));
    let action = json!({"op": "replace", "path": format!("{ROUTE}/route"), "value": route.get("route").json()});
    patches.push(of_route(action));
    for cluster in root.get("static_resources.clusters").items() {
        let name = cluster.get("name").text().unwrap_or_default().to_owned();
        patches.push(patch("cluster.v3.Cluster", &name, add("", &cluster)));
    }
    let spec = json!({
        "targetRef": {"group": GATEWAY_API, "kind": "Gateway", "name": POINTSMAN},
        "type": "JSONPatch",
        "jsonPatches": patches,
    });
    Ok(resource(arguments, (ENVOY_GATEWAY, "v1alpha1"), "EnvoyPatchPolicy", &spec))
}
