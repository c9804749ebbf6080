//! Requests that look like LLM requests and are none that is known.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::unknown::unknown;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

/// Returns the answer to a request that Envoy has no cluster for; `None` where Envoy has one, or
/// where the request does not look like one to an LLM.
pub(super) fn refusal<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    head: &RequestHead,
) -> Option<(Refusal, Dialect)> {
    let config = &cx.engine.config;
    // Envoy chose its route while the client's own header for that was still there.
    let is_forged = || head.first(&config.headers.cluster).is_some();
    unknown(config, head, || is_sent_nowhere(cx.host, is_forged()))
}

/// Returns whether Envoy has a route for the request but no cluster: the route waits for this
/// filter to name one. A host that does not say so lets the request pass. `is_forged`: the client
/// has named the cluster itself.
fn is_sent_nowhere<H: Host + ?Sized>(host: &H, is_forged: bool) -> bool {
    let has = |name: &str| host.property(&["xds", name]).is_some_and(|value| !value.is_empty());
    has("virtual_host_name") && (is_forged || !has("cluster_name"))
}
