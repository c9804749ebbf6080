//! The Envoy parts that `pointsman istio` writes serve when they are put together as Istio does.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::generated::file;
use crate::harness::{Ask, Group, ask, module, run};
use crate::mock::{Behaviour, Mock};
use crate::signed;
use crate::yaml;

/// A configuration and what its gateway has.
struct Gateway {
    config: &'static str,
    /// Its clusters, and the mock that plays each.
    clusters: &'static [(&'static str, &'static str)],
    /// The variables of the container's environment.
    variables: &'static [(&'static str, &'static str)],
}

const SHIPPED: Gateway = Gateway {
    config: "envoy/istio/pointsman.json",
    clusters: &[("openai", "gpt"), ("anthropic", "claude"), ("vllm", "llama"), ("website", "site")],
    variables: &[("OPENAI_API_KEY", "sk-openai"), ("ANTHROPIC_API_KEY", "sk-anthropic")],
};

/// The same without failover, for the forms that make one attempt.
const ONE_ATTEMPT: Gateway = Gateway { config: "envoy/istio/one-attempt.json", ..SHIPPED };

/// Envoy adds the credentials.
const CREDENTIALS: Gateway = Gateway {
    config: signed::CONFIG,
    clusters: &signed::CLUSTERS,
    variables: &[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("ALPHA_KEY", "sk-alpha"),
        ("CLIENT_SECRET", "sk-client-of-login"),
        ("INJECTED_KEY", "sk-injected"),
    ],
};

