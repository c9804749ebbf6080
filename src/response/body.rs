//! Reads a response body as it passes to the client: how many tokens it reports, which
//! failure it tells of, and whether it has any content.
//!
//! Reads JSON documents, one or many (Ollama's lines, Gemini's list), and event streams of
//! them. Bodies that are compressed or of any other type are not read. What a failure means
//! for the deployment is decided in `outcome`.
//!
//! Invariants: constant memory; the same result wherever the body is cut into chunks; no
//! content of a body makes the reader fail.

use super::json::JsonScanner;
use super::kind::Failure;
use super::lines::{Fragment, Lines};
use super::summary::Summary;
use super::usage::Usage;
use super::words::contains;
use crate::request::format::Format;

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
    /// Whether there was more than comments, pings and failures. A stream without content
    /// counts as a failure even where its status is 200.
    pub has_content: bool,
    /// Number of events that bring content: about the number of output tokens, and used in
    /// its place where the provider reports none. 0 for a body that is a single document.
    pub events: u32,
}

/// How a body is divided into documents. Its first byte tells, because a content type may be
/// absent or wrong, and the refusal of a stream comes as a plain document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Not known: only blanks have come so far.
    Unknown,
    /// JSON documents, one after another.
    Documents,
    /// Lines of an event stream, whose data are JSON documents.
    Events,
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
    lines: Lines,
    json: JsonScanner,
    summary: Summary,
    status: u16,
}

impl BodyReader {
    /// Returns the reader of a body; `None` where it cannot be read: it is compressed,
    /// binary, or text that is not a form of answer.
    #[must_use]
    pub fn new(
        format: Format,
        status: u16,
        content_type: Option<&str>,
        content_encoding: Option<&str>,
    ) -> Option<Self> {
        let encoding = content_encoding.unwrap_or_default().trim();
        if !(encoding.is_empty() || encoding.eq_ignore_ascii_case("identity")) {
            return None;
        }
        // Without a content type the first byte decides alone.
        if !content_type.is_none_or(is_read) {
            return None;
        }
        Some(Self {
            framing: Framing::Unknown,
            lines: Lines::new(),
            json: JsonScanner::new(),
            summary: Summary::new(status, format.has_run_status()),
            status,
        })
    }

    /// Reads the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            match self.framing {
                Framing::Unknown => match byte {
                    // A blank, or part of a byte order mark.
                    ..=b' ' | 0xef | 0xbb | 0xbf => {
                        rest = rest.get(1..).unwrap_or_default();
                    }
                    // The byte stays in `rest`: it belongs to the document.
                    b'{' | b'[' => self.framing = Framing::Documents,
                    _ => {
                        self.framing = Framing::Events;
                        self.summary.has_events = true;
                    }
                },
                Framing::Documents => rest = self.json.read(rest, false, &mut self.summary),
                Framing::Events => rest = self.event(rest),
            }
        }
    }

    /// Reads one fragment of an event stream, and returns the bytes that are left.
    fn event<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match self.lines.read(bytes) {
            Fragment::Line(rest) => {
                // The standard joins the data lines of one event by line feeds, which may
                // stand within a document.
                self.json.read(b"\n", false, &mut self.summary);
                rest
            }
            Fragment::Data(data) => self.json.read(data, true, &mut self.summary),
            Fragment::End(name, rest) => {
                // A document that an event cuts short must not swallow the next event.
                self.json.restart();
                self.summary.end_document(name);
                rest
            }
            Fragment::Nothing => &[],
        }
    }

    /// Ends the body, complete or not, and returns what it told.
    #[must_use]
    pub fn finish(mut self) -> Told {
        // The last event may lack its empty line. Clients ignore such an event, but a
        // failure in it is a failure.
        self.summary.end_document(self.lines.name());
        let Summary { counts, error, retry_ms, has_content, events, has_events, .. } = self.summary;
        Told {
            usage: counts.usage(),
            error: error.or(Failure::of_status(self.status)),
            retry_after_ms: retry_ms,
            has_content,
            // One document alone is a whole answer, so it says nothing of the token count.
            events: if has_events || events > 1 { events } else { 0 },
        }
    }
}

/// Returns whether bodies of that content type are read. Plain text is not: it may be a
/// transcript, whose words the client chose.
fn is_read(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().as_bytes();
    contains(essence, "json") || contains(essence, "text/event-stream")
}
