//! Turning a held request into the one its deployment is to get.

use crate::host::Host;
use crate::request::path::{self, Call};
use crate::request::refusal::Refusal;
use crate::request::rewrite::{self, Edit, Splicer, Target, length_after};
use crate::request::scan::Layout;
use crate::routing::{Decision, Step};

use super::engine::Engine;
use super::headers::{RequestHead, value};
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
        let Held { head, call, layout, length, window } = held;
        let engine = &*self.engine;
        let config = &engine.config;
        let Some(step) = decision.plan.first() else { return Ok(()) };
        let provider = config.provider(step.server.provider(config));
        let upstream_model = step.server.upstream_model(config);
        let edits = rewrite::edits(
            layout,
            (!call.names_model()).then_some(upstream_model),
            &step.overrides.0,
            &config.override_keys,
            |range| {
                let start = usize::try_from(range.start).ok()?;
                let length = usize::try_from(range.end).ok()?.saturating_sub(start);
                host.request_body(start, length)
            },
        )
        .map_err(|not| Refusal::new(400, "invalid_body", not.to_string()))?;
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
        host.set_request_header(&names.model, Some(value(&step.model).as_bytes()));
        host.clear_route_cache();
        read::debug(host, || {
            let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
            format!(
                "route={route} model={} deployment={} cluster={}",
                value(&decision.model),
                value(&step.server.name(config)),
                provider.cluster
            )
        });
        Ok(())
    }
}

/// Replaces the body up to the last edit; what follows it is not touched.
///
/// # Errors
/// A proxy that does not give back what it holds: sent on as it is, the body
/// would not have the length that its head announces.
fn splice<H: Host + ?Sized>(host: &H, edits: Vec<Edit>, window: &[u8]) -> Result<(), Refusal> {
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
    let config = &engine.config;
    let provider = config.provider(step.server.provider(config));
    let secret = engine.secret(step.server.provider(config));
    if secret.is_some() {
        for name in head.credentials() {
            host.set_request_header(name, None);
        }
    }
    for name in &provider.remove_headers {
        host.set_request_header(name, None);
    }
    for (name, value) in &provider.headers {
        host.set_request_header(name, Some(value.as_bytes()));
    }
    if let (Some(secret), Some(credential)) = (secret, &provider.credential) {
        host.set_request_header(&credential.header, Some(secret.as_bytes()));
    }
    if let Some(authority) = &provider.authority {
        host.set_request_header(":authority", Some(authority.as_bytes()));
    }
    let original = head.text(":path").unwrap_or_default();
    let (came, query) = path::split(&original);
    // A compressed answer could not be read; between here and the provider it need not be.
    if head.first("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        host.set_request_header("accept-encoding", Some(b"identity"));
    }
    let is_same = provider.path.is_none() && provider.path_prefix.is_empty() && secret.is_none();
    if is_same && call.is_at(came) && !original.contains('#') {
        return;
    }
    let model = step.server.upstream_model(config);
    let query = call.query_for(query, model);
    let path = rewrite::path(
        &call.path_for(model),
        query.as_deref(),
        &Target {
            prefix: &provider.path_prefix,
            template: provider.path.as_deref(),
            model,
            operation: call.entry.path,
            removes_credentials: secret.is_some(),
        },
    );
    if path != original {
        host.set_request_header(":path", Some(path.as_bytes()));
    }
}
