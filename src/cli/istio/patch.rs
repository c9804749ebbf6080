//! The `EnvoyFilter`: what only Envoy's own configuration can say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::credential;
use super::manifests::{Loader, Manifests, put};
use super::name::POINTSMAN;
use crate::cli::needs::per_try_seconds;

const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// Returns the patches of the gateway: buffers, the filter, its route and its clusters.
///
/// `MERGE` adds fields to what Istio has made. It finds listeners, routes and clusters by the
/// names that Istio gave them.
pub(super) fn spec(manifests: &Manifests<'_>) -> Value {
    // Envoy's default of 1 MiB would answer longer bodies with 413.
    let mut patches = vec![json!({
        "applyTo": "LISTENER",
        "match": {"context": "GATEWAY"},
        "patch": {"operation": "MERGE", "value": {"per_connection_buffer_limit_bytes": manifests.buffer}},
    })];
    let filter = if manifests.arguments.form.is_plugin() {
        // The plugin cannot hold the headers while it reads the body, so this filter does.
        // Istio inserts plugins before it, which is the order that it needs.
        json!({"name": "envoy.filters.http.buffer", "typed_config": {
            "@type": format!("{TYPES}.filters.http.buffer.v3.Buffer"), "max_request_bytes": manifests.buffer}})
    } else {
        wasm(manifests, "router", &manifests.document)
    };
    patches.push(json!({
        "applyTo": "HTTP_FILTER",
        "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": {
            "name": "envoy.filters.network.http_connection_manager",
            "subFilter": {"name": "envoy.filters.http.router"}}}}},
        // Last of all filters but the router, so authentication comes before it.
        "patch": {"operation": "INSERT_BEFORE", "value": filter},
    }));
    patches.push(json!({
        "applyTo": "HTTP_ROUTE",
        "match": {"context": "GATEWAY", "routeConfiguration": {"vhost": {"route": {"name": "pointsman"}}}},
        "patch": {"operation": "MERGE", "value": {"route": route(manifests)}},
    }));
    for (name, address) in manifests.attempted() {
        patches.push(json!({
            "applyTo": "CLUSTER",
            "match": {"context": "GATEWAY", "cluster": {"name": name}},
            "patch": {"operation": "MERGE", "value": attempts(manifests, &name, address.endpoint.is_tls)},
        }));
    }
    json!({
        "workloadSelector": {"labels": manifests.selector()},
        // After the patches of other resources, which have 0 unless they say more: so the filters that
        // they insert before Envoy's router come before this one.
        "priority": 10,
        "configPatches": patches,
    })
}

/// Returns the action of the route: a request goes to the cluster that the filter wrote into
/// filter state. Every attempt looks there anew.
fn route(manifests: &Manifests<'_>) -> Value {
    let action = |name: &str| {
        json!({"action": {"name": name, "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
            "cluster": name}}})
    };
    let map: BTreeMap<String, Value> =
        manifests.routed().map(|name| (name.clone(), action(&name))).collect();
    let mut route = json!({
        "inline_cluster_specifier_plugin": {"extension": {
            "name": "envoy.router.cluster_specifier_plugin.matcher",
            "typed_config": {
                "@type": format!("{TYPES}.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier"),
                "cluster_matcher": {"matcher_tree": {
                    "input": {"name": "decision", "typed_config": {
                        "@type": format!("{TYPES}.matching.common_inputs.network.v3.FilterStateInput"),
                        "key": "wasm.llm.cluster"}},
                    "exact_match_map": {"map": map},
                }},
            },
        }},
        "timeout": "0s",
    });
    if manifests.fails_over() {
        put(&mut route, "retry_policy", retry_policy(manifests));
    }
    route
}

/// Returns how another attempt is made. envoy/failover.yaml says what each part is for.
fn retry_policy(manifests: &Manifests<'_>) -> Value {
    json!({
        "retry_on": "connect-failure,reset,refused-stream,retriable-headers",
        "retriable_headers": [{"name": manifests.config.headers.retry, "present_match": true}],
        "num_retries": manifests.config.failover.max_attempts.saturating_sub(1),
        "refresh_cluster_on_retry": true,
        "per_try_timeout": format!("{}s", per_try_seconds(&manifests.config)),
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.01s"},
    })
}

/// Returns what a cluster needs so that attempts can be made there.
///
/// Istio sets protocol options of its own, and a patch replaces them as a whole, so the
/// protocols are here too.
fn attempts(manifests: &Manifests<'_>, cluster: &str, is_tls: bool) -> Value {
    let mut document = manifests.document.clone();
    put(&mut document, "role", "attempt");
    let mut filters = vec![wasm(manifests, "attempt", &document)];
    // After the attempt filter: it sees what is sent.
    filters.extend(credential::filter(manifests, cluster));
    filters.push(json!({"name": "envoy.filters.http.upstream_codec", "typed_config": {
        "@type": format!("{TYPES}.filters.http.upstream_codec.v3.UpstreamCodec")}}));
    let mut options = json!({
        "@type": format!("{TYPES}.upstreams.http.v3.HttpProtocolOptions"),
        "http_filters": filters,
    });
    // With TLS the server chooses the protocol in the handshake; without, Envoy cannot know
    // whether it speaks HTTP/2.
    let (key, protocols) = if is_tls {
        ("auto_config", json!({"http_protocol_options": {}, "http2_protocol_options": {}}))
    } else {
        ("explicit_http_config", json!({"http_protocol_options": {}}))
    };
    put(&mut options, key, protocols);
    json!({
        "per_connection_buffer_limit_bytes": manifests.buffer,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
        },
    })
}

/// Returns the filter: the module from the container's file, with this document.
///
/// `root_id` says whether it decides (`router`) or makes attempts (`attempt`).
fn wasm(manifests: &Manifests<'_>, root_id: &str, document: &Value) -> Value {
    // Shared data belongs to this id, and both roles have to see the same. Istio gives plugins none.
    let vm_id = if manifests.arguments.form.is_plugin() { "" } else { POINTSMAN };
    let mut config = json!({
        "name": "pointsman",
        "root_id": root_id,
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {
            "vm_id": vm_id,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": manifests.arguments.module}},
            "environment_variables": {"host_env_keys": manifests.variables().collect::<Vec<_>>()},
        },
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": format!("{document:#}"),
        },
    });
    if manifests.arguments.form == Loader::EnvoyFilter {
        put(&mut config, "allow_on_headers_stop_iteration", true);
    }
    json!({"name": "pointsman", "typed_config": {
        "@type": format!("{TYPES}.filters.http.wasm.v3.Wasm"), "config": config}})
}
