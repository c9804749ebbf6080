//! Reads a response body as it passes: tokens, failures told in it, whether anything came.
//!
//! Reads JSON documents, one or many (Ollama's lines, Gemini's list), and event streams of
//! them. Refuses to read what is compressed or of any other type, and to say what a failure
//! means for a deployment.
//!
//! Invariants: constant memory; the same result for every chunking; nothing in a body is an
//! error of the reader.

use super::findings::BodyFindings;
use super::json::JsonReader;
use super::kind::{ErrorKind, contains};
use super::lines::{LineEvent, Lines};
use super::usage::Usage;
use crate::request::format::Format;

/// What a body told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Tokens.
    pub usage: Usage,
    /// The failure it tells of: always one where the status is 400 or above; else one in
    /// band, or [`ErrorKind::ContentPolicy`] where a prompt was blocked in an answer that is
    /// otherwise well.
    pub error: Option<ErrorKind>,
    /// How long the failure asks to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Whether there was more than comments, pings and failures.
    pub has_content: bool,
    /// Events that bring content: about the tokens of the output where usage is absent.
    /// None of a body that is a single document.
    pub events: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Nothing but blanks has come.
    Unknown,
    /// Documents.
    Documents,
    /// Lines of an event stream.
    Events,
}

/// A response body as it passes.
#[derive(Debug)]
pub struct BodyReader {
    framing: Framing,
    lines: Lines,
    json: JsonReader,
    found: BodyFindings,
    status: u16,
}

impl BodyReader {
    /// The reader of a body, or `None` where nothing can be read in it: compressed,
    /// binary, or text that is no answer's form.
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
        if !content_type.is_none_or(is_read) {
            return None;
        }
        Some(Self {
            framing: Framing::Unknown,
            lines: Lines::new(),
            json: JsonReader::new(),
            found: BodyFindings::new(status, format.has_run_status()),
            status,
        })
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            match self.framing {
                Framing::Unknown => match byte {
                    // Blank, or of a byte order mark.
                    ..=b' ' | 0xef | 0xbb | 0xbf => {
                        rest = rest.get(1..).unwrap_or_default();
                    }
                    b'{' | b'[' => self.framing = Framing::Documents,
                    _ => {
                        self.framing = Framing::Events;
                        self.found.has_events = true;
                    }
                },
                Framing::Documents => rest = self.json.read(rest, false, &mut self.found),
                Framing::Events => rest = self.event(rest),
            }
        }
    }

    fn event<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match self.lines.read(bytes) {
            LineEvent::Line(rest) => {
                // Lines of one event are joined by line feeds.
                self.json.read(b"\n", false, &mut self.found);
                rest
            }
            LineEvent::Data(data) => self.json.read(data, true, &mut self.found),
            LineEvent::End(name, rest) => {
                self.json.restart();
                self.found.end_document(name);
                rest
            }
            LineEvent::Nothing => &[],
        }
    }

    /// Ends the body, wherever it ends.
    #[must_use]
    pub fn finish(mut self) -> Told {
        self.found.end_document(self.lines.name());
        let BodyFindings { counts, error, retry_ms, has_content, events, has_events, .. } =
            self.found;
        Told {
            usage: counts.usage(),
            error: error.or(ErrorKind::of_status(self.status)),
            retry_after_ms: retry_ms,
            has_content,
            events: if has_events || events > 1 { events } else { 0 },
        }
    }
}

/// Whether bodies of that type are read. Plain text is not: it may be a transcript, whose
/// words are the client's.
fn is_read(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().as_bytes();
    contains(essence, "json") || contains(essence, "text/event-stream")
}
