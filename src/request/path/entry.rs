//! What a request on one path asks for.

use crate::request::document::Document;
use crate::request::format::{BodyKind, Format, ModelPlace, PathRow, Task};

/// One path of a wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The wire format.
    pub format: Format,
    /// The kind of work.
    pub task: Task,
    /// The end of the path without its first slash, as path templates of providers have it.
    pub path: &'static str,
    /// How the body is read.
    pub document: &'static Document,
    /// What the body may be.
    pub body: BodyKind,
    /// Whether an answer streams unless the body says otherwise.
    pub streams: bool,
    /// Whether a request names a model.
    pub has_model: bool,
}

impl Entry {
    fn new(format: Format, row: &PathRow) -> Self {
        let PathRow { task, end, document, body, streams, has_model } = *row;
        Self { format, task, path: end, document, body, streams, has_model }
    }

    /// Returns the entries of a format.
    pub(super) fn all(format: Format) -> impl Iterator<Item = Self> {
        format.paths().iter().map(move |row| Self::new(format, row))
    }

    /// Returns the entries whose paths are known by their ends, under any prefix.
    pub(super) fn suffixes() -> impl Iterator<Item = Self> {
        let is_suffixed = |format: &Format| format.model_place() != ModelPlace::Path;
        Format::ALL.into_iter().filter(is_suffixed).flat_map(Self::all)
    }

    /// Returns whether its body may repeat the model deeper in it, or repeat one that the path names,
    /// and providers want both to be the same: Google's counts and embeddings do, and the session
    /// of realtime.
    #[must_use]
    pub fn repeats_model(&self) -> bool {
        match self.format {
            Format::GeminiGenerate => self.task != Task::Chat,
            Format::VertexPredict | Format::OpenAiRealtime => true,
            _ => false,
        }
    }

    /// Returns the first entry of a format.
    #[must_use]
    pub fn of(format: Format) -> Option<Self> {
        Self::all(format).next()
    }

    /// Returns the entry of a further path of a format: the one whose last segment it has,
    /// else the first. Where the format knows forms, its body may be one.
    pub(super) fn at(suffix: &str, format: Format) -> Option<Self> {
        fn last(path: &str) -> Option<&str> {
            path.rsplit('/').next()
        }
        let same = Self::all(format).find(|entry| last(entry.path) == last(suffix));
        let entry = same.or_else(|| Self::of(format))?;
        let has_forms = Self::all(format).any(|entry| entry.body == BodyKind::Form);
        Some(if has_forms { Self { body: BodyKind::Form, ..entry } } else { entry })
    }
}
