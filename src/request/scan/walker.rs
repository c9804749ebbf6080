//! Follows a format's table through the events of the lexer and collects facts.
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
use super::counted::PIECE;
use super::error::ScanError;
use super::frame::{Content, Frame, Frames};
use super::labels::{Labels, PARAM_BYTES};
use super::lexer::{Container, Gathers, Scalar, Sink};
use super::places::Places;
use super::session::Beginning;
use super::tally::Tally;
use super::value::{json_text, type_name};
use super::{Looks, Spec};
use crate::request::document::{Kind, Place, Shape, Word};
use crate::request::keyword::{Cursor, Keywords};
use crate::request::media::{Pricing, Probe};
use crate::request::session::Sessions;
use crate::request::tokens::Estimator;

/// The text of the string being read goes…
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
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
    document: &'static Shape,
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
    is_paused: bool,
    pub(super) frames: Frames,
    /// Containers open inside the innermost frame that the table does not name.
    pub(super) skipped: u32,
    /// Something stands in the outermost of them.
    pub(super) skipped_filled: bool,
    /// The place of the value being read.
    pub(super) place: &'static Place,
    pub(super) value_at: u64,
    pub(super) text: Text,
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
            text: Text::Nowhere,
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

    fn refuse(&mut self, error: ScanError) {
        self.refused.get_or_insert(error);
    }

    pub(super) fn at_top(&self) -> bool {
        self.frames.len() == 1 && self.skipped == 0
    }

    /// A value starts that is not inside a skipped one: finds its place and forgets what it replaces.
    fn begin(&mut self, at: u64, found: &'static str) {
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
    fn carry(&mut self) {
        if let Some(modality) = self.place.carries {
            self.value.carry(modality, self.pricing);
        }
    }

    /// A value ended whose tally is `self.value`.
    fn end(&mut self, end: u64, content: Content) {
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

    fn close_frame(&mut self, frame: Frame) {
        let (tally, cursor) = self.frames.sum(frame, self.pricing);
        self.value = tally;
        if let Some(cursor) = cursor {
            self.cursor = cursor;
        }
    }
}

impl Sink for Walker {
    fn string_start(&mut self, at: u64, is_key: bool) {
        if self.skipped > 0 {
            self.skipped_filled = true;
            let is_searched = self.searches_skipped();
            if is_searched {
                self.begin_said();
            }
            let counted = Text::Counted { is_searched };
            self.text = if self.place.whole { counted } else { Text::Nowhere };
        } else if is_key {
            self.key.restart_same();
            self.text = Text::ToKey;
            if self.at_top() {
                self.places.key_start(at);
            }
        } else {
            self.begin(at, "string");
            self.begin_string();
        }
    }

    #[inline]
    fn text(&mut self, piece: &[u8]) {
        match self.text {
            Text::Nowhere => {}
            Text::ToKey => self.key.push(piece),
            Text::ToCapture => self.capture.push(piece),
            Text::ToProbe => self.probe.feed(piece),
            Text::Counted { is_searched } => self.gather(piece, is_searched),
        }
    }

    fn gathers(&mut self) -> Gathers<'_> {
        match self.text {
            Text::Counted { is_searched } if self.looks_at(is_searched) => {
                Gathers::Text { text: &mut self.gathered, most: PIECE }
            }
            Text::Counted { .. } | Text::Nowhere => Gathers::Length,
            Text::ToKey | Text::ToCapture | Text::ToProbe => Gathers::Nothing,
        }
    }

    fn gathered(&mut self, added: usize, surplus: usize) {
        if let Text::Counted { is_searched } = self.text {
            self.keep(added, surplus, is_searched);
        }
    }

    fn string_end(&mut self, end: u64, is_key: bool) {
        if self.skipped > 0 {
            if self.place.whole {
                self.end_text(self.searches_skipped());
            }
        } else if is_key {
            let key = self.key.text();
            if self.at_top()
                && let Some(key) = key
                && let Err(error) = self.places.key(key)
            {
                self.refused.get_or_insert(error);
            }
            if let Some(cursor) = self.frames.key(key, self.cursor) {
                self.cursor = cursor;
            }
            let is_miscased = |key: &str| {
                self.frames.is_miscased(key) || (self.at_top() && self.places.is_miscased(key))
            };
            if key.is_some_and(is_miscased) {
                self.refused.get_or_insert(ScanError::Miscased { at: end });
            }
        } else {
            let content = self.end_string();
            self.carry();
            self.end(end, content);
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, at: u64, end: u64) {
        if self.skipped > 0 {
            self.skipped_filled = true;
            if self.counts_skipped() {
                self.count(json_text(scalar).unwrap_or_default());
            }
            return;
        }
        self.begin(at, type_name(scalar));
        self.scalar_value(scalar);
        let content = if scalar == Scalar::Null { Content::None } else { Content::Some };
        self.end(end, content);
    }

    fn open(&mut self, container: Container, at: u64) {
        if self.skipped > 0 {
            self.skipped_filled = true;
            self.open_skipped();
            return;
        }
        if self.frames.is_empty() && container == Container::Object {
            self.places.open(at.saturating_add(1));
            self.frames.push(Frame::object(&Place::SKIP, self.document, self.cursor));
            return;
        }
        let cursor = self.cursor;
        let object = container == Container::Object;
        self.begin(at, if object { "object" } else { "array" });
        let frame = match (self.place.members, self.place.items) {
            (Some(shape), _) if object => Frame::object(self.place, shape, cursor),
            (_, Some(items)) if !object => Frame::array(self.place, items, cursor),
            _ => return self.open_skipped(),
        };
        if self.frames.in_params() {
            let key = self.key.text();
            key.inspect(|key| self.labels.param(key, None));
        }
        self.frames.push(frame);
    }

    fn close(&mut self, end: u64) {
        if self.skipped > 0 {
            self.skipped = self.skipped.saturating_sub(1);
            if self.skipped > 0 {
                return;
            }
            if let (Some(saying), true) = (self.place.filled, self.skipped_filled) {
                self.value.say(saying);
            }
            self.carry();
        } else if let Some(frame) = self.frames.pop() {
            self.close_frame(frame);
        }
        self.end(end, Content::Some);
    }

    fn comma(&mut self, at: u64) {
        if self.at_top() {
            self.places.comma(at);
        }
    }

    fn is_paused(&self) -> bool {
        self.is_paused
    }
}
