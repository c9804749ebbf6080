//! STUB, replaced by branch usage.
#![allow(missing_docs)]
use crate::request::format::Format;
#[derive(Debug)]
pub struct BodyReader;
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    pub usage: Usage,
    pub error: Option<ErrorKind>,
    pub retry_after_ms: Option<u64>,
    pub has_content: bool,
    pub events: u32,
}
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    ContextWindow,
    ContentPolicy,
    Quota,
    ModelNotFound,
    RateLimit,
    Auth,
    Overloaded,
    Other,
}
impl BodyReader {
    pub fn new(
        _: Format,
        _: u16,
        content_type: Option<&str>,
        encoding: Option<&str>,
    ) -> Option<Self> {
        (encoding.is_none() && content_type.is_some()).then_some(Self)
    }
    pub fn feed(&mut self, _: &[u8]) {}
    pub fn finish(self) -> Told {
        Told { has_content: true, ..Told::default() }
    }
}
