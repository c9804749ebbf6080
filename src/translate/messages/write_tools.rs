//! Writes the tools of a request, and which of them the model is to call
//! (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools>).

use std::collections::BTreeMap;

use super::super::claude::ModelRules;
use super::super::conversation::{BlockContent, Conversation, Tool, ToolChoice};
use super::super::sides::{is_forced, refuse_call_without_tools};
use super::super::text::JsonText;
use super::arrange::Arranged;
use super::schema::{InputSchema, NO_INPUT, input_schema, is_closed, unheld};
use super::write_blocks::BlockWriter;
use crate::json::Json;

/// Writes `tools` and `tool_choice`.
#[inline(never)]
pub(super) fn write_tools(
    json: &mut Json,
    conversation: &Conversation<'_>,
    rules: ModelRules,
    (arranged, blocks): (&Arranged<'_, '_>, &mut BlockWriter<'_>),
) {
    if conversation.tools.is_empty() {
        refuse_call_without_tools(conversation.tool_choice.as_ref(), blocks.losses);
        write_former_tools(json, (arranged, blocks));
        return;
    }
    json.key("tools").list(|json| {
        for tool in &conversation.tools {
            write_tool(json, tool, rules, blocks);
        }
    });
    write_choice(json, conversation, rules, blocks);
}

/// Writes tools for the calls in the conversation, if the request has no tools any more. The API refuses calls without
/// tools. None of these tools may be called again.
fn write_former_tools(
    json: &mut Json,
    (arranged, blocks): (&Arranged<'_, '_>, &mut BlockWriter<'_>),
) {
    let mut names = BTreeMap::new();
    for block in arranged.messages.iter().flat_map(|side| &side.blocks) {
        if let BlockContent::ToolCall { name, .. } = &block.content {
            names.insert(name.plain().into_owned(), 0_usize);
        }
    }
    if names.is_empty() {
        return;
    }
    json.key("tools").list(|json| {
        for name in names.keys() {
            json.object(|json| {
                blocks.tool_name(json, &JsonText::of(name));
                json.key("input_schema").value(NO_INPUT);
            });
        }
    });
    json.key("tool_choice").object(|json| json.member("type", "none"));
}

fn write_tool(json: &mut Json, tool: &Tool<'_>, rules: ModelRules, blocks: &mut BlockWriter<'_>) {
    let schema = match tool.schema.map(input_schema) {
        None => NO_INPUT.into(),
        Some(InputSchema::Fits(schema)) => schema,
        Some(InputSchema::Alternatives) => {
            if rules.is_claude() {
                let why = "has oneOf, anyOf or allOf at the top of a tool's schema";
                blocks.losses.refuse("tools", format_args!("{why}, which Anthropic refuses"));
            }
            tool.schema.unwrap_or(NO_INPUT).into()
        }
    };
    let mut is_strict = tool.strict == Some(true);
    let holds = || rules.follows_schemas() && is_closed(&schema) && unheld(&schema).is_none();
    if is_strict && !holds() {
        blocks
            .losses
            .drop("tools", "have a strict tool, but the model cannot be held to its schema");
        is_strict = false;
    }
    json.object(|json| {
        blocks.tool_name(json, &tool.name);
        JsonText::write_if_some(tool.description.as_ref(), "description", json);
        json.key("input_schema").value(&schema);
        if is_strict {
            json.key("strict").flag(true);
        }
        blocks.mark(json, tool.cache.as_ref());
    });
}

fn write_choice(
    json: &mut Json,
    conversation: &Conversation<'_>,
    rules: ModelRules,
    blocks: &mut BlockWriter<'_>,
) {
    let is_single = conversation.parallel_tools == Some(false);
    let choice = match &conversation.tool_choice {
        None if !is_single => return,
        None => &ToolChoice::Auto,
        Some(choice) => choice,
    };
    if is_forced(Some(choice)) && !rules.can_be_forced() {
        blocks.losses.refuse(
            "tool_choice",
            "requires a tool call, which the model cannot be forced to make",
        );
    }
    json.key("tool_choice").object(|json| {
        json.member(
            "type",
            match choice {
                ToolChoice::Auto => "auto",
                ToolChoice::Never => "none",
                ToolChoice::Any => "any",
                ToolChoice::Named(_) => "tool",
            },
        );
        if let ToolChoice::Named(name) = choice {
            blocks.tool_name(json, name);
        }
        if is_single && *choice != ToolChoice::Never {
            json.key("disable_parallel_tool_use").flag(true);
        }
    });
}
