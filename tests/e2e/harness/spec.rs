//! The Envoy configuration of the tests, as Envoy's JSON.
//!
//! It has the same shape as `envoy/envoy.yaml`. Tests vary the filter's document and a few sizes,
//! and Envoy picks the ports.

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
    /// Whether the document is passed as a protobuf Struct instead of JSON text.
    pub(crate) as_struct: bool,
    /// Buffer limit of the listener and the clusters.
    pub(crate) buffer_bytes: u32,
    /// HTTP filters before this one.
    pub(crate) filters_before: Vec<Value>,
    /// Variables of the module's environment.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// Clusters that are not providers, with their ports.
    pub(crate) services: Vec<(&'static str, u16)>,
    /// Whether a second listener shows what is in shared data.
    pub(crate) with_peek: bool,
    /// Whether the listeners come from a file, so that they can be replaced.
    pub(crate) is_dynamic: bool,
    /// How long connections of a listener go on that has been replaced, in seconds.
    pub(crate) drain_time_s: u32,
    /// Certificates for a second set of clusters, which speak TLS.
    pub(crate) tls: Option<Certificates>,
    /// Whether every cluster has the attempt filter, and the route follows filter state.
    pub(crate) has_attempts: bool,
    /// Whether a buffer filter holds heads. The flag of this filter for that is then not set.
    pub(crate) has_holding_filter: bool,
    /// Whether metrics and access log are those of the shipped configurations.
    pub(crate) is_observed: bool,
    /// Whether the filter logs at every level.
    pub(crate) is_traced: bool,
    /// The `tracing` of the connection manager; null: there are no spans.
    pub(crate) tracing: Value,
}

/// Name of the listener that receives the tests' requests.
pub(super) const LISTENER: &str = "llm";

/// Name of the listener that shows shared data.
pub(super) const PEEK: &str = "peek";

/// Modules with the same VM id have their shared data in common.
const VM_ID: &str = "pointsman";

/// The type of a cluster's options for HTTP, which is their name too.
const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// A port that nothing listens on.
const CLOSED: u16 = 1;

/// How long connections of a replaced listener go on where Envoy is not told.
pub(super) const DRAIN_TIME_S: u32 = 600;

/// Files that Envoy's configuration names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    /// The module.
    pub(super) module: &'a str,
    /// The filter that shows shared data.
    pub(super) peek: &'a str,
    /// The file that listeners are read from, if they can be replaced.
    pub(super) listeners: &'a str,
    /// The folder with all files of this Envoy.
    pub(super) folder: &'a Path,
}

impl Spec {
    /// Returns a specification with this document, and with buffers that fit the default limits.
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
            drain_time_s: DRAIN_TIME_S,
            tls: None,
            has_attempts: false,
            has_holding_filter: false,
            is_observed: false,
            is_traced: false,
            tracing: Value::Null,
        }
    }

    /// Returns the same with clusters that make attempts.
    pub(crate) fn failing_over(document: Value) -> Self {
        Self { has_attempts: true, ..Self::new(document) }
    }

    /// Returns Envoy's configuration. `ports` are those of the providers.
    pub(super) fn envoy(&self, files: Files<'_>, ports: &BTreeMap<&'static str, u16>) -> Value {
        let mut clusters: Vec<Value> =
            ports.iter().map(|(name, port)| self.cluster(name, *port, files.module)).collect();
        if let Some(port) = ports.get("alpha") {
            // One that runs the filter for attempts, and one that it may call itself.
            for name in ["alpha-http2", "alpha-http2-service"] {
                let mut http2 = self.cluster(name, *port, files.module);
                let options = &mut http2["typed_extension_protocol_options"][HTTP_OPTIONS];
                options["@type"] = format!("type.googleapis.com/{HTTP_OPTIONS}").into();
                options["explicit_http_config"] = json!({"http2_protocol_options": {}});
                if name.ends_with("service") {
                    options.as_object_mut().unwrap().remove("http_filters");
                }
                clusters.push(http2);
            }
        }
        for (name, port) in &self.services {
            // Those that the document has as providers are attempted like others.
            let providers = self.document["providers"].as_object().into_iter().flatten();
            let is_provider = providers.into_iter().any(|(_, one)| one["cluster"] == **name);
            let has_attempts = self.has_attempts && is_provider;
            let service = Self { has_attempts, ..self.clone() };
            clusters.push(service.cluster(name, *port, files.module));
        }
        clusters.push(self.cluster("closed", CLOSED, files.module));
        let mut empty = self.cluster("empty", CLOSED, files.module);
        empty["load_assignment"]["endpoints"] = json!([]);
        clusters.push(empty);
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
            // Anyone who asks gets the histograms of this moment.
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

    /// Returns the listeners in the form that the file of a dynamic Envoy has.
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
            // These tests watch the cooldown, so Envoy's own limits must not interfere.
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
                HTTP_OPTIONS: {
                    "@type": format!("type.googleapis.com/{HTTP_OPTIONS}"),
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

    /// Returns the route action. A header names the cluster or, with attempts, the filter state
    /// does.
    fn action(&self, timeout: &str, per_try: &str) -> Value {
        if !(self.has_attempts || self.has_holding_filter) {
            return json!({"cluster_header": "x-llm-cluster", "timeout": timeout});
        }
        let clusters = ["alpha", "alpha-http2", "beta", "gamma", "site", "closed", "empty"];
        let action = |name: &str| {
            json!({"action": {"name": name, "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
                "cluster": name}}})
        };
        let secure = tls::CLUSTERS.map(|(name, _)| name);
        let services = self.services.iter().map(|(name, _)| *name);
        let map: BTreeMap<&str, Value> = clusters
            .into_iter()
            .chain(secure)
            .chain(services)
            .map(|name| (name, action(name)))
            .collect();
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
        // `refresh_cluster_on_retry` needs Envoy 1.39 or later, so the policy is only there if
        // something can be retried.
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
        if self.has_holding_filter {
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
        let mut listener = json!({
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
                    // Envoy keeps the `x-envoy-*` headers of callers that it takes for internal.
                    "internal_address_config": {"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
                    "access_log": [{
                        "name": "envoy.access_loggers.stderr",
                        "typed_config": log,
                    }],
                    "http_filters": filters,
                    "route_config": {"virtual_hosts": [{"name": "llm", "domains": ["*"], "routes": [
                        // A request that has to time out can ask for this.
                        route(with("x-short"), "1s", "2s"),
                        // Where no attempt hangs, a busy machine must not cause a timeout.
                        route(with("x-patient"), "0s", "60s"),
                        route(json!({"prefix": "/"}), "0s", "2s"),
                    ]}]},
                },
            }]}],
        });
        if !self.tracing.is_null() {
            let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
            manager["tracing"] = self.tracing.clone();
        }
        listener
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
                    "allow_on_headers_stop_iteration": !self.has_holding_filter,
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

/// Returns the listener that shows shared data.
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

/// Returns an address on this machine. Port 0 lets Envoy choose.
fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
