//! Watches the walker, and notes each string with its place.

use super::fate::TextFate;
use super::found::{BodyText, BodyTexts, Hidden, HiddenKind};
use super::marks::marks;
use crate::request::document::{Modality, Place, Plain, Saying, TextClass, Word};
use crate::request::keyword::Cursor;
use crate::request::scan::error::ScanError;
use crate::request::scan::event::{Container, Gathers, Scalar, Sink};
use crate::request::scan::spec::Spec;
use crate::request::scan::walker::{TextKind, TextUse, Walker};

/// A walker that is watched.
#[derive(Debug)]
pub(super) struct Recorder {
    walker: Walker,
    open: Vec<OpenPath>,
    /// The string that is being read.
    text: String,
    started: Started,
    noted: Vec<Noted>,
    hidden: Vec<Hidden>,
}

/// An open container.
#[derive(Debug)]
struct OpenPath {
    /// The last key of an object; `None` in an array.
    key: Option<String>,
    /// How many elements of an array have ended.
    index: usize,
    /// The first text in it, by its number.
    from: usize,
}

/// What was known when a string began.
#[derive(Debug)]
struct Started {
    /// How much text had been counted.
    bytes: u64,
    /// The search at that point.
    cursor: Cursor,
    /// What becomes of it.
    usage: TextUse,
    /// Whether a text that the string belongs to has no table.
    is_whole: bool,
}

/// A text, and what may still change its fate.
#[derive(Debug)]
struct Noted {
    text: BodyText,
    pending: Pending,
}

/// What the containers around a text may still say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    /// Whose text it is.
    Class,
    /// Whether it is data or text, by its encoding. And whose, if it is text.
    Data,
    /// Which kind of media it is.
    Media,
}

impl Recorder {
    pub(super) fn new(spec: &Spec) -> Self {
        let started = Started {
            bytes: 0,
            cursor: spec.keywords.start(),
            usage: TextUse::Nowhere,
            is_whole: false,
        };
        let (open, noted, hidden) = (Vec::new(), Vec::new(), Vec::new());
        Self { walker: Walker::new(spec), open, text: String::new(), started, noted, hidden }
    }

    /// Returns why the body is refused though it is JSON.
    pub(super) const fn refused(&self) -> Option<ScanError> {
        self.walker.refused
    }

    pub(super) fn into_texts(self) -> BodyTexts {
        let texts = self.noted.into_iter().map(|noted| noted.text).collect();
        BodyTexts { texts, hidden: self.hidden }
    }

    /// Returns how much text has been counted so far, in bytes.
    fn counted_bytes(&self) -> u64 {
        self.walker.frames.counted_bytes().saturating_add(self.walker.value.bytes)
    }

    /// Returns the path of the value that is being read.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.key {
                None => path.push_str(&format!("[{}]", open.index)),
                Some(key) if is_plain(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Some(key) => path.push_str(&format!("[{key:?}]")),
            }
        }
        path
    }

    /// Notes a string that has ended. `place` is where it stands in the table.
    fn note(&mut self, is_key: bool, place: &'static Place) {
        let is_counted = self.counted_bytes() > self.started.bytes;
        let text = std::mem::take(&mut self.text);
        if text.is_empty() || (is_key && !is_counted) {
            return;
        }
        let (fate, pending) = self.fate(is_key, is_counted, place);
        let marks = if fate.is_searched {
            marks(&self.walker.keywords, self.started.cursor, &text)
        } else {
            Vec::new()
        };
        let text = BodyText { at: self.path(), text, is_key, fate, marks };
        self.noted.push(Noted { text, pending });
    }

    /// Returns what becomes of a string, as far as that is known at its end.
    fn fate(&self, is_key: bool, is_counted: bool, place: &Place) -> (TextFate, Pending) {
        let is_open = |kind: TextKind| !kind.is_settled;
        match self.started.usage {
            TextUse::ToBoth(_) => (TextFate::unknown(), Pending::Data),
            TextUse::Counted(kind) => {
                let class = self.own_class(place, kind.class);
                let fate = TextFate::of_class(class, self.walker.searched);
                let is_unknown = class == TextClass::Aside
                    && (self.started.is_whole || place.plain == Plain::Counted);
                let fate = if is_unknown { TextFate::unknown() } else { fate };
                (fate, if is_open(kind) { Pending::Class } else { Pending::Nothing })
            }
            // What is said of the value of a member holds for a key that no table names.
            _ if is_counted && is_key => match self.walker.frames.place_of_value().word {
                Word::Text(class) if !class.is_own() => {
                    (TextFate::of_class(class, self.walker.searched), Pending::Nothing)
                }
                _ => (TextFate::unknown(), Pending::Class),
            },
            // It began as a word, and turned out to be text.
            _ if is_counted => (TextFate::no_word(place.word), Pending::Class),
            _ => match place.word {
                Word::Media | Word::Link | Word::Encoded => {
                    (TextFate::media(place.carries), Pending::Media)
                }
                _ => (TextFate::word(place), Pending::Nothing),
            },
        }
    }

    /// Returns whose text it is by its place: what a message says of it comes at its end.
    const fn own_class(&self, place: &Place, class: TextClass) -> TextClass {
        match place.word {
            Word::Text(own) if own.is_own() => own,
            _ => class,
        }
    }

    /// Settles the texts in the innermost container, which ends now. Returns what it carries.
    fn settle(&mut self) -> Option<Modality> {
        let view = self.walker.frames.closing()?;
        let from = self.open.last()?.from;
        let searched = self.walker.searched;
        let of_class = |class| TextFate::of_class(class, searched);
        for noted in self.noted.iter_mut().skip(from) {
            match (noted.pending, view.class, view.carried) {
                (Pending::Data, _, _) if view.is_base64 => {
                    noted.settle(TextFate::media(view.carried), Pending::Media);
                }
                (Pending::Data | Pending::Class, Some(class), _) => {
                    noted.settle(of_class(class), Pending::Nothing);
                }
                (Pending::Data, None, _) => noted.pending = Pending::Class,
                (Pending::Media, _, Some(carried)) => {
                    noted.settle(TextFate::media(Some(carried)), Pending::Nothing);
                }
                _ => {}
            }
        }
        view.carried
    }

    /// Notes that something which cannot be searched stands at the place that is being read.
    fn hide(&mut self, kind: HiddenKind) {
        let at = self.path();
        self.hidden.push(Hidden { at, kind });
    }

    /// Notes what is carried at the place that is being read, if it cannot be searched.
    fn hide_carried(&mut self, carried: Option<Modality>) {
        match carried {
            Some(Modality::Image) => self.hide(HiddenKind::Images),
            Some(Modality::Audio) => self.hide(HiddenKind::Audio),
            Some(Modality::File) => self.hide(HiddenKind::Files),
            Some(Modality::Text | Modality::Sealed) | None => {}
        }
    }

    /// Notes a prompt of numbers, once for a list of them.
    fn hide_tokens(&mut self) {
        let path = self.path();
        let at = path.rfind('[').and_then(|at| path.get(..at)).unwrap_or(&path).to_owned();
        if self.hidden.last().is_none_or(|last| last.at != at) {
            self.hidden.push(Hidden { at, kind: HiddenKind::Tokens });
        }
    }
}

