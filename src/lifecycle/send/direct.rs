//! The router holds the head, and changes head and body for the plan's first step.

use crate::host::Host;
use crate::lifecycle::engine::Engine;
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
    engine: &Engine,
    host: &H,
    held: Held<'_>,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Some(step) = decision.plan.first() else { return Ok(()) };
    let config = &engine.config;
    let edits = edit::edits(host, config, held, step)?;
    let length = held.length.map(|length| length_after(length, &edits));
    edit::splice(host, edits, held.window)?;
    if let (Some(length), Some(_)) = (length, held.intake.head.first("content-length")) {
        host.set_request_header("content-length", Some(length.to_string().as_bytes()));
    }
    set_headers(host, engine, held.intake, step);
    if decision.disable_cache {
        host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    let cluster = &config.provider(step.server.provider(config)).cluster;
    host.set_request_header(&config.headers.cluster, Some(cluster.as_bytes()));
    host.set_request_header(&config.headers.model, Some(header_value(&step.model).as_bytes()));
    host.clear_route_cache();
    debug(host, || edit::summary(config, decision, step, cluster));
    Ok(())
}

fn set_headers<H: Host + ?Sized>(host: &H, engine: &Engine, intake: &Intake, step: &Step) {
    let id = step.server.provider(&engine.config);
    if engine.secret(id).is_some() {
        for name in intake.head.credentials() {
            host.set_request_header(name, None);
        }
    }
    edit::set_providers_headers(host, engine, id);
    edit::accept_plain_answer(host, &intake.head);
    if let Some(path) = edit::path(engine, intake, step) {
        host.set_request_header(":path", Some(path.as_bytes()));
    }
}
