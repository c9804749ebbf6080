//! A request that is whole in memory, explained: for the command line and for operators.

use crate::config::Config;
use crate::request::facts::RequestFacts;
use crate::routing::explain::{Shown, explain};
use crate::routing::{Request, Trace};
use crate::state::{ShadowWorld, World};

use super::headers::RequestHead;
use super::read::{Read, Whole, whole};

/// What becomes of a request, and why.
#[derive(Debug)]
pub struct Explained {
    /// What it says, where that could be read.
    pub facts: Option<RequestFacts>,
    /// What follows from it.
    pub trace: Trace,
    /// Whether it came as far as a decision.
    pub is_decided: bool,
}

impl Explained {
    /// The trace with the facts it rests on.
    #[must_use]
    pub fn shown(&self) -> Shown<'_> {
        Shown { facts: self.facts.as_ref().map(Into::into), trace: &self.trace }
    }
}

/// Explains a request: takes no turn, begins no attempt, sends nothing.
///
/// `seed` draws what is drawn for it.
pub fn explained(
    config: &Config,
    head: &RequestHead,
    body: &[u8],
    world: &dyn World,
    seed: u64,
) -> Explained {
    let mut trace = Trace::default();
    let facts = match whole(config, head, body) {
        Whole::Read(read) => {
            let Read { facts, controls, early } = *read;
            let request =
                Request { config, facts: &facts, controls: &controls, sample: head.sample(seed) };
            let early = early.as_ref().map_err(|because| *because);
            let mut trace = explain(request, early, world, seed).trace;
            trace.shadow = config.shadow.as_ref().map(|shadow| {
                let shadow = &shadow.config;
                let world = ShadowWorld::explained(world, (config, shadow));
                let request = Request { config: shadow, ..request };
                Box::new(explain(request, early, &world, seed).trace)
            });
            return Explained { facts: Some(facts), trace, is_decided: true };
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
