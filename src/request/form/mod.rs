//! Streaming scan of a `multipart/form-data` body: the model, the prompt and
//! where the model's value lies, in any chunking and constant memory.
//!
//! Strict where servers differ in what they read: a part whose name could be
//! taken for another, an encoding, a boundary that is not the announced one are
//! refused. Of equal names the last counts. Files are skipped.

mod head;
mod split;

use std::ops::Range;
use std::sync::Arc;

use super::facts::{Fact, RequestFacts, Tokens};
use super::format::Format;
use super::keyword::{Cursor, KeywordSet, Keywords};
use super::path::Entry;
use super::scan::{Layout, Looks, Member, Scan, ScanError, Spec};
use super::tokens::{Costs, Estimator, UNIT};
use head::{Head, Part};
use split::{Event, Splitter};

pub use head::boundary;

/// Longest text of a part that is kept: the model, a switch.
const KEPT: usize = ScanError::MAX_MODEL_BYTES;

/// A scan under way.
#[derive(Debug)]
pub struct FormScanner {
    entry: Entry,
    costs: Costs,
    looks: Looks,
    keywords: Arc<Keywords>,
    boundary: Arc<str>,
    splitter: Splitter,
    head: Head,
    part: Part,
    /// The value of the part being read, where it is kept.
    value: Vec<u8>,
    value_at: u64,
    /// The end of text that is not whole characters yet.
    cut: Vec<u8>,
    cursor: Cursor,
    estimator: Estimator,
    found: Found,
    stops_at_model: bool,
    is_paused: bool,
    is_released: bool,
    failed: Option<ScanError>,
}

/// What the parts say.
#[derive(Debug, Default)]
struct Found {
    model: Option<String>,
    places: Vec<Range<u64>>,
    stream: bool,
    /// Of the last prompt: its tokens and bytes, and what occurs in it.
    tokens: u64,
    bytes: u64,
    hits: KeywordSet,
    images: u32,
    audio: u32,
}

impl FormScanner {
    /// A scan of a body of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec, boundary: &str) -> Self {
        Self {
            entry: spec.entry,
            costs: spec.costs,
            looks: spec.looks,
            keywords: Arc::clone(&spec.keywords),
            boundary: boundary.into(),
            splitter: Splitter::new(boundary),
            head: Head::default(),
            part: Part::Skipped,
            value: Vec::new(),
            value_at: 0,
            cut: Vec::new(),
            cursor: spec.keywords.start(),
            estimator: Estimator::default(),
            found: Found::default(),
            stops_at_model: false,
            is_paused: false,
            is_released: false,
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

    /// Reads the next chunk as far as the end of the first `model`, and gives back
    /// what is left of it.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_to_model<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        self.stops_at_model = true;
        self.read(chunk)
    }

