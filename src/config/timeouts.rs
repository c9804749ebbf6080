//! How long an attempt may take, in parts.
//!
//! Says nothing of how a time is kept: some of it Envoy does, the rest the attempt filter.

use serde::Serialize;

use super::declare::section;
use super::shape::MILLISECONDS;

section! {
    /// How long one attempt may take. A time that is left out has no limit here.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
    pub struct Timeouts "timeouts" {
        /// The most milliseconds until the first content of the answer.
        pub first_token_ms: Option<u64> as MILLISECONDS = none,
        /// The most milliseconds without a byte of the answer, after its first content.
        pub idle_ms: Option<u64> as MILLISECONDS = none,
        /// The most milliseconds until the end of the answer.
        pub total_ms: Option<u64> as MILLISECONDS = none,
    }
}

impl Timeouts {
    /// Returns these times, and those of `others` where there are none here.
    #[must_use]
    pub fn over(self, others: Self) -> Self {
        Self {
            first_token_ms: self.first_token_ms.or(others.first_token_ms),
            idle_ms: self.idle_ms.or(others.idle_ms),
            total_ms: self.total_ms.or(others.total_ms),
        }
    }

    /// Returns how long the first content may take, in milliseconds: no longer than all of the
    /// answer; `None` where there is no limit.
    #[must_use]
    pub fn first_content_ms(self) -> Option<u64> {
        [self.first_token_ms, self.total_ms].into_iter().flatten().min()
    }

    /// Returns the shortest of the times, in milliseconds; `None` where there is none.
    #[must_use]
    pub fn shortest_ms(self) -> Option<u64> {
        [self.first_token_ms, self.idle_ms, self.total_ms].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: Timeouts =
        Timeouts { first_token_ms: Some(500), idle_ms: None, total_ms: Some(300) };
    const FAR: Timeouts =
        Timeouts { first_token_ms: Some(900), idle_ms: Some(200), total_ms: None };

    #[test]
    fn the_nearest_wins_time_by_time() {
        let wanted =
            Timeouts { first_token_ms: Some(500), idle_ms: Some(200), total_ms: Some(300) };
        assert_eq!(NEAR.over(FAR), wanted);
        assert_eq!(Timeouts::default().over(FAR), FAR);
        assert_eq!(FAR.over(Timeouts::default()), FAR);
    }

    #[test]
    fn the_first_content_takes_no_longer_than_the_whole() {
        assert_eq!(NEAR.first_content_ms(), Some(300));
        assert_eq!(FAR.first_content_ms(), Some(900));
        assert_eq!(Timeouts::default().first_content_ms(), None);
        assert_eq!(FAR.shortest_ms(), Some(200));
    }
}
