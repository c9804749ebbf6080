//! One scan of a form from its first chunk to its facts.

use std::ops::Range;
use std::sync::Arc;

use super::field::{Fields, FormFindings};
use super::malformed::malformed;
use super::split::Splitter;
use crate::request::credential::Naming;
use crate::request::facts::{Fact, RequestFacts, Tokens};
use crate::request::path::Entry;
use crate::request::scan::{Layout, Looks, Member, Scan, ScanError, Spec};
use crate::request::tokens::UNIT;

/// A scan of a form under way, with the same methods as that of
/// [JSON](crate::request::scan::Scanner).
#[derive(Debug)]
pub struct FormScanner {
    entry: Entry,
    boundary: Arc<str>,
    splitter: Splitter,
    fields: Fields,
    failed: Option<ScanError>,
}

impl FormScanner {
    /// Returns a scan of a body with that boundary, of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec, boundary: &str) -> Self {
        Self {
            entry: spec.entry,
            boundary: boundary.into(),
            splitter: Splitter::new(boundary),
            fields: Fields::new(spec, boundary),
            failed: None,
        }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted; all further calls repeat it.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.read(chunk).map(|_| ())
    }

    /// Reads the next chunk as far as the end of the first `model`, and returns what is left
    /// of it.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_to_model<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        self.fields.stops_at_model = true;
        self.read(chunk)
    }

    fn read<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let read = self.splitter.feed(chunk, &mut self.fields);
        self.failed = read.err();
        read
    }

    /// Returns whether reading has stopped at the first `model`.
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        self.fields.is_paused
    }

    /// Returns the model where the scan has stopped at it; `None` where text of the prompt came
    /// before it.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        let is_early = self.is_at_model() && self.fields.found.bytes == 0;
        self.fields.found.model.as_deref().filter(|_| is_early)
    }

    /// Returns the places found so far.
    #[must_use]
    pub fn layout(&self) -> Layout {
        layout(&self.fields.found, &self.boundary)
    }

    /// Goes on after the model, looking at that much of the text that follows.
    pub fn go_on(&mut self, looks: Looks) {
        self.fields.looks = looks;
        self.fields.is_paused = false;
        self.fields.stops_at_model = false;
    }

    /// Goes on for validity alone; another model is an error from now on.
    pub fn release(&mut self) {
        self.go_on(Looks::NOTHING);
        self.fields.is_released = true;
    }

    /// Refuses these parts from now on.
    ///
    /// # Errors
    /// One of them is being read.
    pub fn seal(&mut self, members: Naming) -> Result<(), ScanError> {
        self.fields.seal(members)
    }

    /// Ends the body and returns what was in it.
    ///
    /// # Errors
    /// If it is not a whole form.
    pub fn finish(self) -> Result<Scan, ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let length = self.splitter.at();
        if !self.splitter.is_complete() {
            return Err(malformed(length, "the body ends before its form ends"));
        }
        let Fields { looks, found, watched, .. } = self.fields;
        let layout = layout(&found, &self.boundary);
        let mut facts = RequestFacts::new(self.entry);
        facts.input_tokens = tokens(&found, looks);
        facts.model = found.model;
        facts.stream |= found.stream == Some(true);
        facts.has_images = found.has_images;
        facts.has_audio = found.has_audio;
        facts.body_bytes = length;
        facts.has_key = watched.bring_key(found.watched.iter().map(|(index, _)| *index));
        facts.max_output_tokens = found.output.of_answer();
        facts.answers = found.output.answers(1);
        facts.prompt = found.prompt.finish();
        if looks.keywords {
            facts.keywords = found.hits;
        } else {
            facts.unseen = facts.unseen.with(Fact::Keywords);
        }
        Ok(Scan { facts, layout })
    }
}

/// Returns the layout of a form: a part is a member. Of the model only the value has a place, since
/// nothing else of it is ever changed.
fn layout(found: &FormFindings, boundary: &Arc<str>) -> Layout {
    let member = |value: &Range<u64>| Member {
        whole: value.clone(),
        value: value.clone(),
        comma_before: None,
        comma_after: None,
    };
    Layout {
        members: found.parts,
        model: found.place.as_ref().map(member),
        watched: found.watched.clone(),
        boundary: Some(Arc::clone(boundary)),
        ..Layout::default()
    }
}

/// Returns the estimate of the input's tokens; where text was not looked at, what bounds it:
/// no text has more tokens than bytes.
fn tokens(found: &FormFindings, looks: Looks) -> Tokens {
    let unknown = if looks.tokens { 0 } else { found.bytes };
    let text = Tokens::exactly(found.tokens.div_ceil(UNIT));
    text.and(found.media).and(Tokens { least: 0, most: unknown })
}
