//! Read, change, write if unchanged: bounded retries, nothing lost in between.

use crate::host::SharedData;

/// Tries before an update is given up; with as many workers as cores, losing
/// this often in a row means the lock is hopelessly contended.
const TRIES: u32 = 16;

/// A version no key ever has: writing with it creates an absent key and
/// leaves one that another worker created alone.
const ABSENT: u32 = u32::MAX;

/// Changes the value at `key` to what `change` makes of it.
///
/// `change` answers `None` to leave the value as it is. Returns whether the
/// value is now as `change` wanted; `false` when all tries were lost.
pub(super) fn update<S: SharedData + ?Sized>(
    shared: &S,
    key: &str,
    mut change: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> bool {
    for _ in 0..TRIES {
        let (value, version) = shared.read(key).unwrap_or((Vec::new(), ABSENT));
        let Some(changed) = change(&value) else { return true };
        if shared.write(key, &changed, version).is_ok() {
            return true;
        }
    }
    false
}

/// Creates a key that does not exist; keeps the value of one that does.
pub(super) fn create<S: SharedData + ?Sized>(shared: &S, key: &str, value: &[u8]) {
    // A conflict says that the key exists, which is all that is wanted.
    let _ = shared.write(key, value, ABSENT);
}
