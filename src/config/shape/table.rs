//! The table of the configuration: its outermost keys and what requests are sent
//! to. Models and routes are in `routing_table`, the rest in `settings_table`.

use super::routing_table::{A_MODEL, ROUTES};
use super::settings_table::SETTINGS;
use super::{Key, Kind, Preset, Shape, Text};
use super::{optional, preset, required};
use crate::config::Api;
use crate::request::format::Format;

/// Integers that a double, and so a Struct, holds exactly.
pub(super) const MOST_EXACT: i64 = 9_007_199_254_740_992;
pub(super) const COUNT: Kind = Kind::Integer(0, MOST_EXACT);
pub(super) const U32: Kind = Kind::Integer(0, 4_294_967_295);
pub(super) const AT_LEAST_ONE: Kind = Kind::Integer(1, 4_294_967_295);
pub(super) const I32: Kind = Kind::Integer(-2_147_483_648, 2_147_483_647);
pub(super) const USD: Kind = Kind::Number(0.0, 1e12);
pub(super) const NAME: Kind = Kind::Text(Text::Name);
pub(super) const MILLISECONDS: Kind = Kind::Integer(1, 2_592_000_000);

/// Names of the wire formats, which `request` owns.
pub(super) static FORMATS: [&str; Format::ALL.len()] = {
    let mut names = [""; Format::ALL.len()];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
    while at < names.len() {
        names[at] = Format::ALL[at].name();
        at += 1;
    }
    names
};

pub(super) static A_FORMAT: Kind = Kind::Choice(&FORMATS);

/// The whole configuration.
pub(in crate::config) static CONFIGURATION: Shape = Shape {
    name: "configuration",
    doc: "Plugin configuration of Pointsman.",
    keys: &[OBJECTS, SETTINGS],
};

const OBJECTS: &[Key] = &[
    preset(
        "providers",
        Kind::Map(Text::Name, &A_PROVIDER),
        Preset::Object,
        "vendor endpoints by name",
    ),
    preset(
        "deployments",
        Kind::Map(Text::Name, &A_DEPLOYMENT),
        Preset::Object,
        "what requests can be sent to, by id",
    ),
    preset(
        "models",
        Kind::Map(Text::Name, &A_MODEL),
        Preset::Object,
        "what clients ask for, by name",
    ),
    preset("routes", ROUTES, Preset::List, "conditions over requests; the first match wins"),
    preset(
        "aliases",
        Kind::Map(Text::Name, &NAME),
        Preset::Object,
        "other names for models; chains are flattened",
    ),
    preset(
        "catalog",
        Kind::Map(Text::Name, &A_FACTS),
        Preset::Object,
        "what is known of upstream models, by name",
    ),
];

static A_PROVIDER: Kind = Kind::Object(&PROVIDER);

static PROVIDER: Shape = Shape {
    name: "provider",
    doc: "A vendor endpoint.",
    keys: &[&[
        required("cluster", NAME, "the Envoy cluster"),
        preset(
            "api",
            Kind::Choice(Api::NAMES),
            Preset::Text("openai"),
            "which wire formats it speaks",
        ),
        optional("authority", Kind::Text(Text::Authority), "value of :authority sent upstream"),
        preset(
            "path_prefix",
            Kind::Text(Text::PathPrefix),
            Preset::Text(""),
            "put before the request path",
        ),
        optional(
            "path",
            Kind::Text(Text::PathTemplate),
            "replaces the request path; {model} and {operation} are filled in",
        ),
        optional("credential", Kind::Object(&CREDENTIAL), "the proxy's own credential"),
        preset(
            "headers",
            Kind::Map(Text::HeaderName, &Kind::Text(Text::HeaderValue)),
            Preset::Object,
            "headers set on every attempt",
        ),
        preset(
            "remove_headers",
            Kind::List(&Kind::Text(Text::HeaderName)),
            Preset::List,
            "headers removed on every attempt",
        ),
    ]],
};

static CREDENTIAL: Shape = Shape {
    name: "credential",
    doc: "Where a secret comes from and where it goes.",
    keys: &[&[
        required("env", Kind::Text(Text::Variable), "the environment variable of the secret"),
        preset(
            "header",
            Kind::Text(Text::HeaderName),
            Preset::Text("authorization"),
            "the header it is sent in",
        ),
        preset(
            "prefix",
            Kind::Text(Text::HeaderValue),
            Preset::Text("Bearer "),
            "text before the secret",
        ),
    ]],
};

static A_DEPLOYMENT: Kind = Kind::Object(&DEPLOYMENT);

static DEPLOYMENT: Shape = Shape {
    name: "deployment",
    doc: "One provider and upstream model that can serve requests.",
    keys: &[
        PLACE,
        &[preset("weight", U32, Preset::Integer(1), "share under weighted")],
        TRAITS,
        &[optional("request_overrides", Kind::Json, "merged into the request body")],
    ],
};

/// Where a deployment is.
pub(super) const PLACE: &[Key] = &[
    required("provider", NAME, "the name of a provider"),
    required("model", NAME, "the upstream model name"),
];

/// What else a deployment has, wherever it is written.
pub(super) const TRAITS: &[Key] = &[
    preset("priority", I32, Preset::Integer(0), "lower is better"),
    preset("tags", Kind::List(&NAME), Preset::List, "labels for tag-restricted picks"),
    optional("rpm_limit", AT_LEAST_ONE, "requests per minute; left out, there is no limit"),
    optional("tpm_limit", AT_LEAST_ONE, "tokens per minute; left out, there is no limit"),
    optional(
        "max_parallel_requests",
        AT_LEAST_ONE,
        "requests at a time; left out, there is no limit",
    ),
    preset("enabled", Kind::Bool, Preset::Bool(true), "whether it is ever eligible"),
    preset("facts", Kind::Object(&FACTS), Preset::Object, "facts over those of the catalogue"),
];

static A_FACTS: Kind = Kind::Object(&FACTS);

static FACTS: Shape = Shape {
    name: "facts",
    doc: "What is known of an upstream model; what is left out is capable, without limit, of unknown cost.",
    keys: &[&[
        optional("context_window", COUNT, "tokens of input and output together"),
        optional("max_output_tokens", COUNT, "most tokens of one answer"),
        optional("vision", Kind::Bool, "whether it takes images"),
        optional("audio", Kind::Bool, "whether it takes audio"),
        optional("files", Kind::Bool, "whether it takes files"),
        optional("tools", Kind::Bool, "whether it takes tools"),
        optional("json_mode", Kind::Bool, "whether it can be held to JSON"),
        optional("input_usd_per_million", USD, "price of a million input tokens"),
        optional("output_usd_per_million", USD, "price of a million output tokens"),
    ]],
};
