//! Budgets of tenants, where all workers find them.
//!
//! Knows the keys in shared data, and counts what requests of a tenant spend. Who a request is
//! billed to, and what it spends, is for `lifecycle` to say.
//!
//! A tenant with a budget of its own has a key of its own. All others share a table of a fixed
//! size: a keyed hash of the name says in which bucket of it an account is. A bucket is one key,
//! which is made when its first tenant comes, so there are never more keys than buckets.

mod account;
mod bucket;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::cas::{self, Change};
use crate::config::{TenantBudget, Tenants};
use crate::hash;
use crate::host::SharedData;

use super::PREFIX;
use super::fleet::Dropped;

pub use account::{MostSpent, OverBudget, Spending, TenantLimit, TenantStanding};

use account::Windows;
use bucket::{TenantBucket, WAYS};

/// How often an update is tried that a request waits for.
const TRIES: u32 = 16;

/// The budgets of a configuration, ready to be asked.
#[derive(Debug)]
pub struct TenantTable {
    /// What tenants without a budget of their own may spend; `None`: as much as they like.
    common: Option<MostSpent>,
    named: BTreeMap<String, MostSpent>,
    buckets: u64,
    /// The key of the hash, the same in all workers of the process.
    seed: [u64; 2],
}

/// Where the account of a tenant is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TenantPlace {
    /// Under a key of its own.
    Named(String),
    /// In that bucket of the table.
    Bucket(u64),
}

/// What was reserved for a request. Whoever has it must settle it, and what is never settled counts
/// as spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantHold {
    place: TenantPlace,
    /// The hash of the tenant.
    id: u64,
    /// The number of the account in its bucket.
    serial: u64,
    windows: Windows,
    reserved: Spending,
}

/// How many numbers a hold is, beside the name of its tenant.
pub const HOLD_NUMBERS: usize = 8;

/// What a request of a tenant is going to spend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExpectedSpending {
    /// What it certainly spends: its input. A request goes on if this fits.
    pub least: Spending,
    /// What it is likely to spend. This is reserved.
    pub likely: Spending,
}

/// A request that may go on.
#[derive(Debug, PartialEq, Eq)]
pub struct Billed {
    /// What was reserved; `None` where the update lost all its tries.
    pub hold: Option<TenantHold>,
    /// Whether another tenant's account was forgotten for this one's.
    pub has_evicted: bool,
}

/// The key that the hash of tenants has, in shared data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct TenantSeed([u64; 2]);

impl cas::Value for TenantSeed {
    type Bytes = [u8; 16];

    fn decode(bytes: &[u8]) -> Self {
        Self(zerocopy::FromBytes::read_from_bytes(bytes).unwrap_or_default())
    }

    fn encode(&self) -> [u8; 16] {
        zerocopy::transmute!(self.0)
    }
}

impl TenantTable {
    /// Returns the budgets of a configuration. `random` draws the key of the hash, where no worker
    /// of this process has drawn one before.
    #[inline(never)]
    pub fn new<S: SharedData + ?Sized>(
        settings: &Tenants,
        shared: &S,
        random: impl Fn() -> u64,
    ) -> Self {
        let most = |budget: &TenantBudget| MostSpent::of(budget, settings.share);
        let key = format!("{PREFIX}tenants/seed");
        let drawn = TenantSeed([random(), random() | 1]);
        let seed = cas::change_within(TRIES, shared, &key, None, |seed: &mut TenantSeed| {
            if *seed == TenantSeed::default() {
                *seed = drawn;
                Change::Write(drawn)
            } else {
                Change::Keep(*seed)
            }
        });
        Self {
            common: settings.budget.as_ref().map(most),
            named: settings.named.iter().map(|(name, own)| (name.clone(), most(own))).collect(),
            buckets: u64::from(settings.slots).div_ceil(WAYS as u64).max(1),
            seed: seed.unwrap_or(drawn).0,
        }
    }

