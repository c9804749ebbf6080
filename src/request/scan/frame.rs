//! The containers that are open and have a place in the table.
//!
//! Of two equal keys some servers take the first, some the last, and some merge them. So a
//! key that the table knows stands once in its object, or the body is refused.

mod view;

use super::tally::Tally;
use crate::request::document::{Modality, ObjectKind, ObjectShape, Place, Saying, TextClass, Word};
use crate::request::media::Pricing;
use crate::request::prompt::Prompt;

/// What a member's value is to the object around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing, or null.
    None,
    Some,
    /// A message's role, and whose text it makes of that under it; `None`: the user's.
    Role(Option<TextClass>),
    Type(KnownType),
    /// How a source gives its data: in base64, or as text.
    Encoding {
        is_base64: bool,
    },
    /// The data of a source, which is read before its encoding.
    Data,
    /// An item's own id.
    ItemId,
}

/// What the type of a part or an item says, if it is a known one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KnownType {
    /// What the part carries.
    pub(super) modality: Option<Modality>,
    /// Whose text is in it, where that does not depend on the message around it.
    pub(super) class: Option<TextClass>,
    /// Whether an item of that type may be one that the provider keeps.
    pub(super) is_kept: bool,
    /// Whether the data of such an item is base64.
    pub(super) is_base64: bool,
}

/// A key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyMeaning {
    /// The table knows it.
    Known,
    /// It does not. The key is as good as the value: text, or a word of this kind.
    Unknown(Word),
    /// The table knows it, and it stood there before.
    Repeated,
    /// The table knows it in another case.
    Miscased,
}

