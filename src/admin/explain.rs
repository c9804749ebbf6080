//! `POST {path}/explain`: what would become of a request now, and why.
//!
//! The body is the request's own. Its path, method and headers are what the query says;
//! further headers are those of the admin request, so that a request can be explained by
//! sending it here with the admin token in the place of its credential.

use crate::host::{Headers, SharedData};
use crate::text::is_token;

use super::desk::Desk;
use super::reply::EndpointReply;
use super::request::EndpointRequest;

/// Below the admin path.
pub(super) const PATH: &str = "/explain";

/// Headers of the admin request that are its own.
const OWN: [&str; 6] =
    ["authorization", "content-length", "expect", "host", "te", "transfer-encoding"];

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Explains the request that the body is of.
    pub(super) fn explained(
        &self,
        request: &EndpointRequest<'_>,
    ) -> Result<EndpointReply, EndpointReply> {
        request.posts()?;
        let head = head(request)?;
        let body = (self.explain)(head, request.body);
        Ok(EndpointReply { status: 200, headers: Vec::new(), body, change: None })
    }
}

/// The head of the request to explain.
fn head(request: &EndpointRequest<'_>) -> Result<Headers, EndpointReply> {
    let (mut method, mut path) = ("POST".to_owned(), "/v1/chat/completions".to_owned());
    let mut given: Headers = Vec::new();
    for (name, value) in request.parameters() {
        let wrong = |message| Err(EndpointReply::error(400, message, Some(&name)));
        match name.as_str() {
            "method" if is_token(&value) => method = value,
            "method" => return wrong("allowed: a method such as POST"),
            "path" if value.starts_with('/') && is_line(&value) => path = value,
            "path" => return wrong("allowed: a path, with / first"),
            "header" => match value.split_once(':') {
                Some((name, value)) if is_token(name.trim()) && is_line(value) => {
                    let value = value.trim().as_bytes().to_vec();
                    given.push((name.trim().to_ascii_lowercase(), value));
                }
                _ => return wrong("allowed: NAME:VALUE"),
            },
            _ => return wrong("unknown parameter; allowed: method, path, header"),
        }
    }
    let mut head =
        vec![(":method".to_owned(), method.into_bytes()), (":path".to_owned(), path.into_bytes())];
    let is_own = |name: &str, value: &[u8]| {
        OWN.contains(&name)
            || matches!(name, ":method" | ":path")
            // What curl says of every body unless it is told otherwise.
            || name == "content-type" && value.starts_with(b"application/x-www-form-urlencoded")
    };
    let is_given = |name: &str| given.iter().any(|(known, _)| known == name);
    let of_request = request.headers.iter();
    let of_request = of_request.filter(|(name, value)| !is_own(name, value) && !is_given(name));
    head.extend(of_request.cloned());
    head.append(&mut given);
    Ok(head)
}

/// Text that is not more than one line.
fn is_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}
