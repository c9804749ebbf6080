//! Admin requests: the token is checked, the body is read, and the request is answered here.
//!
//! Neither a request on the admin path nor the admin token ever goes upstream.

use log::Level;

use crate::admin::{Desk, Gate, HttpReply, HttpRequest, longest_body};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, millis};
use crate::lifecycle::explain::explained;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::tenancy::Accounts;
use crate::request::path;
use crate::state::ExpectedSpending;
use crate::text::lossy;

/// An admin request whose body is being read. Its token has been checked, and the host holds the
/// body until it is complete.
#[derive(Debug)]
pub(super) struct AdminRequest {
    head: RequestHead,
    /// Its path without the admin path before it.
    path: String,
    /// Longest body that this endpoint accepts, in bytes.
    longest: u64,
    /// How much of the body the host holds by now, in bytes.
    held: usize,
}

/// What a request turns out to be at the gate.
#[derive(Debug)]
pub(super) enum Admitted {
    /// It is no admin request. Its head goes on, without the admin token if that was in it.
    Other(RequestHead),
    /// It was an admin request, and has been answered.
    Answered,
    /// It is an admin request whose body is still to come. With what the host does with its
    /// headers.
    Reading(AdminRequest, Action),
}

/// Checks whether a request is on the admin path, and whether it may be there. `is_end`: it has
/// no body.
///
/// Any other request loses every header and query parameter that holds the admin token: an
/// operator's mistake must not give the token to a provider.
pub(super) fn admit<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    gate: &Gate,
    mut head: RequestHead,
    is_end: bool,
) -> Admitted {
    let Some(below) = gate.below(head.first(":path").unwrap_or_default()) else {
        for name in head.remove_holding(|value| gate.is_in(value)) {
            cx.host.set_request_header(&name, None);
        }
        if let Some(path) = gate.without_token(head.first(":path").unwrap_or_default()) {
            cx.host.set_request_header(":path", Some(&path));
            head.set(":path", &path);
        }
        return Admitted::Other(head);
    };
    // The token is checked before anything else is looked at, so that a stranger learns nothing
    // of what is on this path.
    if let Err(reply) = gate.admit(head.each("authorization")) {
        send(cx.host, &reply);
        return Admitted::Answered;
    }
    let path = lossy(below).into_owned();
    let longest = longest_body(&cx.engine.config, &path);
    if head.length().is_some_and(|length| length > longest) {
        send(cx.host, &HttpReply::too_large(longest));
        return Admitted::Answered;
    }
    let request = AdminRequest { head, path, longest, held: 0 };
    if is_end {
        request.answer(cx);
        return Admitted::Answered;
    }
    if cx.engine.delivery.is_head_held() {
        return Admitted::Reading(request, Action::Pause);
    }
    // The headers go on to a buffer filter, but the token must not.
    cx.host.set_request_header("authorization", None);
    Admitted::Reading(request, Action::Continue)
}

impl AdminRequest {
    /// Takes what the host holds of the body, `held` bytes. Returns `None` once the request has
    /// been answered.
    pub(super) fn read<H: Host + ?Sized>(
        mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Option<Self> {
        // The announced length was checked with the headers. A body without one is checked here.
        if held as u64 > self.longest {
            send(cx.host, &HttpReply::too_large(self.longest));
            return None;
        }
        self.held = held;
        if is_end {
            self.answer(cx);
            return None;
        }
        Some(self)
    }

    /// Answers the request. Call it once the request has ended.
    pub(super) fn answer<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) {
        let held = self.held;
        let body = (held > 0).then(|| cx.host.request_body(0, held)).flatten().unwrap_or_default();
        let method = self.head.text(":method").unwrap_or_default();
        let whole = self.head.text(":path").unwrap_or_default();
        let now_ms = millis(cx.host.now());
        let desk = Desk {
            config: &cx.engine.config,
            fleet: &cx.engine.fleet,
            tenants: cx.engine.tenants.as_deref(),
            origin: cx.engine.origin.as_ref(),
            shared: cx.host,
            now_ms,
            explain: &|head, body| {
                let snapshot = cx.engine.fleet.at(cx.host, &cx.engine.config, now_ms);
                let head = RequestHead::new(head);
                let config = &cx.engine.config;
                let accounts = cx.engine.tenants.as_deref().map(|table| {
                    |name: &[u8], expected: &ExpectedSpending| {
                        table.standing(cx.host, name, expected, now_ms)
                    }
                });
                let accounts = accounts.as_ref().map(|of| of as Accounts<'_>);
                let explained =
                    explained(config, &head, body, &snapshot, accounts, cx.host.random());
                serde_json::to_string(&explained.shown()).unwrap_or_default()
            },
        };
        let reply = desk.answer(&HttpRequest {
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

/// Answers the operator. No cache may keep what an admin endpoint says.
fn send<H: Host + ?Sized>(host: &H, reply: &HttpReply) {
    let mut headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
    headers.extend_from_slice(&reply.headers);
    host.respond(u32::from(reply.status), &headers, reply.body.as_bytes());
}
