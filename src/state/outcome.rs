//! What an attempt came to.

use std::fmt;

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered.
    Success,
    /// 408, 504, or too long without an answer.
    Timeout,
    /// 429.
    RateLimit,
    /// The proxy's credential was refused.
    Auth,
    /// No money or credit left.
    Quota,
    /// The provider does not know the upstream model.
    NotFound,
    /// Any other 5xx.
    Server,
    /// No connection, or lost before an answer.
    Network,
    /// The client's own mistake.
    Client,
    /// The client went away.
    Cancelled,
    /// Answered, and broke off or reported an error afterwards.
    InBand,
    /// The client's prompt is longer than the model's context window.
    ContextWindow,
    /// The client's prompt is against the provider's policy.
    ContentPolicy,
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
    /// Every outcome, in the order of their stored codes.
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
