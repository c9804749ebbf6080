//! The whole document, and those of its settings whose names are resolved.

use super::super::declare::section;
use super::super::deployment::{Deployment, ModelFacts};
use super::super::provider::Provider;
use super::lists::{Listed, Named};
use super::model::RawModel;
use super::route::RawRoute;
use super::settings::Settings;

section! {
    /// Plugin configuration of Pointsman.
    #[derive(Debug)]
    pub(crate) struct Raw "configuration" {
        /// vendor endpoints by name
        pub(crate) providers: Named<Provider> = {},
        /// what requests can be sent to, by id
        pub(crate) deployments: Named<Deployment> = {},
        /// what clients ask for, by name
        pub(crate) models: Named<RawModel> = {},
        /// conditions over requests; the first match wins
        pub(crate) routes: Listed<RawRoute> = [],
        /// other names for models; chains are flattened
        pub(crate) aliases: Named<String> = {},
        /// what is known of upstream models, by name
        pub(crate) catalog: Named<ModelFacts> = {},
        ..pub(crate) settings: Settings,
    }
}

section! {
    /// Aliases, models and routes beside those of the configuration.
    #[derive(Debug)]
    pub(crate) struct Fetched "fetched" {
        /// further aliases
        pub(crate) aliases: Named<String> = {},
        /// further models
        pub(crate) models: Named<RawModel> = {},
        /// further routes
        pub(crate) routes: Listed<RawRoute> = [],
    }
}
