//! Answers as providers write them: one of each kind for every format, whole and streamed.
//!
//! These are the words of the simulated providers. What they mean is for the core to say.

mod formats;

use pointsman::request::format::{Dialect, Format, Task};
use serde_json::{Value, json};

/// How the events of a stream are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Server-sent events.
    Events,
    /// A document in each line.
    Lines,
    /// A list of documents.
    List,
    /// Binary frames, as Amazon has them.
    Frames,
}

/// What a provider of one format says. Streams are lists of documents.
#[derive(Debug)]
pub(super) struct Voice {
    framing: Framing,
    dialect: Dialect,
    /// What a stream begins with, before any content.
    opening: Vec<Value>,
    content: Vec<Value>,
    /// What ends an answer with content, and one without.
    closing: Vec<Value>,
    /// What a failure in a stream looks like.
    failure: Value,
    /// A whole answer with and without content.
    whole: Value,
    hollow: Value,
    /// Whether `[DONE]` ends the stream.
    has_mark: bool,
}

/// A failure that a provider reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Complaint {
    /// Too many requests.
    Limited,
    /// It is overloaded.
    Overloaded,
    /// The prompt is too long for the model.
    TooLong,
    /// The credential is refused.
    Unauthorized,
}

impl Complaint {
    /// Returns the message, and what the kind is called by OpenAI, Anthropic, Google and Amazon.
    const fn words(self) -> (&'static str, [&'static str; 4]) {
        match self {
            Self::Limited => (
                "Rate limit reached for requests",
                [
                    "rate_limit_exceeded",
                    "rate_limit_error",
                    "RESOURCE_EXHAUSTED",
                    "ThrottlingException",
                ],
            ),
            Self::Overloaded => (
                "The model is overloaded. Please try again later.",
                ["server_error", "overloaded_error", "UNAVAILABLE", "ServiceUnavailableException"],
            ),
            Self::TooLong => (
                "prompt is too long: 208310 tokens > 200000 maximum",
                [
                    "context_length_exceeded",
                    "invalid_request_error",
                    "INVALID_ARGUMENT",
                    "ValidationException",
                ],
            ),
            Self::Unauthorized => (
                "Incorrect API key provided",
                [
                    "invalid_api_key",
                    "authentication_error",
                    "UNAUTHENTICATED",
                    "UnrecognizedClientException",
                ],
            ),
        }
    }

    /// Returns the type of the error as the header of Amazon's answers names it.
    pub(super) const fn amazon(self) -> &'static str {
        let (_, [_, _, _, amazon]) = self.words();
        amazon
    }
}

/// Returns the body of an error answer with that status.
pub(super) fn complaint(dialect: Dialect, complaint: Complaint, status: u16) -> Value {
    let (message, [openai, anthropic, google, _]) = complaint.words();
    match dialect {
        Dialect::OpenAi => {
            json!({"error": {"message": message, "type": openai, "param": null, "code": openai}})
        }
        Dialect::Anthropic => {
            json!({"type": "error", "error": {"type": anthropic, "message": message}})
        }
        Dialect::Gemini => json!({"error": {"code": status, "message": message, "status": google}}),
        Dialect::Message => json!({"message": message}),
        Dialect::Ollama => json!({"error": message}),
    }
}

impl Voice {
    /// Returns what providers of that format say to a request of that kind. `in_events` is whether a
    /// stream of Gemini's comes as events.
    pub(super) fn of(format: Format, task: Task, in_events: bool) -> Self {
        match (format, task) {
            (Format::AnthropicMessages, Task::Chat) => formats::anthropic(),
            (Format::GeminiGenerate, Task::Chat) => formats::gemini(in_events),
            (Format::BedrockConverse, Task::Chat) => formats::converse(),
            (Format::CohereChat, Task::Chat) => formats::cohere(),
            (Format::Ollama, Task::Chat) => formats::ollama(),
            (_, Task::Responses) => formats::responses(),
            (_, Task::Completions) => formats::completions(),
            (_, Task::Chat | Task::Fim) => formats::chat(),
            _ => formats::other(format),
        }
    }

