//! What is resolved together: a document with what was added, and the rules in it.

use super::super::error::Path;
use super::super::raw::{ByName, Elements, Raw, RawModel, RawRoute, RawShadow};

/// A document to which something may have been added.
///
/// Something is what a route source delivered, or dynamic entries. The shadow is resolved over the
/// document as it was written, so both are kept.
pub(in crate::config) struct Layers {
    /// With what was added.
    pub(in crate::config) raw: Raw,
    /// Without it, for the shadow; none where nothing was added.
    pub(in crate::config) own: Option<Raw>,
    /// How many of the routes, from the first on, are the document's.
    pub(in crate::config) own_routes: usize,
}

impl Layers {
    /// Returns a document to which nothing was added.
    #[inline(never)]
    pub(in crate::config) fn of(raw: Raw) -> Self {
        Self { own_routes: raw.routes.len(), own: None, raw }
    }
}

/// Models, aliases and routes that are resolved together, and where they stand.
pub(super) struct Rules<'a> {
    pub(super) models_at: Path<'a>,
    pub(super) models: &'a ByName<RawModel>,
    pub(super) aliases_at: Path<'a>,
    pub(super) aliases: &'a ByName<String>,
    pub(super) routes_at: Path<'a>,
    pub(super) routes: &'a Elements<RawRoute>,
    /// How many of them are the document's. The others are counted from 0 again.
    pub(super) own_routes: usize,
}

impl<'a> Rules<'a> {
    /// Returns the rules of a document.
    pub(super) fn of(raw: &'a Raw, root: &'a Path<'a>) -> Self {
        Self {
            models_at: root.key("models"),
            models: &raw.models,
            aliases_at: root.key("aliases"),
            aliases: &raw.aliases,
            routes_at: root.key("routes"),
            routes: &raw.routes,
            // All of them, until something is known to have been added.
            own_routes: usize::MAX,
        }
    }

    /// Returns the rules of a shadow. What it leaves out is the document's, and keeps its
    /// place there.
    #[inline(never)]
    pub(super) fn shadowing(raw: &'a Raw, shadow: &'a RawShadow, at: &'a Path<'a>) -> Self {
        // With the paths of the document, so that a problem of what both have is the same text and
        // is kept once.
        let mut rules = Self::of(raw, &Path::Root);
        if let Some(models) = &shadow.models {
            (rules.models, rules.models_at) = (models, at.key("models"));
        }
        if let Some(aliases) = &shadow.aliases {
            (rules.aliases, rules.aliases_at) = (aliases, at.key("aliases"));
        }
        if let Some(routes) = &shadow.routes {
            (rules.routes, rules.routes_at) = (routes, at.key("routes"));
        }
        rules
    }

    /// Returns where a route stands.
    pub(super) fn route_at(&'a self, index: usize) -> Path<'a> {
        // What was added counts its routes from 0 again, as its own document does.
        self.routes_at.index(index.checked_sub(self.own_routes).unwrap_or(index))
    }
}
