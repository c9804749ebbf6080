//! OpenAI's Responses API, as clients speak it: reads its requests, and writes its answers.
//!
//! Nothing is translated into it. A `response` is the object that the API answers with, and an item is what its
//! inputs and outputs are made of.

mod draft;
mod input;
mod item;
mod parts;
mod request;
mod stream;
mod tools;
mod whole;

#[cfg(test)]
mod tests;

pub(super) use request::read_request;
pub(super) use stream::ResponsesStream;
pub(super) use whole::ResponsesWhole;
