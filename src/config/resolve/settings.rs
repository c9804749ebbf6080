//! Settings: header names, limits, what stands in for unknown models.

use std::collections::BTreeMap;

use super::super::error::{Diagnostics, Path, quoted};
use super::super::headers::HeaderNames;
use super::super::ids::DeploymentId;
use super::super::raw::{ByName, RawTokens, RawUnknownModel, Settings, StandIn, Unnamed};
use super::super::settings::{Cooldown, Role, UnknownModel};
use super::deployments::DeploymentSet;
use super::lists::pairs;
use super::names::{Directory, resolved};
use crate::request::format::{Format, ModelPlace};
use crate::request::path::PathTable;
use crate::request::tokens::Costs;

/// Characters that count as one token.
const CHARACTERS_PER_TOKEN: u64 = 4;

/// Headers that other parts of HTTP depend on. This filter removes or overwrites headers of its
/// own, so none of them may have one of these names.
const RESERVED: [&str; 18] = [
    "accept",
    "accept-encoding",
    "api-key",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "set-cookie",
    "te",
    "transfer-encoding",
    "x-api-key",
    "x-forwarded-for",
    "x-goog-api-key",
    "x-request-id",
];

/// What is said of a document without `default_cluster`; after the semicolon, what to do.
pub const NO_DEFAULT_CLUSTER: &str = "is not set, so Envoy answers 503 to requests that the filter does not read or lets through; that is \
     right if you serve only LLM requests, or else name a cluster for the others";

/// Warns of settings that leave requests nowhere to go.
#[inline(never)]
pub(super) fn warn(settings: &Settings, findings: &mut Diagnostics) {
    let root = Path::Root;
    let Settings { role, failover, .. } = settings;
    if *role == Role::Attempt && !failover.has_attempts() {
        let message = "has no effect, because failover.max_attempts is 1 and the router hands \
                       nothing over; set failover.max_attempts above 1, or \"failover\": \
                       {\"attempt_filter\": true}";
        findings.warn(&root.key("role"), message);
    }
    // A key that was reported is absent as well, and needs no warning.
    if settings.default_cluster.is_none() && !findings.is_reported(&root.key("default_cluster")) {
        findings.warn(&root.key("default_cluster"), NO_DEFAULT_CLUSTER);
    }
}

/// Returns what unknown models get, with the name of a model that stands in for them resolved.
///
/// A shadow has the same setting, but may lack that model. The problem is then reported at the
/// shadow.
#[inline(never)]
pub(super) fn unknown_model(
    raw: &RawUnknownModel,
    directory: &Directory<'_>,
    shadow: Option<&Path<'_>>,
    findings: &mut Diagnostics,
) -> UnknownModel {
    let StandIn { model } = match raw {
        RawUnknownModel::Reject => return UnknownModel::Reject,
        RawUnknownModel::PassThrough => return UnknownModel::PassThrough,
        RawUnknownModel::StandIn(model) => model,
    };
    let at = Path::Root.key("unknown_model");
    let at = at.key("model");
    let found = model.as_ref().map(|name| directory.model(name));
    let model = found.and_then(|found| match shadow {
        None => resolved(&at, found, findings),
        // The rules of the document lack the model too, and have reported it.
        Some(_) if findings.is_reported(&at) => None,
        Some(shadow) => {
            // At the shadow, because the key itself is right for the document.
            let of_shadow = found.map_err(|message| format!("unknown_model: {message}"));
            resolved(shadow, of_shadow, findings)
        }
    });
    model.map_or(UnknownModel::Reject, UnknownModel::Model)
}

/// Returns what serves requests that name no model. It is a deployment of the document, for the
/// shadow as well.
#[inline(never)]
pub(super) fn no_model(
    raw: Option<&Unnamed>,
    deployments: &DeploymentSet,
    findings: &mut Diagnostics,
) -> Option<DeploymentId> {
    let id = raw?.deployment.as_ref()?;
    let at = Path::Root.key("no_model");
    resolved(&at.key("deployment"), deployments.find(id), findings)
}

/// Refuses a cooldown whose longest length is below its first.
#[inline(never)]
pub(super) fn check_cooldown(cooldown: &Cooldown, findings: &mut Diagnostics) {
    if cooldown.max_time_ms < cooldown.time_ms {
        let (most, first) = (cooldown.max_time_ms, cooldown.time_ms);
        let at = Path::Root.key("cooldown");
        let message = format!("{most} is below time_ms; allowed: {first} or more");
        findings.problem(&at.key("max_time_ms"), message);
    }
}

/// Returns the paths of LLM requests: the built-in ones, and those that the configuration adds.
#[inline(never)]
pub(super) fn paths(paths: &ByName<String>, findings: &mut Diagnostics) -> PathTable {
    let at = Path::Root.key("paths");
    let mut further = Vec::new();
    for (suffix, name) in pairs(paths) {
        let Some(format) = Format::from_name(&name) else { continue };
        // Such a format finds the model at a fixed place of its own paths, which a configured path
        // does not have.
        if format.model_place() != ModelPlace::Body {
            let message = format!(
                "{} has the model in the path or the query, and no other path has it there; \
                 choose a format that has the model in the body",
                quoted(&name)
            );
            findings.problem(&at.key(&suffix), message);
        }
        further.push((suffix, format));
    }
    PathTable::with(further)
}

/// Returns the costs in tokens of what is given in characters.
///
/// Rounded up, so that what is given as one character still costs a token. What is left out keeps
/// its default.
pub(super) fn costs(raw: &RawTokens) -> Costs {
    let tokens = |characters: u64| characters.div_ceil(CHARACTERS_PER_TOKEN);
    let default = Costs::default();
    Costs {
        image: raw.chars_per_image.map_or(default.image, tokens),
        audio: raw.chars_per_audio.map_or(default.audio, tokens),
        file: raw.chars_per_file.map_or(default.file, tokens),
        ..default
    }
}

/// Refuses names of this filter's headers that are taken, by each other or by HTTP.
#[inline(never)]
pub(super) fn check_header_names(names: &HeaderNames, findings: &mut Diagnostics) {
    let at = Path::Root.key("headers");
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let named = || HeaderNames::KEYS.into_iter().zip(names.all());
    // Names that were not changed come first, so that a changed one is reported.
    let kept = named().filter(|(key, name)| key == name);
    for (key, name) in kept.chain(named().filter(|(key, name)| key != name)) {
        if RESERVED.contains(&name) {
            let message =
                format!("{} has a meaning of its own in HTTP; choose another name", quoted(name));
            findings.problem(&at.key(key), message);
        }
        // Both would be written to one header, and the later value would replace the first.
        if let Some(other) = taken.insert(name, key) {
            let message =
                format!("{} is already the name of {other}; choose another name", quoted(name));
            findings.problem(&at.key(key), message);
        }
    }
}
