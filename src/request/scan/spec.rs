//! What a scan looks for.

use std::sync::Arc;

use crate::request::document::TextClass;
use crate::request::keyword::Keywords;
use crate::request::path::Entry;
use crate::request::tokens::Costs;
use crate::request::watched::WatchedKeys;

/// What to look for in one body. All that a scan has to know of the configuration and of the
/// request's head is in here.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What the request asks for.
    pub entry: Entry,
    /// Keywords to search prompt text for.
    pub keywords: Arc<Keywords>,
    /// What else is searched for them.
    pub searched: Searched,
    /// Fixed token costs.
    pub costs: Costs,
    /// Top-level members whose places are wanted: the keys that overrides replace,
    /// merge into or remove.
    pub watched: Arc<WatchedKeys>,
    /// What is looked at beyond the document's structure.
    pub looks: Looks,
    /// Draws which part of a long text is estimated. Clients must not know it, or they could
    /// write what is cheap where it is looked at.
    pub seed: u64,
}

impl Spec {
    /// Returns what looks at everything in a request of that kind, without keywords.
    #[must_use]
    pub fn of(entry: Entry) -> Self {
        Self {
            entry,
            keywords: Arc::default(),
            searched: Searched::default(),
            costs: Costs::default(),
            watched: Arc::default(),
            looks: Looks::EVERYTHING,
            seed: 0,
        }
    }
}

/// Which text is searched for keywords beside the prompt, and all else that may reach the model
/// as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched {
    /// What an assistant said.
    pub assistant: bool,
    /// The arguments of calls and what tools answered.
    pub tools: bool,
    /// Definitions of tools, and schemas of the answer.
    pub schemas: bool,
}

impl Default for Searched {
    /// A client may write any prompt into a tool's description. What an assistant or a tool has
    /// said before was judged, or came from where it belongs.
    fn default() -> Self {
        Self { assistant: false, tools: false, schemas: true }
    }
}

impl Searched {
    /// Returns whether text of that class is searched.
    pub(super) const fn has(self, class: TextClass) -> bool {
        match class {
            TextClass::Prompt | TextClass::Aside => true,
            TextClass::Assistant => self.assistant,
            TextClass::Tools => self.tools,
            TextClass::Schemas => self.schemas,
        }
    }
}

/// What of a body's text is looked at beyond its structure. The configuration says what can
/// matter to a request (`routing/looks.rs`): what cannot is not looked at, and a scan of
/// structure alone is many times as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Whether keywords are searched for.
    pub keywords: bool,
    /// Whether tokens are estimated, rather than bounded by the length of the text.
    pub tokens: bool,
    /// Whether it matters which session the request belongs to.
    pub sessions: bool,
    /// Whether the beginning of the prompt is kept.
    pub prompt: bool,
}

impl Looks {
    /// All of it. Only a service that picks is sent the prompt, so nothing of that is kept.
    pub const EVERYTHING: Self =
        Self { keywords: true, tokens: true, sessions: true, prompt: false };
    /// Structure alone: validity, members, and the facts that are not text.
    pub const NOTHING: Self =
        Self { keywords: false, tokens: false, sessions: false, prompt: false };

    /// Returns what either of two looks at, for a scan that serves both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            keywords: self.keywords || other.keywords,
            tokens: self.tokens || other.tokens,
            sessions: self.sessions || other.sessions,
            prompt: self.prompt || other.prompt,
        }
    }
}
