//! What is known while a document is followed through its table, and how a value begins and
//! ends. The events are in `follow`, single values in `value`, counted text in `counted`.
//!
//! Each value has its own [`Tally`], a container's is the sum over what is in it. What
//! the table does not name is counted and searched as a whole.
//!
//! Invariant: memory is bounded by the depth limit, the table and the caps on
//! captured text, never by the body.

use std::sync::Arc;

use super::capture::Capture;
use super::error::ScanError;
use super::frame::{Content, Frame, Frames};
use super::labels::{BodyLabels, PARAM_BYTES};
use super::places::Places;
use super::session::Beginning;
use super::spec::{Looks, Searched, Spec};
use super::tally::Tally;
use crate::request::document::{ObjectKind, ObjectShape, Place, TextClass, Word};
use crate::request::keyword::{Cursor, KeywordSet, Keywords};
use crate::request::media::{Pricing, Probe};
use crate::request::session::Sessions;
use crate::request::tokens::Estimator;

/// Whose text is read, and whether it is searched for keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextKind {
    pub(super) class: TextClass,
    pub(super) is_searched: bool,
    /// Whether it goes on where the text of the prompt, or of the part before it, ended.
    pub(super) is_prompt: bool,
    /// Whether nothing around it can change its class.
    pub(super) is_settled: bool,
}

/// Where the text of the string being read goes. Decided once, at its beginning, so that its
/// pieces need not be looked at for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextUse {
    Nowhere,
    ToKey,
    /// Kept as far as it may matter. What is longer is no word, and with `spills` it is text.
    ToCapture {
        spills: bool,
    },
    ToProbe,
    /// To the count of its bytes, to the estimate if it is looked at, and to the search for
    /// keywords.
    Counted(TextKind),
    /// To both: it is data or text.
    ToBoth(TextKind),
}

/// A document that is being followed: the place in its table, the containers that are open,
/// and all that was found so far.
#[derive(Debug)]
pub(super) struct Walker {
    /// The top level of the document.
    pub(super) document: &'static ObjectShape,
    pub(super) keywords: Arc<Keywords>,
    pub(super) searched: Searched,
    /// How far the search for keywords has come in the text of the prompt so far.
    pub(super) cursor: Cursor,
    /// The same, in text beside it. So nothing that stands between two parts of a prompt parts
    /// a keyword.
    pub(super) aside: Cursor,
    /// Keywords in text of which nothing around it can say that it is not searched.
    pub(super) found: KeywordSet,
    pub(super) estimator: Estimator,
    pub(super) pricing: Pricing,
    /// Reads the size off the data of an image or of audio.
    pub(super) probe: Probe,
    /// What is looked at beyond the structure.
    pub(super) looks: Looks,
    /// Whether any text was counted yet.
    pub(super) has_counted: bool,
    /// Text that is still to be estimated and searched.
    pub(super) gathered: Vec<u8>,
    /// Reading stops after the first `model`.
    pub(super) stops_at_model: bool,
    pub(super) is_paused: bool,
    pub(super) frames: Frames,
    /// Containers open inside the innermost frame that have no table.
    pub(super) whole: u32,
    /// Something stands in the outermost of them. Some places say something by not being empty, as
    /// a list of tools does.
    pub(super) whole_filled: bool,
    /// The place of the value being read, and where that began.
    pub(super) place: &'static Place,
    pub(super) value_at: u64,
    pub(super) text: TextUse,
    /// The tally of the value being read, unless it is a frame.
    pub(super) value: Tally,
    /// The last key, as far as it can be one that matters, and where it began.
    pub(super) key: Capture,
    pub(super) key_at: u64,
    /// The last string whose text is kept.
    pub(super) capture: Capture,
    pub(super) labels: BodyLabels,
    pub(super) sessions: Sessions,
    pub(super) beginning: Beginning,
    pub(super) model: Option<String>,
    pub(super) places: Places,
    /// The whole document's.
    pub(super) total: Tally,
    /// Why the document is refused though it is JSON.
    pub(super) refused: Option<ScanError>,
}

impl Walker {
    /// Returns a walker before the first byte of a document.
    pub(super) fn new(spec: &Spec) -> Self {
        // A longer key is none that is watched, none of the table's, and no param.
        let longest = spec.watched.longest();
        Self {
            document: spec.entry.document.shape,
            keywords: Arc::clone(&spec.keywords),
            searched: spec.searched,
            cursor: spec.keywords.start(),
            aside: spec.keywords.start(),
            found: KeywordSet::default(),
            estimator: Estimator::new(spec.seed),
            pricing: Pricing::new(spec.entry.document.formula, spec.costs),
            probe: Probe::of_text(),
            looks: spec.looks,
            has_counted: false,
            gathered: Vec::new(),
            stops_at_model: false,
            is_paused: false,
            frames: Frames::default(),
            whole: 0,
            whole_filled: false,
            place: &Place::ASIDE,
            value_at: 0,
            text: TextUse::Nowhere,
            value: Tally::default(),
            key: Capture::new(longest.max(PARAM_BYTES)),
            key_at: 0,
            capture: Capture::new(0),
            labels: BodyLabels::default(),
            sessions: Sessions::default(),
            beginning: Beginning::new(),
            model: None,
            places: Places::new(Arc::clone(&spec.watched)),
            total: Tally::default(),
            refused: None,
        }
    }

