//! Budgets of tenants in a real Envoy, whose filter before this one says who pays.

use std::sync::LazyLock;

use hyper::header::HeaderValue;
use serde_json::{Value, json};

use crate::harness::{Ask, Group, Reply, Spec, ask, chat};

const TOKEN: &str = "the-admin-token-of-the-tests";

fn document() -> Value {
    json!({
        "providers": {"alpha": {"cluster": "alpha"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"a": {"provider": "alpha", "model": "model-a",
                              "facts": {"input_usd_per_million": 10, "output_usd_per_million": 100}},
                        "b": {"provider": "beta", "model": "model-b"}},
        "models": {"m": {"candidates": ["a"]}, "n": {"candidates": ["b"]},
                   "ab": {"candidates": ["a", "b"]}},
        "limits": {"tenants": {
            "budget": {"requests_per_day": 3},
            "named": {"counted": {"tokens_per_day": 1_000_000}, "tokens": {"tokens_per_day": 1500},
                      "costs": {"usd_per_day": 0.2}, "free": {}},
            "slots": 64,
        }},
        "admin": {"token_env": "ADMIN_TOKEN"},
        "cooldown": {"enabled": false},
        "default_cluster": "site"
    })
}

/// A filter that knows who a client is, as the example of docs/security.md sets it.
fn before() -> Value {
    json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": [{"remove": "x-llm-tenant"}, {"append": {
                "header": {"key": "x-llm-tenant", "value": "%REQ(x-user)%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"
            }}]}
        }
    })
}

fn spec(document: Value) -> Spec {
    let mut spec = Spec::new(document);
    spec.environment.push(("ADMIN_TOKEN", TOKEN));
    spec.filters_before.push(before());
    spec
}

static GROUP: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(document())));

fn as_user<'g>(group: &'g Group, user: &str) -> Ask<'g> {
    // What a client says of itself is replaced.
    ask(group).header("x-user", user).header("x-llm-tenant", "free")
}

/// Checks that a request went through, and that no provider knows whose it was.
#[track_caller]
fn assert_served(reply: &Reply) {
    let (_, seen) = reply.served_by_one();
    assert_eq!(seen.header("x-llm-tenant"), None);
}

/// Checks that a budget refused a request, and returns the error.
#[track_caller]
fn refused(reply: &Reply, budget: &str) -> Value {
    let error = reply.refused(429);
    let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains(budget), "{message}");
    error
}

fn tenants(group: &Group) -> Value {
    let bearer = format!("Bearer {TOKEN}");
    let asked = ask(group).method(hyper::Method::GET).path("/admin/state");
    asked.header("authorization", &bearer).send().json()["tenants"].take()
}

/// Requests, tokens and cost of a named tenant on this day.
fn spent(group: &Group, name: &str) -> [u64; 3] {
    let state = tenants(group);
    let named = state["named"].as_array().unwrap();
    let day = &named.iter().find(|one| one["name"] == name).unwrap()["day"];
    ["requests", "tokens", "nano_usd"].map(|key| day[key].as_u64().unwrap())
}

#[test]
fn requests_are_refused_in_the_dialect_of_the_client() {
    for _ in 0..3 {
        assert_served(&as_user(&GROUP, "many").model("m").send());
    }
    let error = refused(&as_user(&GROUP, "many").model("m").send(), "requests_per_day");
    assert_eq!(error["error"]["code"], "budget_exceeded");
    assert_eq!(error["error"]["type"], "rate_limit_error");
    let error = refused(
        &as_user(&GROUP, "many").path("/v1/messages").model("n").send(),
        "requests_per_day",
    );
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&json!("error"), &json!("rate_limit_error"))
    );
    assert_served(&as_user(&GROUP, "another").model("m").send());
    GROUP.assert_no_trap();
}

#[test]
fn the_usage_of_an_answer_is_what_counts_whole_or_as_a_stream() {
    let mut body = chat("m", "Hello");
    for (at, is_stream) in [(1, false), (2, true)] {
        body["stream"] = is_stream.into();
        let asked = as_user(&GROUP, "counted").header("x-mock-input-tokens", "300");
        assert_served(&asked.header("x-mock-output-tokens", "200").json(&body).send());
        let wanted = [at, at * 500, at * (300 * 10_000 + 200 * 100_000)];
        // The attempt ends a moment after the client has its answer.
        let is_counted = || spent(&GROUP, "counted") == wanted;
        let in_time = (0..100).any(|_| {
            is_counted() || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                false
            }
        });
        assert!(in_time, "{:?}", spent(&GROUP, "counted"));
    }
}

