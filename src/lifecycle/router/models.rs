//! Requests for the list of models, which are answered here where that is configured.

use crate::config::Config;
use crate::host::Host;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::refuse::refuse;
use crate::models::ModelsRequest;

/// Answers a request for the list of models, in the dialect of its path and headers. Returns
/// whether it was such a request.
pub(super) fn list<H: Host + ?Sized>(host: &H, config: &Config, head: &RequestHead) -> bool {
    let (Some(path), Some(method)) = (head.text(":path"), head.first(":method")) else {
        return false;
    };
    // Both dialects have the same path for this list. Anthropic's clients send their version.
    let is_anthropic = head.first("anthropic-version").is_some();
    let Some(asked) = ModelsRequest::of(method, &path, is_anthropic) else { return false };
    match asked.answer(config) {
        Ok(body) => {
            host.respond(200, &[("content-type", "application/json")], body.as_bytes());
        }
        Err((refusal, dialect)) => {
            refuse(host, &refusal, dialect);
        }
    }
    true
}
