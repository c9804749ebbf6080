//! The settings of LiteLLM that have no counterpart, and what to do instead of each.

/// A part of LiteLLM's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// `litellm_params` of an entry, and the values of a credential.
    Params,
    /// `model_info` of an entry.
    Info,
    Router,
    Module,
    General,
    /// The file itself.
    Top,
}
use Section::{General, Info, Module, Params, Router, Top};

/// Where a setting is, its name or the beginning of several, and what to do instead.
pub(super) type Row = (&'static [Section], &'static [&'static str], &'static str);

pub(super) const ROWS: &[Row] = &[
    (
        &[Params],
        &["mock_*"],
        "has no counterpart; to answer without a provider, have --endpoint lead to a server of yours",
    ),
    (
        &[Params],
        &["aws_*"],
        "is not copied: Envoy signs with the keys of its own environment, where AWS's SDKs look (AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ROLE_ARN)",
    ),
    (
        &[Params],
        &["vertex_credentials", "vertex_ai_credentials"],
        "is not copied: put an access token into VERTEX_AI_ACCESS_TOKEN in the environment of Envoy",
    ),
    (
        &[Params],
        &["tenant_id", "client_id", "client_secret", "azure_*"],
        "is not copied; Envoy gets such tokens if the credential of the provider is {\"envoy\": \"credential_injector\"} (docs/security.md)",
    ),
    (
        &[Params],
        &["max_retries", "num_retries"],
        "has no counterpart for one deployment; failover holds for all",
    ),
    (
        &[Params],
        &["cooldown_time"],
        "has no counterpart for one deployment; cooldown holds for all",
    ),
    (
        &[Params],
        &["max_budget", "budget_duration"],
        "has no counterpart for a deployment; limits.tenants bounds what each tenant spends",
    ),
    (
        &[Params],
        &["tag_regex"],
        "has no counterpart; a route with header_equals chooses by a header",
    ),
    (
        &[Params],
        &["drop_params", "additional_drop_params", "allowed_openai_params", "modify_params"],
        "has no counterpart for one deployment; translate of a model says how much a translation may leave out",
    ),
    (
        &[Params],
        &["itpm", "otpm"],
        "has no counterpart; tpm_limit is for tokens of input and output together",
    ),
    (
        &[Params],
        &["configurable_clientside_auth_params"],
        "has no counterpart: clients cannot name addresses or keys of providers",
    ),
    (
        &[Params],
        &["ssl_*", "client_cert*"],
        "is for Envoy's configuration: the transport_socket of the cluster",
    ),
    (
        &[Params],
        &["auto_router_*", "complexity_router_*", "adaptive_router_*", "quality_router_*"],
        "has no counterpart; routes choose models by conditions over requests",
    ),
    (
        &[Params],
        &["guardrails"],
        "has no counterpart; a filter of Envoy's before this one can check requests",
    ),
    (
        &[Params, Info],
        &["*_cost_*", "*_per_*"],
        "has no counterpart: prices are by the token, of input, output and the cache",
    ),
    (
        &[Info],
        &["base_model"],
        "has no counterpart; `pointsman catalog` looks models up by their name at the provider, so write facts into this deployment, such as \"facts\": {\"context_window\": 128000, \"input_usd_per_million\": 2.5, \"output_usd_per_million\": 10}",
    ),
    (
        &[Info],
        &["access_groups", "team_*", "access_windows", "blocked"],
        "has no counterpart: who may use a model is decided by authentication before the filter",
    ),
    (
        &[Info],
        &["health_check*", "disable_background_health_check"],
        "has no counterpart: attempts are the check of a deployment",
    ),
    (&[Info], &["supports_*"], "has no counterpart: nothing is decided by it"),
    (&[Info], &["*"], "has no counterpart: nothing is decided by it"),
    (
        &[Router, Module],
        &["redis_*", "enable_redis*"],
        "has no counterpart, and none is needed: counts and cooldowns are in the shared memory of each Envoy. Several Envoys count by themselves (docs/state.md)",
    ),
    (
        &[Router, Module],
        &["cache", "cache_*", "caching_groups", "client_ttl", "disable_cache*"],
        "has no counterpart: Pointsman keeps no answers, so each request goes to a provider. To keep answers, put a cache before Envoy; what providers cache of prompts works as it does without a proxy",
    ),
    (
        &[Router],
        &["retry_policy", "model_group_retry_policy", "retry_after"],
        "has no counterpart: which failures lead to another attempt, and when, is fixed (docs/failover.md)",
    ),
    (
        &[Router, Module],
        &["allowed_fails_policy"],
        "has no counterpart: how much each kind of failure counts is fixed (docs/state.md)",
    ),
    (
        &[Router],
        &["routing_strategy_args"],
        "has no counterpart: strategies have no settings of this kind",
    ),
    (
        &[Router],
        &["max_fallbacks"],
        "has no counterpart: failover.max_attempts bounds all attempts of a request",
    ),
    (
        &[Router],
        &["provider_budget_config"],
        "has no counterpart; limits.tenants bounds what each tenant spends",
    ),
    (
        &[Router],
        &["optional_pre_call_checks", "deployment_affinity*", "model_group_affinity*"],
        "has no counterpart of this name; the strategy sticky keeps sessions at one deployment",
    ),
    (
        &[Router],
        &["set_verbose", "debug_level"],
        "has no counterpart; Envoy's --component-log-level wasm:debug shows what the filter logs",
    ),
    (&[Router], &["alerting*"], "has no counterpart; alert on the metrics (docs/observe.md)"),
    (
        &[Module],
        &["success_callback", "failure_callback", "callbacks", "service_callbacks"],
        "has no counterpart: nothing is sent to other services. log_fields is on, so Envoy's access log has the model, tokens and cost of each request, and the team as tenant if a filter names it (docs/tenants.md); metrics are at /stats/prometheus of Envoy's admin page (docs/observe.md)",
    ),
    (
        &[Module],
        &[
            "langfuse_*",
            "turn_off_message_logging",
            "redact_*",
            "callback_settings",
            "otel*",
            "prometheus*",
        ],
        "has no counterpart; metrics and access logs come from Envoy (docs/observe.md)",
    ),
    (
        &[Module],
        &["set_verbose", "json_logs", "suppress_debug_info"],
        "has no counterpart; Envoy's --component-log-level wasm:debug shows what the filter logs",
    ),
    (
        &[Module],
        &[
            "max_budget",
            "budget_duration",
            "max_end_user_budget*",
            "max_internal_user_budget",
            "internal_user_budget_duration",
        ],
        "has no counterpart of this name; limits.tenants bounds what each tenant spends in a minute and a day",
    ),
    (
        &[Module, General],
        &[
            "default_team*",
            "default_internal_user*",
            "key_generation*",
            "upperbound_key*",
            "default_key*",
            "team_*",
            "custom_key_generate",
        ],
        "has no counterpart: keys and teams are for authentication before the filter, and limits.tenants is for their budgets",
    ),
    (
        &[Module],
        &["modify_params"],
        "has no counterpart: what a translation may change is fixed (docs/dialects.md)",
    ),
    (&[Module], &["force_ipv4"], "is for Envoy's configuration: dns_lookup_family of the clusters"),
    (
        &[Module],
        &["ssl_*"],
        "is for Envoy's configuration; --trusted-ca says whose certificates providers may have",
    ),
    (
        &[Module],
        &["guardrails", "*guardrail*"],
        "has no counterpart; a filter of Envoy's before this one can check requests",
    ),
    (
        &[General],
        &["master_key"],
        "is not copied. Nothing authenticates clients until you put a filter before this one: `pointsman envoy --filters envoy/api-keys.yaml` (docs/security.md). Clients go on to send their LiteLLM key as authorization. Providers with a credential do not get it; for those without one, remove_headers removes it",
    ),
    (
        &[General],
        &["disable_spend*", "maximum_spend_logs*", "proxy_batch*"],
        "has no counterpart: there is no database, and what each key or team spends is not kept (docs/limits.md)",
    ),
    (
        &[General],
        &[
            "database_*",
            "store_*",
            "disable_reset_budget",
            "allow_requests_on_db*",
            "use_redis*",
            "disable_adding_master_key*",
            "disable_master_key*",
        ],
        "has no counterpart: there is no database",
    ),
    (
        &[General],
        &["alert*", "spend_report*"],
        "has no counterpart; alert on the metrics (docs/observe.md)",
    ),
    (
        &[General],
        &[
            "enable_jwt_auth",
            "litellm_jwtauth",
            "custom_auth",
            "*oauth2*",
            "allowed_routes",
            "public_routes",
            "admin_only_routes",
            "allowed_ips",
            "use_client_credentials*",
            "enforce_user_param",
            "custom_sso",
            "user_header_*",
        ],
        "has no counterpart: clients are authenticated by a filter before this one, such as jwt_authn or ext_authz (docs/security.md)",
    ),
    (
        &[General],
        &["pass_through_endpoints"],
        "has no counterpart; a route of Envoy's leads other paths to a cluster",
    ),
    (
        &[General],
        &["background_health_checks", "health_check*"],
        "has no counterpart: attempts are the check of a deployment, and Envoy has health checks of clusters",
    ),
    (
        &[General],
        &["global_max_parallel_requests"],
        "has no counterpart for the whole proxy; max_parallel_requests is for each deployment",
    ),
    (
        &[General],
        &["completion_model"],
        "has no counterpart; unknown_model or a route chooses a model for requests without a known one",
    ),
    (
        &[General],
        &["ui_*", "proxy_base_url", "docs_url"],
        "has no counterpart: there is no user interface; envoy/grafana.json is a dashboard",
    ),
    (
        &[General],
        &["key_management*"],
        "has no counterpart: credentials are in the environment of Envoy",
    ),
    (
        &[General],
        &["forward_*"],
        "has no counterpart: headers of clients go on, except those that carry credentials or choose (keep of a provider)",
    ),
    (
        &[Top],
        &["guardrails", "policies"],
        "has no counterpart; a filter of Envoy's before this one can check requests",
    ),
    (
        &[Top],
        &[
            "mcp_*",
            "vector_store*",
            "search_tools",
            "prompts",
            "agents*",
            "assistant_settings",
            "files_settings",
            "finetune_settings",
        ],
        "has no counterpart: only requests for models are routed",
    ),
    (
        &[Top],
        &["callback_settings"],
        "has no counterpart; metrics and access logs come from Envoy (docs/observe.md)",
    ),
    (
        &[Top],
        &["include"],
        "names other files, which are not read; put them into this one and import it again",
    ),
    (&[Top], &["credential_list"], "is used by no entry of model_list"),
];
