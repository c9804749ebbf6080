//! What resolving models and routes reads, and what it collects on the way.

use std::collections::BTreeSet;

use super::super::error::Diagnostics;
use super::deployments::DeploymentSet;
use super::names::Directory;
use crate::request::keyword::KeywordsBuilder;

/// What models and routes are resolved with.
pub(super) struct Scope<'a> {
    pub(super) deployments: &'a DeploymentSet,
    pub(super) directory: &'a Directory<'a>,
    pub(super) findings: &'a mut Diagnostics,
    pub(super) needs: &'a mut RequestNeeds,
}

/// What rules ask for of every request. It is collected over all rules, the shadow's included,
/// because a request is searched once for all of them.
pub(super) struct RequestNeeds {
    pub(super) keywords: KeywordsBuilder,
    pub(super) headers: BTreeSet<String>,
}
