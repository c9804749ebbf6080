//! Reads the input of a request: items, which become turns of a conversation.
//!
//! What one side says is often several items. An answer, for example, is its thinking, its message and each of its
//! calls. Such neighbours become one turn.

use super::parts::{self, PartsOf};
use crate::translate::conversation::{
    BlockContent, ContentBlock, Conversation, TalkTurn, ToolInput, TurnRole,
};
use crate::translate::known::{KEPT, KnownObject, NO_COUNTERPART, NO_OBJECT, Spot};
use crate::translate::loss::Losses;
use crate::translate::sides::is_result;
use crate::translate::tape::Node;

/// Reads the input, which is a text or a list of items.
pub(super) fn read<'a>(
    value: Node<'_, 'a>,
    spot: Spot<'_>,
    to: &mut Conversation<'a>,
    losses: &mut Losses,
) {
    if let Some(text) = value.text() {
        let blocks = vec![ContentBlock::of(BlockContent::Text(text))];
        to.turns.push(TalkTurn { role: TurnRole::User, blocks });
        return;
    }
    if !value.is_list() {
        return spot.refuse("is neither a text nor a list", losses);
    }
    for (at, item) in spot.elements(value, losses) {
        read_item(item, spot.element(at), to, losses);
    }
}

fn read_item<'a>(
    item: Node<'_, 'a>,
    spot: Spot<'_>,
    to: &mut Conversation<'a>,
    losses: &mut Losses,
) {
    let Some(kind) = item.get("type") else {
        if !item.has("role") && item.has("id") {
            return spot.refuse(KEPT, losses);
        }
        return message(item, spot, to, losses);
    };
    match &*kind.word() {
        "message" => message(item, spot, to, losses),
        "function_call" => {
            let call = function_call(item, spot, losses);
            join(to, TurnRole::Assistant, call);
        }
        "function_call_output" => {
            let result = function_call_output(item, spot, losses);
            join(to, TurnRole::User, result);
        }
        "reasoning" => {
            for thought in reasoning(item, spot, losses) {
                join(to, TurnRole::Assistant, Some(thought));
            }
        }
        "item_reference" => spot.refuse(KEPT, losses),
        _ => spot.member("type").refuse_value(kind, losses),
    }
}

/// Adds a block to the last turn, if that is of the same side, or else begins a turn. A result of a tool does not join
/// a message of the user.
#[inline(never)]
fn join<'a>(to: &mut Conversation<'a>, role: TurnRole, block: Option<ContentBlock<'a>>) {
    let Some(block) = block else { return };
    let is_result = |block: &ContentBlock<'_>| is_result(&block.content);
    match to.turns.last_mut() {
        Some(last)
            if last.role == role
                && (role == TurnRole::Assistant || last.blocks.last().is_some_and(is_result)) =>
        {
            last.blocks.push(block);
        }
        _ => to.turns.push(TalkTurn { role, blocks: vec![block] }),
    }
}

#[inline(never)]
fn message<'a>(item: Node<'_, 'a>, spot: Spot<'_>, to: &mut Conversation<'a>, losses: &mut Losses) {
    let names = ["type", "role", "content", "id", "status", "phase"];
    let message = KnownObject::of(item, spot, &names, losses);
    let Some(role) = message.needed("role", losses) else { return };
    let parts_of = match &*role.word() {
        "user" => PartsOf::User,
        "assistant" => PartsOf::Assistant,
        "system" | "developer" => PartsOf::System,
        _ => return message.refuse_value("role", losses),
    };
    if message.has("phase") {
        message.drop("phase", NO_COUNTERPART, losses);
    }
    let Some(content) = message.needed("content", losses) else { return };
    let blocks = parts::read(content, message.at("content"), parts_of, losses);
    match parts_of {
        PartsOf::Assistant => {
            for block in blocks {
                join(to, TurnRole::Assistant, Some(block));
            }
        }
        // What comes before the conversation belongs to the instructions.
        PartsOf::System if to.turns.is_empty() => to.system.extend(blocks),
        PartsOf::System => to.turns.push(TalkTurn { role: TurnRole::System, blocks }),
        PartsOf::User | PartsOf::Tool => to.turns.push(TalkTurn { role: TurnRole::User, blocks }),
    }
}

