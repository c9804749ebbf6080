//! Adds up what the members of a body's documents say, document by document.

use super::fault::{Fault, duration, number};
use super::kind::Failure;
use super::lines::EventName;
use super::place::AnswerPlace;
use super::usage::TokenCounts;

/// What the document or event that is under way says. Only its end tells whether it is a
/// failure or content, because the order of members is free.
#[derive(Debug, Default)]
struct OpenDocument {
    /// Whether a document has begun.
    is_there: bool,
    /// Whether it only keeps the connection alive.
    is_ping: bool,
    /// Whether its type says that it brings no content itself, only what goes with it, such as
    /// the beginning or end of a message.
    is_bare: bool,
    /// Whether it says that the prompt was blocked.
    is_blocked: bool,
    fault: Fault,
}

/// What a body has said so far.
#[derive(Debug)]
pub(super) struct Summary {
    /// The HTTP status of the response.
    status: u16,
    /// Whether the member `status` of a response says how far it has come, as in OpenAI's
    /// Responses API.
    has_run_status: bool,
    /// Whether the documents are events. Those end at their empty line, not at the end of
    /// the document.
    pub(super) has_events: bool,
    document: OpenDocument,
    pub(super) counts: TokenCounts,
    /// The first failure: those that follow may be its consequences.
    pub(super) error: Option<Failure>,
    /// How long a failure asks clients to wait, in milliseconds.
    pub(super) retry_ms: Option<u64>,
    pub(super) has_content: bool,
    /// Number of documents that bring content.
    pub(super) events: u32,
}

impl Summary {
    /// Returns the summary of a body of which nothing has come.
    pub(super) fn new(status: u16, has_run_status: bool) -> Self {
        Self {
            status,
            has_run_status,
            has_events: false,
            document: OpenDocument::default(),
            counts: TokenCounts::default(),
            error: None,
            retry_ms: None,
            has_content: false,
            events: 0,
        }
    }

    /// Takes that a document begins.
    pub(super) const fn begin(&mut self) {
        self.document.is_there = true;
    }

    /// Takes that a document ends. An event's is ended by [`Self::end_document`] when its
    /// name is known.
    pub(super) fn end(&mut self) {
        if !self.has_events {
            self.end_document(EventName::Other);
        }
    }

    /// Ends the document or event that is under way, and adds what it says: a failure, or
    /// content. `name` is the event's.
    pub(super) fn end_document(&mut self, name: EventName) {
        let document = std::mem::take(&mut self.document);
        if !document.is_there {
            // A comment, or `data: [DONE]`.
            return;
        }
        if document.fault.is_in(self.status, name) {
            let failure = document.fault.failure(self.status);
            self.error.get_or_insert(failure);
            self.retry_ms = self.retry_ms.or(document.fault.retry_ms);
        } else if !document.is_ping && name != EventName::Ping {
            self.has_content = true;
            self.events = self.events.saturating_add(u32::from(!document.is_bare));
            if document.is_blocked {
                self.error.get_or_insert(Failure::BLOCKED);
            }
        }
    }

    /// Takes that a container is skipped. A list of what a moderation objected to counts by
    /// being there, whatever is in it.
    pub(super) fn skipped(&mut self, place: AnswerPlace) {
        if place == AnswerPlace::Flagged {
            self.document.fault.is_flagged = true;
        }
    }

    /// Takes that a container which counts has a member. An `error` object without members
    /// tells of no failure.
    pub(super) fn member(&mut self, container: AnswerPlace) {
        if container == AnswerPlace::Error {
            self.document.fault.is_error = true;
        }
    }

    /// Takes a string, cut to its beginning as [`super::prefix`] keeps it. Escapes in it are as
    /// written.
    pub(super) fn text(&mut self, place: AnswerPlace, text: &[u8]) {
        let fault = &mut self.document.fault;
        match place {
            AnswerPlace::Type => self.of_type(text),
            AnswerPlace::Object if text == b"error" => fault.is_error = true,
            AnswerPlace::RunStatus if self.has_run_status && text == b"failed" => {
                fault.is_error = true;
            }
            AnswerPlace::Word => fault.word(text),
            AnswerPlace::Text | AnswerPlace::Message => fault.message(text),
            AnswerPlace::Error if !text.is_empty() => {
                fault.is_error = true;
                fault.message(text);
            }
            AnswerPlace::Param => fault.is_elsewhere = !matches!(text, b"" | b"model"),
            AnswerPlace::RetryDelay => fault.retry_ms = duration(text),
            AnswerPlace::Flagged => fault.is_flagged = true,
            AnswerPlace::BlockReason => self.document.is_blocked = true,
            _ => {}
        }
    }

    /// Takes the member `type` of a document. In a refusal it is a word of the error, else the
    /// type of an event.
    fn of_type(&mut self, text: &[u8]) {
        let fault = &mut self.document.fault;
        match text {
            b"response.failed" => fault.is_error = true,
            b"error" => {
                fault.is_error = true;
                fault.is_anthropic = true;
            }
            b"ping" => self.document.is_ping = true,
            _ if self.status >= 400 => fault.word(text),
            // OpenAI's and Anthropic's typed streams name each piece of content a delta.
            // Anthropic's `message_delta` brings only the usage and the reason to stop.
            _ => self.document.is_bare = !text.ends_with(b"delta") || text == b"message_delta",
        }
    }

    /// Takes a number, boolean or null, cut to its beginning.
    pub(super) fn scalar(&mut self, place: AnswerPlace, text: &[u8]) {
        match place {
            AnswerPlace::Count(count) => {
                // Null says that the count is not known, and must not become 0.
                if let Some(value) = number(text) {
                    self.counts.set(count, value);
                }
            }
            AnswerPlace::Word if number(text).is_some() => self.document.fault.word(text),
            AnswerPlace::Error if text == b"true" => self.document.fault.is_error = true,
            _ => {}
        }
    }
}
