//! The one loop that changes a value in shared data: read, change, and write unless another
//! worker has written in between. If one has, the loop starts again. A leaf over
//! [`SharedData`].
//!
//! Where one worker's write is lost, another's was made. So some worker always succeeds, and no
//! change overwrites another. The tries are bounded nevertheless: a worker must not stand still
//! where too many others write to the same key.

use crate::host::SharedData;

/// Tries of a change that a request waits for. With as many workers as cores, losing this
/// often in a row means that the shared data is hopelessly contended.
const TRIES: u32 = 16;

/// A version no key ever has. Writing with it creates an absent key, because Envoy writes
/// those whatever the version, and leaves one that another worker created alone.
const ABSENT: u32 = u32::MAX;

/// Something that is kept in shared data.
pub(crate) trait Value {
    /// What it is encoded as: an array where the length is fixed, so that nothing is allocated.
    type Bytes: AsRef<[u8]>;

    /// Returns the value in those bytes. Every value has to stand for bytes that are none
    /// of its layout: they come from another version of the module. No bytes at all are
    /// what an absent key reads as.
    fn decode(bytes: &[u8]) -> Self;

    /// Returns the value as bytes, of which [`Value::decode`] makes an equal one.
    fn encode(&self) -> Self::Bytes;
}

/// What is to be done with a value that was changed. Either way the caller gets the result.
pub(crate) enum Change<T> {
    /// The value is to be written.
    Write(T),
    /// What is kept stays as it is.
    Keep(T),
}

/// A success is written. After an error the value stays as it is, and the caller gets the
/// error.
impl<T, E> From<Result<T, E>> for Change<Result<T, E>> {
    fn from(result: Result<T, E>) -> Self {
        if result.is_ok() { Self::Write(result) } else { Self::Keep(result) }
    }
}

/// Returns the value at a key and its version. An absent key has the value that
/// [`Value::decode`] makes of no bytes, and a version with which a write creates it.
pub(crate) fn read<V: Value, S: SharedData + ?Sized>(shared: &S, key: &str) -> (V, u32) {
    match shared.read(key) {
        Some((bytes, version)) => (V::decode(&bytes), version),
        None => (V::decode(&[]), ABSENT),
    }
}

/// Changes the value at `key`, starting from what is `known` of it, if anything is.
///
/// `change` returns whether the value is to be written. Returns whether the value is now as
/// `change` wanted; `false` when all tries were lost.
pub(crate) fn update<V: Value, S: SharedData + ?Sized>(
    shared: &S,
    key: &str,
    known: Option<(V, u32)>,
    mut change: impl FnMut(&mut V) -> bool,
) -> bool {
    let changed = change_within(TRIES, shared, key, known, |value| {
        if change(value) { Change::Write(()) } else { Change::Keep(()) }
    });
    changed.is_some()
}

/// Changes the value at `key`, starting from what is `known` of it, and tries that so often.
///
/// Returns what the last call of `change` came to; `None` when all tries were lost. As
/// `change` is called once for each try, it must not have effects of its own. For example,
/// a number is taken from a counter like this, unless there is none left, and `taken` says
/// which it was:
///
/// ```text
/// let taken = cas::change_within(16, shared, key, None, |left: &mut u64| {
///     match left.checked_sub(1) {
///         Some(rest) => Change::Write(Ok(mem::replace(left, rest))),
///         None => Change::Keep(Err(Empty)),
///     }
/// });
/// ```
pub(crate) fn change_within<V: Value, S: SharedData + ?Sized, T>(
    tries: u32,
    shared: &S,
    key: &str,
    mut known: Option<(V, u32)>,
    mut change: impl FnMut(&mut V) -> Change<T>,
) -> Option<T> {
    for _ in 0..tries {
        // Only the first try starts from what is known: after a lost write that is out of date.
        let (mut value, version) = known.take().unwrap_or_else(|| read(shared, key));
        match change(&mut value) {
            Change::Keep(result) => return Some(result),
            Change::Write(result) => {
                if shared.write(key, value.encode().as_ref(), version).is_ok() {
                    return Some(result);
                }
            }
        }
    }
    None
}

