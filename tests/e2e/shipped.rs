//! The Envoy configurations of `envoy/`, as they are but for their ports.

use crate::harness::{Ask, Group, SHIPPED_KEY, ask};

/// What is true of each of them.
fn serves(group: &Group) {
    let with_credential = || ask(group).header("authorization", "Bearer sk-client");
    let reply = with_credential().model("gpt-4").send();
    assert_eq!(reply.served(), ("north", "gpt-4o-mini"));
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {SHIPPED_KEY}").as_str()));
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

/// The client gets the failure, and the next request the other provider.
fn passes_over(group: &Group) {
    assert_eq!(with_north_at_its_limit(group).send().status, 429);
    let reply = with_north_at_its_limit(group).send();
    assert_eq!(reply.served(), ("south", "llama-3.1-8b"));
    group.assert_no_trap();
}

#[test]
fn routing() {
    let group = Group::shipped("envoy.yaml");
    serves(&group);
    passes_over(&group);
}

#[test]
fn held_by_the_buffer_filter() {
    let group = Group::shipped("buffer.yaml");
    serves(&group);
    passes_over(&group);
}

#[test]
fn failover() {
    let group = Group::shipped("failover.yaml");
    serves(&group);
    let reply = with_north_at_its_limit(&group).send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("north-small=429,south-small=200"));
    group.assert_no_trap();
}
