//! Reads a response body as it passes to the client: how many tokens it reports, which
//! failure it tells of, whether it has any content, and whether all of it has come.
//!
//! Reads JSON documents, one or many (Ollama's lines, Gemini's list), and event streams of
//! them, be they text or Amazon's frames. Of a page (HTML, XML) it is known that it is no
//! answer. Bodies that are compressed or of any other type are not read. What a failure means
//! for the deployment is decided in `outcome`.
//!
//! Invariants: constant memory; the same result wherever the body is cut into chunks; no
//! content of a body makes the reader fail.

use super::broken_off::{self, Writing};
use super::embedded::Embedded;
use super::json::JsonScanner;
use super::kind::Failure;
pub use super::summary::FirstSign;
use super::summary::Summary;
use super::usage::Usage;
use super::words::contains;
use crate::framing::frames::{FrameReader, Framed, HeaderName};
use crate::framing::lines::{EventName, Fragment, Lines};
use crate::request::format::Format;

/// Where a body ended that lacks its end mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Within a document, which nobody can read.
    InDocument,
    /// After an event of a stream whose format always has a mark.
    AfterEvent,
}

/// What a whole body told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// The tokens that the provider reports.
    pub usage: Usage,
    /// The failure that the body tells of: always one where the status is 400 or above; else
    /// one in band, or one of its content where a prompt was blocked in an answer
    /// that is otherwise well.
    pub error: Option<Failure>,
    /// How long the failure asks clients to wait, in milliseconds; `None` where it names no
    /// time.
    pub retry_after_ms: Option<u64>,
    /// Whether there was any content, or a reason to stop without any. An answer without
    /// content counts as a failure even where its status is 200; `content` says what content is
    /// in each format.
    pub has_content: bool,
    /// Whether content came before any failure, other than a plain reason to stop; or the answer says
    /// why it has none, as where the limit of its output was too low.
    pub has_output: bool,
    /// Whether what has no content is an empty list of embeddings, rankings and the like. A
    /// request without input gets one, so it says nothing of the deployment.
    pub is_empty_list: bool,
    /// Whether all of the answer has come by its own word: the mark that ends a stream in its
    /// format, or the last bracket of a document. Whoever closes the connection afterwards, the
    /// client has its answer.
    pub is_complete: bool,
    /// Where the body ended before its end mark; `None` if it did not, or nobody can tell.
    pub cut: Option<Cut>,
    /// Number of events that bring content: about the number of output tokens, and used in
    /// its place where the provider reports none. `None` for a body that is a single document.
    pub events: Option<u32>,
}

/// How a body is divided into documents. But for frames, its first byte tells, because a
/// content type may be absent or wrong, and the refusal of a stream comes as a plain document.
#[derive(Debug)]
enum Framing {
    /// Not known: only blanks have come so far.
    Unknown,
    /// JSON documents, one after another.
    Documents,
    /// Lines of an event stream, whose data are JSON documents.
    Events(Lines),
    /// Frames of Amazon's event stream, whose data are JSON documents.
    Frames(FrameReader),
    /// HTML or XML: no answer, but a page that something before the provider has made.
    Page,
}

/// Reads a response body in pieces, while it passes to the client.
///
/// For example, the three lines below are one event of a stream, which may be fed whole or
/// byte by byte. Afterwards, [`BodyReader::finish`] tells of 7 output tokens and one event
/// with content:
///
/// ```text
/// event: content_block_delta
/// data: {"type": "content_block_delta", "usage": {"output_tokens": 7}}
///
/// ```
#[derive(Debug)]
pub struct BodyReader {
    framing: Framing,
    /// Set within a frame whose document is embedded in another, in base64: Bedrock wraps what a
    /// model's own API answers.
    embedded: Option<Embedded>,
    json: JsonScanner,
    summary: Summary,
    status: u16,
    /// The format whose mark ends every stream; `None` where the provider may leave it out.
    marked: Option<Format>,
}

