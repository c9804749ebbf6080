//! Reads the tools of a request, and which of them the model is to call.

use crate::translate::conversation::{Tool, ToolChoice};
use crate::translate::known::{KnownObject, NO_COUNTERPART, Spot};
use crate::translate::loss::Losses;
use crate::translate::openai;
use crate::translate::tape::Node;

/// The members of a tool.
const MEMBERS: &[&str] = &[
    "type",
    "name",
    "description",
    "parameters",
    "strict",
    "output_schema",
    "allowed_callers",
    "defer_loading",
    "async",
];

/// Reads the list of tools. Only functions are known to other APIs.
pub(super) fn read<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Vec<Tool<'a>> {
    let list = body.at("tools");
    let tools = body.elements("tools", losses);
    tools.filter_map(|(at, tool)| read_tool(tool, list.element(at), losses)).collect()
}

/// Returns whether the type of an object is a function. If it is not, refuses the object.
fn is_function(node: Node<'_, '_>, spot: Spot<'_>, losses: &mut Losses) -> bool {
    match node.get("type") {
        Some(kind) if kind.is("function") => return true,
        Some(kind) => spot.member("type").refuse_value(kind, losses),
        None => spot.member("type").refuse("is missing", losses),
    }
    false
}

#[inline(never)]
fn read_tool<'a>(tool: Node<'_, 'a>, spot: Spot<'_>, losses: &mut Losses) -> Option<Tool<'a>> {
    if !is_function(tool, spot, losses) {
        return None;
    }
    let tool = KnownObject::of(tool, spot, MEMBERS, losses);
    let callers = tool.at("allowed_callers");
    for (at, caller) in tool.elements("allowed_callers", losses) {
        if !caller.is("direct") {
            callers.element(at).refuse_value(caller, losses);
        }
    }
    tool.refuse_flags(&["defer_loading", "async"], losses);
    if tool.has("output_schema") {
        tool.drop("output_schema", NO_COUNTERPART, losses);
    }
    Some(Tool {
        name: tool.needed_text("name", losses)?,
        description: tool.text("description", losses),
        schema: tool.raw_object("parameters", losses),
        // Where it is absent, this API follows the schema exactly if the schema allows for that, and else
        // as well as the model can. So the client relies on neither, and many schemas that are sent
        // without it would be refused as strict ones.
        // https://developers.openai.com/api/docs/guides/function-calling#strict-mode
        strict: tool.flag("strict", losses),
        cache: None,
    })
}

/// Reads which tools the model is to call.
pub(super) fn choice<'a>(
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> Option<ToolChoice<'a>> {
    const KEY: &str = "tool_choice";
    let value = body.get(KEY)?;
    if !value.is_object() {
        let choice = value.text().as_ref().and_then(openai::tool_choice);
        if choice.is_none() {
            body.refuse_value(KEY, losses);
        }
        return choice;
    }
    if !is_function(value, body.at(KEY), losses) {
        return None;
    }
    let choice = body.object(KEY, &["type", "name"], losses)?;
    choice.needed_text("name", losses).map(ToolChoice::Named)
}
