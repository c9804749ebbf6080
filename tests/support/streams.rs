//! Answers of every format in pieces, and after which of them the answer is whole.

use pointsman::request::format::Format;

use crate::frames::frame;

/// An answer as its provider sends it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    /// The path of a request that is answered so.
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) pieces: Vec<Vec<u8>>,
    /// How many pieces make it whole by its own word: the last of them has the mark of the end.
    pub(crate) marked: usize,
    /// How many of them make it an answer: the last of them has the first content.
    pub(crate) filled: usize,
}

impl Answered {
    /// Returns whether that many of its pieces are a stream which has content and lacks the mark
    /// that such a stream always has.
    pub(crate) fn lacks_mark(&self, count: usize) -> bool {
        let is_marked = match self.content_type {
            EVENTS => matches!(
                self.format,
                Format::OpenAiChat
                    | Format::OpenAiCompletions
                    | Format::OpenAiResponses
                    | Format::AzureOpenAi
                    | Format::AnthropicMessages
                    | Format::GeminiGenerate
                    | Format::CohereChat
            ),
            FRAMES => self.format == Format::BedrockConverse,
            _ => self.format == Format::Ollama && self.marked > 1,
        };
        // Anthropic says why it has stopped before it says that it has.
        let body = self.pieces[..count].concat();
        let has_reason = String::from_utf8_lossy(&body).contains(r#""stop_reason":"end_turn""#);
        is_marked && !has_reason && (self.filled..self.marked).contains(&count)
    }
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENTS: &str = "text/event-stream";
pub(crate) const FRAMES: &str = "application/vnd.amazon.eventstream";

/// An event of Bedrock's.
pub(crate) fn event(of: &str, data: &str) -> Vec<u8> {
    let headers = [(":event-type", of), (":content-type", JSON), (":message-type", "event")];
    frame(&headers, data.as_bytes())
}

/// Pieces of an event stream, from their data.
fn sse(data: &[&str]) -> Vec<Vec<u8>> {
    data.iter().map(|data| format!("data: {data}\n\n").into_bytes()).collect()
}

/// Pieces of plain text.
fn plain(pieces: &[&str]) -> Vec<Vec<u8>> {
    pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect()
}

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const GEMINI: &str = "/v1beta/models/m:generateContent";
const GEMINI_STREAM: &str = "/v1beta/models/m:streamGenerateContent";
const CONVERSE: &str = "/model/m/converse";
const CONVERSE_STREAM: &str = "/model/m/converse-stream";

/// Answers of every format, streamed and whole.
pub(crate) fn answered() -> Vec<Answered> {
    let row = |name, format, path, content_type, pieces, filled, marked| Answered {
        name,
        format,
        path,
        content_type,
        pieces,
        marked,
        filled,
    };
    let mut all = openai();
    all.extend([
        row("anthropic", Format::AnthropicMessages, MESSAGES, EVENTS, sse(&[
            r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":2,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":0,"output_tokens":3}}"#,
            r#"{"type":"message_stop"}"#,
        ]), 4, 7),
        // The model had nothing to say, as Anthropic documents.
        row("anthropic, nothing said", Format::AnthropicMessages, MESSAGES, EVENTS, sse(&[
            r#"{"type":"message_start","message":{"content":[],"usage":{"input_tokens":2,"output_tokens":1}}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#,
            r#"{"type":"message_stop"}"#,
        ]), 2, 3),
        row("anthropic, whole", Format::AnthropicMessages, MESSAGES, JSON, plain(&[
            r#"{"id":"msg_1","type":"message","content":[{"ty"#, r#"pe":"text","text":"a"}],"stop_reason":"end_turn""#,
            r#","usage":{"input_tokens":2,"output_tokens":3}"#, "}",
        ]), 1, 4),
        row("gemini", Format::GeminiGenerate, GEMINI_STREAM, EVENTS, sse(&[
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":2}}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"b"}],"role":"model"},"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"c"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3}}"#,
        ]), 1, 3),
        row("gemini, a list", Format::GeminiGenerate, GEMINI_STREAM, JSON, plain(&[
            "[", r#"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"}}]}"#, ",\n",
            r#"{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3}}"#,
            "]",
        ]), 2, 4),
        row("gemini, whole", Format::GeminiGenerate, GEMINI, JSON, plain(&[
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"#,
            r#""STOP"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3}}"#,
        ]), 1, 2),
        row("bedrock", Format::BedrockConverse, CONVERSE_STREAM, FRAMES, vec![
            event("messageStart", r#"{"p":"abc","role":"assistant"}"#),
            event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"abcd"}"#),
            event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
            event("messageStop", r#"{"p":"ab","stopReason":"end_turn"}"#),
            event("metadata", r#"{"metrics":{"latencyMs":9},"usage":{"inputTokens":2,"outputTokens":3}}"#),
        ], 2, 4),
        row("bedrock, whole", Format::BedrockConverse, CONVERSE, JSON, plain(&[
            r#"{"output":{"message":{"content":[{"text":"a"}],"role":"assistant"}},"stopReason":"end_turn""#,
            r#","usage":{"inputTokens":2,"outputTokens":3}}"#,
        ]), 1, 2),
        row("bedrock, a model's own", Format::AnthropicMessages, MESSAGES, FRAMES, [
            r#"{"type":"message_start","message":{"content":[],"usage":{"input_tokens":2,"output_tokens":1}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a>?~"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#,
            r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":2,"outputTokenCount":3}}"#,
        ].iter().map(|data| event("chunk", &embedded(data))).collect(), 2, 4),
        row("cohere", Format::CohereChat, "/v2/chat", EVENTS, sse(&[
            r#"{"id":"29f1","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_calls":[]}}}"#,
            r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}"#,
            r#"{"type":"content-end","index":0}"#,
            r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":2,"output_tokens":3}}}}"#,
        ]), 3, 5),
        row("ollama", Format::Ollama, "/api/chat", "application/x-ndjson", plain(&[
            "{\"model\":\"m\",\"created_at\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
            "{\"model\":\"m\",\"created_at\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}\n",
            "{\"model\":\"m\",\"created_at\":\"x\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"prompt_eval_count\":2,\"eval_count\":3}\n",
        ]), 2, 3),
        row("ollama, generated", Format::Ollama, "/api/generate", "application/x-ndjson", plain(&[
            "{\"model\":\"m\",\"response\":\"\",\"done\":false}\n",
            "{\"model\":\"m\",\"response\":\"a\",\"done\":false}\n",
            "{\"model\":\"m\",\"response\":\"\",\"done\":true,\"prompt_eval_count\":2,\"eval_count\":3}\n",
        ]), 2, 3),
    ]);
    all
}

