//! What configurations come to, field by field.

use serde_json::{Value, json};

use super::*;
use crate::request::format::Format;
use crate::request::session::SessionKey;
use crate::request::tokens::Costs;

fn read(document: Value) -> Config {
    parse(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn full() -> Config {
    let bytes = include_bytes!("../../tests/configs/valid/full.json");
    parse(bytes).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A document with the providers and deployments that most tests need.
fn with(members: Value) -> Value {
    let mut document = json!({
        "providers": {"p": {"cluster": "c"}},
        "deployments": {"a": {"provider": "p", "model": "x"}, "b": {"provider": "p", "model": "y"}},
        "models": {"m": {"candidates": ["a"]}, "n": {"candidates": ["b"]}},
        "default_cluster": "d"
    });
    for (key, value) in members.as_object().expect("an object") {
        document[key] = value.clone();
    }
    document
}

fn model<'a>(config: &'a Config, name: &str) -> &'a Model {
    config.model(config.names.models[name])
}

fn deployment<'a>(config: &'a Config, id: &str) -> &'a Deployment {
    config.deployment(config.names.deployments[id])
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let config = read(json!({"providers": {"p": {"cluster": "c", "credential": {"env": "K"}}}}));
    let provider = &config.providers[0];
    assert_eq!((provider.api, provider.path_prefix.as_str()), (Api::OpenAi, ""));
    let credential = provider.credential.as_ref().and_then(Credential::secret);
    let credential = credential.expect("a secret");
    assert_eq!(
        (credential.header.as_str(), credential.prefix.as_str()),
        ("authorization", "Bearer ")
    );
    let cooldown = Cooldown {
        enabled: true,
        consecutive_failures: 5,
        allowed_fails: 3,
        min_requests: 10,
        failure_rate_percent: 50.0,
        time_ms: 5000,
        max_time_ms: 300_000,
        success_threshold: 3,
        half_open_probes: 1,
        probe_lease_ms: 60_000,
        honour_retry_after: true,
        when_all_cooling: WhenAllCooling::LeastRemaining,
    };
    assert_eq!(config.cooldown, cooldown);
    assert_eq!(
        config.failover,
        Failover {
            max_attempts: 1,
            attempt_filter: false,
            retries_per_deployment: 0,
            commit_bytes: 16_384,
            on_empty: true,
            on_boundary: OnBoundary::Stay,
        }
    );
    assert_eq!(config.limits.max_body_bytes, 16 * 1024 * 1024);
    assert_eq!(config.limits.on_oversize, BodyPolicy::Reject);
    assert_eq!(config.limits.on_unparsable, BodyPolicy::Reject);
    assert_eq!(config.limits.tenants, None);
    assert_eq!(config.limits.max_translated_bytes, 16 * 1024 * 1024);
    assert_eq!(config.limits.translated_max_tokens, 4096);
    assert_eq!(config.translate, Translate::Off);
    assert!(!config.is_translating());
    assert_eq!(config.unknown_model, UnknownModel::Reject);
    assert_eq!(config.tokens, Costs::default());
    assert_eq!(config.headers, HeaderNames::default());
    let ClientHeaders { tag, params, variant, session, cost_limit, .. } = config.client_headers;
    assert!(tag && params && variant && session && cost_limit);
    let ClientHeaders { route, provider, deployment, fallback, .. } = config.client_headers;
    assert!(!(route || provider || deployment || fallback));
    assert!(!config.allow_direct && !config.serve_models && config.response_headers);
}

#[test]
fn settings_are_taken_over() {
    let config = full();
    assert_eq!(config.cooldown.max_time_ms, 300_001);
    assert_eq!(config.cooldown.when_all_cooling, WhenAllCooling::Reject);
    assert_eq!(config.limits.on_unparsable, BodyPolicy::PassThrough);
    assert_eq!(config.tokens, Costs { image: 851, audio: 100, file: 0, ..Costs::default() });
    assert_eq!(
        (config.headers.tag.as_str(), config.headers.params.as_str()),
        ("x-llm-params", "x-llm-tag")
    );
    assert_eq!(config.headers.route, "x-route");
    assert!(config.client_headers.route && !config.client_headers.session);
    assert_eq!(config.unknown_model, UnknownModel::Model(config.names.models["slow"]));
    assert_eq!(config.paths.call(b"POST", "/v2/talk").unwrap().format(), Format::OpenAiChat);
    assert_eq!(config.watched_headers, [":authority", "x-tier"]);
    for key in ["metadata", "store", "temperature", "top_p", "models", "fallbacks"] {
        assert!(config.watched_members.names().iter().any(|watched| watched == key), "{key}");
    }
    assert!(config.watched_members.names().is_sorted());
    assert!(config.allow_direct && config.serve_models && !config.response_headers);
    assert!(read(json!({"client_headers": "all"})).client_headers.fallback);
    assert_eq!(
        read(json!({"unknown_model": "pass_through"})).unknown_model,
        UnknownModel::PassThrough
    );
}

