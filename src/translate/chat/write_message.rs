//! Writes the messages of a request for a provider.
//!
//! The turns between two turns of the model are written in this order. First comes a `tool` message for each
//! result of a tool, because OpenAI wants them right after the calls. Then come images and documents of these
//! results, which a `tool` message cannot have. Then comes what else is said. Consecutive turns of the model become
//! one message if it calls tools in them, so that the results follow that message.
//!
//! The texts of one turn of the model are joined as they are. Texts of different turns are joined with an empty line
//! between them. The parts of the user's turns remain parts.

use std::borrow::Cow;

use super::super::conversation::{BlockContent, ContentBlock, Conversation, TalkTurn, TurnRole};
use super::super::loss::Losses;
use super::super::names::ToolNames;
use super::super::sides::is_result;
use super::super::text::JsonText;
use super::model::ChatModel;
use super::read_part::CACHE_CONTROL;
use super::write_name::{short_id, write_id, write_name, write_signature};
use super::write_part::{GAP, document_text, push, write_joined, write_part, write_text_part};
use crate::json::Json;

/// What the messages are written with.
#[derive(Debug)]
pub(super) struct MessageWriter<'w> {
    names: &'w mut ToolNames,
    model: ChatModel,
    losses: &'w mut Losses,
    has_cache_mark: bool,
    /// Whether something that the model has thought is left out.
    is_thinking_lost: bool,
}

impl<'w> MessageWriter<'w> {
    /// Returns a writer of the list of messages.
    pub(super) const fn new(
        names: &'w mut ToolNames,
        model: ChatModel,
        losses: &'w mut Losses,
    ) -> Self {
        Self { names, model, losses, has_cache_mark: false, is_thinking_lost: false }
    }

    /// Writes the list.
    pub(super) fn write(mut self, json: &mut Json, conversation: &Conversation<'_>) {
        let is_models = |turn: &TalkTurn<'_>| turn.role == TurnRole::Assistant;
        json.list(|json| {
            self.system(json, &conversation.system);
            for run in conversation.turns.chunk_by(|one, next| is_models(one) == is_models(next)) {
                if run.first().is_some_and(is_models) {
                    self.assistant_run(json, run);
                } else {
                    self.user_run(json, run);
                }
            }
        });
        if conversation.turns.last().is_some_and(|turn| is_models(turn) && has_text(turn)) {
            let why = "end with the beginning of an answer, which this API cannot continue";
            self.losses.refuse("messages", why);
        }
        let is_marked = conversation.tools.iter().any(|tool| tool.cache.is_some());
        if is_marked || self.has_cache_mark {
            self.losses.drop(CACHE_CONTROL, "has no counterpart");
        }
        if self.is_thinking_lost {
            self.losses.drop("messages", "have thinking, which cannot be sent back to this API");
        }
    }

    #[inline(never)]
    fn refuse(&mut self, what: &str) {
        let why = format_args!("have {what}, which this API does not accept");
        self.losses.refuse("messages", why);
    }

