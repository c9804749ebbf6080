//! The members of an answer that count, as a table: which key of which object.
//!
//! Content is at none of these places: what a model writes, calls or is told stands in
//! `choices`, `content`, `output`, `candidates` and the like, which are skipped whole.

/// A place in a document, or what is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerPlace {
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

impl AnswerPlace {
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
        let known = self.members().iter().find(|(name, _)| name.as_bytes() == key);
        known.map_or(Self::Skip, |(_, place)| *place)
    }

    const fn members(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Document => DOCUMENT,
            Self::Response => RESPONSE,
            Self::Delta => DELTA,
            Self::Message | Self::Groq => &[("usage", Self::Usage)],
            Self::Usage => USAGE,
            Self::Meta => COHERE,
            Self::Tokens => TOKENS,
            Self::Billed => BILLED,
            Self::UsageMetadata => USAGE_METADATA,
            Self::Error => ERROR,
            Self::Detail => DETAIL,
            Self::InnerError => &[("code", Self::Word)],
            Self::ErrorMetadata => ERROR_METADATA,
            Self::PromptFeedback => &[("blockReason", Self::BlockReason)],
            _ => &[],
        }
    }
}

type MemberPlaces = &'static [(&'static str, AnswerPlace)];

const DOCUMENT: MemberPlaces = &[
    ("usage", AnswerPlace::Usage),
    ("usageMetadata", AnswerPlace::UsageMetadata),
    ("response", AnswerPlace::Response),
    ("message", AnswerPlace::Message),
    ("delta", AnswerPlace::Delta),
    ("meta", AnswerPlace::Meta),
    ("x_groq", AnswerPlace::Groq),
    ("error", AnswerPlace::Error),
    ("type", AnswerPlace::Type),
    ("object", AnswerPlace::Object),
    ("code", AnswerPlace::Word),
    ("status", AnswerPlace::RunStatus),
    ("detail", AnswerPlace::Text),
    ("param", AnswerPlace::Param),
    ("promptFeedback", AnswerPlace::PromptFeedback),
    ("prompt_eval_count", AnswerPlace::Count(Count::Prompt)),
    ("eval_count", AnswerPlace::Count(Count::Completion)),
];

const RESPONSE: MemberPlaces = &[
    ("usage", AnswerPlace::Usage),
    ("error", AnswerPlace::Error),
    ("status", AnswerPlace::RunStatus),
];

const DELTA: MemberPlaces = &[("usage", AnswerPlace::Usage), ("error", AnswerPlace::Error)];

const USAGE: MemberPlaces = &[
    ("prompt_tokens", AnswerPlace::Count(Count::Prompt)),
    ("completion_tokens", AnswerPlace::Count(Count::Completion)),
    ("input_tokens", AnswerPlace::Count(Count::Input)),
    ("output_tokens", AnswerPlace::Count(Count::Output)),
    ("cache_read_input_tokens", AnswerPlace::Count(Count::CacheRead)),
    ("cache_creation_input_tokens", AnswerPlace::Count(Count::CacheWrite)),
    ("inputTokens", AnswerPlace::Count(Count::Input)),
    ("outputTokens", AnswerPlace::Count(Count::Output)),
    ("cacheReadInputTokens", AnswerPlace::Count(Count::CacheRead)),
    ("cacheWriteInputTokens", AnswerPlace::Count(Count::CacheWrite)),
    ("tokens", AnswerPlace::Tokens),
    ("billed_units", AnswerPlace::Billed),
];

const COHERE: MemberPlaces =
    &[("tokens", AnswerPlace::Tokens), ("billed_units", AnswerPlace::Billed)];

const TOKENS: MemberPlaces = &[
    ("input_tokens", AnswerPlace::Count(Count::Prompt)),
    ("output_tokens", AnswerPlace::Count(Count::Completion)),
];

const BILLED: MemberPlaces = &[
    ("input_tokens", AnswerPlace::Count(Count::BilledInput)),
    ("output_tokens", AnswerPlace::Count(Count::BilledOutput)),
];

const USAGE_METADATA: MemberPlaces = &[
    ("promptTokenCount", AnswerPlace::Count(Count::Prompt)),
    ("toolUsePromptTokenCount", AnswerPlace::Count(Count::ToolPrompt)),
    ("candidatesTokenCount", AnswerPlace::Count(Count::Completion)),
    ("thoughtsTokenCount", AnswerPlace::Count(Count::Thoughts)),
];

const ERROR: MemberPlaces = &[
    ("code", AnswerPlace::Word),
    ("type", AnswerPlace::Word),
    ("status", AnswerPlace::Word),
    ("message", AnswerPlace::Text),
    ("param", AnswerPlace::Param),
    ("details", AnswerPlace::Details),
    ("innererror", AnswerPlace::InnerError),
    ("metadata", AnswerPlace::ErrorMetadata),
];

const DETAIL: MemberPlaces =
    &[("reason", AnswerPlace::Word), ("retryDelay", AnswerPlace::RetryDelay)];

const ERROR_METADATA: MemberPlaces = &[
    ("raw", AnswerPlace::Text),
    ("flagged_input", AnswerPlace::Flagged),
    ("reasons", AnswerPlace::Flagged),
];
