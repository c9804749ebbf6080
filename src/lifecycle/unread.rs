//! Why a body is not read although its request is one for this filter, and what the
//! client is told then.

use crate::config::{BodyPolicy, Config};
use crate::request::control::BadControl;
use crate::request::refusal::Refusal;
use crate::request::scan::ScanError;
use crate::text::quoted;

/// A reason not to read a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is longer than the configured limit, in bytes.
    TooLarge { limit: u64 },
    /// It is compressed, or otherwise encoded.
    Encoded { encoding: String },
    /// Its content type names a charset that JSON does not have.
    Charset { charset: String },
    /// It is not what its content type says.
    Unparsable(ScanError),
}

impl Unread {
    /// Returns what the configuration does with such bodies.
    pub(super) fn policy(&self, config: &Config) -> BodyPolicy {
        match self {
            Self::TooLarge { .. } => config.limits.on_oversize,
            Self::Encoded { .. } | Self::Charset { .. } | Self::Unparsable(_) => {
                config.limits.on_unparsable
            }
        }
    }

    /// Returns what the client is told where the policy is to refuse.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::TooLarge { limit } => Refusal::new(
                413,
                "request_too_large",
                format!("the request body is longer than {limit} bytes"),
            ),
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
            Self::Unparsable(error) => Refusal::new(400, "invalid_body", error.to_string()),
        }
    }
}

/// Returns the refusal of a request with a control header that cannot be read.
pub(super) fn bad_control(bad: &BadControl) -> Refusal {
    let message = format!("the header {} must hold {}", bad.header, bad.wanted);
    Refusal::new(400, "invalid_header", message)
}

/// Returns the refusal of a request whose body the proxy holds and does not give.
pub(super) fn unreadable() -> Refusal {
    Refusal::new(500, "internal_error", "the request body could not be read")
}
