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
use super::labels::{Labels, PARAM_BYTES};
use super::places::Places;
use super::session::Beginning;
use super::spec::{Looks, Spec};
use super::tally::Tally;
use crate::request::document::{Kind, Place, Shape, Word};
use crate::request::keyword::{Cursor, Keywords};
use crate::request::media::{Pricing, Probe};
use crate::request::session::Sessions;
use crate::request::tokens::Estimator;

/// What is done with the text of the string being read.
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

/// The value of `model` as it stands.
#[derive(Debug, Default)]
pub(super) enum Model {
    #[default]
    Absent,
    Name(String),
    Wrong(ScanError),
}

#[derive(Debug)]
pub(super) struct Walker {
    /// The top level of the document.
    pub(super) document: &'static Shape,
    pub(super) keywords: Arc<Keywords>,
    pub(super) cursor: Cursor,
    pub(super) estimator: Estimator,
    pub(super) pricing: Pricing,
    pub(super) probe: Probe,
    pub(super) looks: Looks,
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
    pub(super) value_at: u64,
    pub(super) text: TextUse,
    /// The tally of the value being read, unless it is a frame.
    pub(super) value: Tally,
    pub(super) key: Capture,
    pub(super) capture: Capture,
    pub(super) labels: Labels,
    pub(super) sessions: Sessions,
    pub(super) beginning: Beginning,
    pub(super) model: Model,
    pub(super) places: Places,
    /// The whole document's.
    pub(super) total: Tally,
    /// Why the document is refused though it is JSON.
    pub(super) refused: Option<ScanError>,
}

impl Walker {
    pub(super) fn new(spec: &Spec) -> Self {
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
            labels: Labels::default(),
            sessions: Sessions::default(),
            beginning: Beginning::new(),
            model: Model::Absent,
            places: Places::new(Arc::clone(&spec.watched)),
            total: Tally::default(),
            refused: None,
        }
    }

    pub(super) fn refuse(&mut self, error: ScanError) {
        self.refused.get_or_insert(error);
    }

    pub(super) fn at_top(&self) -> bool {
        self.frames.len() == 1 && self.skipped == 0
    }

    /// A value starts that is not inside a skipped one: finds its place and forgets what it replaces.
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
        if members == Some(Kind::Params) {
            self.labels.clear_metadata();
        }
        if self.looks.keywords && (place.apart || members == Some(Kind::Message)) {
            self.keywords.feed(&mut self.cursor, "\n", &mut self.value.hits);
        }
        if place.word == Word::Model {
            self.model = match found {
                "null" => Model::Absent,
                _ => Model::Wrong(ScanError::ModelType { at, found }),
            };
        }
    }

    /// A string or a skipped container ended: it may be something by its place alone.
    pub(super) fn carry(&mut self) {
        if let Some(modality) = self.place.carries {
            self.value.carry(modality, self.pricing);
        }
    }

    /// A value ended whose tally is `self.value`.
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

    /// Goes on after it stopped, and from now on does not stop.
    pub(super) fn go_on(&mut self, looks: Looks) {
        self.looks = looks;
        self.is_paused = false;
        self.stops_at_model = false;
    }

    /// Goes on for validity alone: nothing it finds is asked for any more.
    pub(super) fn release(&mut self) {
        self.go_on(Looks::NOTHING);
        self.places.release();
    }

    /// Whether reading stopped at the model.
    pub(super) const fn is_at_model(&self) -> bool {
        self.is_paused
    }

    /// Whether it did, and before any text of the prompt.
    pub(super) const fn is_early(&self) -> bool {
        self.is_paused && !self.has_counted
    }

    pub(super) fn close_frame(&mut self, frame: Frame) {
        let (tally, cursor) = self.frames.sum(frame, self.pricing);
        self.value = tally;
        if let Some(cursor) = cursor {
            self.cursor = cursor;
        }
    }
}
