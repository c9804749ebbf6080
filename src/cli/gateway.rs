//! `pointsman gateway`: the resources with which Envoy Gateway routes by a configuration.
//!
//! Takes the listener's filters, the route and the clusters out of what `pointsman envoy` writes, and
//! has an `EnvoyPatchPolicy` put them into what Envoy Gateway makes. So there is one copy of what is
//! right. Knows how Envoy Gateway names its listeners and routes, and nothing of the module.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::{Config, Credential, EnvoyFilter};

use super::endpoint::{self, ClusterAddress, EndpointArg, HostPort};
use super::envoy;
use super::io::{ToolError, note, pretty_json};
use super::needs::Needs;
use super::routing_file::RoutingFile;
use crate::yaml::{self, At};

const GATEWAY_API: &str = "gateway.networking.k8s.io";
const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io";
const POINTSMAN: &str = "pointsman";
const TYPES: &str = "type.googleapis.com/envoy.config";

/// The Gateway's listener, and where Envoy Gateway puts its connection manager.
struct Entry {
    name: &'static str,
    protocol: &'static str,
    port: u16,
    manager: &'static str,
}

const PLAIN: Entry = Entry {
    name: "http",
    protocol: "HTTP",
    port: 80,
    manager: "/default_filter_chain/filters/0/typed_config",
};

/// With TLS, Envoy Gateway has a chain for each listener, and here there is one.
const TLS: Entry = Entry {
    name: "https",
    protocol: "HTTPS",
    port: 443,
    manager: "/filter_chains/0/filters/0/typed_config",
};

/// How much of a body a client with HTTP/2 may send ahead.
const WINDOW: &str = "http2_protocol_options/initial_stream_window_size";

/// Where it has the only route of this gateway.
const ROUTE: &str = "/virtual_hosts/0/routes/0";

const EXAMPLE: &str = "\
Example:
  pointsman gateway routing.yaml --proxy pointsman --tls llm-certificate > pointsman.yaml
  kubectl apply -f pointsman.yaml

Standard error lists what is left for you to do.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct GatewayArgs {
    /// The routing document, YAML or JSON; `-` reads standard input
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// The namespace of all that is written
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// The name of the `GatewayClass`
    #[arg(long, default_value = "eg", value_name = "NAME")]
    class: String,
    /// The `EnvoyProxy` in the same namespace that gives the proxy its module and variables
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
    /// The Secret with the certificate. With it, the Gateway listens with TLS on port 443, otherwise
    /// without TLS on port 80
    #[arg(long, value_name = "SECRET")]
    tls: Option<String>,
    /// The address of a cluster; may be repeated. Without it, the address is the provider's
    /// authority with TLS, or else a placeholder to change
    #[arg(long = "endpoint", short, value_name = "CLUSTER=HOST:PORT[,tls]")]
    endpoints: Vec<EndpointArg>,
    /// The path of the module in the proxy's container
    #[arg(long, default_value = "/pointsman/plugin.wasm", value_name = "PATH")]
    module: String,
    /// Print one JSON list instead of YAML
    #[arg(long)]
    json: bool,
}

impl GatewayArgs {
    const fn entry(&self) -> &'static Entry {
        if self.tls.is_some() { &TLS } else { &PLAIN }
    }
}

