//! What workers agree on: whose turn it is, and which deployments are failing.
//!
//! Lives in shared data as small fixed-layout records under versioned keys,
//! one per deployment and two counters per model group, all created at
//! configuration time; traffic adds none. An update that loses every one of
//! its bounded retries is dropped and counted, and never blocks a request.

mod cas;
pub mod cooldown;
mod fleet;
pub mod outcome;
mod record;
mod turn;

pub use crate::load::Load;
pub use fleet::{Dropped, Fleet, FleetNow, SharedFleet, Standing};
pub use record::Record;
pub use turn::Turn;

/// Starts every key; the digit is the layout version of the values.
const PREFIX: &str = "pointsman/1/";
