//! A request that is whole in memory, read as the filter reads it and explained: for the command
//! line, operators, the playground and tests.

use crate::config::{BodyPolicy, Config};
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::path::Entry;
use crate::request::refusal::Refusal;
use crate::request::scan::{Looks, Scan};
use crate::request::strip::{Bound, StateReport, StateScan};
use crate::routing::explain::{TraceWithFacts, explain};
use crate::routing::{Request, Trace};
use crate::state::{ShadowWorld, World};

use super::early;
use super::head::RequestHead;
use super::intake::Intake;
use super::reader::{self, Onward, RequestReader};
use super::tenancy::{Accounts, billed};
use super::translation::{all_servers, look};
use super::unread::{Unread, bad_control};

/// A request that was read while it is whole in memory.
#[derive(Debug)]
pub enum Whole {
    /// It is not for this filter, or passes untouched by policy.
    Untouched,
    /// It is refused before any decision. With what it says, where that could be read.
    Refused(Refusal, Option<Box<RequestFacts>>),
    /// It was read, and can be decided.
    Read(Box<Read>),
}

/// What a request says: all of it, and what was known when its model was.
#[derive(Debug)]
pub struct Read {
    /// The facts of the whole request.
    pub facts: RequestFacts,
    /// What its control headers ask for.
    pub controls: Controls,
    /// The facts at the moment when the model is known, or why no decision is made then.
    pub early: Result<RequestFacts, &'static str>,
    /// What of it only one account can read, where there is some.
    pub state: Option<StateReport>,
    /// Whether the client sent a credential of its own.
    pub has_clients_credential: bool,
}

impl Read {
    /// Adds to the trace where in the body the request's state stands, and why it cannot be left out.
    pub fn note_state(&self, trace: &mut Trace) {
        let Some(state) = &mut trace.state else { return };
        let found = self.state.as_ref();
        let places = found.into_iter().flat_map(|found| &found.places);
        state.at = places.map(|place| place.at.clone()).collect();
        let bound =
            found.map_or(Some(Bound::Unread), |found| found.removal.as_ref().err().copied());
        state.because = bound.map(|bound| bound.to_string());
    }
}

/// Reads a request that is whole in memory, by the reader that the filter uses, and returns what
/// would come of it before any decision.
#[must_use]
pub fn whole(config: &Config, head: &RequestHead, body: &[u8]) -> Whole {
    // Only deciding draws, and the caller decides with a seed of its own.
    let Ok(intake) = Intake::read(config, head.clone(), || 0) else { return Whole::Untouched };
    let (scan, model) = match read(config, &intake, body) {
        Ok(read) => read,
        Err(unread) if unread.policy(config) == BodyPolicy::PassThrough => return Whole::Untouched,
        Err(unread) => return Whole::Refused(unread.refusal(), None),
    };
    let mut facts = scan.facts;
    let controls = intake.controls(config);
    intake.complete(&mut facts, controls.as_ref().unwrap_or(&Controls::default()));
    match controls {
        Ok(controls) => {
            let early = facts_at_model(config, &intake, &controls, model);
            let has_state = facts.state.is_any();
            let state = has_state.then(|| state_of(intake.call.entry, body)).flatten();
            let shadow = config.shadow.as_ref().map(|shadow| &shadow.config);
            if config.is_translating() || shadow.is_some_and(Config::is_translating) {
                let is_short = body.len() as u64 <= config.limits.max_translated_bytes;
                let servers = all_servers(config, facts.model.as_deref());
                let body = is_short.then_some(body);
                look(config, intake.call.entry, body, servers, &mut facts.translations);
            }
            facts.state.is_removable = state.as_ref().is_some_and(|state| state.removal.is_ok());
            let has_clients_credential = intake.has_credential || facts.has_key;
            Whole::Read(Box::new(Read { facts, controls, early, state, has_clients_credential }))
        }
        Err(bad) => Whole::Refused(bad_control(&bad), Some(Box::new(facts))),
    }
}

/// Returns the state in a body; `None` for a form, from which nothing is left out.
fn state_of(entry: Entry, body: &[u8]) -> Option<StateReport> {
    let mut scan = StateScan::new(entry);
    scan.feed(body).ok()?;
    scan.finish().ok()
}

