//! Models: what serves them, and how.

use std::sync::Arc;

use serde_json::Value;

use super::super::declare::section;
use super::super::deployment::{Deployment, Overrides};
use super::super::model::ModelTraits;
use super::super::read::{CheckedMembers, ReadChecked, Section, expect_absent, member};
use super::super::shape::{
    HasKeyKind, Key, KeyKind, SectionShape, TEXT, TextForm, WhenAbsent, as_member, documentation,
    marked, plain,
};
use crate::strategy::Strategy;

use super::lists::Elements;
use super::route::RawRule;

section! {
    /// A name that clients ask for. Candidates under a strategy serve it, or variants.
    #[derive(Debug, Default)]
    pub(crate) struct RawModel "model" {
        /// How candidates are ordered. Without it, `ordered_fallback`.
        pub(crate) strategy: Option<Strategy> = none,
        /// The deployments that serve it.
        pub(crate) candidates: Option<Elements<RawCandidate>> = none,
        /// Variants with candidates of their own, instead of strategy and candidates.
        pub(crate) variants: Option<Elements<RawVariant>> = none,
        /// Models to try after every deployment of this model's plan. A plain list means `general`.
        pub(crate) fallbacks: RawFallbacks = {},
        /// The deployment for requests that continue provider state.
        pub(crate) state_deployment: Option<String> = none,
        ..pub(crate) traits: Arc<ModelTraits>,
    }
}

section! {
    /// A keyed alternative of a model, asked for as NAME#key.
    #[derive(Debug)]
    pub(crate) struct RawVariant "variant" {
        /// The key of the variant: 1 to 64 characters from a-z, 0-9 and "-".
        pub(crate) key: Option<String> as (KeyKind::Text(TextForm::VariantKey)) = required,
        /// A text for the model list.
        pub(crate) purpose: Option<String> as TEXT = none,
        /// A text for the model list.
        pub(crate) when_to_use: Option<String> as TEXT = none,
        /// How candidates are ordered.
        pub(crate) strategy: Strategy = "ordered_fallback",
        /// Its place. The lowest serves requests that name no variant.
        pub(crate) position: i32 = 0,
        /// The deployments that serve it.
        pub(crate) candidates: Option<Elements<RawCandidate>> = required,
    }
}

impl HasKeyKind for Strategy {
    const KIND: KeyKind = KeyKind::Choice(Self::NAMES);
}

impl ReadChecked for Strategy {
    fn read(value: Value) -> Self {
        value.as_str().and_then(Self::from_name).unwrap_or_else(|| {
            expect_absent(&value);
            Self::default()
        })
    }
}

/// A deployment by its id, or one that is created in place. Neither is there where the one that
/// was written has been reported.
#[derive(Debug, Default)]
pub(crate) struct RawCandidate {
    pub(crate) deployment: Option<String>,
    pub(crate) created: Option<Deployment>,
    pub(crate) listing: Listing,
}

section! {
    /// What belongs to the candidate, not to its deployment.
    #[derive(Debug, Default)]
    pub(crate) struct Listing "listing" {
        /// Its share of the requests under the strategy `weighted`. Without it, the weight of the
        /// deployment.
        pub(crate) weight: Option<u32> = none,
        /// Its place under the strategy `ordered_fallback`, lowest first.
        pub(crate) position: i32 = 0,
        /// Under the strategy `rules`, the candidate is taken if one of these rules holds.
        pub(crate) rules: Elements<RawRule> = [],
        /// Members that are merged into the request body, over those of the deployment.
        pub(crate) request_overrides: Overrides = none,
    }
}

static CANDIDATE: SectionShape = SectionShape {
    name: "candidate",
    doc: documentation(" A deployment listed for a model."),
    keys: &[
        &[Key {
            name: "deployment",
            kind: String::KIND,
            presence: WhenAbsent::Required,
            doc: documentation(
                " The id of a deployment. Instead of it, `provider` and `model` create a deployment in place.",
            ),
        }],
        Listing::KEYS,
    ],
};

static CANDIDATE_IN_PLACE: SectionShape = SectionShape {
    name: "candidate_in_place",
    doc: documentation(" A deployment created where it is listed, with the id provider/model."),
    keys: &[Deployment::PLACE, Deployment::TRAITS, Listing::KEYS],
};

impl RawCandidate {
    /// Returns the deployment that it creates, if it does, with its id: provider and upstream
    /// model, as in `openai/gpt-4o`. None where either was reported.
    pub(crate) fn in_place(&self) -> Option<(String, &Deployment)> {
        let created = self.created.as_ref()?;
        let Deployment { provider_name, upstream_model, .. } = created;
        let is_whole = !provider_name.is_empty() && !upstream_model.is_empty();
        is_whole.then(|| (format!("{provider_name}/{upstream_model}"), created))
    }
}

impl HasKeyKind for RawCandidate {
    const KIND: KeyKind = KeyKind::Either(&[
        as_member("deployment", String::KIND),
        marked("deployment", || &CANDIDATE),
        marked("provider", || &CANDIDATE_IN_PLACE),
    ]);
}

impl ReadChecked for RawCandidate {
    fn read(value: Value) -> Self {
        let mut members = CheckedMembers::read(value);
        // First, because a deployment has some of these keys too, and would take their values.
        let listing = Listing::take(&mut members);
        let deployment = member(&mut members, "deployment");
        // What is left are keys of a deployment, which a candidate with an id has none of.
        let created = !members.is_empty();
        let created = created.then(|| Deployment { weight: 1, ..Deployment::take(&mut members) });
        Self { deployment, created, listing }
    }
}

/// Models to go on to: one list, or lists by kind of failure.
#[derive(Debug)]
pub(crate) enum RawFallbacks {
    General(Elements<String>),
    ByKind(FallbacksByKind),
}

section! {
    /// Models to try after a failure, by kind of failure.
    #[derive(Debug, Default)]
    pub(crate) struct FallbacksByKind "fallbacks" {
        /// Models after failures that have no list of their own.
        pub(crate) general: Elements<String> = [],
        /// Models if the request is too long for the context window.
        pub(crate) context_window: Option<Elements<String>> = none,
        /// Models if the content is refused. Without it, no model is tried then, not even one of
        /// `general`.
        pub(crate) content_policy: Option<Elements<String>> = none,
        /// Models if a limit is reached.
        pub(crate) rate_limit: Option<Elements<String>> = none,
    }
}

const ANY_FAILURE: &str = "any_failure";

impl HasKeyKind for RawFallbacks {
    const KIND: KeyKind = KeyKind::Either(&[
        as_member(ANY_FAILURE, Elements::<String>::KIND),
        plain(FallbacksByKind::KIND),
    ]);
}

impl ReadChecked for RawFallbacks {
    fn read(value: Value) -> Self {
        let mut members = CheckedMembers::read(value);
        match member(&mut members, ANY_FAILURE) {
            Some(names) => Self::General(names),
            None => Self::ByKind(FallbacksByKind::take(&mut members)),
        }
    }
}

impl Default for RawFallbacks {
    fn default() -> Self {
        Self::ByKind(FallbacksByKind::default())
    }
}
