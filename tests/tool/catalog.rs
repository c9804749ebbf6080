//! Catalogues from LiteLLM's list of prices.

use serde_json::{Value, json};

use super::{file, pointsman};

const PRICES: &str = "tests/catalog/prices.json";
const ROUTING: &str = "tests/catalog/routing.json";

fn filled(routing: &str) -> (Value, String) {
    let ran = pointsman(&["catalog", PRICES, "--config", routing]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let checked = pointsman(&["check", &file("filled.json", &ran.out)]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    (serde_json::from_str(&ran.out).unwrap(), ran.err)
}

#[test]
fn a_document_gets_the_facts_of_its_models() {
    let (document, report) = filled(ROUTING);
    // What the user says counts, and the order of the rest is the reference page's.
    assert_eq!(
        document["catalog"]["gpt-4o"],
        json!({
            "input_usd_per_million": 1.5, "timeouts": {"total_ms": 60000},
            "context_window": 128000, "max_output_tokens": 16384, "vision": true, "tools": true,
            "json_mode": true, "output_usd_per_million": 10, "cached_input_usd_per_million": 1.25
        })
    );
    let catalog = document["catalog"].as_object().unwrap();
    let mut names: Vec<_> = catalog.keys().map(String::as_str).collect();
    names.sort_unstable();
    let bedrock = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_eq!(names, [bedrock, "gemini-2.5-flash", "gpt-4o", "llama-3.3-70b-versatile"]);
    assert_eq!(catalog[bedrock]["input_usd_per_million"], json!(3.3));
    assert_eq!(catalog["gemini-2.5-flash"]["input_usd_per_million"], json!(0.3));
    assert_eq!(catalog["llama-3.3-70b-versatile"]["vision"], json!(false));
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines.len(), 2, "{report}");
    assert!(lines.iter().any(|line| line.starts_with("deployments.e: the list has no \"llama\"")));
    assert!(lines.iter().any(|line| line.starts_with("deployments.azure/our-own-name: ")));
}

#[test]
fn another_price_of_a_model_is_a_fact_of_the_deployment() {
    let (document, _) = filled(ROUTING);
    // The price of input is in the user's catalogue, and that of output in the deployment.
    assert_eq!(
        document["deployments"]["b"]["facts"],
        json!({"output_usd_per_million": 9, "context_window": 128000, "max_output_tokens": 16384,
               "vision": true, "cached_input_usd_per_million": 1.25})
    );
    assert_eq!(document["deployments"]["a"].get("facts"), None);
    let in_place = json!({
        "providers": {"o": {"cluster": "o", "authority": "api.openai.com"},
                      "z": {"cluster": "z", "api": "azure", "authority": "x.openai.azure.com"}},
        "deployments": {"d": {"provider": "o", "model": "gpt-4o"}},
        "models": {"m": {"variants": [{"key": "k", "candidates": ["d", {"provider": "z", "model": "gpt-4o"}]}]}}
    });
    let (document, _) = filled(&file("in-place.json", &in_place.to_string()));
    let candidate = &document["models"]["m"]["variants"][0]["candidates"][1];
    assert_eq!(candidate["facts"]["input_usd_per_million"], json!(2.75));
    assert_eq!(document["catalog"]["gpt-4o"]["input_usd_per_million"], json!(2.5));
}

#[test]
fn a_document_keeps_the_order_of_its_members() {
    let ran = pointsman(&["catalog", PRICES, "--config", ROUTING]);
    let place = |part: &str| ran.out.find(part).unwrap_or_else(|| panic!("{part}\n{}", ran.out));
    assert!(place("\"providers\"") < place("\"deployments\""));
    assert!(place("\"deployments\"") < place("\"models\""));
    assert!(place("\"z\"") < place("\"y\"") && place("\"y\"") < place("\"catalog\""));
    // What has been added stays what it is.
    let again = file("again.json", &ran.out);
    assert_eq!(pointsman(&["catalog", PRICES, "--config", &again]).out, ran.out);
}

#[test]
fn without_a_document_all_models_are_listed() {
    let ran = pointsman(&["catalog", PRICES]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["catalog"]["gpt-4o"]["input_usd_per_million"], json!(2.5));
    assert_eq!(document["catalog"]["text-embedding-3-small"]["input_usd_per_million"], json!(0.02));
    assert_eq!(document["catalog"].get("sample_spec"), None);
    assert_eq!(document["catalog"].as_object().unwrap().len(), 6);
    assert!(
        ran.err.starts_with("names that several providers have, with other prices or limits: 1;"),
        "{}",
        ran.err
    );
    assert_eq!(pointsman(&["check", &file("all.json", &ran.out)]).code, 0);
}

#[test]
fn long_requests_that_cost_more_are_reported() {
    let routing = json!({
        "providers": {"a": {"cluster": "a", "api": "anthropic"}},
        "models": {"m": {"candidates": [{"provider": "a", "model": "claude-sonnet-4-5"}]}}
    });
    let (document, report) = filled(&file("long.json", &routing.to_string()));
    assert!(report.contains("claude-sonnet-4-5: costs more for long requests"), "{report}");
    let facts = &document["catalog"]["claude-sonnet-4-5"];
    assert_eq!(facts["cache_write_1h_usd_per_million"], json!(6));
}

#[test]
fn what_is_no_list_of_prices_is_refused() {
    for text in ["", "[]", "{}", "{\"a\": 1}", "{\"providers\": {}}"] {
        let ran = pointsman(&["catalog", &file("prices.json", text)]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}");
        assert!(ran.err.contains("is not LiteLLM's list of prices"), "{}", ran.err);
    }
}
