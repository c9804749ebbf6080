//! Deciding a request, which changes nothing, and then acting on it: the attempt begins,
//! and the shadow decides beside it.

use crate::host::Host;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::routing::{self, Answers, Decision, Question, Services, Verdict};

use crate::state::Snapshot;

use super::ctx::Ctx;
use super::intake::Intake;
use super::ledger::{AttemptLedger, show_in_flight};
use super::shadow::{self, Shadowed};
use super::work::Work;

/// What was decided.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) ruling: Ruling,
    /// What the shadow makes of the request, where it is evaluated.
    pub(super) shadowed: Option<Box<Shadowed>>,
}

/// What is to be done with a request.
#[derive(Debug)]
pub(super) enum Ruling {
    /// It is sent to the plan's first step, the attempt at which has begun.
    Send(Box<Decision>, AttemptLedger),
    /// It is answered here.
    Refuse(Refusal),
    /// It goes on untouched.
    Pass,
    /// Not enough of it is known. Nothing has been done.
    Undecided,
}

/// A decision that has changed nothing yet.
#[derive(Debug)]
pub(super) struct Pending<'a, H: ?Sized> {
    verdict: Verdict,
    /// The state of deployments and turns that it was made by.
    pub(super) snapshot: Snapshot<'a, H>,
}

/// Decides a request by what is known of it at a moment. Changes nothing.
pub(super) fn decide<'a, H: Host + ?Sized>(
    cx: Ctx<'a, H>,
    intake: &Intake,
    (facts, controls): (&RequestFacts, &Controls),
    answers: &Answers,
    now_ms: u64,
) -> Pending<'a, H> {
    let request = intake.request(&cx.engine.config, facts, controls);
    let snapshot = cx.engine.fleet.at(cx.host, &cx.engine.config, now_ms);
    let services = Services::Answered(answers);
    let verdict = routing::decide(request, services, &snapshot, intake.seed);
    Pending { verdict, snapshot }
}

impl<H: Host + ?Sized> Pending<'_, H> {
    /// Returns whether the request is to be sent.
    pub(super) const fn is_to_send(&self) -> bool {
        matches!(self.verdict, Verdict::Serve(_))
    }

    /// Acts on the decision: takes the request's turn and begins its first attempt.
    ///
    /// # Errors
    /// What a service is to be asked first. Nothing has been done then.
    pub(super) fn begin(
        self,
        cx: Ctx<'_, H>,
        intake: &Intake,
        (facts, controls): (&RequestFacts, &Controls),
        answers: &Answers,
    ) -> Result<Decided, Box<Question>> {
        let Self { verdict, mut snapshot } = self;
        let request = intake.request(&cx.engine.config, facts, controls);
        let (verdict, begun) =
            routing::begin(verdict, request, answers, &mut snapshot, intake.seed);
        cx.engine.count_exhausted(cx.host, snapshot.dropped());
        let known = (facts, controls);
        let shadowed = shadow::look(cx.engine, intake, known, answers, snapshot, &verdict);
        let ruling = match verdict {
            Verdict::Serve(decision) => {
                if let Some(begun) = &begun {
                    show_in_flight(cx, begun.attempt.deployment, begun.in_flight);
                }
                let attempt = begun.map(|begun| begun.attempt);
                Ruling::Send(decision, AttemptLedger::open(Work::of(intake, facts), attempt))
            }
            Verdict::Ask(question) => return Err(question),
            Verdict::Refuse(refusal) => Ruling::Refuse(refusal),
            Verdict::PassThrough => Ruling::Pass,
            Verdict::Undecided(_) => Ruling::Undecided,
        };
        Ok(Decided { ruling, shadowed })
    }
}
