//! One request in one of the two roles, as the host drives it: each callback of the host becomes
//! an event.

use std::rc::Rc;

use crate::config::Role;
use crate::host::{Called, Host};

use super::attempt::{AttemptFilter, StreamPlace};
use super::engine::Engine;
use super::event::{Action, Event, Following};
use super::router::Router;

/// One request in the router role, or one attempt in the attempt role.
#[derive(Debug)]
pub struct Stream(StreamRole);

/// The two roles. Each is a state machine of its own.
#[derive(Debug)]
enum StreamRole {
    Router(Router),
    Attempt(AttemptFilter),
}

impl Stream {
    /// Returns a stream that has not begun, in the role of the engine. No worker keeps its times.
    #[must_use]
    pub fn new(engine: Rc<Engine>) -> Self {
        Self::at(engine, None)
    }

    /// Returns the same. `place` is where a worker finds the stream again whose times it keeps.
    pub(super) fn at(engine: Rc<Engine>, place: Option<StreamPlace>) -> Self {
        Self(match engine.config().role {
            Role::Router => StreamRole::Router(Router::new(engine)),
            Role::Attempt => StreamRole::Attempt(AttemptFilter::new(engine, place)),
        })
    }

    /// Hands an event to the role, and returns what the host does.
    fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        // The role is fixed for a configuration, so a stream never changes it.
        match &mut self.0 {
            StreamRole::Router(router) => router.handle(host, event),
            StreamRole::Attempt(attempt) => attempt.handle(host, event),
        }
    }

    /// Takes the request headers. `is_end`: the request has no body.
    pub fn on_request_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        self.handle(host, Event::RequestHead { is_end })
    }

    /// Takes more of the request's body. While the body is held, `held` is the length of all that
    /// the host has by now, in bytes; once it streams, of the chunk that has just come.
    pub fn on_request_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
    ) -> Action {
        self.handle(host, Event::RequestBody { held, is_end })
    }

    /// Takes the request's trailers, which end its body.
    pub fn on_request_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.handle(host, Event::RequestTrailers)
    }

    /// Takes the response headers. `is_end`: the response has no body.
    pub fn on_response_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        self.handle(host, Event::ResponseHead { is_end })
    }

    /// Takes a piece of the response's body, `length` bytes long.
    pub fn on_response_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        length: usize,
        is_end: bool,
    ) -> Action {
        let then = if is_end { Following::Nothing } else { Following::More };
        self.handle(host, Event::ResponseBody { length, then })
    }

    /// Takes the response's trailers, which end its body.
    pub fn on_response_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.handle(host, Event::ResponseBody { length: 0, then: Following::Trailers })
    }

    /// Takes the end of a call that this stream has made, with or without an answer.
    pub fn on_called<H: Host + ?Sized>(&mut self, host: &H, called: Called) -> Action {
        self.handle(host, Event::Called(called))
    }

    /// Takes the end of the stream, whatever ended it. The host calls this once, and nothing after
    /// it.
    pub fn on_done<H: Host + ?Sized>(&mut self, host: &H) {
        self.handle(host, Event::Dropped);
    }
}
