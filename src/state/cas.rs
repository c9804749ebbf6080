//! Read, change, write if unchanged: bounded retries, nothing lost in between.

use crate::host::SharedData;

/// Tries before an update is given up; with as many workers as cores, losing
/// this often in a row means the lock is hopelessly contended.
const TRIES: u32 = 16;

/// A version no key ever has: writing with it creates an absent key and
/// leaves one that another worker created alone.
const ABSENT: u32 = u32::MAX;

/// Something kept in shared data.
pub(super) trait Value: Copy {
    /// Its fixed layout.
    type Bytes: AsRef<[u8]>;

    /// The value in those bytes, whatever they are.
    fn decode(bytes: &[u8]) -> Self;

    /// The value as bytes.
    fn encode(&self) -> Self::Bytes;
}

/// The value at a key and its version; what no bytes say where there is no such key.
pub(super) fn read<V: Value, S: SharedData + ?Sized>(shared: &S, key: &str) -> (V, u32) {
    match shared.read(key) {
        Some((bytes, version)) => (V::decode(&bytes), version),
        None => (V::decode(&[]), ABSENT),
    }
}

/// Changes the value at `key`, starting from what is `known` of it.
///
/// `change` answers whether the value is to be written. Returns whether the value is
/// now as `change` wanted; `false` when all tries were lost.
pub(super) fn update<V: Value, S: SharedData + ?Sized>(
    shared: &S,
    key: &str,
    mut known: Option<(V, u32)>,
    mut change: impl FnMut(&mut V) -> bool,
) -> bool {
    for _ in 0..TRIES {
        let (mut value, version) = known.take().unwrap_or_else(|| read(shared, key));
        if !change(&mut value) || shared.write(key, value.encode().as_ref(), version).is_ok() {
            return true;
        }
    }
    false
}

/// Creates a key that does not exist; keeps the value of one that does.
pub(super) fn create<V: Value, S: SharedData + ?Sized>(shared: &S, key: &str) {
    // A conflict says that the key exists, which is all that is wanted.
    let _ = shared.write(key, V::decode(&[]).encode().as_ref(), ABSENT);
}
