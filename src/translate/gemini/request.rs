//! Writes a request of generateContent and streamGenerateContent. The path has the model, and says whether the answer
//! streams.
//! <https://ai.google.dev/api/generate-content>

use super::super::ModelTarget;
use super::super::conversation::{BlockContent, ContentBlock, Conversation, ToolChoice};
use super::super::loss::Losses;
use super::super::names::ToolNames;
use super::super::sides::{
    OneSide, has_cache_mark, instructions, is_empty_text, is_thought, refuse_call_without_tools,
    refuse_one_at_a_time, refuse_other_ends, sides,
};
use super::super::text::JsonText;
use super::config::write_config;
use super::content::{Contents, TOOL_NAME};
use super::family::GoogleModel;
use crate::json::Json;

/// Returns the body of a request.
#[inline(never)]
pub(in super::super) fn write_request(
    conversation: &Conversation<'_>,
    target: &mut ModelTarget<'_>,
    losses: &mut Losses,
) -> String {
    let model = GoogleModel::of(target.model);
    let sides = kept_sides(conversation, losses);
    refuse_other_ends(&sides, losses);
    drop_others(conversation, losses);
    let instructions = instructions(conversation, losses);
    let mut json = Json::default();
    json.object(|json| {
        if !instructions.is_empty() {
            write_instructions(&instructions, losses, json);
        }
        json.key("contents").list(|json| {
            let mut contents = Contents::new(model, &mut target.names, losses);
            sides.iter().for_each(|side| contents.side(side, json));
        });
        write_tools(conversation, &mut target.names, losses, json);
        let mut config = Json::default();
        config.object(|json| write_config(conversation, model, losses, json));
        let config = config.finish();
        if config != "{}" {
            json.key("generationConfig").value(&config);
        }
    });
    json.finish()
}

/// Returns the sides without empty texts and without thinking. Thinking is left out because no API tells which model
/// it came from.
fn kept_sides<'c, 'a>(
    conversation: &'c Conversation<'a>,
    losses: &mut Losses,
) -> Vec<OneSide<'c, 'a>> {
    let mut is_lost = false;
    let sides = sides(conversation, &mut |block| {
        let is_thought = is_thought(&block.content);
        is_lost |= is_thought;
        !is_thought && !is_empty_text(&block.content)
    });
    if is_lost {
        losses.drop("thinking", "cannot be sent back to generateContent");
    }
    sides
}

/// Notes what has no counterpart.
#[inline(never)]
fn drop_others(conversation: &Conversation<'_>, losses: &mut Losses) {
    let has_strict_tool = conversation.tools.iter().any(|tool| tool.strict == Some(true));
    let rows = [
        ("user", conversation.user.is_some()),
        ("store", conversation.store == Some(true)),
        ("cache_control", has_cache_mark(conversation)),
        ("strict", has_strict_tool),
    ];
    refuse_one_at_a_time(conversation, losses);
    for (place, is_there) in rows {
        if is_there {
            losses.drop(place, "has no counterpart in generateContent");
        }
    }
}

fn write_instructions(blocks: &[&ContentBlock<'_>], losses: &mut Losses, json: &mut Json) {
    json.key("systemInstruction").object(|json| {
        json.key("parts").list(|json| {
            for block in blocks {
                match &block.content {
                    BlockContent::Text(text) => text.write_part(json),
                    _ => losses.refuse("system", "has a block that is not text"),
                }
            }
        });
    });
}

/// Writes the tools, and which of them the model is to call.
/// <https://ai.google.dev/api/caching#Tool>
#[inline(never)]
fn write_tools(
    conversation: &Conversation<'_>,
    names: &mut ToolNames,
    losses: &mut Losses,
    json: &mut Json,
) {
    let choice = conversation.tool_choice.as_ref();
    if conversation.tools.is_empty() {
        refuse_call_without_tools(choice, losses);
        return;
    }
    json.key("tools").list(|json| {
        json.object(|json| {
            json.key("functionDeclarations").list(|json| {
                for tool in &conversation.tools {
                    json.object(|json| {
                        names.write(&tool.name, TOOL_NAME, json.key("name"));
                        JsonText::write_if_some(tool.description.as_ref(), "description", json);
                        if let Some(schema) = tool.schema {
                            json.key("parametersJsonSchema").value(schema);
                        }
                    });
                }
            });
        });
    });
    let Some(choice) = choice else { return };
    json.key("toolConfig").object(|json| {
        json.key("functionCallingConfig").object(|json| {
            json.member(
                "mode",
                match choice {
                    ToolChoice::Auto => "AUTO",
                    ToolChoice::Never => "NONE",
                    ToolChoice::Any | ToolChoice::Named(_) => "ANY",
                },
            );
            if let ToolChoice::Named(name) = choice {
                json.key("allowedFunctionNames").list(|json| names.write(name, TOOL_NAME, json));
            }
        });
    });
}
