//! The paths under which providers are asked for answers to conversations, as their documentation has them.

use super::entry::Entry;
use super::in_collection;
use crate::request::format::{Format, ModelPlace, Task};
use crate::text::uri_component;

/// Returns the path without a query, and what path templates call the operation. `stream` says whether the answer
/// is to be a stream, where the path tells that.
///
/// For example, `claude` on Bedrock is asked under `/model/claude/converse-stream` for a stream.
#[must_use]
pub fn conversation_path(format: Format, model: &str, stream: bool) -> (String, &'static str) {
    // Azure has the operations of OpenAI.
    let listed = if format == Format::AzureOpenAi { Format::OpenAiChat } else { format };
    let of_chats = || Entry::all(listed).filter(|entry| entry.task == Task::Chat);
    let entry = of_chats().find(|entry| entry.streams == stream).or_else(|| of_chats().next());
    let operation = entry.map_or("", |entry| entry.path);
    let path = match (format.model_place(), format) {
        (ModelPlace::Path, Format::GeminiGenerate) => {
            let (collection, name) = in_collection(model);
            format!("/v1beta/{collection}/{}:{operation}", uri_component(name))
        }
        (ModelPlace::Path, Format::AzureOpenAi) => {
            format!("/openai/deployments/{}/{operation}", uri_component(model))
        }
        (ModelPlace::Path, _) => format!("/model/{}/{operation}", uri_component(model)),
        _ => format!("/v1/{operation}"),
    };
    (path, operation)
}

#[cfg(test)]
mod tests {
    use super::super::PathTable;
    use super::*;

    #[test]
    fn paths_are_known_again() {
        let table = PathTable::default();
        for (format, stream, wanted) in [
            (Format::OpenAiChat, true, "/v1/chat/completions"),
            (Format::AzureOpenAi, true, "/openai/deployments/a%20b/chat/completions"),
            (Format::AnthropicMessages, false, "/v1/messages"),
            (Format::GeminiGenerate, false, "/v1beta/models/a%20b:generateContent"),
            (Format::GeminiGenerate, true, "/v1beta/models/a%20b:streamGenerateContent"),
            (Format::BedrockConverse, false, "/model/a%20b/converse"),
            (Format::BedrockConverse, true, "/model/a%20b/converse-stream"),
        ] {
            let (path, operation) = conversation_path(format, "a b", stream);
            assert_eq!(path, wanted);
            assert!(path.ends_with(operation));
            assert_eq!(table.call(b"POST", &path).unwrap().format(), format);
        }
    }
}