    /// Notes why the document is refused; what comes first counts.
    pub(super) fn refuse(&mut self, error: ScanError) {
        self.refused.get_or_insert(error);
    }

    /// Returns whether what is read belongs to the document's outermost object: only keys there can
    /// be the model or be edited.
    pub(super) fn at_top(&self) -> bool {
        self.frames.len() == 1 && self.whole == 0
    }

    /// A value starts that is not inside one without a table: finds its place. `found` is the
    /// name of its type, for messages.
    pub(super) fn begin(&mut self, at: u64, found: &'static str) {
        if self.frames.is_empty() {
            // An object would have been opened as the document, and not have come here.
            self.refuse(ScanError::NotAnObject { at, found });
        }
        if self.at_top() {
            self.places.value_start(at);
        }
        self.value_at = at;
        self.place = self.frames.place_of_value();
        let place = self.place;
        // Texts that stand apart do not join to a keyword.
        let is_message = place.members.is_some_and(|shape| shape.kind.is_message());
        if place.apart || is_message {
            self.cursor = self.keywords.start();
        }
        // Members come in any order, so no keyword reaches from one into the next. Elements join.
        if self.frames.in_object() {
            self.aside = self.keywords.start();
        }
        if place.word == Word::Model && !matches!(found, "string" | "null") {
            self.refuse(ScanError::ModelType { at, found });
        }
    }

    /// A string or a container without a table ended. It may be a prompt, an image, audio or a
    /// file by its place alone.
    pub(super) fn carry(&mut self) {
        self.value.prompts = self.place.prompt.into();
        if let Some(modality) = self.place.carries {
            self.value.carry(modality, self.pricing);
        }
    }

    /// A value ended, whose tally is `self.value`: hands that to the container around it, or,
    /// if it is the document, keeps it as the total.
    pub(super) fn end(&mut self, end: u64, content: Content) {
        let tally = std::mem::take(&mut self.value);
        if self.frames.is_empty() {
            self.total = tally;
            return;
        }
        if self.at_top() {
            self.is_paused = self.places.value_end(end) && self.stops_at_model;
        }
        self.frames.deliver(tally, content);
    }

    /// Goes on after it has stopped at the model, and does not stop again.
    pub(super) fn go_on(&mut self, looks: Looks) {
        self.looks = looks;
        self.is_paused = false;
        self.stops_at_model = false;
    }

    /// Goes on for validity alone: nothing that it finds is asked for any more.
    pub(super) fn release(&mut self) {
        self.go_on(Looks::NOTHING);
        self.places.release();
    }

    /// Returns whether reading has stopped at the model.
    pub(super) const fn is_at_model(&self) -> bool {
        self.is_paused
    }

    /// Returns whether it has, and before any text of the prompt.
    pub(super) const fn is_early(&self) -> bool {
        self.is_paused && !self.has_counted
    }

    /// Ends a container: its tally becomes that of the value which it is. Where it says whose
    /// text is in it, that settles whether the keywords in it count.
    pub(super) fn close_frame(&mut self, frame: Frame) {
        let (mut tally, class) = self.frames.sum(frame, self.pricing);
        // Without a class, the hits go on to the container around it, which may still have one.
        if let Some(class) = class {
            let hits = std::mem::take(&mut tally.hits);
            if self.searched.has(class) {
                self.found.merge(&hits);
            }
        }
        self.value = tally;
    }

    /// Notes a member of free metadata, whose value is `None` where it can be no param.
    pub(super) fn note_param(&mut self, value: Option<&str>) {
        if self.frames.in_params()
            && let Some(key) = self.key.text()
            && !self.labels.param(key, value)
        {
            self.refused.get_or_insert(ScanError::Repeated { at: self.key_at });
        }
    }

    /// A container begins that has no table, or inside one that has none.
    pub(super) fn open_whole(&mut self) {
        if self.whole == 0 {
            self.whole_filled = false;
            self.note_param(None);
        }
        self.whole = self.whole.saturating_add(1);
    }

    /// Returns the class of text that a value of this place is. What the table does not call text
    /// is beside the prompt where it turns out to be text after all.
    pub(super) const fn class_here(&self) -> TextClass {
        match self.place.word {
            Word::Text(class) => class,
            _ => TextClass::Aside,
        }
    }
}

impl ObjectKind {
    /// Returns whether it is a message, apart from the one before it.
    const fn is_message(self) -> bool {
        matches!(self, Self::Message | Self::Item { .. })
    }
}
