//! Which bodies can go on before they have been read.
//!
//! Knows what the configuration has against it. What the decision itself still needs is
//! `routing`'s to say.

use crate::config::{BodyPolicy, Config, Hold};

/// Up to this length of a body, in bytes, finding out what need not be looked at costs more
/// than looking.
pub(super) const SHORT: u64 = 4 * 1024;

/// Returns what the configuration has against sending a body on early, if that length of
/// it is announced.
pub(super) fn against(config: &Config, length: Option<u64>) -> Option<&'static str> {
    if config.hold == Hold::BufferFilter {
        Some("hold is buffer_filter, and the filter behind this one holds the whole body")
    } else if config.limits.on_unparsable == BodyPolicy::PassThrough {
        Some(
            "limits.on_unparsable is pass_through, and only the whole body shows that it can be read",
        )
    } else if length.is_none() && config.limits.on_oversize == BodyPolicy::PassThrough {
        Some("limits.on_oversize is pass_through, and the length of the body is not announced")
    } else {
        None
    }
}
