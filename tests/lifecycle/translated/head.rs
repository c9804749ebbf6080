//! Path, query, headers and limits of a translated request.

use super::*;

const BETA: &str = "/v1/messages?beta=true";

/// A proxy with a provider of every API, and a model for each that has its name.
fn every_api() -> Proxy {
    let azure = "/openai/deployments/{model}/{operation}?api-version=2024-10-21";
    with_providers(&json!({
        "open": {"cluster": "open"},
        "gemini": {"cluster": "gemini", "api": "gemini"},
        "bedrock": {"cluster": "bedrock", "api": "bedrock"},
        "azure": {"cluster": "azure", "api": "azure", "path": azure},
        "prefixed": {"cluster": "prefixed", "path_prefix": "/team/a"},
        "anthropic": {"cluster": "anthropic", "api": "anthropic", "path_prefix": "/claude"},
    }))
}

/// A proxy with these providers, and a model for each that has its name.
fn with_providers(providers: &Value) -> Proxy {
    let names = providers.as_object().unwrap().keys();
    let deployment =
        |name: &String| (name.clone(), json!({"provider": name, "model": format!("its/{name} 1")}));
    let model = |name: &String| (name.clone(), json!({"candidates": [name]}));
    let deployments: serde_json::Map<_, _> = names.clone().map(deployment).collect();
    let models: serde_json::Map<_, _> = names.map(model).collect();
    Proxy::new(json!({"providers": providers, "deployments": deployments, "models": models}))
}

/// Returns a request for that model.
fn hello(body: &str, model: &str, stream: bool) -> String {
    body.replace("\"m\"", &format!("\"{model}\",\"stream\":{stream}"))
}

#[test]
fn the_path_is_the_providers_and_no_query_of_the_client_goes_with_it() {
    let proxy = every_api();
    for (path, body, model, stream, wanted) in [
        (BETA, HELLO_MESSAGES, "open", true, "/v1/chat/completions"),
        (BETA, HELLO_MESSAGES, "prefixed", false, "/team/a/v1/chat/completions"),
        (BETA, HELLO_MESSAGES, "gemini", false, "/v1beta/models/its%2Fgemini%201:generateContent"),
        (
            BETA,
            HELLO_MESSAGES,
            "gemini",
            true,
            "/v1beta/models/its%2Fgemini%201:streamGenerateContent?alt=sse",
        ),
        (BETA, HELLO_MESSAGES, "bedrock", false, "/model/its%2Fbedrock%201/converse"),
        (BETA, HELLO_MESSAGES, "bedrock", true, "/model/its%2Fbedrock%201/converse-stream"),
        (
            BETA,
            HELLO_MESSAGES,
            "azure",
            true,
            "/openai/deployments/its%2Fazure%201/chat/completions?api-version=2024-10-21",
        ),
        ("/v1/chat/completions?a=1", HELLO_CHAT, "anthropic", true, "/claude/v1/messages"),
    ] {
        let body = hello(body, model, stream);
        proxy.send(path, &body, &[]);
        let (_, sent) = proxy.attempt(&body, 13);
        assert_eq!(proxy.host.sent(":path").as_deref(), Some(wanted), "{model} {stream}");
        assert_eq!(proxy.host.sent("content-length"), Some(sent.len().to_string()), "{model}");
    }
}

#[test]
fn a_provider_of_the_clients_own_api_gets_the_clients_query() {
    let proxy = every_api();
    let body = hello(HELLO_MESSAGES, "anthropic", true);
    proxy.send(BETA, &body, &[]);
    proxy.attempt(&body, 13);
    assert_eq!(proxy.host.sent(":path").as_deref(), Some("/claude/v1/messages?beta=true"));
}

#[test]
fn a_deployment_at_azure_may_have_any_name() {
    // Elsewhere the name tells a model that wants `max_completion_tokens`.
    for (model, wanted) in [("azure", "max_completion_tokens"), ("open", "max_tokens")] {
        let proxy = every_api();
        let body = hello(HELLO_MESSAGES, model, false);
        proxy.send(MESSAGES, &body, &[]);
        let sent = of(&proxy.attempt(&body, 13).1);
        assert_eq!(sent[wanted], 100, "{model}: {sent}");
        let names = ["max_completion_tokens", "max_tokens"];
        let limits = names.iter().filter(|name| sent.get(**name).is_some());
        assert_eq!(limits.count(), 1, "{model}: {sent}");
    }
}

#[test]
fn the_version_of_the_clients_api_is_not_sent_to_another() {
    const VERSION: (&str, &str) = ("anthropic-version", "2023-01-01");
    const BETAS: (&str, &str) = ("anthropic-beta", "context-1m-2025-08-07");
    let proxy = every_api();
    for (model, stays) in [("open", false), ("bedrock", false), ("anthropic", true)] {
        let body = hello(HELLO_MESSAGES, model, false);
        proxy.send(MESSAGES, &body, &[VERSION, BETAS]);
        proxy.attempt(&body, 13);
        for (name, value) in [VERSION, BETAS] {
            let sent = proxy.host.sent(name);
            assert_eq!(sent.as_deref(), stays.then_some(value), "{model}: {name}");
        }
    }
}

#[test]
fn the_version_of_the_clients_api_comes_back_for_an_attempt_in_it() {
    let models = json!({"m": {"candidates": ["gpt", "claude"]}});
    let proxy = Proxy::new(json!({"models": models}));
    proxy.send(MESSAGES, HELLO_MESSAGES, &[("anthropic-version", "2023-01-01")]);
    let (mut first, _) = proxy.attempt(HELLO_MESSAGES, 9);
    assert_eq!(proxy.host.sent("anthropic-version"), None);
    proxy.host.answer(&mut first, 503, &[("content-type", "application/json")], &[b"{}"]);
    proxy.host.done(first, None);
    let (_, sent) = proxy.attempt(HELLO_MESSAGES, 9);
    assert_eq!(sent, HELLO_MESSAGES.replace("\"m\"", "\"claude\""));
    assert_eq!(proxy.host.sent("anthropic-version").as_deref(), Some("2023-01-01"));
}

#[test]
fn an_answer_without_a_limit_gets_the_deployments_or_else_the_configured_one() {
    let known =
        json!({"provider": "anthropic", "model": "claude-a", "facts": {"max_output_tokens": 777}});
    let catalogued = json!({"provider": "anthropic", "model": "claude-b"});
    let unknown = json!({"provider": "anthropic", "model": "claude-c"});
    for (limits, of_unknown) in [(json!({}), 4096), (json!({"translated_max_tokens": 55}), 55)] {
        let proxy = Proxy::new(json!({
            "deployments": {"known": known, "catalogued": catalogued, "unknown": unknown},
            "models": {"known": {"candidates": ["known"]}, "catalogued": {"candidates": ["catalogued"]},
                       "unknown": {"candidates": ["unknown"]}},
            "catalog": {"claude-b": {"max_output_tokens": 888}},
            "limits": limits,
        }));
        for (model, wanted) in [("known", 777), ("catalogued", 888), ("unknown", of_unknown)] {
            for (own, wanted) in [("", wanted), (",\"max_tokens\":5", 5)] {
                let body = HELLO_CHAT.replace("\"m\"", &format!("\"{model}\"{own}"));
                proxy.send(CHAT, &body, &[]);
                let (_, sent) = proxy.attempt(&body, 13);
                assert_eq!(of(&sent)["max_tokens"], wanted, "{model} {own}");
            }
        }
    }
}