#[test]
fn providers_keep_normalised_headers_and_paths() {
    let config = full();
    let openai =
        config.providers.iter().find(|provider| provider.name == "openai").expect("openai");
    assert_eq!(openai.path_prefix, "/proxy");
    assert_eq!(openai.headers, [("openai-organization".to_owned(), "org-1".to_owned())]);
    assert_eq!(openai.remove_headers, ["x-forwarded-for"]);
    let credential = openai.credential.as_ref().and_then(Credential::secret);
    assert_eq!(credential.expect("a secret").header, "authorization");
}

#[test]
fn own_facts_go_over_the_catalogues() {
    let config = full();
    let facts = &deployment(&config, "gpt-us").facts;
    assert_eq!(facts.input_usd_per_million, Some(2.0));
    assert_eq!(facts.output_usd_per_million, Some(10.0));
    assert_eq!(facts.context_window, Some(128_000));
    assert_eq!(deployment(&config, "claude").facts, ModelFacts::default());
    assert_eq!(config.catalog["gpt-4o"].input_usd_per_million, Some(2.5));
}

#[test]
fn the_nearest_times_hold() {
    let config = full();
    let times = |id: &str| {
        let Timeouts { first_token_ms, idle_ms, total_ms } = deployment(&config, id).timeouts;
        [first_token_ms, idle_ms, total_ms]
    };
    assert_eq!(times("gpt-us"), [Some(5000), Some(10_000), Some(60_000)]);
    assert_eq!(times("gpt-eu"), [Some(9000), None, None], "the catalogue's");
    assert_eq!(times("claude"), [None; 3]);
}

#[test]
fn a_candidates_weight_and_overrides_go_over_its_deployments() {
    let config = full();
    let candidates = &model(&config, "auto").groups[0].candidates;
    let weights: Vec<u32> = candidates.iter().map(|candidate| candidate.weight).collect();
    assert_eq!(weights, [9, 3, 1, 0]);
    let overrides = |at: usize| Value::from_iter(candidates[at].request_overrides.0.clone());
    assert_eq!(overrides(0), json!({"temperature": 1, "metadata": {"b": 3}}));
    assert_eq!(
        overrides(1),
        json!({"temperature": 0.2, "metadata": {"a": 1, "b": null}, "store": null})
    );
}

#[test]
fn candidates_in_place_create_one_deployment() {
    let config = full();
    let created = deployment(&config, "local/qwen");
    assert_eq!((created.priority, created.rpm_limit, created.weight), (4, Some(1), 1));
    assert_eq!(created.facts.vision, Some(false));
    assert_eq!(config.provider(created.provider).name, "local");
    let weights = ["auto", "slow"].map(|name| {
        let group = &model(&config, name).groups[0];
        group.candidates.last().expect("a candidate").weight
    });
    assert_eq!(weights, [0, 5]);
}

#[test]
fn targets_are_models_then_variants_then_aliases_then_deployments() {
    let config = read(with(json!({
        "models": {
            "a": {"candidates": ["b"]},
            "v": {"variants": [{"key": "k", "candidates": ["a"]}]},
            "v#k": {"candidates": ["a"]}
        },
        "aliases": {"b": "w", "w": "v"},
        "routes": [{"name": "r", "then": {"target_model": "a", "fallbacks": ["v#k", "b", "w#k"]}}]
    })));
    let id = |name: &str| config.names.models[name];
    let action = &config.routes[0].then;
    assert_eq!(action.target, Target::Model(id("a"), None));
    let fallbacks = [
        Target::Model(id("v#k"), None),
        Target::Model(id("v"), None),
        Target::Model(id("v"), Some(GroupId(0))),
    ];
    assert_eq!(action.fallbacks, fallbacks);
    assert_eq!(config.names.aliases["b"], id("v"));
    let config = read(with(json!({"routes": [{"name": "r", "then": {"target_model": "b"}}]})));
    assert_eq!(config.routes[0].then.target, Target::Deployment(config.names.deployments["b"]));
}

