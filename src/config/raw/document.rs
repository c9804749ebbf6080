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
        /// the JSON Schema by which an editor checks the document; the filter does not read it
        pub(crate) _schema ("$schema"): Option<String> = none,
        /// vendor endpoints by name
        pub(crate) providers: ByName<Provider> = {},
        /// what requests can be sent to, by id
        pub(crate) deployments: ByName<Deployment> = {},
        /// what clients ask for, by name
        pub(crate) models: ByName<RawModel> = {},
        /// conditions over requests; the first match wins
        pub(crate) routes: Elements<RawRoute> = [],
        /// other names for models; chains are flattened
        pub(crate) aliases: ByName<String> = {},
        /// what is known of upstream models, by name
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
