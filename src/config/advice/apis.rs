//! Warnings of APIs that do not fit: a provider's host speaks another one than is configured, or a
//! model has deployments of several, between which nothing translates.

use std::collections::BTreeSet;

use super::super::configuration::Config;
use super::super::error::{Diagnostics, Path, quoted};
use super::super::ids::{DeploymentId, ModelId};
use super::super::model::Model;
use super::super::parts::Status;
use super::super::provider::{Api, Provider};
use super::super::resolve::reached;
use super::super::route::Target;
use super::super::settings::Translate;
use super::super::shape::listed;
use super::vendors;
use crate::request::format::Format;

/// Warns of hosts that speak another API than their provider has, and of models whose deployments
/// have no API in common.
pub(super) fn warn(config: &Config, findings: &mut Diagnostics) {
    let at = Path::Root.key("providers");
    for provider in config.providers.iter() {
        let Some((authority, api)) = other_api(provider) else { continue };
        let (api, own) = (quoted(name(api)), quoted(name(provider.api)));
        let message = format!(
            "is {own}, but {} speaks {api}; have \"api\": {api} here, or path or path_prefix for an \
             endpoint that speaks {own}",
            quoted(authority)
        );
        findings.warn(&at.key(&provider.name).key("api"), message);
    }
    let models = Path::Root.key("models");
    for (index, model) in config.models.iter().enumerate() {
        // A model that says `off` itself is meant to be so.
        let is_settled = model.translate.is_some() || config.translate != Translate::Off;
        if !is_settled && model.status != Status::Deleted {
            warn_of_mixed(config, &models, (ModelId(index), model), findings);
        }
    }
}

/// Warns of a model without a wire format that all of its deployments speak.
fn warn_of_mixed(
    config: &Config,
    models: &Path<'_>,
    (id, model): (ModelId, &Model),
    findings: &mut Diagnostics,
) {
    let target = std::iter::once(Target::Model(id, None));
    let ids = reached(target, &config.models);
    if has_common(providers(config, &ids)) {
        return;
    }
    let message = format!(
        "its deployments speak different APIs, so no request reaches all of them: {}; \
         have \"translate\": \"strict\" here, or \"off\" if that is meant",
        by_api(config, &ids)
    );
    findings.warn(&models.key(&model.name), message);
}

/// Whether there is a wire format that all of these providers speak.
pub(super) fn has_common<'c>(providers: impl Iterator<Item = &'c Provider> + Clone) -> bool {
    Format::ALL.iter().any(|format| providers.clone().all(|one| one.speaks(*format)))
}

/// Returns the providers of the deployments that are enabled.
pub(super) fn providers<'c>(
    config: &'c Config,
    ids: &'c BTreeSet<DeploymentId>,
) -> impl Iterator<Item = &'c Provider> + Clone {
    let enabled = ids.iter().map(|id| config.deployment(*id)).filter(|one| one.enabled);
    enabled.filter_map(|one| config.providers.get(one.provider.0))
}

/// Returns the enabled ones of the deployments, listed by the API of their providers.
pub(super) fn by_api(config: &Config, ids: &BTreeSet<DeploymentId>) -> String {
    let mut groups: Vec<(&Provider, Vec<&str>)> = Vec::new();
    for one in ids.iter().map(|id| config.deployment(*id)).filter(|one| one.enabled) {
        let Some(provider) = config.providers.get(one.provider.0) else { continue };
        match groups.iter_mut().find(|(other, _)| is_same(other, provider)) {
            Some((_, ids)) => ids.push(&one.id),
            None => groups.push((provider, vec![&one.id])),
        }
    }
    let of = |(provider, ids): (&Provider, Vec<&str>)| {
        format!("{} ({})", listed(ids), name(provider.api))
    };
    groups.into_iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Whether two providers speak the same formats.
fn is_same(one: &Provider, other: &Provider) -> bool {
    one.api == other.api && (one.api != Api::Azure || one.path.is_some() == other.path.is_some())
}

/// Returns the authority of a provider and the API that it speaks, if that is not the one that the
/// provider is configured with. Where the path is changed, the configured one may be right: many
/// vendors speak OpenAI's API on paths of its own.
fn other_api(provider: &Provider) -> Option<(&str, Api)> {
    let authority = provider.authority.as_deref()?;
    let api = vendors::of_authority(provider)?.api?;
    let is_compatible = match provider.api {
        Api::Any => true,
        // Anthropic has that API on the usual path, without the Responses.
        Api::OpenAiChat => api == Api::Anthropic,
        own => own == api,
    };
    let has_path = provider.path.is_some() || !provider.path_prefix.is_empty();
    (!is_compatible && !has_path).then_some((authority, api))
}

/// Returns the name of an API in the configuration.
const fn name(api: Api) -> &'static str {
    match api {
        Api::OpenAi => "openai",
        Api::OpenAiChat => "openai-chat",
        Api::Anthropic => "anthropic",
        Api::Gemini => "gemini",
        Api::Azure => "azure",
        Api::Bedrock => "bedrock",
        Api::Cohere => "cohere",
        Api::Ollama => "ollama",
        Api::Any => "any",
    }
}
