//! What a request is, as far as its answer depends on that.

use crate::request::facts::RequestFacts;
use crate::request::format::Format;

use super::intake::Intake;

/// What a request is, as far as its answer depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) format: Format,
    /// Input tokens: estimated, reckoned from the length, or 0 where nothing is known.
    pub(super) tokens: u64,
    /// Whether `tokens` is the estimate of the whole request, so that it can be compared
    /// with what the provider counts.
    pub(super) is_estimated: bool,
    /// Whether its tokens go through a model, rather than being counted only.
    pub(super) is_processed: bool,
    /// Whether it is answered with text, of which every token is one of output.
    pub(super) is_text: bool,
    /// Whether it may name what is not its own: files, media, kept state.
    pub(super) may_name_others: bool,
    /// Whether it brings a credential of the client's.
    pub(super) has_clients_credential: bool,
}

impl Work {
    /// Returns what a request is, from its head and what is known of its body.
    pub(super) fn of(intake: &Intake, facts: &RequestFacts) -> Self {
        let entry = intake.call.entry;
        Self {
            format: entry.format,
            tokens: facts.input_tokens.likely(),
            is_estimated: facts.input_tokens.is_exact(),
            is_processed: facts.is_processed(),
            is_text: entry.task.has_event_per_token(),
            may_name_others: facts.may_name_others(),
            has_clients_credential: intake.head.has_credential(),
        }
    }
}
