//! Shows a conversation on a few lines, which tests compare.

use std::fmt::Write;

use super::super::super::conversation::{
    BlockContent, CacheMark, ContentBlock, Conversation, MediaSource, TurnRole,
};
use super::super::super::text::JsonText;

/// Returns the system's texts and the turns, one on each line.
pub(super) fn outline(conversation: &Conversation<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !conversation.system.is_empty() {
        lines.push(format!("before:{}", blocks(&conversation.system)));
    }
    for turn in &conversation.turns {
        let role = match turn.role {
            TurnRole::System => "system",
            TurnRole::User => "user",
            TurnRole::Assistant => "assistant",
        };
        lines.push(format!("{role}:{}", blocks(&turn.blocks)));
    }
    lines
}

fn blocks(blocks: &[ContentBlock<'_>]) -> String {
    let mut all = String::new();
    for block in blocks {
        let _ = write!(all, " {}{}", content(&block.content), mark(block.cache.as_ref()));
    }
    all
}

pub(super) fn mark(cache: Option<&CacheMark<'_>>) -> String {
    cache.map_or(String::new(), |mark| {
        format!("#cache{}", mark.ttl.as_ref().map_or("".into(), JsonText::plain))
    })
}

fn content(content: &BlockContent<'_>) -> String {
    let tail = |text: &Option<JsonText<'_>>| {
        text.as_ref().map_or(String::new(), |text| format!("+{}", text.plain()))
    };
    match content {
        BlockContent::Text(text) => format!("text({})", text.plain()),
        BlockContent::Image { source, detail } => {
            format!("image({}{})", place(source), tail(detail))
        }
        BlockContent::Document { source, name } => format!("file({}{})", place(source), tail(name)),
        BlockContent::Audio(source) => format!("audio({})", place(source)),
        BlockContent::ToolCall { id, name, input, signature } => {
            format!("call({} {} {}{})", id.plain(), name.plain(), input.json(), tail(signature))
        }
        BlockContent::ToolResult { id, is_error, blocks: within } => {
            let error = if *is_error { " error" } else { "" };
            format!("result({}{error}{})", id.plain(), blocks(within))
        }
        BlockContent::Thinking { text, signature } => {
            format!("thinking({}{})", text.plain(), tail(signature))
        }
        BlockContent::RedactedThinking(data) => format!("redacted({})", data.plain()),
        BlockContent::Refusal(text) => format!("refusal({})", text.plain()),
    }
}

fn place(source: &MediaSource<'_>) -> String {
    match source {
        MediaSource::Base64 { media_type, data } => {
            format!("{};{}", media_type.plain(), data.plain())
        }
        MediaSource::Text(text) => format!("text {}", text.plain()),
        MediaSource::Url(url) => url.plain().into_owned(),
    }
}
