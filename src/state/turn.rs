//! Round-robin counters: one per model group, a second one for requests that
//! only some of the group's candidates can serve.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::cas;
use crate::config::{GroupId, ModelId};
use crate::host::SharedData;

use super::PREFIX;

/// Which counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The model.
    pub model: ModelId,
    /// Its base group or a variant.
    pub group: GroupId,
    /// Whether the request itself narrowed the candidates.
    pub is_narrowed: bool,
}

/// Counters of this worker, for turns that shared data refused.
#[derive(Debug, Default)]
pub(super) struct LocalTurns(RefCell<HashMap<Turn, u64>>);

impl LocalTurns {
    pub(super) fn take(&self, turn: Turn) -> u64 {
        let mut turns = self.0.borrow_mut();
        let count = turns.entry(turn).or_default();
        let taken = *count;
        *count = count.wrapping_add(1);
        taken
    }

    /// Returns the number of the next turn, without taking it.
    pub(super) fn next(&self, turn: Turn) -> u64 {
        self.0.borrow().get(&turn).copied().unwrap_or_default()
    }
}

/// The key of a counter; the variant of a model without any is empty.
pub(super) fn key(model: &str, variant: &str, is_narrowed: bool) -> String {
    let set = if is_narrowed { "some" } else { "all" };
    format!("{PREFIX}turn/{set}/{model}#{variant}")
}

/// Begins the counters of a model's groups anew.
pub fn restart<S: SharedData + ?Sized>(shared: &S, model: &str, variants: &[String]) {
    for variant in variants {
        for is_narrowed in [false, true] {
            cas::update(shared, &key(model, variant, is_narrowed), None, |next: &mut u64| {
                *next = 0;
                true
            });
        }
    }
}

/// The number of the next turn, without taking it.
pub(super) fn peek<S: SharedData + ?Sized>(shared: &S, key: &str) -> u64 {
    cas::read(shared, key).0
}

/// Takes a turn, starting from what is known of the counter. Returns its number, or `None`
/// when shared data refused.
pub(super) fn take<S: SharedData + ?Sized>(
    shared: &S,
    key: &str,
    known: Option<(u64, u32)>,
) -> Option<u64> {
    let mut taken = 0;
    cas::update(shared, key, known, |next: &mut u64| {
        taken = *next;
        *next = taken.wrapping_add(1);
        true
    })
    .then_some(taken)
}
