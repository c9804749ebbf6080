//! The router role: one request, from its headers to the end of the response.
//!
//! [`Router::handle`] is the table of transitions; `lifecycle/mod.rs` draws it.

mod admin;
mod answering;
mod asking;
mod counted;
mod hostless;
mod models;
mod open;
mod reading;
mod refusing;
mod service;
mod settle;
mod state;
mod streaming;
mod unknown;
mod unserved;
mod upload;
mod whole;
mod window;

use std::rc::Rc;

use crate::host::Host;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::{Action, Event};
use super::head::RequestHead;
use super::ledger::RequestLabels;
use super::refuse::refuse;

use answering::Answering;
use settle::refuse_at_end;
use state::{NextState, RouterState};

/// One request in the router role: the engine that it began with, and its state.
///
/// A state is moved out for a transition and the next one put in its place, so no state outlives
/// the event that ends it.
#[derive(Debug)]
pub(super) struct Router {
    engine: Rc<Engine>,
    state: RouterState,
}

impl Router {
    /// Returns the router of a new request.
    pub(super) const fn new(engine: Rc<Engine>) -> Self {
        Self { engine, state: RouterState::New }
    }

    /// Takes an event, and returns what the host does. An event that a state has no use for
    /// leaves the state as it is.
    pub(super) fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        let cx = Ctx { engine: &self.engine, host };
        let state = &mut self.state;
        match event {
            Event::RequestHead { is_end } => step(state, |state| match state {
                RouterState::New => open::open(cx, is_end),
                state => (state, Action::Continue),
            }),
            Event::RequestBody { held, is_end } => {
                step(state, |state| take_body(cx, state, held, is_end))
            }
            Event::RequestTrailers => step(state, |state| take_trailers(cx, state)),
            Event::Called(called) => step(state, |state| match state {
                RouterState::Asking(asking) if asking.call == called.call => {
                    settle::take_answer(cx, *asking, called)
                }
                // Envoy has answered the request meanwhile, or it waits for another call.
                state => (state, Action::Pause),
            }),
            Event::ResponseHead { is_end } => {
                step(state, |state| take_response_head(cx, state, is_end))
            }
            // This is the most frequent event, and it never leads to another state.
            Event::ResponseBody { length, then } => match state {
                RouterState::Answering(answering) => answering.take_piece(cx, length, then),
                _ => Action::Continue,
            },
            Event::Dropped => step(state, |state| {
                take_end(cx, state);
                (RouterState::Done, Action::Continue)
            }),
        }
    }
}

/// Makes a transition: takes the state, and puts the next one in its place. A transition owns
/// the state, so it cannot forget to say which state comes next.
fn step(state: &mut RouterState, transition: impl FnOnce(RouterState) -> NextState) -> Action {
    let (next, action) = transition(std::mem::replace(state, RouterState::Done));
    *state = next;
    action
}

/// Takes what has come of the request's body. `held` is the length of what the host has, in
/// bytes.
fn take_body<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    state: RouterState,
    held: usize,
    is_end: bool,
) -> NextState {
    match state {
        RouterState::New | RouterState::Done => (state, Action::Continue),
        RouterState::Admin(request) => match request.read(cx, held, is_end) {
            Some(request) => (RouterState::Admin(Box::new(request)), Action::Pause),
            None => (RouterState::Done, Action::Pause),
        },
        RouterState::Reading(reading) => settle::read_on(cx, reading, held, is_end),
        // The body was whole before the service was asked; this may be the end of the stream.
        RouterState::Asking(mut asking) => {
            asking.whole.is_end |= is_end;
            (RouterState::Asking(asking), Action::Pause)
        }
        RouterState::Streaming(mut streaming) => match streaming.take_chunk(cx, held, is_end) {
            Ok(()) => (RouterState::Streaming(streaming), Action::Continue),
            Err(refusal) => {
                let dialect = streaming.upload.dialect;
                streaming.refuse(cx, &refusal);
                (RouterState::Done, refuse(cx.host, &refusal, dialect))
            }
        },
        RouterState::Answering(mut answering) => match answering.take_chunk(cx, held, is_end) {
            Ok(()) => (RouterState::Answering(answering), Action::Continue),
            Err(refusal) => {
                let dialect = answering.dialect();
                answering.refuse(cx);
                (RouterState::Done, refuse(cx.host, &refusal, dialect))
            }
        },
        RouterState::Refusing(refusing) => {
            refuse_at_end(cx.host, refusing.refusal, refusing.dialect, is_end)
        }
    }
}

/// Takes the trailers of the request: its body has ended, and nothing more of it comes.
fn take_trailers<H: Host + ?Sized>(cx: Ctx<'_, H>, state: RouterState) -> NextState {
    hold_back_trailers(cx, !matches!(state, RouterState::New | RouterState::Done));
    match state {
        RouterState::Admin(request) => {
            request.answer(cx);
            (RouterState::Done, Action::Pause)
        }
        RouterState::Reading(reading) => settle::take_trailers(cx, reading),
        state => take_body(cx, state, 0, true),
    }
}

/// Removes the trailers that would not go on as headers, since a server may take them for headers.
/// This holds for every provider, since no client has a reason to send a credential as a trailer.
fn hold_back_trailers<H: Host + ?Sized>(cx: Ctx<'_, H>, is_ours: bool) {
    let mut trailers = RequestHead::new(cx.host.request_trailers());
    let gate = cx.engine.secrets.gate.as_ref();
    let mut names = trailers.remove_holding(|value| gate.is_some_and(|gate| gate.is_in(value)));
    names.extend(
        trailers.withheld(&cx.engine.config.headers, is_ours).into_iter().map(str::to_owned),
    );
    if is_ours {
        names.extend(trailers.carried().into_iter().map(|(name, _)| name));
    }
    for name in names {
        cx.host.remove_request_trailer(&name);
    }
}

/// Takes the response headers.
fn take_response_head<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    state: RouterState,
    is_end: bool,
) -> NextState {
    let next = match state {
        RouterState::Streaming(streaming) => match Answering::begin(cx, *streaming, is_end) {
            Ok(answering) => RouterState::Answering(Box::new(answering)),
            Err((refusal, dialect)) => {
                return (RouterState::Done, refuse(cx.host, &refusal, dialect));
            }
        },
        // Envoy has answered by itself, with a timeout for example, so it is too late to decide.
        RouterState::Reading(reading) => {
            reading.ledger.close_answered_by_proxy(cx);
            RouterState::Done
        }
        RouterState::Asking(asking) => {
            asking.whole.ledger.close_answered_by_proxy(cx);
            RouterState::Done
        }
        // Another response head finds a state that is answered, or has nothing to answer.
        RouterState::New
        | RouterState::Admin(_)
        | RouterState::Answering(_)
        | RouterState::Refusing(_)
        | RouterState::Done => state,
    };
    (next, Action::Continue)
}

/// Takes the end of the stream: closes whatever is still open.
fn take_end<H: Host + ?Sized>(cx: Ctx<'_, H>, state: RouterState) {
    match state {
        RouterState::Reading(reading) => {
            reading.ledger.close_cancelled(cx, RequestLabels::UNDECIDED)
        }
        RouterState::Asking(asking) => {
            asking.whole.ledger.close_cancelled(cx, RequestLabels::UNDECIDED)
        }
        RouterState::Streaming(streaming) => streaming.end(cx),
        RouterState::Answering(answering) => answering.end(cx),
        RouterState::New | RouterState::Admin(_) | RouterState::Refusing(_) | RouterState::Done => {
        }
    }
}
