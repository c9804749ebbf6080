//! Whole JSON answers, each in the wire format of the request's path.
//!
//! Every answer has a member `mock` with what the provider saw, for people who try the filter by
//! hand. Clients ignore it.

use serde_json::{Value, json};

use super::behaviour::{Behaviour, Used};
use super::record::Seen;

/// Returns the text that every provider generates, or as many words as requested.
pub(crate) fn text(provider: &str, behaviour: &Behaviour) -> String {
    let words = |count: usize| "word ".repeat(count);
    behaviour.words.map_or_else(|| format!("Hello from {provider}."), words)
}

/// Returns the answer to a request that is served.
pub(crate) fn success(provider: &str, seen: &Seen, behaviour: &Behaviour) -> Value {
    let model = seen.upstream_model.as_deref().unwrap_or("none");
    let text = text(provider, behaviour);
    let used = behaviour.used;
    let mut answer = match operation(&seen.path) {
        Operation::Chat => json!({
            "id": "chatcmpl-mock", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                         "message": {"role": "assistant", "content": text, "refusal": null}}],
            "usage": used.openai(),
        }),
        Operation::Completions => json!({
            "id": "cmpl-mock", "object": "text_completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null, "text": text}],
            "usage": used.openai(),
        }),
        Operation::Embeddings => json!({
            "object": "list", "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 1.0]}],
            "usage": {"prompt_tokens": used.input, "total_tokens": used.input},
        }),
        Operation::Responses => response_object(model, &text, "completed", used),
        Operation::Messages => json!({
            "id": "msg_mock", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": used.input, "output_tokens": used.output},
        }),
        Operation::Models => json!({
            "object": "list",
            "data": [{"id": model, "object": "model", "created": 1, "owned_by": provider}],
        }),
        Operation::Generate | Operation::StreamGenerate => generated(model, &text, Some(used)),
        Operation::Converse | Operation::StreamConverse => json!({
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn", "metrics": {"latencyMs": 1}, "usage": used.bedrock(),
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

/// Returns an error answer in the dialect of the path.
pub(crate) fn error(path: &str, status: u16) -> Value {
    let (kind, code) = match status {
        401 | 403 => ("authentication_error", "invalid_api_key"),
        402 => ("insufficient_quota", "insufficient_quota"),
        404 => ("invalid_request_error", "model_not_found"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        400..=499 => ("invalid_request_error", "invalid_request"),
        _ => ("api_error", "server_error"),
    };
    error_object(path, kind, code, &format!("The mock provider was asked to answer {status}."))
}

/// An error that only its body distinguishes from others with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// 400: the prompt is too long.
    ContextLength,
    /// 400: the prompt is not allowed.
    ContentPolicy,
    /// 429: the quota is used up, and waiting does not bring it back.
    Quota,
    /// 404: there is no such model.
    ModelNotFound,
}

impl Refusal {
    /// Returns the refusal of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "context-length" => Self::ContextLength,
            "content-policy" => Self::ContentPolicy,
            "quota" => Self::Quota,
            "model-not-found" => Self::ModelNotFound,
            _ => return None,
        })
    }

    /// Returns its status, and its body in the words that the providers of a path use.
    pub(crate) fn answer(self, path: &str) -> (u16, Value) {
        let invalid = "invalid_request_error";
        let is_anthropic = operation(path) == Operation::Messages;
        let (status, kind, code, message) = match self {
            Self::ContextLength if is_anthropic => {
                (400, invalid, "", "prompt is too long: 215000 tokens > 200000 maximum")
            }
            Self::ContextLength => {
                let message = "This model's maximum context length is 128000 tokens. However, \
                               your messages resulted in 150000 tokens.";
                (400, invalid, "context_length_exceeded", message)
            }
            Self::ContentPolicy if is_anthropic => {
                (400, invalid, "", "Output blocked by content filtering policy")
            }
            Self::ContentPolicy => {
                let message = "The response was filtered due to the prompt triggering our \
                               content management policy.";
                (400, invalid, "content_filter", message)
            }
            Self::Quota if is_anthropic => {
                let message = "Your credit balance is too low to access the Anthropic API.";
                (400, invalid, "", message)
            }
            Self::Quota => {
                let message = "You exceeded your current quota, please check your plan and \
                               billing details.";
                (429, "insufficient_quota", "insufficient_quota", message)
            }
            Self::ModelNotFound if is_anthropic => (404, "not_found_error", "", "model: mock"),
            Self::ModelNotFound => {
                (404, invalid, "model_not_found", "The model `mock` does not exist.")
            }
        };
        (status, error_object(path, kind, code, message))
    }
}

fn error_object(path: &str, kind: &str, code: &str, message: &str) -> Value {
    if operation(path) == Operation::Messages {
        return json!({"type": "error", "error": {"type": kind, "message": message}});
    }
    if matches!(operation(path), Operation::Converse | Operation::StreamConverse) {
        return json!({"message": message});
    }
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The operation that a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    Completions,
    Embeddings,
    Responses,
    Messages,
    Models,
    Generate,
    StreamGenerate,
    Converse,
    StreamConverse,
    Other,
}

/// Returns the operation that this path asks for.
pub(crate) fn operation(path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or(path);
    let known = [
        ("/chat/completions", Operation::Chat),
        ("/completions", Operation::Completions),
        ("/embeddings", Operation::Embeddings),
        ("/responses", Operation::Responses),
        ("/messages", Operation::Messages),
        ("/models", Operation::Models),
        ("/converse", Operation::Converse),
        ("/converse-stream", Operation::StreamConverse),
        (":generateContent", Operation::Generate),
        (":streamGenerateContent", Operation::StreamGenerate),
    ];
    known
        .into_iter()
        .find(|(suffix, _)| path.ends_with(suffix))
        .map_or(Operation::Other, |(_, operation)| operation)
}

/// Returns an answer of Gemini's, or an event of one, which is the last where it says what was used.
pub(crate) fn generated(model: &str, text: &str, used: Option<Used>) -> Value {
    let content = json!({"role": "model", "parts": [{"text": text}]});
    let mut answer = json!({
        "candidates": [{"content": content, "index": 0}],
        "modelVersion": model, "responseId": "mock",
    });
    if let Some(Used { input, output }) = used {
        answer["candidates"][0]["finishReason"] = json!("STOP");
        answer["usageMetadata"] = json!({
            "promptTokenCount": input, "candidatesTokenCount": output,
            "totalTokenCount": input + output,
        });
    }
    answer
}

/// Returns the object of the responses API.
pub(crate) fn response_object(model: &str, text: &str, status: &str, used: Used) -> Value {
    let Used { input, output } = used;
    let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
    json!({
        "id": "resp_mock", "object": "response", "created_at": 1, "model": model, "status": status,
        "output": [{"id": "msg_mock", "type": "message", "role": "assistant",
                    "status": status, "content": content}],
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "error": null,
        "usage": {"input_tokens": input, "input_tokens_details": {"cached_tokens": 0},
                  "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
                  "total_tokens": input + output},
    })
}
