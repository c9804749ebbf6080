//! Which member of which object of an answer counts, and as what.
//!
//! The names of all providers are in one table for each object, because they do not clash.

use super::content::ContentRank;
use super::place::{AnswerPlace, Count};

impl AnswerPlace {
    /// Returns the members that count, of an object here.
    pub(super) const fn members(self) -> MemberTable {
        match self {
            Self::Document => DOCUMENT,
            Self::Response => RESPONSE,
            Self::Delta => DELTA,
            Self::Message => MESSAGE,
            Self::Choice => CHOICE,
            Self::Piece => &[("role", Self::Skip)],
            Self::Groq => &[("usage", Self::Usage)],
            Self::Usage => USAGE,
            Self::Meta => COHERE,
            Self::Tokens => TOKENS,
            Self::Billed => BILLED,
            Self::UsageMetadata => USAGE_METADATA,
            Self::TokenDetails => TOKEN_DETAILS,
            Self::CacheCreation => {
                &[("ephemeral_1h_input_tokens", Self::Count(Count::CacheWriteHour))]
            }
            Self::Error => ERROR,
            Self::Detail => DETAIL,
            Self::InnerError => &[("code", Self::Word)],
            Self::BaseResponse => &[("status_code", Self::Word)],
            Self::ErrorMetadata => ERROR_METADATA,
            Self::PromptFeedback => &[("blockReason", Self::BlockReason)],
            _ => &[],
        }
    }
}

/// The members of an object that count: the name of each, and what its value is. All others are
/// skipped.
pub(super) type MemberTable = &'static [(&'static str, AnswerPlace)];

/// The order is that of frequency: an event of a stream has the first rows. Members of
/// [`AnswerPlace::Skip`] are those that come with content and are none, or stand around an
/// error; every member that is not here is content if it has a value.
const DOCUMENT: MemberTable = &[
    ("id", AnswerPlace::Skip),
    ("object", AnswerPlace::Object),
    ("created", AnswerPlace::Skip),
    ("model", AnswerPlace::Skip),
    ("choices", AnswerPlace::Choices),
    ("usage", AnswerPlace::Usage),
    ("type", AnswerPlace::Type),
    ("index", AnswerPlace::Skip),
    ("delta", AnswerPlace::Delta),
    ("system_fingerprint", AnswerPlace::Skip),
    ("service_tier", AnswerPlace::Skip),
    ("obfuscation", AnswerPlace::Skip),
    ("sequence_number", AnswerPlace::Skip),
    ("item_id", AnswerPlace::Skip),
    ("provider", AnswerPlace::Skip),
    ("candidates", AnswerPlace::Choices),
    ("usageMetadata", AnswerPlace::UsageMetadata),
    ("modelVersion", AnswerPlace::Skip),
    ("responseId", AnswerPlace::Skip),
    ("response", AnswerPlace::Response),
    ("message", AnswerPlace::Message),
    ("created_at", AnswerPlace::Skip),
    ("done", AnswerPlace::Done),
    ("prompt_eval_count", AnswerPlace::Count(Count::Prompt)),
    ("eval_count", AnswerPlace::Count(Count::Completion)),
    ("content", AnswerPlace::Content(ContentRank::Holder)),
    ("output", AnswerPlace::Content(ContentRank::Holder)),
    ("data", AnswerPlace::Content(ContentRank::Holder)),
    ("results", AnswerPlace::Content(ContentRank::List)),
    ("embeddings", AnswerPlace::Content(ContentRank::List)),
    ("embedding", AnswerPlace::Content(ContentRank::Holder)),
    ("text", AnswerPlace::Transcript),
    ("stop_reason", AnswerPlace::Stop),
    ("stopReason", AnswerPlace::Stop),
    ("finish_reason", AnswerPlace::Stop),
    ("done_reason", AnswerPlace::Stop),
    ("meta", AnswerPlace::Meta),
    ("x_groq", AnswerPlace::Groq),
    ("error", AnswerPlace::Error),
    ("code", AnswerPlace::Word),
    ("status", AnswerPlace::RunStatus),
    ("detail", AnswerPlace::Text),
    ("param", AnswerPlace::Param),
    ("promptFeedback", AnswerPlace::PromptFeedback),
    ("amazon-bedrock-invocationMetrics", AnswerPlace::Usage),
    ("metrics", AnswerPlace::Skip),
    ("metadata", AnswerPlace::Skip),
    ("prompt_filter_results", AnswerPlace::Skip),
    ("request_id", AnswerPlace::Skip),
    ("requestId", AnswerPlace::Skip),
    ("timestamp", AnswerPlace::Skip),
    ("path", AnswerPlace::Skip),
    ("title", AnswerPlace::Skip),
    ("success", AnswerPlace::Skip),
    ("ok", AnswerPlace::Skip),
    ("msg", AnswerPlace::Skip),
    ("errors", AnswerPlace::Skip),
    ("base_resp", AnswerPlace::BaseResponse),
];

const RESPONSE: MemberTable = &[
    ("usage", AnswerPlace::Usage),
    ("error", AnswerPlace::Error),
    ("status", AnswerPlace::RunStatus),
    ("output", AnswerPlace::Content(ContentRank::Holder)),
];

/// In events of Anthropic and Cohere, `delta` has the reason to stop as well.
const DELTA: MemberTable = &[
    ("type", AnswerPlace::Skip),
    ("usage", AnswerPlace::Usage),
    ("error", AnswerPlace::Error),
    ("stop_reason", AnswerPlace::Stop),
    ("finish_reason", AnswerPlace::Stop),
];

const MESSAGE: MemberTable = &[
    ("role", AnswerPlace::Skip),
    ("usage", AnswerPlace::Usage),
    ("id", AnswerPlace::Skip),
    ("type", AnswerPlace::Skip),
    ("model", AnswerPlace::Skip),
];

const CHOICE: MemberTable = &[
    ("index", AnswerPlace::Index),
    ("delta", AnswerPlace::Piece),
    ("finish_reason", AnswerPlace::Stop),
    ("message", AnswerPlace::Piece),
    ("text", AnswerPlace::Content(ContentRank::Piece)),
    ("content", AnswerPlace::Piece),
    ("finishReason", AnswerPlace::Stop),
];

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
    ("inputTokenCount", AnswerPlace::Count(Count::Input)),
    ("outputTokenCount", AnswerPlace::Count(Count::Output)),
    ("prompt_tokens_details", AnswerPlace::TokenDetails),
    ("input_tokens_details", AnswerPlace::TokenDetails),
    ("total_tokens", AnswerPlace::Count(Count::Total)),
    ("completion_tokens_details", AnswerPlace::TokenDetails),
    ("output_tokens_details", AnswerPlace::TokenDetails),
    ("cache_creation", AnswerPlace::CacheCreation),
    // DeepSeek's and Moonshot's.
    ("prompt_cache_hit_tokens", AnswerPlace::Count(Count::CacheReadWithin)),
    ("cached_tokens", AnswerPlace::Count(Count::CacheReadWithin)),
    ("tokens", AnswerPlace::Tokens),
    ("billed_units", AnswerPlace::Billed),
];

const TOKEN_DETAILS: MemberTable = &[
    ("cached_tokens", AnswerPlace::Count(Count::CacheReadWithin)),
    // OpenRouter's.
    ("cache_write_tokens", AnswerPlace::Count(Count::CacheWriteWithin)),
    ("reasoning_tokens", AnswerPlace::Count(Count::Reasoning)),
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
    ("cachedContentTokenCount", AnswerPlace::Count(Count::CacheReadWithin)),
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
