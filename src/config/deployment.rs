//! Deployments, and what is known of the models that they serve.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::declare::section;
use super::ids::ProviderId;
use super::read::{ReadChecked, Section};
use super::shape::{A_SHARE, AT_LEAST_ONE, HasKeyKind, Key, KeyKind, USD};
use super::timeouts::Timeouts;

section! {
    /// One provider and upstream model that can serve requests.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Deployment "deployment" {
        /// The name of the provider that serves it.
        pub(super) provider_name ("provider"): String = required,
        /// The upstream model, by the provider's name for it.
        pub upstream_model ("model"): String = required,
        /// Its share of the requests under the strategy `weighted`.
        pub weight: u32 = 1,
        /// Its priority. Lower is preferred.
        pub priority: i32 = 0,
        /// Tags, which models with tag_match compare with those of the request.
        pub tags: Vec<String> = [],
        /// The most requests in a minute. Without it, there is no limit.
        pub rpm_limit: Option<u32> as AT_LEAST_ONE = none,
        /// The most tokens in a minute. Without it, there is no limit.
        pub tpm_limit: Option<u32> as AT_LEAST_ONE = none,
        /// The most requests at a time. Without it, there is no limit.
        pub max_parallel_requests: Option<u32> as AT_LEAST_ONE = none,
        /// Whether it may serve requests.
        pub enabled: bool = true,
        /// Facts of the upstream model, which replace those of the catalog.
        pub facts: ModelFacts = {},
        /// How long an attempt may take. Each time replaces that of the catalog and of the
        /// provider.
        pub timeouts: Timeouts = {},
        /// Members that the request body gets if the client has not sent them.
        pub request_defaults: Arc<Overrides> = none,
        /// Members that are merged into the request body.
        pub request_overrides: Arc<Overrides> = none,
    }
    with {
        /// Its key in `deployments`, or `provider/model` when written in place.
        pub id: String,
        /// Stable hash of the id.
        pub hash: u64,
        /// Where it is.
        pub provider: ProviderId,
    }
}

impl Deployment {
    /// The keys that say where a deployment is. These are the first two of the declaration, which
    /// therefore must stay first.
    pub(super) const PLACE: &'static [Key] = Self::KEYS.split_at(2).0;

    /// The keys that a deployment has wherever it is written. The weight and the overrides of
    /// one that a candidate creates are the candidate's own.
    pub(super) const TRAITS: &'static [Key] = match Self::KEYS {
        [_provider, _model, _weight, traits @ .., _request_overrides] => traits,
        _ => &[],
    };
}

section! {
    /// The facts of an upstream model. If a fact is left out, the model counts as capable, without
    /// limit and of unknown cost.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct ModelFacts "facts" {
        /// The most tokens of input and output together.
        pub context_window: Option<u64> = none,
        /// The most tokens in one answer.
        pub max_output_tokens: Option<u64> = none,
        /// Whether it accepts images.
        pub vision: Option<bool> = none,
        /// Whether it accepts audio.
        pub audio: Option<bool> = none,
        /// Whether it accepts files.
        pub files: Option<bool> = none,
        /// Whether it accepts tools.
        pub tools: Option<bool> = none,
        /// Whether it can be restricted to JSON answers.
        pub json_mode: Option<bool> = none,
        /// The price in USD of a million input tokens.
        pub input_usd_per_million: Option<f64> as USD = none,
        /// The price in USD of a million output tokens.
        pub output_usd_per_million: Option<f64> as USD = none,
        /// The price in USD of a million input tokens that are read from a cache. Without it, the
        /// price of input.
        pub cached_input_usd_per_million: Option<f64> as USD = none,
        /// The price in USD of a million input tokens that are written to a cache. Without it, the
        /// price of input.
        pub cache_write_usd_per_million: Option<f64> as USD = none,
        /// The price in USD of a million input tokens that are written to a cache for an hour.
        /// Without it, the price of other writes.
        pub cache_write_1h_usd_per_million: Option<f64> as USD = none,
        /// The share of the input that is expected to be read from a cache, used for picks by cost.
        /// Without it, 0.
        pub cache_hit_share: Option<f64> as A_SHARE = none,
    }
}

impl ModelFacts {
    /// Whether it can be told what an answer costs: the prices of input and output are known.
    #[must_use]
    pub const fn has_prices(&self) -> bool {
        self.input_usd_per_million.is_some() && self.output_usd_per_million.is_some()
    }

    /// Returns the price of a million input tokens in USD, of which the expected share is read from
    /// a cache; `None` where the price of input is not known.
    ///
    /// For example, input at $2, cached input at $0.50 and a share of 0.6 make $1.10.
    #[must_use]
    pub fn expected_input_usd_per_million(&self) -> Option<f64> {
        let input = self.input_usd_per_million?;
        match (self.cache_hit_share, self.cached_input_usd_per_million) {
            (Some(share), Some(cached)) => Some(input * (1.0 - share) + cached * share),
            _ => Some(input),
        }
    }
}

section! {
    /// An upstream model: its facts, and how long its answers may take.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub(crate) struct CatalogModel "catalog_model" {
        /// How long an attempt may take. Each time replaces that of the provider.
        pub(crate) timeouts: Timeouts = {},
        ..pub(crate) facts: ModelFacts,
    }
}

/// Top-level body members that the configuration sets. In place of the client's, objects merge one level
/// deep, and `null` removes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides(pub Vec<(String, Value)>);

impl HasKeyKind for Overrides {
    const KIND: KeyKind = KeyKind::Json;
}

impl ReadChecked for Overrides {
    fn read(value: Value) -> Self {
        Self(Map::read(value).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_price_of_input_lies_between_the_two_prices() {
        let price = |input, cached, share| {
            let facts = ModelFacts {
                input_usd_per_million: input,
                cached_input_usd_per_million: cached,
                cache_hit_share: share,
                ..ModelFacts::default()
            };
            facts.expected_input_usd_per_million()
        };
        let (input, cached) = (Some(4.0), Some(1.0));
        for (share, wanted) in [(None, 4.0), (Some(0.0), 4.0), (Some(0.5), 2.5), (Some(1.0), 1.0)] {
            assert_eq!(price(input, cached, share), Some(wanted));
        }
        assert_eq!(price(input, None, Some(0.5)), input, "what is cached costs as much");
        assert_eq!(price(None, cached, Some(1.0)), None, "the rest has no price");
    }
}
