//! Turning a request that was decided into the one that goes on, as the engine's
//! [`Delivery`] says.

mod after_buffer;
mod direct;
mod edit;
mod hand_over;

use crate::config::Hold;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::delivery::Delivery;
use super::event::Action;
use super::intake::Intake;
use super::ledger::AttemptLedger;
use super::properties::CLUSTER;

pub(super) use edit::{Held, set_providers_headers};

/// Holds the head of a request, or lets it go on to the filter that holds it; returns
/// what the host does with the head.
pub(super) fn hold<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &mut Intake) -> Action {
    match cx.engine.delivery {
        Delivery::Direct | Delivery::HandedOver(Hold::StopIteration) => return Action::Pause,
        Delivery::AfterBuffer => after_buffer::let_head_go(cx.host, intake),
        Delivery::HandedOver(Hold::BufferFilter) => {
            hand_over::let_head_go(cx, intake);
        }
    }
    Action::Continue
}

/// Sends a request to what was decided for it. `attempt` is the plan's first, which has begun.
///
/// # Errors
/// What the client is told where the request cannot be changed as it must be.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
    attempt: &AttemptLedger,
) -> Result<(), Refusal> {
    match cx.engine.delivery {
        Delivery::Direct => direct::send(cx, held, decision),
        Delivery::AfterBuffer => after_buffer::send(cx, held, decision),
        Delivery::HandedOver(hold) => hand_over::send(cx, held, decision, attempt, hold),
    }
}

/// Has a request go on untouched. `is_head_here`: its head can still be changed.
pub(super) fn pass<H: Host + ?Sized>(cx: Ctx<'_, H>, is_head_here: bool) {
    if cx.engine.delivery.hands_over() && is_head_here {
        // The route's retries are for attempts: what another try of this request would do
        // is not known.
        cx.host.set_request_header("x-envoy-max-retries", Some(b"0"));
    }
    let Some(cluster) = &cx.engine.config.default_cluster else { return };
    match cx.engine.delivery {
        Delivery::Direct => {
            let name = &cx.engine.config.headers.cluster;
            cx.host.set_request_header(name, Some(cluster.as_bytes()));
        }
        Delivery::AfterBuffer | Delivery::HandedOver(_) => {
            cx.host.set_property(CLUSTER, cluster.as_bytes());
        }
    }
    cx.host.clear_route_cache();
}
