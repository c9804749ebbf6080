//! Which bodies can go on before they have been read to their end.
//!
//! This module knows the reasons that lie in the configuration. Whether the decision itself
//! needs more of the body is for `routing` to say.

use super::intake::Intake;
use super::send;
use crate::config::{BodyPolicy, Config, Hold};

/// Longest body, in bytes, that is always looked at as a whole. For a body up to this
/// length, finding out what need not be looked at costs more than looking.
pub(super) const SHORT: u64 = 4 * 1024;

/// Returns why the configuration does not allow a body to go on early, as text for operators;
/// `None` where it does. `length` is the announced length of the body, in bytes.
///
/// Only a body that will be read in full shows whether it can be parsed and how long it is.
/// A policy that lets unparsable or oversized bodies pass *untouched* cannot be kept once a
/// part of the body has been rewritten and sent.
pub(super) fn against(
    config: &Config,
    intake: &Intake,
    length: Option<u64>,
) -> Option<&'static str> {
    let call = &intake.call;
    if config.hold == Hold::BufferFilter {
        Some("hold is buffer_filter, and the filter behind this one holds the whole body")
    } else if config.limits.on_unparsable == BodyPolicy::PassThrough {
        Some(
            "limits.on_unparsable is pass_through, and only the whole body shows that it can be read",
        )
    } else if length.is_none() && config.limits.on_oversize == BodyPolicy::PassThrough {
        Some("limits.on_oversize is pass_through, and the length of the body is not announced")
    } else if intake.payer.is_metered() {
        Some("the budget of its tenant limits tokens or costs, which only the whole body tells")
    } else if call.entry.repeats_model() {
        Some("the body may repeat the model anywhere, and is to name the one that serves")
    } else if send::may_be_read_from_body(config, call) {
        Some(
            "the client names the model in the path, and a provider's path leaves it to the body, which may have another",
        )
    } else {
        None
    }
}
