//! The router holds the head, and changes head and body for the plan's first step.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::lifecycle::intake::Intake;
use crate::request::refusal::Refusal;
use crate::request::rewrite::length_after;
use crate::routing::{Decision, Step};
use crate::text::header_value;

use super::edit::{self, Held};

/// Changes body and head for the plan's first step, and has the route find its cluster.
///
/// # Errors
/// What the client is told where the body cannot be rewritten.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Some(step) = decision.plan.first() else { return Ok(()) };
    let config = &cx.engine.config;
    let edits = edit::edits(cx.host, config, held, step)?;
    let length = held.length.map(|length| length_after(length, &edits));
    edit::splice(cx.host, edits, held.window)?;
    if let (Some(length), Some(_)) = (length, held.intake.head.first("content-length")) {
        cx.host.set_request_header("content-length", Some(length.to_string().as_bytes()));
    }
    set_headers(cx, held.intake, step);
    if decision.disable_cache {
        cx.host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    let cluster = &config.provider(step.server.provider(config)).cluster;
    cx.host.set_request_header(&config.headers.cluster, Some(cluster.as_bytes()));
    cx.host.set_request_header(&config.headers.model, Some(header_value(&step.model).as_bytes()));
    cx.host.clear_route_cache();
    debug(cx.host, || edit::summary(config, decision, step, cluster));
    Ok(())
}

fn set_headers<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Intake, step: &Step) {
    let id = step.server.provider(&cx.engine.config);
    if cx.engine.secret(id).is_some() {
        for name in intake.head.credentials() {
            cx.host.set_request_header(name, None);
        }
    }
    edit::set_providers_headers(cx, id);
    edit::accept_plain_answer(cx.host, &intake.head);
    if let Some(path) = edit::path(cx.engine, intake, step) {
        cx.host.set_request_header(":path", Some(path.as_bytes()));
    }
}
