//! Deciding a request, and acting on the decision.
//!
//! These are two steps. [`decide`] changes nothing: it reads a snapshot of shared state.
//! [`Pending::begin`] takes the round-robin turns and begins the first attempt in shared
//! state, and has the shadow decide the same request.

use crate::host::Host;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::routing::{self, Answers, Decision, Question, Server, Services, Verdict};

use crate::state::Snapshot;

use super::billing;
use super::ctx::Ctx;
use super::intake::Intake;
use super::ledger::{AttemptLedger, show_in_flight};
use super::shadow::{self, Shadowed};
use super::work::Work;

/// A decision that has been acted on.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) ruling: Ruling,
    /// What the shadow's rules make of the request, where the shadow is evaluated for it.
    pub(super) shadowed: Option<Box<Shadowed>>,
}

/// What happens to a request.
#[derive(Debug)]
pub(super) enum Ruling {
    /// It is sent to the first deployment of the plan. That attempt has begun in shared
    /// state, and whoever takes the ledger must close it.
    Send(Box<Decision>, AttemptLedger),
    /// The client is answered with this error, and nothing is sent upstream.
    Refuse(Refusal),
    /// It goes on untouched: no model has that name, and the configuration lets such requests
    /// pass.
    Pass,
    /// Not enough is known of the request to decide. It has to be found out what the request would lose for these
    /// servers, or if there are none, more of what it says. Nothing has been done.
    Undecided(Vec<Server>),
}

/// A decision that has changed nothing yet. Dropping it leaves no trace, so a request can be
/// decided early to find out whether that is possible.
#[derive(Debug)]
pub(super) struct Pending<'a, H: ?Sized> {
    verdict: Verdict,
    /// The state of deployments and turns that the decision was made by.
    pub(super) snapshot: Snapshot<'a, H>,
}

/// Decides a request by what is known of it. Changes nothing.
///
/// `answers` holds what services have said so far. Where another service has a say, the decision
/// is the question to it. `now_ms` is the time of the decision, in
/// milliseconds since the epoch.
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
    /// Returns whether the decision is to send the request. Only such a decision is final before
    /// the whole body has been read.
    pub(super) const fn is_to_send(&self) -> bool {
        matches!(self.verdict, Verdict::Serve(_))
    }

    /// Acts on the decision: takes the request's turn and begins its first attempt.
    ///
    /// Where another worker has changed the chosen deployment since the snapshot,
    /// `routing::begin` decides again, so the ruling may differ from the decision that was
    /// made before.
    ///
    /// # Errors
    /// The question that a service has to answer first. Nothing has been done then.
    pub(super) fn begin(
        self,
        cx: Ctx<'_, H>,
        intake: &Intake,
        (facts, controls): (&RequestFacts, &Controls),
        answers: &Answers,
    ) -> Result<Committed, Box<Question>> {
        let Self { verdict, mut snapshot } = self;
        // Before anything is begun, so that a tenant without a budget takes no place of others.
        let hold = match billing::admit(cx, intake, facts, &verdict) {
            Ok(hold) => hold,
            Err(refusal) => {
                return Ok(Committed { ruling: Ruling::Refuse(refusal), shadowed: None });
            }
        };
        let request = intake.request(&cx.engine.config, facts, controls);
        let (verdict, begun) =
            routing::begin(verdict, request, answers, &mut snapshot, intake.seed);
        // Acting on a decision writes to shared data, and a write may be given up.
        cx.engine.count_exhausted(cx.host, snapshot.dropped());
        let known = (facts, controls);
        // The shadow reads the same snapshot, so it takes the snapshot over.
        let shadowed = shadow::decide_beside(cx.engine, intake, known, answers, snapshot, &verdict);
        let ruling = match verdict {
            Verdict::Serve(decision) => {
                if let Some(begun) = &begun {
                    show_in_flight(cx, begun.attempt.deployment, begun.in_flight);
                }
                let attempt = begun.map(|begun| begun.attempt);
                let mut ledger = AttemptLedger::open(Work::of(intake, facts, controls), attempt);
                ledger.hold = hold;
                return Ok(Committed { ruling: Ruling::Send(decision, ledger), shadowed });
            }
            // A question takes no turn and begins nothing, so there is nothing to undo.
            Verdict::Ask(question) => {
                billing::give_back(cx, hold);
                return Err(question);
            }
            Verdict::Refuse(refusal) => Ruling::Refuse(refusal),
            Verdict::PassThrough => Ruling::Pass,
            Verdict::Undecided(need) => Ruling::Undecided(need.untranslated()),
        };
        // Other workers were faster, and now it is not sent.
        billing::give_back(cx, hold);
        Ok(Committed { ruling, shadowed })
    }
}
