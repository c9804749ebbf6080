//! The vocabulary of the documents' tables: what a value at some place of a document
//! means, by its JSON type.
//!
//! A table is a graph of [`Place`]s (what a value is) and [`ObjectShape`]s (what the keys of an
//! object are), all constants. What a table does not name may reach the model as prompt: it is
//! searched and counted. Refuses to know any format.
//!
//! For example, of a document such as `{"model": "m", "items": ["a", {"text": "b"}]}`, whose
//! items are prompts, the table would be:
//!
//! ```text
//! static ITEM_SHAPE: ObjectShape = plain(&[("text", Place::PROMPT)]);
//! static ITEM: Place = Place::PROMPT.members(&ITEM_SHAPE);
//! static SHAPE: ObjectShape = plain(&[MODEL, ("items", Place::list(&ITEM))]);
//! ```

use super::spelling::{flat, is_same_but_for_case, is_snake_of};
use super::word::{ClassOf, Modality, OutputBound, Parting, Plain, Saying, TextClass, Word};

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
    /// Text here does not continue the text before it, so no keyword reaches from one into
    /// the other.
    pub(in crate::request) apart: bool,
    /// Text here goes on where the part before it ended, as all text of the prompt does.
    pub(in crate::request) joins: bool,
    /// A string here is a message.
    pub(in crate::request) message: bool,
    /// A string, array or object here is a prompt of several, each with an answer of its own.
    pub(in crate::request) prompt: bool,
    /// What the key alone makes of a part that has no type.
    pub(in crate::request) implies: Option<Modality>,
    /// What a string or an object here is, without any part around it.
    pub(in crate::request) carries: Option<Modality>,
}

impl Place {
    /// Text that may reach the model as prompt and is not the prompt itself: what no table names,
    /// and titles, names, arguments of templates. Arrays and objects without a table are searched
    /// and counted as a whole, keys and all.
    pub(in crate::request) const ASIDE: Self = Self {
        word: Word::Text(TextClass::Aside),
        plain: Plain::Skip,
        items: None,
        members: None,
        filled: None,
        apart: false,
        joins: false,
        message: false,
        prompt: false,
        implies: None,
        carries: None,
    };
    /// What no table names. Its numbers are text too.
    pub(in crate::request) const UNKNOWN: Self = Self { plain: Plain::Counted, ..Self::ASIDE };
    pub(in crate::request) const PROMPT: Self = Self::string(Word::Text(TextClass::Prompt));
    pub(in crate::request) const ASSISTANT: Self = Self::string(Word::Text(TextClass::Assistant));
    /// What a tool is sent and what it answers: text or any JSON.
    pub(in crate::request) const TOOLS: Self =
        Self { plain: Plain::Counted, ..Self::string(Word::Text(TextClass::Tools)) };
    /// Definitions of tools and of what the answer has to look like: text or any JSON.
    pub(in crate::request) const SCHEMA: Self =
        Self { plain: Plain::Counted, ..Self::string(Word::Text(TextClass::Schemas)) };

