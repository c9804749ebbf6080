//! The rows: everything that tells one wire format from another.

use std::fmt;

use super::column::{BodyKind, Dialect, Family, ModelPlace, PathRow, Task, form, json};
use crate::request::document::{anthropic, gemini, openai, other};

/// Makes the enum and its table of rows: a row for each variant, a value for each field of
/// [`Row`]. So a variant without a row does not compile, nor a row that lacks a field.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident = $code:literal { $($column:ident: $value:expr,)* })*) => {
        /// A wire format: the shape of requests and answers of one API. One API may have
        /// several paths, and a provider may speak several formats.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Format {
            $($(#[$doc])* $format = $code,)*
        }

        impl Format {
            /// Every format, in the order of the documentation.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$format),*];

            /// Returns its row.
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
        paths: &[
            json(Task::Chat, "chat/completions", &openai::CHAT),
            // Mistral's agents, which have a model of their own.
            json(Task::Chat, "agents/completions", &openai::CHAT).without_model(),
        ],
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
            json(Task::Responses, "responses/compact", &openai::RESPONSES),
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
        paths: &[
            PathRow { body: BodyKind::None, ..json(Task::Realtime, "realtime", &openai::CHAT) },
            json(Task::Realtime, "realtime/sessions", &openai::SESSION),
            json(Task::Realtime, "realtime/client_secrets", &openai::SESSION),
            json(Task::Realtime, "realtime/transcription_sessions", &openai::SESSION)
                .without_model(),
        ],
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
    /// `POST …/model/MODEL/invoke`: the body is the model's own, most often Anthropic's
    BedrockInvoke = 15 {
        name: "bedrock-invoke",
        family: Family::Bedrock,
        dialect: Dialect::Message,
        genai_operation: "chat",
        model_place: ModelPlace::Path,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "invoke", &anthropic::MESSAGES),
            json(Task::Chat, "invoke-with-response-stream", &anthropic::MESSAGES).streaming(),
        ],
    }
    /// `POST …/models/MODEL:rawPredict`: the body is the model's own, most often Anthropic's
    VertexPredict = 16 {
        name: "vertex-predict",
        family: Family::Gemini,
        dialect: Dialect::Gemini,
        genai_operation: "chat",
        model_place: ModelPlace::Path,
        has_run_status: false,
        paths: &[
            json(Task::Chat, "rawPredict", &anthropic::MESSAGES),
            json(Task::Chat, "streamRawPredict", &anthropic::MESSAGES).streaming(),
            // Embeddings and images alike.
            json(Task::Embeddings, "predict", &gemini::PREDICTION),
        ],
    }
}

/// What is known of one format; the methods of [`Format`] say what each is for.
struct Row {
    name: &'static str,
    family: Family,
    dialect: Dialect,
    genai_operation: &'static str,
    model_place: ModelPlace,
    has_run_status: bool,
    paths: &'static [PathRow],
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

    /// Returns the number that stands for it where it is handed over or kept. It stays the same
    /// in all versions of the module, whatever is added.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the format of that number, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// Returns which providers speak it: a plan has only deployments of those, since nothing is
    /// translated.
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

    /// Returns its own paths. Azure's are those of the OpenAI formats, below a deployment.
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
