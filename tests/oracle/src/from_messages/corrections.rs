//! Corrects what the other translation makes of requests from Messages to Chat Completions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::from_chat::texts;
use crate::normal::{OurNames, list};
use crate::rule::Case;

pub(super) fn drop(theirs: &mut Value, name: &str) {
    theirs.as_object_mut().unwrap().shift_remove(name);
}

/// Takes back what looking for a member has made.
pub(super) fn drop_null(theirs: &mut Value) {
    theirs.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}

pub(super) fn system_turns(case: &Case, theirs: &mut Value) {
    let said = case.asked["messages"].as_array().unwrap().iter();
    for text in
        said.filter(|message| message["role"] == "system").map(|message| &message["content"])
    {
        let messages = list(&mut theirs["messages"]).iter_mut();
        let as_said = json!([{"type": "text", "text": text}]);
        let mut users =
            messages.filter(|message| message["role"] == "user" && message["content"] == as_said);
        if let Some(message) = users.next() {
            message["role"] = json!("system");
        }
    }
}

/// Returns the client's messages of that role whose content is a list.
pub(super) fn asked<'c>(
    case: &'c Case,
    role: &'static str,
) -> impl Iterator<Item = &'c Vec<Value>> {
    let messages = case.asked["messages"].as_array().unwrap().iter();
    messages
        .filter(move |message| message["role"] == role)
        .filter_map(|message| message["content"].as_array())
}

pub(super) fn parts(case: &Case, theirs: &mut Value) {
    for blocks in asked(case, "user") {
        let said: Vec<_> = blocks.iter().filter(|block| block["type"] != "tool_result").collect();
        if said.len() < 2 || said.iter().any(|block| block["type"] != "text") {
            continue;
        }
        let texts: Vec<_> = said.iter().map(|block| block["text"].as_str().unwrap()).collect();
        let joined = json!([{"type": "text", "text": texts.join("\n")}]);
        let parts = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
        let mut messages = list(&mut theirs["messages"]).iter_mut();
        if let Some(message) = messages.find(|message| message["content"] == joined) {
            message["content"] = Value::Array(parts);
        }
    }
}

pub(super) fn answers(case: &Case, theirs: &mut Value) {
    let turns = case.asked["messages"].as_array().unwrap().iter();
    let turns = turns.filter(|message| message["role"] == "assistant");
    let messages =
        list(&mut theirs["messages"]).iter_mut().filter(|message| message["role"] == "assistant");
    for (turn, message) in turns.zip(messages) {
        let texts = texts(&turn["content"]);
        if texts.len() > 1 {
            assert_eq!(message["content"], json!(texts.join("\n")));
            message["content"] = json!(texts.concat());
        }
    }
}

/// Returns the results of tools, in their order.
pub(super) fn asked_results(case: &Case) -> impl Iterator<Item = &Value> {
    asked(case, "user").flatten().filter(|block| block["type"] == "tool_result")
}

pub(super) fn results(case: &Case, theirs: &mut Value) {
    let messages =
        list(&mut theirs["messages"]).iter_mut().filter(|message| message["role"] == "tool");
    for (result, message) in asked_results(case).zip(messages) {
        let texts = texts(&result["content"]);
        assert_eq!(message["content"], json!(texts.join(" ")));
        let text = texts.join("\n");
        let first = texts.iter().find(|text| !text.is_empty()).map_or("", String::as_str);
        let word = first.trim_start_matches(|char: char| !char.is_alphabetic());
        let says_error = word.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("error"));
        let is_error = result["is_error"] == true && !says_error;
        let has_image = result["content"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|block| block["type"] == "image");
        let text = match (text.is_empty(), has_image) {
            (true, true) => {
                "The content of this result follows in a message of the user.".to_owned()
            }
            _ => text,
        };
        message["content"] = json!(if is_error { format!("Error: {text}") } else { text });
    }
}

pub(super) fn images_of_results(case: &Case, theirs: &mut Value) {
    let mut messages = Vec::new();
    let mut results = asked_results(case);
    let mut waiting = Vec::new();
    for message in list(&mut theirs["messages"]).iter() {
        let mut message = message.clone();
        if message["role"] == "tool" {
            let result = results.next().unwrap();
            let content = result["content"].as_array().into_iter().flatten();
            let count = content.filter(|block| block["type"] == "image").count();
            if count > 0 {
                waiting.push((message["tool_call_id"].clone(), count));
            }
        } else if message["role"] == "user" {
            for (id, count) in std::mem::take(&mut waiting) {
                let parts = message["content"].as_array_mut().unwrap();
                let intro = format!("Content of the result of the call {}:", id.as_str().unwrap());
                let images = parts.drain(..count);
                let content: Vec<_> =
                    [json!({"type": "text", "text": intro})].into_iter().chain(images).collect();
                messages.push(json!({"role": "user", "content": content}));
            }
            if message["content"] == json!([]) {
                continue;
            }
        }
        messages.push(message);
    }
    theirs["messages"] = Value::Array(messages);
}

pub(super) fn documents(case: &Case, theirs: &mut Value) {
    let mut asked = asked(case, "user").flatten().filter(|block| block["type"] == "document");
    for message in list(&mut theirs["messages"]) {
        if message["role"] != "user" {
            continue;
        }
        for part in list(&mut message["content"]).iter_mut().filter(|part| part["type"] == "file") {
            let block = asked.next().unwrap();
            let (source, title) = (&block["source"], block["title"].as_str());
            if source["type"] == "text" {
                let title = title.map(|title| format!("{title}\n\n")).unwrap_or_default();
                *part = json!({"type": "text", "text": title + source["data"].as_str().unwrap()});
            } else if part["file"].get("filename").is_none() {
                part["file"]["filename"] = json!("document.pdf");
            }
        }
    }
}

