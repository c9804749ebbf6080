//! What of a request is not known yet.

/// Something a request may say that is not known before its body has been read. Where a
/// decision depends on one that is not known yet, it waits for the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Labels of the body.
    Tags,
    /// `metadata` of the body.
    Params,
    /// Whether the answer is to be streamed.
    Stream,
    /// Images, audio, files.
    Modality,
    /// Tools or functions.
    Tools,
    /// A JSON response format.
    JsonMode,
    /// State kept by a provider.
    State,
    /// Number of messages.
    MessageCount,
    /// The limit of the answer.
    MaxOutputTokens,
    /// Keywords in the prompt.
    Keywords,
    /// Where the members lie that overrides replace. Without their places, a body cannot be edited
    /// before its end.
    Members,
    /// What identifies the session, except the header: ids in the body, and how the conversation
    /// begins.
    Session,
}

/// The facts that are not known: a set. What `RequestFacts` holds for them says nothing, so
/// whoever reads one of them asks here first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unseen(u16);

impl Unseen {
    /// All of them: of a request whose body has not been read.
    pub const BODY: Self = Self(u16::MAX);

    /// Returns whether that fact is not known.
    #[must_use]
    pub const fn has(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }

    /// Returns the same, with that fact not known.
    #[must_use]
    pub const fn with(self, fact: Fact) -> Self {
        Self(self.0 | 1 << fact as u16)
    }

    /// Returns the same, with that fact known.
    #[must_use]
    pub const fn without(self, fact: Fact) -> Self {
        Self(self.0 & !(1 << fact as u16))
    }
}