/// Returns what a body says, and its model if the path names it or the body does before the text
/// of the prompt.
///
/// # Errors
/// The reason not to read the body.
fn read(config: &Config, intake: &Intake, body: &[u8]) -> Result<(Scan, Option<String>), Unread> {
    let limit = config.limits.max_body_bytes;
    if let Some(unread) = intake.against_reading(config, body.is_empty()) {
        return Err(unread);
    }
    if body.len() as u64 > limit {
        return Err(Unread::TooLarge { limit });
    }
    // Explanations show every fact, so everything is looked at.
    let Some(mut reader) = RequestReader::new(config, intake, Looks::EVERYTHING, 0)? else {
        return Ok((reader::nothing(intake), intake.call.model().map(str::to_owned)));
    };
    let mut model = None;
    let at_model = |reader: &RequestReader| {
        model = reader.early_model(intake).map(str::to_owned);
        Onward::Look(Looks::EVERYTHING)
    };
    let scan = reader.read(intake, body, at_model).and_then(|()| reader.finish());
    Ok((scan.map_err(Unread::Unparsable)?, model))
}

/// Returns the facts at the moment when the model is known.
///
/// # Errors
/// Why no decision is made then, as text for operators.
fn facts_at_model(
    config: &Config,
    intake: &Intake,
    controls: &Controls,
    model: Option<String>,
) -> Result<RequestFacts, &'static str> {
    // The length is known here, so it is no reason against.
    if let Some(because) = early::against(config, intake, Some(0)) {
        return Err(because);
    }
    let model = model.ok_or("the model is not named before the text of the prompt")?;
    Ok(intake.facts_at_model(&model, controls))
}

/// What would happen with a request, and why. [`Explained::shown`] gives it the form in which it is
/// written out.
#[derive(Debug)]
pub struct Explained {
    /// What the request says, where that could be read.
    pub facts: Option<RequestFacts>,
    /// Every step of the decision, with its reasons.
    pub trace: Trace,
    /// Whether the request was decided. Otherwise it passes or is refused before that.
    pub is_decided: bool,
}

impl Explained {
    /// Returns the trace together with the facts that it rests on, to be written out.
    #[must_use]
    pub fn shown(&self) -> TraceWithFacts<'_> {
        TraceWithFacts { facts: self.facts.as_ref().map(Into::into), trace: &self.trace }
    }
}

/// Explains what would happen with a request, and why: by the live rules, and by the shadow's if
/// there are some. Takes no turn, begins no attempt and sends nothing.
///
/// `world` is the state of deployments and turns to decide by, `accounts` are those of tenants where
/// there is a running proxy, and `seed` decides what is drawn.
pub fn explained(
    config: &Config,
    head: &RequestHead,
    body: &[u8],
    world: &dyn World,
    accounts: Option<Accounts<'_>>,
    seed: u64,
) -> Explained {
    let mut trace = Trace::default();
    let facts = match whole(config, head, body) {
        Whole::Read(read) => {
            let Read { facts, controls, early, .. } = &*read;
            let request = Request { config, facts, controls, sample: head.sample(seed) };
            let early = early.as_ref().map_err(|because| *because);
            let explanation = explain(request, early, world, seed);
            let mut trace = billed(explanation, config, head, facts, accounts).trace;
            read.note_state(&mut trace);
            // The shadow explains every request, whatever share of requests it is evaluated for.
            trace.shadow = config.shadow.as_ref().map(|shadow| {
                let shadow = &shadow.config;
                let world = ShadowWorld::explained(world, (config, shadow));
                let request = Request { config: shadow, ..request };
                let mut trace = explain(request, early, &world, seed).trace;
                read.note_state(&mut trace);
                Box::new(trace)
            });
            return Explained { facts: Some(read.facts), trace, is_decided: true };
        }
        Whole::Untouched => {
            trace.undecided(None);
            None
        }
        Whole::Refused(refusal, facts) => {
            trace.undecided(Some(&refusal));
            facts.map(|facts| *facts)
        }
    };
    Explained { facts, trace, is_decided: false }
}
