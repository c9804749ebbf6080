//! From a request that has been read to what happens with it.
//!
//! A request is sent, passes untouched, waits for a service, or is refused. Each of these either
//! closes the request's ledger or hands it to the next state.

use crate::config::BodyPolicy;
use crate::host::{Called, Host, NotCalled};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Committed, Ruling};
use crate::lifecycle::event::{Action, debug, millis};
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{
    AttemptLedger, DecisionTime, RequestLabels, RequestLedger, note_decision,
};
use crate::lifecycle::refuse::refuse;
use crate::lifecycle::send::{self, Held};
use crate::lifecycle::unread::{Unread, bad_control};
use crate::request::control::{BadControl, Controls};
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::request::scan::Scan;
use crate::routing::{Answers, Decision};

use super::asking::AskingService;
use super::counted;
use super::reading::{BodyProgress, EarlyDecision, ReadingBody};
use super::refusing::Refusing;
use super::service::{self, Unpicked};
use super::state::{NextState, RouterState};
use super::streaming::Streaming;
use super::upload::Upload;
use super::whole::WholeRequest;

/// A request whose body has been read to its end, without what the body says.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) intake: Intake,
    /// What its control headers ask for, or the first of them that cannot be read.
    pub(super) controls: Result<Controls, BadControl>,
    pub(super) ledger: RequestLedger,
    /// Length of the body, in bytes.
    pub(super) length: usize,
    /// Whether the client may be answered: its request has ended, or has no body.
    pub(super) is_end: bool,
}

/// Reads what has come of a body, and decides the request as soon as that is possible.
pub(super) fn read_on<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut reading: Box<ReadingBody>,
    held: usize,
    is_end: bool,
) -> NextState {
    let time = DecisionTime::enter(cx.host, reading.spent);
    let dialect = reading.intake.call.format().dialect();
    match reading.read(cx, held, is_end, time.now_ms()) {
        BodyProgress::Part => {
            reading.spent = time.pause(cx);
            (RouterState::Reading(reading), Action::Pause)
        }
        BodyProgress::Whole(first) => end_of_body(cx, reading, &first, is_end, time),
        BodyProgress::Early(early, first) => {
            let next = release(cx, reading, early, &first);
            time.stop(cx);
            next
        }
        BodyProgress::Unread(unread) => {
            let is_head_here = cx.engine.delivery.is_head_held();
            let next = leave_unread(cx, reading.ledger, &unread, dialect, is_head_here);
            time.stop(cx);
            next
        }
        BodyProgress::Refused(refusal) => {
            reading.ledger.close_refused(cx, RequestLabels::UNDECIDED, &refusal);
            let action = refuse(cx.host, &refusal, dialect);
            time.stop(cx);
            (RouterState::Done, action)
        }
    }
}

/// Takes the trailers of a request. All of its body has been read by then.
pub(super) fn take_trailers<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    reading: Box<ReadingBody>,
) -> NextState {
    let time = DecisionTime::enter(cx.host, reading.spent);
    end_of_body(cx, reading, &[], true, time)
}

/// Finishes the scan of a body that has been read to its end, and decides the request. `first` is
/// the beginning of the body, as far as the module still has it.
fn end_of_body<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    reading: Box<ReadingBody>,
    first: &[u8],
    is_end: bool,
    time: DecisionTime,
) -> NextState {
    let ReadingBody { intake, controls, reader, ledger, .. } = *reading;
    let length = reader.seen();
    match reader.finish() {
        Ok(scan) => {
            let opened = Opened { intake, controls, ledger, length, is_end };
            decide_whole(cx, opened, scan, first, time)
        }
        Err(error) => {
            let (unread, dialect) = (Unread::Unparsable(error), intake.call.format().dialect());
            let is_head_here = cx.engine.delivery.is_head_held();
            let next = leave_unread(cx, ledger, &unread, dialect, is_head_here);
            time.stop(cx);
            next
        }
    }
}

