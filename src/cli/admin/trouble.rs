//! Why no admin endpoint answers at an address, and what to check.
//!
//! Goes by what has answered instead. Asks nothing.

use std::io::ErrorKind;

/// What Envoy's own admin page says of a path that it does not have.
const OF_ADMIN_PAGE: &[u8] = b"invalid path. admin commands are:";

/// How a proxy is named.
const WHICH: &str = "give --proxy HOST:PORT of the proxy's listener, where clients send requests (port 10000 \
                     unless --listen says otherwise)";

/// Returns what to do where nothing has answered.
pub(super) fn unanswered(error: &ureq::Error) -> String {
    let what = match error {
        ureq::Error::HostNotFound => "no such host is known",
        ureq::Error::ConnectionFailed => "no connection",
        ureq::Error::Timeout(_) => {
            "no answer in time; check that this is a proxy, and whether it takes TLS (https://)"
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "nothing listens there"
        }
        other if other.to_string().contains("InvalidContentType") => {
            return "does not speak TLS; write http:// in --proxy".to_owned();
        }
        other if other.to_string().contains("invalid peer certificate") => {
            return format!(
                "{other}; give the certificate of its issuer by --ca FILE (PEM). One that it has signed itself needs \
                 basicConstraints CA:FALSE"
            );
        }
        other if is_closed(other) => {
            return "closes the connection without an answer; if it takes TLS, write https:// in --proxy"
                .to_owned();
        }
        other => return format!("{other}; {WHICH}"),
    };
    format!("{what}; {WHICH}")
}

/// Whether the connection was closed in place of an answer, as by a listener that takes TLS.
fn is_closed(error: &ureq::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let of_io = |error: &std::io::Error| {
        matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
    };
    matches!(error, ureq::Error::Io(error) if of_io(error))
        || error.to_string().contains("Peer disconnected")
}

/// Returns what to do where something has answered that is no admin endpoint.
pub(super) fn no_json(status: u16, body: &[u8]) -> String {
    if body.starts_with(OF_ADMIN_PAGE) {
        return format!("this is Envoy's own admin page, not the proxy; {WHICH}");
    }
    let what = match status {
        401 | 403 => {
            "a filter before pointsman refuses the request; let admin.path pass there (docs/admin.md)"
        }
        _ => {
            "check that this is the listener of a proxy, that its document has `admin`, and that --admin-path \
             is admin.path of the document (docs/admin.md)"
        }
    };
    format!("answers {status} without JSON; {what}")
}

/// Returns what to check where the token is refused, which is from this variable.
pub(super) fn unauthorized(variable: &str) -> String {
    format!(
        "check that {variable} holds what the variable in admin.token_env held when the proxy started; \
         --token-env names another variable"
    )
}