    /// A switch or a word of a vocabulary, or a list or an object of such: the provider's program
    /// reads it, not the model.
    pub(in crate::request) const SETTING: Self = Self::string(Word::Setting);
    /// A setting that names something of an account, such as a guardrail. The provider refuses one
    /// that belongs to another account, or that does not exist.
    pub(in crate::request) const OTHERS: Self =
        Self { filled: Some(Saying::Reference), ..Self::SETTING };
    /// What names a thing, a user or a call, and labels: the model is not shown it.
    pub(in crate::request) const ID: Self = Self::string(Word::Id);
    /// What names an item. The item is one that the provider keeps if its type is one of such
    /// things, or if it has neither a type nor a role.
    pub(in crate::request) const ITEM_ID: Self = Self::string(Word::ItemId);
    /// What is no text for anybody, and says nothing of the request.
    pub(in crate::request) const OPAQUE: Self = Self::string(Word::Opaque);
    /// The data of an image, of audio or of a file, in base64.
    pub(in crate::request) const MEDIA: Self = Self::string(Word::Media);
    /// How a source gives its data: `base64`, or else as text. It may stand before the data or
    /// after it.
    pub(in crate::request) const ENCODING: Self = Self::string(Word::Encoding);
    /// The data of a source. Until its encoding is known, it is read as media and as text at once,
    /// and the source takes one of the two at its end.
    pub(in crate::request) const ENCODED: Self = Self::string(Word::Encoded);
    /// The address of an image, of audio or of a file, or a data URL.
    pub(in crate::request) const LINK: Self = Self::string(Word::Link);
    /// The place of a file. One of the provider's own (`files/…`) is state that it keeps: nobody
    /// else can read it.
    pub(in crate::request) const FILE_URI: Self = Self::string(Word::FileUri);
    pub(in crate::request) const MODEL: Self = Self::string(Word::Model);
    pub(in crate::request) const MODEL_AGAIN: Self = Self::string(Word::ModelAgain);
    pub(in crate::request) const MIME: Self = Self::string(Word::Mime);
    /// A part's type, where that says nothing of whose text it is.
    pub(in crate::request) const TYPE: Self = Self::typed(&[]);
    pub(in crate::request) const TOKEN: Self = Self { plain: Plain::Token, ..Self::ASIDE };
    /// A prompt as tensors, which nobody but the model can read.
    pub(in crate::request) const TENSORS: Self = Self {
        filled: Some(Saying::Tokens),
        ..Self::string(Word::Sealed(Saying::Tokens, &Parting::Never))
    };
    /// A switch; lenient servers also read it as text or a number.
    pub(in crate::request) const STREAM: Self = Self {
        plain: Plain::Says(Saying::Stream),
        ..Self::says_if(Saying::Stream, &["true", "True", "TRUE", "1", "on", "yes", "t", "y"])
    };
    /// Something that continues what a provider keeps.
    pub(in crate::request) const STATE: Self =
        Self { filled: Some(Saying::State), ..Self::string(Word::Says(Saying::State)) };
    pub(in crate::request) const LIMIT: Self = Self::output(OutputBound::Limit);
    pub(in crate::request) const THINKING: Self = Self::output(OutputBound::Thinking);
    pub(in crate::request) const THINKING_BESIDE: Self = Self::output(OutputBound::ThinkingBeside);
    pub(in crate::request) const ANSWERS: Self = Self::output(OutputBound::Answers);

    /// What only the account that made it can decrypt, such as encrypted thoughts. It may hold a
    /// prompt that nobody else can search.
    pub(in crate::request) const fn sealed(parting: &'static Parting) -> Self {
        Self::string(Word::Sealed(Saying::Sealed, parting))
    }

    /// What only the account that made it takes back, and holds no prompt: signatures of thoughts,
    /// and what a provider's own tools found.
    pub(in crate::request) const fn signed(parting: &'static Parting) -> Self {
        Self::string(Word::Sealed(Saying::Signed, parting))
    }

    const fn output(bound: OutputBound) -> Self {
        Self { plain: Plain::Output(bound), ..Self::string(Word::Output(bound)) }
    }

    const fn string(word: Word) -> Self {
        Self { word, ..Self::ASIDE }
    }

    pub(in crate::request) const fn object(members: &'static ObjectShape) -> Self {
        Self::ASIDE.members(members)
    }

    pub(in crate::request) const fn list(items: &'static Place) -> Self {
        Self::ASIDE.items(items)
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
        Self::string(Word::SaysIf(saying, words))
    }

    pub(in crate::request) const fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// The text of one of several parts: they are shown to the model as one.
    pub(in crate::request) const fn joined(self) -> Self {
        Self { joins: true, ..self }
    }

    pub(in crate::request) const fn message(self) -> Self {
        Self { message: true, ..self }
    }

    /// One prompt of several, apart from the others. Each has answers of its own, which the cost of
    /// the output counts.
    pub(in crate::request) const fn prompt(self) -> Self {
        Self { prompt: true, apart: true, ..self }
    }

    /// A message's role. These are whose text is not the user's; that of all others is, for
    /// lenient servers take roles that they do not know for the user's.
    pub(in crate::request) const fn role(others: &'static [ClassOf]) -> Self {
        Self::string(Word::Role(others))
    }

    /// The type of a part or an item. These are whose text is of a class of its own.
    pub(in crate::request) const fn typed(others: &'static [ClassOf]) -> Self {
        Self::string(Word::Type(others))
    }

    pub(in crate::request) const fn carries(self, modality: Modality) -> Self {
        Self { carries: Some(modality), ..self }
    }

    pub(in crate::request) const fn implies(self, modality: Modality) -> Self {
        Self { implies: Some(modality), ..self }
    }

