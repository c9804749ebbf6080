//! The changes of a request for the deployment that gets it: edits of the body, path, headers.

use std::ops::Range;

use crate::config::{Config, Credential, DeploymentId, ProviderId};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::unread::unreadable;
use crate::request::credential::{Naming, Passage};
use crate::request::format::BodyKind;
use crate::request::path::{self, Call};
use crate::request::refusal::Refusal;
use crate::request::rewrite::{
    self, BodyModel, BodyTarget, Edit, MemberUse, Mergeable, PathTarget, Splicer,
};
use crate::request::scan::Layout;
use crate::routing::{Decision, Server, Step};
use crate::text::header_value;

use super::model;

/// A request whose body the host holds at least up to the last edit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    pub(crate) intake: &'a Intake,
    /// Where in the body the values stand that may be rewritten.
    pub(crate) layout: &'a Layout,
    /// The edits that leave out what only one account can read.
    pub(crate) removal: &'a [Edit],
    /// Length of the whole body, in bytes, if it is known.
    pub(crate) length: Option<u64>,
    /// The beginning of the body, as far as the module still has it. It may be empty.
    pub(crate) window: &'a [u8],
    /// The deployment that gets the request without a model, because it names none.
    pub(crate) unnamed: Option<DeploymentId>,
}

impl Held<'_> {
    /// Returns whether a step sends the request without a model: it is the deployment of
    /// `no_model`, and the request names none.
    pub(super) fn is_unnamed(&self, step: &Step) -> bool {
        self.unnamed.is_some_and(|id| step.server == Server::Deployment(id))
    }
}

/// Returns the decision as a line of the debug log. Names are escaped, since a client may have
/// chosen them.
pub(super) fn summary(config: &Config, decision: &Decision, step: &Step, cluster: &str) -> String {
    let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
    let (model, deployment) = (header_value(&decision.model), step.server.name(config));
    format!(
        "route={route} model={model} deployment={} cluster={cluster}",
        header_value(&deployment)
    )
}

/// Returns the objects of a body that the overrides of these steps merge into.
pub(super) fn mergeable<'a, H: Host + ?Sized>(
    host: &'a H,
    steps: impl IntoIterator<Item = &'a Step>,
) -> Mergeable<'a, impl Fn(Range<u64>) -> Option<Vec<u8>>> {
    let overrides = steps.into_iter().flat_map(|step| &step.overrides.0);
    Mergeable::new(overrides, |range: Range<u64>| {
        let start = usize::try_from(range.start).ok()?;
        let length = usize::try_from(range.end).ok()?.saturating_sub(start);
        host.request_body(start, length)
    })
}

/// Returns the edits of the body for a step of the plan: its upstream model wherever the provider
/// reads it, its overrides and its defaults. `path` is the path that the provider is asked under; `None` where
/// that is the client's. `objects` are those that overrides merge into.
///
/// # Errors
/// The error for the client, where the body cannot be rewritten: an override would have to merge
/// into a value of another type, for example.
pub(super) fn edits<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    step: &Step,
    path: Option<&str>,
    objects: &Mergeable<'_, impl Fn(Range<u64>) -> Option<Vec<u8>>>,
) -> Result<Vec<Edit>, Refusal> {
    let (config, call) = (&cx.engine.config, &held.intake.call);
    if call.entry.body == BodyKind::None {
        return Ok(Vec::new());
    }
    let plain = step.server.upstream_model(config);
    let repeated = model::repeated_name(config, held.intake, step, path);
    let member = model::member_use(config, call, path, !held.layout.nested.is_empty());
    let name = if member == MemberUse::Repeat { &repeated } else { plain };
    let model = BodyModel { name, repeated: &repeated, member };
    let target = BodyTarget {
        model: (!held.is_unnamed(step)).then_some(model),
        overrides: &step.overrides.0,
        defaults: step.server.request_defaults(config, call.entry.task),
        watched: config.watched_members.names(),
        held_back: held_back(cx.engine, step),
    };
    rewrite::edits(held.layout, target, objects)
        .map_err(|not| Refusal::new(400, "invalid_body", not.to_string()))
}

/// Returns the members of a body that do not go to the provider of a step: those that name another
/// model, and beside the proxy's credential those that bring one.
pub(crate) fn held_back(engine: &Engine, step: &Step) -> Naming {
    Naming::held_back(passage(engine, step.server.provider(&engine.config)))
}

/// Returns what of a client's credentials and choices may go to a provider.
pub(crate) fn passage(engine: &Engine, id: ProviderId) -> Passage<'_> {
    Passage { has_own: engine.has_credential(id), kept: &engine.config.provider(id).keep }
}

