//! How much a deployment has to do: what `state` knows of it and `strategy` picks
//! by. A leaf: names no other module.

/// How much a deployment has to do at the moment; by default nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Requests that have been sent there and not ended.
    pub in_flight: u32,
    /// Moving average of the time to the first byte, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Tokens this minute.
    pub tokens: u64,
    /// Requests this minute.
    pub requests: u32,
    /// Most tokens of a minute.
    pub tpm_limit: Option<u32>,
    /// Most requests of a minute.
    pub rpm_limit: Option<u32>,
    /// What is left of the limits that the provider tells itself, 0 to 1: the smallest
    /// share.
    pub headroom: Option<f64>,
}
