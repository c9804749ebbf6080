//! What one document says of a failure, and which kind that makes it.

use super::kind::{ErrorKind, Phrase};
use super::lines::Name;

/// What one document says of a failure.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// Whether it tells of one at all.
    pub(super) is_error: bool,
    /// The strongest of its words for programs.
    pub(super) word: Option<ErrorKind>,
    /// A number that is an HTTP status.
    pub(super) status: u16,
    /// What its message says.
    pub(super) saying: Option<Phrase>,
    /// Whether it is about a parameter other than the model.
    pub(super) is_elsewhere: bool,
    /// Whether its document is in Anthropic's envelope.
    pub(super) is_anthropic: bool,
    /// Whether a moderation names what it objected to.
    pub(super) is_flagged: bool,
    /// How long to wait, in milliseconds.
    pub(super) retry_ms: Option<u64>,
}

impl Fault {
    /// Takes a word or number that is made for programs.
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

    /// Takes a message; the first that says something counts.
    pub(super) fn message(&mut self, text: &[u8]) {
        if self.saying.is_none() {
            self.saying = Phrase::of(text);
        }
    }

    /// Its kind, in an answer of that status; for one below 400, in band.
    pub(super) fn kind(&self, status: u16) -> ErrorKind {
        let in_band = status < 400;
        let status = if in_band { self.status } else { status };
        let by_status = ErrorKind::of_status(status);
        if let Some(kind) = self.specific(status) {
            return kind;
        }
        match (by_status, self.word) {
            (Some(ErrorKind::RateLimit | ErrorKind::Server), Some(ErrorKind::Overloaded)) => {
                ErrorKind::Overloaded
            }
            (Some(kind), _) => kind,
            (None, Some(word)) => word,
            // Nothing but a message, if that: the stream broke.
            (None, None) => ErrorKind::Server,
        }
    }

    /// The kind where it is more than the status says.
    fn specific(&self, status: u16) -> Option<ErrorKind> {
        let of_request = matches!(status, 0 | 400 | 413 | 422);
        Some(match (self.word, self.saying) {
            (Some(kind @ (ErrorKind::Quota | ErrorKind::ContextWindow)), _) => kind,
            (Some(ErrorKind::ContentPolicy), _) => ErrorKind::ContentPolicy,
            _ if self.is_flagged && matches!(status, 0 | 400 | 403) => ErrorKind::ContentPolicy,
            (Some(ErrorKind::ModelNotFound), _) if self.is_elsewhere => ErrorKind::Other,
            (Some(ErrorKind::ModelNotFound), _) => ErrorKind::ModelNotFound,
            (Some(ErrorKind::Auth), _) if status == 400 => ErrorKind::Auth,
            (_, Some(Phrase::ContextWindow)) if of_request => ErrorKind::ContextWindow,
            (_, Some(Phrase::ContentPolicy)) if of_request => ErrorKind::ContentPolicy,
            (_, Some(Phrase::NoCredit)) if status == 400 && self.is_anthropic => ErrorKind::Quota,
            (_, Some(Phrase::NoModel)) if status == 404 && !self.is_elsewhere => {
                ErrorKind::ModelNotFound
            }
            (_, Some(Phrase::TooLarge)) if status == 429 => ErrorKind::TooLarge,
            (_, Some(Phrase::NoFile)) if status == 403 => ErrorKind::Other,
            _ => return None,
        })
    }

    /// Whether it is one, in an answer of that status and an event of that name.
    pub(super) const fn is_in(&self, status: u16, name: Name) -> bool {
        self.is_error || status >= 400 || matches!(name, Name::Error)
    }
}

/// A whole number that is not negative; what follows its point is dropped.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let end = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    digits(text.get(..end)?)
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(u64::from(digit)))
    })
}

/// Google's duration (`37s`, `7.614542s`) in milliseconds.
pub(super) fn duration(text: &[u8]) -> Option<u64> {
    let text = text.strip_suffix(b"s")?;
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let seconds = digits(parts.next()?)?;
    let fraction = parts.next().unwrap_or_default();
    let ms = [100, 10, 1].iter().zip(fraction).try_fold(0_u64, |sum, (unit, byte)| {
        Some(sum.saturating_add(digits(&[*byte])?.saturating_mul(*unit)))
    })?;
    Some(seconds.saturating_mul(1000).saturating_add(ms)).filter(|ms| *ms > 0)
}
