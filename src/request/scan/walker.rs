//! What is known while a document is followed through its table, and how a value begins and
//! ends. The events are in `follow`, single values in `value`, counted text in `counted`.
//!
//! The last of equal keys counts, at every level that the table names: each
//! value has its own [`Tally`], an object's is the sum over its keys' last
//! values, an array's the sum over its elements. Keywords are searched through
//! a cursor that a dropped value hands back. What the table does not name is
//! skipped, or counted as a whole.
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
use super::spec::{Looks, Spec};
use super::tally::Tally;
use crate::request::document::{ObjectKind, ObjectShape, Place, Word};
use crate::request::keyword::{Cursor, Keywords};
use crate::request::media::{Pricing, Probe};
use crate::request::session::Sessions;
use crate::request::tokens::Estimator;

/// Where the text of the string being read goes. Decided once, at its beginning, so that its
/// pieces need not be looked at for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextUse {
    Nowhere,
    ToKey,
    ToCapture,
    ToProbe,
    /// To the count of its bytes, to the estimate if it is looked at, and with
    /// `is_searched` to the search for keywords.
    Counted {
        is_searched: bool,
    },
}

/// The value of `model` as the last one of that key left it. A wrong one is an error only at
/// the end, since another may follow and count.
#[derive(Debug, Default)]
pub(super) enum ModelValue {
    #[default]
    Absent,
    Name(String),
    Wrong(ScanError),
}

/// A document that is being followed: the place in its table, the containers that are open,
/// and all that was found so far.
#[derive(Debug)]
pub(super) struct Walker {
    /// The top level of the document.
    pub(super) document: &'static ObjectShape,
    pub(super) keywords: Arc<Keywords>,
    /// How far the search for keywords has come in the text so far.
    pub(super) cursor: Cursor,
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
    /// Containers open inside the innermost frame that the table does not name.
    pub(super) skipped: u32,
    /// Something stands in the outermost of them.
    pub(super) skipped_filled: bool,
    /// The place of the value being read.
    pub(super) place: &'static Place,
    /// Where it began.
    pub(super) value_at: u64,
    pub(super) text: TextUse,
    /// The tally of the value being read, unless it is a frame.
    pub(super) value: Tally,
    /// The last key, as far as it can be one that matters.
    pub(super) key: Capture,
    /// The last string whose text is kept.
    pub(super) capture: Capture,
    pub(super) labels: BodyLabels,
    pub(super) sessions: Sessions,
    pub(super) beginning: Beginning,
    pub(super) model: ModelValue,
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
        let longest = spec.watched.iter().map(String::len).max().unwrap_or(0);
        Self {
            document: spec.entry.document.shape,
            keywords: Arc::clone(&spec.keywords),
            cursor: spec.keywords.start(),
            estimator: Estimator::new(spec.seed),
            pricing: Pricing::new(spec.entry.document.formula, spec.costs),
            probe: Probe::of_text(),
            looks: spec.looks,
            has_counted: false,
            gathered: Vec::new(),
            stops_at_model: false,
            is_paused: false,
            frames: Frames::default(),
            skipped: 0,
            skipped_filled: false,
            place: &Place::SKIP,
            value_at: 0,
            text: TextUse::Nowhere,
            value: Tally::default(),
            key: Capture::new(longest.max(PARAM_BYTES)),
            capture: Capture::new(0),
            labels: BodyLabels::default(),
            sessions: Sessions::default(),
            beginning: Beginning::new(),
            model: ModelValue::Absent,
            places: Places::new(Arc::clone(&spec.watched)),
            total: Tally::default(),
            refused: None,
        }
    }

    /// Notes why the document is refused; what comes first counts.
    pub(super) fn refuse(&mut self, error: ScanError) {
        self.refused.get_or_insert(error);
    }

    /// Returns whether what is read belongs to the document's outermost object.
    pub(super) fn at_top(&self) -> bool {
        self.frames.len() == 1 && self.skipped == 0
    }

    /// A value starts that is not inside a skipped one: finds its place in the table, and
    /// forgets what an earlier value of the same key has left outside of its tally (tags,
    /// params, the model). `found` is the name of its type, for messages.
    pub(super) fn begin(&mut self, at: u64, found: &'static str) {
        if self.frames.is_empty() {
            self.refuse(ScanError::NotAnObject { at, found });
        }
        if self.at_top() {
            self.places.value_start(at);
            if self.looks.sessions {
                self.tell_session(None);
            }
        }
        self.value_at = at;
        self.place = self.frames.place_of_value();
        let place = self.place;
        if let Some(rank) = place.tags {
            self.labels.clear_tags(rank);
        }
        let members = place.members.map(|shape| shape.kind);
        if members == Some(ObjectKind::Params) {
            self.labels.clear_metadata();
        }
        // Texts that stand apart do not join to a keyword.
        if self.looks.keywords && (place.apart || members == Some(ObjectKind::Message)) {
            self.cursor = self.keywords.start();
        }
        if place.word == Word::Model {
            self.model = match found {
                "null" => ModelValue::Absent,
                _ => ModelValue::Wrong(ScanError::ModelType { at, found }),
            };
        }
    }

    /// A string or a skipped container ended. It may be an image, audio or a file by its place
    /// alone.
    pub(super) fn carry(&mut self) {
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

    /// Ends a container: its tally becomes that of the value which it is. Where its text turns
    /// out not to be searched, the search goes back to where it was before it.
    pub(super) fn close_frame(&mut self, frame: Frame) {
        let (tally, cursor) = self.frames.sum(frame, self.pricing);
        self.value = tally;
        if let Some(cursor) = cursor {
            self.cursor = cursor;
        }
    }
}
