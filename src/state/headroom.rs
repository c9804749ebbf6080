//! What providers say is left of their rate limits, remembered until they reset.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::SKEW_MS;

/// What a provider has said is left of its rate limits. By default it has said nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Headroom {
    /// Of the limit in requests.
    pub requests: Left,
    /// Of the limit in tokens.
    pub tokens: Left,
    /// When the provider said so, in milliseconds since the epoch.
    pub heard_ms: u64,
}

/// What is left of one limit. By default nothing is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Left {
    /// When the whole limit is there again, in milliseconds since the epoch; 0 where nothing is
    /// known.
    pub reset_ms: u64,
    /// How many requests or tokens are left.
    pub remaining: u32,
    /// The limit itself; 0 where the provider does not say so.
    pub limit: u32,
}

impl Left {
    /// Returns it where something is known.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self.reset_ms != 0).then_some(self)
    }
}

/// What a request took away of a headroom when it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    requests: u32,
    tokens: u32,
    /// When the provider had said what this was taken from.
    heard_ms: u64,
}

impl Taken {
    /// Returns it as numbers: the tokens and, in the lowest bit, the request; and when the provider
    /// had spoken.
    pub(super) fn numbers(self) -> (u64, u64) {
        (u64::from(self.tokens) << 1 | u64::from(self.requests), self.heard_ms)
    }

    /// Returns what [`Taken::numbers`] were made of.
    pub(super) fn from_numbers(taken: u64, heard_ms: u64) -> Self {
        let tokens = u32::try_from(taken >> 1).unwrap_or(0);
        Self { requests: u32::from(taken & 1 == 1), tokens, heard_ms }
    }
}

impl Headroom {
    /// Returns for how many milliseconds there is no room for one more request of that many
    /// tokens; 0 where there is.
    #[must_use]
    pub fn wait_ms(&self, tokens: u64, now_ms: u64) -> u64 {
        let requests = self.requests.known().filter(|left| left.remaining == 0);
        let short = |left: &Left| left.remaining == 0 || u64::from(left.remaining) < tokens;
        let tokens = self.tokens.known().filter(short);
        let short = [requests, tokens].into_iter().flatten();
        short.map(|left| self.left_ms(left, now_ms)).max().unwrap_or(0)
    }

    /// Returns the smallest share that is left of a limit, 0 to 1; `None` where no limit is
    /// known.
    #[must_use]
    pub fn share(&self, now_ms: u64) -> Option<f64> {
        let limits = [self.requests, self.tokens];
        let is_known = |left: &Left| left.limit > 0 && self.left_ms(*left, now_ms) > 0;
        let known = limits.into_iter().filter(is_known);
        let shares =
            known.map(|left| (f64::from(left.remaining) / f64::from(left.limit)).clamp(0.0, 1.0));
        shares.reduce(f64::min)
    }

    /// Returns the milliseconds until that limit is whole again; 0 where it is.
    #[must_use]
    pub const fn left_ms(&self, left: Left, now_ms: u64) -> u64 {
        // If now is long before the time it was heard, the clock has jumped back, and nothing
        // is known.
        let has_jumped = now_ms.saturating_add(SKEW_MS) < self.heard_ms;
        if has_jumped { 0 } else { left.reset_ms.saturating_sub(now_ms) }
    }

    /// Takes away what a request is going to take, until the provider says what it took. Returns
    /// what was taken.
    pub(super) fn take(&mut self, tokens: u64) -> Taken {
        // Where nothing is known, 0 are left.
        let take = |left: &mut Left, wanted: u32| {
            let taken = left.remaining.min(wanted);
            left.remaining = left.remaining.saturating_sub(taken);
            taken
        };
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        Taken {
            requests: take(&mut self.requests, 1),
            tokens: take(&mut self.tokens, tokens),
            heard_ms: self.heard_ms,
        }
    }

    /// Gives back what a request was expected to take and has not taken: all but `tokens`, and the
    /// request itself unless the provider answered it.
    ///
    /// Where the provider has spoken since, it has said what was left without this request's
    /// estimate, so there is nothing to give back.
    pub(super) fn give_back(&mut self, taken: Taken, tokens: u64, is_answered: bool) {
        if taken.heard_ms != self.heard_ms {
            return;
        }
        let give = |left: &mut Left, surplus: u32| {
            if left.known().is_none() {
                return;
            }
            let most = if left.limit == 0 { u32::MAX } else { left.limit.max(left.remaining) };
            left.remaining = left.remaining.saturating_add(surplus).min(most);
        };
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        give(&mut self.requests, if is_answered { 0 } else { taken.requests });
        give(&mut self.tokens, taken.tokens.saturating_sub(tokens));
    }

