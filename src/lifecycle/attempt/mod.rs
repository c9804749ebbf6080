//! The attempt role: in front of a cluster's connection, once for every attempt of a
//! request that the router has handed over.
//!
//! It makes of what the client sent what the attempt's deployment is to get, and of a
//! failure the next attempt, by the header that Envoy's retry policy waits for. What one
//! attempt sets stays in the request's headers for the next, so each begins by putting
//! back what the client sent.

mod begin;
mod leg_headers;
mod ready;
mod trying;

use std::rc::Rc;

use crate::host::Host;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::{Action, Event};

use trying::Trying;

/// One attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    engine: Rc<Engine>,
    state: State,
}

/// Where an attempt stands.
#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    New,
    /// The request is on its way to the provider, or its answer back.
    Trying(Box<Trying>),
    /// Nothing is left to do: the request is not ours, or nothing was left to try.
    Done,
}

impl Attempt {
    /// Returns an attempt that has not begun.
    pub(super) const fn new(engine: Rc<Engine>) -> Self {
        Self { engine, state: State::New }
    }

    /// Takes what happens to the attempt: the table of transitions.
    pub(super) fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        let cx = Ctx { engine: &self.engine, host };
        match (&mut self.state, event) {
            (State::New, Event::RequestHead { is_end }) => {
                let (begun, action) = begin::begin(cx, is_end);
                self.state = begun.map_or(State::Done, |trying| State::Trying(Box::new(trying)));
                return action;
            }
            (State::Trying(trying), Event::RequestBody { held, is_end }) => {
                trying.take_chunk(host, held, is_end);
            }
            (State::Trying(trying), Event::RequestTrailers) => trying.sent(host),
            (State::Trying(trying), Event::ResponseHead { is_end }) => {
                return trying.take_answer(cx, is_end);
            }
            (State::Trying(trying), Event::ResponseBody { length, is_end }) => {
                return trying.take_piece(cx, length, is_end);
            }
            (State::Trying(trying), Event::Dropped) => {
                trying.dropped(cx);
                self.state = State::Done;
            }
            // This role makes no calls.
            (_, Event::Called(_)) => return Action::Pause,
            _ => {}
        }
        Action::Continue
    }
}
