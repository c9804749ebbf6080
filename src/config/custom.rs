//! Whom the strategy `custom` asks, as data.

/// Most candidates of a group that is picked from by a service: all that may serve a
/// request are listed in the question.
pub const MOST_LISTED: usize = 256;

/// Settings of the strategy `custom`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// The cluster of the service.
    pub cluster: String,
    /// The path that is posted to.
    pub path: String,
    /// Longest wait for an answer.
    pub timeout_ms: u64,
    /// What happens without one that can be used.
    pub on_error: OnError,
    /// Whether the service is sent the beginning of the prompt.
    pub include_prompt: bool,
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
