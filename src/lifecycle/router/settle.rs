//! From a request that has been read to what is done with it.
//!
//! Every way ends here: a request is sent, passes untouched, waits for a service, or is
//! refused. Each closes the request's ledger or hands it to the next state.

use crate::config::BodyPolicy;
use crate::host::{Called, Host, NotCalled};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Decided, Ruling};
use crate::lifecycle::event::{Action, debug, millis};
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{DecisionTime, Labels, RequestLedger, note_decision};
use crate::lifecycle::refuse::refuse;
use crate::lifecycle::send::{self, Held};
use crate::lifecycle::unread::{Unread, bad_control};
use crate::request::control::{BadControl, Controls};
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::request::scan::Scan;
use crate::routing::{Answers, Question};

use super::asking::Asking;
use super::reading::{Early, HasRead, Reading};
use super::refusing::Refusing;
use super::service::{self, Unpicked};
use super::state::{Next, State};
use super::streaming::Streaming;
use super::upload::Upload;
use super::whole::WholeRequest;

/// A request whose body has ended, before it is decided.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) intake: Intake,
    /// What its control headers ask for, or the first that cannot be read.
    pub(super) controls: Result<Controls, BadControl>,
    pub(super) ledger: RequestLedger,
    /// Length of the body, in bytes.
    pub(super) length: usize,
    /// Whether the client may be answered: its request has ended, or has no body.
    pub(super) is_end: bool,
}

/// Reads what is held of a body, and decides as soon as that can be.
pub(super) fn read_on<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut reading: Box<Reading>,
    held: usize,
    is_end: bool,
) -> Next {
    let time = DecisionTime::enter(cx.host, reading.spent);
    let dialect = reading.intake.call.format().dialect();
    match reading.read(cx, held, is_end, time.now_ms()) {
        HasRead::Part => {
            reading.spent = time.pause(cx);
            (State::Reading(reading), Action::Pause)
        }
        HasRead::Whole(first) => end_of_body(cx, reading, &first, is_end, time),
        HasRead::Early(early, first) => {
            let next = release(cx, reading, *early, &first);
            time.stop(cx);
            next
        }
        HasRead::Unread(unread) => {
            let is_head_here = cx.engine.delivery.holds_heads();
            let next = leave_unread(cx, reading.ledger, &unread, dialect, is_head_here);
            time.stop(cx);
            next
        }
        HasRead::Refused(refusal) => {
            reading.ledger.refused(cx, Labels::UNDECIDED, &refusal);
            let action = refuse(cx.host, &refusal, dialect);
            time.stop(cx);
            (State::Done, action)
        }
    }
}

/// Takes the trailers of a request: its body has ended.
pub(super) fn trailers<H: Host + ?Sized>(cx: Ctx<'_, H>, reading: Box<Reading>) -> Next {
    let time = DecisionTime::enter(cx.host, reading.spent);
    end_of_body(cx, reading, &[], true, time)
}

/// Decides a request whose body has been read to its end. `first` is the beginning of the
/// body, as far as it is at hand.
fn end_of_body<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    reading: Box<Reading>,
    first: &[u8],
    is_end: bool,
    time: DecisionTime,
) -> Next {
    let Reading { intake, controls, reader, ledger, .. } = *reading;
    let length = reader.seen();
    match reader.finish() {
        Ok(scan) => {
            let opened = Opened { intake, controls, ledger, length, is_end };
            decide_whole(cx, opened, scan, first, time)
        }
        Err(error) => {
            let (unread, dialect) = (Unread::Unparsable(error), intake.call.format().dialect());
            let is_head_here = cx.engine.delivery.holds_heads();
            let next = leave_unread(cx, ledger, &unread, dialect, is_head_here);
            time.stop(cx);
            next
        }
    }
}

/// Decides a request that is whole.
pub(super) fn decide_whole<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    opened: Opened,
    scan: Scan,
    first: &[u8],
    time: DecisionTime,
) -> Next {
    let Opened { intake, controls, ledger, length, is_end } = opened;
    let Scan { mut facts, layout } = scan;
    let controls = match controls {
        Ok(controls) => controls,
        Err(bad) => {
            let refusal = bad_control(&bad);
            ledger.refused(cx, Labels::UNDECIDED, &refusal);
            let next = refuse_at_end(cx.host, refusal, intake.call.format().dialect(), is_end);
            time.stop(cx);
            return next;
        }
    };
    intake.complete(&mut facts, &controls);
    let answers = Answers::default();
    let mut whole =
        WholeRequest { intake, facts, controls, layout, length, answers, is_end, ledger };
    let mut decided = whole.decide(cx, time.now_ms());
    if WholeRequest::is_open(&decided) {
        if let Err(refusal) = whole.look_at_everything(cx) {
            return refuse_whole(cx, whole, Labels::UNDECIDED, refusal, time);
        }
        decided = whole.decide(cx, time.now_ms());
    }
    match decided {
        Ok(decided) => settle(cx, whole, decided, first, time),
        Err(question) => ask(cx, whole, question, time),
    }
}

