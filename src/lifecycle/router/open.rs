//! The head of a request: what it turns out to be.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::Action;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{DecisionTime, RequestLedger};
use crate::lifecycle::reader::{self, RequestReader};
use crate::lifecycle::unread::Unread;
use crate::lifecycle::{send, shadow};
use crate::routing::looks;

use super::admin::{self, Admitted};
use super::models;
use super::reading::Reading;
use super::settle::{Opened, decide_whole, leave_unread};
use super::state::{Next, State};

/// Takes the head of a request.
pub(super) fn open<H: Host + ?Sized>(cx: Ctx<'_, H>, is_end: bool) -> Next {
    let mut head = RequestHead::new(cx.host.request_headers());
    if let Some(gate) = &cx.engine.secrets.gate {
        head = match admin::admit(cx, gate, head, is_end) {
            Admitted::Other(head) => head,
            Admitted::Answered => return (State::Done, Action::Pause),
            Admitted::Reading(request, action) => return (State::Admin(Box::new(request)), action),
        };
    }
    let intake = Intake::read(&cx.engine.config, head, || cx.host.random());
    withhold(cx, &intake);
    match intake {
        Ok(intake) => read(cx, intake, is_end),
        Err(head) => pass_by(cx, &head),
    }
}

/// Takes away the headers that never go on.
fn withhold<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Result<Intake, RequestHead>) {
    let (head, is_ours) = match intake {
        Ok(intake) => (&intake.head, true),
        Err(head) => (head, false),
    };
    for name in head.withheld(&cx.engine.config.headers, is_ours) {
        cx.host.set_request_header(name, None);
    }
}

/// Lets a request go on that is none for this filter, or lists the models it asks for.
fn pass_by<H: Host + ?Sized>(cx: Ctx<'_, H>, head: &RequestHead) -> Next {
    // A list of models is no request to a model, so no ledger is opened for it.
    if cx.engine.config.serve_models && models::list(cx.host, &cx.engine.config, head) {
        return (State::Done, Action::Pause);
    }
    send::pass(cx, true);
    RequestLedger::open().passed(cx);
    (State::Done, Action::Continue)
}

/// Begins to read the body of a request, or decides at once where it has none.
fn read<H: Host + ?Sized>(cx: Ctx<'_, H>, mut intake: Intake, is_end: bool) -> Next {
    let ledger = RequestLedger::open();
    let reader = match reader(cx.engine, &intake, is_end) {
        Ok(reader) => reader,
        Err(unread) => {
            let format = intake.call.format();
            return leave_unread(cx, ledger, &unread, format.dialect(), true);
        }
    };
    let controls = intake.controls(&cx.engine.config);
    let action = send::hold(cx, &mut intake);
    match reader {
        Some(reader) => {
            let spent = Duration::ZERO;
            (State::Reading(Box::new(Reading { intake, controls, reader, ledger, spent })), action)
        }
        None => {
            let time = DecisionTime::enter(cx.host, Duration::ZERO);
            let scan = reader::nothing(&intake);
            let opened = Opened { intake, controls, ledger, length: 0, is_end: true };
            decide_whole(cx, opened, scan, &[], time)
        }
    }
}

/// Returns the reader of a request's body; `None` where it has none.
///
/// # Errors
/// Why the body is not to be read.
fn reader(engine: &Engine, intake: &Intake, is_end: bool) -> Result<Option<RequestReader>, Unread> {
    let config = &engine.config;
    if let Some(unread) = intake.against_reading(config, is_end) {
        return Err(unread);
    }
    let has_cost_limit = intake.has_cost_limit(config);
    let longest = intake.longest(config);
    let looks = shadow::looks_of_both(config, intake.is_shadowed, |config| {
        looks::before(config, has_cost_limit, longest)
    });
    RequestReader::new(config, intake, looks, engine.seed)
}
