//! Admin requests on their way: let in or not by their head, then read, then answered here.
//!
//! What is on the admin path never goes upstream, and the admin token never does.

use log::Level;

use crate::admin::{Desk, Gate, Reply, Request, longest_body};
use crate::config::Hold;
use crate::host::Host;
use crate::request::path;

use super::explain::explained;
use super::headers::RequestHead;
use super::stream::{Action, State, Stream, millis};

/// An admin request whose body is being read.
#[derive(Debug)]
pub(super) struct Asked {
    head: RequestHead,
    /// Its path below the admin path.
    path: String,
    /// The longest body that it may have.
    longest: u64,
    /// How much of its body there is by now.
    held: usize,
}

impl Stream {
    /// Takes the head of a request, if it is on the admin path.
    pub(super) fn admin<H: Host + ?Sized>(
        &mut self,
        host: &H,
        gate: &Gate,
        head: &mut RequestHead,
        is_end: bool,
    ) -> Option<Action> {
        let Some(below) = gate.below(head.first(":path").unwrap_or_default()) else {
            for name in head.remove_credentials(|value| gate.is_in(value)) {
                host.set_request_header(name, None);
            }
            return None;
        };
        if let Err(reply) = gate.admit(head.each("authorization")) {
            return Some(send(host, &reply));
        }
        let below = String::from_utf8_lossy(below).into_owned();
        let longest = longest_body(&self.engine.config, &below);
        if head.length().is_some_and(|length| length > longest) {
            return Some(send(host, &Reply::too_large(longest)));
        }
        let asked = Box::new(Asked { head: std::mem::take(head), path: below, longest, held: 0 });
        if is_end {
            return Some(self.answer_admin(host, &asked));
        }
        self.state = State::Admin(asked);
        if self.engine.config.hold == Hold::BufferFilter {
            // The token stays here, whatever the filters behind do with the head.
            host.set_request_header("authorization", None);
            return Some(Action::Continue);
        }
        Some(Action::Pause)
    }

    /// Takes what is held of an admin request's body.
    pub(super) fn admin_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        mut asked: Box<Asked>,
        held: usize,
        is_end: bool,
    ) -> Action {
        if held as u64 > asked.longest {
            return send(host, &Reply::too_large(asked.longest));
        }
        asked.held = held;
        if is_end {
            return self.answer_admin(host, &asked);
        }
        self.state = State::Admin(asked);
        Action::Pause
    }

    /// Answers an admin request whose end has come.
    pub(super) fn answer_admin<H: Host + ?Sized>(&self, host: &H, asked: &Asked) -> Action {
        let held = asked.held;
        let body = (held > 0).then(|| host.request_body(0, held)).flatten().unwrap_or_default();
        let engine = &*self.engine;
        let method = asked.head.text(":method").unwrap_or_default();
        let whole = asked.head.text(":path").unwrap_or_default();
        let now_ms = millis(host.now());
        let desk = Desk {
            config: &engine.config,
            fleet: &engine.fleet,
            origin: engine.origin.as_ref(),
            shared: host,
            now_ms,
            explain: &|head, body| {
                let snapshot = engine.fleet.at(host, &engine.config, now_ms);
                let head = RequestHead::new(head);
                let explained = explained(&engine.config, &head, body, &snapshot, host.random());
                serde_json::to_string(&explained.shown()).unwrap_or_default()
            },
        };
        let reply = desk.answer(&Request {
            method: &method,
            path: &asked.path,
            query: path::split(&whole).1,
            headers: asked.head.list(),
            body: &body,
        });
        if let Some(change) = &reply.change {
            host.log(Level::Info, &format!("admin: {change}"));
        }
        send(host, &reply)
    }
}

/// Answers the client here.
fn send<H: Host + ?Sized>(host: &H, reply: &Reply) -> Action {
    let mut headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
    headers.extend_from_slice(&reply.headers);
    host.respond(u32::from(reply.status), &headers, reply.body.as_bytes());
    Action::Pause
}
