//! The whole document, and those of its settings whose names are resolved.

use super::super::declare::section;
use super::super::deployment::{CatalogModel, Deployment};
use super::super::provider::Provider;
use super::lists::{ByName, Elements};
use super::model::RawModel;
use super::route::RawRoute;
use super::settings::Settings;

section! {
    /// Plugin configuration of Pointsman.
    #[derive(Debug)]
    pub(crate) struct Raw "configuration" {
        /// The JSON Schema by which an editor checks the document. The filter ignores it.
        pub(crate) _schema ("$schema"): Option<String> = none,
        /// The providers, by name.
        pub(crate) providers: ByName<Provider> = {},
        /// The deployments, by id.
        pub(crate) deployments: ByName<Deployment> = {},
        /// The models, by name.
        pub(crate) models: ByName<RawModel> = {},
        /// The routes. The first that matches is taken.
        pub(crate) routes: Elements<RawRoute> = [],
        /// Other names for models. An alias may name another alias.
        pub(crate) aliases: ByName<String> = {},
        /// The facts of upstream models, by name.
        pub(crate) catalog: ByName<CatalogModel> = {},
        ..pub(crate) settings: Settings,
    }
}

section! {
    /// Aliases, models and routes beside those of the configuration.
    #[derive(Debug)]
    pub(crate) struct Fetched "fetched" {
        /// further aliases
        pub(crate) aliases: ByName<String> = {},
        /// further models
        pub(crate) models: ByName<RawModel> = {},
        /// further routes
        pub(crate) routes: Elements<RawRoute> = [],
    }
}
