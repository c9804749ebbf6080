//! The configuration as users write it, after `shape` has checked it.
//!
//! Names are not resolved yet. What is `Option` may be left out, or was reported and left
//! out; all else has its default from the declaration. What was reported of elements and
//! members is `None`, or empty where there is no `Option`.

mod document;
mod lists;
mod model;
mod route;
mod settings;

pub(super) use document::{Fetched, Raw};
pub(super) use lists::{ByName, Elements};
pub(super) use model::{Listing, RawCandidate, RawFallbacks, RawModel, RawVariant};
pub(super) use route::{RawRoute, RawRule, RawWhen};
pub use settings::Settings;
pub(super) use settings::{RawShadow, RawTokens, RawUnknownModel, StandIn, Unnamed};
