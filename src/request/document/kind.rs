//! What is known of one kind of body as a whole.

use std::fmt;
use std::ptr;

use super::place::ObjectShape;
use crate::request::media::Formula;
use crate::request::unseen::Fact;

/// What is known of one kind of body. A wire format may have several kinds, and two formats may
/// share one: everything that differs only by path is one document.
pub struct Document {
    /// The top level.
    pub(in crate::request) shape: &'static ObjectShape,
    /// What images and audio in it cost.
    pub(in crate::request) formula: Formula,
    /// What it never says. A decision that depends on one of these need not wait for the body: a
    /// query to rank by has no tools.
    pub(crate) lacks: &'static [Fact],
    /// Whether a file is audio, where it is written as a form.
    pub(in crate::request) has_audio_files: bool,
}

impl Document {
    /// Returns a document with that top level, which may say anything.
    pub(super) const fn new(shape: &'static ObjectShape, formula: Formula) -> Self {
        Self { shape, formula, lacks: &[], has_audio_files: false }
    }

    /// Returns the same, which is text alone.
    pub(super) const fn text_only(self) -> Self {
        self.lacking(&[Fact::State, Fact::Tools, Fact::JsonMode, Fact::Modality])
    }

    /// Returns the same, which says none of these.
    pub(super) const fn lacking(self, lacks: &'static [Fact]) -> Self {
        Self { lacks, ..self }
    }

    /// Returns the same, whose files are audio.
    pub(super) const fn with_audio_files(self) -> Self {
        Self { has_audio_files: true, ..self }
    }
}

/// Each is a static of its own, equal to nothing else.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

impl Eq for Document {}

/// Leaves the table out, which may hold itself.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("formula", &self.formula).finish_non_exhaustive()
    }
}
