//! The table of models, candidates, routes and conditions.

use super::table::{COUNT, FORMATS, I32, NAME, PLACE, TRAITS, U32, USD};
use super::{Key, Kind, Meaning, Preset, Shape, Text};
use super::{marked, optional, plain, preset, required, short};
use crate::config::raw::Strategy;
use crate::config::{OnError, Status, TagMatch};
use crate::request::session::SessionKey;

pub(super) static A_MODEL: Kind = Kind::Object(&MODEL);

static MODEL: Shape = Shape {
    name: "model",
    doc: "What clients ask for; served by candidates under a strategy, or by variants.",
    keys: &[&[
        optional("strategy", STRATEGY, "how candidates are ordered; ordered_fallback if left out"),
        optional("candidates", CANDIDATES, "the deployments that serve it"),
        optional(
            "variants",
            Kind::List(&Kind::Object(&VARIANT)),
            "alternatives with candidates of their own, instead of strategy and candidates",
        ),
        preset(
            "fallbacks",
            Kind::Either(&[
                short(NAMES, Meaning::Member("any_failure")),
                plain(Kind::Object(&FALLBACKS)),
            ]),
            Preset::Object,
            "models to go on to when this one's plan is used up; a plain list is general",
        ),
        optional("state_deployment", NAME, "where requests that continue provider state go"),
        preset(
            "status",
            Kind::Choice(Status::NAMES),
            Preset::Text("active"),
            "archived resolves and is not listed; deleted does not resolve",
        ),
        optional("description", Kind::Text(Text::Any), "shown in the model list"),
        optional("purpose", Kind::Text(Text::Any), "shown in the model list"),
        optional("when_to_use", Kind::Text(Text::Any), "shown in the model list"),
        optional("param_schema", Kind::Object(&PARAM_SCHEMA), "what params must look like"),
        preset(
            "tag_match",
            Kind::Choice(TagMatch::NAMES),
            Preset::Text("off"),
            "whether candidates must hold any or all of the request's tags",
        ),
        optional("sticky", Kind::Object(&STICKY), "settings of the strategy sticky"),
        optional("custom", Kind::Object(&CUSTOM), "settings of the strategy custom"),
    ]],
};

const NAMES: Kind = Kind::List(&NAME);

pub(super) const STRATEGY: Kind = Kind::Choice(Strategy::NAMES);

const CANDIDATES: Kind = Kind::List(&Kind::Either(&[
    short(NAME, Meaning::Member("deployment")),
    marked("deployment", &CANDIDATE),
    marked("provider", &IN_PLACE),
]));

static CANDIDATE: Shape = Shape {
    name: "candidate",
    doc: "A deployment listed for a model.",
    keys: &[
        &[required(
            "deployment",
            NAME,
            "the id of a deployment; provider and model instead create one in place",
        )],
        LISTING,
    ],
};

static IN_PLACE: Shape = Shape {
    name: "candidate_in_place",
    doc: "A deployment created where it is listed, with the id provider/model.",
    keys: &[PLACE, TRAITS, LISTING],
};

/// What belongs to the candidate, not to its deployment.
const LISTING: &[Key] = &[
    optional("weight", U32, "share under weighted; the deployment's if left out"),
    preset("position", I32, Preset::Integer(0), "order under ordered_fallback, lower first"),
    preset(
        "rules",
        Kind::List(&A_RULE),
        Preset::List,
        "under rules: it is taken when one of these holds",
    ),
    optional("request_overrides", Kind::Json, "merged over the deployment's"),
];

static A_RULE: Kind = Kind::Object(&RULE);

static RULE: Shape = Shape {
    name: "rule",
    doc: "Params and conditions that must all hold.",
    keys: &[&[
        preset(
            "if",
            Kind::Map(
                Text::Name,
                &Kind::Either(&[
                    short(Kind::Scalar, Meaning::Element),
                    plain(Kind::List(&Kind::Scalar)),
                ]),
            ),
            Preset::Object,
            "params and the values they may have",
        ),
        preset("when", Kind::Object(&WHEN), Preset::Object, "conditions over the request"),
    ]],
};