    /// Returns the documents of a stream: the opening, the content, the end.
    fn documents(&self, has_content: bool) -> Vec<Vec<u8>> {
        let content = if has_content { self.content.as_slice() } else { &[] };
        let all = [self.opening.as_slice(), content, self.closing.as_slice()].concat();
        let mut pieces = self.framed(&all);
        if self.has_mark {
            pieces.push(b"data: [DONE]\n\n".to_vec());
        }
        pieces
    }

    /// Returns the media type of an answer, and its pieces.
    pub(super) fn answer(
        &self,
        is_streamed: bool,
        has_content: bool,
    ) -> (&'static str, Vec<Vec<u8>>) {
        if is_streamed {
            return (self.media_type(), self.documents(has_content));
        }
        let whole = if has_content { &self.whole } else { &self.hollow };
        (JSON, vec![whole.to_string().into_bytes()])
    }

    /// Returns an answer that fails before or after its first content: in a stream by an event. A whole
    /// answer is an error object with a status that says otherwise, or is cut off in the middle.
    /// The last value is whether the connection breaks.
    pub(super) fn failing(
        &self,
        is_streamed: bool,
        after_content: bool,
    ) -> (&'static str, Vec<Vec<u8>>, bool) {
        if is_streamed {
            let content = if after_content { self.content.as_slice() } else { &[] };
            let failure = std::slice::from_ref(&self.failure);
            let all = [self.opening.as_slice(), content, failure].concat();
            return (self.media_type(), self.framed(&all), false);
        }
        if after_content {
            let whole = self.whole.to_string();
            let cut =
                whole.find(WORDS).map_or(whole.len() / 2, |at| at.saturating_add(WORDS.len()));
            return (JSON, vec![whole.into_bytes().into_iter().take(cut).collect()], true);
        }
        let error = complaint(self.dialect, Complaint::Overloaded, 503);
        (JSON, vec![error.to_string().into_bytes()], false)
    }

    const fn media_type(&self) -> &'static str {
        match self.framing {
            Framing::Events => "text/event-stream",
            Framing::Lines => "application/x-ndjson",
            Framing::List => JSON,
            Framing::Frames => "application/vnd.amazon.eventstream",
        }
    }

    /// Returns documents as they stand in a stream.
    fn framed(&self, documents: &[Value]) -> Vec<Vec<u8>> {
        let last = documents.len().saturating_sub(1);
        let framed = documents.iter().enumerate().map(|(at, document)| match self.framing {
            Framing::Events => event(document).into_bytes(),
            Framing::Lines => format!("{document}\n").into_bytes(),
            Framing::List => {
                let (open, close) =
                    (if at == 0 { "[" } else { "," }, if at == last { "]" } else { "" });
                format!("{open}{document}{close}").into_bytes()
            }
            Framing::Frames => frame(document),
        });
        framed.collect()
    }
}

const JSON: &str = "application/json";
/// What the answers say.
const WORDS: &str = "Nine o'clock.";

/// Returns a server-sent event, with its name where the document has a type.
fn event(document: &Value) -> String {
    match document.get("type").and_then(Value::as_str) {
        Some(name) => format!("event: {name}\ndata: {document}\n\n"),
        None => format!("data: {document}\n\n"),
    }
}

/// Returns a frame of Amazon's event stream: `{"as": its type, "data": …}`. Its checksums are left
/// out, which the filter does not check.
fn frame(document: &Value) -> Vec<u8> {
    let name = document.get("as").and_then(Value::as_str).unwrap_or_default();
    let data = document.get("data").map(Value::to_string).unwrap_or_default();
    let is_exception = name.ends_with("Exception");
    let (kind, message) =
        if is_exception { (":exception-type", "exception") } else { (":event-type", "event") };
    let mut head = Vec::new();
    for (name, value) in [(kind, name), (":content-type", JSON), (":message-type", message)] {
        head.push(u8::try_from(name.len()).unwrap_or_default());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or_default().to_be_bytes();
    let whole = head.len().saturating_add(data.len()).saturating_add(16);
    [&length(whole)[..], &length(head.len()), &[0; 4], &head, data.as_bytes(), &[0; 4]].concat()
}
