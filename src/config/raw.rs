//! The configuration as users write it, after `shape` has checked it.
//!
//! Names are not resolved yet. What is `Option` may be left out, or was reported
//! and left out; all else has its default from the table. Elements of lists and
//! members of maps are `None` where they were reported. Field names are keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::custom::OnError;
use super::parts::{Api, ModelFacts, Status, TagMatch};
use super::read::{named, readable};
use super::settings::{BodyPolicy, Cooldown, Failover, Limits, Metrics, WhenAllCooling};
use crate::request::session::SessionKey;
pub(super) use crate::strategy::Strategy;

/// Members by name.
pub(super) type Named<T> = BTreeMap<String, Option<T>>;
/// Elements in order.
pub(super) type Listed<T> = Vec<Option<T>>;
/// Members of a request body.
pub(super) type Body = Map<String, Value>;

#[derive(Debug)]
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
    pub(super) admin: Option<Admin>,
    pub(super) route_source: Option<RouteSource>,
    pub(super) shadow: Option<Shadow>,
    pub(super) response_headers: bool,
    pub(super) metrics: Metrics,
    pub(super) log_fields: bool,
    pub(super) hold: String,
    pub(super) role: String,
}

#[derive(Debug)]
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

#[derive(Debug)]
pub(super) struct Credential {
    pub(super) env: Option<String>,
    pub(super) header: String,
    pub(super) prefix: String,
}

#[derive(Debug, Clone, PartialEq)]
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

#[derive(Debug)]
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
    pub(super) sticky: Option<Sticky>,
    pub(super) custom: Option<Custom>,
}

#[derive(Debug)]
pub(super) struct Custom {
    pub(super) cluster: Option<String>,
    pub(super) path: Option<String>,
    pub(super) timeout_ms: u64,
    pub(super) on_error: OnError,
    pub(super) include_prompt: bool,
}

#[derive(Debug)]
pub(super) struct Sticky {
    /// None: the default ones.
    pub(super) keys: Option<Listed<SessionKey>>,
    pub(super) bound: f64,
}

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) key: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) when_to_use: Option<String>,
    pub(super) strategy: Strategy,
    pub(super) position: i32,
    pub(super) candidates: Option<Listed<Candidate>>,
}

/// A deployment by id, or with provider and model one created in place; then the
/// traits of [`Deployment`] may be here, too.
#[derive(Debug)]
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

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) params: Named<Listed<String>>,
    pub(super) when: When,
}

#[derive(Debug)]
pub(super) struct Fallbacks {
    /// A plain list, which stands for `general`.
    pub(super) any_failure: Option<Listed<String>>,
    pub(super) general: Listed<String>,
    pub(super) context_window: Option<Listed<String>>,
    pub(super) content_policy: Option<Listed<String>>,
    pub(super) rate_limit: Option<Listed<String>>,
}

#[derive(Debug)]
pub(super) struct ParamSchema {
    pub(super) required: Listed<String>,
    pub(super) properties: Named<Param>,
    pub(super) additional: bool,
}

#[derive(Debug)]
pub(super) struct Param {
    pub(super) types: Listed<String>,
    pub(super) values: Option<Listed<String>>,
}

#[derive(Debug)]
pub(super) struct Route {
    pub(super) name: Option<String>,
    pub(super) priority: i32,
    pub(super) enabled: bool,
    pub(super) when: When,
    pub(super) then: Option<Then>,
}

#[derive(Debug)]
pub(super) struct Then {
    pub(super) target_model: Option<String>,
    pub(super) fallbacks: Listed<String>,
    pub(super) disable_cache: bool,
    pub(super) max_cost_usd: Option<f64>,
}

#[derive(Debug)]
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
#[derive(Debug)]
pub(super) struct UnknownModel {
    pub(super) policy: Option<String>,
    pub(super) model: Option<String>,
}

#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) chars_per_image: Option<u64>,
    pub(super) chars_per_audio: Option<u64>,
    pub(super) chars_per_file: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Admin {
    pub(super) path: String,
    pub(super) token_env: Option<String>,
}

#[derive(Debug)]
pub(super) struct Shadow {
    pub(super) aliases: Option<Named<String>>,
    pub(super) models: Option<Named<Model>>,
    pub(super) routes: Option<Listed<Route>>,
    pub(super) sample_percent: f64,
}

/// Where further aliases, models and routes come from.
#[derive(Debug)]
pub(super) struct RouteSource {
    pub(super) cluster: Option<String>,
    pub(super) path: Option<String>,
    pub(super) interval_ms: u64,
    pub(super) timeout_ms: u64,
    pub(super) token_env: Option<String>,
}