    /// A string of tags separated by commas, or a list of tags. Of several sources that have tags,
    /// the one of the lowest rank counts.
    pub(in crate::request) const fn tags(rank: u8, items: &'static Place) -> Self {
        Self::string(Word::Tags(rank)).items(items)
    }

    pub(in crate::request) const fn tag(rank: u8) -> Self {
        Self::string(Word::Tag(rank))
    }
}

/// What kind of object it is, beyond its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum ObjectKind {
    /// Nothing but its members: what it says is what they say.
    Plain,
    /// A message. It is counted as one, and its role says whose text it is.
    Message,
    /// A message that may also be a thing the provider keeps, named by its `id`: one of these
    /// types, or of none.
    Item {
        kept: &'static [&'static str],
        /// Types whose data is base64, and that of others text.
        base64: &'static [&'static str],
    },
    /// A part of a message: its type, one of these, says what it carries.
    Part(&'static [(&'static str, Modality)]),
    /// Data, and how it is encoded.
    Source,
    /// Free metadata of the client's, whose keys no table names: scalar members are params.
    Params,
}

/// Keys whose values are all the same: what they are, and the keys.
pub(in crate::request) type Alike = (&'static Place, &'static [&'static str]);

/// The keys of an object that are known, each with its place. Tables are short, so a key is
/// looked for from the first on; the keys that most bodies have come first.
#[derive(Debug)]
pub(in crate::request) struct ObjectShape {
    pub(in crate::request) kind: ObjectKind,
    fields: &'static [(&'static str, Place)],
    /// Further keys: mostly those that cannot reach the model as prompt, by the reason. Their case
    /// is not checked.
    alike: &'static [Alike],
    /// What the value of any other key is. Where it is text, so is the key.
    pub(in crate::request) others: &'static Place,
    /// Whether a key may be written in snake case too, as Protobuf's JSON allows. Both spellings
    /// are one key, so they may not stand together.
    is_snake_too: bool,
}

/// What an object may have of known keys, so that a bit for each fits.
const MOST_KEYS: usize = 128;

impl ObjectShape {
    /// Returns an object of that kind, whose other keys may reach the model as prompt.
    pub(super) const fn new(kind: ObjectKind, fields: &'static [(&'static str, Place)]) -> Self {
        assert!(fields.len() <= MOST_KEYS, "a bit for each");
        Self { kind, fields, alike: &[], others: &Place::UNKNOWN, is_snake_too: false }
    }

    /// Returns the same with further keys.
    pub(super) const fn with(self, alike: &'static [Alike]) -> Self {
        let mut keys = self.fields.len();
        let mut rest = alike;
        while let [(_, names), tail @ ..] = rest {
            keys = keys.saturating_add(names.len());
            rest = tail;
        }
        assert!(keys <= MOST_KEYS, "a bit for each");
        Self { alike, ..self }
    }

    /// Returns the same, of which all other keys have this place.
    pub(super) const fn others(self, others: &'static Place) -> Self {
        Self { others, ..self }
    }

    /// Returns the same, whose keys are written in camel case here and may be in snake case.
    pub(super) const fn in_both_cases(self) -> Self {
        Self { is_snake_too: true, ..self }
    }

    /// Returns the number and the place of a key. Two spellings of one key have one number.
    pub(in crate::request) fn field(&self, key: &str) -> Option<(u8, &'static Place)> {
        let is_it = |name: &str| name == key || self.is_snake_too && is_snake_of(name, key);
        let at = self.fields.iter().position(|(name, _)| is_it(name));
        if let Some((at, (_, place))) = at.and_then(|at| Some((at, self.fields.get(at)?))) {
            return Some((u8::try_from(at).ok()?, place));
        }
        // Numbers go on after the fields, so that each key has a bit of its own.
        let mut before = self.fields.len();
        for (place, keys) in self.alike {
            if let Some(at) = keys.iter().position(|name| is_it(name)) {
                return Some((u8::try_from(before.saturating_add(at)).ok()?, place));
            }
            before = before.saturating_add(keys.len());
        }
        None
    }

    /// Returns whether a key that is not known is one of these in another case, but for those that
    /// say nothing of the request. Keys of free metadata are the client's own, in any case.
    pub(in crate::request) fn is_miscased(&self, key: &str) -> bool {
        let is_same = |name: &str| {
            is_same_but_for_case(name, key)
                || self.is_snake_too && key.contains('_') && is_same_but_for_case(name, &flat(key))
        };
        self.kind != ObjectKind::Params && self.fields.iter().any(|(name, _)| is_same(name))
    }
}
