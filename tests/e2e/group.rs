//! The configurations that tests share, each with an Envoy of its own.
//!
//! Each starts when a test first needs it. Deployments are named after their provider (`a…` at
//! alpha, `b…` at beta, `g…` at gamma), and their upstream models are `up-ID`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{Group, Spec};

/// The default limits, with a default cluster. Unreadable bodies are refused.
pub(crate) static OPEN: LazyLock<Group> = LazyLock::new(|| Group::start(&Spec::new(open())));

/// Small limits. Bodies beyond them pass through.
pub(crate) static LENIENT: LazyLock<Group> = LazyLock::new(|| {
    let mut document = open();
    document["unknown_model"] = json!("pass_through");
    document["limits"] = json!({"max_body_bytes": 65536, "on_oversize": "pass_through",
                                "on_unparsable": "pass_through"});
    Group::start(&Spec { buffer_bytes: LENIENT_BUFFER, ..Spec::new(document) })
});

/// The buffer limit of [`LENIENT`].
pub(crate) const LENIENT_BUFFER: u32 = 1 << 20;

/// No default cluster and small limits. Unknown models are served as `plain`.
pub(crate) static CLOSED: LazyLock<Group> = LazyLock::new(|| {
    let mut document = open();
    document.as_object_mut().unwrap().remove("default_cluster");
    document["unknown_model"] = json!({"model": "plain"});
    document["limits"] = json!({"max_body_bytes": 65536});
    document["response_headers"] = json!(false);
    Group::start(&Spec::new(document))
});

/// The document of [`OPEN`].
pub(crate) fn open() -> Value {
    json!({
        "providers": {
            "alpha": {"cluster": "alpha", "authority": "alpha.example", "path_prefix": "/prefix",
                      "credential": {"env": "ALPHA_KEY"}},
            "beta": {"cluster": "beta"},
            "gamma": {"cluster": "gamma", "api": "anthropic", "remove_headers": ["x-drop-me"],
                      "headers": {"anthropic-version": "2023-06-01"},
                      "credential": {"env": "GAMMA_KEY", "header": "x-api-key", "prefix": ""}},
            "http2": {"cluster": "alpha-http2"},
        },
        "deployments": {
            "a1": {"provider": "alpha", "model": "up-a1"},
            "a2": {"provider": "alpha", "model": "up-a2"},
            "b1": {"provider": "beta", "model": "up-b1"},
            "b2": {"provider": "beta", "model": "up-b2"},
            "b3": {"provider": "beta", "model": "up-b3"},
            "g1": {"provider": "gamma", "model": "up-g1"},
            "h1": {"provider": "http2", "model": "up-h1"},
            "odd": {"provider": "beta", "model": "up \"odd\" \\ ü/🚂"},
            "over": {"provider": "beta", "model": "up-over", "request_overrides": {
                "temperature": 0.5, "metadata": {"tier": "gold"}, "seed": null}},
            "filled": {"provider": "beta", "model": "up-filled", "request_defaults": {
                "temperature": 0.5, "max_tokens": 9}},
        },
        "models": {
            "plain": {"strategy": "single", "candidates": ["b1"]},
            "keyed": {"strategy": "single", "candidates": ["a1"]},
            "claude": {"strategy": "single", "candidates": ["g1"]},
            "over": {"strategy": "single", "candidates": ["over"]},
            "filled": {"strategy": "single", "candidates": ["filled"]},
            "odd": {"strategy": "single", "candidates": ["odd"]},
            "http2": {"strategy": "single", "candidates": ["h1"]},
            "listed": {"candidates": ["b1", "a1"]},
            "routed": {"strategy": "single", "candidates": ["b1"]},
            "variants": {"variants": [
                {"key": "base", "strategy": "single", "candidates": ["b1"]},
                {"key": "review", "strategy": "single", "candidates": ["a2"]}]},
        },
        "aliases": {"nickname": "plain", "nickname-of-nickname": "nickname"},
        "routes": [
            {"name": "pictures", "priority": 90, "then": {"target_model": "a1"},
             "when": {"model_in": ["routed"], "has_images": true}},
            {"name": "tagged", "priority": 80, "then": {"target_model": "a2"},
             "when": {"model_in": ["routed"], "tag_equals": "premium"}},
            {"name": "words", "priority": 70, "then": {"target_model": "b2"},
             "when": {"model_in": ["routed"], "prompt_contains_any_of": ["straße", "deploy"]}},
            {"name": "long", "priority": 60, "then": {"target_model": "b3", "disable_cache": true},
             "when": {"model_in": ["routed"], "input_tokens_gt": 1000}},
            {"name": "headed", "priority": 50, "then": {"target_model": "a1"},
             "when": {"model_in": ["routed"], "header_equals": {"x-team": "search"}}},
            {"name": "forced", "priority": 40, "enabled": true, "then": {"target_model": "a1"},
             "when": {"model_in": ["nothing-else"]}},
        ],
        "default_cluster": "site",
    })
}
