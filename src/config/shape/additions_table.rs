//! The tables of what is added while the proxy runs: a dynamic route or alias as an
//! operator posts it, the table of them, and the set that the route source delivers.

use super::routing_table::{A_MODEL, ROUTES, STRATEGY};
use super::table::{NAME, U32};
use super::{Key, Kind, Preset, Shape, Text};
use super::{optional, preset, required};

/// A dynamic route.
pub(in crate::config) static DYNAMIC_ROUTE: Shape = Shape {
    name: "dynamic_route",
    doc: "A model that was added while the proxy runs.",
    keys: &[&[
        required("model", NAME, "the name that clients ask for"),
        preset(
            "strategy",
            STRATEGY,
            Preset::Text("ordered_fallback"),
            "how the endpoints are ordered",
        ),
        required("endpoints", Kind::List(&AN_ENDPOINT), "what serves it"),
    ]],
};

static AN_ENDPOINT: Kind = Kind::Object(&ENDPOINT);

static ENDPOINT: Shape = Shape {
    name: "endpoint",
    doc: "One provider and upstream model.",
    keys: &[&[
        required("provider", NAME, "the name of a provider"),
        required("model_id", NAME, "the upstream model name"),
        optional("weight", U32, "share under weighted; the deployment's if left out"),
    ]],
};

/// A dynamic alias.
pub(in crate::config) static DYNAMIC_ALIAS: Shape = Shape {
    name: "dynamic_alias",
    doc: "Another name for a model that was added while the proxy runs.",
    keys: &[&[
        required("alias", NAME, "the name that clients ask for"),
        required("model", NAME, "the model or alias that it stands for"),
    ]],
};

/// All dynamic routes and aliases, as they are kept.
pub(in crate::config) static DYNAMIC: Shape = Shape {
    name: "dynamic",
    doc: "Dynamic routes and aliases.",
    keys: &[&[
        preset("routes", Kind::List(&Kind::Object(&DYNAMIC_ROUTE)), Preset::List, "routes"),
        preset("aliases", Kind::List(&Kind::Object(&DYNAMIC_ALIAS)), Preset::List, "aliases"),
    ]],
};

/// What the route source delivers.
pub(in crate::config) static FETCHED: Shape = Shape {
    name: "fetched",
    doc: "Aliases, models and routes beside those of the configuration.",
    keys: &[FETCHED_KEYS],
};

const FETCHED_KEYS: &[Key] = &[
    preset("aliases", Kind::Map(Text::Name, &NAME), Preset::Object, "further aliases"),
    preset("models", Kind::Map(Text::Name, &A_MODEL), Preset::Object, "further models"),
    preset("routes", ROUTES, Preset::List, "further routes"),
];