/// What the table says of what is in a container.
#[derive(Debug, Clone, Copy)]
enum Inside {
    Object(&'static ObjectShape),
    Array(&'static Place),
}

/// What the containers around another one make of the text in it.
#[derive(Debug, Clone, Copy, Default)]
struct Outer {
    /// Whose it is, if one of them says so.
    class: Option<TextClass>,
    /// Whether it comes after an answer, in one of the lists.
    is_answered: bool,
}

/// An open container.
#[derive(Debug)]
pub(super) struct Frame {
    inside: Inside,
    /// The place of the container itself.
    place: &'static Place,
    /// The keys so far that the table knows: a bit for each, by its number in the table. So memory
    /// stays the same however many keys a client writes.
    seen: u128,
    /// The place of the member being read, and its number if its key is known.
    current: (&'static Place, Option<u8>),
    /// What is in it so far.
    sum: Tally,
    /// The data of a source, which is text or not by its encoding. It waits here for the end of the
    /// source, because the encoding may come after it.
    data: Option<Box<Tally>>,
    is_base64: bool,
    /// Whether there was any element or member.
    is_filled: bool,
    /// What the containers around it make of text in it. That stays as it is while this one is
    /// open, so nobody has to look through all of them for each string.
    outer: Outer,
    /// Whether there was an id of its own.
    has_id: bool,
    /// What its role says, once that has been read: whose text it makes of all in it. The inner
    /// `None` is the user's.
    role: Option<Option<TextClass>>,
    /// What its type says.
    kind: Option<KnownType>,
    /// Without a type: what the first of its keys in the table implies, and that key's number.
    implied: Option<(u8, Modality)>,
}

impl Frame {
    /// Returns an object that has just been opened.
    pub(super) fn object(place: &'static Place, shape: &'static ObjectShape) -> Self {
        Self::new(place, Inside::Object(shape))
    }

    /// Returns an array that has just been opened.
    pub(super) fn array(place: &'static Place, items: &'static Place) -> Self {
        Self::new(place, Inside::Array(items))
    }

    fn new(place: &'static Place, inside: Inside) -> Self {
        Self {
            inside,
            place,
            seen: 0,
            current: (&Place::ASIDE, None),
            sum: Tally::default(),
            data: None,
            is_base64: false,
            is_filled: false,
            outer: Outer::default(),
            has_id: false,
            role: None,
            kind: None,
            implied: None,
        }
    }

    /// Returns what kind of object it is; an array is a plain one.
    fn kind(&self) -> ObjectKind {
        match self.inside {
            Inside::Object(shape) => shape.kind,
            Inside::Array(_) => ObjectKind::Plain,
        }
    }

    /// Returns what a part of a message carries: what its type says, or without a type what
    /// its keys say. So `{"image_url": "…"}` is an image, and `{"type": "text",
    /// "image_url": "…"}` is not.
    fn carried(&self) -> Option<Modality> {
        match self.kind {
            Some(kind) => kind.modality,
            None => self.implied.map(|(_, modality)| modality),
        }
    }

    /// Returns whose text is in it, where its role or its type says so. A role counts before a
    /// type: who gives one means a message.
    fn class(&self) -> Option<TextClass> {
        self.role.unwrap_or_else(|| self.kind.and_then(|kind| kind.class))
    }

    /// Returns the same as far as no later member can change it.
    fn known_class(&self) -> Option<TextClass> {
        match self.kind() {
            // A role may still come, and would count before the type.
            ObjectKind::Message | ObjectKind::Item { .. } => self.role?,
            _ => self.class(),
        }
    }

    /// Returns what it and all around it make of the text in it.
    fn outer(&self) -> Outer {
        // Only a list has a before and after: the order of an object's keys means nothing.
        let is_array = matches!(self.inside, Inside::Array(_));
        Outer {
            class: self.known_class().or(self.outer.class),
            is_answered: self.outer.is_answered || is_array && self.sum.says(Saying::Answer),
        }
    }

    /// Returns whether it is a thing that the provider keeps: an id, with a type of such things
    /// or with neither a type nor a role.
    fn is_kept(&self) -> bool {
        let is_bare = self.kind.is_none() && self.role.is_none();
        self.has_id && (is_bare || self.kind.is_some_and(|kind| kind.is_kept))
    }

    /// Takes what a member is to the object.
    fn note(&mut self, content: Content) {
        match content {
            Content::None => return,
            Content::Role(class) => self.role = Some(class),
            Content::Type(kind) => {
                self.kind = Some(kind);
                self.is_base64 |= kind.is_base64;
            }
            Content::Encoding { is_base64 } => self.is_base64 = is_base64,
            Content::ItemId => self.has_id = true,
            Content::Some | Content::Data => {}
        }
        let (place, number) = self.current;
        // In the table's order: the body's must not matter.
        if let (Some(number), Some(modality)) = (number, place.implies)
            && self.implied.is_none_or(|(first, _)| number < first)
        {
            self.implied = Some((number, modality));
        }
    }
}

/// The containers that are open and have a place in the table, outermost first.
#[derive(Debug, Default)]
pub(super) struct Frames {
    stack: Vec<Frame>,
}

impl Frames {
    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.stack.len()
    }

    /// Returns whether there is none: the document has not begun, or has ended.
    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Opens a container inside the innermost one.
    pub(super) fn push(&mut self, mut frame: Frame) {
        frame.outer = self.outer();
        self.stack.push(frame);
    }

    /// Returns what the open containers make of the text in them.
    fn outer(&self) -> Outer {
        self.stack.last().map(Frame::outer).unwrap_or_default()
    }

    /// Closes the innermost container, and returns it.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.stack.pop()
    }

    /// Returns whether the value being read is a member of free metadata.
    pub(super) fn in_params(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.kind() == ObjectKind::Params)
    }

    /// Returns whether the value being read is a member of an object.
    pub(super) fn in_object(&self) -> bool {
        self.stack.last().is_some_and(|frame| matches!(frame.inside, Inside::Object(_)))
    }