/// Makes the edits in the body that the host holds. Only the part up to the last edit is
/// replaced. `window` is the beginning of the body, as far as the module still has it.
///
/// # Errors
/// The error for the client, where the host does not give back what it holds. The body cannot go
/// on unedited then: it would not have the length that its headers announce.
pub(super) fn splice<H: Host + ?Sized>(
    host: &H,
    edits: Vec<Edit>,
    window: &[u8],
) -> Result<(), Refusal> {
    if edits.is_empty() {
        return Ok(());
    }
    // What stands after the last edit never enters the module.
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

/// Asks the provider not to compress its response, since a compressed one could not be read.
/// Changes nothing where the client accepts no compression anyway.
pub(super) fn accept_plain_answer<H: Host + ?Sized>(host: &H, head: &RequestHead) {
    if head.first("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        host.set_request_header("accept-encoding", Some(b"identity"));
    }
}

/// Sets the headers that a provider's configuration names, its credential and its host. Headers
/// are removed first, so that one can be removed and set anew. A credential that Envoy adds comes
/// after this filter, and finds no other in its place.
pub(crate) fn set_providers_headers<H: Host + ?Sized>(cx: Ctx<'_, H>, id: ProviderId) {
    let provider = cx.engine.config.provider(id);
    for name in &provider.remove_headers {
        cx.host.set_request_header(name, None);
    }
    for (name, value) in &provider.headers {
        cx.host.set_request_header(name, Some(value.as_bytes()));
    }
    let credential = provider.credential.as_ref().and_then(Credential::secret);
    if let (Some(secret), Some(credential)) = (cx.engine.secret(id), credential) {
        cx.host.set_request_header(&credential.header, Some(secret.as_bytes()));
    }
    if let Some(authority) = &provider.authority {
        cx.host.set_request_header(":authority", Some(authority.as_bytes()));
    }
}

/// Returns the path for a step of the plan; `None` where it is the client's path, letter for
/// letter.
///
/// The path is rebuilt from what was understood of it, never patched. A path that servers may
/// read in several ways (`//v1/./chat%2fcompletions`) is sent in its plain form, so that the
/// provider does what the filter has decided about.
pub(super) fn path(engine: &Engine, held: Held<'_>, step: &Step) -> Option<String> {
    let Intake { head, call, .. } = held.intake;
    let config = &engine.config;
    let id = step.server.provider(config);
    let provider = config.provider(id);
    let original = head.text(":path").unwrap_or_default();
    // The client's path can stay only if nothing of this provider changes it.
    let is_same = provider.path.is_none() && provider.path_prefix.is_empty();
    if is_same && call.is_at(&original) {
        return None;
    }
    let (came, query) = path::split(&original);
    let model = step.server.upstream_model(config);
    let target = PathTarget {
        prefix: &provider.path_prefix,
        template: provider.path.as_deref(),
        model,
        operation: call.entry.path,
        passage: passage(engine, id),
        is_named_in_query: call.is_named_in_query(),
    };
    let is_whole = query.is_none_or(|query| !rewrite::is_cut(query, &target));
    if is_same && is_whole && call.is_at(came) && !original.contains('#') {
        return None;
    }
    let named =
        if held.is_unnamed(step) { query.map(str::to_owned) } else { call.query_for(query, model) };
    let path = rewrite::path(&call.path_for(model), named.as_deref(), &target);
    (path != original).then_some(path)
}

/// Returns the names that every provider keeps.
pub(super) fn kept_by_all(config: &Config) -> Vec<String> {
    let Some((first, others)) = config.providers.split_first() else { return Vec::new() };
    let is_kept = |name: &&String| others.iter().all(|other| other.keep.contains(name));
    first.keep.iter().filter(is_kept).cloned().collect()
}

/// Returns the plain form of the client's path, for the model that the client names; `None`
/// where the path is plain already. `kept` are names that stay in the query.
pub(super) fn plain_path(kept: &[String], head: &RequestHead, call: &Call) -> Option<String> {
    let original = head.text(":path").unwrap_or_default();
    let (came, query) = path::split(&original);
    let passage = Passage { has_own: false, kept };
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
        passage,
        is_named_in_query: call.is_named_in_query(),
    };
    let is_whole = query.as_deref().is_none_or(|query| !rewrite::is_cut(query, &target));
    if is_whole && call.is_at(came) && !original.contains('#') {
        return None;
    }
    let path = rewrite::path(&call.path_for(model), query.as_deref(), &target);
    (path != original).then_some(path)
}
