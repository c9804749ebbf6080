//! Corrects what the other translation makes of requests from Chat Completions to Messages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::refusals::schema;
use crate::normal::{OurNames, list};
use crate::rule::Case;

pub(super) fn instructions(case: &Case, theirs: &mut Value) {
    let said = case.asked["messages"].as_array().unwrap().iter();
    let texts: Vec<_> = said
        .filter(|message| is_system(message))
        .flat_map(|message| texts(&message["content"]))
        .collect();
    if theirs["system"][0]["text"] == json!(texts.join("\n\n")) {
        let blocks = texts.iter().map(|text| json!({"type": "text", "text": text}));
        theirs["system"] = Value::Array(blocks.collect());
    }
}

pub(super) fn is_system(message: &Value) -> bool {
    message["role"] == "system" || message["role"] == "developer"
}

/// Returns the texts of a message.
pub(crate) fn texts(content: &Value) -> Vec<String> {
    if let Some(text) = content.as_str() {
        return vec![text.to_owned()];
    }
    let parts = content.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str().map(str::to_owned)).collect()
}

pub(super) fn parts_of_results(case: &Case, theirs: &mut Value) {
    let asked = case.asked["messages"].as_array().unwrap().iter();
    let mut asked = asked.filter(|message| message["role"] == "tool");
    for message in list(&mut theirs["messages"]) {
        for block in list(&mut message["content"]) {
            if block["type"] == "tool_result" {
                let texts = texts(&asked.next().unwrap()["content"]);
                let joined = [texts.join("\n"), texts.join(" ")];
                assert!(joined.iter().any(|text| block["content"][0]["text"] == *text));
                let blocks = texts.iter().map(|text| json!({"type": "text", "text": text}));
                block["content"] = Value::Array(blocks.collect());
            }
        }
    }
}

pub(super) fn is_blank(block: &Value) -> bool {
    block["text"].as_str().is_some_and(|text| text.trim().is_empty())
}

pub(super) fn blank_texts(_: &Case, theirs: &mut Value) {
    let drop = |blocks: &mut Value| {
        if let Some(blocks) = blocks.as_array_mut() {
            blocks.retain(|block| !is_blank(block));
        }
        blocks == &json!([])
    };
    if drop(&mut theirs["system"]) || theirs["system"].is_null() {
        theirs.as_object_mut().unwrap().shift_remove("system");
    }
    for message in list(&mut theirs["messages"]) {
        drop(&mut message["content"]);
        for block in list(&mut message["content"]) {
            if block["type"] == "tool_result" && drop(&mut block["content"]) {
                block.as_object_mut().unwrap().shift_remove("content");
            }
        }
    }
    let messages = theirs["messages"].as_array_mut().unwrap();
    messages.retain(|message| message["content"] != json!([]));
}

pub(super) fn empty_arguments(_: &Case, theirs: &mut Value) {
    for message in list(&mut theirs["messages"]) {
        for block in list(&mut message["content"]) {
            if block["input"] == r#"{"raw":""}"# {
                block["input"] = json!("{}");
            }
        }
    }
}

pub(super) fn jpeg(_: &Case, theirs: &mut Value) {
    for message in list(&mut theirs["messages"]) {
        for block in list(&mut message["content"]) {
            if let Some(kind) =
                block.pointer_mut("/source/media_type").filter(|kind| *kind == "image/jpg")
            {
                *kind = json!("image/jpeg");
            }
        }
    }
}

pub(super) fn turns(_: &Case, theirs: &mut Value) {
    let mut turns: Vec<Value> = Vec::new();
    for message in list(&mut theirs["messages"]) {
        match turns.last_mut().filter(|last| last["role"] == message["role"]) {
            Some(last) => {
                last["content"]
                    .as_array_mut()
                    .unwrap()
                    .extend(list(&mut message["content"]).iter().cloned());
            }
            None => turns.push(message.clone()),
        }
    }
    for turn in turns.iter_mut().filter(|turn| turn["role"] == "user") {
        list(&mut turn["content"]).sort_by_key(|block| block["type"] != "tool_result");
    }
    theirs["messages"] = Value::Array(turns);
}

