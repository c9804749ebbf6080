//! The containers that are open and named by the table, and the rule that the
//! last of equal keys counts.

use super::tally::Tally;
use crate::request::document::{Modality, ObjectKind, ObjectShape, Place, Saying};
use crate::request::keyword::Cursor;
use crate::request::media::Pricing;
use crate::request::prompt::Prompt;

/// What a member's value is to the object around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing, or null.
    None,
    Some,
    /// A message's role, and whether text under it is searched.
    Role {
        searched: bool,
    },
    /// What a part of this type carries, if the type is known.
    Type(Option<Modality>),
}

/// The last value of a key. As long as its object is open, another one of the same key may
/// replace it.
#[derive(Debug)]
struct Slot {
    /// Index of the key in the table.
    field: usize,
    /// The search before the first value of this key.
    cursor: Cursor,
    content: Content,
    tally: Tally,
}

/// What the table says of what is in a container.
#[derive(Debug, Clone, Copy)]
enum Inside {
    Object(&'static ObjectShape),
    Array(&'static Place),
}

/// An open container.
#[derive(Debug)]
pub(super) struct Frame {
    inside: Inside,
    /// The place of the container itself.
    place: &'static Place,
    /// The search before the container.
    cursor: Cursor,
    /// The members so far that the table names.
    slots: Vec<Slot>,
    /// The slot of the member being read.
    current: Option<usize>,
    /// What an array's elements come to so far.
    sum: Tally,
    /// Whether there was any element or member.
    is_filled: bool,
}

impl Frame {
    /// Returns an object that has just been opened.
    pub(super) fn object(
        place: &'static Place,
        shape: &'static ObjectShape,
        cursor: Cursor,
    ) -> Self {
        Self::new(place, Inside::Object(shape), cursor)
    }

    /// Returns an array that has just been opened.
    pub(super) fn array(place: &'static Place, items: &'static Place, cursor: Cursor) -> Self {
        Self::new(place, Inside::Array(items), cursor)
    }

    fn new(place: &'static Place, inside: Inside, cursor: Cursor) -> Self {
        Self {
            inside,
            place,
            cursor,
            slots: Vec::new(),
            current: None,
            sum: Tally::default(),
            is_filled: false,
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
        let typed = self.slots.iter().find_map(|slot| match slot.content {
            Content::Type(modality) => Some(modality),
            _ => None,
        });
        typed.unwrap_or_else(|| {
            let Inside::Object(shape) = self.inside else { return None };
            let present = self.slots.iter().filter(|slot| slot.content != Content::None);
            // In the table's order: the body's must not matter.
            let implying =
                present.filter_map(|slot| Some((slot.field, shape.place(slot.field)?.implies?)));
            implying.min_by_key(|(field, _)| *field).map(|(_, modality)| modality)
        })
    }

    /// Returns whether keywords in this message's text count. They do without a role.
    fn is_searched(&self) -> bool {
        self.slots.iter().all(|slot| slot.content != Content::Role { searched: false })
    }
}

/// The containers that are open and have a place in the table, outermost first.
#[derive(Debug, Default)]
pub(super) struct Frames {
    stack: Vec<Frame>,
    /// Slot vectors of closed containers, for reuse; no more than the greatest depth.
    spare: Vec<Vec<Slot>>,
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
        frame.slots = self.spare.pop().unwrap_or_default();
        self.stack.push(frame);
    }

    /// Closes the innermost container, and returns it.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.stack.pop()
    }

    /// Returns whether the value being read is a member of free metadata.
    pub(super) fn in_params(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.kind() == ObjectKind::Params)
    }

