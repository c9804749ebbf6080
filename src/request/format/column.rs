//! What stands in the columns of the table of wire formats.

use crate::request::document::Document;

/// The formats that the same providers speak. A provider's `api` names one or more of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// OpenAI's, which most other servers speak too. Azure has the same paths below its
    /// deployments.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Google's.
    Gemini,
    /// Azure's: the bodies of OpenAI's, with the deployment in the path.
    Azure,
    /// Amazon's.
    Bedrock,
    /// Cohere's own.
    Cohere,
    /// Rerankers', which several providers and servers of open models speak beside their own
    /// formats.
    Rerank,
    /// Ollama's.
    Ollama,
}

/// The shape of error bodies that the clients of a format understand, in which refusals are
/// written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"error": {"message", "type", "param", "code"}}`
    OpenAi,
    /// `{"type": "error", "error": {"type", "message"}}`
    Anthropic,
    /// `{"error": {"code", "message", "status"}}`
    Gemini,
    /// `{"message"}`, as Amazon and Cohere have it.
    Message,
    /// `{"error": "…"}`
    Ollama,
}

/// Where a request names its model, and so where it is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPlace {
    /// In the body.
    Body,
    /// In the path, before its end, as in `/v1beta/models/MODEL:generateContent`.
    Path,
    /// In the query, as in `/v1/realtime?model=MODEL`.
    Query,
}

/// The kind of work that a request asks for, which explain calls its operation.
///
/// The number of a task is what it is handed over and stored as: it stays, and is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Task {
    /// An answer to a conversation.
    Chat = 0,
    /// An answer to a conversation in OpenAI's later API, whose turns may be kept by the
    /// provider.
    Responses = 1,
    /// A count of the tokens that a conversation would take. No model runs, so it takes none of
    /// a deployment's limits.
    CountTokens = 2,
    /// Text between two others (fill in the middle), as editors ask for it.
    Fim = 3,
    /// Text after another, without the notion of a conversation.
    Completions = 4,
    /// Vectors.
    Embeddings = 5,
    /// A judgement of whether content breaks a policy.
    Moderations = 6,
    /// Images.
    Images = 7,
    /// Audio made of text.
    Speech = 8,
    /// Text made of audio.
    Audio = 9,
    /// An order of documents by how well they answer a query.
    Rerank = 10,
    /// A session over a WebSocket, of which only the opening request is seen.
    Realtime = 11,
}

impl Task {
    /// Every task, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Chat,
        Self::Responses,
        Self::CountTokens,
        Self::Fim,
        Self::Completions,
        Self::Embeddings,
        Self::Moderations,
        Self::Images,
        Self::Speech,
        Self::Audio,
        Self::Rerank,
        Self::Realtime,
    ];

    /// Returns the number under which it is handed over and stored.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the task of that number; `None` for numbers that no task has.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Returns whether its tokens go through a model, rather than being counted only.
    #[must_use]
    pub const fn is_processed(self) -> bool {
        !matches!(self, Self::CountTokens)
    }

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
pub enum BodyKind {
    /// JSON.
    Json,
    /// A form with files, or JSON: the content type says which.
    Form,
    /// There is none: the request is a GET.
    None,
}

/// One path of a format: what a request on it asks for, and how its body is read.
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
    pub body: BodyKind,
    /// Whether an answer streams unless the body says otherwise.
    pub streams: bool,
    /// Whether its requests name a model. Where not, what they ask for says which one serves them,
    /// such as an agent.
    pub has_model: bool,
}

/// Returns a path whose body is JSON.
pub(super) const fn json(task: Task, end: &'static str, document: &'static Document) -> PathRow {
    PathRow { task, end, document, body: BodyKind::Json, streams: false, has_model: true }
}

/// Returns a path whose body is a form with files, or JSON.
pub(super) const fn form(task: Task, end: &'static str, document: &'static Document) -> PathRow {
    PathRow { body: BodyKind::Form, ..json(task, end, document) }
}

impl PathRow {
    /// Returns the same path, whose answer streams unless the body says otherwise.
    pub(super) const fn streaming(self) -> Self {
        Self { streams: true, ..self }
    }

    /// Returns the same path, whose requests name no model.
    pub(super) const fn without_model(self) -> Self {
        Self { has_model: false, ..self }
    }
}
