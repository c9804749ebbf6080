//! Collects what one document says of a failure, and decides which kind of failure that is.

use super::kind::{ErrorKind, MessageHint};
use super::lines::EventName;

/// What one document says of a failure.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// Whether the document tells of a failure at all. Other members may be set without it:
    /// many answers that are well have a `status` or a `code`.
    pub(super) is_error: bool,
    /// The strongest of the words that the provider made for programs.
    pub(super) word: Option<ErrorKind>,
    /// An HTTP status that the document names; 0: none.
    pub(super) status: u16,
    /// What the failure's message says.
    pub(super) hint: Option<MessageHint>,
    /// Whether the failure is about a parameter other than the model.
    pub(super) is_elsewhere: bool,
    /// Whether the document is in Anthropic's envelope, `{"type": "error", "error": …}`.
    /// Only there is Anthropic's message that an account is empty believed.
    pub(super) is_anthropic: bool,
    /// Whether a moderation names what it objected to.
    pub(super) is_flagged: bool,
    /// How long to wait, in milliseconds.
    pub(super) retry_ms: Option<u64>,
}

impl Fault {
    /// Takes a word or number that is made for programs. Numbers are HTTP statuses, or codes
    /// that say nothing.
    pub(super) fn word(&mut self, text: &[u8]) {
        match number(text) {
            Some(status @ 400..=599) => self.status = u16::try_from(status).unwrap_or_default(),
            Some(_) => {}
            None => {
                let kind = ErrorKind::of_word(text);
                self.word = Some(self.word.map_or(kind, |word| word.min(kind)));
            }
        }
    }

    /// Takes a message. Of several, the first that says something counts.
    pub(super) fn message(&mut self, text: &[u8]) {
        if self.hint.is_none() {
            self.hint = MessageHint::of(text);
        }
    }

    /// Returns the kind of the failure in an answer with that status. A status below 400 says
    /// that the answer had begun well, so the failure came in band.
    ///
    /// What the status says goes first, since a client cannot influence it. A word counts
    /// only where it makes the status more exact, or where there is no status. For example:
    ///
    /// | answer | document | kind |
    /// |---|---|---|
    /// | 429 | `{"error": {"code": "insufficient_quota"}}` | `Quota` |
    /// | 429 | `{"error": {"code": "server_error"}}` | `RateLimit`, by the status |
    /// | 200 | `{"error": {"code": 503, "type": "overloaded"}}` | `Overloaded` |
    /// | 200 | `{"error": {"type": "timeout"}}` | `Timeout`, by the word |
    /// | 200 | `{"error": {"message": "oops"}}` | `Server`: the stream broke |
    pub(super) fn kind(&self, status: u16) -> ErrorKind {
        let in_band = status < 400;
        let status = if in_band { self.status } else { status };
        let by_status = ErrorKind::of_status(status);
        if let Some(kind) = self.specific(status) {
            return kind;
        }
        match (by_status, self.word) {
            // Some providers that are out of capacity answer 429 or 500.
            (Some(ErrorKind::RateLimit | ErrorKind::Server), Some(ErrorKind::Overloaded)) => {
                ErrorKind::Overloaded
            }
            (Some(kind), _) => kind,
            (None, Some(word)) => word,
            // There is a message at most: the stream broke.
            (None, None) => ErrorKind::Server,
        }
    }

    /// Returns the kind where the document says more than the status; rows in order of
    /// precedence. A status of 0 is one that nothing names.
    fn specific(&self, status: u16) -> Option<ErrorKind> {
        let of_request = matches!(status, 0 | 400 | 413 | 422);
        Some(match (self.word, self.hint) {
            (Some(kind @ (ErrorKind::Quota | ErrorKind::ContextWindow)), _) => kind,
            (Some(ErrorKind::ContentPolicy), _) => ErrorKind::ContentPolicy,
            _ if self.is_flagged && matches!(status, 0 | 400 | 403) => ErrorKind::ContentPolicy,
            // Another model than the one that the request is for, named by the client.
            (Some(ErrorKind::ModelNotFound), _) if self.is_elsewhere => ErrorKind::Other,
            (Some(ErrorKind::ModelNotFound), _) => ErrorKind::ModelNotFound,
            // Gemini refuses unknown API keys with 400.
            (Some(ErrorKind::Auth), _) if status == 400 => ErrorKind::Auth,
            (_, Some(MessageHint::ContextWindow)) if of_request => ErrorKind::ContextWindow,
            (_, Some(MessageHint::ContentPolicy)) if of_request => ErrorKind::ContentPolicy,
            // The remaining hints are believed only together with the status with which
            // their provider sends them: a client may have put the words there.
            (_, Some(MessageHint::NoCredit)) if status == 400 && self.is_anthropic => {
                ErrorKind::Quota
            }
            (_, Some(MessageHint::NoModel)) if status == 404 && !self.is_elsewhere => {
                ErrorKind::ModelNotFound
            }
            (_, Some(MessageHint::TooLarge)) if status == 429 => ErrorKind::TooLarge,
            (_, Some(MessageHint::NoFile)) if status == 403 => ErrorKind::Other,
            _ => return None,
        })
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
