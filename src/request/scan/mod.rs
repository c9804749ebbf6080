//! Streaming JSON scan of a request body: facts, spans, validity, in one pass
//! and any chunking, without a DOM.
//!
//! Layers, each knowing only the one before it: the `lexer` makes events of
//! bytes, the `walker` follows a format's `table` through them. The result is
//! the same for every chunking; memory does not grow with the body.

mod capture;
mod error;
mod frame;
mod labels;
mod lexer;
mod number;
mod place;
mod places;
mod run;
mod string;
mod table;
mod tally;
mod value;
mod walker;

use std::ops::Range;
use std::sync::Arc;

use super::facts::{RequestFacts, Tokens};
use super::format::Format;
use super::keyword::Keywords;
use super::tokens::{Costs, UNIT};

pub use error::ScanError;
use lexer::Lexer;
use place::Saying;
use tally::Tally;
use walker::{Model, Walker};

/// What to look for.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The wire format of the body.
    pub format: Format,
    /// Keywords to search prompt text for.
    pub keywords: Arc<Keywords>,
    /// Fixed token costs.
    pub costs: Costs,
    /// Top-level members whose places are wanted (keys of request overrides), sorted.
    pub watched: Arc<[String]>,
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
    format: Format,
    costs: Costs,
    lexer: Lexer,
    walker: Walker,
    failed: Option<ScanError>,
}

impl Scanner {
    /// A scan of a body of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        Self {
            format: spec.format,
            costs: spec.costs,
            lexer: Lexer::new(),
            walker: Walker::new(spec),
            failed: None,
        }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted; all further calls repeat
    /// the error.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        if self.failed.is_none() {
            let read = self.lexer.feed(chunk, &mut self.walker);
            // What the walker refuses stands before what stopped the lexer.
            self.failed = self.walker.refused.or(read.err());
        }
        self.failed.map_or(Ok(()), Err)
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
        let Walker { model, labels, total, places, .. } = self.walker;
        let mut facts = RequestFacts::new(self.format);
        facts.model = match model {
            Model::Absent => None,
            Model::Name(name) => Some(name),
            Model::Wrong(error) => return Err(error),
        };
        facts.body_bytes = self.lexer.at();
        (facts.tags, facts.params) = labels.into_parts();
        fill(&mut facts, total, self.costs);
        Ok(Scan { facts, layout: places.into_layout() })
    }
}

fn fill(facts: &mut RequestFacts, total: Tally, costs: Costs) {
    facts.stream = total.says(Saying::Stream);
    facts.has_tools = total.says(Saying::Tools);
    facts.json_mode = total.says(Saying::Json);
    facts.has_state = total.says(Saying::State);
    facts.has_images = total.images > 0;
    facts.has_audio = total.audio > 0;
    facts.has_files = total.files > 0;
    facts.message_count = total.messages;
    facts.max_output_tokens = total.limit;
    let fixed = [
        (total.images, costs.image),
        (total.audio, costs.audio),
        (total.files, costs.file),
        (total.messages, costs.message),
    ];
    let fixed = fixed.iter().map(|(count, cost)| u64::from(*count).saturating_mul(*cost));
    let tokens = fixed.fold(total.tokens.div_ceil(UNIT), u64::saturating_add);
    facts.input_tokens = Tokens::exactly(tokens);
    facts.keywords = total.hits;
}

#[cfg(test)]
mod tests;
