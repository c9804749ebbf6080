//! What a scan looks for.

use std::sync::Arc;

use crate::request::keyword::Keywords;
use crate::request::path::Entry;
use crate::request::tokens::Costs;

/// What to look for.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What the request asks for.
    pub entry: Entry,
    /// Keywords to search prompt text for.
    pub keywords: Arc<Keywords>,
    /// Fixed token costs.
    pub costs: Costs,
    /// Top-level members whose places are wanted (keys of request overrides), sorted.
    pub watched: Arc<[String]>,
    /// What is looked at beyond the document's structure.
    pub looks: Looks,
    /// Draws which part of a long text is estimated; clients must not know it.
    pub seed: u64,
}

impl Spec {
    /// Everything of a request of that kind, and no keywords.
    #[must_use]
    pub fn of(entry: Entry) -> Self {
        Self {
            entry,
            keywords: Arc::default(),
            costs: Costs::default(),
            watched: Arc::new([]),
            looks: Looks::EVERYTHING,
            seed: 0,
        }
    }
}

/// What of a body's text is looked at; the rest of the scan is much faster.
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
    /// All of it; nothing of the prompt is kept.
    pub const EVERYTHING: Self =
        Self { keywords: true, tokens: true, sessions: true, prompt: false };
    /// Structure alone.
    pub const NOTHING: Self =
        Self { keywords: false, tokens: false, sessions: false, prompt: false };

    /// What either of two looks at.
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
