//! A request whose body is being read, and held meanwhile.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Decided, Pending, Ruling, decide};
use crate::lifecycle::early;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{AttemptLedger, RequestLedger};
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::shadow::{self, Shadowed};
use crate::lifecycle::unread::{Unread, unreadable};
use crate::request::control::{BadControl, Controls};
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::request::scan::Looks;
use crate::routing::{Answers, Decision, looks};

use super::window::window;

/// A request whose body is being read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) intake: Intake,
    /// What its control headers ask for, or the first that cannot be read.
    pub(super) controls: Result<Controls, BadControl>,
    pub(super) reader: RequestReader,
    pub(super) ledger: RequestLedger,
    /// How long callbacks have read it so far.
    pub(super) spent: Duration,
}

/// How far a request has been read.
#[derive(Debug)]
pub(super) enum HasRead {
    /// More is to come.
    Part,
    /// It is whole. With the first window, which need not be copied again.
    Whole(Vec<u8>),
    /// It has been decided by its model, and the rest can follow by itself. Likewise.
    Early(Box<Early>, Vec<u8>),
    /// It cannot be accepted.
    Unread(Unread),
    /// The proxy does not give what it holds.
    Refused(Refusal),
}

/// A request that is sent on before its body has ended.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) decision: Box<Decision>,
    /// The plan's first attempt, which has begun.
    pub(super) attempt: AttemptLedger,
    pub(super) shadowed: Option<Box<Shadowed>>,
}

impl Reading {
    /// Reads what is held of the body and has not been read.
    pub(super) fn read<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
        now_ms: u64,
    ) -> HasRead {
        let limit = cx.engine.config.limits.max_body_bytes;
        if held as u64 > limit {
            return HasRead::Unread(Unread::TooLarge { limit });
        }
        // Nothing can follow the announced length: one callback less that holds.
        let is_whole = is_end || self.intake.length == Some(held as u64);
        let mut early = None;
        let mut first = Vec::new();
        while self.reader.seen() < held {
            let seen = self.reader.seen();
            let Some(window) = window(cx.host, seen, held) else {
                return HasRead::Refused(unreadable());
            };
            let (intake, controls) = (&self.intake, self.controls.as_ref().ok());
            let read = self.reader.read(intake, &window, |reader| {
                let onward;
                (onward, early) = at_model(cx, intake, controls, reader, is_whole, now_ms);
                onward
            });
            if let Err(error) = read {
                return HasRead::Unread(Unread::Unparsable(error));
            }
            if seen == 0 {
                first = window;
            }
        }
        // Only now that all of the piece has been read: what is unreadable begins nothing.
        match early.and_then(|early| early.begin(cx, &self.intake)) {
            Some(early) => HasRead::Early(Box::new(early), first),
            None if is_whole => HasRead::Whole(first),
            None => HasRead::Part,
        }
    }
}

/// What is known of a request that its model decides, before anything of it has begun.
struct AtModel<'a, 'b, H: ?Sized> {
    facts: RequestFacts,
    controls: &'b Controls,
    pending: Pending<'a, H>,
}

impl<H: Host + ?Sized> AtModel<'_, '_, H> {
    /// Begins the first attempt. `None`: other workers were faster, and what is left needs
    /// more of the request to decide.
    fn begin(self, cx: Ctx<'_, H>, intake: &Intake) -> Option<Early> {
        let known = (&self.facts, self.controls);
        let decided = self.pending.begin(cx, intake, known, &Answers::default()).ok()?;
        let Decided { ruling: Ruling::Send(decision, attempt), shadowed } = decided else {
            return None;
        };
        Some(Early { decision, attempt, shadowed })
    }
}

/// Decides at the model whether the request can go on: if nothing in the rest of the body
/// can change the decision. Otherwise sees to it that no more of the rest is looked at than
/// is asked for. Begins nothing.
fn at_model<'a, 'b, H: Host + ?Sized>(
    cx: Ctx<'a, H>,
    intake: &Intake,
    controls: Option<&'b Controls>,
    reader: &RequestReader,
    is_whole: bool,
    now_ms: u64,
) -> (Onward, Option<AtModel<'a, 'b, H>>) {
    let config = &cx.engine.config;
    let before = reader.looks();
    let may_release = !is_whole && early::against(config, intake.length).is_none();
    let longest = intake.longest(config);
    let may_narrow = before != Looks::NOTHING && longest > early::SHORT;
    let onward = Onward::Look(before);
    if !(may_release || may_narrow) {
        return (onward, None);
    }
    let Some((model, controls)) = reader.early_model(intake).zip(controls) else {
        return (onward, None);
    };
    let facts = intake.facts_at_model(model, controls);
    if may_release {
        let known = (&facts, controls);
        let pending = decide(cx, intake, known, &Answers::default(), now_ms);
        if pending.is_to_send() {
            let looks = shadow::looks_of_rest(cx, intake, known, &pending.snapshot, before);
            return (Onward::Released(looks), Some(AtModel { facts, controls, pending }));
        }
    }
    if !may_narrow {
        return (onward, None);
    }
    let looks = shadow::looks_of_both(config, intake.is_shadowed, |config| {
        looks::left(intake.request(config, &facts, controls), longest, before)
    });
    (Onward::Look(looks), None)
}
