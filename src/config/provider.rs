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
        /// the Envoy cluster
        pub cluster: String = required,
        /// which wire formats it speaks
        pub api: Api = "openai",
        /// value of :authority sent upstream
        pub authority: Option<String> as (KeyKind::Text(TextForm::Authority)) = none,
        /// who can read what this provider has encrypted, signed or kept: providers that name the same
        /// boundary; left out, this one alone
        pub boundary: Option<String> = none,
        /// put before the request path
        pub path_prefix: String as (KeyKind::Text(TextForm::PathPrefix)) = "",
        /// replaces the request path; {model} and {operation} are filled in
        pub path: Option<String> as (KeyKind::Text(TextForm::PathTemplate)) = none,
        /// the proxy's own credential
        pub credential: Option<Credential> = none,
        /// headers set on every attempt
        pub headers: Vec<(String, String)> as (KeyKind::Map(TextForm::HeaderName, &A_HEADER_VALUE)) = {},
        /// headers removed on every attempt
        pub remove_headers: Vec<String> as (KeyKind::List(&A_HEADER_NAME)) = [],
        /// headers, query parameters and body members of the client's that go on although they
        /// carry a credential or choose another model
        pub keep: Vec<String> as (KeyKind::List(&A_HEADER_NAME)) = [],
        /// whether its streams always end with the mark of their format; false: one without it counts as
        /// whole, and gets no error at its end
        pub stream_marks: bool = true,
        /// how long an attempt may take
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
