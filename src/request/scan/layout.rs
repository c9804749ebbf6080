//! What a scan finds: the facts, and where the things lie that a rewrite may touch.

use std::ops::Range;
use std::sync::Arc;

use crate::request::facts::RequestFacts;

/// Where one top-level member stands in the body, in bytes from its start. In `{"a":1,"b":2}`
/// the second has `whole` 7..12, `value` 11..12 and `comma_before` 6.
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

/// Where the things stand that a rewrite may touch. With it a body is rewritten without being
/// parsed again (`rewrite/body.rs`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Just after the `{` of the document.
    pub open: u64,
    /// Number of top-level members.
    pub members: u64,
    /// The top-level `model`, however the key is escaped; of a form the part of that name.
    pub model: Option<Member>,
    /// The value of every further string that repeats the model deeper in the body, in order.
    pub nested: Vec<Range<u64>>,
    /// Every watched top-level member, in order: the index of its key in
    /// [`Spec::watched`](super::Spec::watched), and its place. A key stands once.
    pub watched: Vec<(usize, Member)>,
    /// The boundary, where the body is a form. Then `model` holds the value of its part.
    pub boundary: Option<Arc<str>>,
}

/// What a whole body says, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// What routing goes by. `headers` is empty, tags and params are those of the body: what
    /// the request's head says is added by `lifecycle`.
    pub facts: RequestFacts,
    /// What a rewrite goes by.
    pub layout: Layout,
}
