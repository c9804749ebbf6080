//! What one tenant has spent in this minute and on this day, and whether it may spend more.
//!
//! Pure. An account knows neither whose it is nor where it is kept.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::config::TenantBudget;
use crate::state::record::MINUTE_MS;

/// The length of a day, in milliseconds. Days are those of UTC.
const DAY_MS: u64 = 86_400_000;
/// The most that one request can be said to spend of anything. Sums of it do not overflow, so what
/// is taken back is always what was counted.
const MOST_OF_ONE: u64 = 1 << 48;
/// Billionths of a dollar in a dollar.
const NANO: f64 = 1e9;

/// What is spent: by one request, or by all requests of a tenant in some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Spending {
    /// Requests that went on.
    pub requests: u64,
    /// Tokens of input and output.
    pub tokens: u64,
    /// Cost in billionths of a dollar.
    pub nano_usd: u64,
}

impl Spending {
    /// Nothing.
    pub const NOTHING: Self = Self { requests: 0, tokens: 0, nano_usd: 0 };

    /// Returns the same, but no more than one request can be said to spend.
    pub(super) fn bounded(self) -> Self {
        self.each(Self::NOTHING, |count, _| count.min(MOST_OF_ONE))
    }

    fn with(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    fn without(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    fn each(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: of(self.requests, other.requests),
            tokens: of(self.tokens, other.tokens),
            nano_usd: of(self.nano_usd, other.nano_usd),
        }
    }

    fn numbers(self) -> [u64; 3] {
        [self.requests, self.tokens, self.nano_usd]
    }
}

/// One of the limits of a budget. Its name is the key that configures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimit(usize);

impl TenantLimit {
    /// The names, in the order in which limits are asked.
    const NAMES: [&str; 6] = [
        "requests_per_minute",
        "tokens_per_minute",
        "usd_per_minute",
        "requests_per_day",
        "tokens_per_day",
        "usd_per_day",
    ];

    /// Returns its place among the limits, in the order in which they are asked.
    #[must_use]
    pub const fn place(self) -> usize {
        self.0
    }

    /// Returns the key that configures it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self.0).copied().unwrap_or_default()
    }
}

/// A limit that is in the way of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverBudget {
    /// Which limit it is; of several, the one that lasts longest.
    pub limit: TenantLimit,
    /// Milliseconds until its window is over; `None` where the request alone is more than the
    /// limit, so that waiting does not help.
    pub wait_ms: Option<u64>,
}

/// The most that a tenant may spend in this process: the limits of a budget in whole numbers, in
/// the order of the names of [`TenantLimit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MostSpent([Option<u64>; 6]);

impl MostSpent {
    /// Returns the part of a budget that this process may spend. A part is rounded up, so that one
    /// of nothing does not come of it.
    #[must_use]
    #[inline(never)]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "budgets are below 2^53 and not negative, and the cast saturates"
    )]
    pub fn of(budget: &TenantBudget, share: f64) -> Self {
        let part = |most: f64| (most * share).ceil() as u64;
        let count = |most: Option<u64>| most.map(|most| part(most as f64));
        let usd = |most: Option<f64>| most.map(|most| part((most * NANO).round()));
        Self([
            count(budget.requests_per_minute),
            count(budget.tokens_per_minute),
            usd(budget.usd_per_minute),
            count(budget.requests_per_day),
            count(budget.tokens_per_day),
            usd(budget.usd_per_day),
        ])
    }

    /// Returns its limits, and the most of each.
    pub fn limits(&self) -> impl Iterator<Item = (TenantLimit, u64)> {
        let limits = self.0.into_iter().enumerate();
        limits.filter_map(|(at, most)| Some((TenantLimit(at), most?)))
    }
}

/// Where a tenant stands, for whoever explains a request of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantStanding {
    /// What it has spent in this minute and on this day.
    pub spent: [Spending; 2],
    /// What is in the way of the request.
    pub over: Option<OverBudget>,
}

impl TenantStanding {
    /// Returns what was spent of each limit, by the place of the limit.
    #[must_use]
    pub fn numbers(&self) -> [u64; 6] {
        let [[a, b, c], [d, e, f]] = self.spent.map(Spending::numbers);
        [a, b, c, d, e, f]
    }
}

/// What a tenant has spent, in this minute and on this day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Account {
    /// Which minute since the epoch `minute` counts.
    minute_at: u32,
    /// Which day since the epoch `day` counts.
    day_at: u32,
    minute: Spending,
    day: Spending,
}

/// The windows that something was counted in: the minute and the day since the epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Windows {
    /// The minute.
    pub(super) minute: u32,
    /// The day.
    pub(super) day: u32,
}

