//! The table of the settings: what holds for every request.

use super::routing_table::SHADOW;
use super::table::{A_FORMAT, AT_LEAST_ONE, MILLISECONDS, NAME};
use super::{Key, Kind, Meaning, Preset, Shape, Text};
use super::{optional, plain, preset, required, short};
use crate::config::{BodyPolicy, WhenAllCooling};

const GIBIBYTE: i64 = 1_073_741_824;

pub(super) const SETTINGS: &[Key] = &[
    preset("unknown_model", UNKNOWN, Preset::Text("reject"), "what a model without a name gets"),
    optional("default_cluster", NAME, "where requests go that are not judged or pass through"),
    preset(
        "client_headers",
        Kind::Either(&[
            short(Kind::Choice(&["all"]), Meaning::Element),
            plain(Kind::List(&Kind::Choice(CLIENT_HEADERS))),
        ]),
        Preset::Texts(&["tag", "params", "variant", "session", "cost_limit"]),
        "control headers that clients may use",
    ),
    preset(
        "allow_direct",
        Kind::Bool,
        Preset::Bool(false),
        "whether clients may name deployments and provider:upstream-model",
    ),
    preset(
        "cooldown",
        Kind::Object(&COOLDOWN),
        Preset::Object,
        "when a deployment is taken out of every pick, and for how long",
    ),
    preset("failover", Kind::Object(&FAILOVER), Preset::Object, "failover inside one request"),
    preset("limits", Kind::Object(&LIMITS), Preset::Object, "sizes, and what exceeds them"),
    preset(
        "paths",
        Kind::Map(Text::PathSuffix, &A_FORMAT),
        Preset::Object,
        "further path suffixes to treat as LLM requests, and their wire format",
    ),
    preset("tokens", Kind::Object(&TOKENS), Preset::Object, "fixed costs of the token estimate"),
    preset(
        "headers",
        Kind::Object(&HEADERS),
        Preset::Object,
        "other names for the headers of this filter",
    ),
    preset(
        "serve_models",
        Kind::Bool,
        Preset::Bool(false),
        "whether GET /v1/models is answered here",
    ),
    optional("admin", Kind::Object(&ADMIN), "endpoints to inspect and change routes"),
    optional(
        "route_source",
        Kind::Object(&ROUTE_SOURCE),
        "further aliases, models and routes fetched over HTTP",
    ),
    optional("shadow", Kind::Object(&SHADOW), "a second set of rules evaluated without effect"),
    preset(
        "response_headers",
        Kind::Bool,
        Preset::Bool(true),
        "whether x-llm-* response headers are added",
    ),
    preset("metrics", Kind::Object(&METRICS), Preset::Object, "what is counted"),
    preset(
        "log_fields",
        Kind::Bool,
        Preset::Bool(false),
        "whether llm.* filter state is set for access logs",
    ),
    preset(
        "hold",
        Kind::Choice(&["stop_iteration", "buffer_filter"]),
        Preset::Text("stop_iteration"),
        "how headers are held until the decision",
    ),
    preset(
        "role",
        Kind::Choice(&["router", "attempt"]),
        Preset::Text("router"),
        "whether this filter decides, or rewrites attempts on a cluster",
    ),
];

const UNKNOWN: Kind = Kind::Either(&[
    short(Kind::Choice(&["reject", "pass_through"]), Meaning::Member("policy")),
    plain(Kind::Object(&UNKNOWN_MODEL)),
]);

static UNKNOWN_MODEL: Shape = Shape {
    name: "unknown_model",
    doc: "A model that stands in for unknown ones.",
    keys: &[&[required("model", NAME, "the model that stands in")]],
};

const CLIENT_HEADERS: &[&str] = &[
    "tag",
    "params",
    "variant",
    "session",
    "cost_limit",
    "route",
    "provider",
    "deployment",
    "fallback",
];

/// As many places for leases as a deployment's record has.
const PROBES: Kind = Kind::Integer(1, 8);

static COOLDOWN: Shape = Shape {
    name: "cooldown",
    doc: "When a deployment is taken out of every pick, and for how long.",
    keys: &[&[
        preset("enabled", Kind::Bool, Preset::Bool(true), "false: nothing ever cools"),
        preset("consecutive_failures", AT_LEAST_ONE, Preset::Integer(5), "in a row that trip"),
        preset("allowed_fails", AT_LEAST_ONE, Preset::Integer(3), "failures a minute that trip"),
        preset("min_requests", AT_LEAST_ONE, Preset::Integer(10), "fewer say nothing of a rate"),
        preset(
            "failure_rate_percent",
            Kind::Number(0.0, 100.0),
            Preset::Integer(50),
            "share of this minute's requests that trips",
        ),
        preset("time_ms", MILLISECONDS, Preset::Integer(5000), "first length"),
        preset("max_time_ms", MILLISECONDS, Preset::Integer(300_000), "longest length"),
        preset("success_threshold", AT_LEAST_ONE, Preset::Integer(3), "successes that close it"),
        preset("half_open_probes", PROBES, Preset::Integer(1), "at a time while half-open"),
        preset("probe_lease_ms", MILLISECONDS, Preset::Integer(60_000), "longest hold of a probe"),
        preset(
            "honour_retry_after",
            Kind::Bool,
            Preset::Bool(true),
            "whether a provider's hint sets the length",
        ),
        preset(
            "when_all_cooling",
            Kind::Choice(WhenAllCooling::NAMES),
            Preset::Text("least_remaining"),
            "what happens when cooldown alone stands in the way",
        ),
    ]],
};