impl BodyReader {
    /// Returns the reader of a body; `None` where it cannot be read: it is compressed,
    /// binary, or text that may be an answer of no form, such as a transcript.
    #[must_use]
    pub fn new(
        format: Format,
        status: u16,
        content_type: Option<&str>,
        content_encoding: Option<&str>,
    ) -> Option<Self> {
        let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        if !content_encoding.is_none_or(|coding| is_plain(coding.trim())) {
            return None;
        }
        let is_framed = content_type.is_some_and(is_frames);
        // Without a content type the first byte decides alone.
        let named = content_type.filter(|of| !essence(of).is_empty());
        if !named.is_none_or(|of| is_framed || is_read(of, format, status)) {
            return None;
        }
        let framing =
            if is_framed { Framing::Frames(FrameReader::new()) } else { Framing::Unknown };
        let mut summary = Summary::new(status, format.has_run_status());
        summary.has_events = is_framed;
        let (embedded, json, marked) = (None, JsonScanner::new(), Some(format));
        Some(Self { framing, embedded, json, summary, status, marked })
    }

    /// Expects no mark at the end of a stream, because its provider may leave that out.
    pub const fn expect_no_mark(&mut self) {
        self.marked = None;
    }

    /// Reads the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Each step takes bytes, or finds out the framing and leaves the byte to it.
        while let Some(byte) = rest.first() {
            rest = match &mut self.framing {
                Framing::Unknown => match byte {
                    // A blank, or part of a byte order mark.
                    ..=b' ' | 0xef | 0xbb | 0xbf => rest.get(1..).unwrap_or_default(),
                    byte => {
                        self.framing = framing(*byte);
                        self.summary.has_events = matches!(self.framing, Framing::Events(_));
                        // The byte stays: it belongs to the document.
                        rest
                    }
                },
                Framing::Documents => self.json.read(rest, false, &mut self.summary),
                Framing::Events(lines) => event(lines, &mut self.json, &mut self.summary, rest),
                Framing::Frames(_) => self.frame(rest),
                Framing::Page => &[],
            }
        }
    }

    /// Reads a part of a frame, and returns the bytes that are left.
    fn frame<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let Framing::Frames(frames) = &mut self.framing else { return bytes };
        let (framed, rest) = frames.read(bytes);
        match framed {
            Framed::Header(name) => {
                let value = frames.value();
                if name == HeaderName::EventType && value == b"chunk" {
                    // The document inside tells its own type.
                    self.embedded = Some(Embedded::default());
                } else {
                    self.summary.header(name, value);
                }
            }
            Framed::Data(data) => match &mut self.embedded {
                Some(embedded) => embedded.read(data, |byte| {
                    self.json.read(byte, false, &mut self.summary);
                }),
                None => {
                    self.json.read(data, false, &mut self.summary);
                }
            },
            Framed::End => {
                self.json.restart();
                self.embedded = None;
                self.summary.end_document(EventName::Other);
            }
            Framed::Nothing => {}
        }
        rest
    }

    /// Returns what has come so far that a client could use. Of a stream, that counts whole events.
    #[must_use]
    pub fn first_sign(&self) -> FirstSign {
        match self.framing {
            // It is no answer, and nothing else will come.
            Framing::Page => FirstSign::Failure,
            _ => self.summary.first_sign(),
        }
    }

    /// Returns whether it has failed so far: it tells of a failure, or is cut where nothing follows.
    /// A prompt that was blocked in an answer that is otherwise well is no failure.
    #[must_use]
    pub fn has_failed(&self, is_end: bool) -> bool {
        let has_error = self.summary.error.is_some_and(|error| error != Failure::BLOCKED);
        has_error || (is_end && self.cut().is_some())
    }

    /// Returns whether all of the answer has come so far, by its own word. That of a list may
    /// change: another document may follow.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.summary.is_complete()
    }

    /// Returns where the body would be cut if it ended here.
    fn cut(&self) -> Option<Cut> {
        if self.json.is_open() && !self.is_complete() {
            return Some(Cut::InDocument);
        }
        self.unmarked().map(|_| Cut::AfterEvent)
    }

    /// Returns the format of this body and how its events are written, where it is a stream that lacks
    /// its mark: there was content, and no mark, reason to stop or failure.
    fn unmarked(&self) -> Option<(Format, Writing)> {
        let summary = &self.summary;
        let writing = match &self.framing {
            Framing::Events(_) => Writing::Lines,
            Framing::Frames(_) => Writing::Frames,
            // Of documents, each says whether another one follows.
            Framing::Documents if summary.is_followed => Writing::Documents,
            _ => return None,
        };
        let format = self.marked.filter(|format| broken_off::has_mark(*format, writing))?;
        let is_ended = summary.error.is_some() || summary.has_stopped() || summary.is_complete();
        (summary.has_content && !is_ended).then_some((format, writing))
    }

    /// Returns the error that a body which has ended here lacks at its end, as its format has
    /// it; `None` where it lacks none, or could not be read after it.
    ///
    /// For example, after three events of a chat and neither a `finish_reason` nor `[DONE]`,
    /// `data: {"error": …}`. After `[DONE]`, nothing.
    #[must_use]
    pub fn missing_error(&self) -> Option<Vec<u8>> {
        let (format, writing) = self.unmarked()?;
        // In the middle of a frame, the client would take the error for the rest of that frame.
        let is_torn = matches!(&self.framing, Framing::Frames(frames) if !frames.is_between());
        (!is_torn).then(|| broken_off::error_event(format, writing))
    }

    /// Ends the body, complete or not, and returns what it told.
    #[must_use]
    pub fn finish(mut self) -> Told {
        let is_complete = self.is_complete();
        let cut = self.cut();
        // The last event may lack its empty line. Clients ignore such an event, but a
        // failure in it is a failure.
        self.summary.end_document(match &self.framing {
            Framing::Events(lines) => lines.name(),
            _ => EventName::Other,
        });
        let has_output = self.summary.first_sign() == FirstSign::Content;
        let Summary {
            counts, error, retry_ms, has_content, is_empty_list, events, has_events, ..
        } = self.summary;
        Told {
            usage: counts.usage(),
            error: error.or(Failure::of_status(self.status)),
            retry_after_ms: retry_ms,
            has_content,
            has_output,
            is_empty_list,
            is_complete,
            cut,
            // One document alone is a whole answer, so it says nothing of the token count.
            events: (has_events || events > 1).then_some(events),
        }
    }
}

