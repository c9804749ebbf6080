//! A request whose body is being read while the host holds it, and the decision that can be made
//! as soon as the model is known.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Committed, Pending, Ruling, decide};
use crate::lifecycle::early;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{AttemptLedger, RequestLedger};
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::send;
use crate::lifecycle::shadow::{self, Shadowed};
use crate::lifecycle::unread::{Unread, unreadable};
use crate::request::control::{BadControl, Controls};
use crate::request::credential::Naming;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::request::scan::Looks;
use crate::routing::{Answers, Decision, looks};

use super::window::window;

/// A request whose body is being read. The host holds the body and its headers, so the request can
/// still be refused or sent anywhere.
#[derive(Debug)]
pub(super) struct ReadingBody {
    pub(super) intake: Intake,
    /// What its control headers ask for, or the first of them that cannot be read.
    pub(super) controls: Result<Controls, BadControl>,
    pub(super) reader: RequestReader,
    pub(super) ledger: RequestLedger,
    /// How long the callbacks so far have taken.
    pub(super) spent: Duration,
}

/// The result of reading what has come of a body.
#[derive(Debug)]
pub(super) enum BodyProgress {
    /// More of it is to come.
    Part,
    /// It has been read to its end. With the first window, so that it need not be copied again
    /// for the rewrite.
    Whole(Vec<u8>),
    /// The request has been decided by its model, and the rest of the body can follow. With the
    /// first window too.
    Early(EarlyDecision, Vec<u8>),
    /// The body cannot be accepted, or is not to be read on.
    Unread(Unread),
    /// The host does not give what it holds.
    Refused(Refusal),
}

/// The decision about a request that is sent on before its body has ended. Its attempt has begun,
/// so it must be sent or cancelled.
#[derive(Debug)]
pub(super) struct EarlyDecision {
    pub(super) decision: Box<Decision>,
    /// The first attempt of the plan, which has begun.
    pub(super) attempt: AttemptLedger,
    /// What the shadow's rules make of the request, where the shadow is evaluated.
    pub(super) shadowed: Option<Box<Shadowed>>,
}

impl EarlyDecision {
    /// Returns the members of the body that some provider of the plan must not get. What follows
    /// goes on uncut to whichever of them serves the request.
    fn held_back<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) -> Naming {
        let of_one = |step| send::held_back(cx.engine, step);
        self.decision.steps().map(of_one).fold(Naming::default(), Naming::and)
    }

    /// Ends the attempt, because the request turns out not to be sent: a member that must not go on
    /// was half read.
    fn give_up<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.attempt.cancel(cx);
        if let Some(shadowed) = self.shadowed {
            shadowed.count(cx, None);
        }
    }
}

impl ReadingBody {
    /// Reads what the host holds of the body and has not been read.
    ///
    /// `held` is the length of all that the host holds, in bytes; `is_end`: that is the whole
    /// body; `now_ms` is the time of a decision at the model, in milliseconds since the epoch.
    pub(super) fn read<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
        now_ms: u64,
    ) -> BodyProgress {
        let limit = cx.engine.config.limits.max_body_bytes;
        if held as u64 > limit {
            return BodyProgress::Unread(Unread::TooLarge { limit });
        }
        // With the announced length the body is complete, whether or not Envoy says so already.
        let is_whole = is_end || self.intake.length == Some(held as u64);
        let mut early = None;
        let mut first = Vec::new();
        while self.reader.seen() < held {
            let seen = self.reader.seen();
            let Some(window) = window(cx.host, seen, held) else {
                return BodyProgress::Refused(unreadable());
            };
            let (intake, controls) = (&self.intake, self.controls.as_ref().ok());
            let read = self.reader.read(intake, &window, |reader| {
                let onward;
                (onward, early) = at_model(cx, intake, controls, reader, is_whole, now_ms);
                onward
            });
            if let Err(error) = read {
                return BodyProgress::Unread(Unread::Unparsable(error));
            }
            // Edits are mostly near the beginning of a body, so its first window is kept.
            if seen == 0 {
                first = window;
            }
        }
        // The attempt begins only after all that is held has been read, so that a body which
        // turns out to be unreadable has not begun one.
        match early.and_then(|early| early.begin(cx, &self.intake)) {
            Some(early) => match self.reader.seal(early.held_back(cx)) {
                Ok(()) => BodyProgress::Early(early, first),
                Err(error) => {
                    early.give_up(cx);
                    BodyProgress::Unread(Unread::Unparsable(error))
                }
            },
            None if is_whole => BodyProgress::Whole(first),
            None => BodyProgress::Part,
        }
    }
}

/// A decision made at the model, with what it was made by. Nothing has begun.
struct AtModel<'a, 'b, H: ?Sized> {
    facts: RequestFacts,
    controls: &'b Controls,
    pending: Pending<'a, H>,
}

impl<H: Host + ?Sized> AtModel<'_, '_, H> {
    /// Begins the first attempt. Returns `None` where other workers were faster, and the
    /// decision among the other deployments needs more of the body: then the request is decided
    /// when it is whole.
    fn begin(self, cx: Ctx<'_, H>, intake: &Intake) -> Option<EarlyDecision> {
        let known = (&self.facts, self.controls);
        let decided = self.pending.begin(cx, intake, known, &Answers::default()).ok()?;
        let Committed { ruling: Ruling::Send(decision, attempt), shadowed } = decided else {
            return None;
        };
        Some(EarlyDecision { decision, attempt, shadowed })
    }
}

/// Decides, at the moment when the model is known, how the rest of the body is read. Begins
/// nothing.
///
/// There are three results:
///
/// 1. The request is *released*: nothing in the rest can change the decision. For example,
///    `{"model":"assistant","messages":[…` for a model with a single route and no condition on
///    the prompt goes on at once, and the rest follows while it comes.
/// 2. The request waits, but the reader *looks at less*. Another model might have needed the
///    token count; this one needs keywords alone, so tokens are not estimated.
/// 3. The reader goes on as before. That is the case where the configuration forbids an early
///    release, and where the body is so short that finding out costs more than looking.
///
/// A model in the path or before the prompt is known early. Where the prompt comes first, only
/// the whole body says which model is meant.
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
    let may_release = !is_whole && early::against(config, intake, intake.length).is_none();
    let longest = intake.longest(config);
    // What need not be looked at is not free to find out, so short bodies are left alone.
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
        // Only a decision to send is acted on now. A refusal could be wrong: the rest of the body
        // may still name another model.
        let pending = decide(cx, intake, known, &Answers::default(), now_ms);
        if pending.is_to_send() {
            let looks = shadow::looks_of_rest(cx, intake, known, &pending.snapshot, before);
            return (Onward::Released(looks), Some(AtModel { facts, controls, pending }));
        }
    }
    if !may_narrow {
        return (onward, None);
    }
    let looks = shadow::looks_of_all(config, intake, |config| {
        looks::left(intake.request(config, &facts, controls), longest, before)
    });
    (Onward::Look(looks), None)
}
