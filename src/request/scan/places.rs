//! Where the top-level members lie that a rewrite may touch.
//!
//! Sees the members of the document one after the other and keeps the wanted
//! ones: `model` and every watched key, each of which may stand there once.

use std::sync::Arc;

use super::error::ScanError;
use super::layout::{Layout, Member};
use crate::request::credential::Naming;
use crate::request::watched::{Watched, WatchedKeys};

/// The member being read, as far as it has come.
#[derive(Debug, Default)]
struct Current {
    key_at: u64,
    value_at: u64,
    comma_before: Option<u64>,
    is_model: bool,
    watched: Option<usize>,
    /// Its value has not ended.
    is_open: bool,
}

/// The places of the members that have been read. The walker calls its methods in the order
/// in which the things are in the body.
#[derive(Debug)]
pub(super) struct Places {
    /// Keys whose places are wanted.
    wanted: Arc<WatchedKeys>,
    layout: Layout,
    current: Current,
    /// The last comma between members.
    comma: Option<u64>,
    /// The model must not be named again.
    is_released: bool,
    /// Members that must not come any more.
    sealed: Naming,
}

impl Places {
    /// Returns no places yet.
    pub(super) fn new(wanted: Arc<WatchedKeys>) -> Self {
        Self {
            wanted,
            layout: Layout::default(),
            current: Current::default(),
            comma: None,
            is_released: false,
            sealed: Naming::default(),
        }
    }

    /// Refuses another `model` from now on: the request goes where the one that was there
    /// sends it.
    pub(super) const fn release(&mut self) {
        self.is_released = true;
    }

    /// Refuses these members from now on: nobody takes them out any more.
    ///
    /// # Errors
    /// One of them is being read, and has not ended.
    pub(super) fn seal(&mut self, members: Naming) -> Result<(), ScanError> {
        self.sealed = members;
        // One whose key has been read is on its way out, and half a member cannot be removed.
        let current = self.current.watched.and_then(|index| self.wanted.names().get(index));
        match current {
            Some(key) if self.current.is_open && members.has(key) => {
                Err(ScanError::LateMember { at: self.current.key_at })
            }
            _ => Ok(()),
        }
    }

    /// Returns the places so far. Of a body that has not ended, they are what a request is edited
    /// by that goes on early.
    pub(super) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The document begins; `open` is the place after its bracket.
    pub(super) fn open(&mut self, open: u64) {
        self.layout.open = open;
    }

    /// A key starts, at its opening quote.
    pub(super) fn key_start(&mut self, at: u64) {
        self.current = Current { key_at: at, comma_before: self.comma, ..Current::default() };
    }

    /// The key is known.
    ///
    /// # Errors
    /// What comes too late, a wanted member for the second time, or one in another case.
    pub(super) fn key(&mut self, key: &str) -> Result<(), ScanError> {
        let at = self.current.key_at;
        self.current.is_model = key == "model";
        self.current.is_open = true;
        if self.current.is_model && self.is_released {
            return Err(ScanError::SecondModel { at });
        }
        if self.sealed.has(key) {
            return Err(ScanError::LateMember { at });
        }
        self.current.watched = match self.wanted.find(key) {
            Some(Watched::Key(index)) => Some(index),
            Some(Watched::Miscased) => return Err(ScanError::Miscased { at }),
            None => None,
        };
        let is_there = |index| self.layout.watched.iter().any(|(known, _)| *known == index);
        let is_model_there = self.current.is_model && self.layout.model.is_some();
        if is_model_there || self.current.watched.is_some_and(is_there) {
            return Err(ScanError::Repeated { at });
        }
        Ok(())
    }

    /// The member's value starts.
    pub(super) fn value_start(&mut self, at: u64) {
        self.current.value_at = at;
    }

    /// The member's value ended. Returns whether it was the model.
    pub(super) fn value_end(&mut self, end: u64) -> bool {
        self.layout.members = self.layout.members.saturating_add(1);
        self.current.is_open = false;
        let current = &self.current;
        let member = Member {
            whole: current.key_at..end,
            value: current.value_at..end,
            comma_before: current.comma_before,
            comma_after: None,
        };
        if let Some(index) = current.watched {
            self.layout.watched.push((index, member.clone()));
        }
        if current.is_model {
            self.layout.model = Some(member);
        }
        current.is_model
    }

    /// A string ended that repeats the model deeper in the body.
    ///
    /// # Errors
    /// There are too many of them, since each becomes an edit; or it comes too late for that.
    pub(super) fn nested(&mut self, at: u64, end: u64) -> Result<(), ScanError> {
        if self.is_released {
            return Err(ScanError::SecondModel { at });
        }
        if self.layout.nested.len() >= ScanError::MAX_NESTED {
            return Err(ScanError::TooManyModels { at });
        }
        self.layout.nested.push(at..end);
        Ok(())
    }

    /// A comma between members.
    pub(super) fn comma(&mut self, at: u64) {
        self.comma = Some(at);
        // A comma belongs to two members: to the one before it here, to the next when that
        // begins.
        if self.current.is_model
            && let Some(member) = &mut self.layout.model
        {
            member.comma_after = Some(at);
        }
        if self.current.watched.is_some()
            && let Some((_, member)) = self.layout.watched.last_mut()
        {
            member.comma_after = Some(at);
        }
    }

    /// Returns whether the body brings a key of the client's own.
    pub(super) fn has_key(&self) -> bool {
        self.wanted.bring_key(self.layout.watched.iter().map(|(index, _)| *index))
    }

    /// Returns all places.
    pub(super) fn into_layout(self) -> Layout {
        self.layout
    }
}