/// The answers of OpenAI and those who speak as it does.
fn openai() -> Vec<Answered> {
    let row = |name, format, path, content_type, pieces, filled, marked| Answered {
        name,
        format,
        path,
        content_type,
        pieces,
        marked,
        filled,
    };
    vec![
        row(
            "chat",
            Format::OpenAiChat,
            CHAT,
            EVENTS,
            sse(&[
                r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}"#,
                r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
                r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
                r#"{"id":"c","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
                "[DONE]",
            ]),
            2,
            3,
        ),
        row(
            "chat, two choices",
            Format::OpenAiChat,
            CHAT,
            EVENTS,
            sse(&[
                r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
                r#"{"choices":[{"delta":{"content":"b"},"finish_reason":null,"index":1}]}"#,
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
                r#"{"choices":[{"delta":{"content":"c"},"index":1,"finish_reason":""}]}"#,
                r#"{"choices":[{"finish_reason":"length","delta":{},"index":1}]}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
                "[DONE]",
            ]),
            1,
            5,
        ),
        row(
            "chat, no reason to stop",
            Format::OpenAiChat,
            CHAT,
            EVENTS,
            sse(&[
                r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
                "[DONE]",
            ]),
            1,
            2,
        ),
        row(
            "chat, a tool",
            Format::OpenAiChat,
            CHAT,
            EVENTS,
            sse(&[
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]},"finish_reason":null}]}"#,
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
            ]),
            1,
            2,
        ),
        row(
            "azure",
            Format::OpenAiChat,
            CHAT,
            EVENTS,
            sse(&[
                r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}"#,
                r#"{"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}]}"#,
                r#"{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"a"},"finish_reason":null,"index":0}]}"#,
                r#"{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}]}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
                "[DONE]",
            ]),
            3,
            4,
        ),
        row(
            "chat, whole",
            Format::OpenAiChat,
            CHAT,
            JSON,
            plain(&[
                r#"{"id":"c","object":"chat.completion","choices":[{"index":0,"mess"#,
                r#"age":{"role":"assistant","content":"a"},"finish_reason":null}]"#,
                r#","usage":{"prompt_tokens":2,"completion_tokens":3}"#,
                "}",
            ]),
            2,
            4,
        ),
        row(
            "completions",
            Format::OpenAiCompletions,
            "/v1/completions",
            EVENTS,
            sse(&[
                r#"{"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":null}],"usage":null}"#,
                r#"{"choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}],"usage":null}"#,
                r#"{"choices":[{"text":"b","index":0,"finish_reason":"length"}],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
                "[DONE]",
            ]),
            2,
            3,
        ),
        row(
            "responses",
            Format::OpenAiResponses,
            RESPONSES,
            EVENTS,
            sse(&[
                r#"{"type":"response.created","response":{"id":"r","status":"in_progress","output":[],"usage":null}}"#,
                r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","content":[]}}"#,
                r#"{"type":"response.output_text.delta","delta":"a","logprobs":[]}"#,
                r#"{"type":"response.output_text.done","text":"a"}"#,
                r#"{"type":"response.completed","response":{"status":"completed","output":[{"type":"message"}],"usage":{"input_tokens":2,"output_tokens":3}}}"#,
            ]),
            3,
            5,
        ),
        row(
            "responses, cut off",
            Format::OpenAiResponses,
            RESPONSES,
            EVENTS,
            sse(&[
                r#"{"type":"response.created","response":{"id":"r","status":"in_progress","output":[],"usage":null}}"#,
                r#"{"type":"response.incomplete","response":{"status":"incomplete","output":[],"usage":{"input_tokens":2,"output_tokens":3}}}"#,
            ]),
            2,
            2,
        ),
        row(
            "responses, whole",
            Format::OpenAiResponses,
            RESPONSES,
            JSON,
            plain(&[
                r#"{"id":"r","status":"completed","output":[{"type":"message"}],"tools":[],"usage":{"input_tokens":2,"output_tokens":3}"#,
                "}\n",
            ]),
            1,
            2,
        ),
        row(
            "responses, later",
            Format::OpenAiResponses,
            RESPONSES,
            JSON,
            plain(&[
                r#"{"id":"r","status":"queued","output":[],"background":true,"usage":{"input_tokens":2,"output_tokens":3}}"#,
            ]),
            1,
            1,
        ),
    ]
}

/// Data of a `chunk`: a document in base64, and padding.
pub(crate) fn embedded(document: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.encode(document);
    format!(r#"{{"bytes":"{bytes}","p":"abcdefgh"}}"#)
}
