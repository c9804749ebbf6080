//! Budgets of tenants: what each of those that requests are billed to may spend.

use std::collections::BTreeMap;

use super::declare::{named, section};
use super::shape::{KeyKind, whole};

/// Least and most of a budget in US dollars. A budget of nothing would be a typing error.
const SOME_USD: KeyKind = KeyKind::Number(0.000_001, 1e9);
/// Most of a count, which a double holds exactly.
const A_COUNT: KeyKind = whole(1, 9_007_199_254_740_992);

section! {
    /// What one tenant may spend in a minute and in a day of UTC. A budget that is left out has no
    /// limit.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    pub struct TenantBudget "tenant_budget" {
        /// The most requests.
        pub requests_per_minute: Option<u64> as A_COUNT = none,
        /// The most requests.
        pub requests_per_day: Option<u64> as A_COUNT = none,
        /// The most tokens of input and output together.
        pub tokens_per_minute: Option<u64> as A_COUNT = none,
        /// The most tokens of input and output together.
        pub tokens_per_day: Option<u64> as A_COUNT = none,
        /// The most cost in USD.
        pub usd_per_minute: Option<f64> as SOME_USD = none,
        /// The most cost in USD.
        pub usd_per_day: Option<f64> as SOME_USD = none,
    }
}

impl TenantBudget {
    /// Returns whether it limits tokens or costs, so that the tokens of its requests have to be
    /// estimated before they go on.
    #[must_use]
    pub const fn is_metered(&self) -> bool {
        self.tokens_per_minute.is_some()
            || self.tokens_per_day.is_some()
            || self.usd_per_minute.is_some()
            || self.usd_per_day.is_some()
    }
}

section! {
    /// The budgets of tenants.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Tenants "tenants" {
        /// What each tenant without a budget of its own may spend. Without it, there is no limit.
        pub budget: Option<TenantBudget> = none,
        /// Tenants with a budget of their own, which replaces the common budget.
        pub named: BTreeMap<String, TenantBudget> = {},
        /// The number of tenants that can be counted in addition to the named ones.
        pub slots: u32 as (whole(4, 65_536)) = 4096,
        /// The share of each budget that this process may spend.
        pub share: f64 as (KeyKind::Number(0.001, 1.0)) = 1,
        /// What happens to a request without a tenant.
        pub on_missing: OnMissingTenant = "share",
    }
}

impl Tenants {
    /// Returns the budget that a tenant has of its own, by the bytes of its name.
    #[must_use]
    pub fn own(&self, name: &[u8]) -> Option<&TenantBudget> {
        self.named.get(str::from_utf8(name).ok()?)
    }
}

/// What a request gets that names no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissingTenant {
    /// It spends one budget with all the others that name none.
    Share,
    /// It is refused.
    Reject,
    /// It goes on, and nothing is counted.
    Allow,
}

named! {
    OnMissingTenant { "share" => Share, "reject" => Reject, "allow" => Allow }
}
