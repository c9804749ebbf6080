//! What of the client's own headers goes to a provider.
//!
//! Both roles go by this: the router takes away what must not go on, and the attempt filter puts
//! back what its provider may get.

use std::borrow::Cow;

use crate::host::Host;
use crate::lifecycle::intake::Intake;
use crate::request::credential::{self, Passage};

/// Lets nothing pass. The router uses it with failover: only the attempt filter knows which
/// provider gets the request, and puts back what that one may have.
pub(super) const NOTHING: Passage<'static> = Passage { has_own: true, kept: &[] };

/// Takes away from the request what must not go on: each header that carries a credential or a
/// choice, unless `passage` lets it or a harmless part of it pass.
pub(super) fn hold_back<H: Host + ?Sized>(host: &H, intake: &Intake, passage: Passage<'_>) {
    for (name, carries) in &intake.carried {
        if passage.lets(name, *carries) {
            continue;
        }
        let value = intake.head.joined(name);
        let part = value.and_then(|value| passage.part(name, *carries, value));
        host.set_request_header(name, part.as_deref());
    }
}

/// Returns what of a client's header goes to a provider, and whether the router takes that header
/// away. `sent` is its value; `None` where the client did not send it.
pub(in crate::lifecycle) fn passed<'v>(
    passage: Passage<'_>,
    name: &str,
    sent: Option<&'v [u8]>,
) -> (Option<Cow<'v, [u8]>>, bool) {
    let Some(value) = sent.map(Cow::Borrowed) else { return (None, false) };
    match credential::of_header(name) {
        Some(carries) => (passage.part(name, carries, value), true),
        None => (Some(value), false),
    }
}
