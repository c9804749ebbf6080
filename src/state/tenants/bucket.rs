//! Some accounts in one value of shared data: which of them is a tenant's, and which one gives way
//! where there is no room.
//!
//! Pure. A bucket knows hashes of tenants and no names.

use zerocopy::{FromBytes, FromZeros as _, Immutable, IntoBytes};

use crate::cas;

use super::account::{Account, MostSpent};

/// How many accounts one value of shared data has.
pub(super) const WAYS: usize = 4;
/// The number of this layout.
const LAYOUT: u32 = 1;

/// An account with the tenant that it is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct AccountSlot {
    /// The hash of its tenant; 0 where the slot is free.
    id: u64,
    /// Which one it is of all accounts that the bucket ever had. An account that was forgotten and
    /// begun anew has another number, so that nothing is taken back from it which it never counted.
    serial: u64,
    account: Account,
}

/// Accounts of tenants whose hashes begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct TenantBucket {
    layout: u32,
    /// How many accounts were forgotten although their windows were not over.
    forgotten: u32,
    /// The number of the account that was begun last.
    serial: u64,
    slots: [AccountSlot; WAYS],
}

impl Default for TenantBucket {
    fn default() -> Self {
        Self { layout: LAYOUT, ..Self::new_zeroed() }
    }
}

/// An account that was opened for a tenant.
#[derive(Debug)]
pub(super) struct OpenAccount<'a> {
    /// The account.
    pub(super) account: &'a mut Account,
    /// Its number in its bucket.
    pub(super) serial: u64,
    /// Whether another one that was in use has been forgotten for it.
    pub(super) has_evicted: bool,
}

impl TenantBucket {
    /// Returns a tenant's account; one of which nothing is known where it has none.
    #[must_use]
    #[inline(never)]
    pub(super) fn account(&self, id: u64) -> Account {
        let mut slots = self.slots.iter();
        slots.find(|slot| slot.id == id).map(|slot| slot.account).unwrap_or_default()
    }

    /// Returns a tenant's account and its number; `None` where it has none.
    #[inline(never)]
    pub(super) fn known(&mut self, id: u64) -> Option<(&mut Account, u64)> {
        let slot = self.slots.iter_mut().find(|slot| slot.id == id)?;
        Some((&mut slot.account, slot.serial))
    }

    /// Returns a tenant's account, and begins one where it has none.
    ///
    /// It takes a free slot, or that of the account that has used the least of its budget. One
    /// whose windows are over has used nothing. So a tenant that has spent much keeps its account,
    /// however many others come.
    #[inline(never)]
    pub(super) fn open(
        &mut self,
        id: u64,
        most: &MostSpent,
        now_ms: u64,
    ) -> Option<OpenAccount<'_>> {
        // 0 for what is free, so that it comes before one that is in use.
        let used = |slot: &AccountSlot| match slot.id {
            0 => 0,
            _ => slot.account.used(most, now_ms).saturating_add(1),
        };
        let is_known = self.slots.iter().any(|slot| slot.id == id);
        let slot = if is_known {
            self.slots.iter_mut().find(|slot| slot.id == id)?
        } else {
            self.slots.iter_mut().min_by_key(|slot| used(slot))?
        };
        let has_evicted = !is_known && used(slot) > 1;
        if !is_known {
            self.serial = self.serial.saturating_add(1);
            *slot = AccountSlot { id, serial: self.serial, account: Account::default() };
        }
        self.forgotten = self.forgotten.saturating_add(u32::from(has_evicted));
        Some(OpenAccount { account: &mut slot.account, serial: slot.serial, has_evicted })
    }

    /// Returns how many accounts have used something of that budget, and how many were forgotten
    /// in use since the proxy's start.
    #[must_use]
    #[inline(never)]
    pub(super) fn fill(&self, most: &MostSpent, now_ms: u64) -> (u64, u64) {
        let in_use = |slot: &&AccountSlot| slot.id != 0 && slot.account.used(most, now_ms) > 0;
        (self.slots.iter().filter(in_use).count() as u64, u64::from(self.forgotten))
    }
}

impl cas::Value for TenantBucket {
    type Bytes = Vec<u8>;

    /// Bytes of another layout are a bucket without accounts.
    #[inline(never)]
    fn decode(bytes: &[u8]) -> Self {
        Self::read_from_bytes(bytes)
            .ok()
            .filter(|bucket| bucket.layout == LAYOUT)
            .unwrap_or_default()
    }

    fn encode(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}
