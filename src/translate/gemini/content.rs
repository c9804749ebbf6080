//! Contents and their parts.
//!
//! Models before the third generation have no ids of calls. So the results in a content stand in the order of their
//! calls, which tells calls of the same tool apart.

use std::collections::BTreeMap;

use super::super::conversation::{BlockContent, ContentBlock, ToolInput};
use super::super::loss::Losses;
use super::super::names::{NameRule, ToolNames};
use super::super::sides::{OneSide, is_result};
use super::super::text::JsonText;
use super::family::{Generation, GoogleModel};
use super::media::{is_inline, write_media};
use crate::json::Json;
use crate::sort::ranked;

/// Names of tools that Vertex AI takes too. The Gemini API takes longer ones.
/// <https://ai.google.dev/api/caching#FunctionDeclaration>
pub(super) const TOOL_NAME: NameRule =
    NameRule { longest: 64, has_dots: true, begins_with_letter: true };

/// What is sent in place of a signature, if another provider's model has made the call.
/// <https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures#faqs>
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// What is needed to write contents.
#[derive(Debug)]
pub(super) struct Contents<'w, 'c, 'a> {
    pub(super) model: GoogleModel,
    pub(super) names: &'w mut ToolNames,
    pub(super) losses: &'w mut Losses,
    /// For each id, the index of its call among the calls so far.
    calls: BTreeMap<String, usize>,
    /// The names of these calls.
    called: Vec<&'c JsonText<'a>>,
}

impl<'w, 'c, 'a> Contents<'w, 'c, 'a> {
    pub(super) const fn new(
        model: GoogleModel,
        names: &'w mut ToolNames,
        losses: &'w mut Losses,
    ) -> Self {
        Self { model, names, losses, calls: BTreeMap::new(), called: Vec::new() }
    }

    /// Writes what one side says. Results of tools are a content of their own, because Google wants exactly one part
    /// for each call after calls. What else the user says follows in another content.
    #[inline(never)]
    pub(super) fn side(&mut self, side: &OneSide<'c, 'a>, json: &mut Json) {
        if !side.is_user {
            write_content("model", json, &mut |json| self.model_parts(&side.blocks, json));
            return;
        }
        // Results come first.
        let first_said = side.blocks.partition_point(|block| is_result(&block.content));
        let (results, said) = side.blocks.split_at_checked(first_said).unwrap_or_default();
        let results = self.in_order_of_calls(results);
        let nests_media = self.model.generation == Generation::Level;
        let mut apart = Vec::new();
        for result in &results {
            apart.extend(media_of(result));
        }
        apart.retain(|block| !(nests_media && is_inline(&block.content)));
        if !results.is_empty() {
            write_content("user", json, &mut |json| {
                results.iter().for_each(|block| self.result(block, nests_media, json));
            });
        }
        if !apart.is_empty() || !said.is_empty() {
            write_content("user", json, &mut |json| {
                apart.iter().for_each(|block| write_media(block, self.losses, json));
                said.iter().for_each(|block| self.said(block, json));
            });
        }
    }

