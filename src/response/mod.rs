//! What an answer says about the deployment that gave it.

pub mod body;
pub mod headroom;
pub mod outcome;

mod reset;
