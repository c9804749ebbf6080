//! What an Envoy of the tests is configured with, as Envoy's JSON.
//!
//! The same shape as `envoy/envoy.yaml`; tests vary the filter's document and
//! a few sizes, and Envoy picks the ports.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::observed;
use super::tls::{self, Certificates};

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
    /// Clusters that are no providers, by port.
    pub(crate) services: Vec<(&'static str, u16)>,
    /// A second listener shows what is in shared data.
    pub(crate) with_peek: bool,
    /// Listeners come from a file, so that they can be replaced.
    pub(crate) is_dynamic: bool,
    /// Clusters behind TLS as well, with these certificates.
    pub(crate) tls: Option<Certificates>,
    /// Every cluster has the attempt filter, and the route goes by filter state.
    pub(crate) has_attempts: bool,
    /// A buffer filter holds heads; this one's flag for that is not set.
    pub(crate) is_held_behind: bool,
    /// Metrics and access log are as they are shipped.
    pub(crate) is_observed: bool,
    /// All that can be logged of the filter is.
    pub(crate) is_traced: bool,
}

/// Name of the listener that the tests' requests go to.
pub(super) const LISTENER: &str = "llm";

/// Name of the one that shows shared data.
pub(super) const PEEK: &str = "peek";

/// Shared data is common to the modules of one such name.
const VM_ID: &str = "pointsman";

/// A port that nothing listens on.
const CLOSED: u16 = 1;

