//! The record as bytes and back.

use super::*;
use crate::state::cause::Cause;
use crate::state::headroom::Left;
use crate::state::health::Suspicion;
use crate::state::outcome::Outcome;
use crate::state::probe::Probes;

fn health(n: u32) -> Health {
    Health {
        cause: Cause::Outcome(Outcome::Auth).into(),
        status: 429,
        consecutive_failures: u32::MAX,
        probe_successes: 2,
        until_ms: u64::MAX - 1,
        length_ms: 5000,
        minute: OperationCounts { attempts: n, successes: n + 1, failures: n + 2 },
        suspicion: Suspicion::of(n + 3, u64::from(n) + 4),
        probes: Probes { leases: [9, 8, 7, 6, 5, 4, 3, u32::MAX] },
    }
}

fn full() -> Record {
    let counts = |n| Counts { attempts: n, successes: n + 1, failures: n + 2, tokens: n + 3 };
    let left = |n| Left { remaining: n, limit: n + 1, reset_ms: u64::from(n) + 2 };
    let mut operations = Operations { others_until_ms: 77, ..Operations::default() };
    for (task, n) in Task::ALL.into_iter().zip(1..).take(PLACES) {
        *operations.get_mut(task).unwrap() = health(n);
    }
    Record {
        drained: 1,
        minute_at: 29_000_000,
        minute: counts(7),
        total: counts(u64::MAX - 3),
        first_byte_ms: 12.5,
        answer_ms: 1e9,
        flight: Flight { slots: [[1, 2], [3, 4], [5, 6], [7, 8]] },
        headroom: Headroom { requests: left(1), tokens: left(2_000_000), heard_ms: 11 },
        operations,
        ..Record::default()
    }
}

#[test]
fn a_record_reads_back() {
    let mut some = Record::default();
    some.change(Task::Realtime, |to| *to = health(1));
    for (record, length) in [(full(), LONGEST), (Record::default(), BASE), (some, BASE + EACH)] {
        let bytes = record.encode();
        assert_eq!(Record::decode(bytes.as_ref()), record);
        assert_eq!(bytes.as_ref().len(), length);
    }
}

#[test]
fn whoever_asks_for_everything_makes_no_operation_forgotten() {
    let mut record = Record::default();
    for task in [Task::CountTokens, Task::Chat].into_iter().chain(Task::ALL) {
        record.minute.attempts += 1;
        record.change(task, |health| health.minute.attempts += 1);
    }
    record.turn_to(0);
    // Counts of tokens use up no limit of requests, whatever else was asked for since.
    assert_eq!(record.limited_attempts(0), Task::ALL.len() as u64);
}

#[test]
fn foreign_bytes_read_as_healthy() {
    let long = [full().encode().as_ref(), &[0]].concat();
    let short = &long[..LONGEST - 1];
    for bytes in [&b""[..], &[1; 3], &[1; 40], &[3; 205], &[3; LONGEST], short, &long] {
        assert_eq!(Record::decode(bytes), Record::default());
    }
}

#[test]
fn an_average_that_is_no_number_is_not_known() {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
        let record = Record { first_byte_ms: wrong, ..Record::default() };
        assert_eq!(Record::decode(record.encode().as_ref()), Record::default());
    }
}
