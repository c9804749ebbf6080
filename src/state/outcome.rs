//! What an attempt came to. What that says of its deployment is its [`super::evidence`].

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
    /// client has part of it, so it cannot be tried elsewhere.
    InBand = 10,
    /// The client's prompt is longer than the model's context window. Another model may have a
    /// longer one.
    ContextWindow = 11,
    /// The client's prompt is against the provider's policy. Another provider may have another
    /// policy.
    ContentPolicy = 12,
    /// It was answered with success and without content. Where it was held, the client has got nothing
    /// of it.
    Empty = 13,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 14] = [
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
        Self::Empty,
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
            Self::Empty => "empty",
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
            (13, "empty"),
        ];
        let all: Vec<(u8, &str)> =
            Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.name())).collect();
        assert_eq!(all, codes);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::from_code(14), None);
    }
}
