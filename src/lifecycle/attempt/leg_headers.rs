//! The request headers for the provider of an attempt.

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::handover::Handover;
use crate::lifecycle::head::OF_ONE_API;
use crate::lifecycle::legs::{Leg, LegRequest, TranslatedLeg};
use crate::lifecycle::send::{passage, passed, set_providers_headers};
use crate::request::credential::Passage;
use crate::request::format::Format;
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
    // The client's credential is for the API that the client speaks, so no other provider gets it.
    let is_translated = matches!(leg.request, LegRequest::Translated(_));
    let passage = Passage { has_own: passage.has_own || is_translated, ..passage };
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
    if let LegRequest::Translated(translated) = &leg.request {
        set_apis_headers(cx, handover, translated);
    }
    set_providers_headers(cx, id);
    if let LegRequest::Edited { path, .. } = &leg.request
        && handover.sent(":path") != Some(path.as_bytes())
    {
        cx.host.set_request_header(":path", Some(path.as_bytes()));
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

/// Removes the headers that belong to the client's API, and sets those that the provider's API requires. Path and length
/// are set when the body is translated.
fn set_apis_headers<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    leg: &TranslatedLeg,
) {
    for name in OF_ONE_API {
        if handover.sent(name).is_some() {
            cx.host.set_request_header(name, None);
        }
    }
    if leg.into == Format::AnthropicMessages {
        cx.host.set_request_header("anthropic-version", Some(b"2023-06-01"));
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
