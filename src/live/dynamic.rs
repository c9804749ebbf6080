//! The dynamic routes and aliases as they are kept: one value for all.

use crate::cas;
use crate::config::Dynamic;
use crate::host::SharedData;

use super::key::PREFIX;

/// Returns the entries.
pub(super) fn read<S: SharedData + ?Sized>(shared: &S) -> Dynamic {
    cas::read(shared, &key()).0
}

/// Returns the key of their value.
pub(super) fn key() -> String {
    format!("{PREFIX}dynamic")
}

/// What another layout left there is nothing to go by, and reads as no entries.
impl cas::Value for Dynamic {
    type Bytes = String;

    fn decode(bytes: &[u8]) -> Self {
        Self::decode(bytes).unwrap_or_default()
    }

    fn encode(&self) -> String {
        self.encode()
    }
}
