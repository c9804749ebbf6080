//! What a scan finds: the facts, and where the things lie that a rewrite may touch.

use std::ops::Range;
use std::sync::Arc;

use crate::request::facts::RequestFacts;

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
    /// Every watched top-level member: index into [`super::Spec::watched`] and its place, in order.
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
