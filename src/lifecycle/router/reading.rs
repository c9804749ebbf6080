//! A request whose body is being read, and held meanwhile.

use std::time::Duration;

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Decided, Ruling, decide};
use crate::lifecycle::early;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{AttemptLedger, RequestLedger};
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::shadow::{self, Shadowed};
use crate::lifecycle::unread::{Unread, unreadable};
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::request::scan::Looks;
use crate::routing::{Answers, Decision, looks};

use super::window::window;

/// A request whose body is being read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) intake: Intake,
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
    /// It has been decided by its model, and the rest can follow by itself.
    Early(Box<Early>),
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
    /// The first window of the body.
    pub(super) first: Vec<u8>,
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
        let mut early: Option<Early> = None;
        let mut first = Vec::new();
        while self.reader.seen() < held {
            let seen = self.reader.seen();
            let Some(window) = window(cx.host, seen, held) else {
                early.into_iter().for_each(|early| early.give_up(cx));
                return HasRead::Refused(unreadable());
            };
            let intake = &self.intake;
            let read = self.reader.read(intake, &window, |reader| {
                let (onward, decided) = at_model(cx, intake, reader, is_whole, now_ms);
                early = decided;
                onward
            });
            if let Err(error) = read {
                early.into_iter().for_each(|early| early.give_up(cx));
                return HasRead::Unread(Unread::Unparsable(error));
            }
            if seen == 0 {
                first = window;
            }
        }
        match early {
            Some(early) => HasRead::Early(Box::new(Early { first, ..early })),
            None if is_whole => HasRead::Whole(first),
            None => HasRead::Part,
        }
    }
}

impl Early {
    /// Ends what has begun of a request that cannot go on after all.
    fn give_up<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.attempt.cancelled(cx);
        if let Some(shadowed) = self.shadowed {
            shadowed.count(cx, None);
        }
    }
}

/// Decides at the model, if nothing in the rest of the body can change the decision.
/// Otherwise sees to it that no more of the rest is looked at than is asked for.
fn at_model<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    intake: &Intake,
    reader: &RequestReader,
    is_whole: bool,
    now_ms: u64,
) -> (Onward, Option<Early>) {
    let config = &cx.engine.config;
    let before = reader.looks();
    let may_release = !is_whole && early::against(config, intake.length).is_none();
    let longest = intake.longest(config);
    let may_narrow = before != Looks::NOTHING && longest > early::SHORT;
    let onward = Onward::Look(before);
    if !(may_release || may_narrow) {
        return (onward, None);
    }
    let Some(model) = reader.early_model(intake) else { return (onward, None) };
    let Ok((facts, controls)) = intake.facts_at_model(model) else { return (onward, None) };
    if may_release {
        let known = (&facts, controls);
        let decided = decide(cx, intake, known, &Answers::default(), now_ms);
        if let Ok(Decided { ruling: Ruling::Send(decision, attempt), shadowed }) = decided {
            let looks = shadows_looks(cx.engine, intake, known, shadowed.as_deref(), before);
            let early = Early { decision, attempt, shadowed, first: Vec::new() };
            return (Onward::Released(looks), Some(early));
        }
    }
    if !may_narrow {
        return (onward, None);
    }
    let looks = shadow::looks(config, intake.is_shadowed, |config| {
        looks::left(intake.request(config, &facts, controls), longest, before)
    });
    (Onward::Look(looks), None)
}

/// Returns what the rest of a body that goes on early is looked at for: what the shadow's
/// decision waits for, if anything.
fn shadows_looks(
    engine: &Engine,
    intake: &Intake,
    (facts, controls): (&RequestFacts, &Controls),
    shadowed: Option<&Shadowed>,
    before: Looks,
) -> Looks {
    let config = &engine.config;
    match &config.shadow {
        Some(shadow) if shadowed.is_some_and(Shadowed::is_open) => {
            let request = intake.request(&shadow.config, facts, controls);
            looks::left(request, intake.longest(config), before)
        }
        _ => Looks::NOTHING,
    }
}
