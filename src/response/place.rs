//! The members of an answer that count, as tables: which key of which object.
//!
//! None of them holds content. What a model writes, and which tools it calls, is in `choices`,
//! `content`, `output`, `candidates` and the like, which are skipped whole.

/// A place in an answer's JSON document, or what the scanner expects next.
///
/// The places of containers have members of their own (the tables below); the others say
/// what a text or number there means. For example, in `{"error": {"code": "x"}}` the outer
/// object is the `Document`, the inner one the `Error`, and `"x"` a `Word`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerPlace {
    /// Nothing that counts: the value there is skipped, whatever it is. All content of answers
    /// is here.
    Skip,
    /// The name of a member; what its value is depends on the container.
    Key,
    /// A list of documents, as Gemini streams them where the client asks for no events.
    List,
    /// A document: a whole answer, or one event of a stream. Its table has the members of all
    /// providers, since their names do not clash.
    Document,
    /// `response`: the whole answer inside an event of OpenAI's Responses API, which tells
    /// of tokens and failure at the end of the stream.
    Response,
    /// `message`: an object in Anthropic's events, with the tokens of the input; a text in
    /// errors that are not in an envelope.
    Message,
    /// `delta`: what an event adds. Its content is skipped; it may hold usage or an error.
    Delta,
    /// `meta`: where Cohere tells of an answer's tokens, in its older API and for embeddings and
    /// rankings.
    Meta,
    /// `x_groq`: where Groq tells of a stream's tokens, because its events have no `usage` of
    /// their own.
    Groq,
    /// `usage`: token counts under the names of OpenAI, Anthropic and Bedrock. The names
    /// differ, so one table holds all.
    Usage,
    /// `tokens`: the counts of Cohere.
    Tokens,
    /// `billed_units`: the counts that Cohere bills, which may lack those it does not bill.
    Billed,
    /// `usageMetadata`: the counts of Gemini.
    UsageMetadata,
    /// `error`: an object that describes a failure, its text, or `true` where the failure
    /// is described beside it.
    Error,
    /// `details`: Google's list of what else there is to say of an error.
    Details,
    /// One element of that list: the reason, or how long to wait.
    Detail,
    /// `innererror`: Azure's more exact reason of an error, such as which content filter it
    /// was.
    InnerError,
    /// `metadata`: the error of the provider that OpenRouter has asked, and what a
    /// moderation objected to.
    ErrorMetadata,
    /// `promptFeedback`: Gemini's judgement of a prompt, which comes with a 200.
    PromptFeedback,
    /// A number of tokens.
    Count(Count),
    /// `type` of a document or event; in a refusal, that of the error.
    Type,
    /// `object`, which is `error` where the whole document is one, without a member `error`
    /// (vLLM, Mistral).
    Object,
    /// `status` of a document, which says how far a response has come: `failed` counts.
    RunStatus,
    /// A word or number of an error that is made for programs: a code, type or status.
    Word,
    /// An error's text for people. It may quote the request, so little of it is believed.
    Text,
    /// `param`: the parameter that an error is about. An unknown model in any other than `model`
    /// is the client's own.
    Param,
    /// `retryDelay`: how long to wait, as Google writes durations (`37s`).
    RetryDelay,
    /// What a moderation objected to. That it is there is what counts.
    Flagged,
    /// `blockReason`: why Gemini blocked a prompt. That it is there is what counts.
    BlockReason,
}

/// A name under which tokens are counted. Different members may be the same count; which
/// of them add up is decided in `usage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// All of the input.
    Prompt,
    /// What tools added to the input, beside [`Self::Prompt`].
    ToolPrompt,
    /// The output: in OpenAI's names all of it, in Gemini's without thoughts, which are counted
    /// as [`Self::Thoughts`].
    Completion,
    /// Thoughts, where they are counted beside the output.
    Thoughts,
    /// The input without what was read from or written to a cache, which Anthropic and Bedrock
    /// count beside it. In OpenAI's Responses API, all of it.
    Input,
    CacheRead,
    CacheWrite,
    /// All of the output, thoughts included.
    Output,
    BilledInput,
    BilledOutput,
}

impl AnswerPlace {
    /// Returns whether an object here has members that count. `true` for each place with a table
    /// below.
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

    /// Returns whether a string here counts, so that its beginning must be kept.
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

    /// Returns whether a number, boolean or null here counts, so that it must be kept.
    pub(super) const fn is_scalar(self) -> bool {
        matches!(self, Self::Count(_) | Self::Word | Self::Error)
    }

    /// Returns what follows the opening bracket, or a comma, of a container here: an element
    /// of a list or the name of an object's member.
    pub(super) const fn inside(self) -> Self {
        match self {
            Self::List => Self::Document,
            Self::Details => Self::Detail,
            _ => Self::Key,
        }
    }

    /// Returns what the member with that name is, of an object here. Names are compared byte
    /// by byte, as they are written: no provider escapes them.
    pub(super) fn member(self, key: &[u8]) -> Self {
        // The longest table has 17 rows, and each is a comparison of lengths first.
        let known = self.members().iter().find(|(name, _)| name.as_bytes() == key);
        known.map_or(Self::Skip, |(_, place)| *place)
    }

    /// Returns the members that count, of an object here.
    const fn members(self) -> MemberTable {
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

/// The members of an object that count: the name of each, and what its value is. All others are
/// skipped.
type MemberTable = &'static [(&'static str, AnswerPlace)];

const DOCUMENT: MemberTable = &[
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

const RESPONSE: MemberTable = &[
    ("usage", AnswerPlace::Usage),
    ("error", AnswerPlace::Error),
    ("status", AnswerPlace::RunStatus),
];

const DELTA: MemberTable = &[("usage", AnswerPlace::Usage), ("error", AnswerPlace::Error)];

const USAGE: MemberTable = &[
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

const COHERE: MemberTable =
    &[("tokens", AnswerPlace::Tokens), ("billed_units", AnswerPlace::Billed)];

const TOKENS: MemberTable = &[
    ("input_tokens", AnswerPlace::Count(Count::Prompt)),
    ("output_tokens", AnswerPlace::Count(Count::Completion)),
];

const BILLED: MemberTable = &[
    ("input_tokens", AnswerPlace::Count(Count::BilledInput)),
    ("output_tokens", AnswerPlace::Count(Count::BilledOutput)),
];

const USAGE_METADATA: MemberTable = &[
    ("promptTokenCount", AnswerPlace::Count(Count::Prompt)),
    ("toolUsePromptTokenCount", AnswerPlace::Count(Count::ToolPrompt)),
    ("candidatesTokenCount", AnswerPlace::Count(Count::Completion)),
    ("thoughtsTokenCount", AnswerPlace::Count(Count::Thoughts)),
];

const ERROR: MemberTable = &[
    ("code", AnswerPlace::Word),
    ("type", AnswerPlace::Word),
    ("status", AnswerPlace::Word),
    ("message", AnswerPlace::Text),
    ("param", AnswerPlace::Param),
    ("details", AnswerPlace::Details),
    ("innererror", AnswerPlace::InnerError),
    ("metadata", AnswerPlace::ErrorMetadata),
];

const DETAIL: MemberTable =
    &[("reason", AnswerPlace::Word), ("retryDelay", AnswerPlace::RetryDelay)];

const ERROR_METADATA: MemberTable = &[
    ("raw", AnswerPlace::Text),
    ("flagged_input", AnswerPlace::Flagged),
    ("reasons", AnswerPlace::Flagged),
];
