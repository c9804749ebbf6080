//! What a deployment's record learns from an attempt.

use std::borrow::Cow;

use super::evidence::{Blame, Evidence, Reach, Weight};
use super::outcome::Outcome;

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

    /// The report on an attempt that was not made, because the cluster has no host. One is enough
    /// for a cooldown: Envoy makes no other attempt after it, so the next request would fail too.
    pub const NO_HOST: Self = Self {
        evidence: Evidence { weight: Weight::Trip, ..Self::UNANSWERED.evidence },
        ..Self::UNANSWERED
    };

    /// The report on an attempt that was not answered in time.
    pub const LATE: Self = Self::of(Outcome::Timeout, 0);

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
        // A weak refusal of a credential may be because of what the request asks for.
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

    /// Returns the provider's status, or the outcome where there was no status or a 2xx answer failed:
    /// `503`, `network` or `empty`, as in the attempts header.
    #[must_use]
    pub fn word(&self) -> Cow<'static, str> {
        match self.status {
            0 => Cow::Borrowed(self.outcome.name()),
            200..=299 if self.outcome != Outcome::Success => Cow::Borrowed(self.outcome.name()),
            status => Cow::Owned(status.to_string()),
        }
    }
}
