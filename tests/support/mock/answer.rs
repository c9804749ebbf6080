//! Whole JSON answers, each in the wire format of the path asked on.
//!
//! Every answer holds a member `mock` with what the provider saw, for people
//! who try the filter by hand; clients ignore it.

use serde_json::{Value, json};

use super::record::Seen;

/// The text every provider generates.
pub(crate) fn text(provider: &str) -> String {
    format!("Hello from {provider}.")
}

/// The answer to a request that is served.
pub(crate) fn success(provider: &str, seen: &Seen) -> Value {
    let model = seen.upstream_model.as_deref().unwrap_or("none");
    let text = text(provider);
    let mut answer = match operation(&seen.path) {
        Operation::Chat => json!({
            "id": "chatcmpl-mock", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                         "message": {"role": "assistant", "content": text, "refusal": null}}],
            "usage": openai_usage(),
        }),
        Operation::Completions => json!({
            "id": "cmpl-mock", "object": "text_completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null, "text": text}],
            "usage": openai_usage(),
        }),
        Operation::Embeddings => json!({
            "object": "list", "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 1.0]}],
            "usage": {"prompt_tokens": 7, "total_tokens": 7},
        }),
        Operation::Responses => response_object(model, &text, "completed"),
        Operation::Messages => json!({
            "id": "msg_mock", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 7, "output_tokens": 5},
        }),
        Operation::Models => json!({
            "object": "list",
            "data": [{"id": model, "object": "model", "created": 1, "owned_by": provider}],
        }),
        Operation::Other => json!({}),
    };
    answer["mock"] = json!({
        "provider": provider, "upstream_model": seen.upstream_model, "method": seen.method,
        "path": seen.path, "authority": seen.authority, "headers": seen.headers,
        "body_bytes": seen.body_bytes, "body_sha256": seen.body_sha256,
    });
    answer
}

/// An error answer in the dialect of the path.
pub(crate) fn error(path: &str, status: u16) -> Value {
    let (kind, code) = match status {
        401 | 403 => ("authentication_error", "invalid_api_key"),
        402 => ("insufficient_quota", "insufficient_quota"),
        404 => ("invalid_request_error", "model_not_found"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        400..=499 => ("invalid_request_error", "invalid_request"),
        _ => ("api_error", "server_error"),
    };
    let message = format!("The mock provider was asked to answer {status}.");
    if operation(path) == Operation::Messages {
        return json!({"type": "error", "error": {"type": kind, "message": message}});
    }
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    Completions,
    Embeddings,
    Responses,
    Messages,
    Models,
    Other,
}

/// What this path asks for.
pub(crate) fn operation(path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or(path);
    let known = [
        ("/chat/completions", Operation::Chat),
        ("/completions", Operation::Completions),
        ("/embeddings", Operation::Embeddings),
        ("/responses", Operation::Responses),
        ("/messages", Operation::Messages),
        ("/models", Operation::Models),
    ];
    known
        .into_iter()
        .find(|(suffix, _)| path.ends_with(suffix))
        .map_or(Operation::Other, |(_, operation)| operation)
}

/// The `usage` member of every OpenAI answer.
pub(crate) fn openai_usage() -> Value {
    json!({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12})
}

/// The object of the responses API.
pub(crate) fn response_object(model: &str, text: &str, status: &str) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
    json!({
        "id": "resp_mock", "object": "response", "created_at": 1, "model": model, "status": status,
        "output": [{"id": "msg_mock", "type": "message", "role": "assistant",
                    "status": status, "content": content}],
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "error": null,
        "usage": {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0},
                  "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 0},
                  "total_tokens": 12},
    })
}
