//! Bounds how many different names may ever be added.
//!
//! Shared data keeps a key for each name until the proxy ends, even after the entry is
//! removed. So each name counts once and forever. Only hashes of the names are kept.

use std::collections::BTreeSet;

use crate::cas::{self, Change};
use crate::hash;
use crate::host::SharedData;

use super::{PREFIX, TRIES};

/// Most models and deployments that operators may ever add.
const MOST_POSTED: usize = 1024;
/// Most models and deployments that the route source may ever deliver.
const MOST_FETCHED: usize = 8192;

/// Who adds a name. Each author has a bound of their own, so that neither can use up the
/// other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    Operator,
    RouteSource,
}

/// Why names cannot be added. None of them was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unnoted {
    /// The bound, which the names would exceed.
    Full(usize),
    /// Other workers changed the list during every try.
    Contended,
}

/// Notes names that are about to be added; those that were noted before cost nothing.
///
/// They are noted before the entry is written. If that fails afterwards, they still count:
/// an author that tries again with the same names uses up no more.
pub(super) fn note<S: SharedData + ?Sized>(
    shared: &S,
    author: Author,
    names: &[String],
) -> Result<(), Unnoted> {
    let (key, most) = match author {
        Author::Operator => ("posted", MOST_POSTED),
        Author::RouteSource => ("fetched", MOST_FETCHED),
    };
    let key = format!("{PREFIX}names/{key}");
    let noted = cas::change_within(TRIES, shared, &key, None, |Noted(known)| {
        let before = known.len();
        // As a set, for the route source chooses how many names there are.
        let mut all: BTreeSet<u64> = BTreeSet::new();
        let (hashes, _) = known.as_chunks::<8>();
        all.extend(hashes.iter().map(|hash| u64::from_le_bytes(*hash)));
        for name in names {
            let hash = hash::of(name.as_bytes());
            if all.insert(hash) {
                known.extend_from_slice(&hash.to_le_bytes());
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
