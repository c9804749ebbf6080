//! How far the attempts of a request have come, and which is next.
//!
//! Pure: which list a failure leads to, and what of it has not been tried. What the
//! attempts came to stays typed on its way from each attempt filter to the next and to
//! the router; it becomes text only in the attempts header and in the log.

use std::fmt::{Display, Write};
use std::ops::Range;

use crate::codec::{Reader, Writer};
use crate::state::outcome::{Outcome, Report};
use crate::text::list_name;

use super::handover::{Leg, Legs, VERSION};

/// How far the attempts of a request have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) next: Next,
    /// What has been tried, in order; a leg that is tried again stands here again.
    pub(super) tried: Vec<Tried>,
}

/// The attempt after the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Next {
    /// There is nothing left to try.
    #[default]
    Nothing,
    /// This leg.
    Leg(usize),
    /// There was nothing left, and Envoy tried all the same: the attempt filter answered.
    Surplus,
}

/// An attempt that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) leg: usize,
    /// What it came to; until it is answered, that it is not.
    pub(super) report: Report,
    /// How long it took, in milliseconds, once it has ended or its answer has begun.
    pub(super) took_ms: Option<u64>,
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

impl Failure {
    /// Returns what kind of failure an outcome is; `None`: one after which nothing else is
    /// tried.
    pub(super) const fn of(outcome: Outcome) -> Option<Self> {
        Some(match outcome {
            Outcome::Timeout | Outcome::Server | Outcome::Network => Self::Passing,
            Outcome::RateLimit => Self::RateLimit,
            Outcome::Auth | Outcome::Quota | Outcome::NotFound => Self::Other,
            Outcome::ContextWindow => Self::ContextWindow,
            Outcome::ContentPolicy => Self::ContentPolicy,
            Outcome::Success | Outcome::InBand | Outcome::Client | Outcome::Cancelled => {
                return None;
            }
        })
    }
}

impl Tried {
    /// Returns an attempt at a leg that has just begun: nobody has answered it.
    pub(super) const fn new(leg: usize) -> Self {
        let report = Report { outcome: Outcome::Network, status: 0, retry_after_ms: None };
        Self { leg, report, took_ms: None }
    }

    /// Returns the status that its provider answered with; `None`: it was not answered.
    pub(super) fn status(&self) -> Option<u16> {
        Some(self.report.status).filter(|status| *status != 0)
    }
}

impl Progress {
    /// Returns whether a leg has been tried.
    pub(super) fn has_tried(&self, leg: usize) -> bool {
        self.tried.iter().any(|tried| tried.leg == leg)
    }

    /// Returns what the last attempt came to.
    pub(super) fn last_outcome(&self) -> Outcome {
        self.tried.last().map_or(Outcome::Network, |tried| tried.report.outcome)
    }

    /// Returns how soon a deployment that is at its limit, and said so, can be asked again,
    /// in milliseconds.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let limited = self.tried.iter().filter(|t| t.report.outcome == Outcome::RateLimit);
        limited.filter_map(|tried| tried.report.retry_after_ms).min()
    }

    /// Returns the leg to try after the last one failed in that way.
    ///
    /// A failure that may pass is worth `retries` more tries of the same leg. After that the
    /// kind of failure says which list of the plan to go on with: a request that is too long
    /// for the model's own deployments goes to the models for long contexts, a rate limit
    /// first to the model's other deployments. `is_ready` says which legs may be picked.
    ///
    /// Example: the plan is `a b | c` with the list `d` for rate limits. After `a` timed out
    /// comes `b`; after `a` and `b` were at their limits comes `d`, not `c`.
    pub(super) fn after(
        &self,
        legs: &Legs,
        failure: Failure,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        let last = self.tried.last()?.leg;
        let times = self.tried.iter().filter(|tried| tried.leg == last).count();
        if failure == Failure::Passing && times <= retries as usize {
            return Some(last);
        }
        let own = ..legs.own;
        let is_own = own.contains(&last);
        let rest = |list: &Range<usize>| {
            let from = if list.contains(&last) { last.saturating_add(1) } else { list.start };
            from..list.end
        };
        let lists = match failure {
            Failure::ContextWindow if is_own => [rest(&legs.context_window), 0..0],
            Failure::ContentPolicy => [rest(&legs.content_policy), 0..0],
            Failure::RateLimit if is_own => {
                [last.saturating_add(1)..legs.own, rest(&legs.rate_limit)]
            }
            // Where a kind of failure has led, its list is gone on with.
            _ => [legs.list_of(last).map_or(0..0, rest), 0..0],
        };
        lists
            .into_iter()
            .flatten()
            .find(|at| !self.has_tried(*at) && legs.get(*at).is_some_and(&is_ready))
    }

    /// Returns it as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new(VERSION);
        match self.next {
            Next::Nothing => to.number(0),
            Next::Surplus => to.number(1),
            Next::Leg(leg) => to.number((leg as u64).saturating_add(2)),
        }
        to.list(&self.tried, |to, Tried { leg, report, took_ms }| {
            to.number(*leg as u64);
            to.number(u64::from(report.outcome.code()));
            to.number(u64::from(report.status));
            to.option(report.retry_after_ms, Writer::number);
            to.option(*took_ms, Writer::number);
        });
        to.finish()
    }

    /// Returns what those bytes say; `None` where they are of another layout.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let from = &mut Reader::new(bytes, VERSION)?;
        let next = match from.index()? {
            0 => Next::Nothing,
            1 => Next::Surplus,
            leg => Next::Leg(leg.saturating_sub(2)),
        };
        let tried = from.list(|from| {
            let leg = from.index()?;
            let outcome = Outcome::from_code(u8::try_from(from.number()?).ok()?)?;
            let status = u16::try_from(from.number()?).ok()?;
            let retry_after_ms = from.option(Reader::number)?;
            let report = Report { outcome, status, retry_after_ms };
            Some(Tried { leg, report, took_ms: from.option(Reader::number)? })
        })?;
        Some(Self { next, tried })
    }
}

