//! What models are described with.

use std::collections::BTreeMap;

use serde_json::Value;

use super::declare::{named, section};
use super::read::ReadChecked;
use super::shape::{KeyKind, TEXT, as_element, plain};

/// Whether a model resolves and is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Resolves and is listed.
    #[default]
    Active,
    /// Resolves, is not listed.
    Archived,
    /// Does not resolve, and is not listed.
    Deleted,
}

/// How candidates are restricted by the request's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagMatch {
    /// Not at all.
    #[default]
    Off,
    /// To deployments that hold at least one of them.
    Any,
    /// To deployments that hold all of them.
    All,
}

named! {
    Status { "active" => Active, "archived" => Archived, "deleted" => Deleted }
    TagMatch { "off" => Off, "any" => Any, "all" => All }
}

section! {
    /// The schema that params are checked against, in a part of JSON Schema.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct ParamSchema "param_schema" {
        /// The type of params, which are always an object.
        _type ("type"): ForPeople as (KeyKind::Choice(&["object"])) = none,
        /// A description for people.
        _description ("description"): ForPeople as TEXT = none,
        /// The params that are required.
        pub required: Vec<String> = [],
        /// The known params.
        pub properties: BTreeMap<String, ParamType> = {},
        /// Whether unknown params are accepted.
        pub additional ("additionalProperties"): bool = true,
    }
}

section! {
    /// The schema of one param.
    // Params are text, so a number is text that reads as one.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct ParamType "param" {
        /// The accepted types.
        // Empty: any.
        pub types ("type"): Vec<String>
            as (KeyKind::Either(&[as_element(PARAM_TYPE), plain(KeyKind::List(&PARAM_TYPE))])) = [],
        /// The accepted values.
        pub values ("enum"): Option<Vec<String>> as (KeyKind::List(&KeyKind::Scalar)) = none,
        /// A description for people.
        _description ("description"): ForPeople as TEXT = none,
    }
}

const PARAM_TYPE: KeyKind = KeyKind::Choice(&["string", "number", "integer", "boolean"]);

/// The value of a key that is for people alone. It is checked like any other, and then
/// dropped.
#[derive(Debug, Clone, Default, PartialEq)]
struct ForPeople;

impl ReadChecked for ForPeople {
    fn read(_: Value) -> Self {
        Self
    }
}