    /// Returns the name of a tenant as the configuration has it; `None` where it names none.
    #[must_use]
    pub fn configured(&self, name: &[u8]) -> Option<&str> {
        let (name, _) = self.named.get_key_value(str::from_utf8(name).ok()?)?;
        Some(name)
    }

    /// Returns what a tenant may spend; `None` where that is as much as it likes.
    #[must_use]
    pub fn most(&self, name: &[u8]) -> Option<&MostSpent> {
        match self.configured(name) {
            Some(name) => self.named.get(name),
            None => self.common.as_ref(),
        }
    }

    /// Returns where the account of a tenant is kept, and the hash of its name, which is not 0.
    #[inline(never)]
    fn place(&self, name: &[u8]) -> (TenantPlace, u64) {
        if let Some(name) = self.configured(name) {
            return (TenantPlace::Named(name.to_owned()), 1);
        }
        let id = hash::keyed(self.seed, name).max(1);
        // The remainder is taken of other bits than tell two tenants of a bucket apart.
        (TenantPlace::Bucket(id.checked_rem(self.buckets).unwrap_or_default()), id)
    }

    /// Reserves what a request is likely to spend, if its tenant may spend it. One write decides
    /// and counts, so that a budget holds over all workers.
    ///
    /// `None` where the tenant may spend as much as it likes, so that nothing is counted.
    ///
    /// # Errors
    /// The limit that is in the way. Nothing has changed then.
    #[inline(never)]
    pub fn admit<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        name: &[u8],
        expected: &ExpectedSpending,
        now_ms: u64,
    ) -> Result<Option<Billed>, OverBudget> {
        let Some(most) = self.most(name) else { return Ok(None) };
        let (place, id) = self.place(name);
        let key = place.key();
        let likely = expected.likely.bounded();
        let admitted =
            cas::change_within(TRIES, shared, &key, None, |bucket: &mut TenantBucket| {
                let over = bucket.account(id).over(most, expected.least, now_ms);
                if let Some(over) = over {
                    return Change::Keep(Err(over));
                }
                Change::Write(Ok(bucket.open(id, most, now_ms).map(|opened| {
                    let windows = opened.account.reserve(likely, now_ms);
                    (opened.serial, windows, opened.has_evicted)
                })))
            });
        // Contention must not refuse requests.
        let Some(admitted) = admitted.transpose()?.flatten() else {
            return Ok(Some(Billed { hold: None, has_evicted: false }));
        };
        let (serial, windows, has_evicted) = admitted;
        let hold = TenantHold { place, id, serial, windows, reserved: likely };
        Ok(Some(Billed { hold: Some(hold), has_evicted }))
    }

    /// Returns where a tenant stands, with a request that is going to spend that. Changes nothing.
    #[inline(never)]
    pub fn standing<S: SharedData + ?Sized>(
        &self,
        shared: &S,
        name: &[u8],
        expected: &ExpectedSpending,
        now_ms: u64,
    ) -> TenantStanding {
        // Nothing is counted for a tenant that may spend as much as it likes.
        let Some(most) = self.most(name) else { return TenantStanding::default() };
        let (place, id) = self.place(name);
        let (bucket, _): (TenantBucket, u32) = cas::read(shared, &place.key());
        let account = bucket.account(id);
        TenantStanding {
            spent: account.at(now_ms),
            over: account.over(most, expected.least, now_ms),
        }
    }

    /// Returns every tenant with a budget of its own: its name, the most it may spend, and what it
    /// has spent in this minute and on this day.
    pub fn named<'a, S: SharedData + ?Sized>(
        &'a self,
        shared: &'a S,
        now_ms: u64,
    ) -> impl Iterator<Item = (&'a str, &'a MostSpent, [Spending; 2])> {
        self.named.iter().map(move |(name, most)| {
            let (place, id) = self.place(name.as_bytes());
            let (bucket, _): (TenantBucket, u32) = cas::read(shared, &place.key());
            (name.as_str(), most, bucket.account(id).at(now_ms))
        })
    }

    /// Returns how full the table of the others is: slots, those in use, and how many accounts in
    /// use were forgotten since the proxy's start.
    #[inline(never)]
    pub fn fill<S: SharedData + ?Sized>(&self, shared: &S, now_ms: u64) -> [u64; 3] {
        let slots = self.buckets.saturating_mul(WAYS as u64);
        let Some(most) = &self.common else { return [slots, 0, 0] };
        (0..self.buckets).fold([slots, 0, 0], |[slots, used, forgotten], at| {
            let key = TenantPlace::Bucket(at).key();
            let (bucket, _): (TenantBucket, u32) = cas::read(shared, &key);
            let (in_use, evicted) = bucket.fill(most, now_ms);
            [slots, used.saturating_add(in_use), forgotten.saturating_add(evicted)]
        })
    }
}

