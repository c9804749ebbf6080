//! What of requests from Chat Completions to Messages is not translated.

use serde_json::{Value, json};

use super::corrections::{is_closed, is_system, texts};
use crate::rule::{Case, Refusal};

const MESSAGES: &str = "https://platform.claude.com/docs/en/api/messages/create#create.messages";
const SCHEMAS: &str = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations";

/// What is not translated.
pub(crate) const REFUSALS: &[Refusal] = &[
    Refusal {
        place: "messages",
        why: "end with an assistant message",
        url: MESSAGES,
        is_right: |case| last_said(case).is_some_and(|message| message["role"] == "assistant"),
    },
    Refusal {
        place: "messages",
        why: "begin with an assistant message",
        url: "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/partner-models/claude/use-claude",
        is_right: |case| said(case).next().is_some_and(|message| message["role"] == "assistant"),
    },
    Refusal {
        place: "messages",
        why: "have no user message",
        url: MESSAGES,
        is_right: |case| said(case).next().is_none(),
    },
    Refusal {
        place: "messages",
        why: "have audio in the user's turn",
        url: MESSAGES,
        is_right: |case| parts(case).any(|part| part["type"] == "input_audio"),
    },
    Refusal {
        place: "an image",
        why: "is of type \"image/tiff\"",
        url: "https://platform.claude.com/docs/en/build-with-claude/vision",
        is_right: |case| {
            parts(case).any(|part| {
                part["image_url"]["url"]
                    .as_str()
                    .is_some_and(|url| url.starts_with("data:image/tiff"))
            })
        },
    },
    Refusal {
        place: "messages[#].tool_calls[#].function.arguments",
        why: "",
        url: MESSAGES,
        is_right: |case| {
            let calls = case.asked["messages"].as_array().unwrap().iter();
            let calls =
                calls.flat_map(|message| message["tool_calls"].as_array().into_iter().flatten());
            let mut inputs = calls.map(|call| call["function"]["arguments"].as_str().unwrap());
            inputs.any(|text| !text.is_empty() && !text.trim().starts_with('{'))
        },
    },
    Refusal {
        place: "tools",
        why: "has oneOf, anyOf or allOf at the top",
        url: "https://github.com/anthropics/claude-code/issues/5973",
        is_right: |case| {
            let tools = case.asked["tools"].as_array().into_iter().flatten();
            tools.into_iter().any(|tool| tool["function"]["parameters"].get("anyOf").is_some())
        },
    },
    Refusal {
        place: "tool_choice",
        why: "requires a tool call, but there are no tools",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.tool_choice",
        is_right: |case| {
            case.asked.get("tools").is_none() && case.asked["tool_choice"] == "required"
        },
    },
    Refusal {
        place: "stop",
        why: "is only white space",
        url: "https://github.com/BerriAI/litellm/issues/3286",
        is_right: |case| {
            let stop = &case.asked["stop"];
            stop == "\n" || stop.as_array().is_some_and(|stops| stops.contains(&json!("\n")))
        },
    },
    Refusal {
        place: "response_format",
        why: "has a schema, which the model cannot follow",
        url: SCHEMAS,
        is_right: |case| case.model == "claude-3-5-sonnet-20241022" && schema(case).is_object(),
    },
    Refusal {
        place: "response_format",
        why: "has objects without \"additionalProperties\": false",
        url: SCHEMAS,
        is_right: |case| !is_closed(schema(case)),
    },
    Refusal {
        place: "response_format",
        why: "has \"minimum\"",
        url: SCHEMAS,
        is_right: |case| schema(case)["properties"]["n"].get("minimum").is_some(),
    },
];

pub(super) fn schema(case: &Case) -> &Value {
    &case.asked["response_format"]["json_schema"]["schema"]
}

/// Returns the messages of the two sides in which anything is said.
fn said(case: &Case) -> impl DoubleEndedIterator<Item = &Value> {
    let messages = case.asked["messages"].as_array().unwrap().iter();
    messages.filter(|message| {
        let content = &message["content"];
        let has_text = texts(content).iter().any(|text| !text.trim().is_empty());
        let parts = content.as_array().into_iter().flatten();
        let has_other = parts.into_iter().any(|part| part["type"] != "text");
        let is_whole = message["role"] == "tool" || message.get("tool_calls").is_some();
        !is_system(message) && (has_text || has_other || is_whole)
    })
}

fn last_said(case: &Case) -> Option<&Value> {
    said(case).next_back()
}

fn parts(case: &Case) -> impl Iterator<Item = &Value> {
    let messages = case.asked["messages"].as_array().unwrap().iter();
    messages.flat_map(|message| message["content"].as_array().into_iter().flatten())
}
