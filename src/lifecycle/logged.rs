//! What access logs are given of a request, where the configuration asks for it.
//!
//! Filter state, which goes nowhere else. Values are words of printable ASCII, so that no
//! name that a client has chosen ends a line or a field of it. No text of a request, none of its
//! headers, no credential.

use crate::config::DeploymentId;
use crate::host::Host;
use crate::request::refusal::Refusal;
use crate::routing::{Decision, Step};
use crate::text::log_word;

use super::engine::Engine;
use super::spent::Tokens;

const MODEL: &[&str] = &["llm.model"];
const DEPLOYMENT: &[&str] = &["llm.deployment"];
const PROVIDER: &[&str] = &["llm.provider"];
const ROUTE: &[&str] = &["llm.route"];
const REFUSAL: &[&str] = &["llm.refusal"];
const DECISION_US: &[&str] = &["llm.decision_us"];
const INPUT_TOKENS: &[&str] = &["llm.input_tokens"];
const OUTPUT_TOKENS: &[&str] = &["llm.output_tokens"];
const COST_USD: &[&str] = &["llm.cost_usd"];

/// Billionths in one.
const NANO: u64 = 1_000_000_000;

impl Engine {
    /// Keeps what has been decided, and how long that took.
    pub(super) fn log_decision<H: Host + ?Sized>(
        &self,
        host: &H,
        decision: &Decision,
        step: &Step,
    ) {
        let config = &self.config;
        if !config.log_fields {
            return;
        }
        host.set_property(MODEL, log_word(&decision.model).as_bytes());
        if let Some(id) = decision.route {
            host.set_property(ROUTE, log_word(&config.route(id).name).as_bytes());
        }
        if !config.is_handing_over() {
            let provider = &config.provider(step.server.provider(config)).name;
            self.log_server(host, &step.server.name(config), provider);
        }
    }

    /// Keeps why a request is answered here.
    pub(super) fn log_refusal<H: Host + ?Sized>(&self, host: &H, refusal: &Refusal) {
        if self.config.log_fields {
            host.set_property(REFUSAL, refusal.code.as_bytes());
        }
    }

    /// Keeps how long it took to read and decide.
    pub(super) fn log_time<H: Host + ?Sized>(&self, host: &H, spent_us: u64) {
        if self.config.log_fields {
            host.set_property(DECISION_US, spent_us.to_string().as_bytes());
        }
    }

    /// Keeps for logs who is asked.
    pub(super) fn log_server<H: Host + ?Sized>(&self, host: &H, name: &str, provider: &str) {
        if self.config.log_fields {
            host.set_property(DEPLOYMENT, log_word(name).as_bytes());
            host.set_property(PROVIDER, log_word(provider).as_bytes());
        }
    }

    /// Keeps for logs what an attempt took.
    pub(super) fn log_tokens<H: Host + ?Sized>(
        &self,
        host: &H,
        deployment: DeploymentId,
        tokens: Tokens,
    ) {
        if !self.config.log_fields || tokens.sum() == 0 {
            return;
        }
        host.set_property(INPUT_TOKENS, tokens.input.to_string().as_bytes());
        host.set_property(OUTPUT_TOKENS, tokens.output.to_string().as_bytes());
        if let Some(nano) = tokens.cost_nano_usd(&self.config.deployment(deployment).facts) {
            let (whole, rest) = (nano / NANO, nano % NANO);
            host.set_property(COST_USD, format!("{whole}.{rest:09}").as_bytes());
        }
    }
}
