//! What single settings of LiteLLM's files become.

use super::run::Ran;
use super::{file, pointsman};

fn import(text: &str) -> (String, Ran) {
    let path = file("rules.yaml", text);
    let ran = pointsman(&["import", "litellm", &path, "--to", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    (file("rules.json", &ran.out), ran)
}

#[test]
fn weights_are_written_only_where_a_strategy_reads_them() {
    let entries = "model_list:\n\
        - {model_name: m, litellm_params: {model: openai/a, weight: 3, rpm: 60}}\n\
        - {model_name: m, litellm_params: {model: groq/b}}\n\
        - {model_name: one, litellm_params: {model: openai/c, weight: 2}}\n";
    for (settings, has_weight, said) in [
        (
            "{routing_strategy: simple-shuffle}",
            true,
            "another entry of its name has: its weight is 1",
        ),
        (
            "{routing_strategy: usage-based-routing-v2}",
            false,
            "[0].litellm_params.weight: is left out: the strategy usage_based reads none",
        ),
    ] {
        let (document, ran) = import(&format!("{entries}router_settings: {settings}\n"));
        assert_eq!(ran.out.contains("weight\":"), has_weight, "{}", ran.out);
        assert!(ran.err.contains(said), "{}", ran.err);
        assert_eq!(ran.err.contains("simple-shuffle"), has_weight, "{}", ran.err);
        let single = "[2].litellm_params.weight: is left out: the model has one deployment";
        assert!(ran.err.contains(single), "{}", ran.err);
        let checked = pointsman(&["check", &document]);
        assert!(!checked.err.contains("weight"), "{}", checked.err);
    }
}

#[test]
fn a_wildcard_beside_other_providers_adds_nothing_to_the_document() {
    let (_, ran) = import(
        "model_list:\n\
         - {model_name: m, litellm_params: {model: openai/a}}\n\
         - {model_name: 'mistral/*', litellm_params: {model: 'mistral/*'}}\n\
         - {model_name: mistral/small, litellm_params: {model: mistral/mistral-small}}\n",
    );
    assert!(ran.out.contains("\"mistral/small\": { \"candidates\""), "{}", ran.out);
    let (_, ran) = import(
        "model_list:\n\
         - {model_name: m, litellm_params: {model: openai/a}}\n\
         - {model_name: 'mistral/*', litellm_params: {model: 'mistral/*', api_key: sk-hidden}}\n",
    );
    assert!(!ran.out.contains("mistral") && !ran.out.contains("allow_direct"), "{}", ran.out);
    for said in ["clients get 404 for such names", "but is left off: it holds for every provider"] {
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert!(!ran.err.contains("sk-hidden"), "{}", ran.err);
}

#[test]
fn attempts_reach_every_fallback_and_no_further() {
    let entries = "model_list:\n\
        - {model_name: m, litellm_params: {model: openai/a}}\n\
        - {model_name: m, litellm_params: {model: groq/b}}\n\
        - {model_name: long, litellm_params: {model: openai/c}}\n";
    for (settings, attempts) in [
        ("{num_retries: 9}", 2),
        ("{num_retries: 0}", 2),
        ("{num_retries: 2, fallbacks: [{m: [long]}]}", 3),
        ("{fallbacks: [{long: [m]}]}", 3),
    ] {
        let (_, ran) = import(&format!("{entries}router_settings: {settings}\n"));
        let wanted = format!("\"max_attempts\": {attempts} ");
        assert!(ran.out.contains(&wanted), "{settings}: {}", ran.out);
    }
    // Of single deployments, each is tried again.
    let single = "model_list:\n\
        - {model_name: m, litellm_params: {model: openai/a}}\n\
        - {model_name: long, litellm_params: {model: openai/c}}\n\
        router_settings: {num_retries: 2, fallbacks: [{m: [long]}]}\n";
    let (_, ran) = import(single);
    let wanted = "\"failover\": { \"max_attempts\": 6, \"retries_per_deployment\": 2 }";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    assert!(ran.err.contains("every deployment of m (3) and of its fallbacks (3)"), "{}", ran.err);
}

#[test]
fn only_a_provider_without_a_credential_loses_the_keys_of_clients() {
    let (_, ran) = import(
        "model_list:\n\
         - {model_name: m, litellm_params: {model: openai/a}}\n\
         - {model_name: l, litellm_params: {model: hosted_vllm/b, api_base: 'http://vllm:8000/v1'}}\n",
    );
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let removed = &document["providers"]["vllm"]["remove_headers"];
    assert!(removed.as_array().unwrap().contains(&"authorization".into()), "{}", ran.out);
    assert!(document["providers"]["openai"]["remove_headers"].is_null(), "{}", ran.out);
}
