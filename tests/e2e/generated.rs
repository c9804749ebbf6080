//! What `pointsman envoy` writes: Envoy accepts it, lint finds no fault in it, and it serves.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::harness::tls::{Certificates, server_name};
use crate::harness::{Envoy, Group, ask, fresh, module, run, validate_text};
use crate::mock::Mock;

const VARIABLES: [(&str, &str); 7] = [
    ("CLIENT_SECRET", "sk-client-of-login"),
    ("INJECTED_KEY", "sk-injected"),
    ("OPENAI_API_KEY", "sk-openai"),
    ("ANTHROPIC_API_KEY", "sk-anthropic"),
    ("ALPHA_KEY", "sk-alpha"),
    ("NORTH_API_KEY", "sk-north"),
    ("NO", "sk-no"),
];

/// Runs the tool and returns its standard output.
pub(crate) fn pointsman(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}\n{errors}");
    text
}

/// Writes a configuration for these endpoints, and has lint check it.
pub(crate) fn generated(config: &str, endpoints: &[String], more: &[&str]) -> String {
    let module = module();
    let mut arguments = vec!["envoy", "--config", config, "--module", &module];
    arguments.extend(["--listen", "127.0.0.1:0", "--admin-port", "0"]);
    arguments.extend(endpoints.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    arguments.extend(more);
    let text = pointsman(&arguments);
    let file = file("yaml", &text);
    // This fails if lint finds an error.
    pointsman(&["lint", "--config", config, "--envoy", &file]);
    text
}

pub(crate) fn file(ending: &str, text: &str) -> String {
    let name = fresh(&format!("generated-{}", std::process::id()));
    let file = format!("{}/{name}.{ending}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, text).unwrap();
    file
}

/// Returns a folder that nothing else uses.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    let name = fresh(&format!("{name}-{}", std::process::id()));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn mocks(names: &[&'static str]) -> BTreeMap<&'static str, Mock> {
    names.iter().map(|name| (*name, run(Mock::start(name, 0)).unwrap())).collect()
}

/// Returns one mock for each cluster, at the address that the tool is given.
pub(crate) fn endpoints(
    mocks: &BTreeMap<&'static str, Mock>,
    clusters: &[(&str, &str)],
) -> Vec<String> {
    let endpoint =
        |(cluster, mock): &(&str, &str)| format!("{cluster}=127.0.0.1:{}", mocks[mock].port());
    clusters.iter().map(endpoint).collect()
}

#[test]
fn envoy_accepts_the_configuration_as_written() {
    for name in ["simple", "failover", "odd", "held", "held-bare", "credentials"] {
        let clusters = file("yaml", "");
        let config = format!("tests/configs/envoy/{name}.json");
        let text = generated(&config, &[], &["--clusters", &clusters]);
        let (is_valid, output) = validate_text(&text, &VARIABLES);
        assert!(is_valid, "{name}: {output}\n{text}");
        assert!(text.contains("CHANGE ME"), "{name}: providers without an address are easy to see");
    }
}

#[test]
fn a_simple_configuration_serves() {
    let mocks = mocks(&["llama", "site"]);
    let endpoints = endpoints(&mocks, &[("vllm", "llama"), ("website", "site")]);
    let text = generated("tests/configs/envoy/simple.json", &endpoints, &[]);
    let group = Group::of(mocks, &text, &VARIABLES);
    assert_eq!(ask(&group).model("auto").send().served(), ("llama", "llama-3.3-70b"));
    let reply = ask(&group).path("/v1/files").body("anything").send();
    assert_eq!(reply.seen[0].0, "site");
    group.assert_no_trap();
}

/// Returns the status of an answer to a request for a realtime session.
pub(crate) fn realtime_status(group: &Group, model: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", group.port())).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "GET /v1/realtime?model={model} HTTP/1.1\r\nhost: proxy.test\r\nx-team-key: a-key-of-the-team\r\n\
                connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-mock-socket: 1\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn realtime_sessions_open() {
    for (name, cluster) in [("simple", "vllm"), ("failover", "openai")] {
        let mocks = mocks(&["llama", "site"]);
        let endpoints = endpoints(&mocks, &[(cluster, "llama"), ("website", "site")]);
        let config = format!("tests/configs/envoy/{name}.json");
        let group = Group::of(mocks, &generated(&config, &endpoints, &[]), &VARIABLES);
        assert_eq!(realtime_status(&group, "auto"), "HTTP/1.1 101 Switching Protocols", "{config}");
        group.assert_no_trap();
    }
}

#[test]
fn clients_need_a_key_where_a_filter_before_asks_for_one() {
    let mocks = mocks(&["llama", "site"]);
    let endpoints = endpoints(&mocks, &[("vllm", "llama"), ("website", "site")]);
    let filters = ["--filters", "envoy/api-keys.yaml"];
    let text = generated("tests/configs/envoy/simple.json", &endpoints, &filters);
    let group = Group::of(mocks, &text, &VARIABLES);
    let keys = [
        ("authorization", "Bearer replace-me"),
        ("x-api-key", "replace-me"),
        ("x-goog-api-key", "replace-me"),
    ];
    for (name, key) in keys {
        let reply = ask(&group).model("auto").header(name, key).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!(provider, "llama");
        for (name, _) in keys {
            assert_eq!(seen.header(name), None, "the provider gets no key of a client");
        }
        assert_eq!(ask(&group).model("auto").header(name, "Bearer other").send().status, 401);
    }
    let reply = ask(&group).model("auto").header("x-llm-tenant", "team-a").send();
    assert_eq!(reply.status, 401);
    group.assert_no_trap();
}

#[test]
fn operators_pass_the_filter_for_keys_of_clients_and_nobody_else() {
    let page = include_str!("../../docs/admin.md");
    let (_, block) = page.split_once("```yaml\n- name: envoy.filters.http.api_key_auth").unwrap();
    let block = block.split_once("```").unwrap().0;
    let filters = file("filters.yaml", &format!("- name: envoy.filters.http.api_key_auth{block}"));
    let mut document: Value =
        serde_json::from_str(include_str!("../configs/envoy/simple.json")).unwrap();
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    let document = file("json", &document.to_string());
    let mocks = mocks(&["llama", "site"]);
    let endpoints = endpoints(&mocks, &[("vllm", "llama"), ("website", "site")]);
    let text = generated(&document, &endpoints, &["--filters", &filters]);
    let token = "an-example-of-a-token";
    let group = Group::of(mocks, &text, &[("ADMIN_TOKEN", token)]);
    let state = |token: &str| {
        let authorization = format!("Bearer {token}");
        ask(&group)
            .method(Method::GET)
            .path("/admin/state")
            .header("authorization", &authorization)
            .send()
    };
    assert_eq!(state(token).status, 200);
    assert_eq!(state("replace-me").status, 401);
    let paths = [
        "/v1/chat/completions",
        "/admin",
        "/admin/../v1/chat/completions",
        "/admin/%2e%2e/v1/chat/completions",
        "/admin/v1/chat/completions",
        "//admin/../v1/chat/completions",
        "/ADMIN/../v1/chat/completions",
        "/admin/..;/v1/chat/completions",
        "/admin/\\../v1/chat/completions",
    ];
    for path in paths {
        let reply = ask(&group).path(path).model("auto").send();
        assert_eq!(reply.status, 401, "{path}");
        assert!(reply.seen.is_empty(), "{path}");
    }
    assert_eq!(ask(&group).model("auto").header("x-api-key", "replace-me").send().status, 200);
    group.assert_no_trap();
}

#[test]
fn a_configuration_whose_buffer_filter_holds_headers_serves() {
    let names = ["llama", "site"];
    let clusters = [("vllm", "llama"), ("website", "site")];
    let bare = mocks(&names);
    let endpoints_of = |mocks: &BTreeMap<_, _>, more: &[(&str, &str)]| {
        endpoints(mocks, &[&clusters[..], more].concat())
    };
    let text = generated("tests/configs/envoy/held-bare.json", &endpoints_of(&bare, &[]), &[]);
    let group = Group::of(bare, &text, &VARIABLES);
    assert_eq!(ask(&group).model("auto").send().served(), ("llama", "llama-3.3-70b"));
    let reply = ask(&group).path("/v1/files").body("anything").send();
    assert_eq!(reply.seen[0].0, "site");
    group.assert_no_trap();

    let mocks = mocks(&["openai", "llama", "site"]);
    let endpoints = endpoints_of(&mocks, &[("openai", "openai")]);
    let text = generated("tests/configs/envoy/held.json", &endpoints, &[]);
    let group = Group::of(mocks, &text, &VARIABLES);
    let asked = ask(&group).model("auto").header("x-mock-only", "openai");
    let reply = asked.header("x-mock-status", "503").send();
    assert_eq!(reply.header("x-llm-attempts"), Some("gpt-4o=503,llama=200"));
    let (_, seen) = reply.seen.iter().find(|(name, _)| *name == "openai").unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-openai"));
    group.assert_no_trap();
}

#[test]
fn a_configuration_with_failover_and_credentials_serves() {
    let mocks = mocks(&["openai", "claude", "llama", "site"]);
    let clusters =
        [("openai", "openai"), ("anthropic", "claude"), ("vllm", "llama"), ("website", "site")];
    let endpoints = endpoints(&mocks, &clusters);
    let text = generated("tests/configs/envoy/failover.json", &endpoints, &[]);
    let group = Group::of(mocks, &text, &VARIABLES);
    let reply = ask(&group)
        .model("auto")
        .header("x-mock-only", "openai")
        .header("x-mock-status", "503")
        .send();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.json()["mock"]["provider"], "llama");
    let of = |name: &str| &reply.seen.iter().find(|(one, _)| *one == name).unwrap().1;
    assert_eq!(of("openai").header("authorization"), Some("Bearer sk-openai"));
    assert_eq!(of("openai").authority, "api.openai.com");
    assert_eq!(of("llama").header("authorization"), None);
    let reply = ask(&group).path("/v1/messages").model("sonnet").send();
    assert_eq!(reply.seen[0].1.header("x-api-key"), Some("sk-anthropic"));
    group.assert_no_trap();
}

#[test]
fn a_configuration_with_names_that_need_quotes_serves() {
    let mocks = mocks(&["on", "space", "quote", "six"]);
    let clusters =
        [("on", "on"), ("a: b #c", "space"), (r#"say "hi" \ {x}"#, "quote"), ("six", "six")];
    let endpoints = endpoints(&mocks, &clusters);
    let text = generated("tests/configs/envoy/odd.json", &endpoints, &[]);
    let group = Group::of(mocks, &text, &VARIABLES);
    let served: Vec<&str> = (0..4).map(|_| ask(&group).model("m").send().served().0).collect();
    assert_eq!(served, ["on", "space", "quote", "six"]);
    group.assert_no_trap();
}

#[test]
fn providers_with_tls_are_reached_by_their_own_names() {
    let mocks = mocks(&["alpha", "beta"]);
    let certificates = Certificates::new();
    let ports: Vec<(&str, u16)> = mocks.iter().map(|(name, mock)| (*name, mock.port())).collect();
    let tls = Envoy::start_text(&certificates.alone(&ports), &[]);
    let config = serde_json::json!({
        "providers": {
            "alpha": {"cluster": "alpha-tls", "authority": server_name("alpha-tls"),
                      "credential": {"env": "ALPHA_KEY"}},
            "beta": {"cluster": "beta-tls", "authority": server_name("beta-tls")},
        },
        "deployments": {"a": {"provider": "alpha", "model": "model-a"},
                        "b": {"provider": "beta", "model": "model-b"}},
        "models": {"ab": {"candidates": ["a", "b"]}},
        "failover": {"max_attempts": 2},
    });
    let config = file("json", &config.to_string());
    let endpoint = |cluster: &str| format!("{cluster}=127.0.0.1:{},tls", tls.listener_port());
    let endpoints = ["alpha-tls", "beta-tls"].map(endpoint);
    let authority = file("pem", certificates.authority());
    let text = generated(&config, &endpoints, &["--trusted-ca", &authority]);
    let group = Group::of(mocks, &text, &VARIABLES);
    let reply = ask(&group)
        .model("ab")
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "503")
        .send();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let mut asked: Vec<(&str, &str)> =
        reply.seen.iter().map(|(name, seen)| (*name, seen.authority.as_str())).collect();
    asked.sort_unstable();
    assert_eq!(asked, [("alpha", "alpha-tls.example"), ("beta", "beta-tls.example")]);
    group.assert_no_trap();
}
