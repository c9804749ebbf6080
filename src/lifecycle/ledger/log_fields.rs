//! The fields that access logs can show of a request, where the configuration asks for them.
//!
//! The fields are filter state, which is sent nowhere. Values are words of printable ASCII, so no
//! name that a client has chosen can end a line or a field of a log. They never hold text of a
//! request, a header or a credential.

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::metrics::{NONE, OTHER};
use crate::request::refusal::Refusal;
use crate::routing::{Decision, Step};
use crate::text::{MOST_QUOTED, log_word, lossy};

use super::label::RequestLabels;
use super::tokens::SpentTokens;

const MODEL: &[&str] = &["llm.model"];
const DEPLOYMENT: &[&str] = &["llm.deployment"];
const PROVIDER: &[&str] = &["llm.provider"];
const UPSTREAM_MODEL: &[&str] = &["llm.upstream_model"];
const TENANT: &[&str] = &["llm.tenant"];
const OPERATION: &[&str] = &["llm.operation"];
const ROUTE: &[&str] = &["llm.route"];
const REFUSAL: &[&str] = &["llm.refusal"];
const DECISION_US: &[&str] = &["llm.decision_us"];
const INPUT_TOKENS: &[&str] = &["llm.input_tokens"];
const OUTPUT_TOKENS: &[&str] = &["llm.output_tokens"];
const REASONING_TOKENS: &[&str] = &["llm.reasoning_tokens"];
const COST_USD: &[&str] = &["llm.cost_usd"];

/// Billionths of a dollar in a dollar.
const NANO: u64 = 1_000_000_000;

/// Leaves the decision for logs: operation, model and route, and the server where there is one
/// attempt.
pub(super) fn log_decision<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    operation: &'static str,
    decision: &Decision,
    step: &Step,
) {
    let config = &cx.engine.config;
    if !config.log_fields {
        return;
    }
    cx.host.set_property(OPERATION, operation.as_bytes());
    cx.host.set_property(MODEL, log_word(&decision.model).as_bytes());
    if let Some(id) = decision.route {
        cx.host.set_property(ROUTE, log_word(&config.route(id).name).as_bytes());
    }
    // Otherwise each attempt logs its own server.
    if !cx.engine.delivery.is_handed_over() {
        let provider = &config.provider(step.server.provider(config)).name;
        let server = &step.server;
        log_server(cx, &server.name(config), provider, server.upstream_model(config));
    }
}

/// Leaves for logs the code of the error, with the model and the route, where the configuration has
/// their names.
pub(super) fn log_refusal<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    RequestLabels { model, route }: RequestLabels<'_>,
    refusal: &Refusal,
) {
    if !cx.engine.config.log_fields {
        return;
    }
    cx.host.set_property(REFUSAL, refusal.code.as_bytes());
    for (field, name) in [(MODEL, model), (ROUTE, route)] {
        if name != NONE && name != OTHER {
            cx.host.set_property(field, log_word(name).as_bytes());
        }
    }
}

/// Leaves for logs who the request is billed to, as the header says that a filter before this one sets. At
/// most 128 bytes of it are left.
pub(crate) fn log_tenant<H: Host + ?Sized>(host: &H, name: &[u8]) {
    let name = name.trim_ascii();
    if !name.is_empty() {
        let name = lossy(name.get(..MOST_QUOTED).unwrap_or(name));
        host.set_property(TENANT, log_word(&name).as_bytes());
    }
}

/// Leaves for logs how long it took to read and decide the request, in microseconds.
pub(crate) fn log_decision_time<H: Host + ?Sized>(cx: Ctx<'_, H>, spent_us: u64) {
    if cx.engine.config.log_fields {
        cx.host.set_property(DECISION_US, spent_us.to_string().as_bytes());
    }
}

/// Leaves for logs the deployment, the provider and the upstream model that the request is sent to.
/// With several attempts the last one stays.
pub(crate) fn log_server<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    name: &str,
    provider: &str,
    upstream_model: &str,
) {
    if cx.engine.config.log_fields {
        cx.host.set_property(DEPLOYMENT, log_word(name).as_bytes());
        cx.host.set_property(PROVIDER, log_word(provider).as_bytes());
        cx.host.set_property(UPSTREAM_MODEL, log_word(upstream_model).as_bytes());
    }
}

/// Leaves the tokens of an attempt and their cost for logs. Nothing is left where no token was
/// counted, and no cost where a price is not known.
pub(crate) fn log_tokens<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    deployment: DeploymentId,
    tokens: SpentTokens,
) {
    // A field that is not set shows as `-` in a log, which says more than a zero.
    if !cx.engine.config.log_fields || tokens.sum() == 0 {
        return;
    }
    cx.host.set_property(INPUT_TOKENS, tokens.input.to_string().as_bytes());
    cx.host.set_property(OUTPUT_TOKENS, tokens.output.to_string().as_bytes());
    if tokens.reasoning > 0 {
        cx.host.set_property(REASONING_TOKENS, tokens.reasoning.to_string().as_bytes());
    }
    if let Some(nano) = tokens.cost_nano_usd(&cx.engine.config.deployment(deployment).facts) {
        let (whole, rest) = (nano / NANO, nano % NANO);
        cx.host.set_property(COST_USD, format!("{whole}.{rest:09}").as_bytes());
    }
}
