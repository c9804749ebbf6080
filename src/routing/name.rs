//! What a client's name stands for.

use crate::config::{Config, DeploymentId, GroupId, ModelId, ProviderId, Status, Target};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// A model; with a group where the name chose a variant.
    Model(ModelId, Option<GroupId>),
    /// A deployment.
    Deployment(DeploymentId),
    /// An upstream model at a provider, configured as no deployment.
    Direct(ProviderId, String),
}

impl Named {
    /// The model's name, where it is one.
    pub(super) fn model<'a>(&self, config: &'a Config) -> Option<&'a str> {
        match self {
            Self::Model(id, _) => Some(config.model(*id).name.as_str()),
            _ => None,
        }
    }
}

impl From<Target> for Named {
    fn from(target: Target) -> Self {
        match target {
            Target::Model(model, group) => Self::Model(model, group),
            Target::Deployment(id) => Self::Deployment(id),
        }
    }
}

/// What a client's name stands for.
///
/// An exact name wins over `NAME#variant`, so that a `#` may be part of a name.
/// A deleted model, and a variant that does not exist, stand for nothing.
pub(super) fn name(config: &Config, name: &str) -> Option<Named> {
    match keyed(config, name)? {
        (Named::Model(model, _), Some(key)) => {
            variant(config, model, key).map(|group| Named::Model(model, Some(group)))
        }
        (named, _) => Some(named),
    }
}

/// What a name stands for, and the variant's key at its end: of models only, and
/// only where the whole name stands for nothing.
pub(super) fn keyed<'n>(config: &Config, name: &'n str) -> Option<(Named, Option<&'n str>)> {
    if let Some(named) = exact(config, name) {
        return Some((named, None));
    }
    let (base, key) = name.rsplit_once('#')?;
    let named = exact(config, base)?;
    matches!(named, Named::Model(..)).then_some((named, Some(key)))
}

/// What a name stands for without a variant at its end.
fn exact(config: &Config, name: &str) -> Option<Named> {
    let names = &config.names;
    if let Some(id) = names.aliases.get(name).or_else(|| names.models.get(name)) {
        let is_there = config.model(*id).status != Status::Deleted;
        return is_there.then_some(Named::Model(*id, None));
    }
    if !config.allow_direct {
        return None;
    }
    if let Some(id) = names.deployments.get(name) {
        return Some(Named::Deployment(*id));
    }
    let (provider, model) = name.split_once(':')?;
    let provider = config.providers.iter().position(|known| known.name == provider)?;
    let provider = ProviderId(provider);
    let same = |deployment: &crate::config::Deployment| {
        deployment.provider == provider
            && deployment.upstream_model == model
            // Others are the shadow's alone.
            && names.deployments.contains_key(&deployment.id)
    };
    match config.deployments.iter().position(same) {
        Some(at) => Some(Named::Deployment(DeploymentId(at))),
        // In a path template these would name another folder.
        None if matches!(model, "" | "." | "..") => None,
        None => Some(Named::Direct(provider, model.to_owned())),
    }
}

/// The model's variant of that key.
pub(super) fn variant(config: &Config, model: ModelId, key: &str) -> Option<GroupId> {
    let groups = &config.model(model).groups;
    groups.iter().position(|group| group.key.as_deref() == Some(key)).map(GroupId)
}
