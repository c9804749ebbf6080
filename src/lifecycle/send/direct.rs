//! Direct delivery: the router holds the request headers, and changes headers and body for the
//! first deployment of the plan.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::lifecycle::intake::Intake;
use crate::request::refusal::Refusal;
use crate::request::rewrite::length_after;
use crate::request::strip::with_removal;
use crate::routing::{Decision, Step};
use crate::text::header_value;

use super::client;
use super::edit::{self, Held};

/// Changes body and headers for the first deployment of the plan, and points Envoy's route to
/// its cluster.
///
/// # Errors
/// The error for the client, where the body cannot be rewritten.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Some(step) = decision.plan.first() else { return Ok(()) };
    let config = &cx.engine.config;
    let path = edit::path(cx.engine, held, step);
    let objects = edit::mergeable(cx.host, [step]);
    let mut edits = edit::edits(cx, held, step, path.as_deref(), &objects)?;
    if step.is_stripped {
        edits = with_removal(edits, held.removal);
    }
    let length = held.length.map(|length| length_after(length, &edits));
    edit::splice(cx.host, edits, held.window)?;
    // The edits change the length of the body. Without an announced length there is nothing to
    // correct: the body goes out in chunks.
    if let (Some(length), Some(_)) = (length, held.intake.head.first("content-length")) {
        cx.host.set_request_header("content-length", Some(length.to_string().as_bytes()));
    }
    set_headers(cx, held.intake, step, path.as_deref());
    if decision.disable_cache {
        cx.host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    let cluster = &config.provider(step.server.provider(config)).cluster;
    // Envoy chose a route when the headers came. Changing one makes it choose anew.
    cx.host.set_request_header(&config.headers.cluster, Some(cluster.as_bytes()));
    cx.host.set_request_header(&config.headers.model, Some(header_value(&step.model).as_bytes()));
    debug(cx.host, || edit::summary(config, decision, step, cluster));
    Ok(())
}

/// Sets what the provider gets: its own headers, path and credential in place of the client's.
fn set_headers<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Intake, step: &Step, path: Option<&str>) {
    let id = step.server.provider(&cx.engine.config);
    client::hold_back(cx.host, intake, edit::passage(cx.engine, id));
    edit::set_providers_headers(cx, id);
    edit::accept_plain_answer(cx.host, &intake.head);
    if let Some(path) = path {
        cx.host.set_request_header(":path", Some(path.as_bytes()));
    }
}
