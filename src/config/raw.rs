//! The configuration as users write it, after `shape` has checked it.
//!
//! Names are not resolved yet. What is `Option` may be left out, or was reported
//! and left out; all else has its default from the table. Elements of lists and
//! members of maps are `None` where they were reported.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::parts::{Api, ModelFacts, Status, TagMatch};
use super::settings::{Cooldown, Failover, Limits};

/// Members by name.
pub(super) type Named<T> = BTreeMap<String, Option<T>>;
/// Elements in order.
pub(super) type Listed<T> = Vec<Option<T>>;
/// Members of a request body.
pub(super) type Body = Map<String, Value>;

#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    pub(super) providers: Named<Provider>,
    pub(super) deployments: Named<Deployment>,
    pub(super) models: Named<Model>,
    pub(super) routes: Listed<Route>,
    pub(super) aliases: Named<String>,
    pub(super) catalog: Named<ModelFacts>,
    pub(super) unknown_model: UnknownModel,
    pub(super) default_cluster: Option<String>,
    pub(super) client_headers: Listed<String>,
    pub(super) allow_direct: bool,
    pub(super) cooldown: Cooldown,
    pub(super) failover: Failover,
    pub(super) limits: Limits,
    pub(super) paths: Named<String>,
    pub(super) tokens: Tokens,
    pub(super) headers: Named<String>,
    pub(super) serve_models: bool,
    pub(super) admin: Option<Value>,
    pub(super) route_source: Option<Value>,
    pub(super) shadow: Option<Shadow>,
    pub(super) response_headers: bool,
    pub(super) hold: String,
    pub(super) role: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) cluster: Option<String>,
    pub(super) api: Api,
    pub(super) authority: Option<String>,
    pub(super) path_prefix: String,
    pub(super) path: Option<String>,
    pub(super) credential: Option<Credential>,
    pub(super) headers: Named<String>,
    pub(super) remove_headers: Listed<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Credential {
    pub(super) env: Option<String>,
    pub(super) header: String,
    pub(super) prefix: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Deployment {
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) weight: u32,
    pub(super) priority: i32,
    pub(super) tags: Listed<String>,
    pub(super) rpm_limit: Option<u32>,
    pub(super) tpm_limit: Option<u32>,
    pub(super) max_parallel_requests: Option<u32>,
    pub(super) enabled: bool,
    pub(super) facts: ModelFacts,
    pub(super) request_overrides: Option<Body>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) strategy: Option<Strategy>,
    pub(super) candidates: Option<Listed<Candidate>>,
    pub(super) variants: Option<Listed<Variant>>,
    pub(super) fallbacks: Fallbacks,
    pub(super) state_deployment: Option<String>,
    pub(super) status: Status,
    pub(super) description: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) when_to_use: Option<String>,
    pub(super) param_schema: Option<ParamSchema>,
    pub(super) tag_match: TagMatch,
    pub(super) sticky: Option<Value>,
    pub(super) custom: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variant {
    pub(super) key: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) when_to_use: Option<String>,
    pub(super) strategy: Strategy,
    pub(super) position: i32,
    pub(super) candidates: Option<Listed<Candidate>>,
}

/// Every strategy of the design; `resolve` refuses those of later versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Strategy {
    Single,
    #[default]
    #[serde(alias = "priority")]
    OrderedFallback,
    #[serde(alias = "simple_shuffle")]
    Weighted,
    #[serde(alias = "load_balance")]
    RoundRobin,
    LeastBusy,
    LatencyBased,
    UsageBased,
    RateLimitAware,
    CostBased,
    PriorityBased,
    Rules,
    Sticky,
    Custom,
}

/// A deployment by id, or with provider and model one created in place; then the
/// traits of [`Deployment`] may be here, too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Candidate {
    pub(super) deployment: Option<String>,
    pub(super) weight: Option<u32>,
    pub(super) position: i32,
    pub(super) rules: Listed<Rule>,
    pub(super) request_overrides: Option<Body>,
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) priority: i32,
    pub(super) tags: Listed<String>,
    pub(super) rpm_limit: Option<u32>,
    pub(super) tpm_limit: Option<u32>,
    pub(super) max_parallel_requests: Option<u32>,
    pub(super) enabled: bool,
    pub(super) facts: ModelFacts,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "if")]
    pub(super) params: Named<Listed<String>>,
    pub(super) when: When,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fallbacks {
    /// A plain list, which stands for `general`.
    pub(super) any_failure: Option<Listed<String>>,
    pub(super) general: Listed<String>,
    pub(super) context_window: Option<Listed<String>>,
    pub(super) content_policy: Option<Listed<String>>,
    pub(super) rate_limit: Option<Listed<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ParamSchema {
    pub(super) required: Listed<String>,
    pub(super) properties: Named<Param>,
    #[serde(rename = "additionalProperties")]
    pub(super) additional: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Param {
    #[serde(rename = "type")]
    pub(super) types: Listed<String>,
    #[serde(rename = "enum")]
    pub(super) values: Option<Listed<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Route {
    pub(super) name: Option<String>,
    pub(super) priority: i32,
    pub(super) enabled: bool,
    pub(super) when: When,
    pub(super) then: Option<Then>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Then {
    pub(super) target_model: Option<String>,
    pub(super) fallbacks: Listed<String>,
    pub(super) disable_cache: bool,
    pub(super) max_cost_usd: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct When {
    pub(super) model_in: Option<Listed<String>>,
    pub(super) input_tokens_lt: Option<u64>,
    pub(super) input_tokens_gt: Option<u64>,
    pub(super) estimated_cost_lt: Option<f64>,
    pub(super) estimated_cost_gt: Option<f64>,
    pub(super) tag_equals: Option<String>,
    pub(super) tag_in: Option<Listed<String>>,
    pub(super) has_images: Option<bool>,
    pub(super) has_audio: Option<bool>,
    pub(super) has_files: Option<bool>,
    pub(super) has_tools: Option<bool>,
    pub(super) stream: Option<bool>,
    pub(super) has_state: Option<bool>,
    pub(super) prompt_contains_any_of: Option<Listed<String>>,
    pub(super) max_output_tokens_lt: Option<u64>,
    pub(super) max_output_tokens_gt: Option<u64>,
    pub(super) message_count_gt: Option<u64>,
    pub(super) format_in: Option<Listed<String>>,
    pub(super) header_equals: Option<Named<String>>,
    pub(super) params_equal: Option<Named<String>>,
    pub(super) sample_percent: Option<f64>,
    pub(super) any_of: Option<Listed<When>>,
    pub(super) not: Option<Box<When>>,
}

/// What stands in for unknown models: `reject`, `pass_through`, or a model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UnknownModel {
    pub(super) policy: Option<String>,
    pub(super) model: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub(super) chars_per_image: Option<u64>,
    pub(super) chars_per_audio: Option<u64>,
    pub(super) chars_per_file: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shadow {
    pub(super) aliases: Option<Named<String>>,
    pub(super) models: Option<Named<Model>>,
    pub(super) routes: Option<Listed<Route>>,
}
