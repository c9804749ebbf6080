//! What routing may know of one request.
//!
//! Plain data: filled by [`super::scan`] and the request's headers, read by
//! conditions, eligibility and explain.

use std::collections::BTreeMap;

use serde::Serialize;

use super::format::{BodyKind, Format, Task};
use super::keyword::KeywordSet;
use super::path::Entry;
use super::provider_state::{ProviderState, StateName};
use super::session::Sessions;
use super::translations::Translations;
pub use super::unseen::{Fact, Unseen};

/// A number of tokens between two bounds, exact where both are the same. Bounds are cheap: they
/// spare the estimate where they already settle what is asked of the number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// No fewer than this.
    pub least: u64,
    /// No more than this.
    pub most: u64,
}

impl Tokens {
    /// Any number.
    pub const UNKNOWN: Self = Self { least: 0, most: u64::MAX };

    /// Returns exactly that many.
    #[must_use]
    pub const fn exactly(count: u64) -> Self {
        Self { least: count, most: count }
    }

    /// Returns the sum of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.saturating_add(other.most),
        }
    }

    /// Returns the likeliest number: text that was not counted has about four bytes a token.
    /// 0 where nothing is known.
    #[must_use]
    pub const fn likely(self) -> u64 {
        match self {
            Self::UNKNOWN => 0,
            Self { least, most } => least.saturating_add(most.saturating_sub(least) / 4),
        }
    }

    /// Returns whether the number is known.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.least == self.most
    }
}

/// The facts of one request: all that routing may know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestFacts {
    /// The wire format its path speaks.
    pub format: Format,
    /// The kind of work it asks for.
    pub task: Task,
    /// The model as the client wrote it, `#variant` included. `None` where it named none, or
    /// an empty one.
    pub model: Option<String>,
    /// Labels, from the tag header or else the body: at most 64 of at most 128 bytes of
    /// printable ASCII each.
    pub tags: Vec<String>,
    /// Scalar members of the body's `metadata`, overlaid with the params header. Numbers and
    /// booleans are the text that they are written as.
    pub params: BTreeMap<String, String>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether any message carries an image.
    pub has_images: bool,
    /// Whether any message carries audio.
    pub has_audio: bool,
    /// Whether any message carries a file.
    pub has_files: bool,
    /// Whether tools or functions are offered, whether or not they are used.
    pub has_tools: bool,
    /// Whether the answer must be JSON, as `response_format` and what other formats call it
    /// may ask for.
    pub json_mode: bool,
    /// What of it only one account of one provider can read.
    pub state: ProviderState,
    /// Whether a prompt is given as tokens or tensors, which cannot be searched.
    pub has_token_ids: bool,
    /// Whether a file, an image or audio is named that lies elsewhere than in the request.
    pub names_others: bool,
    /// Whether the body brings a key of the client's own.
    pub has_key: bool,
    /// Messages of the conversation, or items of the input.
    pub message_count: u32,
    /// Estimated input tokens, with what images, audio and files cost; bounds where text was not
    /// looked at.
    pub input_tokens: Tokens,
    /// The limit of one answer in tokens, if the request gives one; of several the largest. Budgets
    /// for thinking are part of it. [`u64::MAX`] where the request wants no limit (-1).
    pub max_output_tokens: Option<u64>,
    /// How many answers the request asks for: to each prompt as many as it says, at least one.
    pub answers: u64,
    /// Length of the body in bytes.
    pub body_bytes: u64,
    /// Which keywords occur in the text that is searched: all that may reach the model as prompt,
    /// and what the configuration adds.
    pub keywords: KeywordSet,
    /// Values of the headers that conditions ask for, by lower-case name; of several values all,
    /// with commas between.
    pub headers: BTreeMap<String, String>,
    /// What of the body tells the session that the request belongs to.
    pub sessions: Sessions,
    /// The beginning of the prompt, where it is kept for a service that is to be sent it.
    pub prompt: Option<String>,
    /// What it would lose in the wire formats of other providers.
    pub translations: Translations,
    /// What of all this is not known yet.
    pub unseen: Unseen,
}

impl RequestFacts {
    /// Returns the facts of a request of that kind as far as its path tells them.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self {
            format: entry.format,
            task: entry.task,
            model: None,
            tags: Vec::new(),
            params: BTreeMap::new(),
            stream: entry.streams,
            has_images: false,
            // A realtime session, which is all that has no body, is held in audio.
            has_audio: entry.body == BodyKind::None,
            has_files: false,
            has_tools: false,
            json_mode: false,
            state: ProviderState::default(),
            has_token_ids: false,
            names_others: false,
            has_key: false,
            message_count: 0,
            input_tokens: Tokens::default(),
            max_output_tokens: None,
            answers: 1,
            body_bytes: 0,
            keywords: KeywordSet::default(),
            headers: BTreeMap::new(),
            sessions: Sessions::default(),
            prompt: None,
            translations: Translations::default(),
            unseen: Unseen::default(),
        }
    }

    /// Returns the limit of one answer in tokens, at a model that answers with `most` at most. A
    /// request that wants no limit gets the model's own, or none. `None` where it says nothing.
    #[must_use]
    pub fn output_limit(&self, most: Option<u64>) -> Option<u64> {
        match self.max_output_tokens {
            Some(u64::MAX) => Some(most.unwrap_or(u64::MAX)),
            limit => limit,
        }
    }

    /// Returns whether its tokens go through a model, rather than being counted only.
    #[must_use]
    pub fn is_processed(&self) -> bool {
        self.task.is_processed()
    }

    /// Returns the input tokens that it takes of a deployment's limits.
    #[must_use]
    pub fn taken_tokens(&self) -> Tokens {
        if self.is_processed() { self.input_tokens } else { Tokens::default() }
    }

    /// Returns whether the request names, as far as is known, things beside the model that a
    /// credential may not give access to: addresses of files and media, state that a provider
    /// keeps. Then a 403 may be the client's fault, and says nothing against the credential.
    #[must_use]
    pub fn may_name_others(&self) -> bool {
        let is_open = self.unseen.has(Fact::State) || self.unseen.has(Fact::Modality);
        is_open || self.state.may_hide_text() || self.names_others
    }
}

/// The facts as explain shows them; no prompt text, no headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactsView<'a> {
    format: &'static str,
    operation: &'static str,
    model: Option<&'a str>,
    tags: &'a [String],
    params: &'a BTreeMap<String, String>,
    stream: bool,
    has_images: bool,
    has_audio: bool,
    has_files: bool,
    has_tools: bool,
    json_mode: bool,
    has_state: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    state: Vec<StateName>,
    has_token_ids: bool,
    message_count: u32,
    input_tokens_estimate: u64,
    max_output_tokens: Option<u64>,
    answers: u64,
    body_bytes: u64,
}

impl<'a> From<&'a RequestFacts> for FactsView<'a> {
    fn from(facts: &'a RequestFacts) -> Self {
        Self {
            format: facts.format.name(),
            operation: facts.task.name(),
            model: facts.model.as_deref(),
            tags: &facts.tags,
            params: &facts.params,
            stream: facts.stream,
            has_images: facts.has_images,
            has_audio: facts.has_audio,
            has_files: facts.has_files,
            has_tools: facts.has_tools,
            json_mode: facts.json_mode,
            has_state: facts.state.is_any(),
            state: facts.state.names(),
            has_token_ids: facts.has_token_ids,
            message_count: facts.message_count,
            input_tokens_estimate: facts.input_tokens.most,
            max_output_tokens: facts.max_output_tokens,
            answers: facts.answers,
            body_bytes: facts.body_bytes,
        }
    }
}
