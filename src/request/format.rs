//! The wire formats, and what is known of each.
//!
//! Everything that tells one format from another is in its row of the table below: the
//! compiler asks for each column. The columns are used where their types are; what a body
//! says and where is in its [`document`](super::document), and how paths are compared in
//! [`path`](super::path).

use std::fmt;

use super::document::{Document, anthropic, gemini, openai, other};

/// Makes the enum and its table of rows.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident = $code:literal { $($column:ident: $value:expr,)* })*) => {
        /// A request shape of a provider API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Format {
            $($(#[$doc])* $format = $code,)*
        }

        impl Format {
            /// Every format, in the order of the documentation.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$format),*];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$format => const { &Row { $($column: $value,)* } },)*
                }
            }
        }
    };
}

// The number of a format is what it is handed over as: it stays, and is not used again.
formats! {
    /// `POST …/chat/completions`
    OpenAiChat = 0 {
        name: "openai-chat",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "chat",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[json(Task::Chat, "chat/completions", &openai::CHAT)],
    }
    /// `POST …/responses`
    OpenAiResponses = 1 {
        name: "openai-responses",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "chat",
        model_place: ModelPlace::Body,
        has_run_status: true,
        paths: &[
            json(Task::Responses, "responses", &openai::RESPONSES),
            json(Task::CountTokens, "responses/input_tokens", &openai::RESPONSES),
        ],
    }
    /// `POST …/completions`
    OpenAiCompletions = 2 {
        name: "openai-completions",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "text_completion",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Fim, "fim/completions", &openai::COMPLETIONS),
            json(Task::Completions, "completions", &openai::COMPLETIONS),
        ],
    }
    /// `POST …/embeddings`
    OpenAiEmbeddings = 3 {
        name: "openai-embeddings",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "embeddings",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[json(Task::Embeddings, "embeddings", &openai::EMBEDDINGS)],
    }
    /// `POST …/moderations`
    OpenAiModerations = 4 {
        name: "openai-moderations",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "moderation",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[json(Task::Moderations, "moderations", &openai::MODERATIONS)],
    }
    /// `POST …/images/…`
    OpenAiImages = 5 {
        name: "openai-images",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "image",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Images, "images/generations", &openai::IMAGES),
            form(Task::Images, "images/edits", &openai::IMAGES),
            form(Task::Images, "images/variations", &openai::IMAGES),
        ],
    }
    /// `POST …/audio/…`
    OpenAiAudio = 6 {
        name: "openai-audio",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "audio",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Speech, "audio/speech", &openai::SPEECH),
            form(Task::Audio, "audio/transcriptions", &openai::SPEECH),
            form(Task::Audio, "audio/translations", &openai::SPEECH),
        ],
    }
    /// `POST …/messages`, `…/messages/count_tokens`
    AnthropicMessages = 7 {
        name: "anthropic-messages",
        family: Family::Anthropic,
        dialect: Dialect::Anthropic,
        genai_operation: "chat",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "messages", &anthropic::MESSAGES),
            json(Task::CountTokens, "messages/count_tokens", &anthropic::MESSAGES),
            json(Task::Completions, "v1/complete", &openai::COMPLETIONS),
        ],
    }
    /// `POST …/models/MODEL:generateContent`
    GeminiGenerate = 8 {
        name: "gemini-generate",
        family: Family::Gemini,
        dialect: Dialect::Gemini,
        genai_operation: "generate_content",
        model_place: ModelPlace::Path,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "generateContent", &gemini::GENERATION),
            json(Task::Chat, "streamGenerateContent", &gemini::GENERATION).streaming(),
            json(Task::CountTokens, "countTokens", &gemini::GENERATION),
            json(Task::Embeddings, "embedContent", &gemini::GENERATION),
            json(Task::Embeddings, "batchEmbedContents", &gemini::GENERATION),
        ],
    }
    /// `POST …/openai/deployments/MODEL/…`
    AzureOpenAi = 9 {
        name: "azure-openai",
        family: Family::Azure,
        dialect: Dialect::OpenAi,
        genai_operation: "chat",
        model_place: ModelPlace::Path,
        has_run_status: true,
        // Those of OpenAI.
        paths: &[],
    }
    /// `GET …/realtime?model=MODEL`
    OpenAiRealtime = 10 {
        name: "openai-realtime",
        family: Family::OpenAi,
        dialect: Dialect::OpenAi,
        genai_operation: "realtime",
        model_place: ModelPlace::Query,
        has_run_status: false,
        paths: &[PathRow {
            body: Body::None,
            ..json(Task::Realtime, "realtime", &openai::CHAT)
        }],
    }
    /// `POST …/model/MODEL/converse`
    BedrockConverse = 11 {
        name: "bedrock-converse",
        family: Family::Bedrock,
        dialect: Dialect::Message,
        genai_operation: "chat",
        model_place: ModelPlace::Path,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "converse", &other::CONVERSE),
            json(Task::Chat, "converse-stream", &other::CONVERSE).streaming(),
        ],
    }
    /// `POST …/v2/chat`, `…/v2/embed`
    CohereChat = 12 {
        name: "cohere-chat",
        family: Family::Cohere,
        dialect: Dialect::Message,
        genai_operation: "chat",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "v2/chat", &other::COHERE_CHAT),
            json(Task::Embeddings, "v2/embed", &other::COHERE_EMBED),
        ],
    }
    /// `POST …/rerank`
    Rerank = 13 {
        name: "rerank",
        family: Family::Rerank,
        dialect: Dialect::OpenAi,
        genai_operation: "rerank",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[json(Task::Rerank, "rerank", &other::RERANK)],
    }
    /// `POST …/api/chat`, `/api/generate`, `/api/embed`
    Ollama = 14 {
        name: "ollama",
        family: Family::Ollama,
        dialect: Dialect::Ollama,
        genai_operation: "chat",
        model_place: ModelPlace::Body,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "api/chat", &other::OLLAMA).streaming(),
            json(Task::Completions, "api/generate", &other::OLLAMA).streaming(),
            json(Task::Embeddings, "api/embed", &other::OLLAMA),
            json(Task::Embeddings, "api/embeddings", &other::OLLAMA),
        ],
    }
}

