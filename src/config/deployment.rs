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
        /// the name of a provider
        pub(super) provider_name ("provider"): String = required,
        /// the upstream model name
        pub upstream_model ("model"): String = required,
        /// share under weighted
        pub weight: u32 = 1,
        /// lower is better
        pub priority: i32 = 0,
        /// labels for tag-restricted picks
        pub tags: Vec<String> = [],
        /// requests per minute; left out, there is no limit
        pub rpm_limit: Option<u32> as AT_LEAST_ONE = none,
        /// tokens per minute; left out, there is no limit
        pub tpm_limit: Option<u32> as AT_LEAST_ONE = none,
        /// requests at a time; left out, there is no limit
        pub max_parallel_requests: Option<u32> as AT_LEAST_ONE = none,
        /// whether it is ever eligible
        pub enabled: bool = true,
        /// facts over those of the catalogue
        pub facts: ModelFacts = {},
        /// how long an attempt may take, over the catalogue's and the provider's
        pub timeouts: Timeouts = {},
        /// merged into the request body
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
    /// What is known of an upstream model; what is left out is capable, without limit, of
    /// unknown cost.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct ModelFacts "facts" {
        /// tokens of input and output together
        pub context_window: Option<u64> = none,
        /// most tokens of one answer
        pub max_output_tokens: Option<u64> = none,
        /// whether it takes images
        pub vision: Option<bool> = none,
        /// whether it takes audio
        pub audio: Option<bool> = none,
        /// whether it takes files
        pub files: Option<bool> = none,
        /// whether it takes tools
        pub tools: Option<bool> = none,
        /// whether it can be held to JSON
        pub json_mode: Option<bool> = none,
        /// price of a million input tokens
        pub input_usd_per_million: Option<f64> as USD = none,
        /// price of a million output tokens
        pub output_usd_per_million: Option<f64> as USD = none,
        /// price of a million input tokens that are read from a cache; that of input if left out
        pub cached_input_usd_per_million: Option<f64> as USD = none,
        /// price of a million input tokens that are written to a cache; that of input if left out
        pub cache_write_usd_per_million: Option<f64> as USD = none,
        /// the same where they are kept for an hour; that of other writes if left out
        pub cache_write_1h_usd_per_million: Option<f64> as USD = none,
        /// share of the input that is expected to be read from a cache, for picks by cost; 0 if
        /// left out
        pub cache_hit_share: Option<f64> as A_SHARE = none,
    }
}

impl ModelFacts {
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
        /// how long an attempt may take, over the provider's
        pub(crate) timeouts: Timeouts = {},
        ..pub(crate) facts: ModelFacts,
    }
}

/// Top-level body members to replace: objects merge one level deep, `null` removes.
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
