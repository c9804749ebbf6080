//! Writes a request of Converse and ConverseStream. The path has the model, and says whether the answer streams.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use super::super::ModelTarget;
use super::super::conversation::{
    AnswerFormat, BlockContent, ContentBlock, Conversation, Tool, ToolChoice,
};
use super::super::loss::Losses;
use super::super::sides::{
    OneSide, has_cache_mark, instructions, is_empty_text, is_forced, is_of_tools,
    refuse_call_without_tools, refuse_one_at_a_time, refuse_other_ends, sides,
};
use super::super::text::JsonText;
use super::content::{ConverseContent, TOOL_NAME};
use super::document::DocumentNames;
use super::family::ModelFamily;
use super::knobs::{ConverseKnobs, ThinkingKnob, knobs};
use crate::json::Json;

/// Returns the body of a request.
#[inline(never)]
pub(in super::super) fn write_request(
    conversation: &Conversation<'_>,
    target: &mut ModelTarget<'_>,
    losses: &mut Losses,
) -> String {
    let family = ModelFamily::of(target.model);
    let sides = kept_sides(conversation, family, losses);
    refuse_other_ends(&sides, losses);
    drop_others(conversation, family, losses);
    let knobs = knobs(conversation, &sides, (family, target.max_tokens), losses);
    let instructions = instructions(conversation, losses);
    let names = &mut target.names;
    let mut writing =
        ConverseContent { family, names, documents: DocumentNames::default(), losses };
    let mut json = Json::default();
    json.object(|json| {
        if !instructions.is_empty() {
            json.key("system").list(|json| writing.instructions(&instructions, json));
        }
        json.key("messages").list(|json| {
            for side in &sides {
                writing.message(side, json);
            }
        });
        write_inference(conversation, &knobs, json);
        write_tools(conversation, &sides, &mut writing, json);
        write_additional(&knobs, json);
        if !conversation.stop.is_empty() && matches!(family, ModelFamily::Claude(_)) {
            let paths = json.key("additionalModelResponseFieldPaths");
            paths.list(|json| json.text("/stop_sequence"));
        }
        write_output(conversation, &knobs, writing.losses, json);
    });
    json.finish()
}

/// Returns the sides without thinking that the family does not accept.
fn kept_sides<'c, 'a>(
    conversation: &'c Conversation<'a>,
    family: ModelFamily,
    losses: &mut Losses,
) -> Vec<OneSide<'c, 'a>> {
    let mut is_lost = false;
    let mut is_kept = |block: &ContentBlock<'a>| {
        let is_taken = match &block.content {
            BlockContent::Thinking { signature, .. } => {
                signature.is_some() && family.takes_thinking()
            }
            BlockContent::RedactedThinking(_) => family.takes_thinking(),
            content => return !is_empty_text(content),
        };
        is_lost |= !is_taken;
        is_taken
    };
    let sides = sides(conversation, &mut is_kept);
    if is_lost {
        losses.drop("thinking", "can be sent back to this model only if the model has signed it");
    }
    sides
}

/// Notes what has no counterpart.
#[inline(never)]
fn drop_others(conversation: &Conversation<'_>, family: ModelFamily, losses: &mut Losses) {
    let rows = [("user", conversation.user.is_some()), ("store", conversation.store == Some(true))];
    refuse_one_at_a_time(conversation, losses);
    for (place, is_there) in rows {
        if is_there {
            losses.drop(place, "has no counterpart in Bedrock Converse");
        }
    }
    let has_marked_tool = conversation.tools.iter().any(|tool| tool.cache.is_some());
    if (has_cache_mark(conversation) && !family.takes_cache_points())
        || (has_marked_tool && !family.takes_cache_points_of_tools())
    {
        losses.drop("cache_control", "is not accepted there by this model");
    }
    if conversation.tools.iter().any(|tool| tool.strict == Some(true))
        && !family.takes_strict_tools()
    {
        losses.drop("strict", "of tools is not accepted by this model");
    }
}

#[inline(never)]
fn write_inference(conversation: &Conversation<'_>, knobs: &ConverseKnobs<'_>, json: &mut Json) {
    let ConverseKnobs { max_tokens, temperature, top_p, .. } = knobs;
    let has_stop = !conversation.stop.is_empty();
    if max_tokens.is_none() && temperature.is_none() && top_p.is_none() && !has_stop {
        return;
    }
    json.key("inferenceConfig").object(|json| {
        if let Some(tokens) = max_tokens {
            json.key("maxTokens").number(*tokens);
        }
        if let Some(number) = temperature {
            json.key("temperature").value(number);
        }
        if let Some(number) = top_p {
            json.key("topP").value(number);
        }
        if has_stop {
            JsonText::write_list(&conversation.stop, json.key("stopSequences"));
        }
    });
}

