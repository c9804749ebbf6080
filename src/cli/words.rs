//! Words of other tools that a routing document has in place of ours: keys, and names of strategies.
//!
//! Tables, and a look into the schema for keys that belong one level deeper. The rules of the
//! configuration are not known here.

use std::sync::LazyLock;

use serde_json::Value;

use crate::config;

use super::import::STRATEGIES;

/// A part of a document, by the path of its problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Document,
    Provider,
    Credential,
    Deployment,
    Model,
    Candidate,
    Route,
    When,
    Then,
}
use Part::{Candidate, Credential, Deployment, Document, Model, Provider, Route, Then, When};

/// Where a key stands, its names elsewhere, and what to write.
type Row = (&'static [Part], &'static [&'static str], &'static str);

#[rustfmt::skip]
static KEYS: &[Row] = &[
    (&[Provider], &["url", "base_url", "api_base", "endpoint", "uri", "host", "hostname", "address", "server", "port", "tls"],
        "write a vendor's host as \"authority\"; give the address of your own server by --endpoint CLUSTER=HOST:PORT"),
    (&[Provider], &["api_key", "apikey", "key", "token", "auth", "api_key_env", "env", "secret"],
        "write \"credential\": { \"env\": \"NAME\" } with the name of the environment variable that holds the key"),
    (&[Provider], &["type", "kind", "vendor", "protocol", "format", "schema"],
        "write \"api\": \"openai\", \"anthropic\", or another of its values"),
    (&[Credential], &["api_key", "apikey", "key", "token", "value", "secret", "variable", "env_var", "name"],
        "write \"env\": \"NAME\" with the name of the environment variable that holds the key"),
    (&[Deployment], &["url", "base_url", "api_base", "endpoint", "api_key", "apikey", "authority", "credential", "cluster", "api"],
        "write it at the provider, under its names there: \"cluster\", \"authority\", \"api\" and \"credential\""),
    (&[Deployment], &["upstream_model", "model_name", "model_id", "upstream"], "did you mean \"model\"?"),
    (&[Deployment], &["rpm", "max_rpm", "requests_per_minute"], "did you mean \"rpm_limit\"?"),
    (&[Deployment], &["tpm", "max_tpm", "tokens_per_minute"], "did you mean \"tpm_limit\"?"),
    (&[Deployment], &["temperature", "max_tokens", "max_completion_tokens", "top_p", "seed", "stop", "reasoning_effort", "defaults", "default_params", "params", "parameters", "litellm_params"],
        "write what counts if the client sends none in \"request_defaults\": { \"temperature\": 0.5 }"),
    (&[Deployment], &["overrides", "extra_body"], "did you mean \"request_overrides\"?"),
    (&[Deployment], &["images", "multimodal", "supports_vision"], "write \"facts\": { \"vision\": true }"),
    (&[Deployment], &["price", "cost", "input_cost_per_token", "output_cost_per_token"],
        "write \"facts\": { \"input_usd_per_million\": 1, \"output_usd_per_million\": 2 } with your prices"),
    (&[Model], &["deployments", "providers"],
        "did you mean \"candidates\"? If it is the section of the document, indent it less"),
    (&[Model], &["targets", "backends", "endpoints", "members"], "did you mean \"candidates\"?"),
    (&[Model], &["routing", "routing_strategy", "load_balancing", "lb_policy", "policy", "mode"], "did you mean \"strategy\"?"),
    (&[Model], &["weight", "weights"],
        "write it at each candidate: { \"deployment\": \"ID\", \"weight\": 3 }, with \"strategy\": \"weighted\""),
    (&[Candidate], &["id", "name", "target"], "did you mean \"deployment\"?"),
    (&[Route], &["condition", "conditions", "match", "matches", "if"], "did you mean \"when\"?"),
    (&[Route], &["action", "actions", "target", "target_model", "use", "to"],
        "write \"then\": { \"target_model\": \"NAME\" }"),
    (&[When], &["prompt_contains", "prompt_contains_any", "contains", "keyword", "keywords", "prompt", "text"],
        "write \"prompt_contains_any_of\": [\"WORD\"]"),
    (&[When], &["model", "models", "model_equals"], "write \"model_in\": [\"NAME\"]"),
    (&[When], &["tag", "tags"], "write \"tag_equals\": \"TAG\", or \"tag_in\" with a list"),
    (&[When], &["header", "headers"], "write \"header_equals\": { \"NAME\": \"VALUE\" }"),
    (&[When], &["image", "images", "vision", "has_vision"], "did you mean \"has_images\"?"),
    (&[When], &["audio"], "did you mean \"has_audio\"?"),
    (&[When], &["tools", "functions", "has_functions"], "did you mean \"has_tools\"?"),
    (&[When], &["streaming", "is_stream", "is_streaming"], "did you mean \"stream\"?"),
    (&[When], &["api", "format", "formats", "path"], "write \"format_in\": [\"openai-chat\"], or another format"),
    (&[When], &["tokens", "input_tokens", "prompt_tokens", "max_input_tokens", "min_input_tokens"],
        "did you mean \"input_tokens_gt\" or \"input_tokens_lt\"?"),
    (&[When], &["percent", "percentage", "sample", "weight"], "did you mean \"sample_percent\"?"),
    (&[When], &["or", "any"], "did you mean \"any_of\"?"),
    (&[When], &["and", "all", "all_of"], "leave it out: all conditions of \"when\" must hold"),
    (&[Then], &["target", "model", "to", "deployment", "route_to", "use"], "did you mean \"target_model\"?"),
    (&[Document], &["retry", "retries", "num_retries", "max_retries"], "write \"failover\": { \"max_attempts\": 3 }"),
    (&[Document], &["fallbacks", "strategy", "routing_strategy"],
        "write it at each model, as \"fallbacks\" or \"strategy\""),
    (&[Document], &["listen", "port", "host", "endpoints", "clusters"],
        "leave it out: --listen and --endpoint of `pointsman run` and `pointsman envoy` give addresses"),
];

/// Names of strategies elsewhere than in LiteLLM, and ours.
#[rustfmt::skip]
static OTHER_STRATEGIES: &[(&[&str], &str)] = &[
    (&["weight", "weights", "random", "shuffle", "split"], "weighted"),
    (&["rr", "rotate", "even"], "round_robin"),
    (&["least_connections", "least-connections", "least_conn", "least_request", "least_requests", "least-requests"], "least_busy"),
    (&["latency", "lowest_latency", "lowest-latency", "fastest"], "latency_based"),
    (&["cost", "cheapest", "lowest_cost", "lowest-cost", "price"], "cost_based"),
    (&["usage", "least_used"], "usage_based"),
    (&["rate_limit", "rate_limits"], "rate_limit_aware"),
    (&["failover", "fallback", "fallbacks", "ordered", "sequential", "in_order"], "ordered_fallback"),
    (&["hash", "consistent_hash", "session", "affinity"], "sticky"),
];

/// The schema of documents.
static SCHEMA: LazyLock<Value> = LazyLock::new(config::schema);

/// Returns what to write in place of an unknown key; `None` where that is not known. `path` is that of the
/// object with the key.
pub(super) fn of_key(path: &str, key: &str) -> Option<String> {
    let part = part(path)?;
    let of_table =
        KEYS.iter().find(|(parts, names, _)| parts.contains(&part) && names.contains(&key));
    of_table.map(|(_, _, hint)| (*hint).to_owned()).or_else(|| deeper(part, key))
}

/// Returns the strategy that another router's name stands for.
pub(super) fn of_strategy(name: &str) -> Option<&'static str> {
    let of_litellm = STRATEGIES.iter().find(|(theirs, _)| *theirs == name);
    let other = || OTHER_STRATEGIES.iter().find(|(theirs, _)| theirs.contains(&name));
    of_litellm.map(|(_, ours)| *ours).or_else(|| other().map(|(_, ours)| *ours))
}

