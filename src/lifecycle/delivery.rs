//! How an engine delivers requests to providers.
//!
//! The configuration decides this, so it is decided once for each engine and not asked again
//! for each request.

use crate::config::{Config, Hold};

/// How requests are delivered: who changes them for the provider, and when their headers go on.
/// `send/` has a module for each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The router holds the request headers until it has decided. It changes headers and body
    /// for the one attempt that there is.
    Direct,
    /// The request headers have gone on to a buffer filter before the decision. The router
    /// changes the body for the one attempt that there is, and Envoy's route finds the
    /// cluster in filter state.
    AfterBuffer,
    /// The router hands the plan to the attempt filters. Each of them changes headers and
    /// body for its own attempt. The value says who holds the request headers meanwhile.
    HandedOver(Hold),
}

impl Delivery {
    /// Returns how requests are delivered under a configuration.
    pub(super) fn of(config: &Config) -> Self {
        match (config.is_handing_over(), config.hold) {
            (true, hold) => Self::HandedOver(hold),
            (false, Hold::BufferFilter) => Self::AfterBuffer,
            (false, Hold::StopIteration) => Self::Direct,
        }
    }

    /// Returns whether attempt filters take over the requests that the router has decided.
    pub(super) const fn is_handed_over(self) -> bool {
        matches!(self, Self::HandedOver(_))
    }

    /// Returns whether the router holds request headers until it has decided.
    ///
    /// If it does not, Envoy refuses every later change to them, so the router has to make
    /// its changes before the body has been read.
    pub(super) const fn is_head_held(self) -> bool {
        matches!(self, Self::Direct | Self::HandedOver(Hold::StopIteration))
    }
}
