//! The request headers for the provider of an attempt.

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::handover::{Handover, Leg};
use crate::lifecycle::send::{passage, passed, set_providers_headers};
use crate::request::rewrite::length_after;

/// Puts the client's headers back, and sets what this provider gets.
///
/// Envoy has one header map for all attempts of a request, so the headers still are as the
/// attempt before this left them. `is_first`: no attempt has changed them yet.
pub(super) fn set_headers<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    leg: &Leg,
    id: ProviderId,
    is_first: bool,
) {
    let passage = passage(cx.engine, id);
    for (name, sent) in &handover.original {
        let (passed, is_carried) = passed(passage, name, sent.as_deref());
        // Before the first attempt, only the router has changed headers: it has taken the
        // client's credentials away, which go back as far as this provider may get them.
        if !is_first || (is_carried && passed.is_some()) {
            cx.host.set_request_header(name, passed.as_deref());
        }
    }
    if !is_first {
        take_unknown_away(cx, handover);
    }
    set_providers_headers(cx, id);
    if handover.sent(":path") != Some(leg.path.as_bytes()) {
        cx.host.set_request_header(":path", Some(leg.path.as_bytes()));
    }
    // A compressed response could not be read.
    if handover.sent("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        cx.host.set_request_header("accept-encoding", Some(b"identity"));
    }
    if handover.disable_cache {
        cx.host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    // The edits change the length of the body. Without an announced length there is nothing to
    // correct: the body goes out in chunks.
    if let (Some(length), Some(_)) = (handover.length, handover.sent("content-length")) {
        let length = length_after(length, &handover.legs.edits(leg)).to_string();
        cx.host.set_request_header("content-length", Some(length.as_bytes()));
    }
}

/// Takes away what an attempt may have set that the router did not hand over: the router may have
/// an older configuration, without the header of a credential that this one has.
fn take_unknown_away<H: Host + ?Sized>(cx: Ctx<'_, H>, handover: &Handover<'_>) {
    let changed = &cx.engine.changed;
    // As a rule both have the same names in the same order.
    let mut known = handover.original.iter().map(|(name, _)| *name);
    if changed.iter().all(|name| known.next() == Some(name)) {
        return;
    }
    for name in changed.iter() {
        if handover.original.iter().all(|(known, _)| known != name) {
            cx.host.set_request_header(name, None);
        }
    }
}
