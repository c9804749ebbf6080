//! What the members of a body's documents come to.

use super::fault::{Fault, duration, number};
use super::kind::ErrorKind;
use super::lines::Name;
use super::place::AnswerPlace;
use super::usage::UsageCounts;

/// What a document is, beside the failure it may tell of.
#[derive(Debug, Default)]
struct AnswerDocument {
    /// Whether there is one.
    is_there: bool,
    is_ping: bool,
    /// Whether its type says that it brings no content, but what goes with it.
    is_bare: bool,
    is_blocked: bool,
    fault: Fault,
}

/// What a body has said so far.
#[derive(Debug)]
pub(super) struct BodyFindings {
    status: u16,
    /// Whether the status of a response is that of OpenAI's responses.
    has_run_status: bool,
    /// Whether documents are events, which end elsewhere.
    pub(super) has_events: bool,
    document: AnswerDocument,
    pub(super) counts: UsageCounts,
    pub(super) error: Option<ErrorKind>,
    pub(super) retry_ms: Option<u64>,
    pub(super) has_content: bool,
    /// Documents that bring content.
    pub(super) events: u32,
}

impl BodyFindings {
    pub(super) fn new(status: u16, has_run_status: bool) -> Self {
        Self {
            status,
            has_run_status,
            has_events: false,
            document: AnswerDocument::default(),
            counts: UsageCounts::default(),
            error: None,
            retry_ms: None,
            has_content: false,
            events: 0,
        }
    }

    /// A document starts.
    pub(super) const fn begin(&mut self) {
        self.document.is_there = true;
    }

    /// A document ends.
    pub(super) fn end(&mut self) {
        if !self.has_events {
            self.end_document(Name::Other);
        }
    }

    /// The document or event that is under way ends.
    pub(super) fn end_document(&mut self, name: Name) {
        let document = std::mem::take(&mut self.document);
        if !document.is_there {
            return;
        }
        if document.fault.is_in(self.status, name) {
            let kind = document.fault.kind(self.status);
            self.error.get_or_insert(kind);
            self.retry_ms = self.retry_ms.or(document.fault.retry_ms);
        } else if !document.is_ping && name != Name::Ping {
            self.has_content = true;
            self.events = self.events.saturating_add(u32::from(!document.is_bare));
            if document.is_blocked {
                self.error.get_or_insert(ErrorKind::ContentPolicy);
            }
        }
    }

    /// A container is skipped.
    pub(super) fn skipped(&mut self, place: AnswerPlace) {
        if place == AnswerPlace::Flagged {
            self.document.fault.is_flagged = true;
        }
    }

    /// A container that counts has a member.
    pub(super) fn member(&mut self, container: AnswerPlace) {
        if container == AnswerPlace::Error {
            self.document.fault.is_error = true;
        }
    }

    /// The beginning of a string.
    pub(super) fn text(&mut self, place: AnswerPlace, text: &[u8]) {
        let fault = &mut self.document.fault;
        match place {
            AnswerPlace::Type => self.of_type(text),
            AnswerPlace::Object if text == b"error" => fault.is_error = true,
            AnswerPlace::RunStatus if self.has_run_status && text == b"failed" => {
                fault.is_error = true
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

    /// The type of a document: an event's, or in an error an error's.
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
            _ => self.document.is_bare = !text.ends_with(b"delta") || text == b"message_delta",
        }
    }

    /// The beginning of a number, boolean or null.
    pub(super) fn scalar(&mut self, place: AnswerPlace, text: &[u8]) {
        match place {
            AnswerPlace::Count(count) => {
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
