//! Why the body of a request for this filter is not read, and the error that the client gets.

use crate::config::{BodyPolicy, Config};
use crate::request::control::BadControl;
use crate::request::refusal::Refusal;
use crate::request::scan::ScanError;
use crate::text::quoted;

/// A reason not to read a body, or not to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than the configured limit, in bytes.
    TooLarge { limit: u64 },
    /// It has a content encoding: it is compressed, for example.
    Encoded { encoding: String },
    /// Its content type names a charset that JSON does not have. A provider that follows the
    /// charset would read another text than was scanned.
    Charset { charset: String },
    /// The connection is to be upgraded to another protocol, in which nothing would be read.
    Upgrade { protocol: String },
    /// It is not valid JSON, or not a valid form.
    Unparsable(ScanError),
}

impl Unread {
    /// Returns whether the configuration refuses such bodies or lets them pass.
    pub(super) fn policy(&self, config: &Config) -> BodyPolicy {
        match self {
            Self::TooLarge { .. } => config.limits.on_oversize,
            Self::Encoded { .. } | Self::Charset { .. } | Self::Unparsable(_) => {
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
                format!("the request body is longer than {limit} bytes"),
            ),
            // The client's own text is quoted and cut, since it may be long or hold anything.
            Self::Encoded { encoding } => Refusal::new(
                400,
                "unsupported_content_encoding",
                format!(
                    "the request body is encoded as {}; send it without content-encoding, or have \
                     the proxy decompress it before it is routed",
                    quoted(encoding)
                ),
            ),
            Self::Charset { charset } => Refusal::new(
                400,
                "unsupported_charset",
                format!("the content type names the charset {}; JSON is UTF-8", quoted(charset)),
            ),
            Self::Upgrade { protocol } => Refusal::new(
                400,
                "unsupported_upgrade",
                format!(
                    "a connection is upgraded to a WebSocket on the realtime path alone, not to {} \
                     here; leave out the header upgrade",
                    quoted(protocol)
                ),
            ),
            Self::Unparsable(error) => Refusal::new(400, "invalid_body", error.to_string()),
        }
    }
}

/// Returns the error for a request with a control header that cannot be read.
pub(super) fn bad_control(bad: &BadControl) -> Refusal {
    let message = format!("the header {} must hold {}", bad.header, bad.wanted);
    Refusal::new(400, "invalid_header", message)
}

/// Returns the error for a request whose body the proxy holds and does not give to the module.
pub(super) fn unreadable() -> Refusal {
    Refusal::new(500, "internal_error", "the request body could not be read")
}