static VARIANT: Shape = Shape {
    name: "variant",
    doc: "A keyed alternative of a model, asked for as NAME#key.",
    keys: &[&[
        required("key", Kind::Text(Text::VariantKey), "1 to 64 of a-z, 0-9 and -"),
        optional("purpose", Kind::Text(Text::Any), "shown in the model list"),
        optional("when_to_use", Kind::Text(Text::Any), "shown in the model list"),
        preset(
            "strategy",
            STRATEGY,
            Preset::Text("ordered_fallback"),
            "how candidates are ordered",
        ),
        preset("position", I32, Preset::Integer(0), "the lowest is meant when none is named"),
        required("candidates", CANDIDATES, "the deployments that serve it"),
    ]],
};

static FALLBACKS: Shape = Shape {
    name: "fallbacks",
    doc: "Models to go on to, by kind of failure.",
    keys: &[&[
        preset("general", NAMES, Preset::List, "after failures without a list of their own"),
        optional("context_window", NAMES, "when the request does not fit"),
        optional("content_policy", NAMES, "when the content is refused; general does not stand in"),
        optional("rate_limit", NAMES, "when a limit is reached"),
    ]],
};

static PARAM_SCHEMA: Shape = Shape {
    name: "param_schema",
    doc: "The part of JSON Schema that params are checked against.",
    keys: &[&[
        optional("type", Kind::Choice(&["object"]), "params are an object"),
        optional("description", Kind::Text(Text::Any), "for people"),
        preset("required", NAMES, Preset::List, "params that must be there"),
        preset(
            "properties",
            Kind::Map(Text::Name, &Kind::Object(&PARAM)),
            Preset::Object,
            "known params",
        ),
        preset(
            "additionalProperties",
            Kind::Bool,
            Preset::Bool(true),
            "whether unknown params are accepted",
        ),
    ]],
};

const PARAM_TYPE: Kind = Kind::Choice(&["string", "number", "integer", "boolean"]);

static PARAM: Shape = Shape {
    name: "param",
    doc: "What one param must look like.",
    keys: &[&[
        preset(
            "type",
            Kind::Either(&[short(PARAM_TYPE, Meaning::Element), plain(Kind::List(&PARAM_TYPE))]),
            Preset::List,
            "accepted types",
        ),
        optional("enum", Kind::List(&Kind::Scalar), "accepted values"),
        optional("description", Kind::Text(Text::Any), "for people"),
    ]],
};

static STICKY: Shape = Shape {
    name: "sticky",
    doc: "Settings of the strategy sticky.",
    keys: &[&[
        optional(
            "keys",
            Kind::List(&Kind::Choice(SessionKey::NAMES)),
            "what tells the session: the first that is there; all of these if left out",
        ),
        preset(
            "bound",
            Kind::Number(1.0, 1000.0),
            Preset::Number(1.25),
            "most load of one deployment, as a multiple of the mean",
        ),
    ]],
};

static CUSTOM: Shape = Shape {
    name: "custom",
    doc: "Settings of the strategy custom.",
    keys: &[&[
        required("cluster", NAME, "the Envoy cluster to ask"),
        required("path", Kind::Text(Text::Path), "the path to ask"),
        preset(
            "timeout_ms",
            Kind::Integer(1, 60_000),
            Preset::Integer(200),
            "longest wait for an answer",
        ),
        preset(
            "on_error",
            Kind::Choice(OnError::NAMES),
            Preset::Text("first"),
            "what happens without a usable answer",
        ),
        preset(
            "include_prompt",
            Kind::Bool,
            Preset::Bool(false),
            "whether it is sent the beginning of the prompt",
        ),
    ]],
};

pub(super) const ROUTES: Kind = Kind::List(&Kind::Object(&ROUTE));

