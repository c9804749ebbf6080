//! Writes a request for a provider: its settings. The messages have a writer of their own.

use super::super::ModelTarget;
use super::super::conversation::{
    AnswerFormat, Conversation, Reasoning, Sampling, Tool, ToolChoice,
};
use super::super::loss::Losses;
use super::super::names::ToolNames;
use super::super::sides::refuse_call_without_tools;
use super::super::text::JsonText;
use super::model::ChatModel;
use super::strict::may_be_strict;
use super::write_message::MessageWriter;
use super::write_name::{is_name, write_name, write_user};
use crate::json::Json;

/// The name of a schema that has none. OpenAI wants one.
const SCHEMA_NAME: &str = "answer";

/// The most texts before which OpenAI ends an answer.
const MOST_STOPS: usize = 4;

/// Writes a request.
///
/// Members that only some servers of this API accept are left out, unless the model's name tells that its server
/// accepts them (see [`ChatModel`]).
#[inline(never)]
pub(in super::super) fn write_request(
    model: ChatModel,
    conversation: &Conversation<'_>,
    target: &mut ModelTarget<'_>,
    losses: &mut Losses,
) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.member("model", target.model);
        let messages = MessageWriter::new(&mut target.names, model, losses);
        messages.write(json.key("messages"), conversation);
        write_tools(json, conversation, &mut target.names, losses);
        if let Some(limit) = conversation.max_tokens {
            json.key(model.limit_name()).number(limit);
        }
        write_sampling(json, conversation.sampling, losses);
        write_stop(json, &conversation.stop, losses);
        write_reasoning(json, conversation, model, losses);
        if let Some(format) = &conversation.format {
            write_format(json.key("response_format"), format, losses);
        }
        if let Some(user) = &conversation.user {
            write_user(json.key("user"), user);
        }
        match conversation.store {
            Some(store) if model.is_openai() => json.key("store").flag(store),
            // Others keep nothing.
            Some(false) | None => {}
            Some(true) => losses.drop("store", "has no counterpart"),
        }
        if model.is_openai() {
            for member in &conversation.openai {
                json.key(member.name).value(member.value);
            }
        } else {
            conversation.drop_openai(losses);
        }
        if conversation.stream {
            json.key("stream").flag(true);
            // The client's API may report it in any stream.
            json.key("stream_options").object(|json| json.key("include_usage").flag(true));
        }
    });
    json.finish()
}

/// Writes tools and the choice among them, which OpenAI accepts only where there are tools.
#[inline(never)]
fn write_tools(
    json: &mut Json,
    conversation: &Conversation<'_>,
    names: &mut ToolNames,
    losses: &mut Losses,
) {
    let Conversation { tools, tool_choice, parallel_tools, .. } = conversation;
    if tools.is_empty() {
        refuse_call_without_tools(tool_choice.as_ref(), losses);
        return;
    }
    json.key("tools").list(|json| {
        for tool in tools {
            write_tool(json, tool, names, losses);
        }
    });
    match tool_choice {
        Some(ToolChoice::Auto) => json.member("tool_choice", "auto"),
        Some(ToolChoice::Never) => json.member("tool_choice", "none"),
        Some(ToolChoice::Any) => json.member("tool_choice", "required"),
        Some(ToolChoice::Named(name)) => json.key("tool_choice").object(|json| {
            json.member("type", "function");
            json.key("function").object(|json| write_name(json.key("name"), name, names));
        }),
        None => {}
    }
    // Several at once is what is usual; models that cannot refuse the member.
    if *parallel_tools == Some(false) {
        json.key("parallel_tool_calls").flag(false);
    }
}

fn write_tool(json: &mut Json, tool: &Tool<'_>, names: &mut ToolNames, losses: &mut Losses) {
    let is_strict = strictness("a tool", (tool.schema, tool.strict), losses);
    json.object(|json| {
        json.member("type", "function");
        json.key("function").object(|json| {
            write_name(json.key("name"), &tool.name, names);
            JsonText::write_if_some(tool.description.as_ref(), "description", json);
            if let Some(schema) = tool.schema {
                json.key("parameters").value(schema);
            }
            if is_strict == Some(true) {
                json.key("strict").flag(true);
            }
        });
    });
}

fn write_sampling(json: &mut Json, sampling: Sampling<'_>, losses: &mut Losses) {
    let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } =
        sampling;
    let numbers = [
        ("temperature", temperature),
        ("top_p", top_p),
        ("frequency_penalty", frequency_penalty),
        ("presence_penalty", presence_penalty),
        ("seed", seed),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            json.key(name).value(number);
        }
    }
    if top_k.is_some() {
        losses.drop("top_k", "has no counterpart");
    }
}

fn write_stop(json: &mut Json, stop: &[JsonText<'_>], losses: &mut Losses) {
    if stop.len() > MOST_STOPS {
        losses.refuse("stop", format_args!("has more than {MOST_STOPS} stop sequences"));
    }
    if !stop.is_empty() {
        JsonText::write_list(stop, json.key("stop"));
    }
}

/// Writes how much the model is to think, in one of the three words that all thinking models know.
///
/// Some of OpenAI's models know `minimal`, others `none` and `xhigh`, and each refuses a word that it does not know.
/// So a request not to think at all is left out, except for models that are known to take `none`. These need it
/// beside tools. <https://developers.openai.com/api/docs/guides/reasoning>
fn write_reasoning(
    json: &mut Json,
    conversation: &Conversation<'_>,
    model: ChatModel,
    losses: &mut Losses,
) {
    let Conversation { reasoning, tools, .. } = conversation;
    let is_asked = reasoning.and_then(Reasoning::effort).is_some();
    if model.never_thinks_with_tools && (!tools.is_empty() || *reasoning == Some(Reasoning::Off)) {
        if is_asked {
            losses.drop(
                "reasoning",
                "is asked for, but this model does not think if there are tools",
            );
        }
        json.member("reasoning_effort", "none");
        return;
    }
    if *reasoning == Some(Reasoning::Off) && !model.never_thinks {
        losses.drop("reasoning", "is off, which not every model accepts");
    }
    let Some(effort) = reasoning.and_then(Reasoning::effort) else { return };
    if model.never_thinks {
        losses.drop("reasoning", "is asked for, but this model does not think");
        return;
    }
    json.member("reasoning_effort", effort.usual_word());
}

/// Returns whether a schema is to be followed exactly, if OpenAI accepts that for this schema.
fn strictness(
    place: &str,
    (schema, wanted): (Option<&str>, Option<bool>),
    losses: &mut Losses,
) -> Option<bool> {
    if wanted == Some(true) && !schema.is_none_or(may_be_strict) {
        losses.drop(place, "is strict, but its schema has members that may be left out or added");
        return None;
    }
    wanted
}

#[inline(never)]
fn write_format(json: &mut Json, format: &AnswerFormat<'_>, losses: &mut Losses) {
    json.object(|json| match format {
        AnswerFormat::Json => json.member("type", "json_object"),
        AnswerFormat::Schema { name, description, schema, strict } => {
            json.member("type", "json_schema");
            json.key("json_schema").object(|json| {
                let name = name.as_ref().map(JsonText::plain);
                // Nobody gets the name back, so one that does not fit needs no other.
                let name = name.as_deref().filter(|name| is_name(name)).unwrap_or(SCHEMA_NAME);
                json.member("name", name);
                JsonText::write_if_some(description.as_ref(), "description", json);
                json.key("schema").value(schema);
                let strict = strictness("response_format", (Some(*schema), *strict), losses);
                if let Some(strict) = strict {
                    json.key("strict").flag(strict);
                }
            });
        }
    });
}
