//! What an Envoy of the tests is configured with, as Envoy's JSON.
//!
//! The same shape as `envoy/envoy.yaml`; tests vary the filter's document and
//! a few sizes, and Envoy picks the ports.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// How to start an Envoy.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// The filter's configuration.
    pub(crate) document: Value,
    /// Hand it over as a protobuf Struct instead of JSON text.
    pub(crate) as_struct: bool,
    /// Buffer limit of the listener and the clusters.
    pub(crate) buffer_bytes: u32,
    /// HTTP filters before this one.
    pub(crate) filters_before: Vec<Value>,
    /// Variables of the module's environment.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

impl Spec {
    /// A document with buffers that fit the default limits.
    pub(crate) fn new(document: Value) -> Self {
        Self {
            document,
            as_struct: false,
            buffer_bytes: 18 << 20,
            filters_before: Vec::new(),
            environment: vec![("ALPHA_KEY", "sk-alpha"), ("GAMMA_KEY", "sk-gamma")],
        }
    }

    /// Envoy's configuration; `ports` are the providers'.
    pub(crate) fn envoy(&self, module: &str, ports: &BTreeMap<&'static str, u16>) -> Value {
        let mut clusters: Vec<Value> =
            ports.iter().map(|(name, port)| self.cluster(name, *port)).collect();
        if let Some(port) = ports.get("alpha") {
            let mut http2 = self.cluster("alpha-http2", *port);
            http2["typed_extension_protocol_options"] = json!({
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }
            });
            clusters.push(http2);
        }
        json!({
            "admin": {"address": address(0)},
            "static_resources": {"listeners": [self.listener(module)], "clusters": clusters},
        })
    }

    fn cluster(&self, name: &str, port: u16) -> Value {
        json!({
            "name": name, "type": "STATIC", "connect_timeout": "10s",
            "per_connection_buffer_limit_bytes": self.buffer_bytes,
            // Cooldown is what these tests watch, not Envoy's own limits.
            "circuit_breakers": {"thresholds": [{"max_connections": 4096, "max_pending_requests": 4096,
                                                 "max_requests": 4096}]},
            "load_assignment": {"cluster_name": name, "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
        })
    }

    fn listener(&self, module: &str) -> Value {
        let mut filters = self.filters_before.clone();
        filters.push(self.filter(module));
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
        }));
        json!({
            "name": "llm",
            "address": address(0),
            "per_connection_buffer_limit_bytes": self.buffer_bytes,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    "stat_prefix": "llm",
                    "http_protocol_options": {"enable_trailers": true},
                    "upgrade_configs": [{"upgrade_type": "websocket"}],
                    // From callers it takes for internal, Envoy keeps `x-envoy-*` headers.
                    "internal_address_config": {"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
                    "access_log": [{
                        "name": "envoy.access_loggers.stderr",
                        "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
                        },
                    }],
                    "http_filters": filters,
                    "route_config": {"virtual_hosts": [{"name": "llm", "domains": ["*"], "routes": [{
                        "match": {"prefix": "/"},
                        "request_headers_to_remove": ["x-llm-cluster", "x-llm-model"],
                        "route": {"cluster_header": "x-llm-cluster", "timeout": "0s"},
                    }]}]},
                },
            }]}],
        })
    }

    fn filter(&self, module: &str) -> Value {
        let configuration = if self.as_struct {
            json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": self.document})
        } else {
            json!({"@type": "type.googleapis.com/google.protobuf.StringValue",
                   "value": serde_json::to_string_pretty(&self.document).unwrap()})
        };
        let environment: BTreeMap<_, _> = self.environment.iter().copied().collect();
        json!({
            "name": "pointsman",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": "pointsman",
                    "failure_policy": "FAIL_RELOAD",
                    "allow_on_headers_stop_iteration": true,
                    "vm_config": {
                        "vm_id": "pointsman",
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": module}},
                        "environment_variables": {"key_values": environment},
                    },
                    "configuration": configuration,
                },
            },
        })
    }
}

/// An address on this machine; port 0 lets Envoy choose.
fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