/// Returns the tools of the request with those of the other translation.
pub(super) fn tools<'t>(
    case: &'t Case,
    theirs: &'t mut Value,
) -> impl Iterator<Item = (&'t Value, &'t mut Value)> {
    let asked = case.asked["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]);
    asked.zip(theirs.get_mut("tools").map(list).unwrap_or_default())
}

pub(super) fn descriptions(case: &Case, theirs: &mut Value) {
    for (asked, tool) in tools(case, theirs) {
        if asked.get("description").is_none() && tool["description"] == "" {
            tool.as_object_mut().unwrap().shift_remove("description");
        }
    }
}

pub(super) fn schema_types(case: &Case, theirs: &mut Value) {
    for (asked, tool) in tools(case, theirs) {
        let schema = asked.get("parameters").cloned().unwrap_or(json!({}));
        assert_eq!(tool["input_schema"], json!(schema.to_string()));
        if schema == json!({}) {
            tool["input_schema"] = json!(r#"{"type":"object","properties":{}}"#);
        } else if schema.get("type").is_none() {
            let rest = schema.to_string().replacen('{', "", 1);
            tool["input_schema"] = json!(format!(r#"{{"type":"object",{rest}"#));
        }
    }
}

pub(super) fn answer_schema(case: &Case, theirs: &mut Value) {
    let is_named = schema(case).to_string().contains(r#""minimum":{"#);
    if is_named && let Some(theirs) = theirs.pointer_mut("/output_config/format/schema") {
        *theirs = json!(schema(case).to_string());
    }
}

/// Returns whether every object in a schema is closed.
pub(crate) fn is_closed(schema: &Value) -> bool {
    let is_open = schema["type"] == "object" && schema["additionalProperties"] != json!(false);
    let inner = ["properties"].into_iter().filter_map(|key| schema[key].as_object());
    !is_open && inner.flatten().all(|(_, inner)| is_closed(inner))
}

pub(super) fn strictness(case: &Case, theirs: &mut Value) {
    let can = case.model != "claude-3-5-sonnet-20241022";
    for (asked, tool) in tools(case, theirs) {
        let closed = asked["parameters"].is_object() && asked["parameters"] != json!({});
        let closed =
            closed && asked["parameters"]["type"] == "object" && is_closed(&asked["parameters"]);
        if tool["strict"] == false || !(can && closed) {
            tool.as_object_mut().unwrap().shift_remove("strict");
        }
    }
}

pub(super) fn former_tools(case: &Case, theirs: &mut Value) {
    if case.asked.get("tools").is_some() {
        return;
    }
    let calls = list(&mut theirs["messages"])
        .iter()
        .flat_map(|message| message["content"].as_array().unwrap());
    let names: BTreeSet<_> = calls.filter_map(|block| block["name"].as_str()).collect();
    if !names.is_empty() {
        let schema = r#"{"type":"object","properties":{}}"#;
        let tools = names.iter().map(|name| json!({"name": name, "input_schema": schema}));
        theirs["tools"] = Value::Array(tools.collect());
        theirs["tool_choice"] = json!({"type": "none"});
    }
}

pub(super) fn choice(case: &Case, theirs: &mut Value) {
    let object = theirs.as_object_mut().unwrap();
    if !object.contains_key("tools") {
        object.shift_remove("tool_choice");
    }
    if let Some(choice) = object.get_mut("tool_choice") {
        // Several at once is what is usual.
        if choice["disable_parallel_tool_use"] != true {
            choice.as_object_mut().unwrap().shift_remove("disable_parallel_tool_use");
        }
    }
    // The other says what is usual where only the number of calls is asked for.
    let is_asked = case.asked.get("tool_choice").is_some();
    if !is_asked && object.get("tool_choice") == Some(&json!({"type": "auto"})) {
        object.shift_remove("tool_choice");
    }
}

pub(super) fn fits(name: &str) -> bool {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    !name.is_empty() && name.len() <= 128 && name.chars().all(is_allowed)
}

/// Puts what ours has in place of names that do not fit.
pub(super) fn names(case: &Case, theirs: &mut Value) {
    let mut names = OurNames::new(fits);
    let ours = &case.ours;
    for (at, tool) in theirs.get_mut("tools").map(list).unwrap_or_default().iter_mut().enumerate() {
        names.put(&mut tool["name"], &ours["tools"][at]["name"]);
    }
    for (at, message) in list(&mut theirs["messages"]).iter_mut().enumerate() {
        for (number, block) in list(&mut message["content"]).iter_mut().enumerate() {
            if block["type"] == "tool_use" {
                names.put(&mut block["name"], &ours["messages"][at]["content"][number]["name"]);
            }
        }
    }
    if theirs["tool_choice"].get("name").is_some() {
        names.put(&mut theirs["tool_choice"]["name"], &ours["tool_choice"]["name"]);
    }
    theirs.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}

pub(super) fn ids(case: &Case, theirs: &mut Value) {
    let mut known = BTreeMap::new();
    for (at, message) in list(&mut theirs["messages"]).iter_mut().enumerate() {
        for (number, block) in list(&mut message["content"]).iter_mut().enumerate() {
            for key in ["id", "tool_use_id"] {
                let Some(id) = block[key].as_str().filter(|id| id.starts_with("sy64_")) else {
                    continue;
                };
                let ours = &case.ours["messages"][at]["content"][number][key];
                assert!(fits(ours.as_str().unwrap()));
                assert_eq!(known.entry(id.to_owned()).or_insert(ours.clone()), ours);
                block[key] = ours.clone();
            }
            block.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
    }
}

pub(super) fn stops(_: &Case, theirs: &mut Value) {
    if let Some(stops) = theirs["stop_sequences"].as_array_mut() {
        stops.retain(|stop| stop != "");
    }
    if theirs["stop_sequences"] == json!([]) || theirs["stop_sequences"].is_null() {
        theirs.as_object_mut().unwrap().shift_remove("stop_sequences");
    }
}

pub(super) fn knobs(case: &Case, theirs: &mut Value) {
    let object = theirs.as_object_mut().unwrap();
    if object.get("temperature").and_then(Value::as_f64).is_some_and(|number| number >= 1.0) {
        object.shift_remove("temperature");
    }
    let is_usual = object.get("top_p") == Some(&json!(1.0));
    if is_usual || case.model != "claude-3-5-sonnet-20241022" && object.contains_key("temperature")
    {
        object.shift_remove("top_p");
    }
}

pub(super) fn thinking(case: &Case, theirs: &mut Value) {
    let Some(effort) = case.asked["reasoning_effort"].as_str() else { return };
    let said = (&theirs["thinking"], &theirs["output_config"]["effort"]);
    assert_eq!(said, (&json!({"type": "adaptive"}), &json!(effort)));
    let last = &theirs["messages"].as_array().unwrap().last().unwrap()["content"][0]["type"];
    let forced = ["any", "tool"].iter().any(|kind| theirs["tool_choice"]["type"] == *kind);
    let free = theirs["temperature"].is_null()
        && theirs["top_p"].as_f64().is_none_or(|top_p| top_p >= 0.95);
    let limit = theirs["max_tokens"].as_u64().unwrap();
    let after_results = last == "tool_result";
    let object = theirs.as_object_mut().unwrap();
    object.shift_remove("thinking");
    let config = object["output_config"].as_object_mut().unwrap();
    config.shift_remove("effort");
    if effort != "none" && case.model == "claude-opus-4-6" {
        config.insert("effort".to_owned(), json!(if effort == "minimal" { "low" } else { effort }));
    }
    if config.is_empty() {
        object.shift_remove("output_config");
    }
    match case.model.as_str() {
        _ if effort == "none" || !free => {}
        "claude-opus-4-6" => {
            object.insert("thinking".to_owned(), json!({"type": "adaptive"}));
        }
        "claude-sonnet-4-5" if !forced && !after_results && limit > 1024 => {
            let budget = match effort {
                "minimal" | "low" => 1024,
                "medium" => 8192,
                _ => 24_576,
            };
            let thinking =
                json!({"type": "enabled", "budget_tokens": budget.min(limit / 2).max(1024)});
            object.insert("thinking".to_owned(), thinking);
        }
        _ => {}
    }
    object.retain(|_, value| !value.is_null());
}

pub(super) fn user(case: &Case, theirs: &mut Value) {
    if case.asked["user"].is_string() {
        theirs["metadata"] = json!({"user_id": case.asked["user"]});
    }
}
