//! Failover as the page asks for it: what each provider does, and what comes of that.
//!
//! The tests run natively and as wasm32 code, which the page runs.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use playground::{conducts, examples, explain, fail_over, samples};
use serde_json::{Value, json};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Returns what has that name.
fn named(all: &str, name: &str) -> Value {
    list(&read(all)).iter().find(|one| one["name"] == name).expect("it").clone()
}

fn example(name: &str) -> String {
    named(&examples(), name)["text"].as_str().expect("text").to_owned()
}

/// Sends a chat to the example of failover.
fn chat(script: Value) -> Value {
    let request = named(&samples(), "antpy_system_blocks_cache").to_string();
    sent(&example("failover"), &request, "{}", script)
}

fn sent(text: &str, request: &str, state: &str, script: Value) -> Value {
    let told = read(&fail_over(text, request, state, &script.to_string(), 1));
    assert_eq!(told["problem"], Value::Null, "{told}");
    told
}

/// Returns the attempts as `deployment outcome`.
fn course(told: &Value) -> Vec<String> {
    let attempt = |one: &Value| {
        format!(
            "{} {}",
            one["deployment"].as_str().expect("a name"),
            one["outcome"].as_str().expect("one")
        )
    };
    list(&told["attempts"]).iter().map(attempt).collect()
}

fn deployment<'t>(told: &'t Value, id: &str) -> &'t Value {
    list(&told["deployments"]).iter().find(|one| one["id"] == id).expect("the deployment")
}

fn header<'t>(told: &'t Value, name: &str) -> Option<&'t str> {
    let headers = list(&told["client"]["headers"]);
    headers.iter().find(|one| one[0] == name).and_then(|one| one[1].as_str())
}

#[test]
fn a_refused_request_goes_on_and_the_refusal_is_held_against_the_deployment() {
    let told = chat(json!({}));
    assert_eq!(course(&told), ["claude rate_limit", "claude-bedrock success"]);
    let first = &told["attempts"][0];
    assert_eq!((&first["fault"], &first["weight"]), (&json!("account"), &json!("trip")));
    assert_eq!((&first["next"], &first["wait_ms"]), (&json!("claude-bedrock"), &json!(20_000)));
    assert_eq!(first["sent"]["status"], 429);
    assert_eq!(told["client"]["status"], 200);
    assert_eq!(header(&told, "x-llm-attempts"), Some("claude=429,claude-bedrock=200"));
    assert!(told["client"]["body"].as_str().expect("text").contains("Nine o'clock."));
    let cooling = &deployment(&told, "claude")["cooling"];
    assert_eq!(cooling["cause"], "429");
    assert!((19_000..=20_000).contains(&cooling["left_ms"].as_u64().expect("ms")), "{cooling}");
    assert_eq!(deployment(&told, "claude-bedrock")["cooling"], Value::Null);
    let legs: Vec<_> = list(&told["legs"]).iter().map(|leg| leg["conduct"].clone()).collect();
    assert_eq!(legs, ["rate_limited", "answers", "answers"]);
}

#[test]
fn a_503_counts_and_a_request_that_fails_everywhere_is_taken_back() {
    let told = chat(json!({"claude": "unavailable"}));
    assert_eq!(course(&told), ["claude server", "claude-bedrock success"]);
    let held = deployment(&told, "claude");
    assert_eq!((&held["failures"], &held["cooling"]), (&json!(1), &Value::Null));
    let all =
        json!({"claude": "unavailable", "claude-bedrock": "unavailable", "llama": "unavailable"});
    let told = chat(all);
    assert_eq!(course(&told), ["claude server", "claude-bedrock server", "llama server"]);
    assert_eq!(told["client"]["status"], 503);
    for id in ["claude", "claude-bedrock", "llama"] {
        let held = deployment(&told, id);
        assert_eq!((&held["failures"], &held["is_taken_back"]), (&json!(0), &json!(true)), "{id}");
    }
}

#[test]
fn a_lost_connection_is_tried_elsewhere_and_no_connection_gives_an_error_in_the_clients_dialect() {
    let told = chat(json!({"claude": "lost", "claude-bedrock": "lost"}));
    assert_eq!(course(&told), ["claude network", "claude-bedrock network", "llama success"]);
    assert_eq!(told["attempts"][0]["sent"], Value::Null);
    let told = chat(json!({"claude": "lost", "claude-bedrock": "lost", "llama": "lost"}));
    assert_eq!(told["client"]["status"], 503);
    let body = read(told["client"]["body"].as_str().expect("text"));
    assert_eq!(body["type"], "error", "the dialect is Anthropic's");
    assert_eq!(
        deployment(&told, "llama")["failures"],
        1,
        "a connection that fails is not the request's"
    );
}

