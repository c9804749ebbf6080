//! What is known of a request that matters for reading its answer.

use crate::hash;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::format::{Format, Task};
use crate::response::outcome::{KeyOwner, RequestProfile};
use crate::state::Claim;

use super::intake::Intake;

/// How much of a body's beginning tells one request from another, in bytes.
const BEGINNING: usize = 256;

/// What is known of a request that matters for reading its answer: to tell whose fault an
/// error is, and to count tokens.
///
/// The router makes it when it decides, and hands it to the attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) format: Format,
    /// The operation. Each has a health of its own at a deployment.
    pub(super) task: Task,
    /// A hash of the operation, the session and the body, by which repetitions of the request
    /// are known. Two requests may have the same one; then the second proves nothing.
    pub(super) fingerprint: u32,
    /// Input tokens: the estimate, or a guess by the length of the body, or 0 where neither is
    /// known.
    pub(super) tokens: u64,
    /// Whether `tokens` is the estimate for the whole body, so that it can be compared with
    /// the provider's count.
    pub(super) is_estimated: bool,
    /// Whether it may name files, media or kept state. A provider refuses those that belong to
    /// another account, and that refusal says nothing of the deployment.
    pub(super) may_name_others: bool,
    /// Whether the client sent a credential of its own.
    pub(super) has_clients_credential: bool,
}

impl Work {
    /// Returns it for a request, by its headers and by what is known of its body.
    pub(super) fn of(intake: &Intake, facts: &RequestFacts, controls: &Controls) -> Self {
        // Before the body has been read, its tokens are unknown and count as 0.
        let entry = intake.call.entry;
        let session = controls.session.unwrap_or_default();
        Self {
            format: entry.format,
            task: entry.task,
            fingerprint: folded(session ^ u64::from(entry.task.code())),
            tokens: facts.input_tokens.likely(),
            is_estimated: facts.input_tokens.is_exact(),
            may_name_others: facts.may_name_others() || names_guardrail(intake),
            has_clients_credential: intake.has_credential || facts.has_key,
        }
    }

    /// Adds to the fingerprint what is known of the body: its length, if that is known, and how
    /// it begins.
    pub(super) fn identify(&mut self, length: Option<u64>, beginning: &[u8]) {
        let beginning = beginning.get(..BEGINNING).unwrap_or(beginning);
        let (words, rest) = beginning.as_chunks::<8>();
        // A last word that is not whole is filled up with zeros.
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        let known = [u64::from(self.fingerprint), length.unwrap_or_default()];
        let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
        // Fast rather than strong: two requests with one hash only leave a suspicion unconfirmed.
        let hash = known.into_iter().chain(words).fold(0, |hash: u64, word| {
            (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        });
        self.fingerprint = folded(hash);
    }

    /// Returns what the request claims of a deployment.
    pub(super) const fn claim(&self) -> Claim {
        Claim { task: self.task, tokens: self.tokens }
    }

    /// Returns what of the request the meaning of an answer depends on. `has_proxys`: the
    /// provider gets the proxy's credential.
    pub(super) const fn profile(&self, has_proxys: bool) -> RequestProfile {
        let key = match (has_proxys, self.has_clients_credential) {
            (true, _) => KeyOwner::Proxy,
            (false, true) => KeyOwner::Client,
            (false, false) => KeyOwner::Nobody,
        };
        RequestProfile { key, may_name_others: self.may_name_others }
    }
}

/// Returns whether a header names a guardrail, which an account keeps. Bedrock takes one there where
/// the body is the model's own.
fn names_guardrail(intake: &Intake) -> bool {
    intake.call.format() == Format::BedrockInvoke
        && intake.head.first("x-amzn-bedrock-guardrailidentifier").is_some()
}

/// Returns the lower half of a hash, of which every bit is as good as another.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn folded(hash: u64) -> u32 {
    hash::mixed(hash) as u32
}
