//! Reads the turns of a conversation and their blocks.
//!
//! A block whose type has no counterpart is refused, because the content that it gives the model cannot be left
//! out (<https://platform.claude.com/docs/en/api/messages/create#create.messages>).

use super::super::conversation::{
    BlockContent, ContentBlock, Conversation, TalkTurn, ToolInput, TurnRole,
};
use super::super::known::{KnownObject, NO_COUNTERPART, Spot};
use super::super::loss::Losses;
use super::super::tape::Node;
use super::read_cache::{cache_mark, marked};
use super::read_media::{MediaPlace, image, read_source};

/// Where a block is. That decides which types it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Turn(TurnRole),
    ToolResult,
    Document,
}

/// Reads what the model reads: instructions and turns.
pub(super) fn prompt<'a>(
    read: &mut Conversation<'a>,
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    if let Some(system) = body.get("system") {
        let within = Within::Turn(TurnRole::System);
        read.system = blocks(system, body.at("system"), within, losses);
    }
    body.needed("messages", losses);
    let list = body.at("messages");
    for (number, message) in body.elements("messages", losses) {
        read.turns.extend(turn(message, list.element(number), losses));
    }
}

/// Reads a message.
fn turn<'a>(message: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<TalkTurn<'a>> {
    let message = KnownObject::of(message, spot, &["role", "content", "id"], losses);
    if message.has("id") {
        message.drop("id", NO_COUNTERPART, losses);
    }
    let role = match message.needed("role", losses)? {
        role if role.is("user") => TurnRole::User,
        role if role.is("assistant") => TurnRole::Assistant,
        role if role.is("system") => TurnRole::System,
        _ => {
            message.refuse_value("role", losses);
            return None;
        }
    };
    let content = message.needed("content", losses)?;
    let blocks = blocks(content, message.at("content"), Within::Turn(role), losses);
    Some(TalkTurn { role, blocks })
}

/// Reads content: a text, or a list of blocks.
#[inline(never)]
fn blocks<'a>(
    content: Node<'_, 'a>,
    spot: Spot<'_>,
    within: Within,
    losses: &mut Losses,
) -> Vec<ContentBlock<'a>> {
    // Most have one.
    let mut read = Vec::with_capacity(1);
    if let Some(text) = content.text() {
        if !text.is_empty() {
            read.push(ContentBlock::of(BlockContent::Text(text)));
        }
        return read;
    }
    for (number, part) in spot.elements(content, losses) {
        block(&mut read, part, (spot.element(number), within), losses);
    }
    read
}

/// Reads a block. Some documents become several.
#[inline(never)]
fn block<'a>(
    read: &mut Vec<ContentBlock<'a>>,
    part: Node<'_, 'a>,
    (spot, within): (Spot<'_>, Within),
    losses: &mut Losses,
) {
    use TurnRole::{Assistant, User};
    let kind_at = spot.member("type");
    if !part.is_object() {
        return spot.refuse("is not an object", losses);
    }
    let Some(node) = part.get("type") else { return kind_at.refuse("is missing", losses) };
    let Some(kind) = kind_at.text(node, losses) else { return };
    let kind = kind.plain();
    let block = match (&*kind, within) {
        ("text", _) => read_text(part, spot, losses),
        ("image", Within::Turn(User) | Within::ToolResult | Within::Document) => {
            image(part, spot, losses)
        }
        ("document", Within::Turn(User) | Within::ToolResult) => {
            return document(read, part, spot, losses);
        }
        ("tool_use", Within::Turn(Assistant)) => read_call(part, spot, losses),
        ("tool_result", Within::Turn(User)) => read_result(part, spot, losses),
        ("thinking", Within::Turn(Assistant)) => read_thinking(part, spot, losses),
        ("redacted_thinking", Within::Turn(Assistant)) => {
            let thought = KnownObject::of(part, spot, &["type", "data"], losses);
            let data = thought.needed_text("data", losses);
            data.map(|data| ContentBlock::of(BlockContent::RedactedThinking(data)))
        }
        _ => {
            kind_at.refuse_value(node, losses);
            None
        }
    };
    ContentBlock::add(block, read);
}

/// Reads a text. Its citations are left out: they are for people to look up, and the text itself stays.
fn read_text<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names = ["type", "text", "cache_control", "citations"];
    let text = KnownObject::of(part, spot, &names, losses);
    let words = text.needed_text("text", losses)?;
    Some(marked(BlockContent::Text(words), &text, losses))
}

fn read_call<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names = ["type", "id", "name", "input", "cache_control", "caller", "toolset_name"];
    let call = KnownObject::of(part, spot, &names, losses);
    if let Some(caller) = call.get("caller")
        && !caller.says("type", "direct")
    {
        call.refuse("caller", "is not direct, which has no counterpart", losses);
    }
    call.refuse_all(&["toolset_name"], losses);
    let id = call.needed_text("id", losses);
    let name = call.needed_text("name", losses);
    call.needed("input", losses);
    let input = ToolInput::Json(call.raw_object("input", losses)?);
    let content = BlockContent::ToolCall { id: id?, name: name?, input, signature: None };
    Some(marked(content, &call, losses))
}

fn read_result<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names = ["type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"];
    let result = KnownObject::of(part, spot, &names, losses);
    result.refuse_all(&["toolset_name"], losses);
    let id = result.needed_text("tool_use_id", losses);
    let is_error = result.flag("is_error", losses).unwrap_or(false);
    let mut within = Vec::new();
    if let Some(content) = result.get("content") {
        within = blocks(content, result.at("content"), Within::ToolResult, losses);
    }
    let content = BlockContent::ToolResult { id: id?, is_error, blocks: within };
    Some(marked(content, &result, losses))
}

fn read_thinking<'a>(
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let thought = KnownObject::of(part, spot, &["type", "thinking", "signature"], losses);
    let text = thought.needed_text("thinking", losses)?;
    let signature = thought.said("signature", losses);
    Some(ContentBlock::of(BlockContent::Thinking { text, signature }))
}

/// Reads a document. Its context comes before it, as a text of its own.
#[inline(never)]
fn document<'a>(
    read: &mut Vec<ContentBlock<'a>>,
    part: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) {
    let names = ["type", "source", "title", "context", "citations", "cache_control"];
    let document = KnownObject::of(part, spot, &names, losses);
    if let Some(citations) = document.get("citations")
        && citations.get("enabled").and_then(Node::flag) != Some(false)
    {
        document.drop("citations", NO_COUNTERPART, losses);
    }
    let title = document.said("title", losses);
    ContentBlock::add_content(document.said("context", losses).map(BlockContent::Text), read);
    match read_source(&document, losses) {
        Some(MediaPlace::Media(source)) => {
            let content = BlockContent::Document { source, name: title };
            read.push(marked(content, &document, losses));
        }
        // Passages that answers may cite: without that, they are texts and images like any other.
        Some(MediaPlace::Content(content)) => {
            ContentBlock::add_content(title.map(BlockContent::Text), read);
            let source = document.at("source");
            let mut content = blocks(content, source.member("content"), Within::Document, losses);
            if let Some(last) = content.last_mut() {
                last.cache = cache_mark(&document, losses);
            }
            read.append(&mut content);
        }
        None => {}
    }
}
