//! What is known of a request that matters for reading its answer.

use crate::request::facts::RequestFacts;
use crate::request::format::Format;

use super::intake::Intake;

/// What is known of a request that matters for reading its answer: to tell whose fault an
/// error is, and to count tokens.
///
/// The router makes it when it decides, and hands it to the attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) format: Format,
    /// Input tokens: the estimate, or a guess by the length of the body, or 0 where neither is
    /// known.
    pub(super) tokens: u64,
    /// Whether `tokens` is the estimate for the whole body, so that it can be compared with
    /// the provider's count.
    pub(super) is_estimated: bool,
    /// Whether a model processes its tokens. A request that only counts tokens costs none.
    pub(super) is_processed: bool,
    /// Whether the answer is text, so that its length tells how many tokens of output it has.
    pub(super) is_text: bool,
    /// Whether it may name files, media or kept state. A provider refuses those that belong to
    /// another account, and that refusal says nothing of the deployment.
    pub(super) may_name_others: bool,
    /// Whether the client sent a credential of its own.
    pub(super) has_clients_credential: bool,
}

impl Work {
    /// Returns it for a request, by its headers and by what is known of its body.
    pub(super) fn of(intake: &Intake, facts: &RequestFacts) -> Self {
        // Before the body has been read, its tokens are unknown and count as 0.
        let entry = intake.call.entry;
        Self {
            format: entry.format,
            tokens: facts.input_tokens.likely(),
            is_estimated: facts.input_tokens.is_exact(),
            is_processed: facts.is_processed(),
            is_text: entry.task.has_event_per_token(),
            may_name_others: facts.may_name_others(),
            has_clients_credential: intake.has_credential,
        }
    }
}
