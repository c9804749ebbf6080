//! Dynamic entries by their names, and those that are left out.

use super::super::error::Problem;

/// A dynamic entry, by its name. A route and an alias may have the same name; the alias is then
/// left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The route of that model.
    Route(String),
    /// The alias of that name.
    Alias(String),
}

/// A dynamic entry that is left out. It stays stored, and is used again once it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which one.
    pub entry: Added,
    /// What is wrong with it, at which of its fields.
    pub problem: Problem,
}
