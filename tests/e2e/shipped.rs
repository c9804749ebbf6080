//! The Envoy configurations of `envoy/`, unchanged but for their ports.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::harness::{Ask, Group, ask, module, run};
use crate::mock::Mock;

const VARIABLES: [(&str, &str); 2] =
    [("NORTH_API_KEY", "sk-north"), ("POINTSMAN_ADMIN_TOKEN", "a-token-of-the-tests")];

/// Starts a file of `envoy/` on other ports: Envoy chooses those of the listener and the admin
/// page.
fn shipped(file: &str) -> Group {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy").join(file);
    start(std::fs::read_to_string(path).unwrap())
}

/// Starts a text like those, with mock providers at its ports.
pub(crate) fn start(mut text: String) -> Group {
    let mocks: BTreeMap<_, _> =
        ["north", "south"].map(|name| (name, run(Mock::start(name, 0)).unwrap())).into();
    let ports =
        [(10000, 0), (9901, 0), (9101, mocks["north"].port()), (9102, mocks["south"].port())];
    for (port, with) in ports {
        text = text.replace(&format!("port_value: {port}}}"), &format!("port_value: {with}}}"));
    }
    let at = "filename: target/wasm32-wasip1/release/pointsman.wasm";
    assert!(text.contains(at), "the text does not name the module");
    Group::of(mocks, &text.replace(at, &format!("filename: {}", module())), &VARIABLES)
}

/// Checks what is true of each of them.
fn assert_serves(group: &Group) {
    let with_credential = || ask(group).header("authorization", "Bearer sk-client");
    let reply = with_credential().model("gpt-4").send();
    assert_eq!(reply.served(), ("north", "gpt-4o-mini"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-north"));
    assert_eq!(seen.header("host"), Some("north.example"));
    for name in ["x-llm-cluster", "x-llm-model"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    let refactor = crate::harness::chat("gpt-4", "Please refactor this function.");
    let reply = with_credential().json(&refactor).send();
    assert_eq!(reply.served(), ("south", "qwen3-coder"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-client"));
    assert_eq!(seen.path, "/openai/v1/chat/completions");
    assert_eq!(reply.header("x-llm-route"), Some("code"));
    let reply = ask(group).header("x-llm-tag", "premium").model("gpt-4").send();
    assert_eq!(reply.served(), ("north", "gpt-4o"));
    ask(group).model("nil").send().refused(404);
    let reply = with_credential().path("/index.html").body("anything").send();
    let (provider, seen) = reply.reached_one();
    assert_eq!((provider, seen.header("authorization")), ("north", Some("Bearer sk-client")));
    group.assert_no_trap();
}

fn with_north_at_its_limit(group: &Group) -> Ask<'_> {
    ask(group)
        .model("assistant")
        .header("x-mock-only", "north")
        .header("x-mock-status", "429")
        .header("x-mock-retry-after", "60")
}

/// Checks that the client gets the failure, and that the next request goes to the other provider.
fn assert_passes_over(group: &Group) {
    assert_eq!(with_north_at_its_limit(group).send().status, 429);
    let reply = with_north_at_its_limit(group).send();
    assert_eq!(reply.served(), ("south", "llama-3.1-8b"));
    group.assert_no_trap();
}

#[test]
fn routing() {
    let group = shipped("envoy.yaml");
    assert_serves(&group);
    assert_passes_over(&group);
}

#[test]
fn held_by_the_buffer_filter() {
    let group = shipped("buffer.yaml");
    assert_serves(&group);
    assert_passes_over(&group);
}

#[test]
fn failover_in_a_container() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy");
    let sed = Command::new("sed")
        .current_dir(&folder)
        .args(["-f", "compose.sed", "failover.yaml"])
        .output();
    let text = String::from_utf8(sed.unwrap().stdout).unwrap();
    let shipped = std::fs::read_to_string(folder.join("failover.yaml")).unwrap();
    assert_eq!(text.lines().count(), shipped.lines().count());
    let changed: Vec<_> = text.lines().zip(shipped.lines()).filter(|(a, b)| a != b).collect();
    let expected = [
        "address: 0.0.0.0, port_value: 9901",
        "address: 0.0.0.0, port_value: 10000",
        "type: STRICT_DNS",
        "address: north, port_value: 9101",
        "type: STRICT_DNS",
        "address: south, port_value: 9102",
        "type: STRICT_DNS",
        "address: north, port_value: 9101",
    ];
    assert_eq!(changed.len(), expected.len(), "{changed:?}");
    for ((line, _), part) in changed.iter().zip(expected) {
        assert!(line.contains(part), "{line}: {part}");
    }
    // Here no name leads to the mock providers. Envoy takes an address for a name.
    let text = text.replace("address: north,", "address: 127.0.0.1,");
    assert_serves(&start(text.replace("address: south,", "address: 127.0.0.1,")));
}

#[test]
fn failover() {
    let group = shipped("failover.yaml");
    assert_serves(&group);
    let reply = with_north_at_its_limit(&group).send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("north-small=429,south-small=200"));
    group.assert_no_trap();
}
