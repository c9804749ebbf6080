//! How many different names may ever be added.
//!
//! Shared data keeps a key for each until the proxy ends, so each counts once and for
//! good. Kept as hashes, which never go away.

use crate::hash;
use crate::host::SharedData;

use super::{ABSENT, PREFIX};

/// Most models and deployments that operators may ever add.
const MOST_POSTED: usize = 1024;
/// Most that the route source may ever deliver.
const MOST_FETCHED: usize = 8192;
/// Tries before it is given up.
const TRIES: u32 = 256;

/// Who added a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
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
    by: By,
    names: &[String],
) -> Result<(), Unnoted> {
    let (key, most) = match by {
        By::Operator => ("posted", MOST_POSTED),
        By::RouteSource => ("fetched", MOST_FETCHED),
    };
    let key = format!("{PREFIX}names/{key}");
    for _ in 0..TRIES {
        let (mut known, version) = shared.read(&key).unwrap_or((Vec::new(), ABSENT));
        let before = known.len();
        for name in names {
            let hash = hash::of(name.as_bytes()).to_le_bytes();
            if !known.chunks_exact(8).any(|one| one == hash) {
                known.extend_from_slice(&hash);
            }
        }
        if known.len() == before {
            return Ok(());
        }
        if known.len() / 8 > most {
            return Err(Unnoted::Full(most));
        }
        if shared.write(&key, &known, version).is_ok() {
            return Ok(());
        }
    }
    Err(Unnoted::Contended)
}
