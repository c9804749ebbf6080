//! What of a request changes for the deployment that is to get it.

use std::ops::Range;

use crate::config::{Config, ProviderId};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::unread::unreadable;
use crate::request::path::{self, Call};
use crate::request::refusal::Refusal;
use crate::request::rewrite::{self, Edit, PathTarget, Splicer};
use crate::request::scan::Layout;
use crate::routing::{Decision, Step};
use crate::text::header_value;

/// A request whose body is held at least as far as its last edit, and what its scan found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) intake: &'a Intake,
    pub(crate) layout: &'a Layout,
    /// Of the whole body, in bytes, if it is known.
    pub(crate) length: Option<u64>,
    /// The beginning of the body, as far as it is at hand.
    pub(crate) window: &'a [u8],
}

/// Returns the line of the debug log that says what was decided.
pub(super) fn summary(config: &Config, decision: &Decision, step: &Step, cluster: &str) -> String {
    let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
    let (model, deployment) = (header_value(&decision.model), step.server.name(config));
    format!(
        "route={route} model={model} deployment={} cluster={cluster}",
        header_value(&deployment)
    )
}

/// Returns what is to be changed in the body for a step.
///
/// # Errors
/// A body that cannot be rewritten, as the client is told.
pub(super) fn edits<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    held: Held<'_>,
    step: &Step,
) -> Result<Vec<Edit>, Refusal> {
    let model = (!held.intake.call.names_model()).then(|| step.server.upstream_model(config));
    let read = |range: Range<u64>| {
        let start = usize::try_from(range.start).ok()?;
        let length = usize::try_from(range.end).ok()?.saturating_sub(start);
        host.request_body(start, length)
    };
    rewrite::edits(held.layout, model, &step.overrides.0, &config.override_keys, read)
        .map_err(|not| Refusal::new(400, "invalid_body", not.to_string()))
}

/// Replaces the body up to the last edit; what follows it is not touched.
///
/// # Errors
/// A proxy that does not give back what it holds: sent on as it is, the body
/// would not have the length that its head announces.
pub(super) fn splice<H: Host + ?Sized>(
    host: &H,
    edits: Vec<Edit>,
    window: &[u8],
) -> Result<(), Refusal> {
    if edits.is_empty() {
        return Ok(());
    }
    let end = edits.iter().map(|edit| edit.range.end).max().unwrap_or(0);
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    let read;
    let head = if let Some(head) = window.get(..end) {
        head
    } else {
        read = host.request_body(0, end).filter(|head| head.len() == end);
        read.as_deref().ok_or_else(unreadable)?
    };
    let mut spliced = Vec::with_capacity(head.len().saturating_add(64));
    Splicer::new(edits).push(head, &mut spliced);
    host.replace_request_body(end, &spliced);
    Ok(())
}

/// Asks for an answer that is not compressed: a compressed one could not be read.
pub(super) fn accept_plain_answer<H: Host + ?Sized>(host: &H, head: &RequestHead) {
    if head.first("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        host.set_request_header("accept-encoding", Some(b"identity"));
    }
}

/// Sets what a provider's configuration says of headers, its credential and host.
pub(crate) fn set_providers_headers<H: Host + ?Sized>(cx: Ctx<'_, H>, id: ProviderId) {
    let provider = cx.engine.config.provider(id);
    for name in &provider.remove_headers {
        cx.host.set_request_header(name, None);
    }
    for (name, value) in &provider.headers {
        cx.host.set_request_header(name, Some(value.as_bytes()));
    }
    if let (Some(secret), Some(credential)) = (cx.engine.secret(id), &provider.credential) {
        cx.host.set_request_header(&credential.header, Some(secret.as_bytes()));
    }
    if let Some(authority) = &provider.authority {
        cx.host.set_request_header(":authority", Some(authority.as_bytes()));
    }
}

/// Returns the path for a step, where it is not the one that came.
pub(super) fn path(engine: &Engine, intake: &Intake, step: &Step) -> Option<String> {
    let Intake { head, call, .. } = intake;
    let config = &engine.config;
    let id = step.server.provider(config);
    let provider = config.provider(id);
    let removes_credentials = engine.secret(id).is_some();
    let original = head.text(":path").unwrap_or_default();
    let (came, query) = path::split(&original);
    let is_same =
        provider.path.is_none() && provider.path_prefix.is_empty() && !removes_credentials;
    if is_same && call.is_at(came) && !original.contains('#') {
        return None;
    }
    let model = step.server.upstream_model(config);
    let target = PathTarget {
        prefix: &provider.path_prefix,
        template: provider.path.as_deref(),
        model,
        operation: call.entry.path,
        removes_credentials,
    };
    let path =
        rewrite::path(&call.path_for(model), call.query_for(query, model).as_deref(), &target);
    (path != original).then_some(path)
}

/// Returns the plain path for the model that the client names, where it is not the one
/// that came.
pub(super) fn plain_path(head: &RequestHead, call: &Call) -> Option<String> {
    let original = head.text(":path").unwrap_or_default();
    let (came, query) = path::split(&original);
    if call.is_at(came) && !original.contains('#') {
        return None;
    }
    let model = call.model().unwrap_or_default();
    let query = if call.model().is_some() {
        call.query_for(query, model)
    } else {
        query.map(str::to_owned)
    };
    let target = PathTarget {
        prefix: "",
        template: None,
        model,
        operation: call.entry.path,
        removes_credentials: false,
    };
    let path = rewrite::path(&call.path_for(model), query.as_deref(), &target);
    (path != original).then_some(path)
}