fn function_call<'a>(
    item: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names =
        ["type", "call_id", "name", "arguments", "id", "status", "caller", "namespace", "async"];
    let call = KnownObject::of(item, spot, &names, losses);
    refuse_caller(&call, losses);
    call.refuse_flags(&["async"], losses);
    let id = call.needed_text("call_id", losses);
    let name = call.needed_text("name", losses);
    let input = ToolInput::within(&call.needed_text("arguments", losses)?);
    if input.is_none() {
        call.refuse("arguments", NO_OBJECT, losses);
    }
    let content = BlockContent::ToolCall { id: id?, name: name?, input: input?, signature: None };
    Some(ContentBlock::of(content))
}

fn function_call_output<'a>(
    item: Node<'_, 'a>,
    spot: Spot<'_>,
    losses: &mut Losses,
) -> Option<ContentBlock<'a>> {
    let names = ["type", "call_id", "output", "id", "status", "name", "namespace", "caller"];
    let result = KnownObject::of(item, spot, &names, losses);
    refuse_caller(&result, losses);
    let id = result.needed_text("call_id", losses);
    let output = result.needed("output", losses)?;
    let blocks = parts::read(output, result.at("output"), PartsOf::Tool, losses);
    Some(ContentBlock::of(BlockContent::ToolResult { id: id?, is_error: false, blocks }))
}

/// Refuses a call that a program at OpenAI has made, and a call of a function in a namespace. Both come from tools that
/// are refused.
#[inline(never)]
fn refuse_caller(call: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    if let Some(caller) = call.object("caller", &["type", "caller_id"], losses)
        && !caller.says("type", "direct")
    {
        caller.spot().refuse("is not the model itself", losses);
    }
    if call.has("namespace") {
        call.refuse("namespace", NO_COUNTERPART, losses);
    }
}

/// Reads what the model has thought. Only OpenAI can read encrypted thinking, and the summary next to it is not the
/// thinking itself.
#[inline(never)]
fn reasoning<'a>(item: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Vec<ContentBlock<'a>> {
    let names = ["type", "id", "summary", "content", "encrypted_content", "status"];
    let item = KnownObject::of(item, spot, &names, losses);
    if item.has("encrypted_content") {
        item.drop(
            "encrypted_content",
            "can be read only by the provider that encrypted it",
            losses,
        );
        return Vec::new();
    }
    let mut thoughts = texts(&item, "content", "reasoning_text", losses);
    let summaries = texts(&item, "summary", "summary_text", losses);
    if thoughts.is_empty() {
        thoughts = summaries;
    }
    if thoughts.is_empty() {
        spot.drop("refers to thinking stored at another provider", losses);
    }
    thoughts
}

/// Returns the thoughts in a list of texts that all have that type.
#[inline(never)]
fn texts<'a>(
    item: &KnownObject<'_, '_, 'a>,
    name: &str,
    kind: &str,
    losses: &mut Losses,
) -> Vec<ContentBlock<'a>> {
    let mut thoughts = Vec::new();
    let list = item.at(name);
    for (at, part) in item.elements(name, losses) {
        let part = KnownObject::of(part, list.element(at), &["type", "text"], losses);
        if part.get("type").is_some_and(|of_part| !of_part.is(kind)) {
            part.refuse_value("type", losses);
        }
        let text = part.needed_text("text", losses).filter(|text| !text.is_empty());
        let thought = text.map(|text| BlockContent::Thinking { text, signature: None });
        ContentBlock::add_content(thought, &mut thoughts);
    }
    thoughts
}
