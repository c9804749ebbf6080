//! The members of an answer that count, as tables: which key of which object.
//!
//! Of content it matters only whether there is any. What a model writes, and which tools it
//! calls, is in `choices`, `content`, `output`, `candidates` and the like: of those, only the
//! reason to stop is read.

use super::content::ContentRank;

/// A place in an answer's JSON document, or what the scanner expects next.
///
/// The places of containers have members of their own (the tables below); the others say
/// what a text or number there means. For example, in `{"error": {"code": "x"}}` the outer
/// object is the `Document`, the inner one the `Error`, and `"x"` a `Word`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerPlace {
    /// Nothing that counts: the value there is skipped, whatever it is.
    Skip,
    /// What may be content. It is skipped as well, once it is known whether it is empty.
    Content(ContentRank),
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
    /// `choices` or `candidates`: a list of what a model says, of which each element ends by
    /// itself.
    Choices,
    /// An element of that list.
    Choice,
    /// `message`, `delta` or `content` of a choice.
    Piece,
    /// A reason to stop, under the names of all providers. It counts as content, and ends a choice;
    /// `mark` knows which words are none.
    Stop,
    /// The number of a choice.
    Index,
    /// `done`, by which Ollama tells the last of several documents: `true` there, and `false` in
    /// all before it.
    Done,
    /// `text` of a transcription.
    Transcript,
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
    /// `prompt_tokens_details`, `completion_tokens_details` and the like: what OpenAI's counts are
    /// made of. No member stands in both the input's and the output's.
    TokenDetails,
    /// `cache_creation`: for how long Anthropic keeps what was written to a cache.
    CacheCreation,
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
    /// `base_resp`: what MiniMax says of every answer, with a status of 200. Its code is 0 where
    /// all is well.
    BaseResponse,
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
    /// `status` of a document, which says how far a response has come. `failed` is a failure.
    /// `incomplete` is as good as content, and so is `queued` outside of a stream: that response is
    /// to be fetched later.
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
    /// What was read from a cache, where that is counted beside [`Self::Input`].
    CacheRead,
    /// What was written to a cache, counted like [`Self::CacheRead`].
    CacheWrite,
    /// What of [`Self::CacheWrite`] is kept for an hour.
    CacheWriteHour,
    /// What was read from a cache, where the count of the input includes it.
    CacheReadWithin,
    /// What was written to a cache, where the count of the input includes it.
    CacheWriteWithin,
    /// All of the output, thoughts included.
    Output,
    /// What of the output is reasoning. Nearly everywhere the output includes it; xAI counts it
    /// beside [`Self::Completion`].
    Reasoning,
    /// Input and output together, which tells where [`Self::Reasoning`] is counted.
    Total,
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
                | Self::Choice
                | Self::Piece
                | Self::Meta
                | Self::Groq
                | Self::Usage
                | Self::Tokens
                | Self::Billed
                | Self::UsageMetadata
                | Self::TokenDetails
                | Self::CacheCreation
                | Self::Error
                | Self::Detail
                | Self::InnerError
                | Self::BaseResponse
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
                | Self::Stop
                | Self::Transcript
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
        // A document is a scalar where it is none, as in `[DONE]`.
        matches!(
            self,
            Self::Count(_) | Self::Word | Self::Error | Self::Index | Self::Done | Self::Document
        )
    }

    /// Returns what a value here counts as that begins with `byte`, if it may be content.
    pub(super) const fn rank(self, byte: u8) -> Option<ContentRank> {
        match self {
            Self::Content(rank) => Some(rank),
            Self::Choices => Some(ContentRank::Holder),
            // Objects there have members that decide.
            Self::Choice if byte != b'{' => Some(ContentRank::Holder),
            Self::Piece | Self::Delta if byte != b'{' => Some(ContentRank::Piece),
            // A text, by which Ollama answers.
            Self::Response if byte == b'"' => Some(ContentRank::Other),
            _ => None,
        }
    }

    /// Returns what follows the opening bracket, or a comma, of a container here: an element
    /// of a list or the name of an object's member.
    pub(super) const fn inside(self) -> Self {
        match self {
            Self::List => Self::Document,
            Self::Choices => Self::Choice,
            Self::Details => Self::Detail,
            _ => Self::Key,
        }
    }

    /// Returns what the member with that name is, of an object here. Names are compared byte
    /// by byte, as they are written: no provider escapes them.
    pub(super) fn member(self, key: &[u8]) -> Self {
        // Each row is a comparison of lengths first, and what most events have stands first.
        let is_of =
            |name: &[u8]| name.len() == key.len() && name.first() == key.first() && name == key;
        let known = self.members().iter().find(|(name, _)| is_of(name.as_bytes()));
        known.map_or_else(|| self.unknown(key), |(_, place)| *place)
    }

    /// Returns what a member with that name is that is not in the table, of an object here.
    fn unknown(self, key: &[u8]) -> Self {
        match self {
            // `error_code`, `errorMessage` and the like.
            Self::Document if key.starts_with(b"err") => Self::Skip,
            Self::Document => Self::Content(ContentRank::Other),
            Self::Message | Self::Delta | Self::Piece => Self::Content(ContentRank::Piece),
            _ => Self::Skip,
        }
    }
}
