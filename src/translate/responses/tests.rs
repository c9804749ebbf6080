//! What requests are read as, what of them is lost, and how answers are written.

mod events;
mod losses;
mod recorded;
mod requests;
mod responses;
mod through;
mod writing;

use super::super::conversation::{BlockContent, ContentBlock, Conversation, MediaSource, TurnRole};
use super::super::loss::{Gravity, Losses};
use super::super::tape::Tape;
use super::read_request;

/// Reads a request, and returns what `show` makes of the conversation, and what is lost on the way to a
/// provider that is not OpenAI.
fn reading<T>(text: &str, show: impl FnOnce(&Conversation<'_>) -> T) -> (T, Losses) {
    let tape = Tape::read(text.as_bytes()).unwrap();
    let mut losses = Losses::default();
    let conversation = read_request(tape.root(), &mut losses);
    conversation.drop_openai(&mut losses);
    (show(&conversation), losses)
}

/// Returns what is lost, one line each: `place: why`, after `-` where it may be left out and `!` where it
/// refuses the request.
fn shown_losses(losses: &Losses) -> Vec<String> {
    let mark = |gravity| if gravity == Gravity::Droppable { '-' } else { '!' };
    let list = losses.list().iter();
    list.map(|loss| format!("{}{}: {}", mark(loss.gravity), loss.place, loss.why)).collect()
}

/// Returns what a conversation says, one line for each turn: `user: "text" image(…)`.
fn shown(conversation: &Conversation<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !conversation.system.is_empty() {
        lines.push(format!("before: {}", shown_blocks(&conversation.system)));
    }
    for turn in &conversation.turns {
        let role = match turn.role {
            TurnRole::System => "system",
            TurnRole::User => "user",
            TurnRole::Assistant => "assistant",
        };
        lines.push(format!("{role}: {}", shown_blocks(&turn.blocks)));
    }
    lines
}

fn shown_blocks(blocks: &[ContentBlock<'_>]) -> String {
    blocks.iter().map(shown_block).collect::<Vec<_>>().join(" ")
}

fn shown_block(block: &ContentBlock<'_>) -> String {
    let source = |source: &MediaSource<'_>| match source {
        MediaSource::Base64 { media_type, data } => {
            format!("{} {}", media_type.plain(), data.plain())
        }
        MediaSource::Text(text) => format!("text {}", text.plain()),
        MediaSource::Url(url) => format!("url {}", url.plain()),
    };
    let mark = if block.cache.is_some() { "*" } else { "" };
    let content = match &block.content {
        BlockContent::Text(text) => format!("{:?}", text.plain()),
        BlockContent::Image { source: from, detail } => {
            let detail = detail.as_ref().map(|detail| format!(" {}", detail.plain()));
            format!("image({}{})", source(from), detail.unwrap_or_default())
        }
        BlockContent::Document { source: from, name } => {
            let name = name.as_ref().map(|name| format!(" {}", name.plain()));
            format!("document({}{})", source(from), name.unwrap_or_default())
        }
        BlockContent::Audio(from) => format!("audio({})", source(from)),
        BlockContent::ToolCall { id, name, input, signature } => {
            assert!(signature.is_none());
            format!("call({} {} {})", id.plain(), name.plain(), input.json())
        }
        BlockContent::ToolResult { id, is_error, blocks } => {
            assert!(!is_error);
            format!("result({} {})", id.plain(), shown_blocks(blocks))
        }
        BlockContent::Thinking { text, signature } => {
            assert!(signature.is_none());
            format!("thinking({:?})", text.plain())
        }
        BlockContent::RedactedThinking(_) => "redacted".into(),
        BlockContent::Refusal(words) => format!("refusal({:?})", words.plain()),
    };
    format!("{content}{mark}")
}