    /// Writes a message of the system, whose blocks are paragraphs of one text.
    #[inline(never)]
    fn system(&mut self, json: &mut Json, blocks: &[ContentBlock<'_>]) {
        let mut texts = Vec::new();
        for block in blocks {
            self.has_cache_mark |= block.cache.is_some();
            match &block.content {
                BlockContent::Text(text) => push(&mut texts, GAP, text),
                _ => self.refuse("something other than text in a system message"),
            }
        }
        if !texts.is_empty() {
            json.object(|json| {
                json.member("role", "system");
                write_joined(json.key("content"), &texts);
            });
        }
    }

    /// Writes turns of the model's. Without calls of tools each is a message.
    fn assistant_run(&mut self, json: &mut Json, run: &[TalkTurn<'_>]) {
        let mut blocks = run.iter().flat_map(|turn| &turn.blocks);
        if blocks.any(|block| matches!(block.content, BlockContent::ToolCall { .. })) {
            self.assistant(json, run);
        } else {
            run.iter().for_each(|turn| self.assistant(json, std::slice::from_ref(turn)));
        }
    }

    /// Writes a message of the model. Its thinking is left out if the server does not want it back. A refusal is
    /// written as text, which every server accepts.
    #[inline(never)]
    fn assistant(&mut self, json: &mut Json, turns: &[TalkTurn<'_>]) {
        let (mut texts, mut thoughts, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for turn in turns {
            let mut gap = GAP;
            for block in &turn.blocks {
                self.has_cache_mark |= block.cache.is_some();
                match &block.content {
                    BlockContent::Text(text) | BlockContent::Refusal(text) => {
                        push(&mut texts, std::mem::take(&mut gap), text);
                    }
                    BlockContent::Thinking { text, .. } => {
                        push(&mut thoughts, GAP, text);
                        // Those who want it read it beside calls alone.
                        self.is_thinking_lost |= !self.model.wants_thinking;
                    }
                    BlockContent::RedactedThinking(_) => self.is_thinking_lost = true,
                    BlockContent::ToolCall { .. } => calls.push(&block.content),
                    _ => self.refuse("something other than text and calls in an assistant message"),
                }
            }
        }
        if texts.is_empty() && calls.is_empty() {
            return;
        }
        let Self { names, model, .. } = self;
        json.object(|json| {
            json.member("role", "assistant");
            if texts.is_empty() {
                json.key("content").null();
            } else {
                write_joined(json.key("content"), &texts);
            }
            if calls.is_empty() {
                return;
            }
            if model.wants_thinking {
                write_joined(json.key("reasoning_content"), &thoughts);
            }
            json.key("tool_calls").list(|json| {
                calls.iter().for_each(|call| write_call(json, call, names, *model));
            });
        });
    }

    /// Writes turns of the user's and the system's.
    #[inline(never)]
    fn user_run(&mut self, json: &mut Json, run: &[TalkTurn<'_>]) {
        let mut results = Vec::new();
        for turn in run {
            results.extend(turn.blocks.iter().filter(|block| is_result(&block.content)));
        }
        for result in &results {
            self.result(json, result);
        }
        for result in &results {
            self.media_of_result(json, result);
        }
        for turn in run {
            self.has_cache_mark |= turn.blocks.iter().any(|block| block.cache.is_some());
            if turn.role == TurnRole::System {
                self.system(json, &turn.blocks);
            } else {
                let mut said: Vec<_> = turn.blocks.iter().collect();
                said.retain(|block| !is_result(&block.content));
                self.user(json, None, &said);
            }
        }
    }

    /// Writes the texts of a tool's result. This API cannot mark a result as an error, so the text begins with
    /// "Error: " then, unless it says so already.
    fn result(&mut self, json: &mut Json, result: &ContentBlock<'_>) {
        let BlockContent::ToolResult { id, is_error, blocks } = &result.content else { return };
        let (mut texts, mut has_media) = (Vec::new(), false);
        for block in blocks {
            self.has_cache_mark |= block.cache.is_some();
            match &block.content {
                BlockContent::Text(text) => push(&mut texts, r"\n", text),
                _ => match document_text(&block.content) {
                    Some((name, text)) => {
                        name.into_iter().for_each(|name| push(&mut texts, r"\n", name));
                        push(&mut texts, r"\n", text);
                    }
                    None => has_media = true,
                },
            }
        }
        if texts.is_empty() && has_media {
            texts.push("The content of this result follows in a message of the user.".into());
        }
        if *is_error && !says_error(&texts) {
            texts.insert(0, "Error: ".into());
        }
        json.object(|json| {
            json.member("role", "tool");
            write_id(json.key("tool_call_id"), id);
            write_joined(json.key("content"), &texts);
        });
    }

    /// Writes images and documents of a result of a tool.
    fn media_of_result(&mut self, json: &mut Json, result: &ContentBlock<'_>) {
        let BlockContent::ToolResult { id, blocks, .. } = &result.content else { return };
        let is_media = |block: &&ContentBlock<'_>| {
            !matches!(block.content, BlockContent::Text(_))
                && document_text(&block.content).is_none()
        };
        let media: Vec<_> = blocks.iter().filter(is_media).collect();
        self.user(json, Some(id), &media);
    }

    /// Writes a message of the user, if there is anything in it. `of_result` is the id of the call, if the blocks are
    /// from the result of a tool.
    #[inline(never)]
    fn user(
        &mut self,
        json: &mut Json,
        of_result: Option<&JsonText<'_>>,
        blocks: &[&ContentBlock<'_>],
    ) {
        if let ([ContentBlock { content: BlockContent::Text(text), .. }], None) =
            (blocks, of_result)
        {
            json.object(|json| {
                json.member("role", "user");
                text.write(json.key("content"));
            });
            return;
        }
        if blocks.is_empty() {
            return;
        }
        json.object(|json| {
            json.member("role", "user");
            json.key("content").list(|json| {
                if let Some(id) = of_result {
                    let intro = format!("Content of the result of the call {}:", short_id(id));
                    write_text_part(json, &JsonText::made(intro));
                }
                for block in blocks {
                    if let Err(what) = write_part(json, &block.content) {
                        self.refuse(what);
                    }
                }
            });
        });
    }
}

/// Returns whether the model says anything in its turn.
fn has_text(turn: &TalkTurn<'_>) -> bool {
    turn.blocks
        .iter()
        .any(|block| matches!(block.content, BlockContent::Text(_) | BlockContent::Refusal(_)))
}

/// Returns whether a text begins with the word. Characters before it that are no letters do not count.
fn says_error(texts: &[Cow<'_, str>]) -> bool {
    let first = texts.first().map_or("", |text| text);
    let word = first.trim_start_matches(|char: char| !char.is_alphabetic());
    word.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("error"))
}

/// Writes a call of a tool.
fn write_call(json: &mut Json, call: &BlockContent<'_>, names: &mut ToolNames, model: ChatModel) {
    let BlockContent::ToolCall { id, name, input, signature } = call else { return };
    json.object(|json| {
        write_id(json.key("id"), id);
        json.member("type", "function");
        json.key("function").object(|json| {
            write_name(json.key("name"), name, names);
            json.member("arguments", input.json());
        });
        if let Some(signature) = signature
            && model.wants_signatures
        {
            write_signature(json, &signature.escaped());
        }
    });
}