    /// Returns the place of the value that starts now.
    pub(super) fn place_of_value(&self) -> &'static Place {
        self.stack.last().map_or(&Place::ASIDE, |frame| match frame.inside {
            Inside::Array(items) => items,
            Inside::Object(_) => frame.current.0,
        })
    }

    /// Returns what a type of that name, which makes its text of that class, says of the innermost
    /// object.
    pub(super) fn known_type(&self, name: &str, class: Option<TextClass>) -> KnownType {
        let (mut modality, mut is_kept, mut is_base64) = (None, false, false);
        match self.stack.last().map(Frame::kind) {
            Some(ObjectKind::Part(types)) => {
                modality = types.iter().find(|(known, _)| *known == name).map(|(_, is)| *is);
                is_base64 = modality == Some(Modality::Sealed);
            }
            Some(ObjectKind::Item { kept, base64 }) => {
                is_kept = kept.contains(&name);
                is_base64 = base64.contains(&name);
            }
            _ => {}
        }
        KnownType { modality, class, is_kept, is_base64 }
    }

    /// Returns whether data that is read now is known to be base64.
    pub(super) fn is_base64(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.is_base64)
    }

    /// A key of the innermost object is known (`None`: it is too long for any that matters).
    /// Returns what it is, and makes its place that of the value which follows.
    pub(super) fn key(&mut self, key: Option<&str>) -> KeyMeaning {
        let Some(frame) = self.stack.last_mut() else { return KeyMeaning::Known };
        let Inside::Object(shape) = frame.inside else { return KeyMeaning::Known };
        let Some((number, place)) = key.and_then(|key| shape.field(key)) else {
            frame.current = (shape.others, None);
            if key.is_some_and(|key| shape.is_miscased(key)) {
                return KeyMeaning::Miscased;
            }
            return KeyMeaning::Unknown(shape.others.word);
        };
        frame.current = (place, Some(number));
        // A table has no more keys than there are bits: the compiler checks that.
        let bit = 1_u128.checked_shl(number.into()).unwrap_or(0);
        if frame.seen & bit != 0 {
            return KeyMeaning::Repeated;
        }
        frame.seen |= bit;
        KeyMeaning::Known
    }

    /// Returns whether what is said now comes after an answer, in any of the open lists.
    pub(super) fn is_answered(&self) -> bool {
        self.outer().is_answered
    }

    /// Returns the class that an open message or part gives the text in it, as far as that is
    /// known by now; the innermost counts.
    pub(super) fn known_class(&self) -> Option<TextClass> {
        self.outer().class
    }

    /// Adds text of the innermost container's own, such as a key.
    pub(super) fn add(&mut self, tally: Tally) {
        if let Some(frame) = self.stack.last_mut() {
            frame.sum.add(tally);
        }
    }

    /// Takes the tally of an element, or of the member that is being read, whose value ended.
    pub(super) fn deliver(&mut self, mut tally: Tally, content: Content) {
        let Some(frame) = self.stack.last_mut() else { return };
        frame.is_filled = true;
        if let Inside::Array(_) = frame.inside {
            // What comes after an answer tells no session.
            if frame.sum.says(Saying::Answer) {
                tally.said = 0;
            }
            frame.sum.add(tally);
            return;
        }
        frame.note(content);
        // It is added at the object's end, when it is known whether it is text.
        if content == Content::Data {
            frame.data = Some(Box::new(tally));
            return;
        }
        frame.sum.add(tally);
    }

    /// Returns the tally of a closed container: the sum of what is in it, and what it says
    /// as a whole, as a message counts as one. Also returns whose text it is, if it says so.
    ///
    /// Only at its end is a message known to be an assistant's, whichever of `role` and
    /// `content` came first.
    pub(super) fn sum(&self, mut frame: Frame, pricing: Pricing) -> (Tally, Option<TextClass>) {
        let mut tally = std::mem::take(&mut frame.sum);
        if let Some(data) = frame.data.take() {
            tally.add(if frame.is_base64 { data.of_media() } else { *data });
        }
        if let (Some(saying), true) = (frame.place.filled, frame.is_filled) {
            tally.say(saying);
        }
        tally.prompts = tally.prompts.saturating_add(frame.place.prompt.into());
        let carried = frame.carried();
        match frame.kind() {
            // The provider reads in the item's place what it keeps under that id.
            // One that brings its own content encrypted needs nothing that is kept.
            ObjectKind::Item { .. } if frame.is_kept() && !tally.says(Saying::Sealed) => {
                tally.say(Saying::State);
            }
            ObjectKind::Part(_) => {
                // A part that says it is text has no file, whatever members it has.
                if carried == Some(Modality::Text) {
                    tally.unsay(Saying::State);
                }
                tally.carry(carried.unwrap_or(Modality::Text), pricing);
            }
            _ => {}
        }
        let class = frame.class();
        if matches!(frame.kind(), ObjectKind::Message | ObjectKind::Item { .. }) {
            tally.messages = tally.messages.saturating_add(1);
        }
        if class.is_some() {
            // It tells no session, nor does what comes after it.
            tally.said = 0;
            tally.prompt = Prompt::default();
            tally.say(Saying::Answer);
        }
        // A list carries nothing itself: its elements do.
        if let (Inside::Object(_), Some(modality)) = (frame.inside, frame.place.carries) {
            tally.carry(modality, pricing);
        }
        (tally, class)
    }
}
