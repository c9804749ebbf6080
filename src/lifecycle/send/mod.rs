//! Sending a request upstream: one module for each kind of [`Delivery`].

mod after_buffer;
mod client;
mod direct;
mod edit;
mod hand_over;
mod model;

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

pub(super) use client::passed;
pub(super) use edit::{Held, held_back, passage, set_providers_headers};
pub(super) use model::may_be_read_from_body;

/// Returns what the host does with the request headers until the decision: it holds them, or
/// lets them go on to the buffer filter. Before they go on, all changes of them are made.
pub(super) fn hold<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &mut Intake) -> Action {
    match cx.engine.delivery {
        Delivery::Direct | Delivery::HandedOver(Hold::StopIteration) => return Action::Pause,
        Delivery::AfterBuffer => after_buffer::let_head_go(cx, intake),
        Delivery::HandedOver(Hold::BufferFilter) => {
            hand_over::let_head_go(cx, intake);
        }
    }
    Action::Continue
}

/// Sends a request as it was decided. `attempt` is the first attempt of the plan, which has begun
/// in shared state; the caller ends it where this fails.
///
/// # Errors
/// The error for the client, where the request cannot be changed as the decision demands.
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

/// Lets a request go on untouched, to the default cluster if one is configured. `is_head_here`:
/// its headers can still be changed.
pub(super) fn pass<H: Host + ?Sized>(cx: Ctx<'_, H>, is_head_here: bool) {
    if cx.engine.delivery.is_handed_over() && is_head_here {
        // The route's retries are meant for attempts. A request that the filter has not read may
        // do something twice if Envoy sends it again.
        cx.host.set_request_header("x-envoy-max-retries", Some(b"0"));
    }
    // Without a default cluster, Envoy's own route decides.
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