    fn read<'c>(&mut self, mut chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        while !chunk.is_empty() && !self.is_paused {
            let at = self.splitter.at();
            let (event, rest) = self.splitter.next(chunk);
            chunk = rest;
            if let Err(error) = self.take(event, at) {
                self.failed = Some(error);
                return Err(error);
            }
        }
        Ok(chunk)
    }

    /// Whether reading stopped at the first `model`.
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        self.is_paused
    }

    /// The model where the scan has stopped at it; none where text came before it.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        let is_early = self.is_paused && self.found.bytes == 0;
        self.found.model.as_deref().filter(|_| is_early)
    }

    /// The places found so far.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let member = |value: &Range<u64>| Member {
            whole: value.clone(),
            value: value.clone(),
            comma_before: None,
            comma_after: None,
        };
        Layout {
            model: self.found.places.iter().map(member).collect(),
            boundary: Some(Arc::clone(&self.boundary)),
            ..Layout::default()
        }
    }

    /// Goes on after the model, looking at that much.
    pub fn go_on(&mut self, looks: Looks) {
        self.looks = looks;
        self.is_paused = false;
        self.stops_at_model = false;
    }

    /// Goes on for validity alone; another model is an error from now on.
    pub fn release(&mut self) {
        self.go_on(Looks::NOTHING);
        self.is_released = true;
    }

    /// Ends the body and says what was in it.
    ///
    /// # Errors
    /// If it is not a whole form.
    pub fn finish(self) -> Result<Scan, ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let length = self.splitter.at();
        if !self.splitter.is_complete() {
            return Err(wrong(length, "the body ends before its form does"));
        }
        let layout = self.layout();
        let Self { entry, costs, looks, found, .. } = self;
        let mut facts = RequestFacts::new(entry);
        facts.model = found.model;
        facts.stream |= found.stream;
        facts.has_images = found.images > 0;
        facts.has_audio = found.audio > 0;
        facts.body_bytes = length;
        let fixed = [(found.images, costs.image), (found.audio, costs.audio)];
        let fixed = fixed.iter().map(|(count, cost)| u64::from(*count).saturating_mul(*cost));
        let known = fixed.fold(found.tokens.div_ceil(UNIT), u64::saturating_add);
        let unknown = if looks.tokens { 0 } else { found.bytes };
        facts.input_tokens = Tokens { least: known, most: known.saturating_add(unknown) };
        if looks.keywords {
            facts.keywords = found.hits;
        } else {
            facts.unseen = facts.unseen.with(Fact::Keywords);
        }
        Ok(Scan { facts, layout })
    }

    fn take(&mut self, event: Event<'_>, at: u64) -> Result<(), ScanError> {
        match event {
            Event::Nothing => Ok(()),
            Event::Head(bytes) => self.head.push(bytes, at),
            Event::Start(value_at) => {
                self.value_at = value_at;
                let head = std::mem::take(&mut self.head);
                self.part = head.part(at)?;
                self.start_part(at)
            }
            Event::Data(bytes) => self.data(bytes, at),
            Event::Held(seen) => {
                let bytes = self.splitter.held(seen).to_vec();
                self.data(&bytes, at)
            }
            Event::End(end) => self.end_part(end),
            Event::Wrong(what) => Err(wrong(at, what)),
        }
    }

    fn start_part(&mut self, at: u64) -> Result<(), ScanError> {
        self.value.clear();
        match self.part {
            Part::Model if self.is_released => return Err(ScanError::SecondModel { at }),
            Part::Model if self.found.places.len() >= ScanError::MAX_REPEATS => {
                return Err(ScanError::Repeated { at });
            }
            Part::Prompt => {
                self.found.tokens = 0;
                self.found.bytes = 0;
                self.found.hits.clear();
                self.cut.clear();
                self.cursor = self.keywords.start();
            }
            Part::Image => self.found.images = self.found.images.saturating_add(1),
            // A file of any name: the transcribed one.
            Part::File if self.entry.format != Format::OpenAiImages => {
                self.found.audio = self.found.audio.saturating_add(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8], at: u64) -> Result<(), ScanError> {
        match self.part {
            Part::Model | Part::Stream => {
                if self.value.len().saturating_add(bytes.len()) > KEPT {
                    return Err(ScanError::ModelTooLong { at: self.value_at });
                }
                self.value.extend_from_slice(bytes);
                Ok(())
            }
            Part::Prompt => self.text(bytes, at),
            Part::Image | Part::File | Part::Skipped => Ok(()),
        }
    }

    /// Reads a piece of prompt; characters may be cut at its borders.
    fn text(&mut self, bytes: &[u8], at: u64) -> Result<(), ScanError> {
        self.found.bytes = self.found.bytes.saturating_add(bytes.len() as u64);
        let joined = [self.cut.as_slice(), bytes].concat();
        let bytes = if self.cut.is_empty() { bytes } else { joined.as_slice() };
        let (text, cut) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) if error.error_len().is_some() => return Err(wrong(at, "invalid UTF-8")),
            Err(error) => {
                let (text, cut) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                (std::str::from_utf8(text).unwrap_or_default(), cut)
            }
        };
        if self.looks.tokens {
            self.estimator.feed(text);
        }
        if self.looks.keywords {
            self.keywords.feed(&mut self.cursor, text, &mut self.found.hits);
        }
        self.cut = cut.to_vec();
        Ok(())
    }

    fn end_part(&mut self, end: u64) -> Result<(), ScanError> {
        match self.part {
            Part::Model => {
                let name = std::str::from_utf8(&self.value);
                let name = name.map_err(|_| wrong(self.value_at, "invalid UTF-8"))?;
                self.found.model = (!name.is_empty()).then(|| name.to_owned());
                self.found.places.push(self.value_at..end);
                self.is_paused = self.stops_at_model;
            }
            Part::Stream => {
                let value = self.value.to_ascii_lowercase();
                let words: [&[u8]; 6] = [b"true", b"1", b"on", b"yes", b"t", b"y"];
                self.found.stream = words.contains(&value.as_slice());
            }
            Part::Prompt => {
                if !self.cut.is_empty() {
                    return Err(wrong(end, "invalid UTF-8"));
                }
                if self.looks.tokens {
                    self.found.tokens = self.estimator.finish();
                }
            }
            Part::Image | Part::File | Part::Skipped => {}
        }
        Ok(())
    }
}

const fn wrong(at: u64, what: &'static str) -> ScanError {
    ScanError::Form { at, what }
}

#[cfg(test)]
mod tests;
