//! Why the body of a request for this filter is not read, and the error that the client gets.

use crate::config::{BodyPolicy, Config};
use crate::request::content_type::BadContentType;
use crate::request::control::BadControl;
use crate::request::refusal::Refusal;
use crate::request::scan::ScanError;
use crate::text::quoted;

/// A reason not to read a request, or not to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than the configured limit, in bytes.
    TooLarge { limit: u64 },
    /// The path with its query is longer than `limit` bytes. It is refused as a body that is too
    /// long is.
    PathTooLong { limit: usize },
    /// It has a content encoding: it is compressed, for example.
    Encoded { encoding: String },
    /// Its content type is not one of this operation, or says that the body is another text than
    /// the one that would be scanned.
    ContentType(BadContentType),
    /// The connection is to be upgraded to another protocol, in which nothing would be read.
    Upgrade { protocol: String },
    /// It is not valid JSON, or not a valid form.
    Unparsable(ScanError),
}

impl Unread {
    /// Returns whether the configuration refuses such bodies or lets them pass.
    pub(super) fn policy(&self, config: &Config) -> BodyPolicy {
        match self {
            Self::TooLarge { .. } | Self::PathTooLong { .. } => config.limits.on_oversize,
            Self::Encoded { .. } | Self::ContentType(_) | Self::Unparsable(_) => {
                config.limits.on_unparsable
            }
            // What passes untouched here would still be a request of a known kind.
            Self::Upgrade { .. } => BodyPolicy::Reject,
        }
    }

    /// Returns the error for the client, for the policy to refuse.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::TooLarge { limit } => Refusal::new(
                413,
                "request_too_large",
                format!("the request body is longer than {limit} bytes; shorten it"),
            ),
            Self::PathTooLong { limit } => Refusal::new(
                414,
                "path_too_long",
                format!("the path and its query are longer than {limit} bytes; shorten them"),
            ),
            // The client's own text is quoted and cut, since it may be long or hold anything.
            Self::Encoded { encoding } => Refusal::new(
                400,
                "unsupported_content_encoding",
                format!(
                    "the request body is encoded as {}; send it without content-encoding, or let \
                     the proxy decompress it before this filter",
                    quoted(encoding)
                ),
            ),
            Self::ContentType(bad) => {
                let (status, code) = match bad {
                    BadContentType::Type { .. } => (415, "unsupported_content_type"),
                    BadContentType::Parameter(_) => (400, "unsupported_content_type"),
                    BadContentType::Charset(_) => (400, "unsupported_charset"),
                    BadContentType::Boundary => (400, "invalid_body"),
                };
                Refusal::new(status, code, bad.to_string())
            }
            Self::Upgrade { protocol } => Refusal::new(
                400,
                "unsupported_upgrade",
                format!(
                    "only a WebSocket on the realtime path can be upgraded, not {} here; remove \
                     the header upgrade",
                    quoted(protocol)
                ),
            ),
            Self::Unparsable(error) => Refusal::new(400, "invalid_body", error.to_string()),
        }
    }
}

/// Returns the error for a request with a control header that cannot be read.
pub(super) fn bad_control(bad: &BadControl) -> Refusal {
    let message = format!("the header {} is invalid; send {}", bad.header, bad.wanted);
    Refusal::new(400, "invalid_header", message)
}

/// Returns the error for a request whose body the proxy holds and does not give to the module.
pub(super) fn unreadable() -> Refusal {
    Refusal::new(500, "internal_error", "the request body could not be read")
}
