//! The vocabulary of the documents' tables: what a value at some place of a document
//! means, by its JSON type.
//!
//! A table is a graph of [`Place`]s (what a value is) and [`ObjectShape`]s (what the keys of an
//! object are), all constants. Everything a table does not name is skipped. Refuses to
//! know any format.
//!
//! For example, of a document such as `{"model": "m", "items": ["a", {"text": "b"}]}`, whose
//! items are prompts, the table would be:
//!
//! ```text
//! static ITEM_SHAPE: ObjectShape = plain(&[("text", Place::PROMPT)]);
//! static ITEM: Place = Place::PROMPT.members(&ITEM_SHAPE);
//! static SHAPE: ObjectShape = plain(&[MODEL, ("items", Place::list(&ITEM))]);
//! ```

use std::fmt;
use std::ptr;

use crate::request::media::Formula;

/// What is known of one kind of body. A wire format may have several kinds, and two formats may
/// share one: everything that differs only by path is one document.
pub struct Document {
    /// The top level.
    pub(in crate::request) shape: &'static ObjectShape,
    /// What images and audio in it cost.
    pub(in crate::request) formula: Formula,
    /// Whether it holds texts and nothing else: no tools, no media, no kept state, no
    /// wish for JSON.
    pub(crate) is_text_only: bool,
    /// Whether a file is audio, where it is written as a form.
    pub(in crate::request) has_audio_files: bool,
}

impl Document {
    /// Returns a document with that top level, which is anything but text alone.
    pub(super) const fn new(shape: &'static ObjectShape, formula: Formula) -> Self {
        Self { shape, formula, is_text_only: false, has_audio_files: false }
    }

    /// Returns the same, which is text alone. Then nothing but text has to be waited for before
    /// a request can go on early.
    pub(super) const fn text_only(self) -> Self {
        Self { is_text_only: true, ..self }
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

/// What a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Word {
    Skip,
    /// Text of the prompt: counted and searched for keywords. Under the role of an assistant or
    /// a tool it is only counted.
    Prompt,
    /// Other text of the input, which is only counted: a call's arguments, what a tool said.
    Counted,
    /// The model's name.
    Model,
    /// A message's role. Text under one of these roles is not searched; under all others it is,
    /// for lenient servers take roles that they do not know for the user's.
    Role(&'static [&'static str]),
    /// The media type of data, such as `image/png`, which says what a part carries.
    Mime,
    /// Where a file is. At the provider, if it is one of its own, and then the request depends
    /// on what that keeps.
    FileUri,
    /// A part's type, such as `image_url`, which says what it carries.
    Type,
    /// Says this, unless it is empty.
    Says(Saying),
    /// Says this, if it is one of these words.
    SaysIf(Saying, &'static [&'static str]),
    /// Tags, separated by commas. The number is the rank of their source: of several sources
    /// that have tags, the one of the lowest counts.
    Tags(u8),
    /// One tag, and the rank of its source.
    Tag(u8),
    /// A number that says how much output there may be, which lenient servers also read as text.
    Output(OutputBound),
    /// The data of an image or of audio, or its address.
    Media,
}

/// What a number, boolean or null is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Plain {
    Skip,
    /// `true` says this.
    Says(Saying),
    /// `true` says this, `false` that.
    Switch(Saying, Saying),
    /// It says how much output there may be.
    Output(OutputBound),
    /// A number is a token, as in a prompt that is a list of tokens.
    Token,
    /// Counted as text.
    Counted,
}

/// What a number says of the output that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum OutputBound {
    /// The limit of one answer in tokens.
    Limit,
    /// A budget of tokens for thinking, which the limit of the answer includes: Anthropic's
    /// (`budget_tokens` is below `max_tokens`), Gemini's (googleapis/python-genai#2062),
    /// Cohere's, OpenRouter's, that of vLLM and of NVIDIA's NIM.
    Thinking,
    /// A budget for thinking beside the limit of the answer: Alibaba's, for Qwen.
    ThinkingBeside,
    /// How many answers there are to a prompt.
    Answers,
}

