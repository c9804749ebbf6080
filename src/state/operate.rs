//! What operators do to a deployment's record.
//!
//! Pure. Attempts under way are left alone, and are counted to their end.

use crate::config::Cooldown;

use super::cause::CauseCode;
use super::headroom::Headroom;
use super::health::{Health, OperationCounts};
use super::record::Record;

/// What an operator does to a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Takes it out of every pick until [`Operation::Undrain`].
    Drain,
    /// Lets it be picked again after [`Operation::Drain`].
    Undrain,
    /// Makes it cool for this many milliseconds from now on, whatever phase it is in. The
    /// longest cooldown of the configuration bounds that.
    Cool(u64),
    /// Forgets what is held against it: its failures, a cooldown, and what its provider says
    /// is left. What was counted against its limits stays, and so does a drain.
    Reset,
}

impl Operation {
    /// Does the operation to a record.
    pub(super) fn apply(self, record: &mut Record, settings: &Cooldown, now_ms: u64) {
        record.turn_to(now_ms);
        match self {
            Self::Drain => record.drained = 1,
            Self::Undrain => record.drained = 0,
            Self::Cool(for_ms) => {
                // A deadline further away would count as passed.
                let for_ms = for_ms.clamp(1, settings.max_time_ms);
                record.operations.others_until_ms = now_ms.saturating_add(for_ms);
                for health in record.operations.known_mut() {
                    health.until_ms = now_ms.saturating_add(for_ms);
                    health.probe_successes = 0;
                    (health.cause, health.status) = (CauseCode::OPERATOR, 0);
                }
            }
            Self::Reset => {
                record.operations.others_until_ms = 0;
                for health in record.operations.known_mut() {
                    // Else the failure rate of this minute would start a cooldown again with
                    // the next failure.
                    let attempts = health.minute.attempts;
                    *health = Health {
                        minute: OperationCounts { attempts, ..OperationCounts::default() },
                        probes: health.probes,
                        ..Health::default()
                    };
                }
                (record.minute.successes, record.minute.failures) = (0, 0);
                record.headroom = Headroom::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::format::Task;
    use crate::state::cooldown::{Phase, cause, phase, take};
    use crate::state::outcome::Outcome;
    use crate::state::report::Report;
    use crate::state::{Counts, headroom::Left};

    const NOW: u64 = 1_800_000_000_000;
    /// A chat.
    const ONE: (Task, u32) = (Task::Chat, 1);

    fn settings() -> Cooldown {
        let document = br#"{"providers":{"p":{"cluster":"p"}},
            "models":{"m":{"candidates":[{"provider":"p","model":"a"}]}}}"#;
        crate::config::parse(document).unwrap().cooldown.clone()
    }

    fn failed() -> Record {
        let left = Left { remaining: 0, limit: 9, reset_ms: NOW + 1000 };
        let headroom = Headroom { requests: left, heard_ms: NOW, ..Headroom::default() };
        let mut record = Record::default();
        record.headroom = headroom;
        record.flight.begin(NOW);
        record.turn_to(NOW);
        record.minute = Counts { attempts: 9, successes: 1, failures: 0, tokens: 70 };
        record.total = record.minute;
        for _ in 0..5 {
            take(&mut record, ONE, Report::of(Outcome::Server, 503), NOW, &settings());
        }
        assert_eq!(phase(&record.health(Task::Chat), NOW, &settings()), Phase::Cooling(5000));
        record
    }

    #[test]
    fn a_reset_leaves_counts_of_limits_flight_and_drain() {
        let mut record = failed();
        Operation::Drain.apply(&mut record, &settings(), NOW);
        let before = record;
        Operation::Reset.apply(&mut record, &settings(), NOW);
        assert_eq!(phase(&record.health(Task::Chat), NOW, &settings()), Phase::Healthy);
        assert_eq!(record.health(Task::Chat).consecutive_failures, 0);
        assert_eq!(record.headroom.wait_ms(1, NOW), 0);
        assert_eq!(record.minute, Counts { attempts: 9, successes: 0, failures: 0, tokens: 70 });
        assert_eq!((record.total, record.flight), (before.total, before.flight));
        assert!(record.is_drained());
        // The rate of before does not trip.
        let report = Report::of(Outcome::Server, 503);
        assert_eq!(take(&mut record, ONE, report, NOW, &settings()).0, None);
    }

    #[test]
    fn cooling_by_hand_sets_the_deadline_and_heals_like_any_other() {
        let mut record = failed();
        for for_ms in [60_000, 10, u64::MAX] {
            Operation::Cool(for_ms).apply(&mut record, &settings(), NOW);
            let left_ms = for_ms.min(settings().max_time_ms);
            assert_eq!(
                phase(&record.health(Task::Chat), NOW, &settings()),
                Phase::Cooling(left_ms)
            );
            assert_eq!(cause(&record.health(Task::Chat)), "admin");
            assert_eq!(
                phase(&record.health(Task::Chat), NOW + left_ms, &settings()),
                Phase::HalfOpen
            );
        }
        for _ in 0..settings().success_threshold {
            take(&mut record, ONE, Report::of(Outcome::Success, 200), NOW + 400_000, &settings());
        }
        for task in Task::ALL {
            let health = record.health(task);
            assert_eq!(phase(&health, NOW + 400_000, &settings()), Phase::Healthy, "{task:?}");
        }
    }
}