#[test]
fn the_default_variant_is_base_else_the_lowest_position_else_the_first() {
    let default = |variants: &[(&str, i32)]| {
        let variants: Vec<Value> = variants
            .iter()
            .map(|(key, position)| json!({"key": key, "position": position, "candidates": ["a"]}))
            .collect();
        let config = read(with(json!({"models": {"m": {"variants": variants}}})));
        model(&config, "m").default_group.0
    };
    assert_eq!(default(&[("x", 1), ("base", 9), ("y", 0)]), 1);
    assert_eq!(default(&[("x", 1), ("y", -1), ("z", -1)]), 1);
    assert_eq!(default(&[("x", 0), ("y", 0)]), 0);
}

#[test]
fn routes_are_tried_by_priority_then_in_file_order() {
    let route = |name: &str, priority: Option<i32>| {
        let mut route = json!({"name": name, "then": {"target_model": "m"}});
        if let Some(priority) = priority {
            route["priority"] = json!(priority);
        }
        route
    };
    let routes = [
        route("low", Some(-1)),
        route("first", None),
        route("second", Some(100)),
        route("high", Some(101)),
    ];
    let config = read(with(json!({"routes": routes})));
    let names: Vec<&str> = config.routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["high", "first", "second", "low"]);
}

#[test]
fn conditions_keep_the_order_of_the_documentation() {
    let when = json!({
        "not": {"stream": true}, "stream": false, "model_in": ["g*", "h"], "params_equal": {"n": 5.0},
        "any_of": [{"has_tools": true}], "tag_in": ["t"], "input_tokens_gt": "7"
    });
    let routes = json!([{"name": "r", "when": when, "then": {"target_model": "m"}}]);
    let config = read(with(json!({ "routes": routes })));
    let expected = vec![
        Condition::ModelIn(vec![
            NamePattern::Prefix("g".to_owned()),
            NamePattern::Exact("h".to_owned()),
        ]),
        Condition::InputTokensGt(7),
        Condition::TagIn(vec!["t".to_owned()]),
        Condition::Stream(false),
        Condition::ParamsEqual(vec![("n".to_owned(), "5".to_owned())]),
        Condition::AnyOf(vec![When(vec![Condition::HasTools(true)])]),
        Condition::Not(When(vec![Condition::Stream(true)])),
    ];
    assert_eq!(config.routes[0].when, When(expected));
}

#[test]
fn fallbacks_may_be_a_list_or_lists_by_kind() {
    let config = full();
    let slow = Target::Model(config.names.models["slow"], None);
    assert_eq!(model(&config, "auto").fallbacks.general, [slow]);
    let by_kind = &model(&config, "slow").fallbacks;
    assert_eq!(by_kind.general.len(), 2);
    assert_eq!(by_kind.context_window, Some(vec![slow]));
    let claude = Target::Deployment(config.names.deployments["claude"]);
    assert_eq!(by_kind.content_policy, Some(vec![claude]));
    assert_eq!(by_kind.rate_limit, Some(Vec::new()));
}

#[test]
fn params_are_kept_as_text() {
    let config = full();
    let schema = model(&config, "auto").param_schema.as_ref().expect("a schema");
    assert_eq!(schema.required, ["tier"]);
    assert!(!schema.additional);
    let values = ["fast", "slow", "3", "true"].map(str::to_owned).to_vec();
    assert_eq!(schema.properties["tier"].values, Some(values));
    assert_eq!(schema.properties["count"].types, ["integer", "boolean"]);
    let rules = &model(&config, "slow").groups[0].candidates[0].rules;
    assert_eq!(rules[0].params[0], ("count".to_owned(), vec!["1".to_owned(), "2".to_owned()]));
    assert!(rules[1].params.is_empty() && rules[1].when.0.is_empty());
}

