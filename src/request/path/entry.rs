//! The paths that are LLM requests.

use crate::request::format::{Document, Format};

/// What a body is allowed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// JSON.
    Json,
    /// A form with files, or JSON.
    Form,
    /// There is none: the request is a GET.
    None,
}

/// One path and what a request on it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The wire format.
    pub format: Format,
    /// The kind of work, as explain names it.
    pub operation: &'static str,
    /// The end of the path without its slash, as path templates of providers have it.
    pub path: &'static str,
    /// How the body is read.
    pub document: Document,
    /// What the body may be.
    pub body: Body,
}

const fn json(
    format: Format,
    operation: &'static str,
    path: &'static str,
    document: Document,
) -> Entry {
    Entry { format, operation, path, document, body: Body::Json }
}

const fn form(
    format: Format,
    operation: &'static str,
    path: &'static str,
    document: Document,
) -> Entry {
    Entry { body: Body::Form, ..json(format, operation, path, document) }
}

/// Paths that end so, under any prefix.
pub(super) const SUFFIXES: &[Entry] = &[
    json(Format::OpenAiChat, "chat", "chat/completions", Document::Chat),
    json(Format::OpenAiResponses, "responses", "responses", Document::Responses),
    json(Format::OpenAiResponses, "count_tokens", "responses/input_tokens", Document::Responses),
    json(Format::OpenAiCompletions, "fim", "fim/completions", Document::Completions),
    json(Format::OpenAiCompletions, "completions", "completions", Document::Completions),
    json(Format::OpenAiEmbeddings, "embeddings", "embeddings", Document::Embeddings),
    json(Format::OpenAiModerations, "moderations", "moderations", Document::Moderations),
    json(Format::OpenAiImages, "images", "images/generations", Document::Images),
    form(Format::OpenAiImages, "images", "images/edits", Document::Images),
    form(Format::OpenAiImages, "images", "images/variations", Document::Images),
    json(Format::OpenAiAudio, "speech", "audio/speech", Document::Speech),
    form(Format::OpenAiAudio, "audio", "audio/transcriptions", Document::Speech),
    form(Format::OpenAiAudio, "audio", "audio/translations", Document::Speech),
    json(Format::AnthropicMessages, "chat", "messages", Document::Messages),
    json(Format::AnthropicMessages, "count_tokens", "messages/count_tokens", Document::Messages),
    json(Format::AnthropicMessages, "completions", "v1/complete", Document::Completions),
    json(Format::CohereChat, "chat", "v2/chat", Document::CohereChat),
    json(Format::CohereChat, "embeddings", "v2/embed", Document::CohereEmbed),
    json(Format::Rerank, "rerank", "rerank", Document::Rerank),
    json(Format::Ollama, "chat", "api/chat", Document::Ollama),
    json(Format::Ollama, "completions", "api/generate", Document::Ollama),
    json(Format::Ollama, "embeddings", "api/embed", Document::Ollama),
    json(Format::Ollama, "embeddings", "api/embeddings", Document::Ollama),
    Entry {
        format: Format::OpenAiRealtime,
        operation: "realtime",
        path: "realtime",
        document: Document::Chat,
        body: Body::None,
    },
];

/// What follows the model and a colon, below `models/` or `tunedModels/`.
pub(super) const GEMINI: &[Entry] = &[
    json(Format::GeminiGenerate, "chat", "generateContent", Document::Gemini),
    json(Format::GeminiGenerate, "chat", "streamGenerateContent", Document::Gemini),
    json(Format::GeminiGenerate, "count_tokens", "countTokens", Document::Gemini),
    json(Format::GeminiGenerate, "embeddings", "embedContent", Document::Gemini),
    json(Format::GeminiGenerate, "embeddings", "batchEmbedContents", Document::Gemini),
];

/// What follows the model, below `model/`.
pub(super) const BEDROCK: &[Entry] = &[
    json(Format::BedrockConverse, "chat", "converse", Document::Converse),
    json(Format::BedrockConverse, "chat", "converse-stream", Document::Converse),
];

impl Entry {
    /// The first entry of a format.
    #[must_use]
    pub fn of(format: Format) -> Option<Self> {
        let mut all = SUFFIXES.iter().chain(GEMINI).chain(BEDROCK);
        all.find(|entry| entry.format == format).copied()
    }

    /// The entry of a further path of a format: the one whose last segment it has, else
    /// the first. Where the format knows forms, its body may be one.
    pub(super) fn at(suffix: &str, format: Format) -> Option<Self> {
        fn last(path: &str) -> Option<&str> {
            path.rsplit('/').next()
        }
        let of_format = || SUFFIXES.iter().filter(|entry| entry.format == format);
        let same = of_format().find(|entry| last(entry.path) == last(suffix));
        let entry = same.copied().or_else(|| Self::of(format))?;
        let has_forms = of_format().any(|entry| entry.body == Body::Form);
        Some(if has_forms { Self { body: Body::Form, ..entry } } else { entry })
    }

    /// Whether an answer streams unless the body says otherwise.
    #[must_use]
    pub fn streams(&self) -> bool {
        const STREAMING: [&str; 4] =
            ["streamGenerateContent", "converse-stream", "api/chat", "api/generate"];
        STREAMING.contains(&self.path)
    }
}
