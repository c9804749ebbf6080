//! `POST {path}/explain`: how a request would be decided now, and why.
//!
//! The body is that of the request to explain. Its method, path and headers are parameters of
//! the query; headers that those do not name are taken from the admin request. So a client's
//! request can be explained by sending it here with the admin token in place of its
//! credential.

use crate::host::{Headers, SharedData};
use crate::text::is_token;

use super::{Desk, HttpReply, HttpRequest};

/// The path of this endpoint, below the admin path.
pub(super) const PATH: &str = "/explain";

/// Headers of the admin request that are not taken for the request to explain: they are about
/// its credential and its transport.
const OWN: [&str; 6] =
    ["authorization", "content-length", "expect", "host", "te", "transfer-encoding"];

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Explains the request that the query and body describe. Nothing is begun or counted for
    /// it, so it may be explained as often as wished.
    #[inline(never)]
    pub(super) fn explained(&self, request: &HttpRequest<'_>) -> Result<HttpReply, HttpReply> {
        request.posts()?;
        let head = head(request)?;
        let body = (self.explain)(head, request.body);
        Ok(HttpReply::ok(body))
    }
}

/// Returns the head of the request to explain: pseudo-headers, then headers of the admin
/// request, then those that the query names, which replace the former.
fn head(request: &HttpRequest<'_>) -> Result<Headers, HttpReply> {
    // Most requests to explain are chats, so those need no parameter.
    let (mut method, mut path) = ("POST".to_owned(), "/v1/chat/completions".to_owned());
    let mut given = Headers::default();
    for (name, value) in request.parameters() {
        let wrong = |message| Err(HttpReply::error(400, message, Some(&name)));
        match name.as_str() {
            "method" if is_token(&value) => method = value,
            "method" => return wrong("expected a method, such as POST"),
            "path" if value.starts_with('/') && is_line(&value) => path = value,
            "path" => return wrong("expected a path that starts with \"/\""),
            "header" => match value.split_once(':') {
                Some((name, value)) if is_token(name.trim()) && is_line(value) => {
                    given.push(&name.trim().to_ascii_lowercase(), value.trim().as_bytes());
                }
                _ => return wrong("expected NAME:VALUE"),
            },
            _ => return wrong("unknown parameter; allowed: method, path, header"),
        }
    }
    let mut head: Headers = [(":method", method), (":path", path)].into_iter().collect();
    let is_own = |name: &str, value: &[u8]| {
        OWN.contains(&name)
            || matches!(name, ":method" | ":path")
            // curl's content type for every body, unless the user names another.
            || name == "content-type" && value.starts_with(b"application/x-www-form-urlencoded")
    };
    let is_given = |name: &str| given.first(name).is_some();
    let of_request = request.headers.iter();
    let of_request = of_request.filter(|(name, value)| !is_own(name, value) && !is_given(name));
    of_request.for_each(|(name, value)| head.push(name, value));
    given.iter().for_each(|(name, value)| head.push(name, value));
    Ok(head)
}

/// Returns whether a text is a single line, as the value of a header must be. Otherwise one
/// header could smuggle in another.
fn is_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}