impl Noted {
    fn settle(&mut self, fate: TextFate, pending: Pending) {
        self.text.fate = fate;
        self.pending = pending;
        if !fate.is_searched {
            self.text.marks.clear();
        }
    }
}

/// Returns whether a key needs no quotes in a path.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|char| char.is_alphanumeric() || "_-$".contains(char))
}

impl Sink for Recorder {
    fn string_start(&mut self, at: u64, is_key: bool) {
        let is_whole = self.walker.whole > 0;
        let bytes = self.counted_bytes();
        self.walker.string_start(at, is_key);
        self.text.clear();
        let usage = self.walker.text;
        let cursor = match usage {
            TextUse::Counted(kind) | TextUse::ToBoth(kind) if kind.is_prompt => self.walker.cursor,
            TextUse::Counted(_) | TextUse::ToBoth(_) => self.walker.aside,
            // If it turns out to be text, it stands apart.
            _ => self.walker.keywords.start(),
        };
        self.started = Started { bytes, cursor, usage, is_whole };
    }

    fn text(&mut self, piece: &[u8]) {
        self.text.push_str(str::from_utf8(piece).unwrap_or_default());
        self.walker.text(piece);
    }

    // Every piece is wanted here.
    fn gathers(&mut self) -> Gathers<'_> {
        Gathers::Nothing
    }

    fn gathered(&mut self, _: usize, _: usize) {}

    fn string_end(&mut self, end: u64, is_key: bool) {
        let place = self.walker.place;
        if is_key && let Some(open) = self.open.last_mut() {
            open.key = Some(self.text.clone());
        }
        self.walker.string_end(end, is_key);
        self.note(is_key, place);
        if is_key || self.started.is_whole {
            return;
        }
        self.hide_carried(place.carries);
        if matches!(place.word, Word::Sealed(Saying::Tokens, _)) {
            self.hide(HiddenKind::Tokens);
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, at: u64, end: u64) {
        let is_whole = self.walker.whole > 0;
        let bytes = self.counted_bytes();
        let joins = is_whole || !self.walker.frames.in_object();
        let cursor = if joins { self.walker.aside } else { self.walker.keywords.start() };
        self.walker.scalar(scalar, at, end);
        let place = self.walker.place;
        if !is_whole && place.plain == Plain::Token && matches!(scalar, Scalar::Number(_)) {
            self.hide_tokens();
        }
        // Numbers are text where no table names them.
        if self.counted_bytes() > bytes {
            let class = self.walker.class_here();
            let kind = TextKind {
                class,
                is_searched: self.walker.searched.has(class),
                is_prompt: false,
                is_settled: !class.is_own(),
            };
            self.text = scalar.json().unwrap_or_default().to_owned();
            self.started = Started { bytes, cursor, usage: TextUse::Counted(kind), is_whole };
            self.note(false, place);
        }
    }

    fn open(&mut self, container: Container, at: u64) {
        self.walker.open(container, at);
        let key = (container == Container::Object).then(String::new);
        self.open.push(OpenPath { key, index: 0, from: self.noted.len() });
    }

    fn close(&mut self, end: u64) {
        let whole = self.walker.whole;
        let (place, is_filled) = (self.walker.place, self.walker.whole_filled);
        let carried = match whole {
            0 => self.settle(),
            1 => place.carries,
            _ => None,
        };
        self.open.pop();
        self.walker.close(end);
        self.hide_carried(carried);
        if whole == 1 && is_filled && place.filled == Some(Saying::Tokens) {
            self.hide(HiddenKind::Tokens);
        }
    }

    fn comma(&mut self, at: u64) {
        if let Some(open) = self.open.last_mut() {
            open.index = open.index.saturating_add(1);
        }
        self.walker.comma(at);
    }

    fn is_paused(&self) -> bool {
        self.walker.is_paused()
    }
}
