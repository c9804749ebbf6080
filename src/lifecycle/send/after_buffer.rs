//! Delivery after a buffer filter: the request headers go on before the body has been read.
//!
//! Every change of the headers is made before that, whatever the decision will be. Afterwards
//! Envoy ignores changes, so the decision reaches the route by filter state.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::properties::CLUSTER;
use crate::request::credential::Passage;
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::client;
use super::edit::{self, Held};

/// Changes the request headers as every decision would need it, before they go on.
pub(super) fn let_head_go<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &mut Intake) {
    let (host, config) = (cx.host, &cx.engine.config);
    // No provider has a credential here, so what is taken away are choices of another model.
    let kept = edit::kept_by_all(config);
    client::hold_back(host, intake, Passage { has_own: false, kept: &kept });
    // The rewrite may change the length of the body. The buffer filter sets the length of what
    // it has held.
    if intake.head.first("content-length").is_some() {
        host.set_request_header("content-length", None);
    }
    edit::accept_plain_answer(host, &intake.head);
    if let Some(path) = edit::plain_path(&kept, &intake.head, &intake.call) {
        host.set_request_header(":path", Some(path.as_bytes()));
        intake.head.set(":path", path.as_bytes());
    }
}

/// Changes the body for the first deployment of the plan, and points Envoy's route to its
/// cluster.
///
/// # Errors
/// The error for the client, where the body cannot be rewritten, or where the path would have to
/// be changed, for which it is too late.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Some(step) = decision.plan.first() else { return Ok(()) };
    let config = &cx.engine.config;
    if edit::path(cx.engine, held, step).is_some() {
        let message = "the path of this request names its model, and this proxy cannot replace it \
                       by the model that serves; use the provider's name of the model";
        return Err(Refusal::new(501, "path_not_changeable", message));
    }
    let objects = edit::mergeable(cx.host, [step]);
    edit::splice(cx.host, edit::edits(cx, held, step, None, &objects)?, held.window)?;
    let cluster = &config.provider(step.server.provider(config)).cluster;
    cx.host.set_property(CLUSTER, cluster.as_bytes());
    cx.host.clear_route_cache();
    debug(cx.host, || edit::summary(config, decision, step, cluster));
    Ok(())
}
