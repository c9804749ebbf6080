//! The Envoy parts that `pointsman istio` writes serve when they are put together as Istio does.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Ask, Group, ask, module, run};
use crate::mock::Mock;

const VARIABLES: [(&str, &str); 2] =
    [("OPENAI_API_KEY", "sk-openai"), ("ANTHROPIC_API_KEY", "sk-anthropic")];
const CONFIG: &str = "envoy/istio/pointsman.json";
/// The clusters of that configuration, and the mock that plays each.
const CLUSTERS: [(&str, &str); 4] =
    [("openai", "gpt"), ("anthropic", "claude"), ("vllm", "llama"), ("website", "site")];

/// Returns the resources of a form.
fn resources(form: &str, mocks: &BTreeMap<&'static str, Mock>) -> Vec<Value> {
    let module = module();
    let mut arguments =
        vec!["istio", "--config", CONFIG, "--form", form, "--module", &module, "--output", "json"];
    let endpoints =
        CLUSTERS.map(|(cluster, mock)| format!("{cluster}=127.0.0.1:{}", mocks[mock].port()));
    arguments.extend(endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    let output = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn of_kind<'a>(resources: &'a [Value], kind: &str) -> Vec<&'a Value> {
    resources.iter().filter(|one| one["kind"] == kind).map(|one| &one["spec"]).collect()
}

/// Returns the plugin as Istio's agent passes it to Envoy.
fn plugin(spec: &Value) -> Value {
    let env = spec["vmConfig"]["env"].as_array().unwrap();
    let keys: Vec<&Value> = env.iter().map(|one| &one["name"]).collect();
    json!({"name": "pointsman", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
    "config": {
        "name": "pointsman", "root_id": spec["pluginName"], "failure_policy": spec["failStrategy"],
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue",
                          "value": spec["pluginConfig"].to_string()},
        "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module()}},
                      "environment_variables": {"host_env_keys": keys}},
    }}})
}

/// Merges a patch into members. Lists and other values replace what was there.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

/// Returns Envoy's configuration: what Istio makes of the other resources, patched.
fn envoy(resources: &[Value], mocks: &BTreeMap<&'static str, Mock>) -> String {
    let mut filters: Vec<Value> =
        of_kind(resources, "WasmPlugin").into_iter().map(plugin).collect();
    let http = &of_kind(resources, "VirtualService")[0]["http"][0];
    let mut route = json!({
        "name": http["name"], "match": {"prefix": "/"},
        "request_headers_to_remove": http["headers"]["request"]["remove"],
        "route": {"timeout": http["timeout"]},
    });
    let mut listener = json!({});
    let address =
        |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let mut clusters: BTreeMap<String, Value> = mocks
        .values()
        .map(|mock| {
            let name = format!("outbound|{}||127-0-0-1.pointsman.internal", mock.port());
            let cluster = json!({"name": name, "type": "STATIC", "connect_timeout": "10s",
                "load_assignment": {"cluster_name": name, "endpoints": [
                    {"lb_endpoints": [{"endpoint": {"address": address(mock.port())}}]}]}});
            (name, cluster)
        })
        .collect();
    let patches = of_kind(resources, "EnvoyFilter")[0]["configPatches"].as_array().unwrap();
    for one in patches {
        let (value, at) = (&one["patch"]["value"], &one["match"]);
        let operation = one["patch"]["operation"].as_str().unwrap();
        match (one["applyTo"].as_str().unwrap(), operation) {
            ("LISTENER", "MERGE") => merge(&mut listener, value),
            ("HTTP_FILTER", "INSERT_BEFORE") => filters.push(value.clone()),
            ("HTTP_ROUTE", "MERGE") => {
                assert_eq!(at["routeConfiguration"]["vhost"]["route"]["name"], route["name"]);
                merge(&mut route, value);
            }
            ("CLUSTER", "MERGE") => {
                let name = at["cluster"]["name"].as_str().unwrap();
                merge(clusters.get_mut(name).unwrap(), value);
            }
            other => panic!("{other:?}"),
        }
    }
    filters.push(json!({"name": "envoy.filters.http.router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}));
    merge(
        &mut listener,
        &json!({"name": "llm", "address": address(0), "filter_chains": [{"filters": [{
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "llm",
            "http_filters": filters,
            "route_config": {"virtual_hosts": [{"name": "llm", "domains": ["*"], "routes": [route]}]},
        }}]}]}),
    );
    let clusters: Vec<Value> = clusters.into_values().collect();
    json!({"admin": {"address": address(0)},
           "static_resources": {"listeners": [listener], "clusters": clusters}})
    .to_string()
}

fn group(form: &str) -> Group {
    let mocks: BTreeMap<_, _> =
        CLUSTERS.map(|(_, name)| (name, run(Mock::start(name, 0)).unwrap())).into();
    let text = envoy(&resources(form, &mocks), &mocks);
    Group::of(mocks, &text, &VARIABLES)
}

fn with_credential<'g>(group: &'g Group, model: &str) -> Ask<'g> {
    ask(group).header("authorization", "Bearer sk-client").model(model)
}

fn serves(group: &Group) {
    let reply = with_credential(group, "assistant").send();
    assert_eq!(reply.served(), ("gpt", "gpt-4o"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-openai"));
    assert_eq!(seen.header("host"), Some("api.openai.com"));
    let reply = ask(group).path("/index.html").body("anything").send();
    assert_eq!(reply.reached_one().0, "site");
    ask(group).model("nil").send().refused(404);
    group.assert_no_trap();
}

#[test]
fn a_plugin_with_its_companions_serves() {
    let group = group("wasm-plugin");
    serves(&group);
    let failing = || {
        let asked = with_credential(&group, "assistant").header("x-mock-only", "gpt");
        asked.header("x-mock-status", "429").header("x-mock-retry-after", "60").send()
    };
    assert_eq!(failing().status, 429);
    let reply = failing();
    assert_eq!(reply.served().0, "llama");
    assert_eq!(reply.seen[0].1.header("authorization"), Some("Bearer sk-client"));
    group.assert_no_trap();
}

#[test]
fn a_filter_that_holds_headers_fails_over() {
    let group = group("envoy-filter");
    serves(&group);
    let reply = with_credential(&group, "assistant")
        .header("x-mock-only", "gpt")
        .header("x-mock-status", "429")
        .send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("gpt-4o=429,llama=200"));
    assert_eq!(reply.seen[1].1.header("authorization"), Some("Bearer sk-client"));
    group.assert_no_trap();
}
