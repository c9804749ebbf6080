//! Providers: where they are, what they speak, and what is changed of requests to them.

use super::declare::{named, section};
use super::shape::{A_HEADER_NAME, A_HEADER_VALUE, Text, VARIABLE};
use crate::request::format::Format;

section! {
    /// A vendor endpoint.
    #[derive(Debug, Clone)]
    pub struct Provider "provider" {
        /// the Envoy cluster
        pub cluster: String = required,
        /// which wire formats it speaks
        pub api: Api = "openai",
        /// value of :authority sent upstream
        pub authority: Option<String> as (Kind::Text(Text::Authority)) = none,
        /// put before the request path
        pub path_prefix: String as (Kind::Text(Text::PathPrefix)) = "",
        /// replaces the request path; {model} and {operation} are filled in
        pub path: Option<String> as (Kind::Text(Text::PathTemplate)) = none,
        /// the proxy's own credential
        pub credential: Option<Credential> = none,
        /// headers set on every attempt
        pub headers: Vec<(String, String)> as (Kind::Map(Text::HeaderName, &A_HEADER_VALUE)) = {},
        /// headers removed on every attempt
        pub remove_headers: Vec<String> as (Kind::List(&A_HEADER_NAME)) = [],
    }
    with {
        /// Its key in `providers`.
        pub name: String,
    }
}

section! {
    /// Where a secret comes from and where it goes.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Credential "credential" {
        /// the environment variable of the secret
        pub env: String as VARIABLE = required,
        /// the header it is sent in
        pub header: String as A_HEADER_NAME = "authorization",
        /// text before the secret
        pub prefix: String as A_HEADER_VALUE = "Bearer ",
    }
}

/// The family of wire formats a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Api {
    /// `openai-*` and rerank.
    #[default]
    OpenAi,
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
    /// Whether a request in `format` can be sent there as it is.
    #[must_use]
    pub fn speaks(&self, format: Format) -> bool {
        let is_openai = matches!(
            format,
            Format::OpenAiChat
                | Format::OpenAiResponses
                | Format::OpenAiCompletions
                | Format::OpenAiEmbeddings
                | Format::OpenAiModerations
                | Format::OpenAiImages
                | Format::OpenAiAudio
                | Format::OpenAiRealtime
        );
        match self.api {
            Api::Any => true,
            Api::OpenAi => is_openai || format == Format::Rerank,
            Api::Azure => format == Format::AzureOpenAi || (is_openai && self.path.is_some()),
            Api::Anthropic => format == Format::AnthropicMessages,
            Api::Gemini => format == Format::GeminiGenerate,
            Api::Bedrock => format == Format::BedrockConverse,
            Api::Cohere => matches!(format, Format::CohereChat | Format::Rerank),
            Api::Ollama => format == Format::Ollama,
        }
    }
}
