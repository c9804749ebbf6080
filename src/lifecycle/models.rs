//! Requests for the list of models, which is answered here where that is configured.

use crate::config::Config;
use crate::host::Host;
use crate::models::ModelsRequest;

use super::headers::RequestHead;
use super::refuse::refuse;
use super::stream::{Action, Stream};

impl Stream {
    /// Answers a request for models; `None` where it is none.
    pub(super) fn list_models<H: Host + ?Sized>(
        host: &H,
        config: &Config,
        head: &RequestHead,
    ) -> Option<Action> {
        let path = head.text(":path")?;
        let is_anthropic = head.first("anthropic-version").is_some();
        let asked = ModelsRequest::of(head.first(":method")?, &path, is_anthropic)?;
        Some(match asked.answer(config) {
            Ok(body) => {
                host.respond(200, &[("content-type", "application/json")], body.as_bytes());
                Action::Pause
            }
            Err((refusal, dialect)) => refuse(host, &refusal, dialect),
        })
    }
}
