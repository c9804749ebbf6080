//! Admin requests: let in or not by their head, then read, then answered here.
//!
//! What is on the admin path never goes upstream, and the admin token never does.

use log::Level;

use crate::admin::{Desk, EndpointReply, EndpointRequest, Gate, longest_body};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, millis};
use crate::lifecycle::explain::explained;
use crate::lifecycle::head::RequestHead;
use crate::request::path;

/// An admin request whose body is being read.
#[derive(Debug)]
pub(super) struct AdminRequest {
    head: RequestHead,
    /// Its path below the admin path.
    path: String,
    /// The longest body that it may have, in bytes.
    longest: u64,
    /// How much of its body is held by now, in bytes.
    held: usize,
}

/// What a head turns out to be.
#[derive(Debug)]
pub(super) enum Admitted {
    /// No admin request, with the head as it goes on: without the admin token.
    Other(RequestHead),
    /// One that was answered.
    Answered,
    /// One whose body is still to come, and what the host does with its head.
    Reading(AdminRequest, Action),
}

/// Takes the head of a request, which may be on the admin path.
pub(super) fn admit<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    gate: &Gate,
    mut head: RequestHead,
    is_end: bool,
) -> Admitted {
    let Some(below) = gate.below(head.first(":path").unwrap_or_default()) else {
        for name in head.remove_credentials(|value| gate.is_in(value)) {
            cx.host.set_request_header(name, None);
        }
        return Admitted::Other(head);
    };
    if let Err(reply) = gate.admit(head.each("authorization")) {
        send(cx.host, &reply);
        return Admitted::Answered;
    }
    let path = String::from_utf8_lossy(below).into_owned();
    let longest = longest_body(&cx.engine.config, &path);
    if head.length().is_some_and(|length| length > longest) {
        send(cx.host, &EndpointReply::too_large(longest));
        return Admitted::Answered;
    }
    let request = AdminRequest { head, path, longest, held: 0 };
    if is_end {
        request.answer(cx);
        return Admitted::Answered;
    }
    if cx.engine.delivery.holds_heads() {
        return Admitted::Reading(request, Action::Pause);
    }
    // The token stays here, whatever the filters after this one do with the head.
    cx.host.set_request_header("authorization", None);
    Admitted::Reading(request, Action::Continue)
}

impl AdminRequest {
    /// Takes what is held of the body; `None`: the request has been answered.
    pub(super) fn read<H: Host + ?Sized>(
        mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Option<Self> {
        if held as u64 > self.longest {
            send(cx.host, &EndpointReply::too_large(self.longest));
            return None;
        }
        self.held = held;
        if is_end {
            self.answer(cx);
            return None;
        }
        Some(self)
    }

    /// Answers the request, whose end has come.
    pub(super) fn answer<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) {
        let held = self.held;
        let body = (held > 0).then(|| cx.host.request_body(0, held)).flatten().unwrap_or_default();
        let method = self.head.text(":method").unwrap_or_default();
        let whole = self.head.text(":path").unwrap_or_default();
        let now_ms = millis(cx.host.now());
        let desk = Desk {
            config: &cx.engine.config,
            fleet: &cx.engine.fleet,
            origin: cx.engine.origin.as_ref(),
            shared: cx.host,
            now_ms,
            explain: &|head, body| {
                let snapshot = cx.engine.fleet.at(cx.host, &cx.engine.config, now_ms);
                let head = RequestHead::new(head);
                let explained =
                    explained(&cx.engine.config, &head, body, &snapshot, cx.host.random());
                serde_json::to_string(&explained.shown()).unwrap_or_default()
            },
        };
        let reply = desk.answer(&EndpointRequest {
            method: &method,
            path: &self.path,
            query: path::split(&whole).1,
            headers: self.head.list(),
            body: &body,
        });
        if let Some(change) = &reply.change {
            cx.host.log(Level::Info, &format!("admin: {change}"));
        }
        send(cx.host, &reply);
    }
}

/// Answers the client here.
fn send<H: Host + ?Sized>(host: &H, reply: &EndpointReply) {
    let mut headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
    headers.extend_from_slice(&reply.headers);
    host.respond(u32::from(reply.status), &headers, reply.body.as_bytes());
}
