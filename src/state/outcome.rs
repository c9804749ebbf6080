//! What an attempt came to.

use std::fmt;

/// What an attempt came to.
///
/// Each has a code, under which it is stored and handed over. A code is never given to
/// another outcome, so that what an older or newer module has written is not misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered.
    Success = 0,
    /// 408, 504, or too long without an answer.
    Timeout = 1,
    /// 429.
    RateLimit = 2,
    /// The proxy's credential was refused.
    Auth = 3,
    /// No money or credit left.
    Quota = 4,
    /// The provider does not know the upstream model.
    NotFound = 5,
    /// Any other 5xx.
    Server = 6,
    /// No connection, or lost before an answer.
    Network = 7,
    /// The client's own mistake.
    Client = 8,
    /// The client went away.
    Cancelled = 9,
    /// Answered, and broke off or reported an error afterwards.
    InBand = 10,
    /// The client's prompt is longer than the model's context window.
    ContextWindow = 11,
    /// The client's prompt is against the provider's policy.
    ContentPolicy = 12,
}

/// What an outcome means for the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Closes a cooldown towards healthy.
    Success,
    /// Counts; enough of them trip.
    Failure,
    /// Trips at once.
    Trip,
    /// Says nothing about the deployment.
    Nothing,
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

    /// Returns the outcome of that code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Its name in logs, metrics and traces.
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

    /// What it means for the deployment.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::Success => Weight::Success,
            Self::Timeout | Self::Server | Self::Network | Self::InBand => Weight::Failure,
            Self::RateLimit | Self::Auth | Self::Quota | Self::NotFound => Weight::Trip,
            Self::Client | Self::Cancelled | Self::ContextWindow | Self::ContentPolicy => {
                Weight::Nothing
            }
        }
    }
}

impl fmt::Display for Report {
    /// As the attempts header says it: the provider's status, or what happened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            0 => f.write_str(self.outcome.name()),
            status => status.fmt(f),
        }
    }
}

/// An outcome with what the provider said beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// HTTP status of the provider, 0 without an answer.
    pub status: u16,
    /// How long the provider asks to be left alone, in milliseconds.
    pub retry_after_ms: Option<u64>,
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