/// Returns how a body is divided that begins with that byte.
const fn framing(byte: u8) -> Framing {
    match byte {
        b'{' | b'[' => Framing::Documents,
        b'<' => Framing::Page,
        _ => Framing::Events(Lines::new()),
    }
}

/// Reads one fragment of an event stream, and returns the bytes that are left.
fn event<'b>(
    lines: &mut Lines,
    json: &mut JsonScanner,
    summary: &mut Summary,
    bytes: &'b [u8],
) -> &'b [u8] {
    match lines.read(bytes) {
        Fragment::Line(rest) => {
            // The standard joins the data lines of one event by line feeds, which may
            // stand within a document.
            json.read(b"\n", false, summary);
            rest
        }
        Fragment::Data(data) => json.read(data, true, summary),
        Fragment::End(name, rest) => {
            // A document that an event cuts short must not swallow the next event.
            json.end_line(summary);
            json.restart();
            summary.end_document(name);
            rest
        }
        Fragment::Nothing => &[],
    }
}

/// Returns a content type without its parameters.
fn essence(content_type: &str) -> &[u8] {
    let bytes = content_type.as_bytes();
    bytes.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Returns whether bodies of that content type are streams of events, of text or Amazon's.
#[must_use]
pub fn is_stream(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(b"text/event-stream") || is_frames(content_type)
}

/// Returns whether bodies of that content type are Amazon's event stream.
#[inline(always)]
fn is_frames(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(b"application/vnd.amazon.eventstream")
}

/// Returns whether bodies of that content type are read in an answer with that status.
///
/// Text and XML are read in answers that seem to be well, where they are an answer under a
/// wrong type, or none. But not where text is a form of answer: a transcript is the client's
/// own words. In a refusal, they are known not to be an API's.
fn is_read(content_type: &str, format: Format, status: u16) -> bool {
    let of = essence(content_type);
    if contains(of, "json") || contains(of, "text/event-stream") {
        return true;
    }
    let is_page = contains(of, "html") || contains(of, "xml");
    let is_text = contains(of, "text/") && format != Format::OpenAiAudio;
    status < 400 && (is_page || is_text)
}
