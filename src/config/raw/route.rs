//! Routes, and the conditions of routes and rules.

use super::super::declare::section;
use super::super::route::{OnUnsearchable, Unsearchable};
use super::super::shape::{A_HEADER_VALUE, FORMATS, PERCENT, TextForm, USD, as_element, plain};
use super::lists::{ByName, Elements};

section! {
    /// Conditions over a request, and what happens if all of them hold.
    #[derive(Debug)]
    pub(crate) struct RawRoute "route" {
        /// A unique name.
        pub(crate) name: Option<String> = required,
        /// Its priority. Higher is tried first.
        pub(crate) priority: i32 = 100,
        /// Whether the route is used. A disabled route never matches.
        pub(crate) enabled: bool = true,
        /// The conditions, which must all hold.
        pub(crate) when: RawWhen = {},
        /// What happens to a request that matches.
        pub(crate) then: Option<RawThen> = required,
    }
}

section! {
    /// What happens to a request that matches.
    #[derive(Debug)]
    pub(crate) struct RawThen "then" {
        /// The model, model#variant, alias or deployment that serves the request.
        pub(crate) target_model: Option<String> = required,
        /// Where to go after every deployment of the target's plan.
        pub(crate) fallbacks: Elements<String> = [],
        /// Whether caches on the way are told neither to store the request nor to answer it.
        pub(crate) disable_cache: bool = false,
        /// The highest cost in USD. Candidates that cost more are not eligible.
        pub(crate) max_cost_usd: Option<f64> as USD = none,
    }
}

section! {
    /// Params and conditions that must all hold.
    #[derive(Debug)]
    pub(crate) struct RawRule "rule" {
        /// Params, and the values that each may have.
        pub(crate) params ("if"): ByName<Elements<String>>
            as (KeyKind::Map(
                TextForm::Name,
                &KeyKind::Either(&[as_element(KeyKind::Scalar), plain(KeyKind::List(&KeyKind::Scalar))]),
            )) = {},
        /// Conditions over the request.
        pub(crate) when: RawWhen = {},
    }
}

section! {
    /// Conditions over a request; all of them must hold.
    #[derive(Debug)]
    pub(crate) struct RawWhen "when" {
        /// The name that the client sent, the model that it is an alias of or the model that stands
        /// in for it is in the list. A `*` at the end matches any rest.
        pub(crate) model_in: Option<Elements<String>>
            as (KeyKind::List(&KeyKind::Text(TextForm::Pattern))) = none,
        /// The estimated input tokens are below this number.
        pub(crate) input_tokens_lt: Option<u64> = none,
        /// The estimated input tokens are above this number.
        pub(crate) input_tokens_gt: Option<u64> = none,
        /// The estimated cost in USD is known and below this number.
        pub(crate) estimated_cost_lt: Option<f64> as USD = none,
        /// The estimated cost in USD is known and above this number.
        pub(crate) estimated_cost_gt: Option<f64> as USD = none,
        /// The request has this tag.
        pub(crate) tag_equals: Option<String> = none,
        /// The request has a tag that is in the list.
        pub(crate) tag_in: Option<Elements<String>> = none,
        /// The request has images, or for `false` none.
        pub(crate) has_images: Option<bool> = none,
        /// The request has audio, or for `false` none.
        pub(crate) has_audio: Option<bool> = none,
        /// The request has files, or for `false` none.
        pub(crate) has_files: Option<bool> = none,
        /// The request has tools, or for `false` none.
        pub(crate) has_tools: Option<bool> = none,
        /// The request asks for a stream, or for `false` does not.
        pub(crate) stream: Option<bool> = none,
        /// The request continues provider state, or for `false` does not.
        pub(crate) has_state: Option<bool> = none,
        /// One of the keywords occurs in the text that may reach the model as a prompt. Case does
        /// not matter.
        pub(crate) prompt_contains_any_of: Option<Elements<String>> = none,
        /// What counts as a prompt that cannot be searched for the keywords.
        pub(crate) unsearchable: Elements<Unsearchable> = ["tokens"],
        /// What the condition on keywords gives for such a prompt.
        pub(crate) on_unsearchable: OnUnsearchable = "match",
        /// The requested output limit is below this number.
        pub(crate) max_output_tokens_lt: Option<u64> = none,
        /// The requested output limit is above this number.
        pub(crate) max_output_tokens_gt: Option<u64> = none,
        /// The request has more messages than this number.
        pub(crate) message_count_gt: Option<u64> = none,
        /// The wire format is in the list.
        pub(crate) format_in: Option<Elements<String>>
            as (KeyKind::List(&KeyKind::Choice(&FORMATS))) = none,
        /// Each of these headers has exactly this value.
        pub(crate) header_equals: Option<ByName<String>>
            as (KeyKind::Map(TextForm::ReadableHeader, &A_HEADER_VALUE)) = none,
        /// Each of these params has this value.
        pub(crate) params_equal: Option<ByName<String>>
            as (KeyKind::Map(TextForm::Name, &KeyKind::Scalar)) = none,
        /// This percentage of requests, chosen at random.
        pub(crate) sample_percent: Option<f64> as PERCENT = none,
        /// At least one of these groups of conditions holds.
        pub(crate) any_of: Option<Elements<RawWhen>> = none,
        /// These conditions do not all hold.
        pub(crate) not: Option<Box<RawWhen>> = none,
    }
}
