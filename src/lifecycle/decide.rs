//! From what has been read of a request to what is done with it.

use std::rc::Rc;

use crate::config::Config;
use crate::host::Host;
use crate::metrics::NONE;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::request::scan::{Looks, Scan};
use crate::routing::{self, Answers, Question, Verdict};

use super::answer::{Started, Work};
use super::apply::Held;
use super::ask::Judged;
use super::label::asked;
use super::read::{self, Unread, window};
use super::rest::Rest;
use super::shadow;
use super::stream::{Action, Opening, Reading, Sent, State, Stream, millis};

impl Stream {
    /// Decides a request whose body has been read.
    pub(super) fn decide<H: Host + ?Sized>(
        &mut self,
        host: &H,
        reading: Reading,
        window: &[u8],
        is_end: bool,
    ) -> Action {
        let Reading { opening, scanner, seen, .. } = reading;
        let format = opening.call.format();
        match scanner.finish() {
            Ok(scan) => {
                let action = self.decide_on(host, opening, scan, seen, window, is_end);
                action.unwrap_or_else(|refusal| {
                    self.refuse_at(host, Box::new((refusal, format.dialect())), is_end)
                })
            }
            Err(error) => self.not_read(host, &Unread::Unparsable(error), format),
        }
    }

    /// Decides on a scan, and sees to what that comes to.
    ///
    /// # Errors
    /// What the client is told instead; it has been counted.
    pub(super) fn decide_on<H: Host + ?Sized>(
        &mut self,
        host: &H,
        opening: Opening,
        scan: Scan,
        seen: usize,
        window: &[u8],
        is_end: bool,
    ) -> Result<Action, Refusal> {
        let done = self.do_decided(host, opening, scan, seen, window, is_end);
        done.inspect_err(|refusal| self.count_refused(host, refusal, None))
    }

    fn do_decided<H: Host + ?Sized>(
        &mut self,
        host: &H,
        opening: Opening,
        scan: Scan,
        seen: usize,
        window: &[u8],
        is_end: bool,
    ) -> Result<Action, Refusal> {
        let Scan { mut facts, layout } = scan;
        if opening.call.names_model() {
            facts.model = opening.call.model().map(str::to_owned);
        }
        let config = &self.engine.config;
        let controls = read::controls(config, &opening.head, &mut facts)
            .map_err(|bad| read::bad_control(&bad))?;
        let answers = Answers::default();
        let mut judged = Judged { opening, facts, controls, layout, seen, answers, is_end };
        let mut verdict = self.verdict_on(host, &judged);
        if let Ok(Verdict::Undecided(_)) = verdict {
            // The bounds did not decide, or another model than the first one counts.
            let scan = self.read_again(host, &judged.opening, seen, Looks::EVERYTHING);
            let RequestFacts { keywords, input_tokens, unseen, .. } =
                scan.ok_or_else(read::unreadable)?;
            let facts = &mut judged.facts;
            (facts.keywords, facts.input_tokens, facts.unseen) = (keywords, input_tokens, unseen);
            verdict = self.verdict_on(host, &judged);
        }
        match verdict {
            Ok(verdict) => self.settle(host, &judged, window, verdict),
            Err(question) => self.ask(host, judged, question),
        }
    }

    /// Does with a request that has been read what was decided.
    ///
    /// # Errors
    /// What the client is told where nothing serves the request.
    pub(super) fn settle<H: Host + ?Sized>(
        &mut self,
        host: &H,
        judged: &Judged,
        window: &[u8],
        verdict: Verdict,
    ) -> Result<Action, Refusal> {
        self.count_shadow(host, Some(&judged.facts));
        match verdict {
            Verdict::Refuse(refusal) => {
                let engine = Rc::clone(&self.engine);
                let model = asked(&engine.config, judged.facts.model.as_deref());
                self.count_refused_as(host, &refusal, model, NONE);
                Err(refusal)
            }
            Verdict::PassThrough | Verdict::Undecided(_) => {
                read::debug(host, || "passed: no model of that name".to_owned());
                self.pass(host);
                Ok(Action::Continue)
            }
            Verdict::Serve(decision) => {
                let Judged { opening: Opening { head, call, .. }, layout, seen, .. } = judged;
                let length = Some(*seen as u64);
                let held = Held { head, call, layout, length, window };
                if let Err(refusal) = self.apply(host, held, &decision) {
                    self.count_refused(host, &refusal, Some(&decision));
                    return Err(refusal);
                }
                self.note_decision(host, &decision);
                self.sent(host);
                let rest = Some(Rest::none(call.format()));
                self.state = State::Sent(Box::new(Sent { decision: Some(decision), rest }));
                Ok(Action::Continue)
            }
        }
    }

    /// Decides a request that has been read.
    pub(super) fn verdict_on<H: Host + ?Sized>(
        &mut self,
        host: &H,
        judged: &Judged,
    ) -> Result<Verdict, Box<Question>> {
        let Judged { opening, facts, controls, answers, .. } = judged;
        self.verdict(host, opening, facts, controls, answers)
    }

    /// Decides; where that means to send the request, its attempt has begun. Where a service
    /// is to be asked first, nothing has been done.
    pub(super) fn verdict<H: Host + ?Sized>(
        &mut self,
        host: &H,
        opening: &Opening,
        facts: &RequestFacts,
        controls: &Controls,
        answers: &Answers,
    ) -> Result<Verdict, Box<Question>> {
        let engine = &*self.engine;
        let request = opening.request(&engine.config, facts, controls);
        let mut fleet = engine.fleet.at(host, &engine.config, millis(self.entered));
        let mut rng = fastrand::Rng::with_seed(opening.seed);
        let verdict = routing::decide_asking(request, answers, &mut fleet, &mut rng);
        engine.count_exhausted(host, fleet.exhausted);
        self.shadowed = verdict.as_ref().ok().and_then(|verdict| {
            shadow::look(engine, opening, (facts, controls), answers, &mut fleet, verdict)
        });
        let entry = opening.call.entry;
        let work = Work {
            format: entry.format,
            tokens: facts.input_tokens.likely(),
            is_estimated: facts.input_tokens.is_exact(),
            is_processed: facts.is_processed(),
            is_text: entry.task.has_event_per_token(),
            may_name_others: facts.may_name_others(),
            has_clients_credential: opening.head.has_credential(),
        };
        self.work = Some(work);
        let (attempt, in_flight) = (fleet.attempt, fleet.in_flight);
        if let Some(attempt) = attempt {
            engine.show_in_flight(host, attempt.deployment, in_flight);
            self.started = Some(Started { attempt, work, sent_ms: None });
        }
        verdict
    }

    /// Reads a held body that has been read before, and looks at that much.
    pub(super) fn read_again<H: Host + ?Sized>(
        &self,
        host: &H,
        opening: &Opening,
        held: usize,
        looks: Looks,
    ) -> Option<RequestFacts> {
        let Opening { head, call, written, .. } = opening;
        let config = &self.engine.config;
        let mut scanner =
            read::scanner(config, head, call.entry, *written, looks, self.engine.seed).ok()?;
        let mut at = 0;
        while at < held {
            let window = window(host, at, held)?;
            at = at.saturating_add(window.len());
            scanner.feed(&window).ok()?;
        }
        scanner.finish().ok().map(|scan| scan.facts)
    }
}

impl Opening {
    pub(super) fn request<'a>(
        &'a self,
        config: &'a Config,
        facts: &'a RequestFacts,
        controls: &'a Controls,
    ) -> routing::Request<'a> {
        routing::Request { config, facts, controls, sample: self.head.sample(self.seed) }
    }
}