/// Returns whether an attempt filter has taken a request over, by what it has left in
/// filter state. Another version of the filter may have written it: then it has.
pub(super) fn is_taken_over(left: Option<&[u8]>) -> bool {
    let has_tried = |progress: Progress| !progress.tried.is_empty();
    left.is_some_and(|bytes| Progress::decode(bytes).is_none_or(has_tried))
}

/// Returns attempts as the attempts header and the log write them: `name=what,name=what`.
pub(super) fn listed<'a, W: Display>(attempts: impl Iterator<Item = (&'a str, W)>) -> String {
    let mut list = String::new();
    for (name, what) in attempts {
        let comma = if list.is_empty() { "" } else { "," };
        let _ = write!(list, "{comma}{}={what}", list_name(name));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Legs 0 and 1 are the model's own, 2 and 3 its fallbacks, 4 for context windows,
    /// 5 for rate limits.
    fn legs() -> Legs {
        let leg = |at: usize| Leg {
            deployment: None,
            provider: String::new(),
            cluster: String::new(),
            model: String::new(),
            name: at.to_string(),
            path: String::new(),
            edits: Vec::new(),
        };
        Legs {
            all: (0..6).map(leg).collect(),
            own: 2,
            general: 0..4,
            context_window: 4..5,
            content_policy: 0..0,
            rate_limit: 5..6,
        }
    }

    fn after(tried: &[usize], failure: Failure) -> Option<usize> {
        let progress = Progress {
            tried: tried.iter().copied().map(Tried::new).collect(),
            ..Progress::default()
        };
        progress.after(&legs(), failure, 0, |_| true)
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
            let progress = Progress {
                tried: tried.iter().copied().map(Tried::new).collect(),
                ..Progress::default()
            };
            progress.after(&legs(), failure, 1, |_| true)
        };
        assert_eq!(tries(&[0], Failure::Passing), Some(0));
        assert_eq!(tries(&[0, 0], Failure::Passing), Some(1));
        assert_eq!(tries(&[0], Failure::Other), Some(1));
    }

    #[test]
    fn what_may_not_be_picked_is_passed_over() {
        let progress = Progress { tried: vec![Tried::new(0)], ..Progress::default() };
        let next = progress.after(&legs(), Failure::Passing, 0, |leg| leg.name == "3");
        assert_eq!(next, Some(3));
    }

    #[test]
    fn progress_reads_back() {
        let limited =
            Report { outcome: Outcome::RateLimit, status: 429, retry_after_ms: Some(u64::MAX) };
        let tried = |leg| Tried { leg, report: limited, took_ms: Some(0) };
        for progress in [
            Progress::default(),
            Progress { next: Next::Surplus, tried: vec![] },
            Progress { next: Next::Leg(0), tried: vec![Tried::new(0)] },
            Progress { next: Next::Leg(300), tried: vec![tried(0), Tried::new(0), tried(129)] },
        ] {
            assert_eq!(Progress::decode(&progress.encode()), Some(progress));
        }
        let mut bytes = Progress { next: Next::Nothing, tried: vec![tried(1)] }.encode();
        bytes.truncate(4);
        assert_eq!(Progress::decode(&bytes), None);
    }

    #[test]
    fn no_name_ends_an_attempt_of_a_list() {
        let attempts = [("openai:x=429,y", "503"), ("eu\n", "network")];
        assert_eq!(listed(attempts.into_iter()), "openai:x%3D429%2Cy=503,eu%0A=network");
    }
}
