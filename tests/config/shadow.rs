//! What a shadow shares with the live rules, and what it does not.

use pointsman::config::Config;
use serde_json::{Value, json};

fn parse(document: &Value) -> Config {
    super::parse(document).unwrap_or_else(|problems| panic!("{problems}"))
}

fn document() -> Value {
    json!({
        "providers": {"p": {"cluster": "p"}},
        "deployments": {"a": {"provider": "p", "model": "a"}, "z": {"provider": "p", "model": "z"}},
        "models": {"fast": {"candidates": ["a"]}},
        "aliases": {"quick": "fast"},
        "routes": [{"name": "r", "when": {"prompt_contains_any_of": ["one"], "header_equals": {"x-a": "1"}},
                    "then": {"target_model": "fast"}}],
        "unknown_model": {"model": "quick"},
        "allow_direct": true,
        "default_cluster": "p",
    })
}

#[test]
fn what_a_shadow_leaves_out_comes_from_the_live_rules() {
    let mut document = document();
    assert!(parse(&document).shadow.is_none());
    document["shadow"] = json!({});
    let config = parse(&document);
    assert_eq!(config.warnings, Vec::<String>::new());
    let shadow = config.shadow.as_ref().unwrap();
    assert_eq!(shadow.sample_percent, 100.0);
    let (of, first) = (&shadow.config, &config);
    assert_eq!(format!("{:?}", of.models), format!("{:?}", first.models));
    assert_eq!(format!("{:?}", of.routes), format!("{:?}", first.routes));
    assert_eq!(format!("{:?}", of.names), format!("{:?}", first.names));
    assert_eq!(of.unknown_model, first.unknown_model);
    assert_eq!(of.demand, first.demand);
    assert!(of.shadow.is_none());
}

#[test]
fn one_search_and_one_list_of_headers_serve_both() {
    let mut document = document();
    document["shadow"] = json!({"sample_percent": 7.5, "routes": [
        {"name": "r", "when": {"prompt_contains_any_of": ["two", "ONE"], "header_equals": {"x-b": "1"}},
         "then": {"target_model": "z"}}]});
    let config = parse(&document);
    let shadow = config.shadow.as_ref().unwrap();
    assert_eq!(shadow.sample_percent, 7.5);
    assert_eq!(config.watched_headers, ["x-a", "x-b"]);
    assert_eq!(shadow.config.watched_headers, config.watched_headers);
    assert!(std::sync::Arc::ptr_eq(&config.keywords, &shadow.config.keywords));
    assert!(std::sync::Arc::ptr_eq(&config.deployments, &shadow.config.deployments));
    let (mut cursor, mut hits) = (config.keywords.start(), Default::default());
    config.keywords.feed(&mut cursor, "two", &mut hits);
    let words = format!("{:?}", shadow.config.routes[0].when);
    let id = |word: &str| words.split(word).next().unwrap().matches("KeywordId").count();
    assert!(!hits.is_empty() && id("two") == 1, "{words}");
}

#[test]
fn a_deployment_that_only_the_shadow_creates_is_hidden_from_clients() {
    let mut document = document();
    document["shadow"] =
        json!({"models": {"fast": {"candidates": [{"provider": "p", "model": "m"}]}}});
    let config = parse(&document);
    let shadow = &config.shadow.as_ref().unwrap().config;
    assert_eq!(config.deployments.len(), 3);
    assert!(!config.names.deployments.contains_key("p/m"));
    assert!(shadow.names.deployments.contains_key("p/m"));
    for id in ["a", "z"] {
        assert_eq!(
            config.names.deployments[id], shadow.names.deployments[id],
            "ids are good in both"
        );
    }
}