/// A yes-or-no fact that a value may say. What all values of a request say is what the
/// request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Saying {
    Stream,
    /// Streaming is declined.
    NoStream,
    /// Tools are offered.
    Tools,
    /// The answer has to be JSON.
    Json,
    /// State that a provider keeps is continued.
    State,
    Images,
    Audio,
    Files,
    /// An image is looked at in low detail.
    LowDetail,
    /// Text that is not the user's, the developer's or the system's.
    Answer,
}

/// What a part of a message carries, and so what it costs and which deployments can serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Modality {
    Text,
    Image,
    Audio,
    File,
}

/// A place of a document: what a value here is, whatever its type turns out to be.
#[derive(Debug)]
pub(in crate::request) struct Place {
    /// What a string is.
    pub(in crate::request) word: Word,
    /// What a number, boolean or null is.
    pub(in crate::request) plain: Plain,
    /// What the elements of an array are.
    pub(in crate::request) items: Option<&'static Place>,
    /// What the members of an object are.
    pub(in crate::request) members: Option<&'static ObjectShape>,
    /// What an array or object says by not being empty: a list of tools offers some.
    pub(in crate::request) filled: Option<Saying>,
    /// Arrays and objects are counted as text, keys and all: it is what the model is sent of
    /// the arguments of a call.
    pub(in crate::request) whole: bool,
    /// Text here does not continue the text before it, so no keyword reaches from one into
    /// the other.
    pub(in crate::request) apart: bool,
    /// A string here is a message.
    pub(in crate::request) message: bool,
    /// A string, array or object here is a prompt of several, each with an answer of its own.
    pub(in crate::request) prompt: bool,
    /// The source of tags that a value here replaces.
    pub(in crate::request) tags: Option<u8>,
    /// What the key alone makes of a part that has no type.
    pub(in crate::request) implies: Option<Modality>,
    /// What a string or an object here is, without any part around it.
    pub(in crate::request) carries: Option<Modality>,
}

/// What kind of object it is, beyond its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum ObjectKind {
    /// Nothing but its members: what it says is what they say.
    Plain,
    /// A message. It is counted as one, and its text is searched if its role is one of the
    /// searched ones.
    Message,
    /// A part of a message: its type, one of these, says what it carries.
    Part(&'static [(&'static str, Modality)]),
    /// Free metadata of the client's, whose keys no table names: scalar members are params.
    Params,
}

/// The keys of an object that are known, each with its place. Tables are short, so a key is
/// looked for from the first on.
#[derive(Debug)]
pub(in crate::request) struct ObjectShape {
    pub(in crate::request) kind: ObjectKind,
    pub(in crate::request) fields: &'static [(&'static str, Place)],
}

impl ObjectShape {
    /// Returns the index and the place of a key.
    pub(in crate::request) fn field(&self, key: &str) -> Option<(usize, &'static Place)> {
        let found = self.fields.iter().enumerate().find(|(_, (name, _))| *name == key);
        found.map(|(index, (_, place))| (index, place))
    }

    /// Returns whether the key is one of these in another case. Keys of free metadata are the
    /// client's own, in any case.
    pub(in crate::request) fn is_miscased(&self, key: &str) -> bool {
        let is_same = |name: &str| is_same_but_for_case(name, key);
        self.kind != ObjectKind::Params && self.fields.iter().any(|(name, _)| is_same(name))
    }

    /// Returns the place of the field with that index.
    pub(in crate::request) fn place(&self, index: usize) -> Option<&'static Place> {
        self.fields.get(index).map(|(_, place)| place)
    }
}

/// Returns whether two keys differ, and only in the case of their letters.
///
/// Some servers match keys without case: to them `Model` is `model`, and even the long s and
/// the Kelvin sign are cases of `s` and `k`. What they might read, and others not, is refused.
pub(in crate::request) fn is_same_but_for_case(name: &str, key: &str) -> bool {
    let folded = |char: char| match char {
        'ſ' => 's',
        '\u{212a}' => 'k',
        char => char.to_ascii_lowercase(),
    };
    // Characters of the names are one byte each; only others in the key have more of them.
    if name.len() != key.len() && key.is_ascii() {
        return false;
    }
    name != key && name.chars().map(folded).eq(key.chars().map(folded))
}

