//! The interface as the page calls it: text in, JSON text out.
//!
//! The tests run natively and as wasm32 code, which the page runs.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use playground::{check, examples, explain, samples, simulate, version};
use serde_json::{Value, json};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FRESH: &str = "{}";

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Returns the text of an example.
fn example(name: &str) -> String {
    let examples = read(&examples());
    let named = list(&examples).iter().find(|example| example["name"] == name);
    named.expect("the example")["text"].as_str().expect("text").to_owned()
}

/// Returns a sample, as the page has it.
fn sample(name: &str) -> Value {
    let samples = read(&samples());
    list(&samples).iter().find(|sample| sample["name"] == name).expect("the sample").clone()
}

fn plain() -> String {
    sample("oaipy_chat_plain").to_string()
}

/// Returns how many requests went to a deployment.
fn count(counts: &Value, deployment: &str) -> u64 {
    let counted = list(&counts["deployments"]).iter().find(|one| one["name"] == deployment);
    counted.map_or(0, |one| one["count"].as_u64().expect("a number"))
}

const YAML: &str = "# é\nproviders:\n  p: {cluster: c}\ndeployments:\n  d: {provider: p, model: m}\nmodels:\n  \
                    auto: {candidates: [d]}\n";

#[test]
fn yaml_is_taken_as_json_is() {
    let checked = read(&check(YAML));
    assert_eq!(checked["ok"], true, "{checked}");
    let request = json!({"method": "POST", "path": "/v1/chat/completions",
                         "headers": "content-type: application/json", "body": "{\"model\":\"auto\"}"});
    let explained = read(&explain(YAML, &request.to_string(), FRESH, 1));
    assert!(explained["trace"]["decision"].is_object(), "{explained}");
}

#[test]
fn problems_of_yaml_are_marked_in_their_line() {
    for (from, to, line, marked) in [
        ("[d]", "[q]", 7, "auto: {candidates: [q]}"),
        ("provider: p", "provider: q", 5, "d: {provider: q, model: m}"),
        ("models:", "\tmodels:", 6, "models:"),
    ] {
        let text = YAML.replace(from, to);
        let checked = read(&check(&text));
        assert_eq!(checked["ok"], false, "{text}");
        let problem = &checked["problems"][0];
        assert_eq!(problem["line"], line, "{problem}");
        let units: Vec<u16> = text.encode_utf16().collect();
        let at =
            |key: &str| usize::try_from(problem[key].as_u64().expect("a number")).expect("small");
        assert_eq!(String::from_utf16_lossy(&units[at("from")..at("to")]), marked, "{problem}");
        let explained = read(&explain(&text, &plain(), FRESH, 1));
        assert_eq!(explained["problem"], "the configuration has problems");
    }
}

#[test]
fn every_example_is_valid_without_warnings_and_decides_its_request() {
    for example in list(&read(&examples())) {
        let text = example["text"].as_str().expect("text");
        let checked = read(&check(text));
        assert_eq!(checked["ok"], true, "{}: {}", example["name"], checked["problems"]);
        assert_eq!(checked["warnings"], json!([]), "{}", example["name"]);
        let mut request = sample(example["request"].as_str().expect("a name"));
        if example["body"].is_string() {
            request["body"] = example["body"].clone();
        }
        let explained = read(&explain(text, &request.to_string(), FRESH, 1));
        assert!(explained["trace"]["decision"].is_object(), "{explained}");
    }
}

#[test]
fn what_is_confidential_stays_local_in_the_example_of_that() {
    let examples = read(&examples());
    let example = list(&examples).iter().find(|one| one["name"] == "confidential").expect("it");
    let mut request = sample(example["request"].as_str().expect("a name"));
    request["body"] = example["body"].clone();
    let text = example["text"].as_str().expect("text");
    let explained = read(&explain(text, &request.to_string(), FRESH, 1));
    assert_eq!(explained["trace"]["decision"]["provider"], "local");
}

#[test]
fn the_version_is_that_of_the_filter() {
    let parts: Vec<_> = version().split('.').map(str::parse::<u32>).collect();
    assert!(parts.len() == 3 && parts.iter().all(Result::is_ok), "{}", version());
}

#[test]
fn the_first_example_decides_every_sample() {
    let text = example("tour");
    for sample in list(&read(&samples())) {
        let explained = read(&explain(&text, &sample.to_string(), FRESH, 1));
        let trace = &explained["trace"];
        assert!(trace["decision"].is_object(), "{}: {}", sample["name"], trace["error"]);
        assert_eq!(explained["response"]["kind"], "served");
        let shown = sample.to_string().to_ascii_lowercase();
        assert!(!shown.contains("fixture-0000"), "a credential in {shown}");
    }
}

#[test]
fn problems_have_their_line_and_their_place_in_utf_16() {
    let text = "{\n  \"providers\": { \"🚂\": { \"cluster\": \"c\" } }, \"colour\": 1\n}";
    let checked = read(&check(text));
    assert_eq!(checked["ok"], false);
    let problems = list(&checked["problems"]);
    let colour = problems.iter().find(|one| one["path"] == "configuration").expect("a problem");
    assert_eq!(colour["line"], 2);
    let units: Vec<u16> = text.encode_utf16().collect();
    let place = |key: &str| usize::try_from(colour[key].as_u64().expect("a number"));
    let range = place("from").expect("a place")..place("to").expect("a place");
    assert_eq!(String::from_utf16_lossy(units.get(range).expect("in the text")), "\"colour\"");
}

