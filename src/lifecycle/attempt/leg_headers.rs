//! The head of a request as an attempt's provider is to get it.

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::handover::{Handover, Leg};
use crate::lifecycle::head::credential_names;
use crate::lifecycle::send::set_providers_headers;
use crate::request::rewrite::length_after;

/// Puts back what the client sent, and sets what the provider is to get.
pub(super) fn set_headers<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    leg: &Leg,
    id: ProviderId,
    is_first: bool,
) {
    let has_secret = cx.engine.secret(id).is_some();
    for (name, sent) in &handover.original {
        let is_credential = credential_names().any(|known| known == *name);
        let sent = sent.as_deref().filter(|_| !(is_credential && has_secret));
        // Of the first, credentials alone have been taken away.
        if !is_first || (is_credential && sent.is_some()) {
            cx.host.set_request_header(name, sent);
        }
    }
    set_providers_headers(cx, id);
    if handover.sent(":path") != Some(leg.path.as_bytes()) {
        cx.host.set_request_header(":path", Some(leg.path.as_bytes()));
    }
    if handover.sent("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        cx.host.set_request_header("accept-encoding", Some(b"identity"));
    }
    if handover.disable_cache {
        cx.host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    if let (Some(length), Some(_)) = (handover.length, handover.sent("content-length")) {
        let length = length_after(length, &leg.edits).to_string();
        cx.host.set_request_header("content-length", Some(length.as_bytes()));
    }
}
