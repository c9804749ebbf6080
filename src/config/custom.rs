//! Whom the strategy `custom` asks.

use super::declare::{named, section};
use super::shape::{A_PATH, whole};

/// Most candidates of a group that is picked from by a service: all that may serve a
/// request are listed in the question.
pub const MOST_LISTED: usize = 256;

section! {
    /// Settings of the strategy custom.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Custom "custom" {
        /// the Envoy cluster to ask
        pub cluster: String = required,
        /// the path to ask
        pub path: String as A_PATH = required,
        /// longest wait for an answer
        pub timeout_ms: u64 as (whole(1, 60_000)) = 200,
        /// what happens without a usable answer
        pub on_error: OnError = "first",
        /// whether it is sent the beginning of the prompt
        pub include_prompt: bool = false,
    }
}

/// What happens where a service does not pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Candidates are tried in file order.
    #[default]
    First,
    /// The client is told so.
    Fail,
}

named! {
    OnError { "first" => First, "fail" => Fail }
}