/// Returns all resources as YAML documents or as one JSON list, for `kubectl apply`.
///
/// # Errors
/// The configuration cannot be used, or has a credential that this form cannot add.
pub(super) fn run(arguments: &GatewayArgs) -> Result<String, ToolError> {
    let file = RoutingFile::read(&arguments.config)?;
    let config = file.router_config()?;
    refuse_injected(&config)?;
    let needs = Needs::of(&config);
    let addresses = endpoint::addresses(&config, &needs, &arguments.endpoints)?;
    let default = config.default_cluster.clone();
    let text = envoy::written(&file, config, &arguments.endpoints, &arguments.module)?;
    note(endpoint::placeholders(&addresses));
    note(proxy_to_write(arguments, &needs));
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

/// Returns what the proxy needs of an `EnvoyProxy`.
fn proxy_to_write(arguments: &GatewayArgs, needs: &Needs) -> [String; 1] {
    let variables: Vec<&str> = needs.variables.keys().map(String::as_str).collect();
    let variables = match variables.as_slice() {
        [] => String::new(),
        some => format!(" and the environment variables {}", some.join(", ")),
    };
    let module = &arguments.module;
    [match &arguments.proxy {
        Some(name) => {
            format!("--proxy {name}: this EnvoyProxy has to give the module at {module}{variables}")
        }
        None => format!(
            "--proxy: is not given, so the Gateway names no EnvoyProxy; the proxy needs the module at \
             {module}{variables}; write an EnvoyProxy that gives it both, and name it with --proxy NAME"
        ),
    }]
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
    let entry = arguments.entry();
    let mut listener = json!({"name": entry.name, "protocol": entry.protocol, "port": entry.port});
    if let (Some(secret), Some(members)) = (&arguments.tls, listener.as_object_mut()) {
        let tls =
            json!({"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]});
        members.insert("tls".to_owned(), tls);
    }
    let mut spec = json!({"gatewayClassName": arguments.class, "listeners": [listener]});
    if let (Some(proxy), Some(members)) = (&arguments.proxy, spec.as_object_mut()) {
        let reference = json!({"group": ENVOY_GATEWAY, "kind": "EnvoyProxy", "name": proxy});
        members.insert("infrastructure".to_owned(), json!({"parametersRef": reference}));
    }
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
    if addresses.is_empty() {
        return Err(ToolError::unusable("providers: are none; a gateway needs one"));
    }
    let default = default.and_then(|name| addresses.get(name)).map(|address| &address.endpoint);
    // Without a patch, no provider may get what the filter has not decided.
    let (host, port) = default.map_or((endpoint::NOWHERE, 80), |one| (&*one.host, one.port));
    let endpoint = match default.and_then(HostPort::ip) {
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

/// Returns a part of Envoy's configuration. Texts have no line break at their end, so that a document
/// is written as a block (`|-`), which shows each changed line.
fn value(at: &At) -> Option<Value> {
    let mut value = at.json()?;
    trim(&mut value);
    Some(value)
}

fn trim(value: &mut Value) {
    match value {
        Value::String(text) => text.truncate(text.trim_end_matches('\n').len()),
        Value::Array(items) => items.iter_mut().for_each(trim),
        Value::Object(members) => members.values_mut().for_each(trim),
        _ => {}
    }
}

/// Returns where the route leads. WebSockets are part of the action that Envoy Gateway makes, which this
/// one replaces as a whole.
fn action(route: &At) -> Option<Value> {
    let mut action = value(&route.get("route"))?;
    let upgrades = json!([{"upgrade_type": "websocket"}]);
    action.as_object_mut()?.insert("upgrade_configs".to_owned(), upgrades);
    Some(action)
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
    let entry = arguments.entry();
    let name = format!("{}/{POINTSMAN}/{}", arguments.namespace, entry.name);
    let in_manager = |member: &str| format!("{}/{member}", entry.manager);
    let patch = |kind: &str, name: &str, operation: Value| json!({"type": format!("{TYPES}.{kind}"), "name": name, "operation": operation});
    let add = |path: &str, at: &At| json!({"op": "add", "path": path, "value": value(at)});
    let of_listener = |operation| patch("listener.v3.Listener", &name, operation);
    let of_route = |operation| patch("route.v3.RouteConfiguration", &name, operation);
    let limit = "per_connection_buffer_limit_bytes";
    let idle = "stream_idle_timeout";
    let mut patches = vec![
        of_listener(add(&format!("/{limit}"), &listener.get(limit))),
        of_listener(add(&in_manager(idle), &manager.get(idle))),
        // Envoy Gateway sets 64 KiB, and Envoy tries nothing again that is longer than this.
        of_listener(add(&in_manager(WINDOW), &listener.get(limit))),
    ];
    let filters = manager.get("http_filters").items();
    let is_router = |at: &&At| at.get("name").text() == Some("envoy.filters.http.router");
    for filter in filters.iter().filter(|at| !is_router(at)) {
        // Each is added at the place of the router, so it comes after those before it and after
        // every filter of Envoy Gateway's own, authentication among them.
        patches.push(of_listener(json!({
            "op": "add",
            "jsonPath": "$..http_filters[?(@.name=='envoy.filters.http.router')]",
            "value": value(filter),
        })));
    }
    let removed = "request_headers_to_remove";
    patches.push(of_route(add(&format!("{ROUTE}/{removed}"), &route.get(removed))));
    let path = format!("{ROUTE}/route");
    patches.push(of_route(json!({"op": "replace", "path": path, "value": action(&route)})));
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
