//! Places in the lists of a configuration, which are what names are resolved to.

/// Index of a provider in [`Config::providers`](super::Config::providers).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(pub usize);

/// Index of a deployment in [`Config::deployments`](super::Config::deployments). The shadow has
/// the same deployments, so an id is good in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeploymentId(pub usize);

/// Index of a model in [`Config::models`](super::Config::models). The shadow may have other
/// models, so an id is good only in the configuration that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub usize);

/// Index of a route in [`Config::routes`](super::Config::routes), which is in the order in which
/// routes are tried. The order in the file may be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub usize);

/// Index of a group (the base or a variant) in [`Model::groups`](super::Model::groups).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub usize);