    /// Returns results in the order of their calls. Results without a call come last.
    fn in_order_of_calls(&self, results: &[&'c ContentBlock<'a>]) -> Vec<&'c ContentBlock<'a>> {
        let place = |block: &ContentBlock<'_>| match &block.content {
            BlockContent::ToolResult { id, .. } => self.calls.get(&*id.plain()).copied(),
            _ => None,
        };
        let rank = |block: &ContentBlock<'_>| {
            let place = place(block).and_then(|place| i64::try_from(place).ok());
            (0.0, place.unwrap_or(i64::MAX))
        };
        let ranks = results.iter().enumerate().map(|(at, block)| (rank(block), at)).collect();
        ranked(ranks).into_iter().filter_map(|at| results.get(at).copied()).collect()
    }

    /// Writes what the user says.
    fn said(&mut self, block: &ContentBlock<'_>, json: &mut Json) {
        match &block.content {
            BlockContent::Text(text) => text.write_part(json),
            BlockContent::Image { .. } | BlockContent::Document { .. } | BlockContent::Audio(_) => {
                write_media(block, self.losses, json);
            }
            _ => self.losses.refuse("a user message", "has content that only the model can send"),
        }
    }

    /// Writes what the model has said.
    fn model_parts(&mut self, blocks: &[&'c ContentBlock<'a>], json: &mut Json) {
        let mut is_first_call = true;
        for block in blocks {
            match &block.content {
                BlockContent::Text(text) | BlockContent::Refusal(text) => {
                    text.write_part(json);
                }
                BlockContent::ToolCall { id, name, input, signature } => {
                    self.calls.insert(id.plain().into_owned(), self.called.len());
                    self.called.push(name);
                    let needs_one = is_first_call && self.model.generation == Generation::Level;
                    let placeholder = needs_one.then_some(JsonText::of(NO_SIGNATURE));
                    let signature = signature.as_ref().or(placeholder.as_ref());
                    self.call((id, name), input, signature, json);
                    is_first_call = false;
                }
                BlockContent::Image { .. }
                | BlockContent::Document { .. }
                | BlockContent::Audio(_) => {
                    write_media(block, self.losses, json);
                }
                _ => self
                    .losses
                    .refuse("an assistant message", "has content that only the user can send"),
            }
        }
    }

    #[inline(never)]
    fn call(
        &mut self,
        (id, name): (&JsonText<'_>, &JsonText<'_>),
        input: &ToolInput<'_>,
        signature: Option<&JsonText<'_>>,
        json: &mut Json,
    ) {
        json.object(|json| {
            json.key("functionCall").object(|json| {
                self.names.write(name, TOOL_NAME, json.key("name"));
                write_id(self.model, id, json);
                json.key("args").value(input.json());
            });
            JsonText::write_if_some(signature, "thoughtSignature", json);
        });
    }

    /// Writes the result of a call.
    /// <https://ai.google.dev/api/caching#FunctionResponse>
    #[inline(never)]
    fn result(&mut self, block: &ContentBlock<'_>, nests_media: bool, json: &mut Json) {
        let BlockContent::ToolResult { id, is_error, blocks } = &block.content else { return };
        let call = self.calls.get(&*id.plain()).and_then(|call| self.called.get(*call));
        let Some(name) = call else {
            self.losses.refuse("a tool's result", "belongs to no call before it");
            return;
        };
        let mut texts = Vec::new();
        for block in blocks {
            match &block.content {
                BlockContent::Text(text) if !text.is_empty() => texts.push(text),
                BlockContent::Text(_)
                | BlockContent::Image { .. }
                | BlockContent::Document { .. } => {}
                _ => self.losses.refuse(
                    "a tool's result",
                    "has a block that generateContent does not accept there",
                ),
            }
        }
        let has_media = nests_media && blocks.iter().any(|block| is_inline(&block.content));
        json.object(|json| {
            json.key("functionResponse").object(|json| {
                self.names.write(name, TOOL_NAME, json.key("name"));
                write_id(self.model, id, json);
                json.key("response").object(|json| {
                    let json = json.key(if *is_error { "error" } else { "output" });
                    match texts.as_slice() {
                        [] => json.text(""),
                        [text] => text.write(json),
                        texts => json.list(|json| texts.iter().for_each(|text| text.write(json))),
                    }
                });
                if has_media {
                    json.key("parts").list(|json| {
                        for block in blocks.iter().filter(|block| is_inline(&block.content)) {
                            write_media(block, self.losses, json);
                        }
                    });
                }
            });
        });
    }
}

/// Writes the id of a call, by which models from the third generation on know its result. Vertex AI refuses the ids of
/// older models (<https://github.com/vercel/ai/issues/15664>), which go by name and order.
/// <https://ai.google.dev/gemini-api/docs/generate-content/function-calling>
fn write_id(model: GoogleModel, id: &JsonText<'_>, json: &mut Json) {
    if model.generation == Generation::Level {
        id.write(json.key("id"));
    }
}

/// Writes a content of that role.
#[inline(never)]
fn write_content(role: &str, json: &mut Json, parts: &mut dyn FnMut(&mut Json)) {
    json.object(|json| {
        json.member("role", role);
        json.key("parts").list(parts);
    });
}

/// Returns the images and documents in the result of a tool.
fn media_of<'c, 'a>(block: &'c ContentBlock<'a>) -> impl Iterator<Item = &'c ContentBlock<'a>> {
    let blocks = match &block.content {
        BlockContent::ToolResult { blocks, .. } => blocks.as_slice(),
        _ => &[],
    };
    let is_media = |block: &&ContentBlock<'_>| {
        matches!(block.content, BlockContent::Image { .. } | BlockContent::Document { .. })
    };
    blocks.iter().filter(is_media)
}
