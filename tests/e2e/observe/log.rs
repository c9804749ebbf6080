//! What logs contain: one line of JSON for each request in the access log, and one line for each
//! decision in the filter's log. Prompts, params, tags and credentials are in neither, however much
//! is logged.

use serde_json::{Value, json};

use super::document;
use crate::harness::{Ask, Group, Spec, ask};

/// Stands in every place that could hold a secret.
const CANARY: &str = "canary-5f1d";

/// An answer of which 8 tokens are reasoning.
const REASONED: &str = r#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":9,"completion_tokens":10,"completion_tokens_details":{"reasoning_tokens":8}}}"#;

/// Returns the lines that the filter logged at this level, without their prefix.
fn lines<'l>(log: &'l str, level: &str) -> Vec<&'l str> {
    let level = format!("[{level}][wasm]");
    let of_filter =
        |line: &'l str| line.contains(&level).then(|| line.split_once("wasm log pointsman"))?;
    log.lines()
        .filter_map(of_filter)
        .filter_map(|(_, rest)| rest.split_once(": "))
        .map(|(_, text)| text)
        .collect()
}

/// Returns the records of the access log.
fn records(log: &str) -> Vec<Value> {
    log.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Puts a secret into everything that may hold one.
fn secret<'g>(ask: Ask<'g>, model: &str) -> Ask<'g> {
    ask.path(&format!("/v1/chat/completions?key={CANARY}&api-key={CANARY}"))
        .header("authorization", &format!("Bearer {CANARY}"))
        .header("x-api-key", CANARY)
        .header("cookie", &format!("session={CANARY}"))
        .header("x-llm-tag", CANARY)
        .header("x-llm-params", &format!("{CANARY}={CANARY}"))
        .header("x-llm-session", CANARY)
        .json(&json!({"model": model, "user": CANARY, "metadata": {CANARY: CANARY},
                      "messages": [{"role": "system", "content": CANARY},
                                   {"role": "user", "content": format!("{CANARY} {}", CANARY.repeat(300))}]}))
}

fn requests(group: &Group) -> usize {
    let secret = |model: &str| secret(ask(group), model);
    let sent = [
        (secret("ab"), 200),
        (secret("b").header("x-mock-status", "500"), 500),
        (secret("ab").header("x-mock-status", "429"), 429),
        (secret("ab").header("x-mock-reset", "before-headers"), 503),
        (secret("ab").header("x-mock-refusal", "context-length"), 400),
        (secret("b").header("x-mock-body", REASONED), 200),
        (secret("nobody"), 404),
        (secret("ab#nothing"), 400),
        (secret("any:x\r\n{\"y\":\"é\\\" z"), 200),
        (secret("ab").header("x-llm-cost-limit-usd", CANARY), 400),
        (secret("ab").body(format!("{{\"model\":\"ab\",\"messages\":[{CANARY}")), 400),
        (
            secret("ab")
                .path("/v1/embeddings")
                .body(json!({"model": "ab", "input": [CANARY, CANARY.repeat(5000)]}).to_string()),
            200,
        ),
    ];
    let count = sent.len();
    for (at, (ask, status)) in sent.into_iter().enumerate() {
        assert_eq!(ask.send().status, status, "request {at}");
    }
    let passed = ask(group).path(&format!("/v1/files?key={CANARY}")).body(CANARY);
    assert_eq!(passed.header("authorization", CANARY).send().status, 200);
    count
}

fn logs_are_clean(spec: &Spec) {
    let group = Group::start(spec);
    let routed = requests(&group);
    // Envoy writes the access log when the stream is gone.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let started = std::time::Instant::now();
    let log = loop {
        let log = group.envoy().log();
        if records(&log).len() > routed || started.elapsed().as_secs() > 20 {
            break log;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let found: Vec<&str> = log.lines().filter(|line| line.contains(CANARY)).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(lines(&log, "debug").len(), routed, "{:#?}", lines(&log, "debug"));
    let mut info = lines(&log, "info");
    let version =
        concat!("pointsman ", env!("CARGO_PKG_VERSION"), " is configured with the document ");
    let first = info.remove(0);
    assert!(first.starts_with(version), "the version must come first: {first}");
    // It comes once for all workers.
    assert!(info.iter().all(|line| line.starts_with("deployment ")), "{info:#?}");
    assert!(!info.is_empty() && info.len() < routed, "cooldowns must be logged: {info:#?}");
    for level in ["warning", "error", "critical"] {
        assert_eq!(lines(&log, level), Vec::<&str>::new(), "{level}");
    }
    let records = records(&log);
    assert_eq!(records.len(), routed + 1);
    assert_first(&records[0], spec);
    let direct = records.iter().find(|record| record["provider"] == "any").expect("the direct one");
    assert_eq!(direct["deployment"], "any:x%0D%0A{%22y%22:%22%C3%A9%5C%22%20z");
    let unknown = records.iter().find(|record| record["status"] == 404).unwrap();
    assert_eq!(unknown["refusal"], "model_not_found");
    let reasoned: Vec<&str> =
        records.iter().filter_map(|record| record["reasoning_tokens"].as_str()).collect();
    assert_eq!(reasoned, ["8"]);
    let passed = &records[routed];
    assert_eq!(passed["path"], "/v1/files");
    assert!(passed["model"].is_null() && passed["decision_us"].is_null(), "{passed}");
    group.assert_no_trap();
}

fn assert_first(record: &Value, spec: &Spec) {
    for (field, wanted) in [
        ("model", "ab"),
        ("deployment", "a"),
        ("provider", "alpha"),
        ("attempts", "a=200"),
        ("input_tokens", "7"),
        ("output_tokens", "5"),
        ("cost_usd", "0.017000000"),
        ("cluster", "alpha"),
        ("method", "POST"),
    ] {
        assert_eq!(record[field], wanted, "{field} in {record}");
    }
    assert_eq!(record["status"], 200);
    assert!(record["route"].is_null() && record["refusal"].is_null(), "{record}");
    assert!(record["decision_us"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{record}");
    assert_eq!(record.get("attempt_ms").is_some(), spec.has_attempts, "{record}");
}

#[test]
fn nothing_of_a_request_is_in_any_log() {
    let mut document = document();
    document["failover"] = json!({"max_attempts": 1});
    logs_are_clean(&Spec { is_observed: true, is_traced: true, ..Spec::new(document) });
}

#[test]
fn with_failover_nothing_of_a_request_is_in_any_log() {
    logs_are_clean(&Spec { is_observed: true, is_traced: true, ..Spec::failing_over(document()) });
}
