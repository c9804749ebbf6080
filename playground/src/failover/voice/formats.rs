//! What providers of each format write, whole and streamed.

use pointsman::request::format::{Dialect, Format};
use serde_json::{Value, json};

use super::{Complaint, Framing, Voice, WORDS, complaint};

pub(super) fn chat() -> Voice {
    let chunk = |delta: Value, stop: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": stop}]});
    let whole = |content: &str| {
        json!({"object": "chat.completion", "choices": [{"index": 0,
            "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 4}})
    };
    Voice {
        framing: Framing::Events,
        dialect: Dialect::OpenAi,
        opening: vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)],
        content: vec![chunk(json!({"content": WORDS}), Value::Null)],
        closing: vec![chunk(json!({}), json!("stop"))],
        failure: complaint(Dialect::OpenAi, Complaint::Overloaded, 503),
        whole: whole(WORDS),
        hollow: whole(""),
        has_mark: true,
    }
}

pub(super) fn completions() -> Voice {
    let chunk = |text: &str, stop: Value| json!({"object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": stop}]});
    Voice {
        opening: vec![chunk("", Value::Null)],
        content: vec![chunk(WORDS, Value::Null)],
        closing: vec![chunk("", json!("stop"))],
        whole: chunk(WORDS, json!("stop")),
        hollow: chunk("", json!("stop")),
        ..chat()
    }
}

pub(super) fn responses() -> Voice {
    let item = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": WORDS}]});
    let whole = |output: Value| json!({"object": "response", "status": "completed", "output": output, "usage": {"input_tokens": 9, "output_tokens": 4}});
    let event = |name: &str, response: Value| json!({"type": name, "response": response});
    Voice {
        opening: vec![event("response.created", json!({"status": "in_progress", "output": []}))],
        content: vec![
            json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}}),
            json!({"type": "response.output_text.delta", "output_index": 0, "delta": WORDS}),
        ],
        closing: vec![event("response.completed", whole(json!([])))],
        failure: event(
            "response.failed",
            json!({"status": "failed", "output": [],
            "error": {"code": "server_error", "message": Complaint::Overloaded.words().0}}),
        ),
        whole: whole(json!([item])),
        hollow: whole(json!([])),
        has_mark: false,
        ..chat()
    }
}

pub(super) fn anthropic() -> Voice {
    let whole = |content: Value| {
        json!({"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn",
            "usage": {"input_tokens": 9, "output_tokens": 4}})
    };
    Voice {
        framing: Framing::Events,
        dialect: Dialect::Anthropic,
        opening: vec![
            json!({"type": "message_start", "message": {"role": "assistant", "content": [],
            "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        ],
        content: vec![
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS}}),
            json!({"type": "content_block_stop", "index": 0}),
        ],
        closing: vec![
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
            json!({"type": "message_stop"}),
        ],
        failure: complaint(Dialect::Anthropic, Complaint::Overloaded, 529),
        whole: whole(json!([{"type": "text", "text": WORDS}])),
        hollow: whole(json!([])),
        has_mark: false,
    }
}

pub(super) fn gemini(in_events: bool) -> Voice {
    let answer = |parts: Value, stop: Value| {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, "finishReason": stop}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4}})
    };
    let piece = |parts: Value| json!({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]});
    Voice {
        framing: if in_events { Framing::Events } else { Framing::List },
        dialect: Dialect::Gemini,
        opening: Vec::new(),
        content: vec![piece(json!([{"text": WORDS}]))],
        closing: vec![answer(json!([]), json!("STOP"))],
        failure: complaint(Dialect::Gemini, Complaint::Overloaded, 503),
        whole: answer(json!([{"text": WORDS}]), json!("STOP")),
        hollow: answer(json!([]), json!("STOP")),
        has_mark: false,
    }
}

pub(super) fn converse() -> Voice {
    let whole = |content: Value| {
        json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 9, "outputTokens": 4}})
    };
    let event = |name: &str, data: Value| json!({"as": name, "data": data});
    Voice {
        framing: Framing::Frames,
        dialect: Dialect::Message,
        opening: vec![event("messageStart", json!({"role": "assistant"}))],
        content: vec![
            event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": WORDS}})),
            event("contentBlockStop", json!({"contentBlockIndex": 0})),
        ],
        closing: vec![
            event("messageStop", json!({"stopReason": "end_turn"})),
            event("metadata", json!({"usage": {"inputTokens": 9, "outputTokens": 4}})),
        ],
        failure: event(
            "serviceUnavailableException",
            json!({"message": Complaint::Overloaded.words().0}),
        ),
        whole: whole(json!([{"text": WORDS}])),
        hollow: whole(json!([])),
        has_mark: false,
    }
}

pub(super) fn cohere() -> Voice {
    let whole = |content: Value| {
        json!({"finish_reason": "COMPLETE", "message": {"role": "assistant", "content": content},
            "usage": {"tokens": {"input_tokens": 9, "output_tokens": 4}}})
    };
    let end = |delta: Value| json!({"type": "message-end", "delta": delta});
    Voice {
        framing: Framing::Events,
        dialect: Dialect::Message,
        opening: vec![
            json!({"type": "message-start", "delta": {"message": {"role": "assistant", "content": []}}}),
        ],
        content: vec![
            json!({"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}),
            json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": WORDS}}}}),
            json!({"type": "content-end", "index": 0}),
        ],
        closing: vec![end(
            json!({"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 9, "output_tokens": 4}}}),
        )],
        failure: end(json!({"finish_reason": "ERROR", "error": Complaint::Overloaded.words().0})),
        whole: whole(json!([{"type": "text", "text": WORDS}])),
        hollow: whole(json!([])),
        has_mark: false,
    }
}

pub(super) fn ollama() -> Voice {
    let chunk = |content: &str, done: bool| {
        let mut chunk = json!({"model": "m", "message": {"role": "assistant", "content": content}, "done": done});
        if done && let Some(chunk) = chunk.as_object_mut() {
            chunk.insert("done_reason".to_owned(), "stop".into());
        }
        chunk
    };
    Voice {
        framing: Framing::Lines,
        dialect: Dialect::Ollama,
        opening: vec![chunk("", false)],
        content: vec![chunk(WORDS, false)],
        closing: vec![chunk("", true)],
        failure: complaint(Dialect::Ollama, Complaint::Overloaded, 503),
        whole: chunk(WORDS, true),
        hollow: chunk("", true),
        has_mark: false,
    }
}

/// Returns what providers say where no chat is asked for: a list of results under the names of all.
pub(super) fn other(format: Format) -> Voice {
    Voice {
        dialect: format.dialect(),
        whole: json!({"data": [{"index": 0, "embedding": [0.25, -0.5], "text": WORDS}],
            "usage": {"prompt_tokens": 9, "total_tokens": 9}}),
        hollow: json!({}),
        ..chat()
    }
}
