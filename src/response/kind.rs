//! What kind of failure an answer tells of.
//!
//! Decides by the words and numbers that providers make for programs. The text of a message
//! counts only where it cannot do harm: providers quote requests in their messages, so a
//! client can put any words there, and could take a deployment out of service with them.
//! Therefore:
//!
//! - Kinds that count against a deployment come from the status, or from a program's word
//!   that is *exactly* a known one. Anthropic's empty account and unknown models have no
//!   such word; there the message has to *begin* as the provider writes it.
//! - Anywhere in a message, only hints about the request itself are looked for: that it is
//!   too long, or refused for its content.

/// A kind of failure.
///
/// In the order of precedence: where a body has words of several kinds, the first one
/// counts, as the more exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// No money or credit is left. Goes first, since providers send it as a rate limit.
    Quota,
    /// The request does not fit the model's context window. A model with a larger one may take
    /// it.
    ContextWindow,
    /// The request was refused for its content. May come with a 200, as where Gemini blocks a
    /// prompt.
    ContentPolicy,
    /// The provider does not know the upstream model: the configuration has a wrong name, or the
    /// model was retired.
    ModelNotFound,
    /// The credential was refused, or does not allow this request. Which of both it is, is
    /// decided in [`super::outcome`].
    Auth,
    /// Too many requests or tokens in a time.
    RateLimit,
    /// The provider has no capacity at the moment, for anyone. Unlike with a rate limit, another
    /// credential would not help.
    Overloaded,
    /// The provider ran out of time.
    Timeout,
    /// The provider failed.
    Server,
    /// The request alone is more than is ever allowed, so waiting does not help.
    TooLarge,
    /// Anything else that is wrong with the request.
    Other,
}

impl ErrorKind {
    /// Returns what a status says by itself; `None` below 400.
    ///
    /// A 404 alone does not say that the model is unknown: it may be a file or an earlier
    /// response that was not found.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            ..=399 => return None,
            401 | 403 => Self::Auth,
            402 => Self::Quota,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            498 | 503 | 529 => Self::Overloaded,
            500.. => Self::Server,
            _ => Self::Other,
        })
    }

    /// Returns what a word for programs says: a code, type, status or reason. A word that is
    /// not known is [`Self::Other`].
    ///
    /// Words that count against a deployment must match as a whole. For example,
    /// `insufficient_quota` is `Quota`, but `my_insufficient_quota` is `Other`; while
    /// `context_length_exceeded` is `ContextWindow` by a part of it.
    pub(super) fn of_word(word: &[u8]) -> Self {
        let is = |known: &str| word.len() == known.len() && begins(word, known);
        let whole = first(WORDS, is);
        whole.or_else(|| first(PARTS, |part| contains(word, part))).unwrap_or(Self::Other)
    }
}

/// Lists of known texts in lower case, each with what they mean, in order of precedence.
type Known<T> = &'static [(T, &'static [&'static str])];

/// Whole words, of kinds that count against a deployment. A word that only contains one of them
/// is not known: it may be part of the client's own.
const WORDS: Known<ErrorKind> = &[
    (
        ErrorKind::Quota,
        &[
            "insufficient_quota",
            "insufficient_balance",
            "insufficient_credits",
            "insufficient_user_quota",
            "exceeded_current_quota_error",
            "billing_error",
            "billing_not_active",
            "billing_hard_limit_reached",
            "billing_disabled",
        ],
    ),
    (
        ErrorKind::ModelNotFound,
        &["model_not_found", "deploymentnotfound", "invalid_model", "unknown_model"],
    ),
    (
        ErrorKind::Auth,
        &[
            "invalid_api_key",
            "api_key_invalid",
            "authentication_error",
            "permission_error",
            "permission_denied",
            "unauthenticated",
        ],
    ),
    (
        ErrorKind::RateLimit,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "rate_limited",
            "too_many_requests",
            "resource_exhausted",
        ],
    ),
    (
        ErrorKind::Overloaded,
        &[
            "overloaded",
            "overloaded_error",
            "server_overloaded",
            "engine_overloaded",
            "capacity_exceeded",
            "service_tier_capacity_exceeded",
            "service_unavailable",
            "unavailable",
            "slow_down",
        ],
    ),
    (ErrorKind::Timeout, &["timeout", "timeout_error", "deadline_exceeded"]),
    (
        ErrorKind::Server,
        &["server_error", "api_error", "internal", "internal_error", "internal_server_error"],
    ),
];

