//! What an answer says about the deployment that gave it.

pub mod body;
pub mod headroom;
pub mod kind;
pub mod outcome;
pub mod usage;

mod fault;
mod findings;
mod json;
mod kept;
mod lines;
mod place;
mod reset;