impl Account {
    /// Begins to count anew where the minute or the day has changed.
    #[inline(never)]
    fn turn_to(&mut self, now_ms: u64) {
        if !is_of(self.minute_at, now_ms, MINUTE_MS) {
            self.minute_at = window(now_ms, MINUTE_MS);
            self.minute = Spending::NOTHING;
        }
        if !is_of(self.day_at, now_ms, DAY_MS) {
            self.day_at = window(now_ms, DAY_MS);
            self.day = Spending::NOTHING;
        }
    }

    /// Returns what was spent in the minute and on the day that `now_ms` falls in.
    #[must_use]
    #[inline(never)]
    pub(super) fn at(mut self, now_ms: u64) -> [Spending; 2] {
        self.turn_to(now_ms);
        [self.minute, self.day]
    }

    /// Returns the limit that is in the way of a request that certainly spends `least`; `None`
    /// where it may go on. A budget that is used up lets nothing go on, whatever it spends.
    #[must_use]
    #[inline(never)]
    pub(super) fn over(
        &self,
        most: &MostSpent,
        least: Spending,
        now_ms: u64,
    ) -> Option<OverBudget> {
        let used = self.at(now_ms).into_iter().flat_map(Spending::numbers);
        let needed = least.numbers().into_iter().cycle().map(|count| count.max(1));
        let mut over: Option<OverBudget> = None;
        for (at, ((used, needed), most)) in used.zip(needed).zip(most.0).enumerate() {
            let Some(most) = most.filter(|most| used.saturating_add(needed) > *most) else {
                continue;
            };
            let length_ms = if at < 3 { MINUTE_MS } else { DAY_MS };
            let past_ms = now_ms.checked_rem(length_ms).unwrap_or_default();
            let left_ms = length_ms.saturating_sub(past_ms);
            let found =
                OverBudget { limit: TenantLimit(at), wait_ms: (needed <= most).then_some(left_ms) };
            // What never passes comes before what does.
            let lasts = |over: &OverBudget| over.wait_ms.unwrap_or(u64::MAX);
            if over.as_ref().is_none_or(|known| lasts(&found) > lasts(known)) {
                over = Some(found);
            }
        }
        over
    }

    /// Counts what a request is likely to spend, and returns the windows that it was counted in.
    #[inline(never)]
    pub(super) fn reserve(&mut self, spending: Spending, now_ms: u64) -> Windows {
        self.turn_to(now_ms);
        self.minute = self.minute.with(spending);
        self.day = self.day.with(spending);
        Windows { minute: self.minute_at, day: self.day_at }
    }

    /// Puts what was spent in the place of what was reserved.
    ///
    /// A window that the reservation was counted in is corrected. Where that window is over, the
    /// reservation stays in it, and only what was spent beyond it counts in the window of now.
    /// For example, 500 tokens are reserved at 10:00:59, and 800 were spent by 10:01:05: then 10:00 has
    /// 500 of them, 10:01 has 300, and the day, which is the same, has 800.
    #[inline(never)]
    pub(super) fn settle(&mut self, reserved: Spending, of: Windows, spent: Spending, now_ms: u64) {
        self.turn_to(now_ms);
        let windows = [
            (&mut self.minute, self.minute_at == of.minute),
            (&mut self.day, self.day_at == of.day),
        ];
        for (sum, is_same) in windows {
            *sum = if is_same {
                sum.without(reserved).with(spent)
            } else {
                sum.with(spent.without(reserved))
            };
        }
    }

    /// Returns how much of its budget is used, from 0 on: the largest share of any limit, in
    /// millionths. What was spent without a limit counts as nothing.
    #[must_use]
    #[inline(never)]
    pub(super) fn used(&self, most: &MostSpent, now_ms: u64) -> u64 {
        let used = self.at(now_ms).into_iter().flat_map(Spending::numbers).zip(most.0);
        let share = |used: u64, most: u64| {
            used.saturating_mul(1_000_000).checked_div(most).unwrap_or_default()
        };
        used.filter_map(|(used, most)| Some(share(used, most?))).max().unwrap_or(0)
    }
}

/// Returns which window of that length a time falls in.
fn window(now_ms: u64, length_ms: u64) -> u32 {
    u32::try_from(now_ms.checked_div(length_ms).unwrap_or_default()).unwrap_or(u32::MAX)
}

/// Returns whether the window is that of now, or the one after it: a worker looks at the clock a
/// little before it writes, and another one may have begun the next window between the two.
fn is_of(at: u32, now_ms: u64, length_ms: u64) -> bool {
    let now = window(now_ms, length_ms);
    at == now || at.checked_sub(1) == Some(now)
}
