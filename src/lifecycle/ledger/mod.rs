//! Counting and logging of requests and their attempts.
//!
//! A ledger is open while its request or attempt is under way. Closing takes the ledger, so that
//! counting something twice does not compile. No text of a request goes into a metric or a log
//! field.

mod attempt;
mod beginning;
mod decision_time;
mod in_flight;
mod label;
mod log_fields;
mod request;
mod states;
mod tenant;
mod tokens;

pub(super) use attempt::{AttemptEnd, AttemptLedger, count_fallback, report_transition};
pub(super) use beginning::begin_series;
pub(super) use decision_time::DecisionTime;
pub(super) use in_flight::{show_at_once, show_changed, show_in_flight};
pub(super) use label::{PROXY, RequestLabels, metric_model};
pub(super) use log_fields::{log_server, log_tenant, log_tokens};
pub(super) use request::{RequestLedger, note_decision};
pub(super) use states::{hide_gone, hide_states, show_states};
pub(super) use tenant::{release, settle};
pub(super) use tokens::{AnswerSize, SpentTokens};
