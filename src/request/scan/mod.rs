//! Streaming JSON scan of a request body: facts, spans, validity, in one pass
//! and any chunking, without a DOM.

use std::ops::Range;
use std::sync::Arc;

use super::facts::RequestFacts;
use super::format::Format;
use super::keyword::Keywords;
use super::tokens::Costs;

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
