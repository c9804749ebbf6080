//! Routes, and the conditions of routes and rules.

use super::super::declare::section;
use super::super::route::{OnUnsearchable, Unsearchable};
use super::super::shape::{A_HEADER_VALUE, FORMATS, PERCENT, TextForm, USD, as_element, plain};
use super::lists::{ByName, Elements};

section! {
    /// Conditions over a request and what to do when all hold.
    #[derive(Debug)]
    pub(crate) struct RawRoute "route" {
        /// a unique name
        pub(crate) name: Option<String> = required,
        /// higher is tried first
        pub(crate) priority: i32 = 100,
        /// disabled routes never match
        pub(crate) enabled: bool = true,
        /// all of them must hold
        pub(crate) when: RawWhen = {},
        /// what a match does
        pub(crate) then: Option<RawThen> = required,
    }
}

section! {
    /// What a match does.
    #[derive(Debug)]
    pub(crate) struct RawThen "then" {
        /// a model, model#variant, alias or deployment id
        pub(crate) target_model: Option<String> = required,
        /// where to go on when the target's plan is used up
        pub(crate) fallbacks: Elements<String> = [],
        /// whether caches on the way are told not to store or answer
        pub(crate) disable_cache: bool = false,
        /// candidates that cost more are not eligible
        pub(crate) max_cost_usd: Option<f64> as USD = none,
    }
}

section! {
    /// Params and conditions that must all hold.
    #[derive(Debug)]
    pub(crate) struct RawRule "rule" {
        /// params and the values they may have
        pub(crate) params ("if"): ByName<Elements<String>>
            as (KeyKind::Map(
                TextForm::Name,
                &KeyKind::Either(&[as_element(KeyKind::Scalar), plain(KeyKind::List(&KeyKind::Scalar))]),
            )) = {},
        /// conditions over the request
        pub(crate) when: RawWhen = {},
    }
}

section! {
    /// Conditions over a request; all of them must hold.
    #[derive(Debug)]
    pub(crate) struct RawWhen "when" {
        /// the name as sent, its alias target or the model that stands in for it is in the list; a trailing * is a prefix
        pub(crate) model_in: Option<Elements<String>>
            as (KeyKind::List(&KeyKind::Text(TextForm::Pattern))) = none,
        /// estimated input tokens are below
        pub(crate) input_tokens_lt: Option<u64> = none,
        /// estimated input tokens are above
        pub(crate) input_tokens_gt: Option<u64> = none,
        /// estimated cost in USD is known and below
        pub(crate) estimated_cost_lt: Option<f64> as USD = none,
        /// estimated cost in USD is known and above
        pub(crate) estimated_cost_gt: Option<f64> as USD = none,
        /// a request tag equals
        pub(crate) tag_equals: Option<String> = none,
        /// a request tag is in the list
        pub(crate) tag_in: Option<Elements<String>> = none,
        /// images present, or absent for false
        pub(crate) has_images: Option<bool> = none,
        /// audio present, or absent for false
        pub(crate) has_audio: Option<bool> = none,
        /// files present, or absent for false
        pub(crate) has_files: Option<bool> = none,
        /// tools present, or absent for false
        pub(crate) has_tools: Option<bool> = none,
        /// streaming asked for, or not for false
        pub(crate) stream: Option<bool> = none,
        /// continues provider state, or not for false
        pub(crate) has_state: Option<bool> = none,
        /// a keyword occurs, ignoring case, in what may reach the model as prompt
        pub(crate) prompt_contains_any_of: Option<Elements<String>> = none,
        /// what counts as a prompt that cannot be searched for the keywords
        pub(crate) unsearchable: Elements<Unsearchable> = ["tokens"],
        /// what such a prompt makes of the condition on keywords
        pub(crate) on_unsearchable: OnUnsearchable = "match",
        /// the requested output limit is below
        pub(crate) max_output_tokens_lt: Option<u64> = none,
        /// the requested output limit is above
        pub(crate) max_output_tokens_gt: Option<u64> = none,
        /// more messages than this
        pub(crate) message_count_gt: Option<u64> = none,
        /// the wire format is in the list
        pub(crate) format_in: Option<Elements<String>>
            as (KeyKind::List(&KeyKind::Choice(&FORMATS))) = none,
        /// each header has exactly this value
        pub(crate) header_equals: Option<ByName<String>>
            as (KeyKind::Map(TextForm::ReadableHeader, &A_HEADER_VALUE)) = none,
        /// each param has this value
        pub(crate) params_equal: Option<ByName<String>>
            as (KeyKind::Map(TextForm::Name, &KeyKind::Scalar)) = none,
        /// this share of requests
        pub(crate) sample_percent: Option<f64> as PERCENT = none,
        /// at least one of these holds
        pub(crate) any_of: Option<Elements<RawWhen>> = none,
        /// this does not hold
        pub(crate) not: Option<Box<RawWhen>> = none,
    }
}
