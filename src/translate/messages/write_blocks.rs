//! Writes the blocks of a conversation (<https://platform.claude.com/docs/en/api/messages/create#create.messages>).
//!
//! It decides which blocks may be in which turn. It replaces names and ids that the API would refuse by ones that it
//! accepts.

use super::super::conversation::{BlockContent, CacheMark, ContentBlock, MediaSource};
use super::super::loss::Losses;
use super::super::names::{NameRule, ToolNames};
use super::super::sides::OneSide;
use super::super::text::JsonText;
use super::arrange::{is_blank, is_sent};
use crate::json::Json;
use crate::text::quoted;

/// Names of tools. <https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools>
const TOOL_NAME: NameRule = NameRule { longest: 128, has_dots: false, begins_with_letter: false };

/// Ids of calls. The API refuses ids that do not match `^[a-zA-Z0-9_-]+$`.
const CALL_ID: NameRule = NameRule { longest: 64, has_dots: false, begins_with_letter: false };

/// The most cache marks in one request.
/// <https://platform.claude.com/en/docs/build-with-claude/prompt-caching>
const MOST_MARKS: u32 = 4;

/// The types of images that the API accepts. <https://platform.claude.com/en/docs/build-with-claude/vision>
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Writes the blocks of one request.
#[derive(Debug)]
pub(super) struct BlockWriter<'w> {
    names: &'w mut ToolNames,
    ids: ToolNames,
    marks: u32,
    pub(super) losses: &'w mut Losses,
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnSide {
    System,
    User,
    Assistant,
    ToolResult,
}

impl<'w> BlockWriter<'w> {
    /// Returns a writer of blocks.
    pub(super) fn new(names: &'w mut ToolNames, losses: &'w mut Losses) -> Self {
        Self { names, ids: ToolNames::default(), marks: 0, losses }
    }

