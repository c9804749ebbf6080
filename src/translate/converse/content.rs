//! Messages, instructions and their blocks.
//!
//! A cache mark is an element of its own. It comes after the block that is marked.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>

use super::super::conversation::{BlockContent, CacheMark, ContentBlock};
use super::super::loss::Losses;
use super::super::names::{NameRule, ToolNames, shortened};
use super::super::sides::OneSide;
use super::super::text::JsonText;
use super::document::{DocumentNames, write_document, write_image};
use super::family::ModelFamily;
use crate::json::Json;

/// Names of tools.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html>
pub(super) const TOOL_NAME: NameRule =
    NameRule { longest: 64, has_dots: false, begins_with_letter: false };

/// Ids of calls.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html>
const CALL_ID: NameRule = NameRule { longest: 64, has_dots: true, begins_with_letter: false };

/// What is needed to write blocks.
#[derive(Debug)]
pub(super) struct ConverseContent<'w> {
    pub(super) family: ModelFamily,
    pub(super) names: &'w mut ToolNames,
    pub(super) documents: DocumentNames,
    pub(super) losses: &'w mut Losses,
}

impl ConverseContent<'_> {
    /// Writes the instructions.
    pub(super) fn instructions(&mut self, blocks: &[&ContentBlock<'_>], json: &mut Json) {
        for block in blocks {
            let BlockContent::Text(text) = &block.content else {
                self.losses.refuse("system", "has a block that is not text");
                continue;
            };
            text.write_part(json);
            self.cache_point(block.cache.as_ref(), json);
        }
    }

    /// Writes a message.
    pub(super) fn message(&mut self, side: &OneSide<'_, '_>, json: &mut Json) {
        json.object(|json| {
            json.member("role", if side.is_user { "user" } else { "assistant" });
            json.key("content").list(|json| {
                let mut document = None;
                for block in &side.blocks {
                    document = self.block(block, side.is_user, json).or(document);
                }
                // The API wants a text beside a document.
                let has_text = side.has(&|content| matches!(content, BlockContent::Text(_)));
                if let Some(name) = document
                    && !has_text
                {
                    json.object(|json| json.member("text", &name));
                }
            });
        });
    }

    /// Writes a block, and returns the name of a document.
    #[inline(never)]
    fn block(
        &mut self,
        block: &ContentBlock<'_>,
        is_user: bool,
        json: &mut Json,
    ) -> Option<String> {
        let is_media =
            matches!(block.content, BlockContent::Image { .. } | BlockContent::Document { .. });
        if is_media && !is_user {
            let why =
                "has an image or a document, which Bedrock Converse accepts only from the user";
            self.losses.refuse("an assistant message", why);
            return None;
        }
        let mut document = None;
        match &block.content {
            BlockContent::Text(text) | BlockContent::Refusal(text) => {
                text.write_part(json);
            }
            BlockContent::Image { source, detail } => {
                write_image(source, detail.as_ref(), self.losses, json);
            }
            BlockContent::Document { source, name } => {
                let names = (&mut self.documents, &mut *self.losses);
                document = write_document(source, name.as_ref(), names, json);
            }
            BlockContent::Audio(_) => {
                self.losses.refuse("audio", "has no counterpart in Bedrock Converse");
            }
            BlockContent::ToolCall { id, name, input, .. } => json.object(|json| {
                json.key("toolUse").object(|json| {
                    write_id(id, json.key("toolUseId"));
                    self.names.write(name, TOOL_NAME, json.key("name"));
                    json.key("input").value(input.json());
                });
            }),
            BlockContent::ToolResult { id, is_error, blocks } => {
                self.result(id, *is_error, blocks, json);
            }
            BlockContent::Thinking { .. } | BlockContent::RedactedThinking(_) => {
                json.object(|json| {
                    json.key("reasoningContent").object(|json| write_thought(&block.content, json));
                });
            }
        }
        self.cache_point(block.cache.as_ref().or_else(|| mark_within(block)), json);
        document
    }

    /// Writes the result of a call.
    fn result(
        &mut self,
        id: &JsonText<'_>,
        is_error: bool,
        blocks: &[ContentBlock<'_>],
        json: &mut Json,
    ) {
        json.object(|json| {
            json.key("toolResult").object(|json| {
                write_id(id, json.key("toolUseId"));
                json.key("content").list(|json| {
                    for block in blocks {
                        self.result_block(block, json);
                    }
                });
                if is_error && self.family.takes_result_status() {
                    json.member("status", "error");
                } else if is_error {
                    let why = "in a tool's result cannot be reported to this model";
                    self.losses.drop("an error", why);
                }
            });
        });
    }

    /// Writes a block of the result of a call.
    fn result_block(&mut self, block: &ContentBlock<'_>, json: &mut Json) {
        match &block.content {
            BlockContent::Text(text) if text.is_empty() => {}
            BlockContent::Text(text) => text.write_part(json),
            BlockContent::Image { source, detail } => {
                write_image(source, detail.as_ref(), self.losses, json);
            }
            BlockContent::Document { source, name } => {
                let names = (&mut self.documents, &mut *self.losses);
                write_document(source, name.as_ref(), names, json);
            }
            _ => self.losses.refuse(
                "a tool's result",
                "has a block that Bedrock Converse does not accept there",
            ),
        }
    }

    /// Writes a mark to cache what comes before it.
    #[inline(never)]
    pub(super) fn cache_point(&mut self, mark: Option<&CacheMark<'_>>, json: &mut Json) {
        let Some(CacheMark { ttl }) = mark.filter(|_| self.family.takes_cache_points()) else {
            return;
        };
        let takes_long = matches!(self.family, ModelFamily::Claude(_));
        let is_long = takes_long && ttl.as_ref().is_some_and(|ttl| ttl.is("1h"));
        let is_usual = ttl.as_ref().is_none_or(|ttl| ttl.is("5m"));
        if !is_usual && !is_long {
            self.losses.drop("the lifetime of the cache", "is not accepted by this model");
        }
        json.object(|json| {
            json.key("cachePoint").object(|json| {
                json.member("type", "default");
                if is_long {
                    json.member("ttl", "1h");
                }
            });
        });
    }
}

/// Returns the first mark within the result of a tool.
fn mark_within<'b, 'a>(block: &'b ContentBlock<'a>) -> Option<&'b CacheMark<'a>> {
    match &block.content {
        BlockContent::ToolResult { blocks, .. } => {
            blocks.iter().find_map(|block| block.cache.as_ref())
        }
        _ => None,
    }
}

/// Writes what the model has thought.
fn write_thought(content: &BlockContent<'_>, json: &mut Json) {
    match content {
        BlockContent::Thinking { text, signature } => json.key("reasoningText").object(|json| {
            text.write(json.key("text"));
            JsonText::write_if_some(signature.as_ref(), "signature", json);
        }),
        BlockContent::RedactedThinking(data) => data.write(json.key("redactedContent")),
        _ => {}
    }
}

/// Writes the id of a call, made to fit where it does not.
#[inline(never)]
fn write_id(id: &JsonText<'_>, json: &mut Json) {
    match shortened(&id.plain(), CALL_ID) {
        Some(short) => json.text(&short),
        None => id.write(json),
    }
}
