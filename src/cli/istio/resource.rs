//! Istio's resources: where providers are, what comes in, and the plugin.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::envoy::endpoint::ClusterPlace;

use super::name::{self, NAME, host};
use super::patch;
use super::plan::{IstioForm, IstioPlan, put};

/// Everything, in the order in which it is to be there.
pub(super) fn all(plan: &IstioPlan<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut hosts: BTreeMap<String, Vec<&ClusterPlace>> = BTreeMap::new();
    for place in plan.places.values() {
        let places = hosts.entry(host(place)).or_default();
        if !places.iter().any(|known| known.endpoint.port == place.endpoint.port) {
            places.push(place);
        }
    }
    for (host, places) in &hosts {
        if !is_inside(host) {
            all.push(service_entry(plan, host, places));
        }
        all.push(destination_rule(plan, host, places));
    }
    all.push(gateway(plan));
    all.push(virtual_service(plan));
    if plan.arguments.form == IstioForm::WasmPlugin {
        all.push(wasm_plugin(plan));
    }
    all.push(resource(
        plan,
        "networking.istio.io/v1alpha3",
        "EnvoyFilter",
        NAME,
        patch::spec(plan),
    ));
    all
}

/// Whether Kubernetes itself knows the host.
fn is_inside(host: &str) -> bool {
    host.ends_with(".svc") || host.contains(".svc.")
}

fn resource(plan: &IstioPlan<'_>, version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": plan.arguments.namespace},
        "spec": spec,
    })
}

fn service_entry(plan: &IstioPlan<'_>, host: &str, places: &[&ClusterPlace]) -> Value {
    let ports: Vec<Value> = places
        .iter()
        .map(|place| {
            let (name, protocol) =
                if place.endpoint.is_tls { ("https", "HTTPS") } else { ("http", "HTTP") };
            let port = place.endpoint.port;
            json!({"name": format!("{name}-{port}"), "number": port, "protocol": protocol})
        })
        .collect();
    let mut spec = json!({
        "hosts": [host], "location": "MESH_EXTERNAL", "ports": ports, "resolution": "DNS",
        // Nobody else is to see what is the gateway's.
        "exportTo": ["."],
    });
    if let Some(ip) = places.first().and_then(|place| place.endpoint.ip()) {
        put(&mut spec, "resolution", "STATIC");
        put(&mut spec, "endpoints", json!([{"address": ip.to_string()}]));
    }
    resource(plan, "networking.istio.io/v1", "ServiceEntry", &name::of_host(host), spec)
}

fn destination_rule(plan: &IstioPlan<'_>, host: &str, places: &[&ClusterPlace]) -> Value {
    let settings: Vec<Value> = places
        .iter()
        .map(|place| {
            let mut settings = json!({
                "port": {"number": place.endpoint.port},
                "connectionPool": {"http": {"maxRetries": 1024}},
            });
            if place.endpoint.is_tls {
                let name = &place.server_name;
                put(
                    &mut settings,
                    "tls",
                    json!({"mode": "SIMPLE", "sni": name, "subjectAltNames": [name]}),
                );
            }
            settings
        })
        .collect();
    let spec = json!({
        "host": host, "exportTo": ["."],
        "trafficPolicy": {"portLevelSettings": settings},
    });
    resource(plan, "networking.istio.io/v1", "DestinationRule", &name::of_host(host), spec)
}

fn gateway(plan: &IstioPlan<'_>) -> Value {
    let spec = json!({
        "selector": plan.gateway_label(),
        "servers": [{
            "hosts": plan.arguments.hosts,
            "port": {"name": "http", "number": 80, "protocol": "HTTP"},
        }],
    });
    resource(plan, "networking.istio.io/v1", "Gateway", NAME, spec)
}

/// The route that the patch makes the filter's; where it leads to is replaced there.
fn virtual_service(plan: &IstioPlan<'_>) -> Value {
    let default = plan.config.default_cluster.as_deref();
    let mut places = plan.places.values();
    let place = plan
        .places
        .values()
        .find(|place| Some(name::cluster(place).as_str()) == default)
        .or_else(|| places.next());
    let destination =
        place.map(|place| json!({"host": host(place), "port": {"number": place.endpoint.port}}));
    let names = &plan.config.headers;
    let spec = json!({
        "hosts": plan.arguments.hosts,
        "gateways": [NAME],
        "http": [{
            "name": NAME,
            "headers": {"request": {"remove": [names.cluster, names.model]}},
            "retries": {"attempts": 0},
            "route": [{"destination": destination}],
            // Streams last as long as they last.
            "timeout": "0s",
        }],
    });
    resource(plan, "networking.istio.io/v1", "VirtualService", NAME, spec)
}

fn wasm_plugin(plan: &IstioPlan<'_>) -> Value {
    let env: Vec<Value> =
        plan.variables().iter().map(|name| json!({"name": name, "valueFrom": "HOST"})).collect();
    let mut spec = json!({
        "selector": {"matchLabels": plan.gateway_label()},
        "url": plan.arguments.image,
        "pluginName": NAME,
        "failStrategy": "FAIL_RELOAD",
        "pluginConfig": plan.document,
    });
    if !env.is_empty() {
        put(&mut spec, "vmConfig", json!({"env": env}));
    }
    resource(plan, "extensions.istio.io/v1alpha1", "WasmPlugin", NAME, spec)
}
