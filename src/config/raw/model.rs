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
    /// What clients ask for; served by candidates under a strategy, or by variants.
    #[derive(Debug, Default)]
    pub(crate) struct RawModel "model" {
        /// how candidates are ordered; ordered_fallback if left out
        pub(crate) strategy: Option<Strategy> = none,
        /// the deployments that serve it
        pub(crate) candidates: Option<Elements<RawCandidate>> = none,
        /// alternatives with candidates of their own, instead of strategy and candidates
        pub(crate) variants: Option<Elements<RawVariant>> = none,
        /// models to go on to when this one's plan is used up; a plain list is general
        pub(crate) fallbacks: RawFallbacks = {},
        /// where requests that continue provider state go
        pub(crate) state_deployment: Option<String> = none,
        ..pub(crate) traits: Arc<ModelTraits>,
    }
}

section! {
    /// A keyed alternative of a model, asked for as NAME#key.
    #[derive(Debug)]
    pub(crate) struct RawVariant "variant" {
        /// 1 to 64 of a-z, 0-9 and -
        pub(crate) key: Option<String> as (KeyKind::Text(TextForm::VariantKey)) = required,
        /// shown in the model list
        pub(crate) purpose: Option<String> as TEXT = none,
        /// shown in the model list
        pub(crate) when_to_use: Option<String> as TEXT = none,
        /// how candidates are ordered
        pub(crate) strategy: Strategy = "ordered_fallback",
        /// the lowest is meant when none is named
        pub(crate) position: i32 = 0,
        /// the deployments that serve it
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
        /// share under weighted; the deployment's if left out
        pub(crate) weight: Option<u32> = none,
        /// order under ordered_fallback, lower first
        pub(crate) position: i32 = 0,
        /// under rules: it is taken when one of these holds
        pub(crate) rules: Elements<RawRule> = [],
        /// merged over the deployment's
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
                " the id of a deployment; provider and model instead create one in place",
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
    /// Models to go on to, by kind of failure.
    #[derive(Debug, Default)]
    pub(crate) struct FallbacksByKind "fallbacks" {
        /// after failures without a list of their own
        pub(crate) general: Elements<String> = [],
        /// when the request does not fit
        pub(crate) context_window: Option<Elements<String>> = none,
        /// when the content is refused; general does not stand in
        pub(crate) content_policy: Option<Elements<String>> = none,
        /// when a limit is reached
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
