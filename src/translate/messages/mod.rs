//! Anthropic's Messages, as clients speak it and as providers do
//! (<https://platform.claude.com/docs/en/api/messages/create>).

mod answer_in;
mod answer_out;
mod arrange;
mod read;
mod read_cache;
mod read_media;
mod read_settings;
mod read_tools;
mod read_turns;
mod schema;
mod surrogates;
mod write;
mod write_blocks;
mod write_settings;
mod write_tools;

#[cfg(test)]
mod tests;

pub(super) use answer_in::MessagesAnswer;
pub(super) use answer_out::{MessagesStream, MessagesWhole};
pub(super) use read::read_request;
pub(super) use write::write_request;
