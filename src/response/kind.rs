//! What kind of failure an answer tells of.
//!
//! Tells it from the words and numbers that providers make for programs, and from the text
//! of a message only where it cannot do harm: providers quote requests in their messages,
//! so a client can put words there. Therefore:
//!
//! - Kinds that count against a deployment come from the status or from a program's word
//!   that is *exactly* the known one. Anthropic's empty account and unknown models have no
//!   such word; there the message has to *begin* as the provider writes it.
//! - Anywhere in a message only what speaks of the request is looked for: that it is too
//!   long, or refused for its content.

/// A kind of failure.
///
/// In the order of precedence where a body has words of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// No money or credit left.
    Quota,
    /// The request does not fit the model's context window.
    ContextWindow,
    /// Refused for its content. May come with a 200.
    ContentPolicy,
    /// The provider does not know the upstream model.
    ModelNotFound,
    /// The credential was refused, or may not do that.
    Auth,
    /// Too many requests or tokens.
    RateLimit,
    /// No capacity for the moment.
    Overloaded,
    /// The provider ran out of time.
    Timeout,
    /// The provider failed.
    Server,
    /// The request alone is more than is ever allowed.
    TooLarge,
    /// Anything else about the request.
    Other,
}

impl ErrorKind {
    /// Every kind, in the order of precedence.
    pub const ALL: [Self; 11] = [
        Self::Quota,
        Self::ContextWindow,
        Self::ContentPolicy,
        Self::ModelNotFound,
        Self::Auth,
        Self::RateLimit,
        Self::Overloaded,
        Self::Timeout,
        Self::Server,
        Self::TooLarge,
        Self::Other,
    ];

    /// What a status says by itself; nothing below 400.
    ///
    /// A 404 is not said to be of the model: files and earlier responses are not found too.
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

    /// What a program's word says: a code, type, status or reason.
    pub(super) fn of_word(word: &[u8]) -> Self {
        let is = |known: &str| word.len() == known.len() && begins(word, known);
        let whole = first(WORDS, is);
        whole.or_else(|| first(PARTS, |part| contains(word, part))).unwrap_or(Self::Other)
    }
}

/// What a text says: lists of known texts, in the order of precedence.
type Known<T> = &'static [(T, &'static [&'static str])];

/// Words of kinds that count against a deployment, whole.
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

/// Parts of words that speak of the request.
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

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phrase {
    ContextWindow,
    ContentPolicy,
    /// In Anthropic's words: the account is empty, or its owner's limit is reached.
    NoCredit,
    /// The model is not known.
    NoModel,
    /// More than the whole limit of tokens per minute.
    TooLarge,
    /// A file that the client names is not to be had.
    NoFile,
}

/// How a message begins. `\` stands before quotes in it, as it does in JSON.
const BEGINNINGS: Known<Phrase> = &[
    (
        Phrase::NoCredit,
        &["your credit balance is too low", "you have reached your specified api usage limits"],
    ),
    (
        Phrase::NoModel,
        &["model: ", "model '", "model \\\"", "the model `", "models/", "publisher model "],
    ),
    (Phrase::TooLarge, &["request too large", "extra usage is required for long context"]),
    (Phrase::NoFile, &["you do not have permission to access the file"]),
];

/// What a message has anywhere.
const WORDINGS: Known<Phrase> = &[
    (
        Phrase::ContextWindow,
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
        Phrase::ContentPolicy,
        &[
            "content filtering policy",
            "content management policy",
            "content policy",
            "our safety system",
            "our usage policy",
        ],
    ),
];

impl Phrase {
    /// What a message says, if it is of any use.
    pub(super) fn of(message: &[u8]) -> Option<Self> {
        let beginning = first(BEGINNINGS, |start| begins(message, start));
        beginning.or_else(|| first(WORDINGS, |part| contains(message, part)))
    }
}

fn first<T: Copy>(known: Known<T>, is: impl Fn(&str) -> bool) -> Option<T> {
    known.iter().find(|(_, texts)| texts.iter().any(|text| is(text))).map(|(meant, _)| *meant)
}

/// Whether a text has a part, which is in lower case, in any case.
#[inline(never)]
pub(super) fn contains(text: &[u8], part: &str) -> bool {
    let mut rest = text;
    while let [_, behind @ ..] = rest {
        if begins(rest, part) {
            return true;
        }
        rest = behind;
    }
    false
}

#[inline(never)]
fn begins(text: &[u8], start: &str) -> bool {
    let same = |(byte, known): (&u8, u8)| byte.to_ascii_lowercase() == known;
    text.len() >= start.len() && text.iter().zip(start.bytes()).all(same)
}
