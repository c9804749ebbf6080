//! Istio's resources: where providers are, what comes in, and the plugin.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::endpoint::{ClusterAddress, NOWHERE};

use super::credential;
use super::manifests::{Loader, Manifests, put};
use super::name::{self, POINTSMAN};
use super::patch;

/// The version of the resources that load a plugin.
const EXTENSIONS: &str = "extensions.istio.io/v1alpha1";

/// Returns all resources, each after those that it refers to.
///
/// In this order they can be applied one by one: a route to a host that Istio does not know
/// yet is answered with 503.
pub(super) fn all(manifests: &Manifests<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    // A service has one resource for all of its ports.
    let mut hosts: BTreeMap<String, Vec<&ClusterAddress>> = BTreeMap::new();
    for address in manifests.addresses.values() {
        let ports = hosts.entry(name::host(address)).or_default();
        if !ports.iter().any(|known| known.endpoint.port == address.endpoint.port) {
            ports.push(address);
        }
    }
    for (host, ports) in &hosts {
        if !name::is_kubernetes_service(host) {
            all.push(service_entry(manifests, host, ports));
        }
        // It takes the place of a rule that the owner of the service wrote, so there is none for
        // nothing.
        if ports.iter().any(|address| address.endpoint.is_tls) {
            all.push(destination_rule(manifests, host, ports));
        }
    }
    all.push(gateway(manifests));
    all.push(virtual_service(manifests));
    match manifests.arguments.form {
        Loader::WasmPlugin => all.push(wasm_plugin(manifests)),
        Loader::TrafficExtension => all.push(traffic_extension(manifests)),
        Loader::EnvoyFilter => {}
    }
    all.extend(credential::config_map(manifests));
    let spec = patch::spec(manifests);
    all.push(resource(manifests, "networking.istio.io/v1alpha3", "EnvoyFilter", POINTSMAN, spec));
    all
}

fn resource(
    manifests: &Manifests<'_>,
    version: &str,
    kind: &str,
    name: &str,
    spec: Value,
) -> Value {
    json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": manifests.arguments.namespace},
        "spec": spec,
    })
}

/// Returns what makes Istio know a host outside of the mesh, and so have clusters for it.
///
/// `ports` are all ports of the host, since a host has one such resource.
fn service_entry(manifests: &Manifests<'_>, host: &str, ports: &[&ClusterAddress]) -> Value {
    let port = |address: &&ClusterAddress| {
        let (name, protocol) =
            if address.endpoint.is_tls { ("https", "HTTPS") } else { ("http", "HTTP") };
        let port = address.endpoint.port;
        json!({"name": format!("{name}-{port}"), "number": port, "protocol": protocol})
    };
    let ports_spec: Vec<Value> = ports.iter().map(port).collect();
    let mut spec = json!({
        "hosts": [host], "location": "MESH_EXTERNAL", "ports": ports_spec, "resolution": "DNS",
        // Without this every workload of the mesh could reach the providers by these names.
        "exportTo": ["."],
    });
    if let Some(ip) = ports.first().and_then(|address| address.endpoint.ip()) {
        // The host is made up, so DNS would not find it.
        put(&mut spec, "resolution", "STATIC");
        put(&mut spec, "endpoints", json!([{"address": ip.to_string()}]));
    }
    resource(manifests, "networking.istio.io/v1", "ServiceEntry", &name::resource(host), spec)
}

/// Returns how connections to a host are made: TLS with the provider's name. Istio's limit of
/// concurrent retries is as high as it can be.
fn destination_rule(manifests: &Manifests<'_>, host: &str, ports: &[&ClusterAddress]) -> Value {
    let settings = |address: &&ClusterAddress| {
        let mut settings = json!({"port": {"number": address.endpoint.port}});
        if address.endpoint.is_tls {
            let name = &address.server_name;
            let tls = json!({"mode": "SIMPLE", "sni": name, "subjectAltNames": [name]});
            put(&mut settings, "tls", tls);
        }
        settings
    };
    let settings: Vec<Value> = ports.iter().map(settings).collect();
    let spec = json!({
        "host": host, "exportTo": ["."],
        "trafficPolicy": {"portLevelSettings": settings},
    });
    resource(manifests, "networking.istio.io/v1", "DestinationRule", &name::resource(host), spec)
}