/// Creates a key that does not exist; keeps the value of one that does. A new key has the value
/// that [`Value::decode`] makes of no bytes.
pub(crate) fn create<V: Value, S: SharedData + ?Sized>(shared: &S, key: &str) {
    // A conflict says that the key exists, which is all that is wanted.
    let _ = shared.write(key, V::decode(&[]).encode().as_ref(), ABSENT);
}

/// A number in eight bytes, the lowest first; 0 where it was never written.
impl Value for u64 {
    type Bytes = [u8; 8];

    fn decode(bytes: &[u8]) -> Self {
        bytes.first_chunk().map_or(0, |bytes| Self::from_le_bytes(*bytes))
    }

    fn encode(&self) -> [u8; 8] {
        self.to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::host::Conflict;

    /// One value, before whose write another worker adds ten for so many times.
    #[derive(Default)]
    struct Contended {
        kept: RefCell<Option<(u64, u32)>>,
        others: Cell<u32>,
    }

    impl Contended {
        fn holding(number: u64, others: u32) -> Self {
            Self { kept: RefCell::new(Some((number, 1))), others: Cell::new(others) }
        }

        fn number(&self) -> Option<u64> {
            self.kept.borrow().map(|(number, _)| number)
        }
    }

    impl SharedData for Contended {
        fn read(&self, _key: &str) -> Option<(Vec<u8>, u32)> {
            self.kept.borrow().map(|(number, version)| (number.encode().to_vec(), version))
        }

        fn write(&self, _key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
            let mut kept = self.kept.borrow_mut();
            if let Some(others) = self.others.get().checked_sub(1) {
                self.others.set(others);
                let (number, version) = kept.unwrap_or_default();
                *kept = Some((number + 10, version + 1));
            }
            let now = kept.map_or(version, |(_, version)| version);
            if now != version {
                return Err(Conflict);
            }
            *kept = Some((u64::decode(value), now.wrapping_add(1)));
            Ok(())
        }
    }

    fn add_one(number: &mut u64) -> bool {
        *number += 1;
        true
    }

    #[test]
    fn a_change_is_made_to_what_others_wrote() {
        let shared = Contended::holding(5, 3);
        assert!(update(&shared, "key", None, add_one));
        assert_eq!(shared.number(), Some(36));
    }

    #[test]
    fn what_is_known_is_not_read_again_unless_it_is_no_longer_so() {
        let shared = Contended::holding(5, 0);
        let known = Some((100, 1));
        assert!(update(&shared, "key", known, add_one));
        assert_eq!(shared.number(), Some(101));
        assert!(update(&shared, "key", known, add_one));
        assert_eq!(shared.number(), Some(102));
    }

    #[test]
    fn a_change_is_given_up_after_its_tries() {
        let shared = Contended::holding(0, TRIES);
        assert!(!update(&shared, "key", None, add_one));
        assert_eq!(shared.number(), Some(10 * u64::from(TRIES)));
    }

    #[test]
    fn nothing_is_written_where_nothing_is_to_change() {
        let shared = Contended::holding(7, 1);
        let kept = change_within(1, &shared, "key", None, |number: &mut u64| {
            *number = 9;
            Change::Keep("kept")
        });
        assert_eq!((kept, shared.number()), (Some("kept"), Some(7)));
    }

    #[test]
    fn an_absent_key_is_created_and_one_that_exists_is_kept() {
        let shared = Contended::default();
        create::<u64, _>(&shared, "key");
        assert_eq!(shared.number(), Some(0));
        let shared = Contended::holding(7, 0);
        create::<u64, _>(&shared, "key");
        assert_eq!(shared.number(), Some(7));
    }
}
