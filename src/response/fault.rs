//! Collects what one document says of a failure, and decides which kind of failure that is.

use super::kind::{ErrorKind, Failure, ToldBy};
use super::words::{WordPlace, Wording};
use crate::framing::lines::EventName;

/// What one document says of a failure.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// Whether the document tells of a failure at all. Other members may be set without it:
    /// many answers that are well have a `status` or a `code`.
    pub(super) is_error: bool,
    /// Whether the document has a place for a failure, which may be empty.
    pub(super) is_named: bool,
    /// What it says in words that are made for programs.
    word: Spoken,
    /// An HTTP status that the document names; 0: none.
    pub(super) status: u16,
    /// What the failure's message says: by how it begins, and by what is in it.
    message: [Option<&'static Wording>; 2],
    /// Whether the failure is about a parameter other than the model.
    pub(super) is_elsewhere: bool,
    /// Whether the document is in Anthropic's envelope, `{"type": "error", "error": …}`.
    pub(super) is_anthropic: bool,
    /// Whether a moderation names what it objected to.
    pub(super) is_flagged: bool,
    /// How long to wait, in milliseconds.
    pub(super) retry_ms: Option<u64>,
}

/// What a document says in codes, types, statuses and reasons.
#[derive(Debug, Clone, Copy, Default)]
enum Spoken {
    /// Nothing.
    #[default]
    Nothing,
    /// Words of which nothing is known.
    Unknown,
    /// A known one: of several the one whose kind goes first.
    Known(&'static Wording),
}

impl Fault {
    /// Takes a word or number that is made for programs. A number is an HTTP status, a known
    /// code, or says nothing.
    pub(super) fn word(&mut self, text: &[u8]) {
        self.is_error |= self.is_named;
        let number = number(text);
        if let Some(status @ 400..=599) = number {
            self.status = u16::try_from(status).unwrap_or_default();
            return;
        }
        match (Wording::of_word(text), self.word) {
            // The kind that goes first stays; of equal kinds, the word that came first.
            (Some(row), Spoken::Known(other)) if other.kind <= row.kind => {}
            (Some(row), _) => self.word = Spoken::Known(row),
            (None, Spoken::Nothing) if number.is_none() => self.word = Spoken::Unknown,
            (None, _) => {}
        }
    }

    /// Takes the name of an exception in a stream. One that is not known says no more than that
    /// the stream broke.
    pub(super) fn exception(&mut self, name: &[u8]) {
        if Wording::of_word(name).is_some() {
            self.word(name);
        }
    }

    /// Takes a message. Of several, the first that says something counts.
    pub(super) fn message(&mut self, text: &[u8]) {
        self.is_error |= self.is_named;
        if self.message == [None; 2] {
            self.message = Wording::of_message(text);
        }
    }

    /// Returns whether it has a word of which something is known, or names a status.
    pub(super) const fn has_word(&self) -> bool {
        self.status != 0 || matches!(self.word, Spoken::Known(_))
    }

    /// Returns the failure that an answer with that status tells of. A status below 400 says
    /// that the answer had begun well, so the failure came in band.
    ///
    /// A wording is believed only with the statuses that its row has, and then it says more
    /// than the status does. For example:
    ///
    /// | answer | document | kind |
    /// |---|---|---|
    /// | 429 | `{"error": {"code": "insufficient_quota"}}` | `Quota` |
    /// | 429 | `{"error": {"code": "server_error"}}` | `RateLimit`, by the status |
    /// | 400 | `{"error": {"message": "…", "param": "temperature"}}` | `Request` |
    /// | 200 | `{"error": {"code": 503, "type": "overloaded"}}` | `Overloaded` |
    /// | 200 | `{"error": {"type": "timeout"}}` | `Timeout`, by the word |
    /// | 200 | `{"error": {"message": "oops"}}` | `Server`: the stream broke |
    pub(super) fn failure(&self, status: u16) -> Failure {
        // In an answer that had begun well, only the body can name a status that says something.
        let status = if status < 400 { self.status } else { status };
        let known = [self.worded(status), self.flagged(status), self.elsewhere(status)];
        // Of equal kinds the first one counts.
        if let Some(known) = known.into_iter().flatten().min_by_key(|failure| failure.kind) {
            return known;
        }
        Failure::of_status(status).unwrap_or(match self.word {
            Spoken::Nothing => Failure { kind: ErrorKind::Server, told_by: ToldBy::Nothing },
            // It may be about the request.
            _ => Failure { kind: ErrorKind::Other, told_by: ToldBy::UnknownWord },
        })
    }

    /// Returns what the document's wordings say, as far as they are believed with that status.
    fn worded(&self, status: u16) -> Option<Failure> {
        let word = if let Spoken::Known(row) = self.word { Some(row) } else { None };
        let [beginning, content] = self.message;
        let rows = [word, beginning, content].into_iter().flatten();
        let believed = rows.filter(|row| {
            let is_enveloped = row.place != WordPlace::Enveloped || self.is_anthropic;
            // An unknown model in another parameter is the client's own.
            let is_here = row.kind != ErrorKind::ModelNotFound || !self.is_elsewhere;
            row.comes_with(status) && is_enveloped && is_here
        });
        believed.min_by_key(|row| row.kind).map(Failure::of_wording)
    }

    /// Returns that the request was refused for its content, where a moderation says why.
    fn flagged(&self, status: u16) -> Option<Failure> {
        let is_flagged = self.is_flagged && matches!(status, 0 | 400 | 403);
        is_flagged.then_some(Failure::BLOCKED)
    }

    /// Returns that the request is wrong, where the document names the wrong parameter.
    fn elsewhere(&self, status: u16) -> Option<Failure> {
        let is_elsewhere = self.is_elsewhere && matches!(status, 0 | 400 | 403 | 404 | 422);
        is_elsewhere.then_some(Failure { kind: ErrorKind::Request, told_by: ToldBy::Parameter })
    }

    /// Returns whether the document is a failure, in an answer with that status and an event
    /// with that name.
    pub(super) const fn is_in(&self, status: u16, name: EventName) -> bool {
        self.is_error || status >= 400 || matches!(name, EventName::Error)
    }
}

/// Returns a whole number that is not negative. Drops what follows a decimal point: a count
/// may be written as `12.0`. A number too large for the type becomes its largest.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let end = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    digits(text.get(..end)?)
}

/// Returns the number that ASCII digits alone stand for; `None` for anything else, an empty
/// text included.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(u64::from(digit)))
    })
}

/// Returns Google's duration (`37s`, `7.614542s`) in milliseconds, rounded down; `None` where
/// it is none, or 0, which asks for no wait.
pub(super) fn duration(text: &[u8]) -> Option<u64> {
    let text = text.strip_suffix(b"s")?;
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let seconds = digits(parts.next()?)?;
    let fraction = parts.next().unwrap_or_default();
    // The first three digits after the point; `zip` leaves the others out.
    let ms = [100, 10, 1].iter().zip(fraction).try_fold(0_u64, |sum, (unit, byte)| {
        Some(sum.saturating_add(digits(&[*byte])?.saturating_mul(*unit)))
    })?;
    Some(seconds.saturating_mul(1000).saturating_add(ms)).filter(|ms| *ms > 0)
}
