//! How busy a deployment is: what `state` knows of it, and what strategies compare. A leaf:
//! it names no other module.

/// How busy a deployment is at the moment. By default, nothing is known and nothing counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Requests that have been sent there and have not ended.
    pub in_flight: u32,
    /// Moving average of the time to the first byte, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Tokens that were taken this minute.
    pub tokens: u64,
    /// Requests that were sent there this minute.
    pub requests: u32,
    /// The limit of tokens in a minute, if it has one.
    pub tpm_limit: Option<u32>,
    /// The limit of requests in a minute, if it has one.
    pub rpm_limit: Option<u32>,
    /// The smallest share that is left of the provider's own rate limits, 0 to 1; none where
    /// it says nothing of them.
    pub headroom: Option<f64>,
}
