//! What the name that a client sends stands for.

use crate::config::{Config, DeploymentId, GroupId, ModelId, ProviderId, Status, Target};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NamedTarget {
    /// A model, and the group of the variant that the name chose, if it chose one.
    Model(ModelId, Option<GroupId>),
    /// A deployment.
    Deployment(DeploymentId),
    /// The deployment that serves requests which name no model, as they are.
    Unnamed(DeploymentId),
    /// An upstream model at a provider, of which there is no deployment.
    Direct(ProviderId, String),
}

impl NamedTarget {
    /// Returns the model's name, where it is a model.
    pub(super) fn model<'a>(&self, config: &'a Config) -> Option<&'a str> {
        match self {
            Self::Model(id, _) => Some(config.model(*id).name.as_str()),
            _ => None,
        }
    }
}

impl From<Target> for NamedTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Model(model, group) => Self::Model(model, group),
            Target::Deployment(id) => Self::Deployment(id),
        }
    }
}

/// Returns what a name stands for, if it stands for anything.
///
/// An exact name wins over `NAME#variant`, so that a `#` may be part of a name. A deleted
/// model stands for nothing, and neither does a variant that does not exist.
pub(super) fn find(config: &Config, name: &str) -> Option<NamedTarget> {
    match find_keyed(config, name)? {
        (NamedTarget::Model(model, _), Some(key)) => {
            find_variant(config, model, key).map(|group| NamedTarget::Model(model, Some(group)))
        }
        (named, _) => Some(named),
    }
}

/// Returns what a name stands for, and the key of a variant at its end. There is a key only
/// after the name of a model, and only where the name as a whole stands for nothing.
pub(super) fn find_keyed<'n>(
    config: &Config,
    name: &'n str,
) -> Option<(NamedTarget, Option<&'n str>)> {
    if let Some(named) = find_exact(config, name) {
        return Some((named, None));
    }
    let (base, key) = name.rsplit_once('#')?;
    let named = find_exact(config, base)?;
    matches!(named, NamedTarget::Model(..)).then_some((named, Some(key)))
}

/// Returns what a name stands for as a whole: an alias or a model, or with `allow_direct` a
/// deployment's id or `provider:model`.
fn find_exact(config: &Config, name: &str) -> Option<NamedTarget> {
    let names = &config.names;
    if let Some(id) = names.aliases.get(name).or_else(|| names.models.get(name)) {
        let is_there = config.model(*id).status != Status::Deleted;
        return is_there.then_some(NamedTarget::Model(*id, None));
    }
    if !config.allow_direct {
        return None;
    }
    if let Some(id) = names.deployments.get(name) {
        return Some(NamedTarget::Deployment(*id));
    }
    let (provider, model) = name.split_once(':')?;
    let provider = config.providers.iter().position(|known| known.name == provider)?;
    let provider = ProviderId(provider);
    let same = |deployment: &crate::config::Deployment| {
        deployment.provider == provider
            && deployment.upstream_model == model
            // Deployments that only the shadow has are nothing to clients.
            && names.deployments.contains_key(&deployment.id)
    };
    match config.deployments.iter().position(same) {
        Some(at) => Some(NamedTarget::Deployment(DeploymentId(at))),
        None if model.is_empty() || leaves_its_folder(model) => None,
        None => Some(NamedTarget::Direct(provider, model.to_owned())),
    }
}

/// Returns whether a model that becomes part of a path could name another folder there. Some
/// servers take an encoded slash for a slash, and see no more of a segment than stands before `;`.
fn leaves_its_folder(model: &str) -> bool {
    let mut segments = model.split(['/', '\\']);
    segments.any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

/// Returns the model's variant of that key.
pub(super) fn find_variant(config: &Config, model: ModelId, key: &str) -> Option<GroupId> {
    let groups = &config.model(model).groups;
    groups.iter().position(|group| group.key.as_deref() == Some(key)).map(GroupId)
}
