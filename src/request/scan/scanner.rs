//! One scan from its first chunk to its facts.

use super::error::ScanError;
use super::layout::{Layout, Scan};
use super::lexer::Lexer;
use super::session;
use super::spec::{Looks, Spec};
use super::tally::Tally;
use super::walker::{Model, Walker};
use crate::request::document::Saying;
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::path::Entry;
use crate::request::tokens::UNIT;

/// A scan under way.
#[derive(Debug)]
pub struct Scanner {
    entry: Entry,
    lexer: Lexer,
    walker: Walker,
    failed: Option<ScanError>,
}

impl Scanner {
    /// A scan of a body of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        Self { entry: spec.entry, lexer: Lexer::new(), walker: Walker::new(spec), failed: None }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted; all further calls repeat
    /// the error.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.read(chunk).map(|_| ())
    }

    /// Reads the next chunk as far as the end of the first `model`, and gives back
    /// what is left of it.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_to_model<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        self.walker.stops_at_model = true;
        self.read(chunk)
    }

    fn read<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let read = self.lexer.feed(chunk, &mut self.walker);
        // What the walker refuses stands before what stopped the lexer.
        let read = self.walker.refused.map_or(read, Err);
        self.failed = read.err();
        read
    }

    /// Whether [`feed_to_model`](Self::feed_to_model) has come to the first `model`; what
    /// follows is read once it is told to [`go_on`](Self::go_on).
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        self.walker.is_at_model()
    }

    /// The model where the scan has stopped at it; none where text came before it.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        match &self.walker.model {
            Model::Name(name) if self.walker.is_early() => Some(name),
            _ => None,
        }
    }

    /// The places found so far.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.walker.places.layout().clone()
    }

    /// Goes on after the model, looking at that much.
    pub fn go_on(&mut self, looks: Looks) {
        self.walker.go_on(looks);
    }

    /// Goes on after the model for validity alone; another model is an error from now on.
    pub fn release(&mut self) {
        self.walker.release();
    }

    /// Ends the body and says what was in it.
    ///
    /// # Errors
    /// If the body is not a whole JSON object, or its `model` cannot be one.
    pub fn finish(mut self) -> Result<Scan, ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.lexer.finish(&mut self.walker)?;
        if let Some(error) = self.walker.refused {
            return Err(error);
        }
        let Walker { model, labels, total, places, looks, pricing, sessions, .. } = self.walker;
        let mut facts = RequestFacts::new(self.entry);
        facts.model = match model {
            Model::Absent => None,
            Model::Name(name) => Some(name),
            Model::Wrong(error) => return Err(error),
        };
        facts.body_bytes = self.lexer.at();
        (facts.tags, facts.params) = labels.into_parts();
        if looks.sessions {
            facts.sessions = session::told(sessions, facts.params.get("user_id"), total.said);
        } else {
            facts.unseen = facts.unseen.with(Fact::Session);
        }
        fill(&mut facts, total, pricing.message(), looks);
        Ok(Scan { facts, layout: places.into_layout() })
    }
}

fn fill(facts: &mut RequestFacts, total: Tally, message: u64, looks: Looks) {
    facts.stream = (facts.stream && !total.says(Saying::NoStream)) || total.says(Saying::Stream);
    facts.has_tools = total.says(Saying::Tools);
    facts.json_mode = total.says(Saying::Json);
    facts.has_state = total.says(Saying::State);
    facts.has_images = total.says(Saying::Images);
    facts.has_audio = total.says(Saying::Audio);
    facts.has_files = total.says(Saying::Files);
    facts.message_count = total.messages;
    facts.max_output_tokens = total.limit;
    facts.input_tokens = tokens(&total, message, looks);
    facts.prompt = total.prompt.finish();
    if looks.keywords {
        facts.keywords = total.hits;
    } else {
        facts.unseen = facts.unseen.with(Fact::Keywords);
    }
}

/// The estimate, or what bounds it: no text has more tokens than bytes.
fn tokens(total: &Tally, message: u64, looks: Looks) -> Tokens {
    let messages = u64::from(total.messages).saturating_mul(message);
    let known = Tokens::exactly(total.tokens.div_ceil(UNIT).saturating_add(messages));
    let unknown = if looks.tokens { 0 } else { total.bytes };
    known.and(total.media).and(Tokens { least: 0, most: unknown })
}
