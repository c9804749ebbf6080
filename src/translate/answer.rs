//! Translates an answer as it comes. It divides what the provider sends into documents, has each document read, and
//! collects what the client gets.
//!
//! Invariants: the output is the same wherever the answer is cut into pieces. The memory of a stream is bounded by
//! [`MOST_EVENT`] and what [`AnswerOrder`] keeps, and that of a whole answer by the limit that the caller gives.
//! Whatever the input is, the client gets an answer or an error in its own API.

#[cfg(test)]
mod tests;

use super::api::{AnswerForm, ClientApi, ProviderApi};
use super::error::{TOO_LONG, fault, status_of, unreadable};
use super::event::{AnswerEvent, AnswerReader};
use super::order::{AnswerNames, AnswerOrder, StepWriter};
use super::tape::Tape;
use crate::framing::frames::{FrameReader, Framed, HeaderName};
use crate::framing::lines::{Fragment, Lines};
use crate::request::format::Dialect;

/// The longest event of a stream, in bytes. The longest that providers send are images and whole tool
/// calls.
const MOST_EVENT: usize = 4 << 20;

/// The room for an event that is kept from one to the next, in bytes.
const KEPT_ROOM: usize = 16 << 10;

/// How the answer is divided into documents.
#[derive(Debug)]
enum Division {
    /// It cannot be read, for this reason.
    Unread(&'static str),
    /// It is one document.
    Whole,
    /// Events of text.
    Events(Lines),
    /// Amazon's frames, with the name of the frame that is being read, and whether it is a failure.
    Frames(FrameReader, String, bool),
}

/// The answer of a provider on its way to a client that speaks another API.
#[derive(Debug)]
pub struct AnswerTranslation {
    division: Division,
    /// The status of the response, if it is an error.
    error_status: Option<u16>,
    reader: Box<dyn AnswerReader>,
    order: AnswerOrder,
    /// What has come so far of a document that is not complete.
    document: Vec<u8>,
    /// The longest document, in bytes.
    longest: usize,
    /// How many bytes may still come, where all of the answer is kept.
    room: usize,
    /// The dialect of the error that takes the place of a whole answer, where the writer would stream it.
    dialect: Option<Dialect>,
}

impl AnswerTranslation {
    /// Returns the translation of an answer of which only the head has come. `status` is the status of the response,
    /// and `is_stream` says whether its body is a stream. An answer may be `longest` bytes long, unless both the
    /// provider and the client stream it.
    #[must_use]
    pub fn new(
        (from, to): (ProviderApi, ClientApi),
        head: (u16, bool),
        form: AnswerForm,
        names: AnswerNames,
        longest: usize,
    ) -> Self {
        // A response whose status tells of an error has a document, whatever the client has asked for.
        let (status, _) = head;
        let form = AnswerForm { stream: form.stream && status < 400, ..form };
        let mut made = Self::written_by(to.answer_writer(form), from, head, names, longest);
        if form.stream {
            made.dialect = Some(to.dialect());
        } else {
            made.room = longest;
        }
        made
    }

    /// Returns the same, for any writer of answers.
    pub(super) fn written_by(
        writer: Box<dyn StepWriter>,
        from: ProviderApi,
        (status, is_stream): (u16, bool),
        names: AnswerNames,
        longest: usize,
    ) -> Self {
        let is_error = status >= 400;
        let is_stream = is_stream && !is_error;
        Self {
            division: match from {
                _ if !is_stream => Division::Whole,
                ProviderApi::Converse => Division::Frames(FrameReader::new(), String::new(), false),
                ProviderApi::Chat
                | ProviderApi::AzureChat
                | ProviderApi::Messages
                | ProviderApi::Gemini => Division::Events(Lines::new()),
            },
            error_status: is_error.then_some(status),
            reader: from.answer_reader(),
            order: AnswerOrder::new(names, writer),
            document: Vec::new(),
            longest: if is_stream { MOST_EVENT } else { longest },
            room: usize::MAX,
            dialect: None,
        }
    }

    /// Returns whether the client gets nothing more, because the whole answer or an error has been written.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.order.is_over()
    }