    /// Returns the place of the value that starts now; one that is skipped where the table has
    /// none.
    pub(super) fn place_of_value(&self) -> &'static Place {
        let place = self.stack.last().and_then(|frame| match frame.inside {
            Inside::Array(items) => Some(items),
            Inside::Object(shape) => shape.place(frame.slots.get(frame.current?)?.field),
        });
        place.unwrap_or(&Place::SKIP)
    }

    /// Returns what a part of that type carries, if the innermost object is a part and its
    /// table knows the type.
    pub(super) fn modality(&self, name: &str) -> Option<Modality> {
        match self.stack.last()?.kind() {
            ObjectKind::Part(types) => {
                types.iter().find(|(known, _)| *known == name).map(|(_, m)| *m)
            }
            _ => None,
        }
    }

    /// A key of the innermost object is known (`None`: it is too long for any that matters).
    ///
    /// Where it is there for a second time, forgets the earlier value and returns the cursor
    /// from before it, to which the search has to go back. `cursor` is the one at hand.
    pub(super) fn key(&mut self, key: Option<&str>, cursor: Cursor) -> Option<Cursor> {
        let frame = self.stack.last_mut()?;
        frame.current = None;
        let Inside::Object(shape) = frame.inside else { return None };
        let (field, _) = shape.field(key?)?;
        if let Some(index) = frame.slots.iter().position(|slot| slot.field == field) {
            frame.current = Some(index);
            let slot = frame.slots.get_mut(index)?;
            slot.content = Content::None;
            slot.tally = Tally::default();
            return Some(slot.cursor);
        }
        frame.current = Some(frame.slots.len());
        frame.slots.push(Slot { field, cursor, content: Content::None, tally: Tally::default() });
        None
    }

    /// Returns whether what is said now comes after an answer, in any of the open lists.
    pub(super) fn is_answered(&self) -> bool {
        self.stack.iter().any(|frame| frame.sum.says(Saying::Answer))
    }

    /// Returns whether a key of the innermost object is one of the table's in another case.
    pub(super) fn is_miscased(&self, key: &str) -> bool {
        match self.stack.last() {
            Some(Frame { inside: Inside::Object(shape), current: None, .. }) => {
                shape.is_miscased(key)
            }
            _ => false,
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
        } else if let Some(slot) = frame.current.and_then(|index| frame.slots.get_mut(index)) {
            slot.tally = tally;
            slot.content = content;
        }
    }

    /// Returns the tally of a closed container: the sum of what is in it, and what it says
    /// as a whole, as a message counts as one. Also returns the cursor to go back to, if its
    /// text turns out not to be searched.
    ///
    /// Only at its end is a message known to be an assistant's, whichever of `role` and
    /// `content` came first.
    pub(super) fn sum(&mut self, mut frame: Frame, pricing: Pricing) -> (Tally, Option<Cursor>) {
        let mut tally = std::mem::take(&mut frame.sum);
        let kind = frame.kind();
        let carried = frame.carried();
        let searched = frame.is_searched();
        for slot in frame.slots.drain(..) {
            tally.add(slot.tally);
        }
        self.spare.push(frame.slots);
        if let (Some(saying), true) = (frame.place.filled, frame.is_filled) {
            tally.say(saying);
        }
        tally.prompts = tally.prompts.saturating_add(frame.place.prompt.into());
        match kind {
            ObjectKind::Message => {
                tally.messages = tally.messages.saturating_add(1);
                if !searched {
                    tally.hits.clear();
                    tally.said = 0;
                    tally.prompt = Prompt::default();
                    tally.say(Saying::Answer);
                    return (tally, Some(frame.cursor));
                }
            }
            ObjectKind::Part(_) => {
                // A part that says it is text has no file, whatever members it has.
                if carried == Some(Modality::Text) {
                    tally.unsay(Saying::State);
                }
                tally.carry(carried.unwrap_or(Modality::Text), pricing);
            }
            ObjectKind::Plain | ObjectKind::Params => {}
        }
        if let (Inside::Object(_), Some(modality)) = (frame.inside, frame.place.carries) {
            tally.carry(modality, pricing);
        }
        (tally, None)
    }
}
