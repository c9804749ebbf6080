//! The router role: one request, from its head to the end of its answer.
//!
//! [`Router::handle`] is the table of transitions; `lifecycle/mod.rs` draws it.

mod admin;
mod answering;
mod asking;
mod models;
mod open;
mod reading;
mod refusing;
mod service;
mod settle;
mod state;
mod streaming;
mod upload;
mod whole;
mod window;

use std::rc::Rc;

use crate::host::Host;

use super::engine::Engine;
use super::event::{Action, Event};
use super::ledger::Labels;
use super::refuse::refuse;

use answering::Answering;
use asking::Asking;
use settle::refuse_at_end;
use state::{Next, State};

/// One request in the router role.
#[derive(Debug)]
pub(super) struct Router {
    engine: Rc<Engine>,
    state: State,
}

impl Router {
    /// Returns a request of which nothing has come yet.
    pub(super) const fn new(engine: Rc<Engine>) -> Self {
        Self { engine, state: State::New }
    }

    /// Takes what happens to the request: the table of transitions.
    pub(super) fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        let state = std::mem::replace(&mut self.state, State::Done);
        let (next, action) = match event {
            Event::RequestHead { is_end } => match state {
                State::New => open::open(&self.engine, host, is_end),
                state => (state, Action::Continue),
            },
            Event::RequestBody { held, is_end } => self.body(host, state, held, is_end),
            Event::RequestTrailers => self.trailers(host, state),
            Event::Called(called) => match state {
                State::Asking(asking) if asking.call == called.call => {
                    settle::answered(&self.engine, host, *asking, called)
                }
                // The request has been answered meanwhile, or waits for another call.
                state => (state, Action::Pause),
            },
            Event::ResponseHead { is_end } => self.response_head(host, state, is_end),
            Event::ResponseBody { length, is_end } => match state {
                State::Answering(mut answering) => {
                    let action = answering.take_piece(&self.engine, host, length, is_end);
                    (State::Answering(answering), action)
                }
                state => (state, Action::Continue),
            },
            Event::Dropped => {
                self.dropped(host, state);
                (State::Done, Action::Continue)
            }
        };
        self.state = next;
        action
    }

    fn body<H: Host + ?Sized>(&self, host: &H, state: State, held: usize, is_end: bool) -> Next {
        let engine = &*self.engine;
        match state {
            State::New | State::Done => (state, Action::Continue),
            State::Admin(request) => match request.read(engine, host, held, is_end) {
                Some(request) => (State::Admin(Box::new(request)), Action::Pause),
                None => (State::Done, Action::Pause),
            },
            State::Reading(reading) => settle::read_on(engine, host, reading, held, is_end),
            State::Asking(asking) => wait(asking, is_end),
            State::Streaming(mut streaming) => {
                match streaming.take_chunk(engine, host, held, is_end) {
                    Ok(()) => (State::Streaming(streaming), Action::Continue),
                    Err(refusal) => {
                        let dialect = streaming.upload.dialect;
                        streaming.refused(engine, host, &refusal);
                        (State::Done, refuse(host, &refusal, dialect))
                    }
                }
            }
            State::Answering(mut answering) => {
                match answering.take_chunk(engine, host, held, is_end) {
                    Ok(()) => (State::Answering(answering), Action::Continue),
                    Err(refusal) => {
                        let dialect = answering.dialect();
                        answering.refused(engine, host);
                        (State::Done, refuse(host, &refusal, dialect))
                    }
                }
            }
            State::Refusing(refusing) => {
                refuse_at_end(host, refusing.refusal, refusing.dialect, is_end)
            }
        }
    }

    fn trailers<H: Host + ?Sized>(&self, host: &H, state: State) -> Next {
        let engine = &*self.engine;
        match state {
            State::Admin(request) => {
                request.answer(engine, host);
                (State::Done, Action::Pause)
            }
            State::Reading(reading) => settle::trailers(engine, host, *reading),
            // No more of the body comes with them.
            state => self.body(host, state, 0, true),
        }
    }

    fn response_head<H: Host + ?Sized>(&self, host: &H, state: State, is_end: bool) -> Next {
        let engine = &*self.engine;
        let next = match state {
            State::Streaming(streaming) => {
                let answering = Answering::begin(engine, host, *streaming, is_end);
                State::Answering(Box::new(answering))
            }
            // The proxy has answered by itself: what is still to be decided is too late.
            State::Reading(reading) => {
                reading.ledger.answered_by_proxy(engine, host);
                State::Done
            }
            State::Asking(asking) => {
                asking.whole.ledger.answered_by_proxy(engine, host);
                State::Done
            }
            state => state,
        };
        (next, Action::Continue)
    }

    fn dropped<H: Host + ?Sized>(&self, host: &H, state: State) {
        let engine = &*self.engine;
        match state {
            State::Reading(reading) => {
                reading.ledger.cancelled(engine, host, Labels::UNDECIDED);
            }
            State::Asking(asking) => {
                asking.whole.ledger.cancelled(engine, host, Labels::UNDECIDED);
            }
            State::Streaming(streaming) => streaming.dropped(engine, host),
            State::Answering(answering) => answering.dropped(engine, host),
            State::New | State::Admin(_) | State::Refusing(_) | State::Done => {}
        }
    }
}

/// Goes on waiting for a service.
fn wait(mut asking: Box<Asking>, is_end: bool) -> Next {
    asking.whole.is_end |= is_end;
    (State::Asking(asking), Action::Pause)
}