    /// Returns whether only the end is missing: all of a whole answer is written there, and of a stream what
    /// comes after the reason why it ends.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        matches!(self.division, Division::Whole | Division::Unread(_)) || self.order.is_ending()
    }

    /// Returns the status of the error that the client gets, if it gets one.
    #[must_use]
    pub fn failure(&self) -> Option<u16> {
        self.order.failure().map(|refusal| refusal.status)
    }

    /// Gives the client an error in place of an answer that cannot be read. `why` ends a sentence about the
    /// answer.
    pub fn give_up(&mut self, why: &'static str) {
        self.division = Division::Unread(why);
    }

    /// Takes more of what the provider sends, and appends what the client gets of it.
    pub fn feed(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        match self.room.checked_sub(bytes.len()) {
            Some(room) => self.room = room,
            None => self.fail_long(to),
        }
        let mut rest = bytes;
        while !rest.is_empty() && !self.order.is_over() {
            rest = match &mut self.division {
                Division::Unread(_) => &[],
                Division::Whole => {
                    self.keep(rest, to);
                    &[]
                }
                Division::Events(_) => self.line(rest, to),
                Division::Frames(..) => self.frame(rest, to),
            };
        }
    }

    /// Takes the end of what the provider sends, and appends the rest of what the client gets.
    pub fn finish(&mut self, to: &mut Vec<u8>) {
        match (&self.division, self.error_status) {
            (_, Some(status)) => {
                let tape = Tape::read(&self.document).ok();
                let refusal = fault(status, tape.as_ref().map(Tape::root));
                self.order.fail(refusal, to);
            }
            (Division::Whole | Division::Unread(_), None) => self.finish_whole(to),
            // Some providers leave out the empty line after the last event.
            (Division::Events(_), None) if !self.document.is_empty() => {
                let document = std::mem::take(&mut self.document);
                if Tape::read(&document).is_ok() || document.trim_ascii() == b"[DONE]" {
                    self.read(&document, Some(""), to);
                }
                self.order.finish(to);
            }
            _ => self.order.finish(to),
        }
    }

    /// Takes the end of a whole answer.
    fn finish_whole(&mut self, to: &mut Vec<u8>) {
        let start = to.len();
        if let Division::Unread(why) = self.division {
            self.order.fail(unreadable(&why), to);
        } else {
            let document = std::mem::take(&mut self.document);
            self.read(&document, None, to);
            self.order.finish(to);
        }
        if let (Some(refusal), Some(dialect)) = (self.order.failure(), self.dialect) {
            to.truncate(start);
            to.extend_from_slice(refusal.body(dialect).as_bytes());
        }
    }

    /// Fails an answer that is longer than may be kept.
    #[cold]
    fn fail_long(&mut self, to: &mut Vec<u8>) {
        self.document = Vec::new();
        match self.division {
            Division::Whole | Division::Unread(_) => self.division = Division::Unread(TOO_LONG),
            Division::Events(_) | Division::Frames(..) => {
                self.order.fail(unreadable(&TOO_LONG), to)
            }
        }
    }

    /// Keeps more of the document that is not complete.
    fn keep(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        if self.document.len().saturating_add(bytes.len()) > self.longest {
            return self.fail_long(to);
        }
        self.document.extend_from_slice(bytes);
    }

    /// Reads lines of text up to the end of an event, or of what has come.
    fn line<'b>(&mut self, bytes: &'b [u8], to: &mut Vec<u8>) -> &'b [u8] {
        let Division::Events(lines) = &mut self.division else { return &[] };
        match lines.read(bytes) {
            Fragment::Line(rest) => {
                // Several lines of data are one document, with line feeds between them.
                if !self.document.is_empty() {
                    self.keep(b"\n", to);
                }
                rest
            }
            Fragment::Data(data) => {
                let end = data.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                let (line, rest) = data.split_at(end.unwrap_or(data.len()));
                self.keep(line, to);
                rest
            }
            Fragment::End(_, rest) => {
                let document = std::mem::take(&mut self.document);
                self.read(&document, Some(""), to);
                self.document = document;
                self.document.clear();
                self.document.shrink_to(KEPT_ROOM);
                rest
            }
            Fragment::Nothing => &[],
        }
    }

    /// Reads frames up to a header or the end of an event, or of what has come.
    fn frame<'b>(&mut self, bytes: &'b [u8], to: &mut Vec<u8>) -> &'b [u8] {
        let Division::Frames(frames, name, is_failure) = &mut self.division else { return &[] };
        let (framed, rest) = frames.read(bytes);
        match framed {
            Framed::Header(HeaderName::Other | HeaderName::MessageType) | Framed::Nothing => {}
            Framed::Header(header) => {
                *name = String::from_utf8_lossy(frames.value()).into_owned();
                *is_failure = header == HeaderName::Failure;
            }
            Framed::Data(data) => self.keep(data, to),
            Framed::End => {
                let (name, is_failure) = (std::mem::take(name), *is_failure);
                let document = std::mem::take(&mut self.document);
                if is_failure {
                    let tape = Tape::read(&document).ok();
                    let named = status_of(&name).unwrap_or(502);
                    self.order.fail(fault(named, tape.as_ref().map(Tape::root)), to);
                } else {
                    self.read(&document, Some(&name), to);
                }
            }
        }
        rest
    }

    /// Reads a document: an event of that name in a stream, or the whole answer.
    fn read(&mut self, document: &[u8], event: Option<&str>, to: &mut Vec<u8>) {
        let data = document.trim_ascii();
        match event {
            // A comment, which some providers send while nothing else comes.
            Some("") if data.is_empty() => return self.order.take(AnswerEvent::Ping, to),
            Some(_) if data == b"[DONE]" => return self.order.take(AnswerEvent::End, to),
            _ => {}
        }
        let Ok(tape) = Tape::read(data) else {
            self.order.fail(unreadable(&"is not JSON"), to);
            return;
        };
        let order = &mut self.order;
        let take = &mut |event: AnswerEvent<'_>| order.take(event, to);
        match event {
            Some(name) => self.reader.event(name, tape.root(), take),
            None => self.reader.whole(tape.root(), take),
        }
    }
}
