//! Where a provider reads the model: in the path that it is asked under, or in the body.
//!
//! What counts is the path that goes out, not the one that came. A request that named its model in
//! the path may go out under a path that names none, and then its body is what the provider goes
//! by.

use std::borrow::Cow;

use crate::config::{Config, Provider};
use crate::lifecycle::intake::Intake;
use crate::request::credential::Passage;
use crate::request::format::{Format, Task};
use crate::request::path::{self, Call};
use crate::request::rewrite::{self, MemberUse, PathTarget};
use crate::routing::Step;
use crate::text::percent_decoded_text;

/// Returns whether a provider that is asked under `path` takes the model from the body, as far as
/// is known: under every path but those of formats that name their model there. `None` is the path
/// that the client asked for.
///
/// For example, `/openai/deployments/m/chat/completions` names the model, and
/// `/openai/v1/chat/completions` does not. `/m/v1/chat/completions` is no path of a known format,
/// so a server there may well go by the body.
fn is_read_from_body(config: &Config, call: &Call, path: Option<&str>) -> bool {
    let names = |path| config.paths.call(b"POST", path).is_some_and(|call| call.names_model());
    !path.map_or_else(|| call.names_model(), names)
}

/// Returns what becomes of the member `model` of a body that is sent under `path`.
/// `is_repeated`: the body has the model deeper in it as well.
pub(super) fn member_use(
    config: &Config,
    call: &Call,
    path: Option<&str>,
    is_repeated: bool,
) -> MemberUse {
    if !call.entry.has_model {
        return MemberUse::Leave;
    }
    // A session's model stands in what it is opened with.
    if call.entry.task == Task::Realtime && is_repeated {
        return MemberUse::Repeat;
    }
    // What the client named there is never sent on, whether or not it is read.
    if !call.names_model() || is_read_from_body(config, call, path) {
        MemberUse::Set
    } else if call.entry.repeats_model() && call.entry.task != Task::CountTokens {
        // Google documents it as required there, beside the path, and so does Mistral on Vertex.
        MemberUse::Repeat
    } else {
        MemberUse::Leave
    }
}

/// Returns whether a provider may go by the body's model although the client names it in the path.
/// Then a request cannot go on before all of its body is known.
pub(crate) fn may_be_read_from_body(config: &Config, call: &Call) -> bool {
    let is_so = |provider: &Provider| {
        let Some(template) = provider.path.as_deref() else { return false };
        let target = PathTarget {
            prefix: &provider.path_prefix,
            template: Some(template),
            model: "m",
            operation: call.entry.path,
            passage: Passage { has_own: false, kept: &[] },
            is_named_in_query: false,
        };
        provider.speaks(call.format())
            && is_read_from_body(config, call, Some(&rewrite::path("", None, &target)))
    };
    call.names_model() && config.providers.iter().any(is_so)
}

/// Returns the upstream model of a step as a body repeats it whose path names it.
///
/// Google's bodies repeat the name of the resource, as `models/m`, or on Vertex from its project
/// on.
pub(super) fn repeated_name<'a>(
    config: &'a Config,
    intake: &Intake,
    step: &'a Step,
    path: Option<&str>,
) -> Cow<'a, str> {
    let model = step.server.upstream_model(config);
    if intake.call.format() != Format::GeminiGenerate {
        return Cow::Borrowed(model);
    }
    // On Vertex the path has the whole resource, from its project to the colon of the method.
    let came = intake.head.text(":path").unwrap_or_default();
    let (path, _) = path::split(path.unwrap_or(&came));
    let resource = path.find("/projects/").and_then(|at| path.get(at.saturating_add(1)..));
    let resource = resource.and_then(|resource| resource.rsplit_once(':'));
    Cow::Owned(match resource {
        Some((resource, _)) => percent_decoded_text(resource),
        None => path::resource(model),
    })
}
