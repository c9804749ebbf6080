//! What an attempt came to. What that says of its deployment is its [`super::evidence`].

use std::fmt;

use super::evidence::{Blame, Evidence, Reach, Weight};

/// What an attempt came to.
///
/// Each has a code, under which it is stored and handed over. A code is never given to
/// another outcome, so that what an older or newer module has written is not misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was answered.
    Success = 0,
    /// It was answered with 408 or 504, or not answered in time. What takes long because of the
    /// client is [`Self::Cancelled`].
    Timeout = 1,
    /// It was answered with 429: the provider's limit is reached, and it may say for how long.
    RateLimit = 2,
    /// The proxy's credential was refused. A client's own credential that is refused is the
    /// client's mistake.
    Auth = 3,
    /// The proxy's account has no money or credit left.
    Quota = 4,
    /// The provider does not know the upstream model, or no longer, or does not offer the
    /// operation.
    NotFound = 5,
    /// It was answered with any other 5xx.
    Server = 6,
    /// There was no connection, or it was lost before an answer began. Envoy tells no more of
    /// it.
    Network = 7,
    /// The request was refused, as far as is known because of itself.
    Client = 8,
    /// The client went away before the answer ended, or did not send its request in time. What
    /// the deployment would have come to is not known.
    Cancelled = 9,
    /// The answer began well, and then broke off, reported an error or turned out to be none. The
    /// client has part of it, so it cannot be tried elsewhere; unless it is empty.
    InBand = 10,
    /// The client's prompt is longer than the model's context window. Another model may have a
    /// longer one.
    ContextWindow = 11,
    /// The client's prompt is against the provider's policy. Another provider may have another
    /// policy.
    ContentPolicy = 12,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 13] = [
        Self::Success,
        Self::Timeout,
        Self::RateLimit,
        Self::Auth,
        Self::Quota,
        Self::NotFound,
        Self::Server,
        Self::Network,
        Self::Client,
        Self::Cancelled,
        Self::InBand,
        Self::ContextWindow,
        Self::ContentPolicy,
    ];

    /// Returns the code under which it is stored and handed over.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the outcome of that code; `None` for codes that no outcome has.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Returns its name in logs, metrics and traces. Names never change: dashboards depend on
    /// them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Timeout => "timeout",
            Self::RateLimit => "rate_limit",
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::NotFound => "not_found",
            Self::Server => "server",
            Self::Network => "network",
            Self::Client => "client",
            Self::Cancelled => "cancelled",
            Self::InBand => "in_band",
            Self::ContextWindow => "context_window",
            Self::ContentPolicy => "content_policy",
        }
    }
}

impl fmt::Display for Report {
    /// Writes the provider's status, or where there was none the outcome: `503` or `network`,
    /// as in the attempts header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            0 => f.write_str(self.outcome.name()),
            status => status.fmt(f),
        }
    }
}

/// An outcome, with what else the answer told of it. This is what a deployment's record learns
/// from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// The HTTP status that the provider answered with; 0 where it did not answer.
    pub status: u16,
    /// How long the provider asks to be left alone, in milliseconds, if it asks for that.
    pub retry_after_ms: Option<u64>,
    /// What that says, and of whom.
    pub evidence: Evidence,
}

impl Report {
    /// The report on an attempt that was not answered: the connection failed, or was lost.
    pub const UNANSWERED: Self = Self::of(Outcome::Network, 0);

    /// The report on an attempt that its client gave up, or that its client was too slow for.
    pub const CANCELLED: Self = Self::of(Outcome::Cancelled, 0);

    /// Returns the report of an outcome and a status of which nothing more is known.
    #[must_use]
    pub const fn of(outcome: Outcome, status: u16) -> Self {
        Self { outcome, status, retry_after_ms: None, evidence: Evidence::of(outcome) }
    }

    /// Returns whether the request itself may be to blame for the failure: another one may
    /// well succeed there. It is not where there was no connection, where the answer had begun,
    /// where the account or a credential was refused, or where the provider says for how long it
    /// is at its limit.
    #[must_use]
    pub const fn is_excusable(&self) -> bool {
        let Evidence { blame, weight, reach, .. } = self.evidence;
        let is_of_key = match blame {
            Blame::Credential | Blame::Account => !matches!(weight, Weight::Weak),
            _ => false,
        };
        match self.outcome {
            Outcome::Success | Outcome::Network | Outcome::InBand | Outcome::Cancelled => false,
            Outcome::RateLimit => self.retry_after_ms.is_none() && matches!(reach, Reach::Everyone),
            _ => !is_of_key && matches!(reach, Reach::Everyone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_as_they_are() {
        let codes = [
            (0, "success"),
            (1, "timeout"),
            (2, "rate_limit"),
            (3, "auth"),
            (4, "quota"),
            (5, "not_found"),
            (6, "server"),
            (7, "network"),
            (8, "client"),
            (9, "cancelled"),
            (10, "in_band"),
            (11, "context_window"),
            (12, "content_policy"),
        ];
        let all: Vec<(u8, &str)> =
            Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.name())).collect();
        assert_eq!(all, codes);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::from_code(13), None);
    }
}
