//! Models: what clients ask for, and who serves it.

use std::ops::Deref;
use std::sync::Arc;

use super::candidate::Candidate;
use super::custom::Custom;
use super::declare::section;
use super::ids::{DeploymentId, GroupId};
use super::large::Index;
use super::parts::{ParamSchema, Status, TagMatch};
use super::route::Target;
use super::settings::Translate;
use super::shape::TEXT;
use super::sticky::{RawSticky, Sticky};
use crate::strategy::Strategy;

/// What clients ask for.
///
/// Its [`ModelTraits`] are read as if they were its own: `model.status`.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its key in `models`.
    pub name: String,
    /// The base group, or one per variant; never empty.
    pub groups: Vec<Group>,
    /// The group that is meant when a request names no variant.
    pub default_group: GroupId,
    /// Models to try after a failure, by kind of failure.
    pub fallbacks: Fallbacks,
    /// Where requests that continue provider state go: a provider keeps such state by itself, so
    /// no other can continue it.
    pub state_deployment: Option<DeploymentId>,
    /// What the requests of a session are recognised by.
    pub sticky: Sticky,
    /// The rest of what the document says of it, which refers to no names.
    pub traits: Arc<ModelTraits>,
}

impl Deref for Model {
    type Target = ModelTraits;

    fn deref(&self) -> &ModelTraits {
        &self.traits
    }
}

section! {
    /// What a document says of a model beside the names of what serves it.
    #[derive(Debug, Default)]
    pub struct ModelTraits "model_traits" {
        /// `archived`: the model serves requests but is not listed. `deleted`: the model does not
        /// exist for clients.
        pub status: Status = "active",
        /// A text for the model list.
        pub description: Option<String> as TEXT = none,
        /// A text for the model list.
        pub purpose: Option<String> as TEXT = none,
        /// A text for the model list.
        pub when_to_use: Option<String> as TEXT = none,
        /// The schema that params are checked against.
        pub param_schema: Option<ParamSchema> = none,
        /// Whether its requests may go to providers with another API. Without it, the
        /// configuration's `translate` counts.
        pub translate: Option<Translate> = none,
        /// Whether candidates must have any or all of the request's tags.
        pub tag_match: TagMatch = "off",
        /// The settings of the strategy `sticky`.
        pub(super) sticky: Option<RawSticky> = none,
        /// The settings of the strategy `custom`.
        pub custom: Option<Custom> = none,
    }
}

/// A strategy over candidates: a model's own, or one of its variants.
#[derive(Debug, Clone)]
pub struct Group {
    /// The variant's key; none for a model without variants.
    pub key: Option<String>,
    /// How candidates are ordered.
    pub strategy: Strategy,
    /// In file order; never empty.
    pub candidates: Vec<Candidate>,
    /// What is known beforehand of a large group, so that a pick need not look at every candidate.
    pub index: Index,
    /// Shown in the model list.
    pub purpose: Option<String>,
    /// Shown in the model list.
    pub when_to_use: Option<String>,
}

/// Models to go on to, by kind of failure.
#[derive(Debug, Clone, Default)]
pub struct Fallbacks {
    /// After any failure without a list of its own.
    pub general: Vec<Target>,
    /// After a context window error. If it is none, `general` stands in; if it is empty, nothing
    /// else is tried.
    pub context_window: Option<Vec<Target>>,
    /// After a content policy refusal; `general` does not stand in for it.
    pub content_policy: Option<Vec<Target>>,
    /// After a rate limit. If it is none, `general` stands in; if it is empty, nothing else is
    /// tried.
    pub rate_limit: Option<Vec<Target>>,
}
