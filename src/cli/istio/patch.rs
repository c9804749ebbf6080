//! The `EnvoyFilter`: what only Envoy's own configuration can say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::name::cluster;
use super::plan::{IstioForm, IstioPlan, put};

const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// The patches.
pub(super) fn spec(plan: &IstioPlan<'_>) -> Value {
    let mut patches = vec![json!({
        "applyTo": "LISTENER",
        "match": {"context": "GATEWAY"},
        "patch": {"operation": "MERGE", "value": {"per_connection_buffer_limit_bytes": plan.buffer}},
    })];
    let filter = if plan.arguments.form == IstioForm::WasmPlugin {
        json!({"name": "envoy.filters.http.buffer", "typed_config": {
            "@type": format!("{TYPES}.filters.http.buffer.v3.Buffer"), "max_request_bytes": plan.buffer}})
    } else {
        wasm(plan, "router", &plan.document)
    };
    patches.push(json!({
        "applyTo": "HTTP_FILTER",
        "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": {
            "name": "envoy.filters.network.http_connection_manager",
            "subFilter": {"name": "envoy.filters.http.router"}}}}},
        "patch": {"operation": "INSERT_BEFORE", "value": filter},
    }));
    patches.push(json!({
        "applyTo": "HTTP_ROUTE",
        "match": {"context": "GATEWAY", "routeConfiguration": {"vhost": {"route": {"name": "pointsman"}}}},
        "patch": {"operation": "MERGE", "value": {"route": route(plan)}},
    }));
    for (name, place) in plan.attempted() {
        patches.push(json!({
            "applyTo": "CLUSTER",
            "match": {"context": "GATEWAY", "cluster": {"name": name}},
            "patch": {"operation": "MERGE", "value": attempts(plan, place.endpoint.is_tls)},
        }));
    }
    json!({"workloadSelector": {"labels": plan.gateway_label()}, "configPatches": patches})
}

/// Where a request goes: by what the filter wrote down.
fn route(plan: &IstioPlan<'_>) -> Value {
    let action = |name: &String| {
        json!({"action": {"name": name, "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
            "cluster": name}}})
    };
    let routed = plan.places.iter().filter(|(name, _)| {
        plan.needs.clusters.get(*name).is_some_and(|purpose| purpose.is_routed)
    });
    let names = routed.map(|(_, place)| cluster(place));
    let map: BTreeMap<String, Value> = names.map(|name| (name.clone(), action(&name))).collect();
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
    if plan.fails_over() {
        put(
            &mut route,
            "retry_policy",
            json!({
                "retry_on": "connect-failure,reset,refused-stream,retriable-headers",
                "retriable_headers": [{"name": plan.config.headers.retry, "present_match": true}],
                "num_retries": plan.config.failover.max_attempts.saturating_sub(1),
                "refresh_cluster_on_retry": true,
                "per_try_timeout": "120s",
                "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.01s"},
            }),
        );
    }
    route
}

/// What a cluster has so that attempts can be made there. Istio replaces the options as a
/// whole, so all of them are here.
fn attempts(plan: &IstioPlan<'_>, is_tls: bool) -> Value {
    let mut document = plan.document.clone();
    put(&mut document, "role", "attempt");
    let mut options = json!({
        "@type": format!("{TYPES}.upstreams.http.v3.HttpProtocolOptions"),
        "http_filters": [
            wasm(plan, "attempt", &document),
            {"name": "envoy.filters.http.upstream_codec", "typed_config": {
                "@type": format!("{TYPES}.filters.http.upstream_codec.v3.UpstreamCodec")}},
        ],
    });
    if is_tls {
        put(
            &mut options,
            "auto_config",
            json!({"http_protocol_options": {}, "http2_protocol_options": {}}),
        );
    } else {
        put(&mut options, "explicit_http_config", json!({"http_protocol_options": {}}));
    }
    json!({
        "per_connection_buffer_limit_bytes": plan.buffer,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
        },
    })
}

/// The module from the container's file, with that document.
fn wasm(plan: &IstioPlan<'_>, root_id: &str, document: &Value) -> Value {
    let mut config = json!({
        "name": "pointsman",
        "root_id": root_id,
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {
            // As Istio has it for plugins: all of them share one name, and so their data.
            "vm_id": "",
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": plan.arguments.module}},
            "environment_variables": {"host_env_keys": plan.variables()},
        },
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": format!("{document:#}"),
        },
    });
    if plan.arguments.form == IstioForm::EnvoyFilter {
        put(&mut config, "allow_on_headers_stop_iteration", true);
    }
    json!({"name": "pointsman", "typed_config": {
        "@type": format!("{TYPES}.filters.http.wasm.v3.Wasm"), "config": config}})
}
