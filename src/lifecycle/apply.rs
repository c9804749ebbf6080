//! Turning a held request into the one its deployment is to get.

use std::ops::Range;

use crate::config::{Config, Hold, ProviderId};
use crate::host::Host;
use crate::request::path::{self, Call};
use crate::request::refusal::Refusal;
use crate::request::rewrite::{self, Edit, Splicer, Target, length_after};
use crate::request::scan::Layout;
use crate::routing::{Decision, Step};
use crate::text::header_value;

use super::engine::Engine;
use super::headers::RequestHead;
use super::read::{self, unreadable};
use super::stream::Stream;

/// A request whose body is held at least as far as its last edit, and what its scan found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) head: &'a RequestHead,
    pub(super) call: &'a Call,
    pub(super) layout: &'a Layout,
    /// Of the whole body, in bytes, if it is known.
    pub(super) length: Option<u64>,
    /// The beginning of the body, as far as it is at hand.
    pub(super) window: &'a [u8],
}

impl Stream {
    /// Rewrites body and headers for the plan's first step.
    ///
    /// # Errors
    /// A body that cannot be rewritten, as the client is told.
    pub(super) fn apply<H: Host + ?Sized>(
        &self,
        host: &H,
        held: Held<'_>,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        let Held { head, call, length, window, .. } = held;
        let engine = &*self.engine;
        let config = &engine.config;
        if config.is_handing_over() {
            return self.hand_over(host, held, decision);
        }
        if config.hold == Hold::BufferFilter {
            return self.send_without_head(host, held, decision);
        }
        let Some(step) = decision.plan.first() else { return Ok(()) };
        let provider = config.provider(step.server.provider(config));
        let edits = edits(host, config, held, step)?;
        let length = length.map(|length| length_after(length, &edits));
        splice(host, edits, window)?;
        if let (Some(length), Some(_)) = (length, head.first("content-length")) {
            host.set_request_header("content-length", Some(length.to_string().as_bytes()));
        }
        set_headers(host, engine, head, call, step);
        let names = &config.headers;
        if decision.disable_cache {
            host.set_request_header("cache-control", Some(b"no-cache, no-store"));
        }
        host.set_request_header(&names.cluster, Some(provider.cluster.as_bytes()));
        host.set_request_header(&names.model, Some(header_value(&step.model).as_bytes()));
        host.clear_route_cache();
        read::debug(host, || summary(config, decision, step, &provider.cluster));
        Ok(())
    }
}

/// What was decided, for the log.
pub(super) fn summary(config: &Config, decision: &Decision, step: &Step, cluster: &str) -> String {
    let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
    let (model, deployment) = (header_value(&decision.model), step.server.name(config));
    format!(
        "route={route} model={model} deployment={} cluster={cluster}",
        header_value(&deployment)
    )
}

/// What the body is to be changed in for a step.
///
/// # Errors
/// A body that cannot be rewritten, as the client is told.
pub(super) fn edits<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    held: Held<'_>,
    step: &Step,
) -> Result<Vec<Edit>, Refusal> {
    let model = (!held.call.names_model()).then(|| step.server.upstream_model(config));
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

fn set_headers<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    head: &RequestHead,
    call: &Call,
    step: &Step,
) {
    let id = step.server.provider(&engine.config);
    if engine.secret(id).is_some() {
        for name in head.credentials() {
            host.set_request_header(name, None);
        }
    }
    set_providers_headers(host, engine, id);
    accept_plain_answer(host, head);
    if let Some(path) = path(engine, head, call, step) {
        host.set_request_header(":path", Some(path.as_bytes()));
    }
}

/// A compressed answer could not be read; between here and the provider it need not be.
pub(super) fn accept_plain_answer<H: Host + ?Sized>(host: &H, head: &RequestHead) {
    if head.first("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        host.set_request_header("accept-encoding", Some(b"identity"));
    }
}

/// Sets what a provider's configuration says of headers, its credential and host.
pub(super) fn set_providers_headers<H: Host + ?Sized>(host: &H, engine: &Engine, id: ProviderId) {
    let provider = engine.config.provider(id);
    for name in &provider.remove_headers {
        host.set_request_header(name, None);
    }
    for (name, value) in &provider.headers {
        host.set_request_header(name, Some(value.as_bytes()));
    }
    if let (Some(secret), Some(credential)) = (engine.secret(id), &provider.credential) {
        host.set_request_header(&credential.header, Some(secret.as_bytes()));
    }
    if let Some(authority) = &provider.authority {
        host.set_request_header(":authority", Some(authority.as_bytes()));
    }
}

/// The path for a step, where it is not the one that came.
pub(super) fn path(
    engine: &Engine,
    head: &RequestHead,
    call: &Call,
    step: &Step,
) -> Option<String> {
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
    let target = Target {
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

/// The plain path for the model that the client names, where it is not the one that came.
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
    let target = Target {
        prefix: "",
        template: None,
        model,
        operation: call.entry.path,
        removes_credentials: false,
    };
    let path = rewrite::path(&call.path_for(model), query.as_deref(), &target);
    (path != original).then_some(path)
}