/// Decides a request that has been read to its end, and does what was decided.
///
/// The order matters:
///
/// 1. Control headers that cannot be read are refused here, not earlier, since Envoy closes the
///    connection of a client that is answered while it still sends.
/// 2. The request is decided by what the scan has looked at.
/// 3. If that was too little, the body is read once more with everything on, and the request is
///    decided again. For example, `{"model":"a",…,"model":"b"}`: the scan looked at what `a`
///    needs, but the last `model` counts, and `b` has a condition on keywords.
/// 4. The ruling is carried out, or the service is called that has a say in it.
pub(super) fn decide_whole<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    opened: Opened,
    scan: Scan,
    first: &[u8],
    time: DecisionTime,
) -> NextState {
    let Opened { intake, controls, ledger, length, is_end } = opened;
    let Scan { mut facts, layout } = scan;
    let controls = match controls {
        Ok(controls) => controls,
        Err(bad) => {
            let refusal = bad_control(&bad);
            ledger.close_refused(cx, RequestLabels::UNDECIDED, &refusal);
            let next = refuse_at_end(cx.host, refusal, intake.call.format().dialect(), is_end);
            time.stop(cx);
            return next;
        }
    };
    intake.complete(&mut facts, &controls);
    let answers = Answers::default();
    let removal = Vec::new();
    let mut whole =
        WholeRequest { intake, facts, controls, layout, removal, length, answers, is_end, ledger };
    whole.look_for_state(cx);
    go_on(cx, whole, first, time)
}

/// Decides a request by all that is known of it, and acts on that. `first` is the beginning of its body, as far as
/// the module still has it.
///
/// Where a service has a say, the service is asked, and the host holds the request meanwhile. A service that cannot
/// be called counts as one that did not answer.
fn go_on<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut whole: WholeRequest,
    first: &[u8],
    time: DecisionTime,
) -> NextState {
    loop {
        let question = match whole.decide_at_last(cx, time.now_ms()) {
            Ok(Ok(decided)) => return settle(cx, whole, decided, first, time),
            Ok(Err(question)) => question,
            Err(refusal) => {
                return refuse_whole(cx, whole, RequestLabels::UNDECIDED, refusal, time);
            }
        };
        let asked_ms = millis(cx.host.now());
        match service::call(cx, &whole, &question) {
            Ok(call) => {
                let spent = time.pause(cx);
                let asking = AskingService { whole, question, call, asked_ms, spent };
                return (RouterState::Asking(Box::new(asking)), Action::Pause);
            }
            // Counted as a failure of the service. The candidates are ordered without it then.
            Err(NotCalled) => {
                service::count(cx, &question, Err(Unpicked::Unreachable), None);
                whole.answers.add(&question, None);
            }
        }
    }
}

/// Takes the end of a call, and decides the request again with the service's answer.
pub(super) fn take_answer<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    asking: AskingService,
    called: Called,
) -> NextState {
    let time = DecisionTime::enter(cx.host, asking.spent);
    let whole = asking.take_answer(cx, called, time.now_ms());
    go_on(cx, whole, &[], time)
}

/// Does what was decided with a request that has been read to its end.
///
/// The decision is counted only after the request was sent. Sending can still fail, and then the
/// attempt that has begun must be ended. For example, a
/// request is decided for `azure`, whose overrides cannot be merged into this body. The attempt
/// at `azure` is cancelled, so that it is no longer in flight, and the client gets a 400.
///
/// Time stops where the request leaves the filter; what is counted after that does not delay it.
fn settle<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut whole: WholeRequest,
    decided: Committed,
    first: &[u8],
    time: DecisionTime,
) -> NextState {
    let Committed { ruling, shadowed } = decided;
    if let Some(mut shadowed) = shadowed {
        whole.look_for_shadow(cx, &mut shadowed);
        shadowed.count(cx, Some(&whole.facts));
    }
    let (decision, mut attempt) = match ruling {
        Ruling::Send(decision, attempt) => (decision, attempt),
        Ruling::Refuse(refusal) => {
            let model = whole.facts.model.clone();
            let labels = RequestLabels::unserved(&cx.engine.config, model.as_deref());
            return refuse_whole(cx, whole, labels, refusal, time);
        }
        // With everything known no decision stays open. If one did, the request passes as if it
        // had not been for this filter.
        Ruling::Pass | Ruling::Undecided(_) => return pass(cx, whole, time),
    };
    if counted::is_counted_here(cx, &whole, &decision) {
        return count_here(cx, whole, (&decision, attempt), time);
    }
    let WholeRequest { intake, layout, removal, length, .. } = &whole;
    attempt.identify(Some(*length as u64), first);
    let unnamed = decision.unnamed;
    let length = Some(*length as u64);
    let held = Held { intake, layout, removal, length, window: first, unnamed };
    if let Err(refusal) = send::send(cx, held, &decision, &attempt) {
        attempt.cancel(cx);
        let labels = RequestLabels::of(&cx.engine.config, &decision);
        return refuse_whole(cx, whole, labels, refusal, time);
    }
    // From here on the request is on its way, and nothing can fail any more.
    note_decision(cx, attempt.work().format.genai_operation(), &decision);
    let left = cx.host.now();
    attempt.note_sent(millis(left), 0);
    time.stop_at(cx, left);
    let dialect = whole.dialect();
    let is_upgrade = whole.intake.upgrade.is_some();
    let upload = if is_upgrade { Upload::frames(dialect) } else { Upload::done(dialect) };
    let streaming = Streaming { ledger: whole.ledger, decision, attempt, upload };
    (RouterState::Streaming(Box::new(streaming)), Action::Continue)
}

