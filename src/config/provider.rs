//! Providers: where they are, what they speak, and what is changed of requests to them.

use super::credential::Credential;
use super::declare::{named, section};
use super::shape::{A_HEADER_NAME, A_HEADER_VALUE, TextForm};
use super::timeouts::Timeouts;
use crate::request::format::{Family, Format, Task};
use crate::translate::ClientApi;

section! {
    /// A vendor endpoint.
    #[derive(Debug, Clone)]
    pub struct Provider "provider" {
        /// The Envoy cluster that requests for this provider go to.
        pub cluster: String = required,
        /// The wire formats that the provider understands.
        pub api: Api = "openai",
        /// The value of :authority in requests to the provider.
        pub authority: Option<String> as (KeyKind::Text(TextForm::Authority)) = none,
        /// The providers that can read what this provider has encrypted, signed or kept: all that
        /// name the same boundary. Without it, only this provider.
        pub boundary: Option<String> = none,
        /// Text that is put before the request path.
        pub path_prefix: String as (KeyKind::Text(TextForm::PathPrefix)) = "",
        /// A path that replaces the request path. {model} and {operation} are filled in.
        pub path: Option<String> as (KeyKind::Text(TextForm::PathTemplate)) = none,
        /// The proxy's own credential for the provider.
        pub credential: Option<Credential> = none,
        /// Headers that are set on every attempt.
        pub headers: Vec<(String, String)> as (KeyKind::Map(TextForm::HeaderName, &A_HEADER_VALUE)) = {},
        /// Headers that are removed from every attempt.
        pub remove_headers: Vec<String> as (KeyKind::List(&A_HEADER_NAME)) = [],
        /// The client's headers, query parameters and body members that are sent on although they
        /// carry a credential or choose another model.
        pub keep: Vec<String> as (KeyKind::List(&A_HEADER_NAME)) = [],
        /// Whether its streams always end with the end mark of their format. `false`: a stream
        /// without the mark counts as whole and gets no error at its end.
        pub stream_marks: bool = true,
        /// How long an attempt may take.
        pub timeouts: Timeouts = {},
    }
    with {
        /// Its key in `providers`.
        pub name: String,
    }
}

/// The family of wire formats a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Api {
    /// `openai-*` and rerank.
    #[default]
    OpenAi,
    /// `openai-*` and rerank, but no `openai-responses`.
    OpenAiChat,
    /// `anthropic-messages`.
    Anthropic,
    /// `gemini-generate`.
    Gemini,
    /// `azure-openai`, and `openai-*` where a path template is set.
    Azure,
    /// `bedrock-converse`.
    Bedrock,
    /// `cohere-chat` and rerank.
    Cohere,
    /// `ollama`.
    Ollama,
    /// Every format.
    Any,
}

named! {
    Api {
        "openai" => OpenAi,
        "openai-chat" => OpenAiChat,
        "anthropic" => Anthropic,
        "gemini" => Gemini,
        "azure" => Azure,
        "bedrock" => Bedrock,
        "cohere" => Cohere,
        "ollama" => Ollama,
        "any" => Any,
    }
}

impl Provider {
    /// Returns the name of those who can read what this provider has encrypted, signed or kept.
    #[must_use]
    pub fn boundary(&self) -> &str {
        self.boundary.as_deref().unwrap_or(&self.name)
    }

    /// Whether a request in `format` can be sent there without a translation.
    #[must_use]
    pub fn speaks(&self, format: Format) -> bool {
        match (self.api, format.family()) {
            (Api::OpenAiChat, Family::OpenAi) => format != Format::OpenAiResponses,
            (Api::Any, _)
            | (Api::OpenAi, Family::OpenAi | Family::Rerank)
            | (Api::OpenAiChat, Family::Rerank)
            | (Api::Azure, Family::Azure)
            | (Api::Anthropic, Family::Anthropic)
            | (Api::Gemini, Family::Gemini)
            | (Api::Bedrock, Family::Bedrock)
            | (Api::Cohere, Family::Cohere | Family::Rerank)
            | (Api::Ollama, Family::Ollama) => true,
            (Api::Azure, Family::OpenAi) => self.path.is_some(),
            _ => false,
        }
    }

    /// Returns the format that a request in `format` can be translated into for this provider; `None` where the
    /// provider speaks `format` itself, or where nothing is translated. A count of tokens is never sent in
    /// another format, but it can be answered for such a provider.
    #[must_use]
    pub fn translated(&self, format: Format, task: Task) -> Option<Format> {
        let is_translated = match task {
            Task::Chat | Task::Responses => ClientApi::of(format).is_some(),
            Task::CountTokens => true,
            _ => false,
        };
        if self.speaks(format) || !is_translated {
            return None;
        }
        match self.api {
            Api::OpenAi | Api::OpenAiChat => Some(Format::OpenAiChat),
            // Without a template, the version of the API is not known.
            Api::Azure => self.path.is_some().then_some(Format::AzureOpenAi),
            Api::Anthropic => Some(Format::AnthropicMessages),
            Api::Gemini => Some(Format::GeminiGenerate),
            Api::Bedrock => Some(Format::BedrockConverse),
            Api::Cohere | Api::Ollama | Api::Any => None,
        }
    }
}
