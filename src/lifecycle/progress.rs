//! How far the attempts of a request have come, and which attempt is next.
//!
//! This is pure: it finds the list that a failure leads to, and the first leg of it that has
//! not been tried. The results of attempts stay typed on their way from each attempt filter to
//! the next one and to the router. They become text only in the attempts header and in logs,
//! so no name that a client has chosen can be read back as a result.

use std::ops::Range;

use crate::codec::{Reader, Writer};
use crate::state::cooldown::Charge;
use crate::state::evidence::Evidence;
use crate::state::outcome::Outcome;
use crate::state::report::Report;
use crate::text::list_name;

use super::handover::VERSION;
use super::legs::{Leg, Legs};

/// How far the attempts of a request have come. Each attempt filter writes it to filter state, for
/// the next one and for the router.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) next: NextAttempt,
    /// The attempts so far, in order. A leg that is tried again has an entry for each try.
    pub(super) tried: Vec<Tried>,
}

/// What Envoy is to try after the last attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum NextAttempt {
    /// There is nothing left to try.
    #[default]
    Nothing,
    /// The leg with this number.
    Leg(usize),
    /// Nothing was left, but Envoy tried once more, and the attempt filter answered. The router
    /// must not take that answer for a provider's.
    Surplus,
}

/// An attempt that has begun, and its result as far as it has one.
///
/// It starts out as a failure of the network, so an attempt that ends without a word is recorded
/// as what it is: a connection that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    /// The number of its leg.
    pub(super) leg: usize,
    /// Its result. Until it is answered, that is a failure of the network.
    pub(super) report: Report,
    /// How long it took until its answer began or it ended, in milliseconds; `None` while it
    /// waits.
    pub(super) took_ms: Option<u64>,
    /// What it has counted against its deployment, once it has ended. The last attempt takes that
    /// back where the request itself turns out to be to blame.
    pub(super) charge: Option<Charge>,
}

impl Tried {
    /// Returns an attempt that has just begun, at the leg with that number.
    pub(super) const fn new(leg: usize) -> Self {
        Self { leg, report: Report::UNANSWERED, took_ms: None, charge: None }
    }

    /// Returns the status of its answer; `None` where it has not been answered.
    pub(super) fn status(&self) -> Option<u16> {
        Some(self.report.status).filter(|status| *status != 0)
    }
}

impl Progress {
    /// Returns whether the leg with that number has been tried.
    pub(super) fn has_tried(&self, leg: usize) -> bool {
        self.tried.iter().any(|tried| tried.leg == leg)
    }

    /// Returns the outcome of the last attempt.
    pub(super) fn last_outcome(&self) -> Outcome {
        self.tried.last().map_or(Outcome::Network, |tried| tried.report.outcome)
    }