impl TenantPlace {
    /// Returns the key in shared data.
    #[inline(never)]
    fn key(&self) -> String {
        match self {
            Self::Named(name) => format!("{PREFIX}tenant/{name}"),
            Self::Bucket(at) => format!("{PREFIX}tenants/{at}"),
        }
    }
}

impl TenantHold {
    /// Returns what is reserved.
    #[must_use]
    pub const fn reserved(&self) -> Spending {
        self.reserved
    }

    /// Returns the hold of another attempt at the same request: nothing is reserved for it, and
    /// what it spends comes on top.
    #[must_use]
    pub fn of_another_attempt(mut self) -> Self {
        self.reserved = Spending::NOTHING;
        self
    }

    /// Puts what was spent in the place of what was reserved. An account that was forgotten
    /// meanwhile stays forgotten, with what was spent.
    ///
    /// # Errors
    /// [`Dropped`] where the update lost all its tries. What was reserved then counts as spent.
    #[inline(never)]
    pub fn settle<S: SharedData + ?Sized>(
        self,
        shared: &S,
        spent: Spending,
        now_ms: u64,
    ) -> Result<(), Dropped> {
        let Self { place, id, serial, windows, reserved } = self;
        let spent = spent.bounded();
        if spent == reserved {
            return Ok(());
        }
        let settle = |bucket: &mut TenantBucket| {
            let Some((account, known)) = bucket.known(id) else { return Change::Keep(()) };
            // An account that was begun anew has not counted what was reserved.
            let reserved = if known == serial { reserved } else { Spending::NOTHING };
            account.settle(reserved, windows, spent, now_ms);
            Change::Write(())
        };
        cas::change_within(TRIES, shared, &place.key(), None, settle).ok_or(Dropped)
    }

    /// Returns the hold in numbers, for the attempt filter that takes the attempt over, and the
    /// name of a tenant that has one there.
    #[must_use]
    pub fn numbers(&self) -> (&str, [u64; HOLD_NUMBERS]) {
        let (name, bucket) = match &self.place {
            TenantPlace::Named(name) => (name.as_str(), 0),
            TenantPlace::Bucket(at) => ("", *at),
        };
        let Self { id, serial, windows, reserved, .. } = self;
        let Spending { requests, tokens, nano_usd } = *reserved;
        let (minute, day) = (u64::from(windows.minute), u64::from(windows.day));
        (name, [bucket, *id, *serial, minute, day, requests, tokens, nano_usd])
    }

    /// Returns the hold of which these are the numbers; `None` where they are of none.
    #[must_use]
    pub fn from_numbers(name: &str, numbers: [u64; HOLD_NUMBERS]) -> Option<Self> {
        let [bucket, id, serial, minute, day, requests, tokens, nano_usd] = numbers;
        let windows = Windows { minute: minute.try_into().ok()?, day: day.try_into().ok()? };
        let place = match name {
            "" => TenantPlace::Bucket(bucket),
            name => TenantPlace::Named(name.to_owned()),
        };
        let reserved = Spending { requests, tokens, nano_usd };
        Some(Self { place, id, serial, windows, reserved })
    }
}