/// Writes the tools. If the conversation has calls, the API requires the tools. It has no way to forbid calls.
#[inline(never)]
fn write_tools(
    conversation: &Conversation<'_>,
    sides: &[OneSide<'_, '_>],
    writing: &mut ConverseContent<'_>,
    json: &mut Json,
) {
    let has_calls = sides.iter().any(|side| side.has(&is_of_tools));
    let choice = conversation.tool_choice.as_ref();
    if choice == Some(&ToolChoice::Never) || conversation.tools.is_empty() {
        if has_calls {
            let why =
                "forbids tool calls, but Bedrock Converse cannot if the conversation has some";
            writing.losses.refuse("tool_choice", why);
        } else {
            refuse_call_without_tools(choice, writing.losses);
        }
        return;
    }
    if is_forced(choice) && !writing.family.can_be_forced() {
        writing.losses.refuse(
            "tool_choice",
            "requires a tool call, which this model cannot be forced to make",
        );
    }
    json.key("toolConfig").object(|json| {
        json.key("tools").list(|json| {
            for tool in &conversation.tools {
                write_tool(tool, writing, json);
            }
        });
        match choice {
            // What it does without being told, which not all models can be told.
            None | Some(ToolChoice::Auto | ToolChoice::Never) => {}
            Some(ToolChoice::Any) => {
                json.key("toolChoice").object(|json| json.key("any").object(|_| {}));
            }
            Some(ToolChoice::Named(name)) => json.key("toolChoice").object(|json| {
                json.key("tool")
                    .object(|json| writing.names.write(name, TOOL_NAME, json.key("name")));
            }),
        }
    });
}

fn write_tool(tool: &Tool<'_>, writing: &mut ConverseContent<'_>, json: &mut Json) {
    json.object(|json| {
        json.key("toolSpec").object(|json| {
            writing.names.write(&tool.name, TOOL_NAME, json.key("name"));
            let description = tool.description.as_ref().filter(|text| !text.is_empty());
            JsonText::write_if_some(description, "description", json);
            let schema = tool.schema.unwrap_or(r#"{"type":"object"}"#);
            json.key("inputSchema").object(|json| json.key("json").value(schema));
            if tool.strict == Some(true) && writing.family.takes_strict_tools() {
                json.key("strict").flag(true);
            }
        });
    });
    let takes_marks = writing.family.takes_cache_points_of_tools();
    writing.cache_point(tool.cache.as_ref().filter(|_| takes_marks), json);
}

/// Writes the members that only this family has.
fn write_additional(knobs: &ConverseKnobs<'_>, json: &mut Json) {
    let ConverseKnobs { top_k, thinking, reasoning_effort, .. } = knobs;
    if top_k.is_none() && thinking.is_none() && reasoning_effort.is_none() {
        return;
    }
    json.key("additionalModelRequestFields").object(|json| {
        if let Some(number) = top_k {
            json.key("top_k").value(number);
        }
        match thinking {
            Some(ThinkingKnob::Budget(tokens)) => json.key("thinking").object(|json| {
                json.member("type", "enabled");
                json.key("budget_tokens").number(*tokens);
            }),
            Some(ThinkingKnob::Adaptive) => {
                json.key("thinking").object(|json| json.member("type", "adaptive"));
            }
            Some(ThinkingKnob::Disabled) => {
                json.key("thinking").object(|json| json.member("type", "disabled"));
            }
            None => {}
        }
        if let Some(word) = reasoning_effort {
            json.member("reasoning_effort", word);
        }
    });
}

/// Writes the form of the answer, and the effort of a model that decides itself when to think.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputConfig.html>
#[inline(never)]
fn write_output(
    conversation: &Conversation<'_>,
    knobs: &ConverseKnobs<'_>,
    losses: &mut Losses,
    json: &mut Json,
) {
    let schema = match &conversation.format {
        Some(AnswerFormat::Schema { name, description, schema, .. }) => {
            Some((name, description, schema))
        }
        Some(AnswerFormat::Json) => {
            // OpenAI demands that the prompt asks for it in words too, so the same is asked without it.
            let why = "is JSON without a schema, which has no counterpart in Bedrock Converse";
            losses.drop("response_format", why);
            None
        }
        None => None,
    };
    if schema.is_none() && knobs.effort.is_none() {
        return;
    }
    json.key("outputConfig").object(|json| {
        if let Some((name, description, schema)) = schema {
            json.key("textFormat").object(|json| {
                json.member("type", "json_schema");
                json.key("structure").object(|json| {
                    json.key("jsonSchema").object(|json| {
                        // Here the schema is a text.
                        json.member("schema", schema);
                        JsonText::write_if_some(name.as_ref(), "name", json);
                        JsonText::write_if_some(description.as_ref(), "description", json);
                    });
                });
            });
        }
        if let Some(word) = knobs.effort {
            json.member("effort", word);
        }
    });
}
