//! Reads the tools of a request, and which of them the model is to call.
//!
//! Only the client's own tools have a counterpart. Tools that Anthropic runs itself, or has trained its models on, are
//! refused by their type (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>).

use super::super::conversation::{Conversation, Tool, ToolChoice};
use super::super::known::{KnownObject, NO_COUNTERPART, Spot};
use super::super::loss::Losses;
use super::super::tape::Node;
use super::read_cache::cache_mark;

/// The members of a tool.
const MEMBERS: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "eager_input_streaming",
    "defer_loading",
    "input_examples",
    "allowed_callers",
];

/// Reads tools and the choice among them.
#[inline(never)]
pub(super) fn tools<'a>(
    read: &mut Conversation<'a>,
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    let list = body.at("tools");
    for (number, tool) in body.elements("tools", losses) {
        read.tools.extend(read_tool(tool, list.element(number), losses));
    }
    let names = ["type", "name", "disable_parallel_tool_use"];
    if let Some(choice) = body.object("tool_choice", &names, losses) {
        read_choice(read, &choice, losses);
    }
}

#[inline(never)]
fn read_tool<'a>(tool: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<Tool<'a>> {
    if let Some(kind) = tool.get("type").filter(|kind| !kind.is("custom")) {
        let spot = spot.member("type");
        spot.text(kind, losses)?;
        spot.refuse_value(kind, losses);
        return None;
    }
    let tool = KnownObject::of(tool, spot, MEMBERS, losses);
    if tool.has("allowed_callers") {
        read_callers(&tool, losses);
    }
    for name in ["eager_input_streaming", "defer_loading", "input_examples"] {
        if tool.get(name).is_some_and(|value| value.flag() != Some(false)) {
            tool.drop(name, NO_COUNTERPART, losses);
        }
    }
    let name = tool.needed_text("name", losses);
    tool.needed("input_schema", losses);
    Some(Tool {
        schema: tool.raw_object("input_schema", losses),
        name: name?,
        description: tool.text("description", losses),
        strict: tool.flag("strict", losses),
        cache: cache_mark(&tool, losses),
    })
}

/// Decides about who may call a tool. Models of other APIs call tools directly, and never from code.
fn read_callers(tool: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    const KEY: &str = "allowed_callers";
    let (mut is_direct, mut has_others) = (false, false);
    for (_, caller) in tool.elements(KEY, losses) {
        let this = caller.is("direct");
        (is_direct, has_others) = (is_direct || this, has_others || !this);
    }
    if !is_direct {
        tool.refuse(KEY, "allows no direct calls, which has no counterpart", losses);
    } else if has_others {
        tool.drop(KEY, "allows calls from code, which have no counterpart", losses);
    }
}

fn read_choice<'a>(
    read: &mut Conversation<'a>,
    choice: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    let Some(kind) = choice.needed_text("type", losses) else { return };
    read.tool_choice = match &*kind.plain() {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Any),
        "none" => Some(ToolChoice::Never),
        "tool" => choice.needed_text("name", losses).map(ToolChoice::Named),
        _ => {
            choice.refuse_value("type", losses);
            None
        }
    };
    let single = choice.flag("disable_parallel_tool_use", losses);
    read.parallel_tools = single.map(|is_single| !is_single);
}
