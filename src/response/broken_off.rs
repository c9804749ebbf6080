//! The error that is added to a stream whose provider stopped before the end.
//!
//! If a stream ends without its end mark, its provider has cut it, even if the transport ended in good
//! order. Most clients would take such an answer for a whole one. So the stream gets an error as its last
//! event, in the form that the provider's own API uses in the middle of a stream.
//!
//! Formats whose streams do not always end with a mark are left alone.

use serde_json::{Value, json};

use crate::framing::frames;
use crate::request::format::{Dialect, Format};
use crate::request::refusal::Refusal;

/// How the events of a stream are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Lines of an event stream.
    Lines,
    /// One JSON document on each line.
    Documents,
    /// Amazon's frames.
    Frames,
}

/// Returns whether every stream of that format ends with a mark, so that one without it is cut.
pub(super) const fn has_mark(format: Format, writing: Writing) -> bool {
    match writing {
        Writing::Lines => matches!(
            format,
            Format::OpenAiChat
                | Format::OpenAiCompletions
                | Format::OpenAiResponses
                | Format::AzureOpenAi
                | Format::AnthropicMessages
                | Format::GeminiGenerate
                | Format::CohereChat
        ),
        Writing::Documents => matches!(format, Format::Ollama),
        Writing::Frames => matches!(format, Format::BedrockConverse),
    }
}

/// Returns the event that ends a cut stream of that format, ready to follow what has come of it.
///
/// For example, to a stream of Anthropic's that ended after `content_block_delta` this is added:
///
/// ```text
///
/// event: error
/// data: {"type":"error","error":{"type":"api_error","message":"the provider has …"}}
///
/// ```
pub(super) fn error_event(format: Format, writing: Writing) -> Vec<u8> {
    let refusal = Refusal::new(
        502,
        "stream_broken_off",
        "the provider has ended its answer before it was complete",
    );
    let error = refusal.document(format.dialect());
    match writing {
        // An empty line comes first, because the stream may have ended within an event.
        Writing::Lines => match named(format, &refusal, &error) {
            Some((name, data)) => format!("\n\nevent: {name}\ndata: {data}\n\n").into_bytes(),
            None => format!("\n\ndata: {error}\n\n").into_bytes(),
        },
        Writing::Documents => format!("\n{error}\n").into_bytes(),
        Writing::Frames => {
            let headers = [
                (":exception-type", "modelStreamErrorException"),
                (":content-type", "application/json"),
                (":message-type", "exception"),
            ];
            frames::write(&headers, error.to_string().as_bytes())
        }
    }
}

/// Returns name and data of the event, where events of that format have names. `error` is the
/// error as the body of a response has it.
fn named(format: Format, refusal: &Refusal, error: &Value) -> Option<(&'static str, Value)> {
    match format {
        Format::OpenAiResponses => Some(("error", refusal.responses_event(0))),
        Format::CohereChat => {
            let end = json!({"finish_reason": "ERROR", "error": refusal.message});
            Some(("message-end", json!({"type": "message-end", "delta": end})))
        }
        _ if format.dialect() == Dialect::Anthropic => Some(("error", error.clone())),
        _ => None,
    }
}
