//! Reads the tools of a client's request, and which of them the model is to call.

use super::super::conversation::{Conversation, Tool, ToolChoice};
use super::super::known::{KnownObject, Spot};
use super::super::loss::Losses;
use super::super::openai;
use super::super::tape::Node;
use super::read_part::{CACHE_CONTROL, cache_mark};
use crate::text::quoted;

/// The members of a function.
const FUNCTION: &[&str] = &["name", "description", "parameters", "strict", CACHE_CONTROL];

/// Reads tools and the choice among them, in today's form and in the older one.
#[inline(never)]
pub(super) fn read_tools<'a>(
    body: &KnownObject<'_, '_, 'a>,
    conversation: &mut Conversation<'a>,
    losses: &mut Losses,
) {
    let list = body.at("tools");
    for (at, node) in body.elements("tools", losses) {
        conversation.tools.extend(tool(node, list.element(at), losses));
    }
    let list = body.at("functions");
    for (at, node) in body.elements("functions", losses) {
        let object = KnownObject::of(node, list.element(at), FUNCTION, losses);
        conversation.tools.extend(function(&object, losses));
    }
    conversation.parallel_tools = body.flag("parallel_tool_calls", losses);
    conversation.tool_choice = choice(body, losses);
    if body.has("function_call") {
        let older = older_choice(body, losses);
        if conversation.tool_choice.is_some() && conversation.tool_choice != older {
            body.refuse("function_call", "contradicts `tool_choice`", losses);
        }
        conversation.tool_choice = conversation.tool_choice.take().or(older);
    }
}

/// Refuses a tool or a call that is not of a function, and names it. Returns whether it does. Some clients leave out
/// the type of functions, so a missing type is accepted.
#[inline(never)]
pub(super) fn is_foreign(node: Node<'_, '_>, spot: Spot<'_>, losses: &mut Losses) -> bool {
    let kind = node.get("type").filter(|kind| !kind.is("function"));
    let Some(kind) = kind.and_then(Node::text) else { return false };
    let own = ["function", "custom"].iter().find_map(|name| node.at(&[name, "name"]));
    let name = own.or_else(|| node.get("name")).and_then(Node::text);
    let name = name.map(|name| format!("of {} ", quoted(&name.plain()))).unwrap_or_default();
    let kind = quoted(&kind.plain());
    let why = format_args!("{name}is {kind}, which has no counterpart");
    losses.refuse(spot.member("type"), why);
    true
}

fn tool<'a>(node: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<Tool<'a>> {
    if is_foreign(node, spot, losses) {
        return None;
    }
    let object = KnownObject::of(node, spot, &["type", "function", CACHE_CONTROL], losses);
    object.text("type", losses);
    let mut tool = function(&object.needed_object("function", FUNCTION, losses)?, losses)?;
    tool.cache = tool.cache.or(cache_mark(&object, losses));
    Some(tool)
}

#[inline(never)]
fn function<'a>(function: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<Tool<'a>> {
    Some(Tool {
        name: function.needed_text("name", losses)?,
        description: function.text("description", losses),
        schema: function.raw_object("parameters", losses),
        strict: function.flag("strict", losses),
        cache: cache_mark(function, losses),
    })
}

/// Reads the choice among tools. Mistral's clients say `any` for `required`.
fn choice<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ToolChoice<'a>> {
    const KEY: &str = "tool_choice";
    let node = body.get(KEY)?;
    if let Some(word) = node.text() {
        let any = word.is("any").then_some(ToolChoice::Any);
        let choice = openai::tool_choice(&word).or(any);
        if choice.is_none() {
            body.refuse_value(KEY, losses);
        }
        return choice;
    }
    if is_foreign(node, body.at(KEY), losses) {
        return None;
    }
    let object = body.object(KEY, &["type", "function"], losses)?;
    object.text("type", losses);
    let function = object.needed_object("function", &["name"], losses)?;
    function.needed_text("name", losses).map(ToolChoice::Named)
}

/// Reads the choice among functions, in the older form.
fn older_choice<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<ToolChoice<'a>> {
    const KEY: &str = "function_call";
    if let Some(word) = body.get(KEY)?.text() {
        let choice = openai::tool_choice(&word).filter(|choice| *choice != ToolChoice::Any);
        if choice.is_none() {
            body.refuse_value(KEY, losses);
        }
        return choice;
    }
    let function = body.object(KEY, &["name"], losses)?;
    function.needed_text("name", losses).map(ToolChoice::Named)
}
