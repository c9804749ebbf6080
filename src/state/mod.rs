//! What workers agree on: whose turn it is, which deployments are failing, and how much of
//! each is in use.
//!
//! It is kept in shared data, in small records of a fixed layout: one for each deployment
//! and two counters for each group of a model. All keys are created with the configuration,
//! and traffic adds none. An update that loses every one of its tries is dropped and counted,
//! and never holds up a request.

pub mod attempt;
mod cause;
mod commit;
pub mod cooldown;
#[cfg(test)]
mod cooldown_tests;
pub mod evidence;
mod fleet;
mod flight;
pub mod headroom;
mod health;
mod operate;
pub mod outcome;
mod probe;
mod record;
pub mod report;
mod shadow;
mod snapshot;
mod standing;
mod summary;
mod tenants;
mod turn;
mod world;

pub use crate::load::Load;
pub use attempt::{ATTEMPT_NUMBERS, Attempt, Ended, Ending, StartTerms};
pub use cause::Cause;
pub use commit::{Begun, Intent, Overtaken};
pub use fleet::{Dropped, SharedFleet};
pub use flight::Flight;
pub use health::{Health, OperationCounts, Suspicion};
pub use operate::Operation;
pub use probe::Probes;
pub use record::{Counts, Record, RecordBytes};
pub use shadow::ShadowWorld;
pub use snapshot::{Seen, Snapshot};
pub use standing::{Claim, Limit, Standing};
pub use summary::{DeploymentState, headroom_percent, worst};
pub use tenants::{
    Billed, ExpectedSpending, HOLD_NUMBERS, MostSpent, OverBudget, Spending, TenantHold,
    TenantLimit, TenantStanding, TenantTable,
};
pub use turn::{Turn, restart as restart_turns};
pub use world::World;

/// How much later than one worker another may have looked at the clock, in milliseconds: each
/// looks at the beginning of a callback, and writes at its end. What lies further ahead was
/// written before the clock jumped back.
const SKEW_MS: u64 = 1000;

/// Starts every key; the digit is the layout version of the values.
const PREFIX: &str = "pointsman/6/";
