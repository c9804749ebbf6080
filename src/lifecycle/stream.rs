//! One request in one of the two roles, as the host drives it.

use std::rc::Rc;

use crate::config::Role;
use crate::host::{Called, Host};

use super::attempt::Attempt;
use super::engine::Engine;
use super::event::{Action, Event};
use super::router::Router;

/// One request, or one attempt of it.
#[derive(Debug)]
pub struct Stream(Machine);

#[derive(Debug)]
enum Machine {
    Router(Router),
    Attempt(Attempt),
}

impl Stream {
    /// A request that has not begun, in the engine's role.
    #[must_use]
    pub fn new(engine: Rc<Engine>) -> Self {
        Self(match engine.config().role {
            Role::Router => Machine::Router(Router::new(engine)),
            Role::Attempt => Machine::Attempt(Attempt::new(engine)),
        })
    }

    fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        match &mut self.0 {
            Machine::Router(router) => router.handle(host, event),
            Machine::Attempt(attempt) => attempt.handle(host, event),
        }
    }

    /// Takes the request's headers.
    pub fn on_request_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        self.handle(host, Event::RequestHead { is_end })
    }

    /// Takes the request's body. While it is held, `held` is the length of all that is there
    /// by now; once it streams, of the chunk that has just come.
    pub fn on_request_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
    ) -> Action {
        self.handle(host, Event::RequestBody { held, is_end })
    }

    /// Takes the end of a body that has trailers.
    pub fn on_request_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.handle(host, Event::RequestTrailers)
    }

    /// Takes the head of the response.
    pub fn on_response_headers<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        self.handle(host, Event::ResponseHead { is_end })
    }

    /// Takes a piece of the response's body.
    pub fn on_response_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        length: usize,
        is_end: bool,
    ) -> Action {
        self.handle(host, Event::ResponseBody { length, is_end })
    }

    /// Takes the end of a response that has trailers.
    pub fn on_response_trailers<H: Host + ?Sized>(&mut self, host: &H) -> Action {
        self.handle(host, Event::ResponseBody { length: 0, is_end: true })
    }

    /// Takes the end of a call that this stream made.
    pub fn on_called<H: Host + ?Sized>(&mut self, host: &H, called: Called) -> Action {
        self.handle(host, Event::Called(called))
    }

    /// Takes the end of the stream, however it came.
    pub fn on_done<H: Host + ?Sized>(&mut self, host: &H) {
        self.handle(host, Event::Dropped);
    }
}
