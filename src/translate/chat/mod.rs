//! OpenAI's Chat Completions, which clients and providers speak.
//!
//! The members are those of
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create>
//! and of the chunks of its streams, with what servers that are compatible with it are known to add.

mod answer;
mod calls;
mod model;
mod read;
mod read_message;
mod read_part;
mod read_tool;
mod stream;
mod strict;
mod usage;
mod whole;
mod write;
mod write_message;
mod write_name;
mod write_part;

#[cfg(test)]
mod tests;

pub(super) use answer::ChatAnswer;
pub(super) use model::ChatModel;
pub(super) use read::read_request;
pub(super) use stream::ChatStream;
pub(super) use whole::ChatWhole;
pub(super) use write::write_request;
