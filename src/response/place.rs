//! The members of an answer that count, as a table: which key of which object.
//!
//! Content is at none of these places: what a model writes, calls or is told stands in
//! `choices`, `content`, `output`, `candidates` and the like, which are skipped whole.

/// A place in a document, or what is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing that counts.
    Skip,
    /// A member's name.
    Key,
    /// A list of documents, as Gemini streams them.
    List,
    /// A document: a whole answer or one event.
    Document,
    /// The answer inside an event of OpenAI's responses.
    Response,
    /// Anthropic's message in an event, or an error's text.
    Message,
    /// What an event adds.
    Delta,
    /// Cohere's facts about an answer.
    Meta,
    /// Groq's facts about a stream.
    Groq,
    /// Token counts under the names of OpenAI, Anthropic and Bedrock.
    Usage,
    /// Token counts of Cohere.
    Tokens,
    /// Token counts that Cohere bills.
    Billed,
    /// Token counts of Gemini.
    UsageMetadata,
    /// An error, or its text.
    Error,
    /// Google's list of an error's details.
    Details,
    /// One of them.
    Detail,
    /// Azure's reason behind an error.
    InnerError,
    /// OpenRouter's facts about an error.
    ErrorMetadata,
    /// Gemini's judgement of a prompt.
    PromptFeedback,
    /// A count.
    Count(Count),
    /// The type of a document or event.
    Type,
    /// `error` where the whole document is one.
    Object,
    /// How far a response has come.
    RunStatus,
    /// A word or number of an error that is made for programs.
    Word,
    /// An error's text.
    Text,
    /// The parameter that an error is about.
    Param,
    /// How long to wait.
    RetryDelay,
    /// What a moderation objected to.
    Flagged,
    /// Why a prompt was blocked.
    BlockReason,
}

/// A name under which tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// All of the input.
    Prompt,
    /// What tools added to the input.
    ToolPrompt,
    /// The output without thoughts.
    Completion,
    /// Thoughts beside the output.
    Thoughts,
    /// The input without what touched a cache.
    Input,
    CacheRead,
    CacheWrite,
    /// All of the output.
    Output,
    BilledInput,
    BilledOutput,
}

impl Place {
    /// Whether an object here has members that count.
    pub(super) const fn is_object(self) -> bool {
        matches!(
            self,
            Self::Document
                | Self::Response
                | Self::Message
                | Self::Delta
                | Self::Meta
                | Self::Groq
                | Self::Usage
                | Self::Tokens
                | Self::Billed
                | Self::UsageMetadata
                | Self::Error
                | Self::Detail
                | Self::InnerError
                | Self::ErrorMetadata
                | Self::PromptFeedback
        )
    }

    /// Whether a string here counts.
    pub(super) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Key
                | Self::Message
                | Self::Error
                | Self::Type
                | Self::Object
                | Self::RunStatus
                | Self::Word
                | Self::Text
                | Self::Param
                | Self::RetryDelay
                | Self::Flagged
                | Self::BlockReason
        )
    }

    /// Whether a number, boolean or null here counts.
    pub(super) const fn is_scalar(self) -> bool {
        matches!(self, Self::Count(_) | Self::Word | Self::Error)
    }

    /// What follows a comma, or the opening bracket, of a container here.
    pub(super) const fn inside(self) -> Self {
        match self {
            Self::List => Self::Document,
            Self::Details => Self::Detail,
            _ => Self::Key,
        }
    }

    /// What the member of that name is of an object here.
    pub(super) fn member(self, key: &[u8]) -> Self {
        match self {
            Self::Document => of_document(key),
            Self::Response => match key {
                b"usage" => Self::Usage,
                b"error" => Self::Error,
                b"status" => Self::RunStatus,
                _ => Self::Skip,
            },
            Self::Message | Self::Groq if key == b"usage" => Self::Usage,
            Self::Delta => match key {
                b"usage" => Self::Usage,
                b"error" => Self::Error,
                _ => Self::Skip,
            },
            Self::Usage | Self::Meta | Self::Tokens | Self::Billed | Self::UsageMetadata => {
                self.of_counts(key)
            }
            Self::Error => match key {
                b"code" | b"type" | b"status" => Self::Word,
                b"message" => Self::Text,
                b"param" => Self::Param,
                b"details" => Self::Details,
                b"innererror" => Self::InnerError,
                b"metadata" => Self::ErrorMetadata,
                _ => Self::Skip,
            },
            Self::Detail => match key {
                b"reason" => Self::Word,
                b"retryDelay" => Self::RetryDelay,
                _ => Self::Skip,
            },
            Self::InnerError if key == b"code" => Self::Word,
            Self::ErrorMetadata => match key {
                b"raw" => Self::Text,
                b"flagged_input" | b"reasons" => Self::Flagged,
                _ => Self::Skip,
            },
            Self::PromptFeedback if key == b"blockReason" => Self::BlockReason,
            _ => Self::Skip,
        }
    }

    fn of_counts(self, key: &[u8]) -> Self {
        let count = match (self, key) {
            (Self::Usage | Self::Meta, b"tokens") => return Self::Tokens,
            (Self::Usage | Self::Meta, b"billed_units") => return Self::Billed,
            (Self::Usage, b"prompt_tokens")
            | (Self::UsageMetadata, b"promptTokenCount")
            | (Self::Tokens, b"input_tokens") => Count::Prompt,
            (Self::Usage, b"completion_tokens")
            | (Self::UsageMetadata, b"candidatesTokenCount")
            | (Self::Tokens, b"output_tokens") => Count::Completion,
            (Self::Usage, b"input_tokens" | b"inputTokens") => Count::Input,
            (Self::Usage, b"output_tokens" | b"outputTokens") => Count::Output,
            (Self::Usage, b"cache_read_input_tokens" | b"cacheReadInputTokens") => Count::CacheRead,
            (Self::Usage, b"cache_creation_input_tokens" | b"cacheWriteInputTokens") => {
                Count::CacheWrite
            }
            (Self::UsageMetadata, b"thoughtsTokenCount") => Count::Thoughts,
            (Self::UsageMetadata, b"toolUsePromptTokenCount") => Count::ToolPrompt,
            (Self::Billed, b"input_tokens") => Count::BilledInput,
            (Self::Billed, b"output_tokens") => Count::BilledOutput,
            _ => return Self::Skip,
        };
        Self::Count(count)
    }
}

fn of_document(key: &[u8]) -> Place {
    match key {
        b"usage" => Place::Usage,
        b"usageMetadata" => Place::UsageMetadata,
        b"response" => Place::Response,
        b"message" => Place::Message,
        b"delta" => Place::Delta,
        b"meta" => Place::Meta,
        b"x_groq" => Place::Groq,
        b"error" => Place::Error,
        b"type" => Place::Type,
        b"object" => Place::Object,
        b"code" => Place::Word,
        b"status" => Place::RunStatus,
        b"detail" => Place::Text,
        b"param" => Place::Param,
        b"promptFeedback" => Place::PromptFeedback,
        b"prompt_eval_count" => Place::Count(Count::Prompt),
        b"eval_count" => Place::Count(Count::Completion),
        _ => Place::Skip,
    }
}
