//! Answers requests to count tokens with the filter's own estimate, if the chosen provider does not speak the client's
//! API. A header says that the count is an estimate.

use crate::host::Host;
use crate::json::Json;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::Action;
use crate::request::format::{Dialect, Format, Task};
use crate::routing::Decision;

use super::whole::WholeRequest;

/// Returns whether the request asks for a count of tokens, and the chosen provider does not speak its format.
pub(super) fn is_counted_here<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: &WholeRequest,
    decision: &Decision,
) -> bool {
    let config = &cx.engine.config;
    let entry = whole.intake.call.entry;
    let step = decision.plan.first().filter(|_| entry.task == Task::CountTokens);
    step.is_some_and(|step| step.server.translation(config, (entry.format, entry.task)).is_some())
}

/// Answers a request for a count of tokens with the estimate.
pub(super) fn answer<H: Host + ?Sized>(cx: Ctx<'_, H>, whole: &WholeRequest) -> Action {
    let format = whole.intake.call.format();
    let count = whole.facts.input_tokens.likely();
    let names = &cx.engine.config.headers;
    let mut headers = vec![("content-type", "application/json")];
    if cx.engine.config.response_headers {
        headers.push((names.translation.as_str(), "estimated"));
    }
    cx.host.respond(200, &headers, body(format, count).as_bytes());
    Action::Pause
}

/// Returns the body in which a format has a count of tokens.
fn body(format: Format, count: u64) -> String {
    let mut json = Json::default();
    json.object(|json| match format.dialect() {
        Dialect::Gemini => json.key("totalTokens").number(count),
        Dialect::OpenAi => {
            json.key("object").text("response.input_tokens");
            json.key("input_tokens").number(count);
        }
        _ => json.key("input_tokens").number(count),
    });
    json.finish()
}
