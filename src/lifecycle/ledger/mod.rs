//! What is counted and logged of a request and of its attempts.
//!
//! A ledger is open while what it belongs to is under way. Closing it takes it, so nothing
//! can be counted twice. No text of a request goes into a metric or a log field.

mod attempt;
mod decision_time;
mod label;
mod log_fields;
mod request;
mod tokens;

pub(super) use attempt::{AttemptEnd, AttemptLedger, PROXY, count_fallback, show_in_flight};
pub(super) use decision_time::DecisionTime;
pub(super) use label::{Labels, metric_model};
pub(super) use log_fields::{log_server, log_tokens};
pub(super) use request::{RequestLedger, note_decision};
pub(super) use tokens::SpentTokens;
