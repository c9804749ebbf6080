//! What `pointsman gateway` writes serves in an Envoy: its patches are applied to the listener, route and
//! cluster that Envoy Gateway makes of the other resources, as Envoy Gateway applies them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::generated::{endpoints, file, mocks, pointsman, realtime_status};
use crate::harness::{Ask, Group, ask, module, validate_text};

const CONFIG: &str = "envoy/istio/pointsman.json";
const CLUSTERS: [(&str, &str); 4] =
    [("openai", "gpt"), ("anthropic", "claude"), ("vllm", "llama"), ("website", "site")];
const VARIABLES: [(&str, &str); 2] =
    [("OPENAI_API_KEY", "sk-openai"), ("ANTHROPIC_API_KEY", "sk-anthropic")];

/// The Gateway's listener: its name, the arguments that ask for it, and where Envoy Gateway has its chain
/// of filters.
type Entry = (&'static str, &'static [&'static str], &'static str);

const PLAIN: Entry = ("default/pointsman/http", &[], "/default_filter_chain");
const TLS: Entry = ("default/pointsman/https", &["--tls", "llm-certificate"], "/filter_chains/0");

/// Returns the patches.
fn patches(config: &str, entry: Entry, endpoints: &[String]) -> Vec<Value> {
    let module = module();
    let mut arguments = vec!["gateway", "--config", config, "--module", &module, "--json"];
    arguments.extend(entry.1);
    arguments.extend(endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    let list: Value = serde_json::from_str(&pointsman(&arguments)).unwrap();
    let items = list["items"].as_array().unwrap();
    let policy = items.iter().find(|one| one["kind"] == "EnvoyPatchPolicy").unwrap();
    policy["spec"]["jsonPatches"].as_array().unwrap().clone()
}

/// Returns the resources that Envoy Gateway makes of a listener and a route, by type and name. What
/// makes TLS of a chain is left out: no patch concerns it.
fn made(entry: Entry) -> BTreeMap<(String, String), Value> {
    let (name, cluster) = (entry.0, "httproute/default/pointsman/rule/0");
    let types = "type.googleapis.com/envoy";
    let manager = json!({
        "@type": format!("{types}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "http2_protocol_options": {"initial_connection_window_size": 1_048_576,
                                   "initial_stream_window_size": 65_536, "max_concurrent_streams": 100},
        "http_filters": [
            // That of a SecurityPolicy, for example.
            {"name": "envoy.filters.http.api_key_auth", "typed_config": {
                "@type": format!("{types}.extensions.filters.http.api_key_auth.v3.ApiKeyAuth"),
                "credentials": [{"key": "a-key-of-the-team", "client": "team"}],
                "key_sources": [{"header": "x-team-key"}]}},
            {"name": "envoy.filters.http.router", "typed_config": {
                "@type": format!("{types}.extensions.filters.http.router.v3.Router"),
                "suppress_envoy_headers": true}}],
        "merge_slashes": true, "normalize_path": true,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
        "rds": {"config_source": {"ads": {}, "resource_api_version": "V3"}, "route_config_name": name},
        "server_header_transformation": "PASS_THROUGH",
        "stat_prefix": "http-10080", "use_remote_address": true,
    });
    let chain = json!({"name": name, "filters": [
        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]});
    let mut listener = json!({
        "name": name, "per_connection_buffer_limit_bytes": 32_768,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
    });
    match entry.2 {
        "/default_filter_chain" => listener["default_filter_chain"] = chain,
        _ => listener["filter_chains"] = json!([chain]),
    }
    let routes = json!({"name": name, "virtual_hosts": [{
        "name": "default/pointsman/http/*", "domains": ["*"],
        "routes": [{"name": "httproute/default/pointsman/rule/0/match/0/*", "match": {"prefix": "/"},
                    "route": {"cluster": cluster, "upgrade_configs": [{"upgrade_type": "websocket"}]}}]}]});
    let backend = json!({"name": cluster, "type": "STATIC", "connect_timeout": "10s",
                         "load_assignment": {"cluster_name": cluster, "endpoints": []}});
    [
        ("listener.v3.Listener", name, listener),
        ("route.v3.RouteConfiguration", name, routes),
        ("cluster.v3.Cluster", cluster, backend),
    ]
    .into_iter()
    .map(|(kind, name, value)| ((format!("{types}.config.{kind}"), name.to_owned()), value))
    .collect()
}

/// Applies a patch as RFC 6902 says. Of JSONPath it knows the one that selects the router.
fn apply(all: &mut BTreeMap<(String, String), Value>, patch: &Value) {
    let text = |at: &Value| at.as_str().unwrap().to_owned();
    let key = (text(&patch["type"]), text(&patch["name"]));
    let (operation, value) = (&patch["operation"], patch["operation"]["value"].clone());
    assert!(!value.is_null(), "{patch}");
    if operation["path"] == "" {
        assert!(all.insert(key, value).is_none(), "{patch}");
        return;
    }
    let resource = all.get_mut(&key).unwrap_or_else(|| panic!("no resource for {patch}"));
    let path = match operation["jsonPath"].as_str() {
        None => text(&operation["path"]),
        Some(path) => {
            assert_eq!(path, "$..http_filters[?(@.name=='envoy.filters.http.router')]");
            let lists = ["/default_filter_chain", "/filter_chains/0"]
                .map(|chain| format!("{chain}/filters/0/typed_config/http_filters"));
            let list = lists.iter().find(|list| resource.pointer(list).is_some()).unwrap();
            let filters = resource.pointer(list).unwrap().as_array().unwrap();
            let is_router = |one: &Value| one["name"] == "envoy.filters.http.router";
            format!("{list}/{}", filters.iter().position(is_router).unwrap())
        }
    };
    let (parent, member) = path.rsplit_once('/').unwrap();
    match (resource.pointer_mut(parent).unwrap(), operation["op"].as_str().unwrap()) {
        (Value::Array(list), "add") => list.insert(member.parse().unwrap(), value),
        (Value::Object(members), "add") => _ = members.insert(member.to_owned(), value),
        (Value::Object(members), "replace") => {
            assert!(members.insert(member.to_owned(), value).is_some(), "{patch}");
        }
        (_, other) => panic!("{other} at {path}"),
    }
}

/// Returns the patched resources as one file of Envoy's.
fn envoy(config: &str, entry: Entry, endpoints: &[String]) -> String {
    let mut all = made(entry);
    for patch in patches(config, entry, endpoints) {
        apply(&mut all, &patch);
    }
    let of = |kind: &str| -> Vec<Value> {
        let all = all.iter().filter(|((one, _), _)| one.ends_with(kind));
        all.map(|(_, value)| value.clone()).collect()
    };
    let mut listener = of(".Listener").remove(0);
    let manager = listener.pointer_mut(&format!("{}/filters/0/typed_config", entry.2)).unwrap();
    let members = manager.as_object_mut().unwrap();
    // Envoy would fetch it from Envoy Gateway.
    members.remove("rds");
    members.insert("route_config".to_owned(), of(".RouteConfiguration").remove(0));
    let admin = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    json!({"admin": {"address": admin},
           "static_resources": {"listeners": [listener], "clusters": of(".Cluster")}})
    .to_string()
}

fn ask_as_team(group: &Group) -> Ask<'_> {
    ask(group).header("x-team-key", "a-key-of-the-team").model("assistant")
}

/// Returns an Envoy with the patches for a document, after Envoy and lint have accepted it.
fn patched(config: &str, entry: Entry, clusters: &[(&str, &'static str)]) -> Group {
    let names: Vec<&'static str> = clusters.iter().map(|(_, mock)| *mock).collect();
    let mocks = mocks(&names);
    let text = envoy(config, entry, &endpoints(&mocks, clusters));
    let (is_valid, output) = validate_text(&text, &VARIABLES);
    assert!(is_valid, "{output}");
    let found = pointsman(&["lint", "--config", config, "--envoy", &file("json", &text)]);
    assert!(found.contains(": 0 errors, 0 warnings"), "{found}");
    Group::of(mocks, &text, &VARIABLES)
}

fn serves_and_fails_over(group: &Group) {
    // Authentication of Envoy Gateway's comes first.
    assert_eq!(ask(group).model("assistant").send().status, 401);
    let reply = ask_as_team(group).send();
    assert_eq!(reply.served(), ("gpt", "gpt-4o"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-openai"));
    assert_eq!(seen.authority, "api.openai.com");
    let failing = ask_as_team(group).header("x-mock-only", "gpt");
    let reply = failing.header("x-mock-status", "429").send();
    assert_eq!(reply.header("x-llm-attempts"), Some("gpt-4o=429,llama=200"));
    let reply = ask_as_team(group).path("/index.html").send();
    assert_eq!(reply.reached_one().0, "site");
    group.assert_no_trap();
}

#[test]
fn the_patches_make_an_envoy_that_serves_and_fails_over() {
    serves_and_fails_over(&patched(CONFIG, PLAIN, &CLUSTERS));
}

#[test]
fn the_patches_find_the_chain_of_a_listener_with_tls() {
    serves_and_fails_over(&patched(CONFIG, TLS, &CLUSTERS));
}

#[test]
fn the_patches_keep_web_sockets() {
    let group = patched(CONFIG, TLS, &CLUSTERS);
    assert_eq!(realtime_status(&group, "assistant"), "HTTP/1.1 101 Switching Protocols");
    group.assert_no_trap();
}

/// The document of `CONFIG` with these settings.
fn document(settings: &[(&str, Value)]) -> String {
    let text = std::fs::read_to_string(CONFIG).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in settings {
        document[*key] = value.clone();
    }
    file("json", &document.to_string())
}

#[test]
fn a_buffer_filter_of_the_patches_holds_the_headers() {
    let hold = ("hold", json!("buffer_filter"));
    let failover = document(std::slice::from_ref(&hold));
    let group = patched(&failover, PLAIN, &CLUSTERS);
    // The request is longer than what Envoy Gateway buffers, and comes in pieces.
    let long = "x".repeat(200_000);
    let body = json!({"model": "assistant", "messages": [{"role": "user", "content": long}]});
    let reply = ask_as_team(&group).body(body.to_string()).send();
    assert_eq!(reply.served(), ("gpt", "gpt-4o"));
    serves_and_fails_over(&group);

    let one = document(&[hold, ("failover", json!({"attempt_filter": true}))]);
    let group = patched(&one, TLS, &CLUSTERS);
    let failing = ask_as_team(&group).header("x-mock-only", "gpt");
    assert_eq!(failing.header("x-mock-status", "503").send().status, 503);
    let reply = ask_as_team(&group).send();
    assert_eq!(reply.served(), ("gpt", "gpt-4o"));
    group.assert_no_trap();
}