/// Calls a service that is to pick. One that cannot be called has not picked, and the
/// request is decided without it.
fn ask<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut whole: WholeRequest,
    mut question: Box<Question>,
    time: DecisionTime,
) -> Next {
    loop {
        let asked_ms = millis(cx.host.now());
        match service::call(cx, &whole, &question) {
            Ok(call) => {
                let spent = time.pause(cx);
                let asking = Asking { whole, question, call, asked_ms, spent };
                return (State::Asking(Box::new(asking)), Action::Pause);
            }
            Err(NotCalled) => {
                service::count(cx, &question, Err(Unpicked::Unreachable), None);
                whole.answers.add(&question, None);
            }
        }
        match whole.decide(cx, time.now_ms()) {
            Ok(decided) => return settle(cx, whole, decided, &[], time),
            Err(next) => question = next,
        }
    }
}

/// Takes the end of a call, and decides with what the service has said.
pub(super) fn answered<H: Host + ?Sized>(cx: Ctx<'_, H>, asking: Asking, called: Called) -> Next {
    let time = DecisionTime::enter(cx.host, asking.spent);
    let whole = asking.answered(cx, called, time.now_ms());
    match whole.decide(cx, time.now_ms()) {
        Ok(decided) => settle(cx, whole, decided, &[], time),
        Err(question) => ask(cx, whole, question, time),
    }
}

/// Does with a request what was decided.
fn settle<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: WholeRequest,
    decided: Decided,
    first: &[u8],
    time: DecisionTime,
) -> Next {
    let Decided { ruling, shadowed } = decided;
    if let Some(shadowed) = shadowed {
        shadowed.count(cx, Some(&whole.facts));
    }
    let (decision, mut attempt) = match ruling {
        Ruling::Send(decision, attempt) => (decision, attempt),
        Ruling::Refuse(refusal) => {
            let model = whole.facts.model.clone();
            let labels = Labels::unserved(&cx.engine.config, model.as_deref());
            return refuse_whole(cx, whole, labels, refusal, time);
        }
        Ruling::Pass | Ruling::Undecided => {
            debug(cx.host, || "passed: no model of that name".to_owned());
            send::pass(cx, cx.engine.delivery.holds_heads());
            whole.ledger.passed(cx);
            time.stop(cx);
            return (State::Done, Action::Continue);
        }
    };
    let WholeRequest { intake, layout, length, .. } = &whole;
    let held = Held { intake, layout, length: Some(*length as u64), window: first };
    if let Err(refusal) = send::send(cx, held, &decision, &attempt) {
        attempt.cancelled(cx);
        let labels = Labels::of(&cx.engine.config, &decision);
        return refuse_whole(cx, whole, labels, refusal, time);
    }
    note_decision(cx, &decision);
    let left = cx.host.now();
    attempt.sent(millis(left), 0);
    time.stop_at(cx, left);
    let upload = Upload::done(whole.dialect());
    let streaming = Streaming { ledger: whole.ledger, decision, attempt, upload };
    (State::Streaming(Box::new(streaming)), Action::Continue)
}

/// Sends on what is held of a request that was decided by its model, and lets the rest
/// follow as it comes.
fn release<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    reading: Box<Reading>,
    early: Early,
    first: &[u8],
) -> Next {
    let Reading { intake, reader, ledger, .. } = *reading;
    let Early { decision, attempt, shadowed } = early;
    let dialect = intake.call.format().dialect();
    let held =
        Held { intake: &intake, layout: &reader.layout(), length: intake.length, window: first };
    if let Err(refusal) = send::send(cx, held, &decision, &attempt) {
        attempt.cancelled(cx);
        ledger.refused(cx, Labels::of(&cx.engine.config, &decision), &refusal);
        return (State::Done, refuse(cx.host, &refusal, dialect));
    }
    note_decision(cx, &decision);
    let seen = reader.seen() as u64;
    let upload = Upload::rest(dialect, reader.into_scanner(), intake.length, seen, shadowed);
    let streaming = Streaming { ledger, decision, attempt, upload };
    (State::Streaming(Box::new(streaming)), Action::Continue)
}

/// Does with a body that is not read what the configuration says. `is_head_here`: the head
/// of the request can still be changed.
pub(super) fn leave_unread<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    unread: &Unread,
    dialect: Dialect,
    is_head_here: bool,
) -> Next {
    let refusal = unread.refusal();
    let action = match unread.policy(&cx.engine.config) {
        BodyPolicy::PassThrough => {
            debug(cx.host, || format!("passed: {}", refusal.code));
            send::pass(cx, is_head_here);
            ledger.passed(cx);
            Action::Continue
        }
        BodyPolicy::Reject => {
            ledger.refused(cx, Labels::UNDECIDED, &refusal);
            refuse(cx.host, &refusal, dialect)
        }
    };
    (State::Done, action)
}

/// Refuses a request that has been read.
fn refuse_whole<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    whole: WholeRequest,
    labels: Labels<'_>,
    refusal: Refusal,
    time: DecisionTime,
) -> Next {
    let dialect = whole.dialect();
    whole.ledger.refused(cx, labels, &refusal);
    let next = refuse_at_end(cx.host, refusal, dialect, whole.is_end);
    time.stop(cx);
    next
}

/// Answers the client here, once its request has ended.
pub(super) fn refuse_at_end<H: Host + ?Sized>(
    host: &H,
    refusal: Refusal,
    dialect: Dialect,
    is_end: bool,
) -> Next {
    if is_end {
        return (State::Done, refuse(host, &refusal, dialect));
    }
    (State::Refusing(Box::new(Refusing { refusal, dialect })), Action::Pause)
}