/// Files that Envoy's configuration names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    /// The module.
    pub(super) module: &'a str,
    /// The filter that shows shared data.
    pub(super) peek: &'a str,
    /// Where listeners are read from, if they can be replaced.
    pub(super) listeners: &'a str,
    /// Where all of this Envoy's files are.
    pub(super) folder: &'a Path,
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
            services: Vec::new(),
            with_peek: false,
            is_dynamic: false,
            tls: None,
            has_attempts: false,
            is_held_behind: false,
            is_observed: false,
            is_traced: false,
        }
    }

    /// The same with clusters that make attempts.
    pub(crate) fn failing_over(document: Value) -> Self {
        Self { has_attempts: true, ..Self::new(document) }
    }

    /// Envoy's configuration; `ports` are the providers'.
    pub(super) fn envoy(&self, files: Files<'_>, ports: &BTreeMap<&'static str, u16>) -> Value {
        let mut clusters: Vec<Value> =
            ports.iter().map(|(name, port)| self.cluster(name, *port, files.module)).collect();
        if let Some(port) = ports.get("alpha") {
            let mut http2 = self.cluster("alpha-http2", *port, files.module);
            http2["typed_extension_protocol_options"] = json!({
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }
            });
            clusters.push(http2);
        }
        for (name, port) in &self.services {
            let plain = Self { has_attempts: false, ..self.clone() };
            clusters.push(plain.cluster(name, *port, files.module));
        }
        clusters.push(self.cluster("closed", CLOSED, files.module));
        for (name, plain) in tls::CLUSTERS {
            if let Some(certificates) = &self.tls {
                let cluster = self.cluster(plain, CLOSED, files.module);
                clusters.push(certificates.secure(cluster, name, files.folder));
            }
        }
        let mut envoy = json!({
            "admin": {"address": address(0)},
            "static_resources": {"clusters": clusters},
        });
        if self.is_observed {
            envoy["stats_config"] = observed::stats_config(self.has_attempts);
            // Whoever asks gets the histograms of this moment.
            envoy["stats_flush_on_admin"] = true.into();
        }
        if self.is_dynamic {
            envoy["node"] = json!({"id": "tests", "cluster": "tests"});
            envoy["dynamic_resources"] = json!({"lds_config": {
                "resource_api_version": "V3", "path_config_source": {"path": files.listeners}}});
        } else {
            envoy["static_resources"]["listeners"] = self.listeners(files).into();
        }
        envoy
    }

    /// The listeners, as the file of a dynamic Envoy holds them.
    pub(super) fn resources(&self, files: Files<'_>) -> Value {
        let mut listeners = self.listeners(files);
        for listener in &mut listeners {
            listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
        }
        json!({"resources": listeners})
    }

    fn listeners(&self, files: Files<'_>) -> Vec<Value> {
        let mut listeners = vec![self.listener(files.module)];
        if self.with_peek {
            listeners.push(peek(files.peek));
        }
        listeners.extend(self.tls.iter().map(|tls| tls.listener(files.folder)));
        listeners
    }

    fn cluster(&self, name: &str, port: u16, module: &str) -> Value {
        let mut cluster = json!({
            "name": name, "type": "STATIC", "connect_timeout": "10s",
            "per_connection_buffer_limit_bytes": self.buffer_bytes,
            // Cooldown is what these tests watch, not Envoy's own limits.
            "circuit_breakers": {"thresholds": [{"max_connections": 4096, "max_pending_requests": 4096,
                                                 "max_requests": 4096}]},
            "load_assignment": {"cluster_name": name, "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
        });
        if self.has_attempts {
            let mut document = self.document.clone();
            document["role"] = "attempt".into();
            cluster["circuit_breakers"]["thresholds"][0]["max_retries"] = 1024.into();
            cluster["typed_extension_protocol_options"] = json!({
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": {"http_protocol_options": {"enable_trailers": true}},
                    "http_filters": [self.filter_of(module, &document), {
                        "name": "envoy.filters.http.upstream_codec",
                        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"},
                    }],
                }
            });
        }
        cluster
    }

    /// Where a request goes: by a header, or with attempts by what the filter wrote down.
    fn action(&self, timeout: &str, per_try: &str) -> Value {
        if !(self.has_attempts || self.is_held_behind) {
            return json!({"cluster_header": "x-llm-cluster", "timeout": timeout});
        }
        let clusters = ["alpha", "beta", "gamma", "site", "closed"];
        let action = |name: &str| {
            json!({"action": {"name": name, "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
                "cluster": name}}})
        };
        let secure = tls::CLUSTERS.map(|(name, _)| name);
        let map: BTreeMap<&str, Value> =
            clusters.into_iter().chain(secure).map(|name| (name, action(name))).collect();
        let mut action = json!({
            "timeout": timeout,
            "inline_cluster_specifier_plugin": {"extension": {
                "name": "envoy.router.cluster_specifier_plugin.matcher",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
                    "cluster_matcher": {"matcher_tree": {
                        "input": {"name": "decision", "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
                            "key": "wasm.llm.cluster"}},
                        "exact_match_map": {"map": map},
                    }},
                },
            }},
        });
        // One of Envoy 1.39 and later, where there is something to retry.
        if self.has_attempts && self.document["failover"].get("max_attempts").is_some() {
            action["retry_policy"] = json!({
                "retry_on": "connect-failure,reset,refused-stream,retriable-headers",
                "retriable_headers": [{"name": "x-llm-retry", "present_match": true}],
                "num_retries": 8,
                "per_try_timeout": per_try,
                "refresh_cluster_on_retry": true,
                "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.01s"},
            });
        }
        action
    }

    fn listener(&self, module: &str) -> Value {
        let route = |condition: Value, timeout: &str, per_try: &str| {
            json!({
                "match": condition,
                "request_headers_to_remove": ["x-llm-cluster", "x-llm-model"],
                "route": self.action(timeout, per_try),
            })
        };
        let with = |header: &str| json!({"prefix": "/", "headers": [{"name": header, "present_match": true}]});
        let mut filters = self.filters_before.clone();
        filters.push(self.filter(module));
        if self.is_held_behind {
            filters.push(json!({"name": "envoy.filters.http.buffer", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
                "max_request_bytes": self.buffer_bytes}}));
        }
        filters.push(router());
        let mut log = json!({
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
        });
        if self.is_observed {
            log["log_format"] = observed::log_format(self.has_attempts);
        }
        json!({
            "name": LISTENER,
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
                        "typed_config": log,
                    }],
                    "http_filters": filters,
                    "route_config": {"virtual_hosts": [{"name": "llm", "domains": ["*"], "routes": [
                        // What a request may be given that has to time out.
                        route(with("x-short"), "1s", "2s"),
                        // Where no attempt hangs, a busy machine is not to look like one.
                        route(with("x-patient"), "0s", "60s"),
                        route(json!({"prefix": "/"}), "0s", "2s"),
                    ]}]},
                },
            }]}],
        })
    }

    fn filter(&self, module: &str) -> Value {
        self.filter_of(module, &self.document)
    }

    fn filter_of(&self, module: &str, document: &Value) -> Value {
        let configuration = if self.as_struct {
            json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": document})
        } else {
            json!({"@type": "type.googleapis.com/google.protobuf.StringValue",
                   "value": serde_json::to_string_pretty(document).unwrap()})
        };
        let environment: BTreeMap<_, _> = self.environment.iter().copied().collect();
        json!({
            "name": "pointsman",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": "pointsman",
                    "failure_policy": "FAIL_RELOAD",
                    "allow_on_headers_stop_iteration": !self.is_held_behind,
                    "vm_config": {
                        "vm_id": VM_ID,
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

/// The listener that shows shared data.
fn peek(module: &str) -> Value {
    let filter = json!({
        "name": "peek",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "peek",
                "vm_config": {
                    "vm_id": VM_ID,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                },
            },
        },
    });
    json!({
        "name": PEEK,
        "address": address(0),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": PEEK,
                "http_filters": [filter, router()],
                "route_config": {"virtual_hosts": []},
            },
        }]}],
    })
}

fn router() -> Value {
    json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    })
}

/// An address on this machine; port 0 lets Envoy choose.
fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
