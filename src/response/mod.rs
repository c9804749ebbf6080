//! What an answer says about the deployment that gave it: success or which failure, how
//! many tokens it took, and what is left of rate limits. Pure; `lifecycle` hands in heads
//! and bodies.

pub mod body;
// It tells the sources of words, which the filter does not have.
#[cfg(not(target_os = "wasi"))]
pub mod classify;
pub mod details;
pub mod headroom;
pub mod kind;
pub mod outcome;
pub mod stray;
pub mod usage;
pub mod verdict;
pub mod words;

mod broken_off;
mod content;
mod embedded;
mod fault;
mod json;
mod mark;
mod place;
mod prefix;
mod reset;
mod retry_after;
mod seek;
mod summary;
mod table;