impl Place {
    pub(in crate::request) const SKIP: Self = Self {
        word: Word::Skip,
        plain: Plain::Skip,
        items: None,
        members: None,
        filled: None,
        whole: false,
        apart: false,
        message: false,
        prompt: false,
        tags: None,
        implies: None,
        carries: None,
    };
    pub(in crate::request) const PROMPT: Self = Self { word: Word::Prompt, ..Self::SKIP };
    pub(in crate::request) const COUNTED: Self = Self { word: Word::Counted, ..Self::SKIP };
    /// Text or any JSON, all of it counted.
    pub(in crate::request) const WHOLE: Self =
        Self { word: Word::Counted, plain: Plain::Counted, whole: true, ..Self::SKIP };
    pub(in crate::request) const MODEL: Self = Self { word: Word::Model, ..Self::SKIP };
    pub(in crate::request) const MIME: Self = Self { word: Word::Mime, ..Self::SKIP };
    pub(in crate::request) const FILE_URI: Self = Self { word: Word::FileUri, ..Self::SKIP };
    pub(in crate::request) const MEDIA: Self = Self { word: Word::Media, ..Self::SKIP };
    pub(in crate::request) const TYPE: Self = Self { word: Word::Type, ..Self::SKIP };
    pub(in crate::request) const TOKEN: Self = Self { plain: Plain::Token, ..Self::SKIP };
    /// A switch; lenient servers also read it as text or a number.
    pub(in crate::request) const STREAM: Self = Self {
        word: Word::SaysIf(Saying::Stream, &["true", "True", "TRUE", "1", "on", "yes", "t", "y"]),
        plain: Plain::Says(Saying::Stream),
        ..Self::SKIP
    };
    /// Something that continues what a provider keeps.
    pub(in crate::request) const STATE: Self =
        Self { word: Word::Says(Saying::State), filled: Some(Saying::State), ..Self::SKIP };

    pub(in crate::request) const LIMIT: Self = Self::output(OutputBound::Limit);
    pub(in crate::request) const THINKING: Self = Self::output(OutputBound::Thinking);
    pub(in crate::request) const THINKING_BESIDE: Self = Self::output(OutputBound::ThinkingBeside);
    pub(in crate::request) const ANSWERS: Self = Self::output(OutputBound::Answers);

    const fn output(bound: OutputBound) -> Self {
        Self { word: Word::Output(bound), plain: Plain::Output(bound), ..Self::SKIP }
    }

    pub(in crate::request) const fn object(members: &'static ObjectShape) -> Self {
        Self::SKIP.members(members)
    }

    pub(in crate::request) const fn list(items: &'static Place) -> Self {
        Self::SKIP.items(items)
    }

    pub(in crate::request) const fn items(self, items: &'static Place) -> Self {
        Self { items: Some(items), ..self }
    }

    pub(in crate::request) const fn members(self, members: &'static ObjectShape) -> Self {
        Self { members: Some(members), ..self }
    }

    pub(in crate::request) const fn filled(self, saying: Saying) -> Self {
        Self { filled: Some(saying), ..self }
    }

    pub(in crate::request) const fn says_if(
        saying: Saying,
        words: &'static [&'static str],
    ) -> Self {
        Self { word: Word::SaysIf(saying, words), ..Self::SKIP }
    }

    pub(in crate::request) const fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    pub(in crate::request) const fn message(self) -> Self {
        Self { message: true, ..self }
    }

    /// One prompt of several, apart from the others.
    pub(in crate::request) const fn prompt(self) -> Self {
        Self { prompt: true, apart: true, ..self }
    }

    pub(in crate::request) const fn role(unsearched: &'static [&'static str]) -> Self {
        Self { word: Word::Role(unsearched), ..Self::SKIP }
    }

    pub(in crate::request) const fn carries(self, modality: Modality) -> Self {
        Self { carries: Some(modality), ..self }
    }

    pub(in crate::request) const fn implies(self, modality: Modality) -> Self {
        Self { implies: Some(modality), ..self }
    }

    /// A string of tags separated by commas, or a list of tags.
    pub(in crate::request) const fn tags(rank: u8, items: &'static Place) -> Self {
        Self { word: Word::Tags(rank), tags: Some(rank), ..Self::SKIP }.items(items)
    }

    pub(in crate::request) const fn tag(rank: u8) -> Self {
        Self { word: Word::Tag(rank), ..Self::SKIP }
    }
}
