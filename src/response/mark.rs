//! Where an answer ends by its own word, whatever becomes of the connection.
//!
//! Clients close once they have read the mark (openai-python right after `[DONE]`), and
//! providers may break off after it. Either way the answer has come whole.
//!
//! | format | mark | source |
//! |---|---|---|
//! | chat, completions, Azure | `data: [DONE]`; a `finish_reason` for each choice that has begun | platform.openai.com/docs/api-reference/chat-streaming |
//! | Responses | type `response.completed`, `.incomplete`, `.failed`; `.done` of OpenRouter's, `.cancelled` of one that is called off | platform.openai.com/docs/api-reference/responses-streaming |
//! | speech, transcriptions, images | type `speech.audio.done`, `transcript.text.done`, `image_generation.completed`, `image_edit.completed` | platform.openai.com/docs/api-reference |
//! | Anthropic | type `message_stop` | docs.anthropic.com/en/docs/build-with-claude/streaming |
//! | Gemini | a `finishReason` for each candidate: "if empty, the model has not stopped generating tokens" | ai.google.dev/api/generate-content |
//! | Ollama | `done: true` | github.com/ollama/ollama/blob/main/docs/api.md |
//! | Cohere | type `message-end` | docs.cohere.com/v2/reference/chat-stream |
//! | Bedrock | event `messageStop` | docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html |
//! | any document that is no event | its last bracket | |

/// The types of events that end an answer. The data of Bedrock's events tell no type; their
/// headers do.
const TYPES: [&[u8]; 12] = [
    b"response.completed",
    b"response.incomplete",
    b"response.failed",
    b"response.done",
    b"response.cancelled",
    b"message_stop",
    b"message-end",
    b"messageStop",
    b"speech.audio.done",
    b"transcript.text.done",
    b"image_generation.completed",
    b"image_edit.completed",
];

/// Reasons to stop that are none: Gemini's zero of the enum, and what some servers write in place
/// of null.
const NO_REASONS: [&[u8]; 4] = [b"", b"null", b"FINISH_REASON_UNSPECIFIED", b"none"];

/// The word for a failure of OpenRouter, vLLM and Cohere, where others have a reason to stop.
const FAILURE: &[u8] = b"error";

/// Returns whether an event of that type ends the answer.
pub(super) fn is_last_type(text: &[u8]) -> bool {
    TYPES.contains(&text)
}

/// Returns whether a `finish_reason`, or what other formats call it, says that the model has
/// stopped.
pub(super) fn is_reason(text: &[u8]) -> bool {
    !NO_REASONS.contains(&text) && !is_failure(text)
}

/// Reasons to stop that are an answer even where nothing was written: a limit of the output, a
/// sequence that the request asked to stop at, a refusal, a call of a tool without arguments, and
/// Ollama's for loading a model. Another deployment would stop there as well, or must not be asked.
const ANSWERS: [&[u8]; 23] = [
    b"length",
    b"max_tokens",
    b"max_output_tokens",
    b"MAX_TOKENS",
    b"model_length",
    b"model_context_window_exceeded",
    b"stop_sequence",
    b"STOP_SEQUENCE",
    b"refusal",
    b"content_filter",
    b"content_filtered",
    b"guardrail_intervened",
    b"SAFETY",
    b"RECITATION",
    b"BLOCKLIST",
    b"PROHIBITED_CONTENT",
    b"SPII",
    b"tool_use",
    b"tool_calls",
    b"function_call",
    b"TOOL_CALL",
    b"load",
    b"unload",
];

/// Returns whether a reason to stop is an answer even where nothing was written.
pub(super) fn is_answer(text: &[u8]) -> bool {
    ANSWERS.contains(&text)
}

/// Returns whether what stands for a reason to stop says that the model has failed.
pub(super) fn is_failure(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(FAILURE)
}

/// What one event says of a choice, or a candidate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OpenChoice {
    /// Its number. Gemini leaves out the first one's.
    pub(super) index: u64,
    /// Whether it has a reason to stop.
    pub(super) is_stopped: bool,
    /// Whether it has content.
    pub(super) has_content: bool,
}

/// Which ends have come so far.
#[derive(Debug, Default)]
pub(super) struct EndMarks {
    /// The choices that have begun, a bit for each number. Those above 63 share the last bit.
    begun: u64,
    /// Those of them that have stopped.
    stopped: u64,
    /// Those of them that have stopped at some time, whatever came of them after it.
    once_stopped: u64,
    /// Whether all of the tokens have been counted, in an event of their own after the content.
    is_counted: bool,
    /// Whether a mark of the whole answer has come.
    is_marked: bool,
    /// Whether a document is open. A mark in it counts once it is closed: before, no client can
    /// read it.
    is_open: bool,
    /// Whether the last bracket has come, and not that of one of several documents whose last is
    /// still to come.
    is_closed: bool,
}

impl EndMarks {
    /// Takes a mark of the whole answer.
    pub(super) const fn mark(&mut self) {
        self.is_marked = true;
    }

    /// Takes what an event says of a choice. One that goes on after its end has not ended:
    /// early versions of Gemini's API gave a reason with every event.
    pub(super) fn choice(&mut self, choice: OpenChoice) {
        // Few requests ask for more answers than there are bits. Those beyond share the last.
        let place = u32::try_from(choice.index.min(63)).unwrap_or(63);
        let bit = 1_u64.wrapping_shl(place);
        self.begun |= bit;
        if choice.is_stopped {
            self.stopped |= bit;
            self.once_stopped |= bit;
        } else if choice.has_content {
            self.stopped &= !bit;
        }
    }

    /// Takes that all of the tokens have been counted, in an event of their own after the content.
    pub(super) const fn count(&mut self) {
        self.is_counted = true;
    }

    /// Returns whether the answer seems to have come to its end: every choice has stopped at some
    /// time, or the tokens have been counted.
    ///
    /// This is less than to be complete. Gemini may bring a signature or an empty text after its
    /// reason, and some gateways of OpenAI's chat leave out the reason and `[DONE]`.
    pub(super) const fn has_stopped(&self) -> bool {
        self.is_counted || (self.begun != 0 && self.begun == self.once_stopped)
    }

    /// Takes that a document has been opened or closed.
    pub(super) const fn open(&mut self, is_open: bool) {
        self.is_open = is_open;
    }

    /// Takes that something has been opened or closed that is in no list.
    pub(super) const fn close(&mut self, is_closed: bool) {
        self.is_closed = is_closed;
    }

    /// Returns whether all of the answer has come. `has_events`: it comes as events, each of
    /// which is a document.
    pub(super) const fn is_complete(&self, has_events: bool) -> bool {
        let has_stopped = self.begun != 0 && self.begun == self.stopped;
        !self.is_open && (self.is_marked || has_stopped || (!has_events && self.is_closed))
    }
}
