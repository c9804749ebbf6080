//! The members of a JSON body that name another model than `model` does.

use super::Passage;
use super::table::MEMBERS;

/// A set of those members, as bits in the order of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Naming(u32);

impl Naming {
    /// The key of every such member.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        MEMBERS.iter().map(|row| row.name)
    }

    /// Returns those that do not go to a provider.
    #[must_use]
    pub fn held_back(passage: Passage<'_>) -> Self {
        let rows = MEMBERS.iter().enumerate();
        let held = rows.filter(|(_, row)| !passage.lets(row.name, row.carries));
        Self(held.fold(0, |bits, (at, _)| bits | bit(at)))
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

/// Returns the bit of the row at that place. There are fewer rows than bits, which a test holds.
fn bit(at: usize) -> u32 {
    u32::try_from(at).ok().and_then(|at| 1u32.checked_shl(at)).unwrap_or_default()
}
