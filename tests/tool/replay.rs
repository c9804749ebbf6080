//! Replay over captured requests.

use serde_json::Value;

use super::{file, pointsman, with_input};

const NOW: &str = "tests/configs/replay/now.json";
const NEXT: &str = "tests/configs/replay/next.json";
const REQUESTS: &str = "tests/configs/replay/requests.jsonl";

fn report(arguments: &[&str]) -> (i32, Value) {
    let ran = pointsman(&[&["replay", "--json"], arguments].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err)))
}

/// Compares floats that are sums of a few others.
fn is_about(value: &Value, wanted: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - wanted).abs() < 1e-9)
}

#[test]
fn decisions_are_counted_by_deployment_model_and_route() {
    let (code, report) = report(&["--config", NOW, REQUESTS]);
    // Two of the lines are not requests.
    assert_eq!(code, 1);
    assert_eq!(report["requests"], 7);
    let config = &report["config"];
    assert_eq!(config["decided"]["requests"], 5);
    assert_eq!(config["untouched"], 1);
    assert_eq!(config["refused"], serde_json::json!({"model_not_found": 1}));
    // The turns advance over the replay: two each, and the picture.
    assert_eq!(config["deployments"]["gpt-4o"]["requests"], 3);
    assert_eq!(config["deployments"]["llama"]["requests"], 2);
    assert_eq!(config["models"]["auto"]["requests"], 4);
    assert_eq!(config["routes"]["pictures"]["requests"], 1);
    assert_eq!(config["routes"]["(no route)"]["requests"], 4);
    let shown = report["shown"].as_array().unwrap();
    assert_eq!(shown.len(), 7);
    assert_eq!(shown[0]["time"], "2026-01-05T03:00:00Z");
    assert_eq!((&shown[4]["line"], &shown[4]["config"]["route"]), (&6.into(), &"pictures".into()));
}

#[test]
fn costs_use_the_reported_usage_or_else_the_estimate() {
    let (_, report) = report(&["--config", NOW, REQUESTS]);
    assert_eq!(report["cost_basis"], serde_json::json!({"usage": 4, "estimate": 3}));
    let shown = &report["shown"];
    // 1,000,000 tokens at 2.5 and 100,000 at 10, then the same tokens at 0.5.
    assert!(is_about(&shown[0]["config"]["cost_usd"], 3.5), "{shown}");
    assert!(is_about(&shown[1]["config"]["cost_usd"], 0.55), "{shown}");
    assert!(is_about(&shown[2]["config"]["cost_usd"], 5.0), "{shown}");
    // The output limit of the request, and the tokens of the picture.
    let picture = shown[4]["config"]["cost_usd"].as_f64().unwrap();
    assert!(picture > 0.01 && picture < 0.02, "{picture}");
    let config = &report["config"];
    let total = 3.5 + 0.55 + 5.0 + 1.0 + picture;
    assert!(is_about(&config["decided"]["cost_usd"], total), "{config}");
    assert!(is_about(&config["deployments"]["llama"]["cost_usd"], 1.55), "{config}");
    assert!(is_about(&config["routes"]["(no route)"]["cost_usd"], 10.05), "{config}");
}

#[test]
fn two_configurations_are_compared_request_by_request() {
    let (_, report) = report(&["--config", NOW, "--against", NEXT, REQUESTS]);
    let differences = &report["differences"];
    assert_eq!(differences["count"], 3, "{differences}");
    // 0.55 instead of 3.5, and 5 instead of 1.
    assert!(is_about(&differences["cost_usd"], -2.95 + 4.0), "{differences}");
    let lines: Vec<&Value> =
        report["shown"].as_array().unwrap().iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [1, 3, 4]);
    let kinds = differences["kinds"].as_array().unwrap();
    let kind = |line: u64| kinds.iter().find(|kind| kind["lines"] == serde_json::json!([line]));
    let moved = kind(1).unwrap();
    assert_eq!(
        (&moved["from"]["deployment"], &moved["to"]["deployment"]),
        (&"gpt-4o".into(), &"llama".into())
    );
    assert_eq!(kind(4).unwrap()["to"]["route"], "premium");
}

#[test]
fn the_report_for_people_begins_with_the_summary() {
    let ran = pointsman(&["replay", "-c", NOW, "-a", NEXT, REQUESTS]);
    let places: Vec<usize> = [
        "requests\n",
        "\ndeployments\n",
        "\nmodels\n",
        "\nroutes\n",
        "\ndifferences: 3\n",
        "\nrequests that differ\n",
        "\nlines that cannot be read: 2\n",
    ]
    .iter()
    .map(|part| ran.out.find(part).unwrap_or_else(|| panic!("{part} is missing of\n{}", ran.out)))
    .collect();
    assert!(places.is_sorted() && places[0] == 0, "{}", ran.out);
    assert!(ran.out.contains("line 9   an access log line has no body"), "{}", ran.out);
    assert!(ran.out.contains("line 10  is not a JSON object"), "{}", ran.out);
    assert!(ran.out.contains("4 by usage, 3 by estimate"), "{}", ran.out);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let weighted = std::fs::read_to_string("tests/configs/replay/now.json")
        .unwrap()
        .replace("round_robin", "weighted");
    let config = file("weighted.json", &weighted);
    let lines = "{\"model\": \"auto\", \"messages\": []}\n".repeat(200);
    let with =
        |seed: &str| with_input(&["replay", "--config", &config, "--seed", seed, "-"], &lines).out;
    assert_eq!(with("1"), with("1"));
    assert_ne!(with("1"), with("2"));
    // Both draw the same, so a configuration does not differ from itself.
    let (_, report) =
        report(&["--config", &config, "--against", &config, &file("weighted.jsonl", &lines)]);
    assert_eq!(report["differences"]["count"], 0);
    let requests = |name: &str| report["config"]["deployments"][name]["requests"].as_u64().unwrap();
    assert!(requests("gpt-4o") > 60 && requests("llama") > 60, "{report}");
}