/// Returns which part a path is the place of; `None` for one without a table.
fn part(path: &str) -> Option<Part> {
    let path = path.strip_prefix("shadow.").unwrap_or(path);
    if path == "configuration" {
        return Some(Document);
    }
    if path.starts_with("routes[") {
        let (_, rest) = path.split_once(']')?;
        return Some(match rest {
            "" => Route,
            ".then" => Then,
            rest if rest.starts_with(".when") => When,
            _ => return None,
        });
    }
    let (section, rest) = path.split_once('.')?;
    let last = below(rest);
    match (section, last) {
        ("providers", "") => Some(Provider),
        ("providers", ".credential") => Some(Credential),
        ("deployments", "") => Some(Deployment),
        ("models", "") => Some(Model),
        ("models", last) if last.contains(".candidates[") => Some(Candidate),
        _ => None,
    }
}

/// Returns what follows the first key of a path, which may be in quotes.
fn below(path: &str) -> &str {
    let quoted = path.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    match quoted {
        Some((_, rest)) => rest,
        None => path.get(path.find(['.', '[']).unwrap_or(path.len())..).unwrap_or_default(),
    }
}

/// Returns that a key is one of an object in this part, if just one has such a key: `vision` of `facts`. Of a
/// candidate, it may be one of its deployment.
fn deeper(part: Part, key: &str) -> Option<String> {
    let own = match part {
        Candidate => {
            let of_deployment = SCHEMA.pointer("/$defs/deployment/properties")?.get(key);
            return of_deployment
                .map(|_| format!("{key:?} is a key of the deployment; write it there"));
        }
        Document => SCHEMA.get("properties"),
        Provider => SCHEMA.pointer("/$defs/provider/properties"),
        Deployment => SCHEMA.pointer("/$defs/deployment/properties"),
        Model => SCHEMA.pointer("/$defs/model/properties"),
        _ => None,
    }?;
    let has = |member: &Value| {
        let name = member.get("$ref")?.as_str()?.strip_prefix('#')?;
        SCHEMA.pointer(name)?.get("properties")?.get(key)
    };
    let mut outer = own.as_object()?.iter().filter(|(_, member)| has(member).is_some());
    match (outer.next(), outer.next()) {
        (Some((outer, _)), None) => {
            Some(format!("it is a key of {outer:?}: write {outer:?}: {{ {key:?}: … }}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_paths() {
        for (path, wanted) in [
            ("configuration", Some(Document)),
            ("providers.p", Some(Provider)),
            ("providers.\"a.b\"", Some(Provider)),
            ("providers.p.credential", Some(Credential)),
            ("providers.p.timeouts", None),
            ("deployments.\"gpt-4.1\"", Some(Deployment)),
            ("models.m", Some(Model)),
            ("models.m.candidates[2]", Some(Candidate)),
            ("models.m.variants[0].candidates[2]", Some(Candidate)),
            ("routes[1]", Some(Route)),
            ("routes[1].when.any_of[0]", Some(When)),
            ("shadow.routes[1].then", Some(Then)),
            ("limits", None),
        ] {
            assert_eq!(part(path), wanted, "{path}");
        }
    }

    #[test]
    fn no_word_of_another_tool_is_one_of_ours() {
        let known = |part: &Part| match part {
            Document => SCHEMA.get("properties"),
            Provider => SCHEMA.pointer("/$defs/provider/properties"),
            Credential => SCHEMA.pointer("/$defs/credential/properties"),
            Deployment => SCHEMA.pointer("/$defs/deployment/properties"),
            Model => SCHEMA.pointer("/$defs/model/properties"),
            Candidate => SCHEMA.pointer("/$defs/candidate/properties"),
            Route => SCHEMA.pointer("/$defs/route/properties"),
            When => SCHEMA.pointer("/$defs/when/properties"),
            Then => SCHEMA.pointer("/$defs/then/properties"),
        };
        for (parts, names, hint) in KEYS {
            for part in *parts {
                let known = known(part).unwrap().as_object().unwrap();
                assert!(names.iter().all(|name| !known.contains_key(*name)), "{part:?}: {names:?}");
                // What is suggested in one word is a key.
                let meant =
                    hint.strip_prefix("did you mean \"").and_then(|rest| rest.split('"').next());
                assert!(meant.is_none_or(|meant| known.contains_key(meant)), "{hint}");
            }
        }
        for (theirs, ours) in OTHER_STRATEGIES {
            let is_known =
                |name: &str| crate::strategy::Strategy::ALL.iter().any(|one| one.name() == name);
            assert!(is_known(ours) && !theirs.iter().any(|name| is_known(name)), "{ours}");
        }
    }
}
