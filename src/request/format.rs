//! Wire formats and their names.
//!
//! Which one a request speaks is [`super::path`]'s to say, where a format keeps
//! its facts the table's in [`super::scan`].

use std::fmt;

/// A request shape of a provider API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// `POST …/chat/completions`
    OpenAiChat,
    /// `POST …/responses`
    OpenAiResponses,
    /// `POST …/completions`
    OpenAiCompletions,
    /// `POST …/embeddings`
    OpenAiEmbeddings,
    /// `POST …/moderations`
    OpenAiModerations,
    /// `POST …/images/…`
    OpenAiImages,
    /// `POST …/audio/…`
    OpenAiAudio,
    /// `POST …/messages`, `…/messages/count_tokens`
    AnthropicMessages,
    /// `POST …/models/MODEL:generateContent`
    GeminiGenerate,
    /// `POST …/openai/deployments/MODEL/…`
    AzureOpenAi,
    /// `GET …/realtime?model=MODEL`
    OpenAiRealtime,
    /// `POST …/model/MODEL/converse`
    BedrockConverse,
    /// `POST …/v2/chat`, `…/v2/embed`
    CohereChat,
    /// `POST …/rerank`
    Rerank,
    /// `POST …/api/chat`, `/api/generate`, `/api/embed`
    Ollama,
}

/// The shape of error bodies a client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"error": {"message", "type", "param", "code"}}`
    OpenAi,
    /// `{"type": "error", "error": {"type", "message"}}`
    Anthropic,
    /// `{"error": {"code", "message", "status"}}`
    Gemini,
    /// `{"message"}`
    Message,
    /// `{"error": "…"}`
    Ollama,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::OpenAiModerations,
        Self::OpenAiImages,
        Self::OpenAiAudio,
        Self::AnthropicMessages,
        Self::GeminiGenerate,
        Self::AzureOpenAi,
        Self::OpenAiRealtime,
        Self::BedrockConverse,
        Self::CohereChat,
        Self::Rerank,
        Self::Ollama,
    ];

    /// The name used in configuration and traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::OpenAiCompletions => "openai-completions",
            Self::OpenAiEmbeddings => "openai-embeddings",
            Self::OpenAiModerations => "openai-moderations",
            Self::OpenAiImages => "openai-images",
            Self::OpenAiAudio => "openai-audio",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GeminiGenerate => "gemini-generate",
            Self::AzureOpenAi => "azure-openai",
            Self::OpenAiRealtime => "openai-realtime",
            Self::BedrockConverse => "bedrock-converse",
            Self::CohereChat => "cohere-chat",
            Self::Rerank => "rerank",
            Self::Ollama => "ollama",
        }
    }

    /// The format of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether the model's place is the path or the query rather than the body.
    #[must_use]
    pub const fn names_model_outside(self) -> bool {
        matches!(
            self,
            Self::GeminiGenerate | Self::AzureOpenAi | Self::BedrockConverse | Self::OpenAiRealtime
        )
    }

    /// The dialect of errors its clients parse.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::AnthropicMessages => Dialect::Anthropic,
            Self::GeminiGenerate => Dialect::Gemini,
            Self::BedrockConverse | Self::CohereChat => Dialect::Message,
            Self::Ollama => Dialect::Ollama,
            _ => Dialect::OpenAi,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The table by which a body is read; one format may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    /// Chat completions.
    Chat,
    /// Responses.
    Responses,
    /// Text completions.
    Completions,
    /// Embeddings of texts.
    Embeddings,
    /// Moderations.
    Moderations,
    /// Images made of a prompt, or of others.
    Images,
    /// Speech made of a text.
    Speech,
    /// Messages.
    Messages,
    /// Contents of a generation, a count or an embedding.
    Gemini,
    /// A conversation.
    Converse,
    /// Cohere's chat.
    CohereChat,
    /// Cohere's embeddings.
    CohereEmbed,
    /// A query and documents to rank.
    Rerank,
    /// Ollama's chat, generation and embeddings.
    Ollama,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("openai"), None);
    }
}
