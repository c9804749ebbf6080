//! Brings what the documentation calls the same into one form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Requests of Messages: a text stands for a list of one block of text, for messages, for `system` and for
/// results of tools (<https://platform.claude.com/docs/en/api/messages/create#create.messages>).
pub(crate) fn messages_request(request: &mut Value) {
    if let Some(system) = request.get_mut("system") {
        blocks(system);
    }
    for message in list(&mut request["messages"]) {
        blocks(&mut message["content"]);
        for block in list(&mut message["content"]) {
            if block["type"] == "tool_result" && block.get("content").is_some() {
                blocks(&mut block["content"]);
            }
            if block["type"] == "tool_use" {
                as_written(&mut block["input"]);
            }
        }
    }
    for tool in list(&mut request["tools"]) {
        as_written(&mut tool["input_schema"]);
    }
    if let Some(schema) = request.pointer_mut("/output_config/format/schema") {
        as_written(schema);
    }
    numbers(request, &["temperature", "top_p"]);
}

/// Requests of Chat Completions: a text stands for a list of one part, for messages of all but the model
/// (<https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create>).
pub(crate) fn chat_request(request: &mut Value) {
    for message in list(&mut request["messages"]) {
        if message["role"] != "assistant" && message["role"] != "tool" {
            blocks(&mut message["content"]);
        }
        arguments(message);
    }
    for tool in list(&mut request["tools"]) {
        as_written(&mut tool["function"]["parameters"]);
    }
    if let Some(schema) = request.pointer_mut("/response_format/json_schema/schema") {
        as_written(schema);
    }
    numbers(request, &["temperature", "top_p"]);
}

/// Arguments of calls are JSON within a text, with blanks and escapes as they please.
pub(crate) fn arguments(message: &mut Value) {
    for call in message.get_mut("tool_calls").map(list).unwrap_or_default() {
        let text = call["function"]["arguments"].as_str().unwrap();
        if text.is_empty() {
            continue;
        }
        let parsed: Value = serde_json::from_str(text).unwrap();
        call["function"]["arguments"] = json!(parsed.to_string());
    }
}

/// Returns the elements of a list; of nothing else, any.
pub(crate) fn list(value: &mut Value) -> &mut [Value] {
    value.as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

fn blocks(content: &mut Value) {
    if let Value::String(text) = content {
        *content = json!([{"type": "text", "text": text}]);
    }
}

/// Has the order of the members count: models read schemas and inputs in that order.
fn as_written(value: &mut Value) {
    if !value.is_null() {
        *value = Value::String(value.to_string());
    }
}

/// Numbers that are the same in two forms.
fn numbers(request: &mut Value, names: &[&str]) {
    for name in names {
        if let Some(number) = request[*name].as_f64() {
            request[*name] = json!(number);
        }
    }
    // Reading a member has made it.
    if let Some(object) = request.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
}

/// Names of tools that do not fit, with what ours has in place of them.
pub(crate) struct OurNames {
    fits: fn(&str) -> bool,
    known: BTreeMap<String, String>,
}

impl OurNames {
    pub(crate) const fn new(fits: fn(&str) -> bool) -> Self {
        Self { fits, known: BTreeMap::new() }
    }

    /// Puts what ours has in place of a name that does not fit. Equal names become equal ones.
    pub(crate) fn put(&mut self, theirs: &mut Value, ours: &Value) {
        let Some(name) = theirs.as_str().filter(|name| !(self.fits)(name)) else { return };
        let ours = ours.as_str().unwrap();
        assert!((self.fits)(ours));
        assert_eq!(self.known.entry(name.to_owned()).or_insert(ours.to_owned()), ours);
        *theirs = json!(ours);
    }
}
