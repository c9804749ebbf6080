//! The answer to requests that look like LLM requests and are none that is known.

use super::RequestHead;
use crate::config::Config;
use crate::models::ModelsRequest;
use crate::request::format::Dialect;
use crate::request::path;
use crate::request::refusal::Refusal;
use crate::text::{lossy, quoted};

/// Returns the answer to a request that Envoy has no cluster for, and the format of that answer; `None`
/// where the document has a `default_cluster`, where the request is a known one, or where it does not look
/// like one to an LLM. `is_sent_nowhere` says whether Envoy has none; it is asked last, because that costs
/// calls of the host.
///
/// Envoy would answer it with an empty 503, which says nothing: neither that the path is wrong, nor
/// what is right. A route of Envoy's own that has a cluster for it takes it, as always.
#[must_use]
pub fn unknown(
    config: &Config,
    head: &RequestHead,
    is_sent_nowhere: impl FnOnce() -> bool,
) -> Option<(Refusal, Dialect)> {
    if config.default_cluster.is_some() {
        return None;
    }
    let method = head.first(":method")?;
    let whole = head.text(":path").unwrap_or_default();
    let (path, _) = path::split(&whole);
    let dialect = path::nearest_dialect(path)?;
    // With another content type it is a known request that is not read.
    if config.paths.call(method, path).is_some() || !is_sent_nowhere() {
        return None;
    }
    // The client's own version of its API tells more of a list than its path, which two APIs share.
    let is_anthropic = head.first("anthropic-version").is_some();
    if let Some(list) = ModelsRequest::of(method, &whole, is_anthropic) {
        let message =
            "this proxy does not list its models; its operator can set \"serve_models\": true";
        return Some((Refusal::new(404, "unknown_path", message), list.dialect()));
    }
    let message = format!(
        "this proxy does not know {}; send a POST to a path that ends in {}",
        quoted(&format!("{} {path}", lossy(method))),
        config.paths.known()
    );
    Some((Refusal::new(404, "unknown_path", message), dialect))
}