#[test]
fn sessions_are_told_by_the_keys_of_a_model_or_by_all() {
    let text = include_str!("../../tests/configs/valid/strategies.json");
    let config = parse(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(model(&config, "sessions").sticky, Sticky::default());
    let users = &model(&config, "users").sticky;
    assert_eq!(users.keys, [SessionKey::User, SessionKey::MetadataUser]);
    assert_eq!(users.bound, 1.0);
    let prompts = &model(&config, "prompts").sticky;
    let keys = [SessionKey::Header, SessionKey::CacheKey, SessionKey::PromptPrefix];
    assert_eq!((prompts.keys.as_slice(), prompts.bound), (&keys[..], 2.5));
    assert!(config.demand.sessions);
    // What is in the body is looked for only where somebody sticks by it.
    let sticky = |keys: Value| {
        let candidates = json!(["a", "b"]);
        let model =
            json!({"strategy": "sticky", "candidates": candidates, "sticky": {"keys": keys}});
        read(with(json!({"models": {"m": model}}))).demand.sessions
    };
    assert!(!full().demand.sessions);
    assert!(!sticky(json!(["x-llm-session"])));
    assert!(sticky(json!(["x-llm-session", "user"])));
}

#[test]
fn suspicious_settings_are_warned_of() {
    let routes = json!([
        {"name": "all", "then": {"target_model": "m"}},
        {"name": "late", "priority": 1, "when": {"tag_in": [], "tag_equals": "a b", "on_unsearchable": "reject"}, "then": {"target_model": "m"}},
        {"name": "off", "priority": 1, "enabled": false, "then": {"target_model": "m"}}
    ]);
    let models = json!({
        "m": {"candidates": [{"deployment": "a", "rules": [{}]}], "sticky": {}},
        "gone": {"candidates": ["a"], "status": "deleted"}
    });
    let document = with(json!({
        "models": models, "routes": routes, "aliases": {"old": "gone"}, "shadow": {},
    }));
    let mut warnings = read(document).warnings;
    warnings.sort();
    let expected = [
        "aliases.old: names a deleted model, so it does not resolve; name another model, or remove the alias",
        "models.m.candidates[0].rules: have no effect without the strategy \"rules\"; remove them, or set \"strategy\" to \"rules\"",
        "models.m.sticky: has no effect without the strategy \"sticky\"; set \"strategy\" to \"sticky\", or remove it",
        "routes[1].when.on_unsearchable: has no effect without prompt_contains_any_of in the same object; remove it, or add prompt_contains_any_of",
        "routes[1].when.tag_equals: \"a b\" is not printable ASCII without spaces, so no request has this tag; correct it",
        "routes[1].when.tag_in: is empty, so it never matches; list at least one entry, or remove it",
        "routes[1]: \"late\" never matches, because \"all\" is tried first and always matches; add conditions to \"all\", or give \"late\" the higher priority",
    ];
    assert_eq!(warnings, expected);
    assert!(read(with(json!({}))).warnings.is_empty());
    assert!(read(json!({})).warnings[0].starts_with("default_cluster: is not set"));
}

#[test]
fn a_budget_in_usd_asks_for_the_prices_of_what_can_be_reached() {
    let priced = json!({"input_usd_per_million": 1, "output_usd_per_million": 0});
    let deployments = json!({
        "a": {"provider": "p", "model": "m", "facts": priced},
        "half": {"provider": "p", "model": "m", "facts": {"input_usd_per_million": 1}},
        "known": {"provider": "p", "model": "catalogued"},
        "off": {"provider": "p", "model": "m", "enabled": false},
        "spare": {"provider": "p", "model": "m"},
        "unused": {"provider": "p", "model": "m"}
    });
    let models = json!({
        "m": {"candidates": ["a", "half", "known", "off"], "fallbacks": ["spare"]},
        "gone": {"candidates": ["unused"], "status": "deleted"}
    });
    let warnings = |tenants: Value, beside: Value| {
        let mut document = with(json!({
            "deployments": deployments, "models": models, "catalog": {"catalogued": priced},
            "limits": {"tenants": tenants},
        }));
        for (key, value) in beside.as_object().unwrap() {
            document[key] = value.clone();
        }
        read(document).warnings
    };
    let usd = json!({"named": {"one": {"usd_per_day": 5}}});
    let found = warnings(usd.clone(), json!({}));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("limits.tenants: a budget is in USD"), "{found:?}");
    assert!(found[0].contains("it: \"half\", \"spare\"; set"), "{found:?}");
    let found = warnings(usd.clone(), json!({"client_headers": ["deployment"]}));
    assert!(found[0].contains("it: \"half\", \"spare\", \"unused\"; set"), "{found:?}");
    let found = warnings(usd.clone(), json!({"allow_direct": true}));
    assert!(found.len() == 2 && found[1].contains("allow_direct lets"), "{found:?}");
    assert!(warnings(json!({"budget": {"tokens_per_day": 5}}), json!({})).is_empty());
    assert!(warnings(usd, json!({"role": "attempt", "failover": {"max_attempts": 2}})).is_empty());
}
