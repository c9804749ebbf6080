//! The facts of a form, collected from its parts as they come.

use std::ops::Range;
use std::sync::Arc;

use super::head::{self, FormPart, PartHead};
use super::malformed::malformed;
use super::split::PartSink;
use super::text::TextPieces;
use crate::request::content_type::PartText;
use crate::request::credential::Naming;
use crate::request::document::ObjectShape;
use crate::request::facts::Tokens;
use crate::request::keyword::{Cursor, KeywordSet, Keywords};
use crate::request::media::{Pricing, Probe};
use crate::request::prompt::Prompt;
use crate::request::scan::{Looks, Member, OutputWish, ScanError, Spec, output};
use crate::request::tokens::Estimator;
use crate::request::watched::WatchedKeys;

/// What is known while the parts of a form are read.
#[derive(Debug)]
pub(super) struct Fields {
    /// The members of the same document in JSON.
    document: &'static ObjectShape,
    pub(super) watched: Arc<WatchedKeys>,
    /// Length of a delimiter and the line end after it.
    delimiter: u64,
    /// Parts that must not come any more.
    sealed: Naming,
    /// The watched key of the part being read, and where its delimiter begins.
    open: Option<(usize, u64)>,
    /// Whether a file is audio.
    has_audio_files: bool,
    pub(super) looks: Looks,
    keywords: Arc<Keywords>,
    cursor: Cursor,
    estimator: Estimator,
    /// What the part being read is, and how it is text.
    part: FormPart,
    part_text: PartText,
    /// Where its value begins.
    value_at: u64,
    /// The value of the part being read, where it is kept.
    value: Vec<u8>,
    text: TextPieces,
    pricing: Pricing,
    probe: Probe,
    /// Reading stops after the first `model`.
    pub(super) stops_at_model: bool,
    pub(super) is_paused: bool,
    /// The request has gone where its model sends it.
    pub(super) is_released: bool,
    pub(super) found: FormFindings,
}

/// What the parts that have been read say.
#[derive(Debug, Default)]
pub(super) struct FormFindings {
    pub(super) parts: u64,
    pub(super) model: Option<String>,
    /// Where the value of `model` stands.
    pub(super) place: Option<Range<u64>>,
    pub(super) stream: Option<bool>,
    /// Of all texts: their estimated tokens in [`UNIT`](crate::request::tokens::UNIT)s, their
    /// bytes, and the keywords that occur in them.
    pub(super) tokens: u64,
    pub(super) bytes: u64,
    pub(super) hits: KeywordSet,
    pub(super) has_images: bool,
    pub(super) has_audio: bool,
    /// How much output is asked for.
    pub(super) output: OutputWish,
    /// Parts that name another model or bring a credential, from their delimiter to the next.
    pub(super) watched: Vec<(usize, Member)>,
    /// The beginnings of all texts, one below the other, where they are kept: a service that picks
    /// may be sent them.
    pub(super) prompt: Prompt,
    /// What images and audio cost.
    pub(super) media: Tokens,
}

impl Fields {
    /// Returns what is known before the first part.
    pub(super) fn new(spec: &Spec, boundary: &str) -> Self {
        Self {
            document: spec.entry.document.shape,
            watched: Arc::clone(&spec.watched),
            // Two dashes before it, and a line end after it.
            delimiter: (boundary.len() as u64).saturating_add(4),
            sealed: Naming::default(),
            open: None,
            has_audio_files: spec.entry.document.has_audio_files,
            looks: spec.looks,
            keywords: Arc::clone(&spec.keywords),
            cursor: spec.keywords.start(),
            estimator: Estimator::new(spec.seed),
            part: FormPart::Data,
            part_text: PartText::Utf8,
            value_at: 0,
            value: Vec::new(),
            text: TextPieces::default(),
            pricing: Pricing::new(spec.entry.document.formula, spec.costs),
            probe: Probe::of_bytes(),
            stops_at_model: false,
            is_paused: false,
            is_released: false,
            found: FormFindings::default(),
        }
    }

    /// Refuses these parts from now on, since they can no longer be taken out.
    ///
    /// # Errors
    /// One of them is being read.
    pub(super) fn seal(&mut self, members: Naming) -> Result<(), ScanError> {
        self.sealed = members;
        match self.open {
            Some((index, at)) if self.is_sealed(index) => Err(ScanError::LateMember { at }),
            _ => Ok(()),
        }
    }

    fn is_sealed(&self, index: usize) -> bool {
        self.watched.names().get(index).is_some_and(|name| self.sealed.has(name))
    }

    /// A part begins that a watched key names.
    fn open(&mut self, index: usize, at: u64) -> Result<(), ScanError> {
        if self.is_sealed(index) {
            return Err(ScanError::LateMember { at });
        }
        if self.found.watched.iter().any(|(known, _)| *known == index) {
            return Err(malformed(at, "a part that names another model is in the form twice"));
        }
        self.open = Some((index, at.saturating_sub(self.delimiter)));
        Ok(())
    }

    /// A text begins. Texts of several fields do not join.
    fn begin_text(&mut self) {
        self.text = TextPieces::new(self.value_at);
        if self.found.bytes > 0 && self.looks.prompt {
            self.found.prompt.push("\n");
        }
        self.cursor = self.keywords.start();
    }