fn gateway(manifests: &Manifests<'_>) -> Value {
    let hosts = &manifests.arguments.hosts;
    let server = match &manifests.arguments.tls {
        None => json!({
            "hosts": hosts, "port": {"name": "http", "number": 80, "protocol": "HTTP"},
        }),
        Some(secret) => json!({
            "hosts": hosts, "port": {"name": "https", "number": 443, "protocol": "HTTPS"},
            "tls": {"mode": "SIMPLE", "credentialName": secret},
        }),
    };
    let spec = json!({"selector": manifests.selector(), "servers": [server]});
    resource(manifests, "networking.istio.io/v1", "Gateway", POINTSMAN, spec)
}

/// Returns the one route of the gateway.
///
/// A `VirtualService` cannot choose a cluster by what a filter decided. The patch of
/// `EnvoyFilter` finds this route by its name and replaces where it leads to. Until it is
/// applied, everything goes to the default cluster. Without one, it goes nowhere: no provider may
/// get what a filter has not decided.
///
/// The other hosts have no weight. Istio routes nothing to them, but an Istio that gives a gateway
/// only the clusters of the hosts that its routes name gives it these, too.
fn virtual_service(manifests: &Manifests<'_>) -> Value {
    let default = manifests.config.default_cluster.as_deref();
    let is_default = |address: &&ClusterAddress| Some(name::cluster(address).as_str()) == default;
    let addresses = manifests.addresses.values();
    let place = |address: &ClusterAddress| (name::host(address), address.endpoint.port);
    let default = addresses.clone().find(is_default).map_or((NOWHERE.to_owned(), 80), place);
    let named: BTreeSet<(String, u16)> = addresses.map(place).filter(|it| *it != default).collect();
    let destination =
        |(host, port): &(String, u16)| json!({"host": host, "port": {"number": port}});
    let mut route = vec![json!({"destination": destination(&default), "weight": 100})];
    route.extend(named.iter().map(|it| json!({"destination": destination(it), "weight": 0})));
    let names = &manifests.config.headers;
    let spec = json!({
        "hosts": manifests.arguments.hosts,
        "gateways": [POINTSMAN],
        "http": [{
            "name": POINTSMAN,
            "headers": {"request": {"remove": [names.cluster, names.model]}},
            // Istio retries twice by default, also what the filter decided not to.
            "retries": {"attempts": 0},
            // Without a timeout, streams last as long as they last. Istio refuses 0.
            "route": route,
        }],
    });
    resource(manifests, "networking.istio.io/v1", "VirtualService", POINTSMAN, spec)
}

fn wasm_plugin(manifests: &Manifests<'_>) -> Value {
    let mut spec = plugin(manifests);
    put(&mut spec, "selector", json!({"matchLabels": manifests.selector()}));
    resource(manifests, EXTENSIONS, "WasmPlugin", POINTSMAN, spec)
}

/// Returns what takes the place of a `WasmPlugin` from Istio 1.30 on. Its phase is left out, so Istio
/// inserts it right before the router, and the patch inserts the buffer filter between the two.
fn traffic_extension(manifests: &Manifests<'_>) -> Value {
    let spec = json!({
        "selector": {"matchLabels": manifests.selector()},
        "wasm": plugin(manifests),
    });
    resource(manifests, EXTENSIONS, "TrafficExtension", POINTSMAN, spec)
}

/// Returns the module, its document and its environment, as both resources have them.
fn plugin(manifests: &Manifests<'_>) -> Value {
    let env: Vec<Value> =
        manifests.variables().map(|name| json!({"name": name, "valueFrom": "HOST"})).collect();
    let mut plugin = json!({
        "url": manifests.image(),
        "pluginName": POINTSMAN,
        // A trap ends the requests of one worker; the next one gets a new VM.
        "failStrategy": "FAIL_RELOAD",
        "pluginConfig": manifests.document,
    });
    if !env.is_empty() {
        put(&mut plugin, "vmConfig", json!({"env": env}));
    }
    plugin
}
