//! The kinds of failure that an answer can tell of, and what a status alone says.

use super::words::Wording;

/// A kind of failure.
///
/// In the order of precedence: where a body has words of several kinds, the first one
/// counts, as the more exact one. What a status alone may say comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// No money or credit is left, or the account may not use the provider. Goes first, since
    /// providers send it as a rate limit or as a mistake of the client's.
    Quota,
    /// The request does not fit the model's context window. A model with a larger one may take
    /// it.
    ContextWindow,
    /// The request was refused for its content. May come with a 200, as where Gemini blocks a
    /// prompt.
    ContentPolicy,
    /// Something that the request names is not there: a file, an earlier response.
    File,
    /// Something that the request carries was made by another account, and cannot be read: encrypted
    /// thoughts, a signature.
    State,
    /// The request alone is more than this deployment ever allows, so waiting does not help.
    TooLarge,
    /// The request is wrong by itself: every provider would say so, so no other is tried.
    Request,
    /// The provider does not know the upstream model: the configuration has a wrong name, or the
    /// model was retired.
    ModelNotFound,
    /// The credential was refused.
    Credential,
    /// The credential does not allow this request, which may be because of what is in it.
    Permission,
    /// Too many requests or tokens in a time.
    RateLimit,
    /// The provider has no capacity at the moment, for anyone. Unlike with a rate limit, another
    /// credential would not help.
    Overloaded,
    /// The provider ran out of time.
    Timeout,
    /// The provider failed.
    Server,
    /// Something was not found, and nothing says what: the model, the path, or what the request
    /// names.
    Missing,
    /// Something that the provider needed for this request failed: the model itself, or a tool
    /// that the request names.
    Dependency,
    /// Anything else, of which nothing more is known.
    Other,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Quota,
        Self::ContextWindow,
        Self::ContentPolicy,
        Self::File,
        Self::State,
        Self::TooLarge,
        Self::Request,
        Self::ModelNotFound,
        Self::Credential,
        Self::Permission,
        Self::RateLimit,
        Self::Overloaded,
        Self::Timeout,
        Self::Server,
        Self::Missing,
        Self::Dependency,
        Self::Other,
    ];

    /// Returns what a status says by itself; `None` below 400.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            ..=399 => return None,
            401 => Self::Credential,
            402 => Self::Quota,
            403 => Self::Permission,
            // 405: the path is there, but not for this.
            404 | 405 | 410 => Self::Missing,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            422 => Self::Request,
            424 => Self::Dependency,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            500.. => Self::Server,
            _ => Self::Other,
        })
    }

    /// Returns its name for operators, in the documentation and in the tool.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quota => "account",
            Self::ContextWindow => "too_long",
            Self::ContentPolicy => "content",
            Self::File => "file",
            Self::State => "state",
            Self::TooLarge => "too_large",
            Self::Request => "request",
            Self::ModelNotFound => "gone",
            Self::Credential => "credential",
            Self::Permission => "permission",
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Missing => "missing",
            Self::Dependency => "dependency",
            Self::Other => "other",
        }
    }
}

/// A failure that an answer tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: ErrorKind,
    /// What told the kind.
    pub told_by: ToldBy,
}

/// What told the kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// The status, of the answer or one that its body names.
    Status,
    /// A wording of the provider's.
    Wording(&'static Wording),
    /// The body names a parameter that is wrong, other than the model. So the request is wrong,
    /// whatever the message says.
    Parameter,
    /// The body lists what a moderation objected to, or says that the prompt was blocked.
    Flag,
    /// A code or type of which nothing is known, in an answer that had begun well. It may be about
    /// the request, so it says less than an error without any.
    UnknownWord,
    /// Nothing: the answer broke off with an error that has no word.
    Nothing,
}

impl Failure {
    /// Returns what a status says by itself; `None` below 400.
    #[must_use]
    pub fn of_status(status: u16) -> Option<Self> {
        ErrorKind::of_status(status).map(|kind| Self { kind, told_by: ToldBy::Status })
    }

    /// Returns the failure that a wording tells.
    #[must_use]
    pub const fn of_wording(wording: &'static Wording) -> Self {
        Self { kind: wording.kind, told_by: ToldBy::Wording(wording) }
    }

    /// A prompt that was blocked, in an answer that is otherwise well.
    pub(super) const BLOCKED: Self = Self { kind: ErrorKind::ContentPolicy, told_by: ToldBy::Flag };
}
