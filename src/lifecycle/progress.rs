//! How far the attempts of a request have come, and which is next.
//!
//! Pure: which list a failure leads to, and what of it has not been tried.

use std::ops::Range;

use crate::codec::{Reader, Writer};
use crate::state::outcome::Outcome;

use super::handover::{Handover, Leg, VERSION};

/// How far the attempts of a request have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// The leg of the next attempt; `None`: there is nothing left to try.
    pub(super) next: Option<usize>,
    /// Legs that have been tried, in order; one that is tried again stands here again.
    pub(super) tried: Vec<usize>,
    /// What the last one came to; until it is answered, that it is not.
    pub(super) last: Outcome,
}

/// A failure, by what may be tried after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may pass, and the same deployment answer.
    Passing,
    /// The deployment is not to be tried again.
    Other,
    /// A rate limit is reached.
    RateLimit,
    /// The request does not fit.
    ContextWindow,
    /// The request is refused for its content.
    ContentPolicy,
}

impl Default for Progress {
    /// Nothing is left to try.
    fn default() -> Self {
        Self { next: None, tried: Vec::new(), last: Outcome::Network }
    }
}

impl Progress {
    /// The attempt that follows this leg, by what kind of failure; `retries` more
    /// of a leg may follow it where it is worth another try.
    ///
    /// `is_ready` says which deployments may be picked.
    pub(super) fn after(
        &self,
        handover: &Handover,
        failure: Failure,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        let last = *self.tried.last()?;
        let times = self.tried.iter().filter(|tried| **tried == last).count();
        if failure == Failure::Passing && times <= retries as usize {
            return Some(last);
        }
        let own = ..handover.own;
        let is_own = own.contains(&last);
        let rest = |list: &Range<usize>| {
            let from = if list.contains(&last) { last.saturating_add(1) } else { list.start };
            from..list.end
        };
        let lists = match failure {
            Failure::ContextWindow if is_own => [rest(&handover.context_window), 0..0],
            Failure::ContentPolicy => [rest(&handover.content_policy), 0..0],
            Failure::RateLimit if is_own => {
                [last.saturating_add(1)..handover.own, rest(&handover.rate_limit)]
            }
            _ => {
                let lists = [
                    &handover.general,
                    &handover.context_window,
                    &handover.rate_limit,
                    &handover.content_policy,
                ];
                // Where a kind of failure has led, its list is gone on with.
                let list = lists.into_iter().find(|list| list.contains(&last));
                [list.map_or(0..0, rest), 0..0]
            }
        };
        lists
            .into_iter()
            .flatten()
            .find(|at| !self.tried.contains(at) && handover.legs.get(*at).is_some_and(&is_ready))
    }

    /// As bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new(VERSION);
        to.option(self.next, |to, next| to.number(next as u64));
        to.list(&self.tried, |to, leg| to.number(*leg as u64));
        let last = Outcome::ALL.iter().position(|outcome| *outcome == self.last);
        to.option(last, |to, last| to.number(last as u64));
        to.finish()
    }

    /// What those bytes say; `None` where they are of another layout.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let from = &mut Reader::new(bytes, VERSION)?;
        let (next, tried) = (from.option(Reader::index)?, from.list(Reader::index)?);
        let last = *Outcome::ALL.get(from.option(Reader::index)??)?;
        Some(Self { next, tried, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::answer::Work;
    use crate::request::format::Format;

    /// Legs 0 and 1 are the model's own, 2 and 3 its fallbacks, 4 for context windows,
    /// 5 for rate limits.
    fn handover() -> Handover {
        let leg = |at: usize| Leg {
            deployment: None,
            provider: String::new(),
            cluster: String::new(),
            model: String::new(),
            name: at.to_string(),
            path: String::new(),
            edits: Vec::new(),
        };
        Handover {
            work: Work {
                format: Format::OpenAiChat,
                tokens: 0,
                is_estimated: false,
                is_processed: true,
                is_text: true,
                may_name_others: false,
                has_clients_credential: false,
            },
            asked: String::new(),
            disable_cache: false,
            begun: None,
            length: None,
            legs: (0..6).map(leg).collect(),
            own: 2,
            general: 0..4,
            context_window: 4..5,
            content_policy: 0..0,
            rate_limit: 5..6,
            original: Vec::new(),
        }
    }

    fn after(tried: &[usize], failure: Failure) -> Option<usize> {
        let progress = Progress { tried: tried.to_vec(), ..Progress::default() };
        progress.after(&handover(), failure, 0, |_| true)
    }

    #[test]
    fn kinds_of_failure_lead_to_their_lists() {
        use Failure::{ContentPolicy, ContextWindow, Other, Passing, RateLimit};
        let cases: [(&[usize], Failure, Option<usize>); 13] = [
            (&[0], Passing, Some(1)),
            (&[0, 1], Other, Some(2)),
            (&[0, 1, 2, 3], Passing, None),
            // The model's own deployments have the same window.
            (&[0], ContextWindow, Some(4)),
            (&[0, 4], Passing, None),
            (&[0, 4], ContextWindow, None),
            (&[0], RateLimit, Some(1)),
            (&[0, 1], RateLimit, Some(5)),
            (&[0, 1, 5], RateLimit, None),
            // Among the fallbacks it goes on with those.
            (&[0, 1, 2], RateLimit, Some(3)),
            (&[0, 1, 2], ContextWindow, Some(3)),
            // Nothing stands in for a list of this kind.
            (&[0], ContentPolicy, None),
            (&[], Passing, None),
        ];
        for (tried, failure, wanted) in cases {
            assert_eq!(after(tried, failure), wanted, "{tried:?} {failure:?}");
        }
    }

    #[test]
    fn another_try_of_the_same_comes_first_where_it_may_help() {
        let tries = |tried: &[usize], failure| {
            let progress = Progress { tried: tried.to_vec(), ..Progress::default() };
            progress.after(&handover(), failure, 1, |_| true)
        };
        assert_eq!(tries(&[0], Failure::Passing), Some(0));
        assert_eq!(tries(&[0, 0], Failure::Passing), Some(1));
        assert_eq!(tries(&[0], Failure::Other), Some(1));
    }

    #[test]
    fn what_may_not_be_picked_is_passed_over() {
        let progress = Progress { tried: vec![0], ..Progress::default() };
        let next = progress.after(&handover(), Failure::Passing, 0, |leg| leg.name == "3");
        assert_eq!(next, Some(3));
    }

    #[test]
    fn progress_reads_back() {
        for progress in [
            Progress::default(),
            Progress { next: Some(300), tried: vec![0, 0, 129], last: Outcome::RateLimit },
        ] {
            assert_eq!(Progress::decode(&progress.encode()), Some(progress));
        }
        assert_eq!(Progress::decode(&[1, 0, 0]), None);
    }
}