/// Parts of words, of kinds that say something of the request alone. They may be found in
/// longer words, since no deployment suffers from a wrong one.
const PARTS: Known<ErrorKind> = &[
    (
        ErrorKind::ContextWindow,
        &["context_length", "context_window", "context_size", "tokens_limit_reached"],
    ),
    (
        ErrorKind::ContentPolicy,
        &[
            "content_policy",
            "content_filter",
            "policy_violation",
            "policyviolation",
            "moderation_blocked",
            "invalid_prompt",
            "data_inspection_failed",
        ],
    ),
];

/// What a message says beyond the status and the words of its document. [`super::fault`]
/// decides together with which status it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageHint {
    ContextWindow,
    ContentPolicy,
    /// In Anthropic's words: the account is empty, or the limit that its owner has set is
    /// reached.
    NoCredit,
    /// The provider does not know the model.
    NoModel,
    /// The request has more tokens than the limit allows in a whole minute, so it never passes,
    /// however long the client waits.
    TooLarge,
    /// The credential gives no access to a file that the client names.
    NoFile,
}

/// How messages begin. Quotes have a `\` before them, because the text is as it is written in
/// the JSON.
const BEGINNINGS: Known<MessageHint> = &[
    (
        MessageHint::NoCredit,
        &["your credit balance is too low", "you have reached your specified api usage limits"],
    ),
    (
        MessageHint::NoModel,
        &["model: ", "model '", "model \\\"", "the model `", "models/", "publisher model "],
    ),
    (MessageHint::TooLarge, &["request too large", "extra usage is required for long context"]),
    (MessageHint::NoFile, &["you do not have permission to access the file"]),
];

/// What messages may have anywhere. A client can put these words into a message, so they
/// decide only which mistake of the client's it was.
const WORDINGS: Known<MessageHint> = &[
    (
        MessageHint::ContextWindow,
        &[
            "prompt is too long",
            "input is too long",
            "too many tokens",
            "context length",
            "context window",
            "context limit",
            "context size",
            "maximum prompt length",
            "exceeds the maximum number of tokens",
            "reduce the length of the messages",
        ],
    ),
    (
        MessageHint::ContentPolicy,
        &[
            "content filtering policy",
            "content management policy",
            "content policy",
            "our safety system",
            "our usage policy",
        ],
    ),
];

impl MessageHint {
    /// Returns what a message says; `None` if it is of no use. How it begins goes first, since
    /// that is the provider's own wording.
    pub(super) fn of(message: &[u8]) -> Option<Self> {
        let beginning = first(BEGINNINGS, |start| begins(message, start));
        beginning.or_else(|| first(WORDINGS, |part| contains(message, part)))
    }
}

/// Returns the first meaning of which one text passes the test.
fn first<T: Copy>(known: Known<T>, is: impl Fn(&str) -> bool) -> Option<T> {
    known.iter().find(|(_, texts)| texts.iter().any(|text| is(text))).map(|(meant, _)| *meant)
}

/// Returns whether a text has a part, in any case. The part is given in lower case, and only
/// ASCII letters are folded.
#[inline(never)]
pub(super) fn contains(text: &[u8], part: &str) -> bool {
    let mut rest = text;
    while let [_, after @ ..] = rest {
        if begins(rest, part) {
            return true;
        }
        rest = after;
    }
    false
}

/// Returns whether a text begins so, in any case. The beginning is given in lower case, and
/// only ASCII letters are folded.
#[inline(never)]
fn begins(text: &[u8], start: &str) -> bool {
    let same = |(byte, known): (&u8, u8)| byte.to_ascii_lowercase() == known;
    text.len() >= start.len() && text.iter().zip(start.bytes()).all(same)
}
