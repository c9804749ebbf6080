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
mod late;
mod leg_headers;
mod log;
mod next;
mod ready;
mod translating;
mod trying;
mod watch;

use std::cell::RefCell;
use std::rc::Rc;

use crate::config::Timeouts;
use crate::host::Host;

use super::ctx::Ctx;
use super::engine::Engine;
use super::event::{Action, Event};

use trying::Trying;

pub(super) use watch::{StreamPlace, Watch};

/// One attempt, as Envoy drives it. Where the router did not hand the request over, it lets
/// everything pass.
#[derive(Debug)]
pub(super) struct AttemptFilter {
    engine: Rc<Engine>,
    /// Where a worker keeps its times; `None` where none does.
    place: Option<StreamPlace>,
    state: AttemptState,
}

/// The state of an attempt.
#[derive(Debug)]
enum AttemptState {
    /// Nothing has come yet.
    New,
    /// The request is on its way to the provider, or the response on its way back.
    Trying(Rc<RefCell<Trying>>),
    /// Nothing is left to do: the router did not hand the request over, nothing was left to
    /// try, or the stream is over.
    Done,
}

impl AttemptFilter {
    /// Returns an attempt that has not begun.
    pub(super) const fn new(engine: Rc<Engine>, place: Option<StreamPlace>) -> Self {
        Self { engine, place, state: AttemptState::New }
    }

    /// Takes an event, and returns what the host does. This is the table of transitions that
    /// `lifecycle/mod.rs` draws.
    pub(super) fn handle<H: Host + ?Sized>(&mut self, host: &H, event: Event) -> Action {
        let cx = Ctx { engine: &self.engine, host };
        let trying = match (&self.state, event) {
            (AttemptState::New, Event::RequestHead { is_end }) => {
                let (begun, action) = begin::begin(cx, is_end);
                self.state = begun.map_or(AttemptState::Done, |trying| self.entered(trying));
                return action;
            }
            // This role makes no calls.
            (_, Event::Called(_)) => return Action::Pause,
            (AttemptState::Trying(trying), _) => trying,
            // A state lets pass whatever it has no use for.
            _ => return Action::Continue,
        };
        // A tick has it only while no callback of the stream is under way.
        let Ok(mut trying) = trying.try_borrow_mut() else { return Action::Continue };
        match event {
            Event::RequestBody { held, is_end } => return trying.take_chunk(cx, held, is_end),
            Event::RequestTrailers => return trying.take_trailers(cx),
            Event::ResponseHead { is_end } => return trying.take_answer(cx, is_end),
            Event::ResponseBody { length, then } => return trying.take_piece(cx, length, then),
            Event::Dropped => {
                trying.end(cx);
                drop(trying);
                self.state = AttemptState::Done;
            }
            _ => {}
        }
        Action::Continue
    }

    /// Returns the state of an attempt that has begun, and has the worker keep its times.
    fn entered(&self, trying: Trying) -> AttemptState {
        let times = self.place.as_ref().map(|place| (place, trying.times(&self.engine)));
        let trying = Rc::new(RefCell::new(trying));
        if let Some((place, times)) = times.filter(|(_, times)| *times != Timeouts::default()) {
            place.watch.add(place.number, times, &self.engine, &trying);
        }
        AttemptState::Trying(trying)
    }
}
