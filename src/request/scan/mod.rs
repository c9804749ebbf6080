//! Streaming JSON scan of a request body: facts, spans, validity, in one pass
//! and any chunking, without a DOM.
//!
//! Layers, each knowing only the one before it: the `lexer` makes events of
//! bytes, the `walker` follows a document's table through them. The result is
//! the same for every chunking; memory does not grow with the body.

mod capture;
mod counted;
mod decode;
mod error;
mod frame;
mod labels;
mod lexer;
mod number;
mod places;
mod run;
mod session;
mod string;
mod tally;
mod value;
mod walker;

use std::ops::Range;
use std::sync::Arc;

use super::document::Saying;
use super::facts::{Fact, RequestFacts, Tokens};
use super::keyword::Keywords;
use super::path::Entry;
use super::tokens::{Costs, UNIT};

pub use error::ScanError;
use lexer::Lexer;
use tally::Tally;
use walker::{Model, Walker};

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

/// A top-level member of the body, in bytes from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// From the key's opening quote to the value's end.
    pub whole: Range<u64>,
    /// The value alone, quotes included.
    pub value: Range<u64>,
    /// The comma before the key, if it is not the first member.
    pub comma_before: Option<u64>,
    /// The comma after the value, if it is not the last member.
    pub comma_after: Option<u64>,
}

/// Where the things lie that a rewrite may touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Just after the `{` of the document.
    pub open: u64,
    /// Number of top-level members.
    pub members: u64,
    /// Every top-level `model` (however the key is escaped), in order.
    pub model: Vec<Member>,
    /// Every watched top-level member: index into [`Spec::watched`] and its place, in order.
    pub watched: Vec<(usize, Member)>,
    /// The boundary, where the body is a form and `model` holds its parts' values.
    pub boundary: Option<Arc<str>>,
}

/// What a whole body says.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// Facts; `headers` stays empty, tags and params are the body's.
    pub facts: RequestFacts,
    /// Places.
    pub layout: Layout,
}

/// A scan under way.
#[derive(Debug)]
pub struct Scanner {
    entry: Entry,
    lexer: Lexer,
    walker: Walker,
    failed: Option<ScanError>,
}

impl Scanner {
    /// A scan of a body of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        Self { entry: spec.entry, lexer: Lexer::new(), walker: Walker::new(spec), failed: None }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted; all further calls repeat
    /// the error.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.read(chunk).map(|_| ())
    }

    /// Reads the next chunk as far as the end of the first `model`, and gives back
    /// what is left of it.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_to_model<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        self.walker.stops_at_model = true;
        self.read(chunk)
    }

    fn read<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let read = self.lexer.feed(chunk, &mut self.walker);
        // What the walker refuses stands before what stopped the lexer.
        let read = self.walker.refused.map_or(read, Err);
        self.failed = read.err();
        read
    }

    /// Whether [`feed_to_model`](Self::feed_to_model) has come to the first `model`; what
    /// follows is read once it is told to [`go_on`](Self::go_on).
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        self.walker.is_at_model()
    }

    /// The model where the scan has stopped at it; none where text came before it.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        match &self.walker.model {
            Model::Name(name) if self.walker.is_early() => Some(name),
            _ => None,
        }
    }

    /// The places found so far.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.walker.places.layout().clone()
    }

    /// Goes on after the model, looking at that much.
    pub fn go_on(&mut self, looks: Looks) {
        self.walker.go_on(looks);
    }

    /// Goes on after the model for validity alone; another model is an error from now on.
    pub fn release(&mut self) {
        self.walker.release();
    }

    /// Ends the body and says what was in it.
    ///
    /// # Errors
    /// If the body is not a whole JSON object, or its `model` cannot be one.
    pub fn finish(mut self) -> Result<Scan, ScanError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.lexer.finish(&mut self.walker)?;
        if let Some(error) = self.walker.refused {
            return Err(error);
        }
        let Walker { model, labels, total, places, looks, pricing, sessions, .. } = self.walker;
        let mut facts = RequestFacts::new(self.entry);
        facts.model = match model {
            Model::Absent => None,
            Model::Name(name) => Some(name),
            Model::Wrong(error) => return Err(error),
        };
        facts.body_bytes = self.lexer.at();
        (facts.tags, facts.params) = labels.into_parts();
        if looks.sessions {
            facts.sessions = session::told(sessions, facts.params.get("user_id"), total.said);
        } else {
            facts.unseen = facts.unseen.with(Fact::Session);
        }
        fill(&mut facts, total, pricing.message(), looks);
        Ok(Scan { facts, layout: places.into_layout() })
    }
}

fn fill(facts: &mut RequestFacts, total: Tally, message: u64, looks: Looks) {
    facts.stream = (facts.stream && !total.says(Saying::NoStream)) || total.says(Saying::Stream);
    facts.has_tools = total.says(Saying::Tools);
    facts.json_mode = total.says(Saying::Json);
    facts.has_state = total.says(Saying::State);
    facts.has_images = total.says(Saying::Images);
    facts.has_audio = total.says(Saying::Audio);
    facts.has_files = total.says(Saying::Files);
    facts.message_count = total.messages;
    facts.max_output_tokens = total.limit;
    facts.input_tokens = tokens(&total, message, looks);
    facts.prompt = total.prompt.finish();
    if looks.keywords {
        facts.keywords = total.hits;
    } else {
        facts.unseen = facts.unseen.with(Fact::Keywords);
    }
}

/// The estimate, or what bounds it: no text has more tokens than bytes.
fn tokens(total: &Tally, message: u64, looks: Looks) -> Tokens {
    let messages = u64::from(total.messages).saturating_mul(message);
    let known = Tokens::exactly(total.tokens.div_ceil(UNIT).saturating_add(messages));
    let unknown = if looks.tokens { 0 } else { total.bytes };
    known.and(total.media).and(Tokens { least: 0, most: unknown })
}

#[cfg(test)]
mod media_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
