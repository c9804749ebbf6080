//! The members of a JSON body that name another model than `model` does.

use super::table::MEMBERS;
use super::{Carries, Passage};

/// A set of those members, as bits in the order of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Naming(u64);

impl Naming {
    /// The key of every such member.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        MEMBERS.iter().map(|row| row.name)
    }

    /// Returns whether such a member brings a key of the client's own.
    #[must_use]
    pub fn is_key(name: &str) -> bool {
        MEMBERS.iter().any(|row| row.name == name && row.carries == Carries::Key)
    }

    /// Returns those that do not go to a provider.
    #[must_use]
    pub fn held_back(passage: Passage<'_>) -> Self {
        let barred = if passage.has_own { BARRED_BY_OWN } else { BARRED };
        if passage.kept.is_empty() {
            return Self(barred);
        }
        let kept = MEMBERS.iter().enumerate().filter(|(_, row)| passage.keeps(row.name));
        Self(kept.fold(barred, |bits, (at, _)| bits & !bit(at)))
    }

    /// Returns the members that are in either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether the key is one of the set.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        self.0 != 0
            && Self::keys().position(|known| known == key).is_some_and(|at| self.0 & bit(at) != 0)
    }
}

/// What a provider does not get unless the configuration keeps it: without a credential of the
/// proxy's, and beside one.
const BARRED: u64 = barred(false);
const BARRED_BY_OWN: u64 = barred(true);

/// Returns the bits of all rows that are barred.
const fn barred(has_own: bool) -> u64 {
    let passage = Passage { has_own, kept: &[] };
    let (mut bits, mut bit, mut rest) = (0, 1_u64, MEMBERS);
    while let [row, tail @ ..] = rest {
        if passage.bars(row.carries) {
            bits |= bit;
        }
        bit = bit.wrapping_shl(1);
        rest = tail;
    }
    bits
}

/// Returns the bit of the row at that place. There are fewer rows than bits, which a test holds.
fn bit(at: usize) -> u64 {
    u32::try_from(at).ok().and_then(|at| 1u64.checked_shl(at)).unwrap_or_default()
}
