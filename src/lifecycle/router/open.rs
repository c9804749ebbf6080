//! The first transition: what a request turns out to be by its headers.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::Action;
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{DecisionTime, RequestLabels, RequestLedger, log_tenant};
use crate::lifecycle::reader::{self, RequestReader};
use crate::lifecycle::refuse::refuse;
use crate::lifecycle::unread::Unread;
use crate::lifecycle::{send, shadow};
use crate::routing::looks;

use super::admin::{self, Admitted};
use super::models;
use super::reading::ReadingBody;
use super::settle::{Opened, decide_whole, leave_unread};
use super::state::{NextState, RouterState};
use super::unknown;

/// Takes the headers of a request. `is_end`: it has no body.
pub(super) fn open<H: Host + ?Sized>(cx: Ctx<'_, H>, is_end: bool) -> NextState {
    let mut head = RequestHead::new(cx.host.request_headers());
    if let Some(gate) = &cx.engine.secrets.gate {
        head = match admin::admit(cx, gate, head, is_end) {
            Admitted::Other(head) => head,
            Admitted::Answered => return (RouterState::Done, Action::Pause),
            Admitted::Reading(request, action) => {
                return (RouterState::Admin(Box::new(request)), action);
            }
        };
    }
    // The gate comes first: admin requests are never read as requests to a model.
    let intake = Intake::read(&cx.engine.config, head, || cx.host.random());
    withhold(cx, &intake);
    match intake {
        Ok(intake) => read(cx, intake, is_end),
        Err(head) => pass_by(cx, &head),
    }
}

/// Removes the headers that never go on, from this filter's requests and from all others. What one of them says
/// of the tenant is left for logs.
fn withhold<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Result<Intake, RequestHead>) {
    let (head, is_ours) = match intake {
        Ok(intake) => (&intake.head, true),
        Err(head) => (head, false),
    };
    let config = &cx.engine.config;
    if config.log_fields
        && let Some(tenant) = head.first(&config.headers.tenant)
    {
        log_tenant(cx.host, tenant);
    }
    for name in head.withheld(&config.headers, is_ours) {
        cx.host.set_request_header(name, None);
    }
}

/// Lets a request go on that is not for this filter, or answers it with the list of models.
fn pass_by<H: Host + ?Sized>(cx: Ctx<'_, H>, head: &RequestHead) -> NextState {
    // A list of models goes to no model, so it is not counted as a request.
    if cx.engine.config.serve_models && models::list(cx.host, &cx.engine.config, head) {
        return (RouterState::Done, Action::Pause);
    }
    if let Some((refusal, dialect)) = unknown::refusal(cx, head) {
        RequestLedger::open().close_refused(cx, RequestLabels::UNDECIDED, &refusal);
        return (RouterState::Done, refuse(cx.host, &refusal, dialect));
    }
    send::pass(cx, true);
    RequestLedger::open().close_passed(cx);
    (RouterState::Done, Action::Continue)
}

/// Begins to read the body of a request. Where it has none, decides at once.
fn read<H: Host + ?Sized>(cx: Ctx<'_, H>, mut intake: Intake, is_end: bool) -> NextState {
    let ledger = RequestLedger::open();
    let reader = match reader(cx.engine, &intake, is_end) {
        Ok(reader) => reader,
        Err(unread) => {
            let format = intake.call.format();
            return leave_unread(cx, ledger, &unread, format.dialect(), true);
        }
    };
    let controls = intake.controls(&cx.engine.config);
    // After this the headers may have gone on, so all that is removed has been removed before.
    let action = send::hold(cx, &mut intake);
    match reader {
        Some(reader) => {
            let spent = Duration::ZERO;
            (
                RouterState::Reading(Box::new(ReadingBody {
                    intake,
                    controls,
                    reader,
                    ledger,
                    spent,
                })),
                action,
            )
        }
        None => {
            let time = DecisionTime::enter(cx.host, Duration::ZERO);
            let scan = reader::nothing(&intake);
            let opened = Opened { intake, controls, ledger, length: 0, is_end: true };
            decide_whole(cx, opened, scan, &[], time)
        }
    }
}

/// Returns a reader for the request's body; `None` where the request has none. It looks at what
/// the live configuration needs, and at what the shadow needs where that is evaluated.
///
/// # Errors
/// The reason not to read the body.
fn reader(engine: &Engine, intake: &Intake, is_end: bool) -> Result<Option<RequestReader>, Unread> {
    let config = &engine.config;
    if let Some(unread) = intake.against_reading(config, is_end) {
        return Err(unread);
    }
    let has_cost_limit = intake.has_cost_limit(config);
    let longest = intake.longest(config);
    let looks = shadow::looks_of_all(config, intake, |config| {
        looks::before(config, has_cost_limit, longest)
    });
    RequestReader::new(config, intake, looks, engine.seed)
}
