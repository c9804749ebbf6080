//! The head goes on to a buffer filter before the body is read.
//!
//! What has to be changed of the head is changed before that, whatever the decision will
//! be; afterwards the host refuses every call for it.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::properties::CLUSTER;
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::edit::{self, Held};

/// Changes the head as any decision would need it, before it goes on.
pub(super) fn let_head_go<H: Host + ?Sized>(host: &H, intake: &mut Intake) {
    // The buffer filter says how long the body is that it has held.
    if intake.head.first("content-length").is_some() {
        host.set_request_header("content-length", None);
    }
    edit::accept_plain_answer(host, &intake.head);
    if let Some(path) = edit::plain_path(&intake.head, &intake.call) {
        host.set_request_header(":path", Some(path.as_bytes()));
        intake.head.set(":path", path.into_bytes());
    }
}

/// Changes the body for the plan's first step, and has the route find its cluster.
///
/// # Errors
/// What the client is told where the body cannot be rewritten, or the path would have to be.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Some(step) = decision.plan.first() else { return Ok(()) };
    let config = &cx.engine.config;
    if edit::path(cx.engine, held.intake, step).is_some() {
        let message = "the path of this request names its model, and this proxy cannot change \
             it for the one that is to serve; ask for a model by its provider's name";
        return Err(Refusal::new(501, "path_not_changeable", message));
    }
    edit::splice(cx.host, edit::edits(cx.host, config, held, step)?, held.window)?;
    let cluster = &config.provider(step.server.provider(config)).cluster;
    cx.host.set_property(CLUSTER, cluster.as_bytes());
    cx.host.clear_route_cache();
    debug(cx.host, || edit::summary(config, decision, step, cluster));
    Ok(())
}