    /// Returns the shortest time after which a deployment that is at its rate limit said it can
    /// be tried again, in milliseconds.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let limited = self.tried.iter().filter(|t| t.report.outcome == Outcome::RateLimit);
        limited.filter_map(|tried| tried.report.retry_after_ms).min()
    }

    /// Returns whether every deployment that the plan begins with has been tried: those of the
    /// model and its fallbacks.
    pub(super) fn has_tried_all(&self, legs: &Legs) -> bool {
        legs.general.clone().all(|leg| self.has_tried(leg))
    }

    /// Returns the number of the leg to try after the last attempt came to that outcome, which
    /// allows another one; `None` where nothing is left.
    ///
    /// After a failure that may be over soon, the same leg is tried up to `retries` times more.
    /// After that, the outcome chooses the list to go on with. A request that is too
    /// long for the model's own deployments goes to the models for long contexts, since all of
    /// its own have the same window. A rate limit goes first to the model's other deployments,
    /// which have limits of their own. `is_ready` says which legs may be picked now.
    ///
    /// Example: a model has the deployments `a` and `b`, the fallback `c`, and `d` in its list
    /// for rate limits. After `a` timed out comes `b`, then `c`. After `a` and `b` were at their
    /// limits comes `d`, not `c`. After `d` failed nothing is left, since a list that a kind of
    /// failure has led to is not left again.
    pub(super) fn after(
        &self,
        legs: &Legs,
        outcome: Outcome,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        let last = self.tried.last()?.leg;
        // The first try is one of them, so `retries` more make `retries + 1`.
        let times = self.tried.iter().filter(|tried| tried.leg == last).count();
        let may_pass = matches!(outcome, Outcome::Timeout | Outcome::Server | Outcome::Network);
        if may_pass && times <= retries as usize {
            return Some(last);
        }
        // From here on another leg is tried.
        let own = ..legs.own;
        let is_own = own.contains(&last);
        // Within a list it goes on after the last leg; another list begins at its first.
        let rest = |list: &Range<usize>| {
            let from = if list.contains(&last) { last.saturating_add(1) } else { list.start };
            from..list.end
        };
        let lists = match outcome {
            // There is neither such a list nor a fallback, so another of its own is tried: it may
            // have a longer window after all.
            Outcome::ContextWindow if is_own && legs.context_window.is_empty() => {
                [last.saturating_add(1)..legs.own, 0..0]
            }
            Outcome::ContextWindow if is_own => [rest(&legs.context_window), 0..0],
            Outcome::ContentPolicy => [rest(&legs.content_policy), 0..0],
            Outcome::RateLimit if is_own => {
                [last.saturating_add(1)..legs.own, rest(&legs.rate_limit)]
            }
            // The list that the last leg belongs to is continued, whatever led to it.
            _ => [legs.list_of(last).map_or(0..0, rest), 0..0],
        };
        // Lists may share legs with each other, so what has been tried is left out here.
        lists
            .into_iter()
            .flatten()
            .find(|at| !self.has_tried(*at) && legs.get(*at).is_some_and(&is_ready))
    }

    /// Returns the bytes that [`Progress::decode`] reads.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::new(VERSION);
        match self.next {
            NextAttempt::Nothing => to.number(0),
            NextAttempt::Surplus => to.number(1),
            NextAttempt::Leg(leg) => to.number((leg as u64).saturating_add(2)),
        }
        to.list(&self.tried, |to, Tried { leg, report, took_ms, charge }| {
            to.number(*leg as u64);
            to.number(u64::from(report.outcome.code()));
            to.number(u64::from(report.status));
            to.number(u64::from(report.evidence.code()));
            to.option(report.retry_after_ms, Writer::number);
            to.option(*took_ms, Writer::number);
            to.option(*charge, |to, charge| {
                to.number(u64::from(charge.minute_at));
                to.number(charge.until_ms);
                to.flag(charge.was_half_open);
            });
        });
        to.finish()
    }

    /// Returns what the bytes say; `None` where they have another layout or are cut.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let from = &mut Reader::new(bytes, VERSION)?;
        let next = match from.index()? {
            0 => NextAttempt::Nothing,
            1 => NextAttempt::Surplus,
            leg => NextAttempt::Leg(leg.saturating_sub(2)),
        };
        let tried = from.list(|from| {
            let leg = from.index()?;
            let outcome = Outcome::from_code(u8::try_from(from.number()?).ok()?)?;
            let status = u16::try_from(from.number()?).ok()?;
            let evidence = Evidence::from_code(u8::try_from(from.number()?).ok()?)?;
            let retry_after_ms = from.option(Reader::number)?;
            let report = Report { outcome, status, retry_after_ms, evidence };
            let took_ms = from.option(Reader::number)?;
            let charge = from.option(|from| {
                Some(Charge {
                    minute_at: u32::try_from(from.number()?).ok()?,
                    until_ms: from.number()?,
                    was_half_open: from.flag()?,
                })
            })?;
            Some(Tried { leg, report, took_ms, charge })
        })?;
        Some(Self { next, tried })
    }
}

/// Returns whether an attempt filter has taken over a request, by the bytes that it has left
/// in filter state. Bytes that cannot be read were written by another version of the filter,
/// which has then taken it over too.
pub(super) fn is_taken_over(left: Option<&[u8]>) -> bool {
    let has_tried = |progress: Progress| !progress.tried.is_empty();
    // The attempt filter writes progress when it begins, so without any it has not begun.
    left.is_some_and(|bytes| Progress::decode(bytes).is_none_or(has_tried))
}

/// What is known of each attempt as text, for the attempts header and logs. For example, attempts
/// with their statuses become `openai-eu=429,azure=200`.
#[derive(Debug, Default)]
pub(super) struct AttemptList(String);

