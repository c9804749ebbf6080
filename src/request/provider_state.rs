//! What of a request only one account of one provider can read: ids of what it keeps, and what it has
//! encrypted or signed.

use serde::Serialize;

/// What a request carries that only the account that made it can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProviderState {
    /// It names what the provider keeps: an earlier response, a conversation, a file, a container,
    /// a cached prompt.
    pub is_stored: bool,
    /// It carries what the provider has encrypted: thoughts, or the summary of a conversation.
    pub is_sealed: bool,
    /// It carries what the provider has signed, or found with tools of its own.
    pub is_signed: bool,
    /// All of it can be left out where the request goes to another account, as far as was looked.
    pub is_removable: bool,
}

impl ProviderState {
    /// Returns whether there is any.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.is_stored || self.is_sealed || self.is_signed
    }

    /// Returns whether some of the prompt may be in it, where nobody but the provider can see it.
    #[must_use]
    pub const fn may_hide_text(self) -> bool {
        self.is_stored || self.is_sealed
    }

    /// Returns whether it may be possible to leave all of it out: there is some, and none of it is kept.
    #[must_use]
    pub const fn may_be_removable(self) -> bool {
        (self.is_sealed || self.is_signed) && !self.is_stored
    }

    /// Returns the names of what there is, as explain shows them.
    #[must_use]
    pub fn names(self) -> Vec<StateName> {
        let all = [
            (self.is_stored, StateName::Stored),
            (self.is_sealed, StateName::Encrypted),
            (self.is_signed, StateName::Signed),
        ];
        all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }
}

/// The name of a kind of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    /// The provider keeps it.
    Stored,
    /// The provider has encrypted it.
    Encrypted,
    /// The provider has signed it.
    Signed,
}
