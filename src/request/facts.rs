//! What routing may know of one request.
//!
//! Plain data: filled by [`super::scan`] and the request's headers, read by
//! conditions, eligibility and explain.

use std::collections::BTreeMap;

use serde::Serialize;

use super::format::Format;
use super::keyword::KeywordSet;

/// The facts of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestFacts {
    /// The wire format its path speaks.
    pub format: Format,
    /// The model as the client wrote it, `#variant` included.
    pub model: Option<String>,
    /// Labels, from the tag header or else the body; each ≤ 128 bytes of printable ASCII.
    pub tags: Vec<String>,
    /// Scalar `metadata` of the body, overlaid with the params header.
    pub params: BTreeMap<String, String>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether any message carries an image.
    pub has_images: bool,
    /// Whether any message carries audio.
    pub has_audio: bool,
    /// Whether any message carries a file.
    pub has_files: bool,
    /// Whether tools or functions are offered.
    pub has_tools: bool,
    /// Whether the answer must be JSON (`response_format`).
    pub json_mode: bool,
    /// Whether the request continues state kept by a provider.
    pub has_state: bool,
    /// Messages (or input items) of the conversation.
    pub message_count: u32,
    /// Estimated input tokens, fixed costs of images, audio and files included.
    pub input_tokens_estimate: u64,
    /// The limit of the answer in tokens, if the request gives one.
    pub max_output_tokens: Option<u64>,
    /// Length of the body in bytes.
    pub body_bytes: u64,
    /// Which keywords occur in text that is not the assistant's or a tool's.
    pub keywords: KeywordSet,
    /// Values of the headers that conditions ask for, by lower-case name.
    pub headers: BTreeMap<String, String>,
}

impl RequestFacts {
    /// Facts of an empty request in that format.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            model: None,
            tags: Vec::new(),
            params: BTreeMap::new(),
            stream: false,
            has_images: false,
            has_audio: false,
            has_files: false,
            has_tools: false,
            json_mode: false,
            has_state: false,
            message_count: 0,
            input_tokens_estimate: 0,
            max_output_tokens: None,
            body_bytes: 0,
            keywords: KeywordSet::default(),
            headers: BTreeMap::new(),
        }
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
    message_count: u32,
    input_tokens_estimate: u64,
    max_output_tokens: Option<u64>,
    body_bytes: u64,
}

impl<'a> From<&'a RequestFacts> for FactsView<'a> {
    fn from(facts: &'a RequestFacts) -> Self {
        Self {
            format: facts.format.name(),
            operation: facts.format.operation(),
            model: facts.model.as_deref(),
            tags: &facts.tags,
            params: &facts.params,
            stream: facts.stream,
            has_images: facts.has_images,
            has_audio: facts.has_audio,
            has_files: facts.has_files,
            has_tools: facts.has_tools,
            json_mode: facts.json_mode,
            has_state: facts.has_state,
            message_count: facts.message_count,
            input_tokens_estimate: facts.input_tokens_estimate,
            max_output_tokens: facts.max_output_tokens,
            body_bytes: facts.body_bytes,
        }
    }
}