#[test]
fn an_error_before_any_content_is_tried_elsewhere_and_one_after_it_is_not() {
    let told = chat(json!({"claude": "fails_early"}));
    assert_eq!(list(&told["attempts"]).len(), 2, "{told}");
    assert_eq!(told["attempts"][0]["was_held"], true);
    assert_eq!(told["attempts"][0]["try_next"], true);
    assert_eq!(told["client"]["status"], 200);
    let streamed = streamed("antpy_system_blocks_cache");
    let told = sent(&example("failover"), &streamed, "{}", json!({"claude": "fails_late"}));
    assert_eq!(course(&told), ["claude in_band"]);
    assert_eq!(told["attempts"][0]["next"], Value::Null);
    let body = told["client"]["body"].as_str().expect("text");
    assert!(body.contains("Nine o'clock.") && body.contains("overloaded_error"), "{body}");
}

/// Returns a sample that asks for a stream.
fn streamed(name: &str) -> String {
    let mut request = named(&samples(), name);
    let mut body = read(request["body"].as_str().expect("text"));
    body["stream"] = true.into();
    request["body"] = body.to_string().into();
    request.to_string()
}

#[test]
fn an_answer_that_breaks_after_its_content_reaches_the_client_cut() {
    let told = chat(json!({"claude": "fails_late"}));
    assert_eq!(course(&told), ["claude in_band"]);
    assert_eq!((&told["client"]["status"], &told["client"]["is_cut"]), (&json!(200), &json!(true)));
}

#[test]
fn an_empty_answer_is_tried_elsewhere_once() {
    let told = chat(json!({"claude": "empty"}));
    assert_eq!(course(&told), ["claude empty", "claude-bedrock success"]);
    let told = chat(json!({"claude": "empty", "claude-bedrock": "empty"}));
    assert_eq!(course(&told), ["claude empty", "claude-bedrock empty"]);
    assert_eq!(told["client"]["status"], 200);
}

#[test]
fn a_first_token_that_is_too_late_is_a_timeout_where_the_configuration_has_one() {
    let told = chat(json!({"claude": "silent"}));
    assert_eq!(course(&told), ["claude network", "claude-bedrock success"]);
    let mut text = read(&example("failover"));
    for provider in ["anthropic", "bedrock", "local"] {
        text["providers"][provider]["timeouts"] = json!({"first_token_ms": 5000});
    }
    let (text, request) =
        (text.to_string(), named(&samples(), "antpy_system_blocks_cache").to_string());
    let told = sent(&text, &request, "{}", json!({"claude": "silent"}));
    assert_eq!(course(&told), ["claude timeout", "claude-bedrock success"]);
    let all = json!({"claude": "silent", "claude-bedrock": "silent", "llama": "silent"});
    let told = sent(&text, &request, "{}", all);
    assert_eq!(course(&told), ["claude timeout", "claude-bedrock timeout", "llama timeout"]);
    assert_eq!(told["client"]["status"], 504);
}

#[test]
fn kinds_of_failure_lead_to_their_own_lists() {
    let mut text = read(&example("failover"));
    text["deployments"]["long"] = json!({"provider": "local", "model": "long"});
    text["models"]["long"] = json!({"candidates": ["long"]});
    text["models"]["sonnet"]["fallbacks"] = json!({"context_window": ["long"]});
    let request = named(&samples(), "antpy_system_blocks_cache").to_string();
    let told = sent(&text.to_string(), &request, "{}", json!({"claude": "too_long"}));
    assert_eq!(course(&told), ["claude context_window", "long success"]);
    let names: Vec<_> = list(&told["legs"]).iter().map(|leg| leg["name"].clone()).collect();
    assert_eq!(names, ["claude", "claude-bedrock", "long"]);
}

#[test]
fn cooling_and_drained_deployments_get_no_attempt() {
    let request = named(&samples(), "antpy_system_blocks_cache").to_string();
    let state = json!({"cooling": {"claude": {}}, "drained": ["claude-bedrock"]}).to_string();
    let told = sent(&example("failover"), &request, &state, json!({}));
    assert_eq!(course(&told), ["llama rate_limit"]);
    assert_eq!(told["client"]["status"], 429);
}