    /// Reads a piece of a text.
    fn text(&mut self, piece: &[u8]) -> Result<(), ScanError> {
        let Self { text, estimator, keywords, cursor, found, looks, .. } = self;
        found.bytes = found.bytes.saturating_add(piece.len() as u64);
        text.push(piece, |text| {
            if looks.tokens {
                estimator.feed(text);
            }
            if looks.keywords {
                keywords.feed(cursor, text, &mut found.hits);
            }
            if looks.prompt {
                found.prompt.push(text);
            }
        })
    }

    /// Keeps a piece of a setting. One that is too long for any is text.
    fn setting(&mut self, piece: &[u8], most: usize) -> Result<(), ScanError> {
        if self.value.len().saturating_add(piece.len()) <= most {
            self.value.extend_from_slice(piece);
            return Ok(());
        }
        self.part = FormPart::Text;
        self.begin_text();
        let start = std::mem::take(&mut self.value);
        self.text(&start)?;
        self.text(piece)
    }

    /// The value of a `model` has ended.
    fn model(&mut self, end: u64) -> Result<(), ScanError> {
        let at = self.value_at;
        if self.value.len() > ScanError::MAX_MODEL_BYTES {
            return Err(ScanError::ModelTooLong { at });
        }
        let name = std::str::from_utf8(&self.value).map_err(|_| malformed(at, "invalid UTF-8"))?;
        self.found.model = (!name.is_empty()).then(|| name.to_owned());
        self.found.place = Some(at..end);
        self.is_paused = self.stops_at_model;
        Ok(())
    }

    /// A file has ended: it costs what its data says, if it is an image or audio.
    fn file(&mut self) {
        let measured = self.pricing.measured(&self.probe, self.looks.tokens);
        let found = &mut self.found;
        let cost = match self.part {
            FormPart::Image => {
                found.has_images = true;
                self.pricing.image(measured, false)
            }
            // A file of any name: the transcribed one.
            FormPart::File if self.has_audio_files => {
                found.has_audio = true;
                self.pricing.audio(measured)
            }
            _ => return,
        };
        found.media = found.media.and(cost);
    }
}

impl PartSink for Fields {
    fn head(&mut self, head: &[u8], at: u64, value_at: u64) -> Result<(), ScanError> {
        let PartHead { part, text, watched } = head::part(head, at, self.document, &self.watched)?;
        (self.part, self.part_text) = (part, text);
        self.value_at = value_at;
        self.value.clear();
        if let Some(index) = watched {
            self.open(index, at)?;
        }
        let found = &mut self.found;
        found.parts = found.parts.saturating_add(1);
        match self.part {
            FormPart::Model if self.is_released => return Err(ScanError::SecondModel { at }),
            // Some servers take the first, some the last.
            FormPart::Model if found.place.is_some() => {
                return Err(malformed(at, "`model` is in the form twice"));
            }
            FormPart::Stream if found.stream.is_some() => {
                return Err(malformed(at, "`stream` is in the form twice"));
            }
            FormPart::Text => self.begin_text(),
            FormPart::Image | FormPart::File => self.probe.restart(self.looks.tokens),
            FormPart::Model | FormPart::Stream | FormPart::Setting { .. } | FormPart::Data => {}
        }
        Ok(())
    }

    fn value(&mut self, piece: &[u8]) -> Result<(), ScanError> {
        // In a charset such as ISO-8859-1, only ASCII is the same text to every server.
        if self.part_text == PartText::Ascii && !piece.is_ascii() {
            return Err(malformed(self.value_at, "a field is neither UTF-8 nor ASCII"));
        }
        match self.part {
            FormPart::Model | FormPart::Stream => {
                // One more than fits shows that it does not.
                let room = ScanError::MAX_MODEL_BYTES.saturating_add(1);
                let room = room.saturating_sub(self.value.len());
                self.value.extend_from_slice(piece.get(..room).unwrap_or(piece));
                Ok(())
            }
            FormPart::Text => self.text(piece),
            FormPart::Setting { most, .. } => self.setting(piece, most),
            FormPart::Image | FormPart::File => {
                self.probe.feed(piece);
                Ok(())
            }
            FormPart::Data => Ok(()),
        }
    }

    fn end(&mut self, end: u64) -> Result<(), ScanError> {
        match self.part {
            FormPart::Model => self.model(end)?,
            FormPart::Stream => {
                let value = self.value.to_ascii_lowercase();
                // What lenient servers take for true in a form, where every value is text.
                let words: [&[u8]; 6] = [b"true", b"1", b"on", b"yes", b"t", b"y"];
                self.found.stream = Some(words.contains(&value.as_slice()));
            }
            FormPart::Text => {
                self.text.finish()?;
                if self.looks.tokens {
                    self.found.tokens = self.found.tokens.saturating_add(self.estimator.finish());
                }
            }
            FormPart::Image | FormPart::File => self.file(),
            FormPart::Setting { output: Some(bound), .. } => {
                // What is not UTF-8 is no number.
                let text = std::str::from_utf8(&self.value).unwrap_or("?");
                self.found.output = self.found.output.max(output(bound, Some(text)));
            }
            FormPart::Setting { .. } | FormPart::Data => {}
        }
        if let Some((index, start)) = self.open.take() {
            let (value, end) = (self.value_at..end, end.saturating_add(2));
            let (comma_before, comma_after) = (None, None);
            let member = Member { whole: start..end, value, comma_before, comma_after };
            self.found.watched.push((index, member));
        }
        Ok(())
    }

    fn is_paused(&self) -> bool {
        self.is_paused
    }
}
