//! What a configuration may look like, as data.
//!
//! Each section of a configuration is a struct that [`section!`](super::declare) declares;
//! from the declaration it has a table of its keys (`table`): what each holds, its default,
//! and one line of documentation. `check` walks a document against the tables, `schema`
//! prints them as JSON Schema and `reference` as a page, so that none can disagree with
//! another. Nothing here knows what a name refers to.

mod check;
mod describe;
mod kinds;
mod reference;
mod schema;
mod suggest;
mod table;
mod text;

pub(super) use check::check;
pub(super) use kinds::{
    A_HEADER_NAME, A_HEADER_VALUE, A_PATH, A_SHARE, AT_LEAST_ONE, FORMATS, HasKeyKind,
    MILLISECONDS, PERCENT, TEXT, USD, VARIABLE, whole,
};
pub(super) use reference::reference;
pub(super) use schema::schema;
pub(super) use suggest::{did_you_mean, listed};
pub(super) use table::{
    Key, KeyKind, SectionShape, WhenAbsent, as_element, as_member, documentation, marked, plain,
};
pub(super) use text::TextForm;
