//! Round-robin counters: two for each group of a model.
//!
//! The second one counts requests that only some of the group's candidates can serve. With
//! one counter, requests with images, for example, would shift the turns of all others.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::cas;
use crate::config::{GroupId, ModelId};
use crate::host::SharedData;

use super::PREFIX;

/// Names a turn counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The model that is asked for.
    pub model: ModelId,
    /// Its only group, or a variant.
    pub group: GroupId,
    /// Whether the request itself, rather than the state of deployments, rules some
    /// candidates out.
    pub is_narrowed: bool,
}

/// Counters of this worker alone, for turns that shared data did not take.
#[derive(Debug, Default)]
pub(super) struct LocalTurns(RefCell<HashMap<Turn, u64>>);

impl LocalTurns {
    /// Takes a turn, and returns its number.
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

/// Returns the key of a counter. The variant of a model without variants is empty.
pub(super) fn key(model: &str, variant: &str, is_narrowed: bool) -> String {
    let set = if is_narrowed { "some" } else { "all" };
    format!("{PREFIX}turn/{set}/{model}#{variant}")
}

/// Begins the counters of a model's variants anew, from 0.
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

/// Returns the number of the next turn, without taking it.
pub(super) fn peek<S: SharedData + ?Sized>(shared: &S, key: &str) -> u64 {
    cas::read(shared, key).0
}

/// Takes a turn, starting from what is known of the counter: its number and version.
///
/// Returns the number that was taken, which is another one than was known if another worker
/// was faster, or `None` where all tries were lost.
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