static FAILOVER: Shape = Shape {
    name: "failover",
    doc: "Failover inside one request.",
    keys: &[&[
        preset("max_attempts", Kind::Integer(1, 100), Preset::Integer(1), "1 is off"),
        preset(
            "attempt_filter",
            Kind::Bool,
            Preset::Bool(false),
            "whether the clusters have the attempt filter although max_attempts is 1",
        ),
        preset(
            "retries_per_deployment",
            Kind::Integer(0, 100),
            Preset::Integer(0),
            "more tries of the same deployment",
        ),
    ]],
};

static METRICS: Shape = Shape {
    name: "metrics",
    doc: "What is counted.",
    keys: &[&[
        preset("enabled", Kind::Bool, Preset::Bool(true), "false: nothing is counted"),
        preset(
            "max_series",
            Kind::Integer(1, 1_000_000),
            Preset::Integer(10_000),
            "most series that each filter of each worker makes; the rest are counted as other",
        ),
    ]],
};

const OVERSIZE: Kind = Kind::Choice(BodyPolicy::NAMES);

static LIMITS: Shape = Shape {
    name: "limits",
    doc: "Sizes, and what happens to bodies beyond them.",
    keys: &[&[
        preset(
            "max_body_bytes",
            Kind::Integer(1, GIBIBYTE),
            Preset::Integer(16_777_216),
            "longest body that is read",
        ),
        preset("on_oversize", OVERSIZE, Preset::Text("reject"), "what a longer body gets"),
        preset("on_unparsable", OVERSIZE, Preset::Text("reject"), "what an unreadable body gets"),
    ]],
};

const CHARACTERS: Kind = Kind::Integer(0, 4_294_967_295);

static TOKENS: Shape = Shape {
    name: "tokens",
    doc: "Token costs of what has no known size, in characters; four are one token.",
    keys: &[&[
        optional("chars_per_image", CHARACTERS, "one image"),
        optional("chars_per_audio", CHARACTERS, "one piece of audio"),
        optional("chars_per_file", CHARACTERS, "one file"),
    ]],
};

const HEADER: Kind = Kind::Text(Text::HeaderName);

static HEADERS: Shape = Shape {
    name: "headers",
    doc: "Other names for the headers of this filter.",
    keys: &[&[
        optional("x-llm-route", HEADER, "forces a route; in responses, the one that matched"),
        optional("x-llm-tag", HEADER, "labels"),
        optional("x-llm-params", HEADER, "params"),
        optional("x-llm-variant", HEADER, "picks a variant"),
        optional("x-llm-session", HEADER, "session for sticky picks"),
        optional("x-llm-cost-limit-usd", HEADER, "ceiling for the cost"),
        optional("x-llm-provider", HEADER, "restricts to a provider; in responses, who served"),
        optional("x-llm-deployment", HEADER, "pins a deployment; in responses, who served"),
        optional("x-llm-fallback", HEADER, "names fallback models"),
        optional("x-llm-cluster", HEADER, "cluster for Envoy's route"),
        optional("x-llm-model", HEADER, "model that serves"),
        optional("x-llm-attempts", HEADER, "attempts made"),
        optional("x-llm-retry", HEADER, "asks Envoy for a retry"),
    ]],
};

static ADMIN: Shape = Shape {
    name: "admin",
    doc: "Endpoints to inspect and change routes.",
    keys: &[&[
        preset("path", Kind::Text(Text::PathPrefix), Preset::Text("/admin"), "where they are"),
        required("token_env", Kind::Text(Text::Variable), "the environment variable of the token"),
    ]],
};

static ROUTE_SOURCE: Shape = Shape {
    name: "route_source",
    doc: "Further aliases, models and routes fetched over HTTP.",
    keys: &[&[
        required("cluster", NAME, "the Envoy cluster to fetch from"),
        required("path", Kind::Text(Text::Path), "the path to fetch"),
        preset("interval_ms", MILLISECONDS, Preset::Integer(10_000), "time between fetches"),
        preset("timeout_ms", MILLISECONDS, Preset::Integer(5000), "longest wait for an answer"),
        optional("token_env", Kind::Text(Text::Variable), "environment variable of the token"),
    ]],
};