pub(super) fn thinking(_: &Case, theirs: &mut Value) {
    for message in list(&mut theirs["messages"]) {
        drop(message, "reasoning");
    }
}

pub(super) fn empty_answers(_: &Case, theirs: &mut Value) {
    let messages = theirs["messages"].as_array_mut().unwrap();
    messages.retain(|message| {
        message["role"] != "assistant"
            || message["content"] != ""
            || message.get("tool_calls").is_some()
    });
}

/// Puts what ours has in place of an id that is too long. Equal ids become equal ones.
pub(super) fn ids(case: &Case, theirs: &mut Value) {
    let mut known = BTreeMap::new();
    let mut fit = |theirs: &mut Value, ours: &Value| {
        let Some(id) = theirs.as_str().filter(|id| id.len() > 40) else { return };
        let ours = ours.as_str().unwrap();
        assert!(ours.len() <= 40);
        assert_eq!(known.entry(id.to_owned()).or_insert(ours.to_owned()), ours);
        *theirs = json!(ours);
    };
    let mut long = Vec::new();
    for (at, message) in list(&mut theirs["messages"]).iter_mut().enumerate() {
        let ours = &case.ours["messages"][at];
        if message.get("tool_call_id").is_some() {
            long.push(message["tool_call_id"].clone());
            fit(&mut message["tool_call_id"], &ours["tool_call_id"]);
            long.push(message["tool_call_id"].clone());
        }
        for (number, call) in
            message.get_mut("tool_calls").map(list).unwrap_or_default().iter_mut().enumerate()
        {
            fit(&mut call["id"], &ours["tool_calls"][number]["id"]);
        }
        if message["role"] == "user" {
            for part in list(&mut message["content"]) {
                for ids in long.chunks(2).filter(|ids| ids[0] != ids[1]) {
                    let intro = |id: &Value| {
                        json!(format!(
                            "Content of the result of the call {}:",
                            id.as_str().unwrap()
                        ))
                    };
                    if part["text"] == intro(&ids[0]) {
                        part["text"] = intro(&ids[1]);
                    }
                }
                part.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
        }
    }
}

fn fits(name: &str) -> bool {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    name.len() <= 64 && name.chars().all(is_allowed)
}

pub(crate) fn names(case: &Case, theirs: &mut Value) {
    let mut names = OurNames::new(fits);
    let mut fit = |theirs: Option<&mut Value>, ours: &Value| {
        if let Some(theirs) = theirs {
            names.put(theirs, ours);
        }
    };
    let ours = &case.ours;
    for (at, tool) in theirs.get_mut("tools").map(list).unwrap_or_default().iter_mut().enumerate() {
        fit(tool.pointer_mut("/function/name"), &ours["tools"][at]["function"]["name"]);
    }
    fit(theirs.pointer_mut("/tool_choice/function/name"), &ours["tool_choice"]["function"]["name"]);
    for (at, message) in list(&mut theirs["messages"]).iter_mut().enumerate() {
        for (number, call) in
            message.get_mut("tool_calls").map(list).unwrap_or_default().iter_mut().enumerate()
        {
            let own = &ours["messages"][at]["tool_calls"][number]["function"]["name"];
            fit(call.pointer_mut("/function/name"), own);
        }
    }
}

/// Returns whether a schema needs all of its members, which OpenAI demands of strict ones.
/// <https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas>
pub(crate) fn needs_all(schema: &Value) -> bool {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let required = schema["required"].as_array();
    properties.into_iter().all(|(key, inner)| {
        required.is_some_and(|required| required.contains(&json!(key))) && needs_all(inner)
    })
}

pub(super) fn tools(case: &Case, theirs: &mut Value) {
    let asked = case.asked["tools"].as_array().into_iter().flatten();
    for (asked, tool) in asked.zip(theirs.get_mut("tools").map(list).unwrap_or_default()) {
        let function = tool["function"].as_object_mut().unwrap();
        if asked.get("description").is_none() && function["description"] == "" {
            function.shift_remove("description");
        }
        let is_usual = function.get("strict") == Some(&json!(false));
        if is_usual || !needs_all(&asked["input_schema"]) {
            function.shift_remove("strict");
        }
    }
}

pub(super) fn parallel(_: &Case, theirs: &mut Value) {
    if theirs["parallel_tool_calls"] != false || theirs["tools"].is_null() {
        drop(theirs, "parallel_tool_calls");
    }
    drop_null(theirs);
}

pub(crate) fn limit(case: &Case, theirs: &mut Value) {
    if case.model.starts_with("llama") {
        let limit = theirs["max_completion_tokens"].clone();
        drop(theirs, "max_completion_tokens");
        if !limit.is_null() {
            theirs["max_tokens"] = limit;
        }
        drop_null(theirs);
    }
}

pub(super) fn user(case: &Case, theirs: &mut Value) {
    assert_eq!(theirs["metadata"], case.asked["metadata"]);
    drop(theirs, "metadata");
    if case.asked.get("metadata").is_some() {
        theirs["user"] = case.asked["metadata"]["user_id"].clone();
    }
}

pub(super) fn effort(case: &Case, theirs: &mut Value) {
    let word = case.asked["output_config"]["effort"].as_str();
    let thinking = &case.asked["thinking"];
    let budget = thinking["budget_tokens"].as_u64().map(|tokens| match tokens {
        0..=4_607 => "low",
        4_608..=16_383 => "medium",
        _ => "high",
    });
    let effort = match thinking["type"].as_str() {
        Some("disabled") => None,
        Some("enabled") => budget,
        _ => word,
    };
    drop(theirs, "reasoning_effort");
    if let Some(effort) = effort.filter(|_| case.model != "gpt-4o") {
        theirs["reasoning_effort"] = json!(effort);
    }
}
