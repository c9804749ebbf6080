//! The attempt role: an upstream filter of a provider's cluster, which Envoy creates anew for
//! every attempt of a request.
//!
//! It changes the client's request into the one for this attempt's deployment. Where the
//! deployment fails, it chooses the next leg and sets the header that Envoy's retry policy
//! waits for. Headers that one attempt has set are still there in the next one, so each attempt
//! begins by putting the client's headers back.

mod begin;
mod hindsight;
mod holding;
mod leg_headers;
mod log;
mod ready;
mod trying;

use std::rc::Rc;

use crate::host::Host;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::{Action, Event};

use trying::Trying;

/// One attempt, as Envoy drives it. Where the router did not hand the request over, it lets
/// everything pass.
#[derive(Debug)]
pub(super) struct AttemptFilter {
    engine: Rc<Engine>,
    state: AttemptState,
}

/// The state of an attempt.
#[derive(Debug)]
enum AttemptState {
    /// Nothing has come yet.
    New,
    /// The request is on its way to the provider, or the response on its way back.
    Trying(Box<Trying>),
    /// Nothing is left to do: the router did not hand the request over, nothing was left to
    /// try, or the stream is over.
    Done,
}

impl AttemptFilter {
    /// Returns an attempt that has not begun.
    pub(super) const fn new(engine: Rc<Engine>) -> Self {
        Self { engine, state: AttemptState::New }
    }

    /// Takes an event, and returns what the host does. This is the table of transitions that
    /// `lifecycle/mod.rs` draws.
    pub(super) fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        let cx = Ctx { engine: &self.engine, host };
        match (&mut self.state, event) {
            (AttemptState::New, Event::RequestHead { is_end }) => {
                let (begun, action) = begin::begin(cx, is_end);
                self.state = begun
                    .map_or(AttemptState::Done, |trying| AttemptState::Trying(Box::new(trying)));
                return action;
            }
            (AttemptState::Trying(trying), Event::RequestBody { held, is_end }) => {
                trying.take_chunk(host, held, is_end);
            }
            (AttemptState::Trying(trying), Event::RequestTrailers) => trying.note_sent(host),
            (AttemptState::Trying(trying), Event::ResponseHead { is_end }) => {
                return trying.take_answer(cx, is_end);
            }
            (AttemptState::Trying(trying), Event::ResponseBody { length, then }) => {
                return trying.take_piece(cx, length, then);
            }
            (AttemptState::Trying(trying), Event::Dropped) => {
                trying.end(cx);
                self.state = AttemptState::Done;
            }
            // This role makes no calls.
            (_, Event::Called(_)) => return Action::Pause,
            // A state lets pass whatever it has no use for.
            _ => {}
        }
        Action::Continue
    }
}
