//! How many different names may ever be added.
//!
//! Shared data keeps a key for each until the proxy ends, so each counts once and for
//! good. Kept as hashes, which never go away.

use crate::cas::{self, Change};
use crate::hash;
use crate::host::SharedData;

use super::key::{PREFIX, TRIES};

/// Most models and deployments that operators may ever add.
const MOST_POSTED: usize = 1024;
/// Most that the route source may ever deliver.
const MOST_FETCHED: usize = 8192;

/// Who added a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddedBy {
    Operator,
    RouteSource,
}

/// Why names cannot be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unnoted {
    /// There have been this many already.
    Full(usize),
    /// Other workers were faster all the time.
    Contended,
}

/// Notes names that are about to be added; each counts once.
pub(super) fn note<S: SharedData + ?Sized>(
    shared: &S,
    by: AddedBy,
    names: &[String],
) -> Result<(), Unnoted> {
    let (key, most) = match by {
        AddedBy::Operator => ("posted", MOST_POSTED),
        AddedBy::RouteSource => ("fetched", MOST_FETCHED),
    };
    let key = format!("{PREFIX}names/{key}");
    let noted = cas::change_within(TRIES, shared, &key, None, |Noted(known)| {
        let before = known.len();
        for name in names {
            let hash = hash::of(name.as_bytes()).to_le_bytes();
            if !known.chunks_exact(8).any(|one| one == hash) {
                known.extend_from_slice(&hash);
            }
        }
        match known.len() {
            length if length == before => Change::Keep(Ok(())),
            length if length / 8 > most => Change::Keep(Err(Unnoted::Full(most))),
            _ => Change::Write(Ok(())),
        }
    });
    noted.unwrap_or(Err(Unnoted::Contended))
}

/// Hashes of the names that were ever added, in eight bytes each.
struct Noted(Vec<u8>);

impl cas::Value for Noted {
    type Bytes = Vec<u8>;

    fn decode(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    fn encode(&self) -> Vec<u8> {
        self.0.clone()
    }
}