    /// Replaces what is known with what a provider has said.
    ///
    /// It is believed for `longest_ms` at most: a provider that is believed to have nothing
    /// left is asked no more, so it could not correct itself.
    pub(super) fn hear(&mut self, said: Self, now_ms: u64, longest_ms: u64) {
        // A long answer ends after answers that began later, and says what was true before
        // them. What is known from a time still ahead was heard before the clock jumped back.
        let is_heard = self.heard_ms <= now_ms.saturating_add(SKEW_MS);
        let is_older = said.heard_ms < self.heard_ms && is_heard;
        if is_older || (said.requests.known().is_none() && said.tokens.known().is_none()) {
            return;
        }
        let latest_ms = said.heard_ms.saturating_add(longest_ms);
        let bounded = |left: Left| Left { reset_ms: left.reset_ms.min(latest_ms), ..left };
        self.requests = said.requests.known().map_or(self.requests, bounded);
        self.tokens = said.tokens.known().map_or(self.tokens, bounded);
        self.heard_ms = said.heard_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn left(remaining: u32, limit: u32) -> Left {
        Left { remaining, limit, reset_ms: NOW + 1000 }
    }

    #[test]
    fn nothing_left_or_too_little_is_waited_for_until_the_reset() {
        let none = Headroom { requests: left(0, 10), tokens: Left::default(), heard_ms: NOW };
        assert_eq!((none.wait_ms(1, NOW), none.wait_ms(1, NOW + 1000)), (1000, 0));
        let some = Headroom { requests: left(1, 10), tokens: left(500, 1000), heard_ms: NOW };
        assert_eq!((some.wait_ms(500, NOW), some.wait_ms(501, NOW)), (0, 1000));
        assert_eq!(Headroom::default().wait_ms(u64::MAX, NOW), 0);
    }

    #[test]
    fn what_is_yet_to_be_heard_is_not_known() {
        let headroom = Headroom { requests: left(0, 10), tokens: Left::default(), heard_ms: NOW };
        let before = NOW - SKEW_MS - 1;
        assert_eq!((headroom.wait_ms(1, NOW), headroom.wait_ms(1, before)), (1000, 0));
        assert_eq!((headroom.share(NOW), headroom.share(before)), (Some(0.0), None));
    }

    #[test]
    fn a_worker_that_read_the_clock_a_moment_before_knows_it_too() {
        let headroom = Headroom { requests: left(0, 10), tokens: Left::default(), heard_ms: NOW };
        assert_eq!((headroom.wait_ms(1, NOW - 1), headroom.share(NOW - 1)), (1001, Some(0.0)));
        // Nor does an older answer replace it that ends there.
        let mut known = headroom;
        let older = Headroom { requests: left(9, 10), tokens: Left::default(), heard_ms: NOW - 5 };
        known.hear(older, NOW - 1, 300_000);
        assert_eq!(known, headroom);
    }

    #[test]
    fn requests_take_their_part_until_the_provider_speaks_again() {
        let mut headroom =
            Headroom { requests: left(2, 10), tokens: left(100, 1000), heard_ms: NOW };
        headroom.take(80);
        assert_eq!(
            headroom,
            Headroom { requests: left(1, 10), tokens: left(20, 1000), heard_ms: NOW }
        );
        headroom.take(80);
        assert_eq!(
            headroom,
            Headroom { requests: left(0, 10), tokens: left(0, 1000), heard_ms: NOW }
        );
        let said = Headroom { requests: left(9, 10), tokens: Left::default(), heard_ms: NOW };
        headroom.hear(said, NOW, 300_000);
        assert_eq!(
            headroom,
            Headroom { requests: left(9, 10), tokens: left(0, 1000), heard_ms: NOW }
        );
    }

    #[test]
    fn what_was_not_taken_is_given_back_until_the_provider_speaks_again() {
        let known = Headroom { requests: left(5, 10), tokens: left(900, 1000), heard_ms: NOW };
        let after = |spent: u64, is_answered: bool| {
            let mut headroom = known;
            let taken = headroom.take(800);
            headroom.give_back(
                Taken::from_numbers(taken.numbers().0, taken.numbers().1),
                spent,
                is_answered,
            );
            headroom
        };
        // The client left, the provider refused, or it has said by its usage what it took.
        assert_eq!(after(0, false), known);
        assert_eq!(after(0, true), Headroom { requests: left(4, 10), ..known });
        let spent = Headroom { requests: left(4, 10), tokens: left(600, 1000), heard_ms: NOW };
        assert_eq!(after(300, true), spent);
        assert_eq!(after(5000, true).tokens, left(100, 1000));
        // No more is given back than there was, and nothing of what was said since.
        let mut scarce = Headroom { tokens: left(10, 1000), ..known };
        let taken = scarce.take(800);
        scarce.give_back(taken, 0, false);
        assert_eq!(scarce.tokens, left(10, 1000));
        let taken = scarce.take(800);
        let said = Headroom { requests: Left::default(), tokens: left(7, 1000), heard_ms: NOW + 1 };
        scarce.hear(said, NOW + 1, 300_000);
        scarce.give_back(taken, 0, false);
        assert_eq!(scarce.tokens, left(7, 1000));
    }

    #[test]
    fn the_share_is_the_smaller_one_and_known_with_a_limit_only() {
        let headroom = Headroom { requests: left(9, 10), tokens: left(250, 1000), heard_ms: NOW };
        assert_eq!(headroom.share(NOW), Some(0.25));
        assert_eq!(headroom.share(NOW + 1000), None);
        let unlimited = Left { remaining: 9, limit: 0, reset_ms: NOW + 1000 };
        assert_eq!(
            Headroom { requests: unlimited, tokens: Left::default(), heard_ms: NOW }.share(NOW),
            None
        );
    }
}
