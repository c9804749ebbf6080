//! How busy a deployment is: what `state` knows of it, and what strategies compare. A leaf:
//! it names no other module.

/// How busy a deployment is at the moment, as far as all workers together know.
///
/// By default nothing is known and nothing counted. This is the load of a deployment that has
/// never been sent a request, or for which no state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Requests that have been sent there and have not ended.
    pub in_flight: u32,
    /// Moving average of the time to the first byte, in milliseconds; none before the first
    /// answer.
    pub latency_ms: Option<f64>,
    /// Tokens of input and output that were taken this minute. Those of a request count once
    /// its answer has ended.
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
