//! How this engine delivers requests. It is decided once, by the configuration.

use crate::config::{Config, Hold};

/// How requests are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The router holds the head, and changes head and body for one attempt.
    Direct,
    /// The head has gone on to a buffer filter. The router changes the body for one
    /// attempt, and the route finds the cluster in filter state.
    AfterBuffer,
    /// The router hands the plan to the attempt filters, each of which changes head and
    /// body for its own attempt. The head is held as this says.
    HandedOver(Hold),
}

impl Delivery {
    /// Returns how a configuration delivers.
    pub(super) fn of(config: &Config) -> Self {
        match (config.is_handing_over(), config.hold) {
            (true, hold) => Self::HandedOver(hold),
            (false, Hold::BufferFilter) => Self::AfterBuffer,
            (false, Hold::StopIteration) => Self::Direct,
        }
    }

    /// Returns whether attempt filters take requests over.
    pub(super) const fn hands_over(self) -> bool {
        matches!(self, Self::HandedOver(_))
    }

    /// Returns whether the router holds heads until it has decided. Otherwise it must
    /// change of a head what it has to before the body has been read.
    pub(super) const fn holds_heads(self) -> bool {
        matches!(self, Self::Direct | Self::HandedOver(Hold::StopIteration))
    }
}
