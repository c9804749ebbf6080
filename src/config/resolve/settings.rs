//! Settings: header names, limits, what stands in for unknown models.

use std::collections::BTreeMap;

use super::super::error::{Findings, Path, quoted};
use super::super::raw::{self, Listed, Named, Raw};
use super::super::{ClientHeaders, Cooldown, HeaderNames, RouteSource, UnknownModel};
use super::names::{Directory, resolved};
use super::{pairs, present};
use crate::request::format::{Format, ModelPlace};
use crate::request::path::PathTable;
use crate::request::tokens::Costs;

/// Characters that count as one token.
const CHARACTERS_PER_TOKEN: u64 = 4;

/// Headers that other parts of HTTP live by; this filter removes or overwrites its own.
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

/// Warns of what leaves requests without a way.
pub(super) fn warn(raw: &Raw, findings: &mut Findings) {
    let root = Path::Root;
    if raw.role == "attempt" && raw.failover.max_attempts < 2 && !raw.failover.attempt_filter {
        let message = "has nothing to do: failover.max_attempts is 1, so nothing is handed over";
        findings.warn(&root.key("role"), message);
    }
    if raw.default_cluster.is_none() && !findings.is_reported(&root.key("default_cluster")) {
        let message =
            "is not set; envoy answers 503 to requests that are not judged or pass through";
        findings.warn(&root.key("default_cluster"), message);
    }
}

/// Resolves the model that stands in for unknown ones; also among a shadow's names, where
/// what is wrong is the shadow's.
pub(super) fn unknown_model(
    raw: &raw::UnknownModel,
    directory: &Directory<'_>,
    shadow: Option<&Path<'_>>,
    findings: &mut Findings,
) -> UnknownModel {
    let at = Path::Root.key("unknown_model");
    let at = at.key("model");
    let found = raw.model.as_ref().map(|name| directory.model(name));
    let model = found.and_then(|found| match shadow {
        None => resolved(&at, found, findings),
        Some(_) if findings.is_reported(&at) => None,
        Some(shadow) => {
            let of_shadow = found.map_err(|message| format!("unknown_model: {message}"));
            resolved(shadow, of_shadow, findings)
        }
    });
    match (model, raw.policy.as_deref()) {
        (Some(model), _) => UnknownModel::Model(model),
        (None, Some("pass_through")) => UnknownModel::PassThrough,
        (None, _) => UnknownModel::Reject,
    }
}

/// The control headers of a list, or all of them.
pub(super) fn client_headers(list: &Listed<String>) -> ClientHeaders {
    let names = present(list);
    let allows = |name: &str| names.iter().any(|allowed| allowed == name || allowed == "all");
    ClientHeaders {
        route: allows("route"),
        tag: allows("tag"),
        params: allows("params"),
        variant: allows("variant"),
        session: allows("session"),
        cost_limit: allows("cost_limit"),
        provider: allows("provider"),
        deployment: allows("deployment"),
        fallback: allows("fallback"),
    }
}

/// Where further models come from.
pub(super) fn route_source(raw: &raw::RouteSource) -> RouteSource {
    RouteSource {
        cluster: raw.cluster.clone().unwrap_or_default(),
        path: raw.path.clone().unwrap_or_default(),
        interval_ms: raw.interval_ms,
        timeout_ms: raw.timeout_ms,
        token_env: raw.token_env.clone(),
    }
}

/// The cooldown, whose longest length is not below its first.
pub(super) fn cooldown(cooldown: &Cooldown, findings: &mut Findings) -> Cooldown {
    if cooldown.max_time_ms < cooldown.time_ms {
        let (most, first) = (cooldown.max_time_ms, cooldown.time_ms);
        let at = Path::Root.key("cooldown");
        let message = format!("{most} is below time_ms; allowed: {first} and more");
        findings.problem(&at.key("max_time_ms"), message);
    }
    cooldown.clone()
}

/// Further paths over the built-in ones.
pub(super) fn paths(paths: &Named<String>, findings: &mut Findings) -> PathTable {
    let at = Path::Root.key("paths");
    let mut further = Vec::new();
    for (suffix, name) in pairs(paths) {
        let Some(format) = Format::from_name(&name) else { continue };
        if format.model_place() != ModelPlace::Body {
            let message = format!(
                "{} names its model in the path or the query, where its own paths have it; \
                 allowed: a format whose model is in the body",
                quoted(&name)
            );
            findings.problem(&at.key(&suffix), message);
        }
        further.push((suffix, format));
    }
    PathTable::with(further)
}

/// Costs given in characters, as tokens.
pub(super) fn costs(raw: &raw::Tokens) -> Costs {
    let tokens = |characters: u64| characters.div_ceil(CHARACTERS_PER_TOKEN);
    let default = Costs::default();
    Costs {
        image: raw.chars_per_image.map_or(default.image, tokens),
        audio: raw.chars_per_audio.map_or(default.audio, tokens),
        file: raw.chars_per_file.map_or(default.file, tokens),
        ..default
    }
}

/// The names of this filter's headers, no two of them the same.
pub(super) fn header_names(raw: &Named<String>, findings: &mut Findings) -> HeaderNames {
    let at = Path::Root.key("headers");
    let names = HeaderNames::default().map(|name| match raw.get(&name) {
        Some(Some(other)) => other.clone(),
        _ => name,
    });
    let defaults = HeaderNames::default();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let named = || defaults.all().into_iter().zip(names.all());
    // Names that are kept first, so that the one that was changed is told.
    let kept = named().filter(|(default, name)| default == name);
    for (default, name) in kept.chain(named().filter(|(default, name)| default != name)) {
        if RESERVED.contains(&name) {
            let message = format!("{} has a meaning of its own in http", quoted(name));
            findings.problem(&at.key(default), message);
        }
        if let Some(other) = taken.insert(name, default) {
            let message = format!("{} is also the name of {other}", quoted(name));
            findings.problem(&at.key(default), message);
        }
    }
    names
}