/// What is known of one format.
struct Row {
    name: &'static str,
    family: Family,
    dialect: Dialect,
    genai_operation: &'static str,
    model_place: ModelPlace,
    has_run_status: bool,
    paths: &'static [PathRow],
}

/// The formats that the same providers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// OpenAI's, whose paths are also Azure's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Google's.
    Gemini,
    /// Azure's, with the deployment in the path.
    Azure,
    /// Amazon's.
    Bedrock,
    /// Cohere's own.
    Cohere,
    /// Rerankers', which several providers speak beside their own.
    Rerank,
    /// Ollama's.
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

/// Where a request names its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPlace {
    /// In the body.
    Body,
    /// In the path, before its end.
    Path,
    /// In the query.
    Query,
}

/// The kind of work that a request asks for, which explain calls its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// An answer to a conversation.
    Chat,
    /// The same in OpenAI's later API.
    Responses,
    /// A count of what a conversation would take; no model runs.
    CountTokens,
    /// Text between two others.
    Fim,
    /// Text after another.
    Completions,
    /// Vectors.
    Embeddings,
    /// A judgement of content.
    Moderations,
    /// Images.
    Images,
    /// Audio made of text.
    Speech,
    /// Text made of audio.
    Audio,
    /// An order of documents.
    Rerank,
    /// A session over a WebSocket.
    Realtime,
}

impl Task {
    /// Returns the name that traces give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::CountTokens => "count_tokens",
            Self::Fim => "fim",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Moderations => "moderations",
            Self::Images => "images",
            Self::Speech => "speech",
            Self::Audio => "audio",
            Self::Rerank => "rerank",
            Self::Realtime => "realtime",
        }
    }

    /// Returns whether the answer is text whose events are about as many as its tokens,
    /// where it streams and tells no usage.
    #[must_use]
    pub const fn has_event_per_token(self) -> bool {
        matches!(self, Self::Chat | Self::Responses | Self::Completions)
    }
}

/// What the body of a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// JSON.
    Json,
    /// A form with files, or JSON.
    Form,
    /// There is none: the request is a GET.
    None,
}

/// One path of a format.
#[derive(Debug, Clone, Copy)]
pub struct PathRow {
    /// What a request on it asks for.
    pub task: Task,
    /// The end of the path without its first slash, as path templates of providers have
    /// it; where the model is in the path, what follows the model.
    pub end: &'static str,
    /// How the body is read.
    pub document: &'static Document,
    /// What the body may be.
    pub body: Body,
    /// Whether an answer streams unless the body says otherwise.
    pub streams: bool,
}

const fn json(task: Task, end: &'static str, document: &'static Document) -> PathRow {
    PathRow { task, end, document, body: Body::Json, streams: false }
}

const fn form(task: Task, end: &'static str, document: &'static Document) -> PathRow {
    PathRow { body: Body::Form, ..json(task, end, document) }
}

impl PathRow {
    const fn streaming(self) -> Self {
        Self { streams: true, ..self }
    }
}

impl Format {
    /// Returns the name used in configuration and traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the format of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns the number that stands for it where it is handed over or kept.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the format of that number, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// Returns which providers speak it.
    #[must_use]
    pub const fn family(self) -> Family {
        self.row().family
    }

    /// Returns the dialect of errors its clients parse.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        self.row().dialect
    }

    /// Returns what OpenTelemetry's GenAI conventions call what its requests ask for; a
    /// word of this program where they have none.
    #[must_use]
    pub const fn genai_operation(self) -> &'static str {
        self.row().genai_operation
    }

    /// Returns where its requests name their model.
    #[must_use]
    pub const fn model_place(self) -> ModelPlace {
        self.row().model_place
    }

    /// Returns whether the `status` of an answer tells how far it has come, so that
    /// `failed` is a failure.
    #[must_use]
    pub const fn has_run_status(self) -> bool {
        self.row().has_run_status
    }

    /// Returns its own paths.
    #[must_use]
    pub const fn paths(self) -> &'static [PathRow] {
        self.row().paths
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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

    /// Attempts of another version of the module may read them.
    #[test]
    fn codes_never_change() {
        let codes = [
            (0, "openai-chat"),
            (1, "openai-responses"),
            (2, "openai-completions"),
            (3, "openai-embeddings"),
            (4, "openai-moderations"),
            (5, "openai-images"),
            (6, "openai-audio"),
            (7, "anthropic-messages"),
            (8, "gemini-generate"),
            (9, "azure-openai"),
            (10, "openai-realtime"),
            (11, "bedrock-converse"),
            (12, "cohere-chat"),
            (13, "rerank"),
            (14, "ollama"),
        ];
        for (code, name) in codes {
            let format = Format::from_code(code).unwrap();
            assert_eq!((format.name(), format.code()), (name, code));
        }
        assert_eq!(Format::ALL.len(), codes.len(), "a new format is a new line here");
        assert_eq!(Format::from_code(15), None);
    }
}