#[test]
fn each_prints_a_line_for_every_request() {
    let ran = pointsman(&["replay", "-c", NOW, "--each", "--json", REQUESTS]);
    let lines: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[0]["config"]["deployment"], "gpt-4o");
    assert_eq!(lines[5]["config"]["refused"], "model_not_found");
    assert_eq!((&lines[7]["requests"], &lines[7]["shown"]), (&7.into(), &Value::Array(Vec::new())));
}

#[test]
fn names_that_clients_invent_do_not_grow_the_report() {
    let direct = std::fs::read_to_string("tests/configs/replay/now.json").unwrap().replacen(
        '{',
        "{ \"allow_direct\": true,",
        1,
    );
    let config = file("direct.json", &direct);
    let line = |number: u32| format!("{{\"model\": \"local:m{number}\", \"messages\": []}}\n");
    let lines: String = (0..50).map(line).collect();
    let (code, report) = report(&["-c", &config, "--show", "0", &file("direct.jsonl", &lines)]);
    assert_eq!(code, 0);
    assert_eq!(
        report["config"]["deployments"],
        serde_json::json!({"local:*": {"requests": 50, "cost_usd": 0.0, "unpriced": 50}})
    );
    assert_eq!(report["config"]["models"].as_object().unwrap().len(), 1);
}

#[test]
fn unusable_input_exits_2() {
    let invalid = "tests/configs/invalid/many_at_once.json";
    for arguments in [
        vec!["replay", "-c", invalid, REQUESTS],
        vec!["replay", "-c", NOW, "-a", invalid, REQUESTS],
        vec!["replay", "-c", NOW, "no/such.jsonl"],
        vec!["replay", "-c", NOW],
    ] {
        assert_eq!(pointsman(&arguments).code, 2, "{arguments:?}");
    }
    let ran = with_input(
        &["replay", "-c", NOW, "--path", "/v1/embeddings", "-"],
        "{\"model\": \"auto\", \"input\": \"x\"}\n",
    );
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn a_candidate_that_requests_are_translated_for_is_replayed_like_any_other() {
    let config = |translate: &str| {
        let text = serde_json::json!({
            "providers": {"open": {"cluster": "open"}, "anthropic": {"cluster": "a", "api": "anthropic"}},
            "deployments": {"gpt": {"provider": "open", "model": "gpt"},
                            "claude": {"provider": "anthropic", "model": "claude"}},
            "models": {"m": {"candidates": ["claude"], "fallbacks": ["gpt"]}},
            "failover": {"max_attempts": 2}, "translate": translate
        });
        file(&format!("{translate}.json"), &text.to_string())
    };
    let chat = r#""model":"m","messages":[{"role":"user","content":"Hello"}]"#;
    let lines = ["", "\"seed\":7,", "\"n\":2,"].map(|further| format!("{{{further}{chat}}}\n"));
    let lines = file("chats.jsonl", &lines.concat());
    let (code, all) = report(&["-c", &config("lenient"), "-a", &config("strict"), &lines]);
    assert_eq!(code, 0, "{all}");
    let requests = |side: &str, name: &str| all[side]["deployments"][name]["requests"].as_u64();
    assert_eq!((requests("config", "claude"), requests("config", "gpt")), (Some(2), Some(1)));
    assert_eq!((requests("against", "claude"), requests("against", "gpt")), (Some(1), Some(2)));
    assert_eq!(all["differences"]["count"], 1, "{all}");
    let (_, off) = report(&["-c", &config("off"), &lines]);
    assert_eq!(off["config"]["deployments"]["gpt"]["requests"], 3, "{off}");
    // The trace of the native tool has the same reasons.
    let body = format!("{{\"seed\":7,{chat}}}");
    let explain = |translate: &str| {
        let config = config(translate);
        with_input(&["explain", "--config", &config, "--body", "-"], &body).out
    };
    let found = explain("lenient");
    let wanted = "translated into anthropic-messages, without: seed has no counterpart";
    assert!(found.contains(wanted), "{found}");
    let found = explain("strict");
    let wanted = "cannot be translated into anthropic-messages: seed has no counterpart";
    assert!(found.contains(wanted), "{found}");
}
