//! Requests that look like LLM requests and are none that is known.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::head::RequestHead;
use crate::models::ModelsRequest;
use crate::request::format::Dialect;
use crate::request::path;
use crate::request::refusal::Refusal;
use crate::text::{lossy, quoted};

/// Returns the answer to a request that Envoy has no cluster for; `None` where Envoy has one, or
/// where the request does not look like one to an LLM.
///
/// Envoy would answer it with an empty 503, which says nothing: neither that the path is wrong, nor
/// what is right. A route of Envoy's own that has a cluster for it takes it, as always.
pub(super) fn refusal<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    head: &RequestHead,
) -> Option<(Refusal, Dialect)> {
    let config = &cx.engine.config;
    if config.default_cluster.is_some() {
        return None;
    }
    let method = head.first(":method")?;
    let whole = head.text(":path").unwrap_or_default();
    let (path, _) = path::split(&whole);
    let dialect = path::nearest_dialect(path)?;
    // With another content type it is a known request that is not read.
    if config.paths.call(method, path).is_some() {
        return None;
    }
    // Envoy chose its route while the client's own header for that was still there.
    let is_forged = head.first(&config.headers.cluster).is_some();
    if !is_sent_nowhere(cx.host, is_forged) {
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

/// Returns whether Envoy has a route for the request but no cluster: the route waits for this
/// filter to name one. A host that does not say so lets the request pass. `is_forged`: the client
/// has named the cluster itself.
fn is_sent_nowhere<H: Host + ?Sized>(host: &H, is_forged: bool) -> bool {
    let has = |name: &str| host.property(&["xds", name]).is_some_and(|value| !value.is_empty());
    has("virtual_host_name") && (is_forged || !has("cluster_name"))
}