/// What the route source delivers.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) aliases: Named<String>,
    pub(super) models: Named<Model>,
    pub(super) routes: Listed<Route>,
}

/// A model that was added while the proxy runs.
#[derive(Debug)]
pub(super) struct DynamicRoute {
    pub(super) model: Option<String>,
    pub(super) strategy: Option<String>,
    pub(super) endpoints: Option<Listed<Endpoint>>,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) provider: Option<String>,
    pub(super) model_id: Option<String>,
    pub(super) weight: Option<u32>,
}

/// An alias that was added while the proxy runs.
#[derive(Debug)]
pub(super) struct DynamicAlias {
    pub(super) alias: Option<String>,
    pub(super) model: Option<String>,
}

#[derive(Debug)]
pub(super) struct Dynamic {
    pub(super) routes: Listed<DynamicRoute>,
    pub(super) aliases: Listed<DynamicAlias>,
}

readable! {
    RouteSource { cluster, path, interval_ms, timeout_ms, token_env }
    Fetched { aliases, models, routes }
    DynamicRoute { model, strategy, endpoints }
    Endpoint { provider, model_id, weight }
    DynamicAlias { alias, model }
    Dynamic { routes, aliases }
    Cooldown { enabled, consecutive_failures, allowed_fails, min_requests, failure_rate_percent, time_ms, max_time_ms, success_threshold, half_open_probes, probe_lease_ms, honour_retry_after, when_all_cooling }
    Failover { max_attempts, attempt_filter, retries_per_deployment }
    Limits { max_body_bytes, on_oversize, on_unparsable }
    Metrics { enabled, max_series }
    ModelFacts { context_window, max_output_tokens, vision, audio, files, tools, json_mode, input_usd_per_million, output_usd_per_million }
    Raw { providers, deployments, models, routes, aliases, catalog, unknown_model, default_cluster, client_headers, allow_direct, cooldown, failover, limits, paths, tokens, headers, serve_models, admin, route_source, shadow, response_headers, metrics, log_fields, hold, role }
    Provider { cluster, api, authority, path_prefix, path, credential, headers, remove_headers }
    Credential { env, header, prefix }
    Deployment { provider, model, weight, priority, tags, rpm_limit, tpm_limit, max_parallel_requests, enabled, facts, request_overrides }
    Model { strategy, candidates, variants, fallbacks, state_deployment, status, description, purpose, when_to_use, param_schema, tag_match, sticky, custom }
    Custom { cluster, path, timeout_ms, on_error, include_prompt }
    Sticky { keys, bound }
    Variant { key, purpose, when_to_use, strategy, position, candidates }
    Candidate { deployment, weight, position, rules, request_overrides, provider, model, priority, tags, rpm_limit, tpm_limit, max_parallel_requests, enabled, facts }
    Rule { params = "if", when }
    Fallbacks { any_failure, general, context_window, content_policy, rate_limit }
    ParamSchema { required, properties, additional = "additionalProperties"; "type", "description" }
    Param { types = "type", values = "enum"; "description" }
    Route { name, priority, enabled, when, then }
    Then { target_model, fallbacks, disable_cache, max_cost_usd }
    When { model_in, input_tokens_lt, input_tokens_gt, estimated_cost_lt, estimated_cost_gt, tag_equals, tag_in, has_images, has_audio, has_files, has_tools, stream, has_state, prompt_contains_any_of, max_output_tokens_lt, max_output_tokens_gt, message_count_gt, format_in, header_equals, params_equal, sample_percent, any_of, not }
    UnknownModel { policy, model }
    Tokens { chars_per_image, chars_per_audio, chars_per_file }
    Admin { path, token_env }
    Shadow { aliases, models, routes, sample_percent }
}

named! {
    Api {
        "openai" => OpenAi,
        "anthropic" => Anthropic,
        "gemini" => Gemini,
        "azure" => Azure,
        "bedrock" => Bedrock,
        "cohere" => Cohere,
        "ollama" => Ollama,
        "any" => Any
    }
    Status { "active" => Active, "archived" => Archived, "deleted" => Deleted }
    TagMatch { "off" => Off, "any" => Any, "all" => All }
    SessionKey {
        "x-llm-session" => Header,
        "prompt_cache_key" => CacheKey,
        "user" => User,
        "metadata.user_id" => MetadataUser,
        "prompt_prefix" => PromptPrefix
    }
    OnError { "first" => First, "fail" => Fail }
    WhenAllCooling { "least_remaining" => LeastRemaining, "reject" => Reject }
    BodyPolicy { "reject" => Reject, "pass_through" => PassThrough }
}
