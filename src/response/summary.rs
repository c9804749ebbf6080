//! Adds up what the members of a body's documents say, document by document.

use super::content::{ContentRank, ContentSigns, EventType};
use super::fault::{Fault, duration, number};
use super::kind::Failure;
use super::mark::{self, EndMarks, OpenChoice};
use super::place::AnswerPlace;
use super::usage::TokenCounts;
use crate::framing::frames::HeaderName;
use crate::framing::lines::EventName;

/// What has come so far of an answer that its client could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSign {
    /// Nothing: no byte, or only what goes before content.
    Nothing,
    /// Content.
    Content,
    /// A failure in place of content.
    Failure,
}

/// What the document or event that is under way says. Only its end tells whether it is a
/// failure or content, because the order of members is free.
#[derive(Debug, Default)]
struct OpenDocument {
    /// Whether a document has begun.
    is_there: bool,
    /// Whether it only keeps the connection alive.
    is_ping: bool,
    /// What its type says of its content.
    of: EventType,
    /// What its members say of its content.
    signs: ContentSigns,
    /// Whether it says that others follow it.
    is_partial: bool,
    /// Whether it counts tokens.
    has_usage: bool,
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
    /// The choice that is being read, or was read last.
    choice: OpenChoice,
    marks: EndMarks,
    pub(super) counts: TokenCounts,
    /// The first failure: those that follow may be its consequences.
    pub(super) error: Option<Failure>,
    /// How long a failure asks clients to wait, in milliseconds.
    pub(super) retry_ms: Option<u64>,
    pub(super) has_content: bool,
    /// What came first: content, or a failure.
    first: FirstSign,
    /// Whether a document was an empty list where its content belongs.
    pub(super) is_empty_list: bool,
    /// Whether the last document has said that another one follows, as Ollama's lines do.
    pub(super) is_followed: bool,
    /// Number of documents that bring content. In a stream, about the number of its output tokens.
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
            choice: OpenChoice::default(),
            marks: EndMarks::default(),
            counts: TokenCounts::default(),
            error: None,
            retry_ms: None,
            has_content: false,
            first: FirstSign::Nothing,
            is_empty_list: false,
            is_followed: false,
            events: 0,
        }
    }

    /// Returns whether all of the answer has come so far, by its own word.
    pub(super) const fn is_complete(&self) -> bool {
        self.marks.is_complete(self.has_events)
    }

    /// Returns whether there was a reason to stop, or what else comes at the end of an answer.
    pub(super) const fn has_stopped(&self) -> bool {
        self.choice.is_stopped || self.marks.has_stopped()
    }

    /// Returns what has come of the answer that its client could use.
    ///
    /// Of an event, its end tells. Of a whole answer, which may be long, its first content does,
    /// unless there is a place for a failure before that.
    pub(super) fn first_sign(&self) -> FirstSign {
        let fault = &self.document.fault;
        let may_tell = !self.has_events && !fault.is_named && !fault.is_error;
        match self.first {
            FirstSign::Nothing if may_tell && self.document.signs.has_begun() => FirstSign::Content,
            first => first,
        }
    }

    /// Takes that content or a failure has come. What comes first counts.
    fn begin(&mut self, with: FirstSign) {
        if self.first == FirstSign::Nothing {
            self.first = with;
        }
    }

    /// Takes a failure. The first one counts.
    fn fail_with(&mut self, failure: Failure) {
        self.error.get_or_insert(failure);
        self.begin(FirstSign::Failure);
    }

    /// Takes that a container which counts is opened. `is_outermost`: it is in no other.
    pub(super) fn open(&mut self, place: AnswerPlace, is_outermost: bool) {
        if is_outermost {
            // Something follows, so the last bracket was not the last of the answer.
            self.marks.close(false);
        }
        match place {
            AnswerPlace::Document => {
                self.document.is_there = true;
                self.marks.open(true);
            }
            AnswerPlace::Choices => self.content(ContentRank::Holder, false),
            AnswerPlace::Choice => self.choice = OpenChoice::default(),
            AnswerPlace::Usage => self.document.has_usage = true,
            AnswerPlace::Error | AnswerPlace::BaseResponse => self.document.fault.is_named = true,
            AnswerPlace::Piece => self.content(ContentRank::Piece, false),
            _ => {}
        }
    }

    /// Takes that a container which counts is closed. `is_outermost`: it was in no other. An
    /// event is ended by [`Self::end_document`] when its name is known.
    pub(super) fn close(&mut self, place: AnswerPlace, is_outermost: bool) {
        match place {
            AnswerPlace::Choice => {
                // A choice counts as content by itself, unless it has a message: then that decides.
                self.content(ContentRank::Holder, true);
                self.marks.choice(std::mem::take(&mut self.choice));
            }
            AnswerPlace::Document if self.has_events => self.marks.open(false),
            AnswerPlace::Document => {
                self.is_followed = self.document.is_partial;
                self.end_document(EventName::Other);
                self.marks.close(is_outermost && !self.is_followed);
            }
            _ if is_outermost => self.marks.close(true),
            _ => {}
        }
    }

    /// Takes a value that may be content.
    pub(super) const fn content(&mut self, rank: ContentRank, is_filled: bool) {
        self.document.signs.take(rank, is_filled);
        if let ContentRank::Piece = rank {
            self.choice.has_content |= is_filled;
        }
    }

    /// Ends the document or event that is under way, and adds what it says: a failure, or
    /// content. `name` is the event's.
    pub(super) fn end_document(&mut self, name: EventName) {
        let document = std::mem::take(&mut self.document);
        self.marks.open(false);
        // Else it is a comment, or the mark of an end that is no document. A failure may be told
        // in plain words.
        if !document.is_there && name != EventName::Error {
            return;
        }
        if document.fault.is_in(self.status, name) {
            let failure = document.fault.failure(self.status);
            // A document that fails brings no content, whatever else is in it.
            self.fail_with(failure);
            self.retry_ms = self.retry_ms.or(document.fault.retry_ms);
        } else if !document.is_ping && name != EventName::Ping {
            // OpenAI counts in an event with an empty list of choices, after all others.
            if self.has_content && document.has_usage && document.signs.is_unfilled() {
                self.marks.count();
            }
            if document.signs.has_content(document.of) {
                self.has_content = true;
                if document.signs.has_output(document.of) {
                    self.begin(FirstSign::Content);
                }
                let has_token = matches!(document.of, EventType::Absent | EventType::Piece);
                self.events = self.events.saturating_add(u32::from(has_token));
            } else if document.signs.is_empty_list() {
                self.is_empty_list = true;
            } else if !self.has_events && document.fault.has_word() {
                // `{"code": 400, "msg": "…"}`: an envelope of which only the word is known.
                self.fail_with(document.fault.failure(self.status));
            }
            if document.is_blocked {
                self.fail_with(Failure::BLOCKED);
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

    /// Takes that a container which counts has a member that is in that place. An `error` object
    /// tells of a failure by what is in it, known or not; one of empty members tells of none.
    pub(super) fn member(&mut self, container: AnswerPlace, place: AnswerPlace) {
        if container == AnswerPlace::Error && place == AnswerPlace::Skip {
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
            AnswerPlace::Object if text == b"list" => self.document.signs.list(),
            AnswerPlace::RunStatus if self.has_run_status => match text {
                b"failed" => fault.is_error = true,
                // Cut off before it had written anything.
                b"incomplete" => self.document.signs.answer(),
                // Taken on, to be fetched later. Events say so of what they are about to bring.
                b"queued" | b"in_progress" if !self.has_events => self.document.signs.answer(),
                _ => {}
            },
            AnswerPlace::Stop if mark::is_reason(text) => {
                self.choice.is_stopped = true;
                self.document.signs.stop();
                if mark::is_answer(text) {
                    self.document.signs.answer();
                }
            }
            AnswerPlace::Stop if mark::is_failure(text) => fault.is_error = true,
            AnswerPlace::Transcript => self.document.signs.answer(),
            AnswerPlace::Word if !text.is_empty() => fault.word(text),
            AnswerPlace::Text | AnswerPlace::Message if !text.is_empty() => fault.message(text),
            AnswerPlace::Error if !text.is_empty() => {
                fault.is_error = true;
                fault.message(text);
            }
            // The model, or no parameter at all, says nothing of another mistake.
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
        if mark::is_last_type(text) {
            self.marks.mark();
        }
        let fault = &mut self.document.fault;
        match text {
            b"response.failed" => fault.is_error = true,
            b"error" => {
                fault.is_error = true;
                fault.is_anthropic = true;
            }
            b"ping" => self.document.is_ping = true,
            // The model works, and may think for minutes before it writes.
            b"response.output_item.added" => {
                self.begin(FirstSign::Content);
                self.document.of = EventType::Frame;
            }
            _ if self.status >= 400 => fault.word(text),
            _ => self.document.of = EventType::of(text),
        }
    }

    /// Takes a header of one of Amazon's events, whose data may be empty.
    pub(super) fn header(&mut self, name: HeaderName, value: &[u8]) {
        match name {
            HeaderName::EventType => {
                self.document.is_there = true;
                self.of_type(value);
            }
            HeaderName::MessageType if value == b"event" => {}
            HeaderName::MessageType => self.fail(None),
            HeaderName::Failure => self.fail(Some(value)),
            HeaderName::Other => {}
        }
    }

    /// Takes that the document under way is a failure, of that name where it has one.
    fn fail(&mut self, name: Option<&[u8]>) {
        self.document.is_there = true;
        self.document.fault.is_error = true;
        if let Some(name) = name {
            self.document.fault.exception(name);
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
            // 0 is the code of what is well.
            AnswerPlace::Word if number(text).is_some_and(|code| code > 0) => {
                self.document.fault.word(text);
            }
            AnswerPlace::Error if text == b"true" => self.document.fault.is_error = true,
            AnswerPlace::Index => self.choice.index = number(text).unwrap_or_default(),
            AnswerPlace::Done if text == b"true" => {
                self.marks.mark();
                self.document.signs.stop();
            }
            AnswerPlace::Done => self.document.is_partial = text == b"false",
            AnswerPlace::Document if self.has_events && text == b"DONE" => self.marks.mark(),
            _ => {}
        }
    }
}
