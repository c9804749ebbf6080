//! Makes requests of the Responses API: those of Chat Completions, as far as they have a counterpart.

use serde_json::{Value, json};

use crate::chat_request::chat_request;
use crate::dice::Dice;
use crate::normal::list;

/// Returns a request of Chat Completions that has nothing without a counterpart.
pub(crate) fn plain_chat_request(dice: &mut Dice, model: &str) -> Value {
    let mut request = chat_request(dice, model);
    for name in
        ["stop", "seed", "presence_penalty", "frequency_penalty", "logprobs", "n", "stream_options"]
    {
        request.as_object_mut().unwrap().shift_remove(name);
    }
    for message in list(&mut request["messages"]) {
        message.as_object_mut().unwrap().shift_remove("reasoning_content");
        if let Some(parts) = message["content"].as_array_mut() {
            parts.retain(|part| part["type"] != "input_audio");
            if parts.is_empty() {
                parts.push(json!({"type": "text", "text": "x"}));
            }
        }
    }
    request
}

/// Returns the request of the Responses API that says the same.
/// <https://developers.openai.com/api/docs/guides/migrate-to-responses>
pub(crate) fn responses_of(chat: &Value) -> Value {
    let mut request = json!({"model": chat["model"]});
    let messages = chat["messages"].as_array().unwrap();
    request["input"] = Value::Array(messages.iter().flat_map(items).collect());
    if let Some(tools) = chat["tools"].as_array() {
        let tool = |tool: &Value| {
            let mut function = tool["function"].clone();
            function["type"] = json!("function");
            function
        };
        request["tools"] = Value::Array(tools.iter().map(tool).collect());
    }
    if let Some(choice) = chat.get("tool_choice") {
        request["tool_choice"] = match choice["function"].get("name") {
            Some(name) => json!({"type": "function", "name": name}),
            None => choice.clone(),
        };
    }
    for (own, name) in [
        ("max_tokens", "max_output_tokens"),
        ("max_completion_tokens", "max_output_tokens"),
        ("temperature", "temperature"),
        ("top_p", "top_p"),
        ("stream", "stream"),
        ("user", "user"),
        ("metadata", "metadata"),
        ("store", "store"),
        ("service_tier", "service_tier"),
        ("parallel_tool_calls", "parallel_tool_calls"),
    ] {
        if let Some(value) = chat.get(own) {
            request[name] = value.clone();
        }
    }
    if let Some(effort) = chat.get("reasoning_effort") {
        request["reasoning"] = json!({"effort": effort});
    }
    if let Some(format) = chat.get("response_format") {
        let mut flat = format["json_schema"].clone();
        if flat.is_null() {
            flat = json!({});
        }
        flat["type"] = format["type"].clone();
        request["text"] = json!({"format": flat});
    }
    request
}

/// Returns the items that a message is.
fn items(message: &Value) -> Vec<Value> {
    let content = &message["content"];
    let role = message["role"].as_str().unwrap();
    if role == "tool" {
        let output = content
            .as_str()
            .map(|text| json!(text))
            .unwrap_or_else(|| parts(content, "input_text"));
        return vec![
            json!({"type": "function_call_output", "call_id": message["tool_call_id"], "output": output}),
        ];
    }
    let kind = if role == "assistant" { "output_text" } else { "input_text" };
    let mut items = Vec::new();
    if !content.is_null() {
        let content =
            content.as_str().map(|text| json!(text)).unwrap_or_else(|| parts(content, kind));
        items.push(json!({"type": "message", "role": role, "content": content}));
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let function = &call["function"];
        items.push(json!({
            "type": "function_call", "call_id": call["id"], "name": function["name"], "arguments": function["arguments"],
        }));
    }
    items
}

fn parts(content: &Value, text: &str) -> Value {
    let part = |part: &Value| match part["type"].as_str().unwrap() {
        "text" => json!({"type": text, "text": part["text"]}),
        "image_url" => {
            let mut image = json!({"type": "input_image", "image_url": part["image_url"]["url"]});
            if let Some(detail) = part["image_url"].get("detail") {
                image["detail"] = detail.clone();
            }
            image
        }
        "file" => {
            let mut file = part["file"].clone();
            file["type"] = json!("input_file");
            file
        }
        _ => part.clone(),
    };
    Value::Array(content.as_array().unwrap().iter().map(part).collect())
}