#[test]
fn a_cooling_deployment_leaves_the_plan() {
    let text = example("failover");
    let request = sample("antpy_system_blocks_cache").to_string();
    let plan = |state: &str| read(&explain(&text, &request, state, 1))["trace"]["plan"].clone();
    assert_eq!(plan(FRESH), json!(["claude", "claude-bedrock", "llama"]));
    let cooling = json!({"cooling": {"claude": {}, "gone": {}}}).to_string();
    assert_eq!(plan(&cooling), json!(["claude-bedrock", "llama"]));
    let drained = json!({"drained": ["claude", "gone", 7]}).to_string();
    assert_eq!(plan(&drained), json!(["claude-bedrock", "llama"]));
    let all = json!({"cooling": {"claude": {}, "claude-bedrock": {}, "llama": {"left_ms": 7000}}});
    let explained = read(&explain(&text, &request, &all.to_string(), 1));
    let response = &explained["response"];
    assert_eq!(response["status"], 503);
    assert_eq!(response["headers"][1], json!(["retry-after", "7"]));
    assert_eq!(response["body"]["type"], "error", "the dialect is Anthropic's");
}

#[test]
fn many_requests_follow_the_weights() {
    let counts = read(&simulate(&example("canary"), &plain(), FRESH, 1000, 7));
    let (proven, newcomer) = (count(&counts, "proven"), count(&counts, "newcomer"));
    assert_eq!(proven + newcomer, 1000);
    // Four standard deviations around 900.
    assert!((862..=938).contains(&proven), "{proven}");
    let again = read(&simulate(&example("canary"), &plain(), FRESH, 1000, 7));
    assert_eq!(counts, again);
    let cooling = json!({"cooling": {"proven": {}}}).to_string();
    let counts = read(&simulate(&example("canary"), &plain(), &cooling, 1000, 7));
    assert_eq!(count(&counts, "newcomer"), 1000);
}

#[test]
fn requests_in_turn_go_round() {
    let text = example("canary").replace("weighted", "round_robin");
    let counts = read(&simulate(&text, &plain(), FRESH, 1000, 1));
    assert_eq!((count(&counts, "proven"), count(&counts, "newcomer")), (500, 500));
}

#[test]
fn a_session_stays_and_new_ones_spread() {
    let mut request = sample("oaipy_chat_metadata_tags");
    let counts = read(&simulate(&example("sessions"), &request.to_string(), FRESH, 1000, 1));
    assert_eq!(list(&counts["deployments"]).len(), 1);
    request["new_sessions"] = true.into();
    let counts = read(&simulate(&example("sessions"), &request.to_string(), FRESH, 1000, 1));
    for deployment in ["north", "south", "west"] {
        assert!(count(&counts, deployment) > 250, "{counts}");
    }
}

#[test]
fn the_response_names_whom_the_trace_decided_for() {
    let ids: Vec<String> = (0..100).map(|at| format!("d{at}")).collect();
    let deployment = |id: &String| (id.clone(), json!({"provider": "p", "model": "m"}));
    let deployments: serde_json::Map<String, Value> = ids.iter().map(deployment).collect();
    let text = json!({
        "providers": {"p": {"cluster": "c"}},
        "deployments": deployments,
        "models": {"many": {"strategy": "weighted", "candidates": ids}},
        "unknown_model": {"model": "many"},
    });
    for seed in 0..20 {
        let told = read(&explain(&text.to_string(), &plain(), FRESH, seed));
        let named = list(&told["response"]["headers"]).iter().find(|h| h[0] == "x-llm-deployment");
        assert_eq!(named.expect("the header")[1], told["trace"]["decision"]["deployment"]);
    }
}

#[test]
fn what_is_not_judged_passes_and_what_is_refused_says_so() {
    let ask = |request: Value| read(&explain(&example("canary"), &request.to_string(), FRESH, 1));
    let passed = ask(json!({"path": "/index.html", "body": ""}));
    assert_eq!(passed["response"], json!({"kind": "passed", "cluster": "website"}));
    let refused = ask(json!({"path": "/v1/chat/completions", "body": "{\"model\": \"x\"}"}));
    assert_eq!(refused["response"]["status"], 404);
    assert_eq!(refused["response"]["body"]["error"]["code"], "model_not_found");
    let broken = ask(json!({"path": "/v1/chat/completions", "body": "{"}));
    assert_eq!(broken["response"]["status"], 400);
    let counts = json!({"path": "/v1/chat/completions", "body": "{"}).to_string();
    let counts = read(&simulate(&example("canary"), &counts, FRESH, 10, 1));
    assert_eq!(counts["errors"][0]["count"], 10);
}

#[test]
fn what_cannot_be_read_is_a_problem_and_no_trap() {
    let problem = |configuration: &str, request: &str, state: &str| {
        let told = read(&explain(configuration, request, state, 1));
        assert_eq!(told, read(&simulate(configuration, request, state, 1, 1)));
        told["problem"].as_str().expect("a problem").to_owned()
    };
    let text = example("canary");
    assert_eq!(problem("{", "{}", "{}"), "the configuration has problems");
    let headers = json!({"path": "/", "headers": "a: b\n\n: c"}).to_string();
    assert_eq!(problem(&text, &headers, "{}"), "header line 3: expected \"name: value\"");
    assert!(!problem(&text, "", "{}").is_empty());
    assert!(!problem(&text, "{}", "[").is_empty());
    assert_eq!(read(&check(""))["ok"], false);
}
