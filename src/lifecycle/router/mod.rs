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

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::{Action, Event};
use super::ledger::Labels;
use super::refuse::refuse;

use answering::Answering;
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
        let cx = Ctx { engine: &self.engine, host };
        let state = &mut self.state;
        match event {
            Event::RequestHead { is_end } => step(state, |state| match state {
                State::New => open::open(cx, is_end),
                state => (state, Action::Continue),
            }),
            Event::RequestBody { held, is_end } => {
                step(state, |state| body(cx, state, held, is_end))
            }
            Event::RequestTrailers => step(state, |state| trailers(cx, state)),
            Event::Called(called) => step(state, |state| match state {
                State::Asking(asking) if asking.call == called.call => {
                    settle::answered(cx, *asking, called)
                }
                // The request has been answered meanwhile, or waits for another call.
                state => (state, Action::Pause),
            }),
            Event::ResponseHead { is_end } => step(state, |state| response_head(cx, state, is_end)),
            // The most frequent event, of which no other state comes.
            Event::ResponseBody { length, is_end } => match state {
                State::Answering(answering) => answering.take_piece(cx, length, is_end),
                _ => Action::Continue,
            },
            Event::Dropped => step(state, |state| {
                dropped(cx, state);
                (State::Done, Action::Continue)
            }),
        }
    }
}

/// Makes a transition: takes the state, and leaves the next one in its place.
fn step(state: &mut State, transition: impl FnOnce(State) -> Next) -> Action {
    let (next, action) = transition(std::mem::replace(state, State::Done));
    *state = next;
    action
}

/// Takes what has come of the request's body.
fn body<H: Host + ?Sized>(cx: Ctx<'_, H>, state: State, held: usize, is_end: bool) -> Next {
    match state {
        State::New | State::Done => (state, Action::Continue),
        State::Admin(request) => match request.read(cx, held, is_end) {
            Some(request) => (State::Admin(Box::new(request)), Action::Pause),
            None => (State::Done, Action::Pause),
        },
        State::Reading(reading) => settle::read_on(cx, reading, held, is_end),
        State::Asking(mut asking) => {
            asking.whole.is_end |= is_end;
            (State::Asking(asking), Action::Pause)
        }
        State::Streaming(mut streaming) => match streaming.take_chunk(cx, held, is_end) {
            Ok(()) => (State::Streaming(streaming), Action::Continue),
            Err(refusal) => {
                let dialect = streaming.upload.dialect;
                streaming.refused(cx, &refusal);
                (State::Done, refuse(cx.host, &refusal, dialect))
            }
        },
        State::Answering(mut answering) => match answering.take_chunk(cx, held, is_end) {
            Ok(()) => (State::Answering(answering), Action::Continue),
            Err(refusal) => {
                let dialect = answering.dialect();
                answering.refused(cx);
                (State::Done, refuse(cx.host, &refusal, dialect))
            }
        },
        State::Refusing(refusing) => {
            refuse_at_end(cx.host, refusing.refusal, refusing.dialect, is_end)
        }
    }
}

/// Takes the trailers of the request: no more of its body comes with them.
fn trailers<H: Host + ?Sized>(cx: Ctx<'_, H>, state: State) -> Next {
    match state {
        State::Admin(request) => {
            request.answer(cx);
            (State::Done, Action::Pause)
        }
        State::Reading(reading) => settle::trailers(cx, reading),
        state => body(cx, state, 0, true),
    }
}

/// Takes the head of the response.
fn response_head<H: Host + ?Sized>(cx: Ctx<'_, H>, state: State, is_end: bool) -> Next {
    let next = match state {
        State::Streaming(streaming) => {
            State::Answering(Box::new(Answering::begin(cx, *streaming, is_end)))
        }
        // The proxy has answered by itself: what is still to be decided comes too late.
        State::Reading(reading) => {
            reading.ledger.answered_by_proxy(cx);
            State::Done
        }
        State::Asking(asking) => {
            asking.whole.ledger.answered_by_proxy(cx);
            State::Done
        }
        state => state,
    };
    (next, Action::Continue)
}

/// Takes the end of the stream.
fn dropped<H: Host + ?Sized>(cx: Ctx<'_, H>, state: State) {
    match state {
        State::Reading(reading) => reading.ledger.cancelled(cx, Labels::UNDECIDED),
        State::Asking(asking) => asking.whole.ledger.cancelled(cx, Labels::UNDECIDED),
        State::Streaming(streaming) => streaming.dropped(cx),
        State::Answering(answering) => answering.dropped(cx),
        State::New | State::Admin(_) | State::Refusing(_) | State::Done => {}
    }
}
