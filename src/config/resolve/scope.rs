//! What resolving models and routes reads, and what it collects on the way.

use std::collections::BTreeSet;

use super::super::error::Findings;
use super::deployments::Ground;
use super::names::Directory;
use crate::request::keyword::KeywordsBuilder;

/// What models and routes are resolved with.
pub(super) struct Scope<'a> {
    pub(super) ground: &'a Ground,
    pub(super) directory: &'a Directory<'a>,
    pub(super) findings: &'a mut Findings,
    pub(super) wanted: &'a mut Wanted,
}

/// What rules ask for of every request.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) keywords: KeywordsBuilder,
    pub(super) headers: BTreeSet<String>,
}