impl AttemptList {
    /// Returns the attempts of a request with their results; `name` returns the name of a leg.
    pub(super) fn of<N: AsRef<str>>(progress: &Progress, name: impl Fn(usize) -> N) -> Self {
        let mut attempts = Self::default();
        for tried in &progress.tried {
            attempts.add(name(tried.leg).as_ref(), &tried.report.word());
        }
        attempts
    }

    /// Adds an attempt. Its name is escaped so that no `,` or `=` in it can forge another one.
    #[inline(never)]
    pub(super) fn add(&mut self, name: &str, what: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&list_name(name));
        self.0.push('=');
        self.0.push_str(what);
    }

    /// Returns the list; empty where there was no attempt.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::legs::LegRequest;
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
            request: LegRequest::Edited { path: String::new(), edits: Vec::new() },
            is_stripped: false,
        };
        Legs {
            all: (0..6).map(leg).collect(),
            removal: Vec::new(),
            own: 2,
            general: 0..4,
            context_window: 4..5,
            content_policy: 0..0,
            rate_limit: 5..6,
        }
    }

    fn after(tried: &[usize], failure: Outcome) -> Option<usize> {
        let progress = Progress {
            tried: tried.iter().copied().map(Tried::new).collect(),
            ..Progress::default()
        };
        progress.after(&legs(), failure, 0, |_| true)
    }

    #[test]
    fn kinds_of_failure_lead_to_their_lists() {
        use Outcome::{Client, ContentPolicy, ContextWindow, Quota, RateLimit, Server};
        let cases: [(&[usize], Outcome, Option<usize>); 14] = [
            (&[0], Client, Some(1)),
            (&[0], Server, Some(1)),
            (&[0, 1], Quota, Some(2)),
            (&[0, 1, 2, 3], Server, None),
            // The model's own deployments have the same window.
            (&[0], ContextWindow, Some(4)),
            (&[0, 4], Server, None),
            (&[0, 4], ContextWindow, None),
            (&[0], RateLimit, Some(1)),
            (&[0, 1], RateLimit, Some(5)),
            (&[0, 1, 5], RateLimit, None),
            // Among the fallbacks it goes on with those.
            (&[0, 1, 2], RateLimit, Some(3)),
            (&[0, 1, 2], ContextWindow, Some(3)),
            // Nothing stands in for a list of this kind.
            (&[0], ContentPolicy, None),
            (&[], Server, None),
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
        assert_eq!(tries(&[0], Outcome::Timeout), Some(0));
        assert_eq!(tries(&[0, 0], Outcome::Timeout), Some(1));
        assert_eq!(tries(&[0], Outcome::Auth), Some(1));
    }

    #[test]
    fn what_may_not_be_picked_is_passed_over() {
        let progress = Progress { tried: vec![Tried::new(0)], ..Progress::default() };
        let next = progress.after(&legs(), Outcome::Server, 0, |leg| leg.name == "3");
        assert_eq!(next, Some(3));
    }

    #[test]
    fn progress_reads_back() {
        let limited =
            Report { retry_after_ms: Some(u64::MAX), ..Report::of(Outcome::RateLimit, 429) };
        let charge = Charge { minute_at: 7, until_ms: u64::MAX, was_half_open: true };
        let tried = |leg| Tried { leg, report: limited, took_ms: Some(0), charge: Some(charge) };
        for progress in [
            Progress::default(),
            Progress { next: NextAttempt::Surplus, tried: vec![] },
            Progress { next: NextAttempt::Leg(0), tried: vec![Tried::new(0)] },
            Progress {
                next: NextAttempt::Leg(300),
                tried: vec![tried(0), Tried::new(0), tried(129)],
            },
        ] {
            assert_eq!(Progress::decode(&progress.encode()), Some(progress));
        }
        let mut bytes = Progress { next: NextAttempt::Nothing, tried: vec![tried(1)] }.encode();
        bytes.truncate(4);
        assert_eq!(Progress::decode(&bytes), None);
    }

    #[test]
    fn no_name_ends_an_attempt_of_a_list() {
        let mut list = AttemptList::default();
        list.add("openai:x=429,y", "503");
        list.add("eu\n", "network");
        assert_eq!(list.text(), "openai:x%3D429%2Cy=503,eu%0A=network");
    }
}