#[test]
fn tokens_and_costs_are_limited() {
    for (user, budget) in [("tokens", "tokens_per_day"), ("costs", "usd_per_day")] {
        let asked = as_user(&GROUP, user).header("x-mock-input-tokens", "10");
        assert_served(&asked.header("x-mock-output-tokens", "2500").model("m").send());
        let is_refused = || as_user(&GROUP, user).model("m").send().status == 429;
        assert!((0..100).any(|_| is_refused()), "{user}");
        refused(&as_user(&GROUP, user).model("m").send(), budget);
    }
    for _ in 0..5 {
        assert_served(&as_user(&GROUP, "free").model("m").send());
    }
}

#[test]
fn long_and_many_names_cost_bounded_memory() {
    let long = "x".repeat(10 * 1024);
    for wanted in [200, 200, 200, 429] {
        assert_eq!(as_user(&GROUP, &long).model("m").send().status, wanted);
    }
    for at in 0..200 {
        assert_served(&as_user(&GROUP, &format!("user-{at}")).model("m").send());
    }
    let state = tenants(&GROUP);
    assert_eq!(state["slots"], 64);
    assert!(state["used"].as_u64().unwrap() <= 64);
    assert!(state["forgotten"].as_u64().unwrap() >= 100, "{state}");
    let odd = HeaderValue::from_bytes(b"caf\xe9").unwrap();
    assert_served(&ask(&GROUP).header_value("x-user", odd).model("m").send());
    GROUP.assert_no_trap();
}

#[test]
fn explain_shows_what_is_left_of_a_budget() {
    let explained = |name: &str| {
        let path = format!("/admin/explain?header=x-llm-tenant:{name}");
        let asked = ask(&GROUP).path(&path).json(&chat("m", "Hello"));
        asked.header("authorization", &format!("Bearer {TOKEN}")).send().json()
    };
    for left in [3, 2, 1, 0] {
        let trace = explained("explained");
        let limits =
            json!([{"limit": "requests_per_day", "most": 3, "spent": 3 - left, "left": left}]);
        assert_eq!(trace["tenant"]["limits"], limits, "{trace}");
        let reply = as_user(&GROUP, "explained").model("m").send();
        let code = if reply.status == 429 { "budget_exceeded".into() } else { Value::Null };
        assert_eq!((trace["error"]["code"].clone(), reply.status == 200), (code, left > 0));
    }
    assert_eq!(explained("free")["tenant"]["limits"], json!([]));
}

#[test]
fn a_client_that_nobody_knows_does_not_name_itself() {
    // It names the tenant that may spend as much as it likes.
    for wanted in [200, 200, 200, 429] {
        let reply = ask(&GROUP).header("x-llm-tenant", "free").model("m").send();
        assert_eq!(reply.status, wanted);
    }
}

#[test]
fn attempts_of_one_request_are_counted_together() {
    let mut document = document();
    document["failover"] = json!({"max_attempts": 3});
    let group = Group::start(&Spec { has_attempts: true, ..spec(document) });
    let asked = as_user(&group, "counted").header("x-mock-only", "alpha");
    let reply = asked.header("x-mock-status", "503").model("ab").send();
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.seen.iter().all(|(_, seen)| seen.header("x-llm-tenant").is_none()));
    assert_eq!(reply.seen.len(), 2);
    let is_counted = || spent(&group, "counted")[..2] == [1, 12];
    let in_time = (0..100).any(|_| {
        is_counted() || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            false
        }
    });
    assert!(in_time, "{:?}", spent(&group, "counted"));
    group.assert_no_trap();
}

#[test]
fn the_header_goes_no_further_where_a_buffer_filter_holds_heads() {
    let mut document = document();
    document["hold"] = "buffer_filter".into();
    let group = Group::start(&Spec { has_holding_filter: true, ..spec(document) });
    for _ in 0..3 {
        assert_served(&as_user(&group, "many").model("m").send());
    }
    refused(&as_user(&group, "many").model("m").send(), "requests_per_day");
    // Nor on a path that is not judged.
    let reply = as_user(&group, "many").path("/v1/files").model("m").send();
    assert_served(&reply);
    group.assert_no_trap();
}
