//! The service that the strategy `custom` asks.

use super::declare::{named, section};
use super::shape::{A_PATH, whole};

/// Most candidates of a group from which a service picks. The question lists all of them that
/// may serve the request, so its length needs a bound.
pub const MOST_LISTED: usize = 256;

section! {
    /// Settings of the strategy custom.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Custom "custom" {
        /// The Envoy cluster of the service.
        pub cluster: String = required,
        /// The path of the service.
        pub path: String as A_PATH = required,
        /// The longest wait for an answer, in milliseconds.
        pub timeout_ms: u64 as (whole(1, 60_000)) = 200,
        /// What happens without a usable answer.
        pub on_error: OnError = "first",
        /// Whether the service gets the beginning of the prompt.
        pub include_prompt: bool = false,
    }
}

/// What happens where a service does not pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Candidates are tried in file order.
    #[default]
    First,
    /// The client gets an error.
    Fail,
}

named! {
    OnError { "first" => First, "fail" => Fail }
}