/// Returns the resources of a form. `secrets` is the folder with the files that name secrets.
fn resources(
    gateway: &Gateway,
    form: &str,
    mocks: &BTreeMap<&'static str, Mock>,
    secrets: &str,
) -> Vec<Value> {
    let module = module();
    let mut arguments =
        vec!["istio", "--config", gateway.config, "--form", form, "--output", "json"];
    arguments.extend(["--module", &module, "--secrets", secrets]);
    let address =
        |(cluster, mock): &(&str, &str)| format!("{cluster}=127.0.0.1:{}", mocks[mock].port());
    let endpoints: Vec<String> = gateway.clusters.iter().map(address).collect();
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

/// Returns the clusters of a route as Istio makes them: it leaves out what has no weight.
fn weighted(http: &Value) -> Vec<Value> {
    let routes = http["route"].as_array().unwrap().iter();
    let cluster = |one: &Value| {
        let (host, port) =
            (one["destination"]["host"].as_str().unwrap(), &one["destination"]["port"]["number"]);
        json!({"name": format!("outbound|{port}||{host}"), "weight": one["weight"]})
    };
    let clusters: Vec<Value> = routes.filter(|one| one["weight"] != 0).map(cluster).collect();
    assert_eq!(clusters.len(), 1, "{http}");
    clusters
}

/// Returns Envoy's configuration: what Istio makes of the other resources, patched.
fn envoy(resources: &[Value], mocks: &BTreeMap<&'static str, Mock>) -> String {
    let extensions = of_kind(resources, "TrafficExtension").into_iter().map(|spec| &spec["wasm"]);
    let plugins = of_kind(resources, "WasmPlugin").into_iter().chain(extensions);
    let mut filters: Vec<Value> = plugins.map(plugin).collect();
    let http = &of_kind(resources, "VirtualService")[0]["http"][0];
    let mut route = json!({
        "name": http["name"], "match": {"prefix": "/"},
        "request_headers_to_remove": http["headers"]["request"]["remove"],
        // What Istio sets where a route names none.
        "route": {"timeout": "0s", "weighted_clusters": {"clusters": weighted(http)}},
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
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "llm",
    });
    // Istio keeps what is not in this list, by its prefix.
    let kept = json!([{"prefix": "reporter="}, {"prefix": "cluster_manager"}, {"prefix": "wasm"}]);
    let matcher = json!({"inclusion_list": {"patterns": kept}});
    let mut bootstrap =
        json!({"stats_config": {"use_all_default_tags": false, "stats_matcher": matcher}});
    let filters_of_istio = of_kind(resources, "EnvoyFilter");
    let lists = filters_of_istio.iter().map(|spec| spec["configPatches"].as_array().unwrap());
    for one in lists.flatten() {
        let (value, at) = (&one["patch"]["value"], &one["match"]);
        let operation = one["patch"]["operation"].as_str().unwrap();
        match (one["applyTo"].as_str().unwrap(), operation) {
            ("LISTENER", "MERGE") => merge(&mut listener, value),
            ("BOOTSTRAP", "MERGE") => merge(&mut bootstrap, value),
            ("NETWORK_FILTER", "MERGE") => merge(&mut manager, &value["typed_config"]),
            ("HTTP_FILTER", "INSERT_BEFORE") => filters.push(value.clone()),
            ("HTTP_ROUTE", "MERGE") => {
                assert_eq!(at["routeConfiguration"]["vhost"]["route"]["name"], route["name"]);
                // Members of one choice take the place of each other.
                route["route"].as_object_mut().unwrap().remove("weighted_clusters");
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
    let routes = json!({"virtual_hosts": [{"name": "llm", "domains": ["*"], "routes": [route]}]});
    merge(&mut manager, &json!({"http_filters": filters, "route_config": routes}));
    let chain = json!({"filters": [
        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]});
    merge(&mut listener, &json!({"name": "llm", "address": address(0), "filter_chains": [chain]}));
    // Istio's clusters come by CDS, in any order. The worst is where the token's comes last.
    let of_login = mocks.get("login").map(|mock| format!("outbound|{}||", mock.port()));
    let is_login = |name: &String| of_login.as_ref().is_some_and(|of| name.starts_with(of));
    let mut clusters: Vec<(String, Value)> = clusters.into_iter().collect();
    clusters.sort_by_key(|(name, _)| is_login(name));
    let clusters = clusters.into_iter().map(|(_, mut cluster)| {
        cluster["@type"] = "type.googleapis.com/envoy.config.cluster.v3.Cluster".into();
        cluster
    });
    let clusters = file("json", &json!({"resources": clusters.collect::<Vec<_>>()}).to_string());
    merge(
        &mut bootstrap,
        &json!({"admin": {"address": address(0)}, "node": {"id": "gateway", "cluster": "gateway"},
           "dynamic_resources": {"cds_config": {"path_config_source": {"path": clusters},
                                                "resource_api_version": "V3"}},
           "static_resources": {"listeners": [listener]}}),
    );
    bootstrap.to_string()
}

/// Returns the shipped resources for metrics and the access log.
fn observe() -> Option<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/envoy/istio/observe.yaml");
    Some(yaml::value(&std::fs::read_to_string(file).unwrap()))
}

/// Puts the files of a `ConfigMap` into a folder, as Kubernetes mounts them.
fn mount(resources: &[Value], folder: &Path) {
    let maps = resources.iter().filter(|one| one["kind"] == "ConfigMap");
    for (name, text) in maps.flat_map(|one| one["data"].as_object().unwrap()) {
        std::fs::write(folder.join(name), text.as_str().unwrap()).unwrap();
    }
}

fn group(form: &str) -> Group {
    start(if form == "envoy-filter" { &SHIPPED } else { &ONE_ATTEMPT }, form)
}

fn start(gateway: &Gateway, form: &str) -> Group {
    let mocks: BTreeMap<_, _> = gateway
        .clusters
        .iter()
        .map(|(_, name)| (*name, run(Mock::start(name, 0)).unwrap()))
        .collect();
    if let Some(login) = mocks.get("login") {
        let body = json!({"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600});
        let answer = Behaviour { body: Some(body.to_string().into()), ..Behaviour::default() };
        login.script_anew(answer);
    }
    let secrets = file("secrets", "");
    std::fs::remove_file(&secrets).unwrap();
    std::fs::create_dir_all(&secrets).unwrap();
    let mut resources = resources(gateway, form, &mocks, &secrets);
    mount(&resources, Path::new(&secrets));
    resources.extend(observe());
    let text = envoy(&resources, &mocks);
    Group::of(mocks, &text, gateway.variables)
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
    serves_in_one_attempt(&group("wasm-plugin"));
}

#[test]
fn an_extension_with_its_companions_serves() {
    serves_in_one_attempt(&group("traffic-extension"));
}

fn serves_in_one_attempt(group: &Group) {
    serves(group);
    let failing = || {
        let asked = with_credential(group, "assistant").header("x-mock-only", "gpt");
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

/// The filters of metrics and of the access log are those of `envoy/istio/observe.yaml`.
#[test]
fn a_gateway_of_istio_reports_what_it_does() {
    for form in ["envoy-filter", "wasm-plugin"] {
        let group = group(form);
        let reply = with_credential(&group, "assistant").send();
        assert_eq!(reply.served(), ("gpt", "gpt-4o"));
        let scrape = run(group.envoy().scrape());
        let labels = [("deployment", "gpt-4o"), ("outcome", "success")];
        assert_eq!(scrape.sum("pointsman_attempts", &labels), 1.0, "{form}");
        let line = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let log = group.envoy().log();
            let line = log.lines().find(|line| line.starts_with('{'));
            line.map(|line| serde_json::from_str::<Value>(line).unwrap())
        });
        let line = line.expect("a line of the access log");
        assert_eq!(line["deployment"], "gpt-4o", "{form}");
        assert_eq!(line["attempts"], "gpt-4o=200", "{form}");
    }
}

#[test]
fn credentials_that_envoy_adds_come_from_the_environment_of_the_gateway() {
    let group = start(&CREDENTIALS, "envoy-filter");
    // Envoy has asked for the token before there was a cluster for it, and asks again.
    let has_token = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        !group.mock("login").seen().is_empty()
    });
    assert!(has_token, "Envoy asks for a token");
    let form = group.mock("login").seen()[0].text();
    assert!(form.contains("sk-client-of-login"), "{form}");
    for (model, wanted) in [
        ("oauth-open", vec![("oauth", Some("Bearer a-token"), None)]),
        ("sent-open", vec![("sent", None, Some("sk-injected"))]),
    ] {
        let reply = with_credential(&group, model).send();
        let got: Vec<_> = reply
            .seen
            .iter()
            .map(|(mock, seen)| (*mock, seen.header("authorization"), seen.header("api-key")))
            .collect();
        assert_eq!(got, wanted);
    }
    // What Envoy added to one attempt is not in the next.
    let failing = with_credential(&group, "oauth-open").header("x-mock-only", "oauth");
    let reply = failing.header("x-mock-status", "503").send();
    assert_eq!(reply.header("x-llm-attempts"), Some("auth-gpt=503,llama=200"));
    assert_eq!(reply.seen[1].1.header("authorization"), Some("Bearer sk-client"));
    let reply = with_credential(&group, "signed-key").send();
    let signature = reply.seen[0].1.header("authorization").unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 "), "{signature}");
    group.assert_no_trap();
}