static ROUTE: Shape = Shape {
    name: "route",
    doc: "Conditions over a request and what to do when all hold.",
    keys: &[&[
        required("name", NAME, "a unique name"),
        preset("priority", I32, Preset::Integer(100), "higher is tried first"),
        preset("enabled", Kind::Bool, Preset::Bool(true), "disabled routes never match"),
        preset("when", Kind::Object(&WHEN), Preset::Object, "all of them must hold"),
        required("then", Kind::Object(&THEN), "what a match does"),
    ]],
};

static THEN: Shape = Shape {
    name: "then",
    doc: "What a match does.",
    keys: &[&[
        required("target_model", NAME, "a model, model#variant, alias or deployment id"),
        preset(
            "fallbacks",
            NAMES,
            Preset::List,
            "where to go on when the target's plan is used up",
        ),
        preset(
            "disable_cache",
            Kind::Bool,
            Preset::Bool(false),
            "whether caches on the way are told not to store or answer",
        ),
        optional("max_cost_usd", USD, "candidates that cost more are not eligible"),
    ]],
};

static WHEN: Shape = Shape {
    name: "when",
    doc: "Conditions over a request; all of them must hold.",
    keys: &[&[
        optional(
            "model_in",
            Kind::List(&Kind::Text(Text::Pattern)),
            "the name as sent or its alias target is in the list; a trailing * is a prefix",
        ),
        optional("input_tokens_lt", COUNT, "estimated input tokens are below"),
        optional("input_tokens_gt", COUNT, "estimated input tokens are above"),
        optional("estimated_cost_lt", USD, "estimated cost in USD is known and below"),
        optional("estimated_cost_gt", USD, "estimated cost in USD is known and above"),
        optional("tag_equals", NAME, "a request tag equals"),
        optional("tag_in", NAMES, "a request tag is in the list"),
        optional("has_images", Kind::Bool, "images present, or absent for false"),
        optional("has_audio", Kind::Bool, "audio present, or absent for false"),
        optional("has_files", Kind::Bool, "files present, or absent for false"),
        optional("has_tools", Kind::Bool, "tools present, or absent for false"),
        optional("stream", Kind::Bool, "streaming asked for, or not for false"),
        optional("has_state", Kind::Bool, "continues provider state, or not for false"),
        optional(
            "prompt_contains_any_of",
            NAMES,
            "a keyword occurs, ignoring case, in user, system or developer text",
        ),
        optional("max_output_tokens_lt", COUNT, "the requested output limit is below"),
        optional("max_output_tokens_gt", COUNT, "the requested output limit is above"),
        optional("message_count_gt", COUNT, "more messages than this"),
        optional(
            "format_in",
            Kind::List(&Kind::Choice(&FORMATS)),
            "the wire format is in the list",
        ),
        optional(
            "header_equals",
            Kind::Map(Text::ReadableHeader, &Kind::Text(Text::HeaderValue)),
            "each header has exactly this value",
        ),
        optional("params_equal", Kind::Map(Text::Name, &Kind::Scalar), "each param has this value"),
        optional("sample_percent", Kind::Number(0.0, 100.0), "this share of requests"),
        optional("any_of", Kind::List(&Kind::Object(&WHEN)), "at least one of these holds"),
        optional("not", Kind::Object(&WHEN), "this does not hold"),
    ]],
};

pub(super) static SHADOW: Shape = Shape {
    name: "shadow",
    doc: "A second set of rules evaluated without effect; what is left out is the first one's.",
    keys: &[&[
        optional("aliases", Kind::Map(Text::Name, &NAME), "as the outer aliases"),
        optional("models", Kind::Map(Text::Name, &A_MODEL), "as the outer models"),
        optional("routes", ROUTES, "as the outer routes"),
        preset(
            "sample_percent",
            Kind::Number(0.0, 100.0),
            Preset::Integer(100),
            "share of requests that it is evaluated for",
        ),
    ]],
};