#[test]
fn without_failover_the_client_gets_the_first_answer() {
    let request = named(&samples(), "oaipy_chat_plain").to_string();
    let text = example("canary");
    for (conduct, outcome, status) in [
        ("answers", "success", 200),
        ("rate_limited", "rate_limit", 429),
        ("unavailable", "server", 503),
        ("lost", "network", 503),
        ("silent", "timeout", 504),
        // Nothing is held, so the client has seen all of it.
        ("empty", "success", 200),
        ("fails_late", "in_band", 200),
    ] {
        let script = json!({"proven": conduct, "newcomer": conduct});
        let told = sent(&text, &request, "{}", script);
        assert_eq!(told["is_handed_over"], false);
        assert_eq!(told["attempts"][0]["outcome"], outcome, "{conduct}");
        assert_eq!(told["client"]["status"], status, "{conduct}");
        let held = &told["deployments"][0];
        let is_held = held["failures"] != 0 || held["cooling"] != Value::Null;
        assert_eq!(is_held, outcome != "success", "{conduct}: {held}");
    }
}

#[test]
fn the_first_attempt_is_at_the_deployment_that_is_explained() {
    for example in list(&read(&examples())) {
        let text = example["text"].as_str().expect("text");
        for sample in list(&read(&samples())) {
            for seed in 0..3 {
                let request = sample.to_string();
                let explained = read(&explain(text, &request, "{}", seed));
                let told = read(&fail_over(text, &request, "{}", "{}", seed));
                let first = &explained["trace"]["plan"][0];
                assert_eq!(
                    &told["attempts"][0]["deployment"], first,
                    "{} {}",
                    example["name"], sample["name"]
                );
            }
        }
    }
}

/// Returns a configuration in which two providers of every format serve each request.
fn of_every_format() -> String {
    json!({
        "providers": {"p": {"cluster": "p", "api": "any"}, "q": {"cluster": "q", "api": "any"}},
        "deployments": {"a": {"provider": "p", "model": "m"}, "b": {"provider": "q", "model": "m"}},
        "models": {"m": {"strategy": "ordered_fallback", "candidates": ["a", "b"]}},
        "unknown_model": {"model": "m"},
        "failover": {"max_attempts": 2},
    })
    .to_string()
}

#[test]
fn the_filter_understands_the_providers_of_every_format_and_the_classification_agrees() {
    for sample in list(&read(&samples())) {
        for conduct in list(&read(&conducts())) {
            let name = conduct["name"].as_str().expect("a name");
            let told = sent(&of_every_format(), &sample.to_string(), "{}", json!({"a": name}));
            let first = &told["attempts"][0];
            let (outcome, what) =
                (first["outcome"].as_str().expect("one"), format!("{} {name}", sample["name"]));
            let wanted: &[&str] = match name {
                "answers" => &["success"],
                "rate_limited" => &["rate_limit"],
                "unavailable" => &["server"],
                "lost" | "silent" => &["network"],
                // Where errors have no member of their own, an answer of 200 with a message is an empty one.
                "fails_early" => &["server", "empty"],
                "fails_late" => &["in_band"],
                "empty" => &["empty"],
                "too_long" => &["context_window"],
                _ => &["auth", "client"],
            };
            assert!(wanted.contains(&outcome), "{what}: {outcome} {first}");
            let held = &told["deployments"][0];
            let weighs = ["failure", "trip"].contains(&first["weight"].as_str().expect("one"));
            let is_held = held["failures"] != 0 || held["cooling"] != Value::Null;
            assert_eq!(is_held, weighs, "{what}: {held} {first}");
            // Of every answer the page says why, by the tool's own classification.
            assert_eq!(first["because"].is_null(), first["sent"].is_null(), "{what} {first}");
        }
    }
}

#[test]
fn what_cannot_be_sent_is_a_problem() {
    let problem = |request: Value, script: &str| {
        let told = read(&fail_over(&example("failover"), &request.to_string(), "{}", script, 1));
        told["problem"].as_str().expect("a problem").to_owned()
    };
    assert_eq!(problem(json!({"path": "/about"}), "{}"), "the request goes to no provider");
    let request = named(&samples(), "antpy_system_blocks_cache");
    assert!(!problem(request, "[").is_empty());
}
