//! One scan from its first chunk to its facts.

use super::error::ScanError;
use super::layout::{Layout, Scan};
use super::lexer::Lexer;
use super::session;
use super::spec::{Looks, Spec};
use super::tally::Tally;
use super::walker::Walker;
use crate::request::credential::Naming;
use crate::request::document::Saying;
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::path::Entry;
use crate::request::provider_state::ProviderState;
use crate::request::tokens::UNIT;

/// A scan of a JSON body under way.
///
/// A body is fed in chunks, however they are cut. Who wants to decide before it is complete
/// feeds it [to the model](Self::feed_to_model) first: there the scan stops once, and goes on
/// with looking at [more or less](Self::go_on), or [for validity alone](Self::release).
#[derive(Debug)]
pub struct Scanner {
    entry: Entry,
    lexer: Lexer,
    walker: Walker,
    /// Why the body cannot be accepted, once that is known.
    failed: Option<ScanError>,
}

impl Scanner {
    /// Returns a scan of a body of which nothing has been seen.
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

    /// Reads the next chunk as far as the end of the first `model`, and returns what is left
    /// of it.
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
        // The walker refuses without stopping the lexer, so what it refuses stands before
        // whatever the lexer has stopped at.
        let read = self.walker.refused.map_or(read, Err);
        self.failed = read.err();
        read
    }

    /// Returns whether [`feed_to_model`](Self::feed_to_model) has come to the first `model`.
    /// What follows is read once the scan is told to [`go_on`](Self::go_on).
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        self.walker.is_at_model()
    }

    /// Returns the model where the scan has stopped at it. `None` where text of the prompt
    /// came before it: then it was not looked at, and is too late to be.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        self.walker.model.as_deref().filter(|_| self.walker.is_early())
    }

    /// Returns the places found so far, for a rewrite that does not wait for the rest.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.walker.places.layout().clone()
    }

    /// Goes on after the model, looking at that much of the text that follows.
    pub fn go_on(&mut self, looks: Looks) {
        self.walker.go_on(looks);
    }

    /// Goes on after the model for validity alone. The request has gone where that model sends
    /// it, so another one is an error from now on.
    pub fn release(&mut self) {
        self.walker.release();
    }

    /// Refuses these members from now on: the request has gone on, so they can no longer be taken
    /// out.
    ///
    /// # Errors
    /// One of them is being read.
    pub fn seal(&mut self, members: Naming) -> Result<(), ScanError> {
        self.walker.places.seal(members)
    }

    /// Ends the body and returns what was in it.
    ///
    /// # Errors
    /// If the body is not a whole JSON object.
    pub fn finish(mut self) -> Result<Scan, ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.lexer.finish(&mut self.walker)?;
        if let Some(error) = self.walker.refused {
            return Err(error);
        }
        let Walker { model, labels, mut total, found, places, looks, pricing, sessions, .. } =
            self.walker;
        total.hits.merge(&found);
        let mut facts = RequestFacts::new(self.entry);
        facts.model = model;
        facts.body_bytes = self.lexer.at();
        facts.has_key = places.has_key();
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

/// Moves what the whole document came to into the facts.
fn fill(facts: &mut RequestFacts, total: Tally, message: u64, looks: Looks) {
    // Some paths stream unless the body declines; the others only if it asks for it.
    facts.stream = (facts.stream && !total.says(Saying::NoStream)) || total.says(Saying::Stream);
    facts.has_tools = total.says(Saying::Tools);
    facts.json_mode = total.says(Saying::Json);
    facts.state = ProviderState {
        is_stored: total.says(Saying::State),
        is_sealed: total.says(Saying::Sealed),
        is_signed: total.says(Saying::Signed),
        is_removable: false,
    };
    facts.has_images = total.says(Saying::Images);
    facts.has_audio = total.says(Saying::Audio);
    facts.has_files = total.says(Saying::Files);
    facts.has_token_ids = total.says(Saying::Tokens);
    facts.names_others = total.says(Saying::Reference);
    facts.message_count = total.messages;
    facts.max_output_tokens = total.output.of_answer();
    facts.answers = total.output.answers(total.prompts);
    facts.input_tokens = tokens(&total, message, looks);
    facts.prompt = total.prompt.finish();
    if looks.keywords {
        facts.keywords = total.hits;
    } else {
        // Not looked at is not the same as not there.
        facts.unseen = facts.unseen.with(Fact::Keywords);
    }
}

/// Returns the estimate of the input's tokens; where text was not looked at, what bounds it:
/// no text has more tokens than bytes.
fn tokens(total: &Tally, message: u64, looks: Looks) -> Tokens {
    let messages = u64::from(total.messages).saturating_mul(message);
    let known = Tokens::exactly(total.tokens.div_ceil(UNIT).saturating_add(messages));
    let unknown = if looks.tokens { 0 } else { total.bytes };
    known.and(total.media).and(Tokens { least: 0, most: unknown })
}