    /// Writes what comes before the conversation.
    pub(super) fn system(&mut self, json: &mut Json, blocks: &[&ContentBlock<'_>]) {
        for block in blocks {
            self.block(json, block, TurnSide::System);
        }
    }

    /// Writes turns.
    pub(super) fn messages(&mut self, json: &mut Json, turns: &[OneSide<'_, '_>]) {
        for turn in turns {
            let (role, side) = if turn.is_user {
                ("user", TurnSide::User)
            } else {
                ("assistant", TurnSide::Assistant)
            };
            json.object(|json| {
                json.member("role", role);
                json.key("content").list(|json| {
                    for block in &turn.blocks {
                        self.block(json, block, side);
                    }
                });
            });
        }
    }

    /// Writes the name of a tool as a member.
    #[inline(never)]
    pub(super) fn tool_name(&mut self, json: &mut Json, name: &JsonText<'_>) {
        self.names.write(name, TOOL_NAME, json.key("name"));
    }

    /// Writes a cache mark as a member, as long as the request may have more of them.
    #[inline(never)]
    pub(super) fn mark(&mut self, json: &mut Json, mark: Option<&CacheMark<'_>>) {
        let Some(mark) = mark else { return };
        self.marks = self.marks.saturating_add(1);
        if self.marks > MOST_MARKS {
            self.losses.drop(
                "cache_control",
                "is set in more than 4 places, the most that Anthropic accepts",
            );
            return;
        }
        json.key("cache_control").object(|json| {
            json.member("type", "ephemeral");
            JsonText::write_if_some(mark.ttl.as_ref(), "ttl", json);
        });
    }

    /// Writes a block, unless it is not allowed on that side.
    #[inline(never)]
    fn block(&mut self, json: &mut Json, block: &ContentBlock<'_>, side: TurnSide) {
        let cache = block.cache.as_ref();
        match (&block.content, side) {
            (BlockContent::Text(text) | BlockContent::Refusal(text), _) => json.object(|json| {
                json.member("type", "text");
                text.write(json.key("text"));
                self.mark(json, cache);
            }),
            (BlockContent::Image { source, detail }, TurnSide::User | TurnSide::ToolResult) => {
                if detail.as_ref().is_some_and(|detail| !detail.is("auto")) {
                    self.losses.drop("detail of an image", "has no counterpart");
                }
                self.image(json, source, cache);
            }
            (BlockContent::Document { source, name }, TurnSide::User | TurnSide::ToolResult) => {
                self.document(json, (source, name.as_ref()), cache);
            }
            // Another vendor's signature says nothing here.
            (BlockContent::ToolCall { id, name, input, signature: _ }, TurnSide::Assistant) => json
                .object(|json| {
                    json.member("type", "tool_use");
                    self.call_id(json, "id", id);
                    self.tool_name(json, name);
                    json.key("input").value(input.json());
                    self.mark(json, cache);
                }),
            (BlockContent::ToolResult { id, is_error, blocks }, TurnSide::User) => {
                json.object(|json| {
                    json.member("type", "tool_result");
                    self.call_id(json, "tool_use_id", id);
                    if blocks.iter().any(is_sent) {
                        json.key("content").list(|json| {
                            for block in blocks.iter().filter(|block| is_sent(block)) {
                                self.block(json, block, TurnSide::ToolResult);
                            }
                        });
                    }
                    if *is_error {
                        json.key("is_error").flag(true);
                    }
                    self.mark(json, cache);
                })
            }
            (content, side) => self.refuse(content, side),
        }
    }

    /// Refuses a block that is not allowed on that side.
    #[inline(never)]
    fn refuse(&mut self, content: &BlockContent<'_>, side: TurnSide) {
        let what = match content {
            BlockContent::Image { .. } => "an image",
            BlockContent::Document { .. } => "a document",
            BlockContent::Audio(_) => "audio",
            BlockContent::ToolCall { .. } => "a tool call",
            BlockContent::ToolResult { .. } => "a tool result",
            _ => "thinking",
        };
        let place = match side {
            TurnSide::System => "instructions",
            TurnSide::User => "the user's turn",
            TurnSide::Assistant => "the model's turn",
            TurnSide::ToolResult => "a tool result",
        };
        self.losses.refuse(
            "messages",
            format_args!("have {what} in {place}, which Anthropic does not accept"),
        );
    }

    /// Writes the id of a call as a member.
    #[inline(never)]
    fn call_id(&mut self, json: &mut Json, key: &str, id: &JsonText<'_>) {
        self.ids.write(id, CALL_ID, json.key(key));
    }

    #[inline(never)]
    fn image(&mut self, json: &mut Json, source: &MediaSource<'_>, cache: Option<&CacheMark<'_>>) {
        let kind = match source {
            MediaSource::Base64 { media_type, .. } => {
                let kind = media_type.plain().to_ascii_lowercase();
                // Many write the name of the file's ending.
                if kind == "image/jpg" { "image/jpeg".to_owned() } else { kind }
            }
            _ => String::new(),
        };
        let is_known = match source {
            MediaSource::Base64 { .. } => IMAGES.contains(&&*kind),
            MediaSource::Url(_) => true,
            MediaSource::Text(_) => false,
        };
        if !is_known {
            let kind = quoted(&kind);
            self.losses
                .refuse("an image", format_args!("is of type {kind}, which Anthropic refuses"));
            return;
        }
        json.object(|json| {
            json.member("type", "image");
            json.key("source").object(|json| write_source(json, source, &kind));
            self.mark(json, cache);
        });
    }

    #[inline(never)]
    fn document(
        &mut self,
        json: &mut Json,
        (source, name): (&MediaSource<'_>, Option<&JsonText<'_>>),
        cache: Option<&CacheMark<'_>>,
    ) {
        const PDF: &str = "application/pdf";
        if let MediaSource::Base64 { media_type, .. } = source
            && !media_type.plain().eq_ignore_ascii_case(PDF)
        {
            let kind = quoted(&media_type.plain());
            let why = format_args!("is of type {kind}; Anthropic accepts only {PDF} as base64");
            self.losses.refuse("a document", why);
            return;
        }
        json.object(|json| {
            json.member("type", "document");
            json.key("source").object(|json| write_source(json, source, PDF));
            if let Some(name) = name.filter(|name| !is_blank(name)) {
                name.write(json.key("title"));
            }
            self.mark(json, cache);
        });
    }
}

/// Writes the members of a source; `kind` is the media type of base64.
#[inline(never)]
fn write_source(json: &mut Json, source: &MediaSource<'_>, kind: &str) {
    match source {
        MediaSource::Base64 { data, .. } => {
            json.member("type", "base64");
            json.member("media_type", kind);
            data.write(json.key("data"));
        }
        MediaSource::Text(text) => {
            json.member("type", "text");
            json.member("media_type", "text/plain");
            text.write(json.key("data"));
        }
        MediaSource::Url(url) => {
            json.member("type", "url");
            url.write(json.key("url"));
        }
    }
}