/// Lets a request go on untouched, because no model has the name that it asks for.
fn pass<H: Host + ?Sized>(cx: Ctx<'_, H>, whole: WholeRequest, time: DecisionTime) -> NextState {
    debug(cx.host, || "passed: no model has this name".to_owned());
    send::pass(cx, cx.engine.delivery.is_head_held());
    whole.ledger.close_passed(cx);
    time.stop(cx);
    (RouterState::Done, Action::Continue)
}

/// Sends on what is held of a request that was decided by its model. The rest of the body follows
/// while it comes, and is still scanned.
fn release<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    reading: Box<ReadingBody>,
    early: EarlyDecision,
    first: &[u8],
) -> NextState {
    let ReadingBody { intake, reader, ledger, .. } = *reading;
    let EarlyDecision { decision, mut attempt, shadowed } = early;
    attempt.identify(intake.length, first);
    let dialect = intake.call.format().dialect();
    // The length is the announced one: the rest of the body has not come.
    let held = Held {
        intake: &intake,
        layout: &reader.layout(),
        removal: &[],
        length: intake.length,
        window: first,
        unnamed: decision.unnamed,
    };
    if let Err(refusal) = send::send(cx, held, &decision, &attempt) {
        attempt.cancel(cx);
        ledger.close_refused(cx, RequestLabels::of(&cx.engine.config, &decision), &refusal);
        return (RouterState::Done, refuse(cx.host, &refusal, dialect));
    }
    note_decision(cx, attempt.work().format.genai_operation(), &decision);
    let seen = reader.seen() as u64;
    let upload = Upload::rest(dialect, reader.into_scanner(), intake.length, seen, shadowed);
    let streaming = Streaming { ledger, decision, attempt, upload };
    (RouterState::Streaming(Box::new(streaming)), Action::Continue)
}

/// Refuses a request whose body is not read, or lets it pass untouched, as the configuration
/// says. `is_head_here`: the headers of the request can still be changed.
pub(super) fn leave_unread<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    unread: &Unread,
    dialect: Dialect,
    is_head_here: bool,
) -> NextState {
    let refusal = unread.refusal();
    let action = match unread.policy(&cx.engine.config) {
        BodyPolicy::PassThrough => {
            debug(cx.host, || format!("passed: {}", refusal.code));
            send::pass(cx, is_head_here);
            ledger.close_passed(cx);
            Action::Continue
        }
        BodyPolicy::Reject => {
            ledger.close_refused(cx, RequestLabels::UNDECIDED, &refusal);
            refuse(cx.host, &refusal, dialect)
        }
    };
    (RouterState::Done, action)
}

/// Answers a count of tokens that no provider is asked for.
#[cold]
fn count_here<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: WholeRequest,
    (decision, attempt): (&Decision, AttemptLedger),
    time: DecisionTime,
) -> NextState {
    let operation = attempt.work().format.genai_operation();
    attempt.cancel(cx);
    note_decision(cx, operation, decision);
    let action = counted::answer(cx, &whole);
    let labels = RequestLabels::of(&cx.engine.config, decision);
    whole.ledger.close_served(cx, labels, 200);
    time.stop(cx);
    (RouterState::Done, action)
}

/// Refuses a request that has been read to its end: counts it under `labels`, and answers the
/// client as soon as its request has ended.
fn refuse_whole<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: WholeRequest,
    labels: RequestLabels<'_>,
    refusal: Refusal,
    time: DecisionTime,
) -> NextState {
    let dialect = whole.dialect();
    whole.ledger.close_refused(cx, labels, &refusal);
    let next = refuse_at_end(cx.host, refusal, dialect, whole.is_end);
    time.stop(cx);
    next
}

/// Answers the client with an error: now if its request has ended (`is_end`), or else as soon as it
/// has.
pub(super) fn refuse_at_end<H: Host + ?Sized>(
    host: &H,
    refusal: Refusal,
    dialect: Dialect,
    is_end: bool,
) -> NextState {
    // Envoy closes the connection of a client that is answered while it still sends.
    if is_end {
        return (RouterState::Done, refuse(host, &refusal, dialect));
    }
    (RouterState::Refusing(Box::new(Refusing { refusal, dialect })), Action::Pause)
}
