//! The rules for requests from the Responses API to Chat Completions. Requests to Messages have the rules of requests
//! from Chat Completions.

use serde_json::{Value, json};

use crate::from_chat::{is_closed_schema, texts};
use crate::from_messages::{UNFINISHED, limit_by_model, names_that_fit, needs_all_members};
use crate::normal::list;
use crate::rule::{Case, Refusal, Rule};

const CHAT: &str = "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create";
const MIGRATE: &str = "https://developers.openai.com/api/docs/guides/migrate-to-responses";

/// In the order in which they correct.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "parts stay parts",
        why: "the other joins the texts of a turn with line feeds",
        url: CHAT,
        correct: parts,
    },
    Rule {
        name: "texts of an answer are joined as they are",
        why: "parts of one answer are pieces of one text; the other joins them with line feeds",
        url: MIGRATE,
        correct: answers,
    },
    Rule {
        name: "results are lines",
        why: "parts of a result are lines of its text; the other joins them with blanks",
        url: CHAT,
        correct: results,
    },
    Rule {
        name: "what is said and called at once is one message",
        why: "an answer's text and calls are items of their own, and one message of Chat Completions",
        url: MIGRATE,
        correct: calls,
    },
    Rule {
        name: "arguments are JSON",
        why: "arguments are a JSON object, also where there are none",
        url: "https://developers.openai.com/api/docs/guides/function-calling",
        correct: arguments,
    },
    Rule {
        name: "instructions are one message",
        why: "what stands before the conversation is one text, of the role that every server knows",
        url: CHAT,
        correct: instructions,
    },
    Rule {
        name: "documents have names",
        why: "a file needs a name beside its data",
        url: "https://github.com/openai/openai-agents-python/pull/1513",
        correct: documents,
    },
    Rule {
        name: "no description that nobody wrote, no strictness that is usual",
        why: "strict is false unless it is said, and a function without parameters may have no schema",
        url: MIGRATE,
        correct: tools,
    },
    Rule {
        name: "strict only what OpenAI takes as strict",
        why: "a strict schema is closed and needs all of its members, or the request is refused",
        url: "https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas",
        correct: strictness,
    },
    Rule {
        name: "names that fit",
        why: "names of functions are at most 64 of letters, digits, _ and -",
        url: CHAT,
        correct: names_that_fit,
    },
    Rule {
        name: "max_tokens where the server is not OpenAI's",
        why: "Mistral refuses the newer name of the limit, and all others know the older one",
        url: "https://docs.mistral.ai/api/endpoint/chat",
        correct: limit_by_model,
    },
    Rule {
        name: "an effort that the model knows",
        why: "minimal and none are words of some models only, and models before 5 do not think",
        url: "https://developers.openai.com/api/docs/guides/reasoning",
        correct: |case, theirs| {
            let object = theirs.as_object_mut().unwrap();
            let effort = object.get("reasoning_effort").and_then(Value::as_str).map(str::to_owned);
            match effort.as_deref() {
                Some("none") => drop(object.shift_remove("reasoning_effort")),
                Some(_) if case.model == "gpt-4o" => drop(object.shift_remove("reasoning_effort")),
                Some("minimal") => object["reasoning_effort"] = json!("low"),
                _ => {}
            }
        },
    },
    Rule {
        name: "what only OpenAI has",
        why: "only OpenAI keeps answers and has tiers; others refuse the members, and Chat Completions takes metadata only for answers that it keeps",
        url: MIGRATE,
        correct: |case, theirs| {
            let object = theirs.as_object_mut().unwrap();
            object.shift_remove("metadata");
            let is_openai = !case.model.starts_with("llama");
            let tier = object.get("service_tier").and_then(Value::as_str);
            if !is_openai || matches!(tier, Some("auto" | "default")) {
                object.shift_remove("service_tier");
            }
            if object.get("store") != Some(&json!(false)) || !is_openai {
                object.shift_remove("store");
            }
        },
    },
    Rule {
        name: "settings that are usual",
        why: "models that cannot call several tools refuse that they may; a stream reports its usage",
        url: "https://github.com/evalstate/fast-agent/issues/279",
        correct: settings,
    },
];

fn parts(case: &Case, theirs: &mut Value) {
    let asked = case.asked["messages"].as_array().unwrap().iter();
    for content in
        asked.filter(|message| message["role"] == "user").map(|message| &message["content"])
    {
        let said = texts(content);
        let joined = json!([{"type": "text", "text": said.join("\n")}]);
        let mut messages = list(&mut theirs["messages"]).iter_mut();
        if content.is_array()
            && said.len() > 1
            && let Some(message) = messages.find(|message| message["content"] == joined)
        {
            let parts = said.iter().map(|text| json!({"type": "text", "text": text}));
            message["content"] = Value::Array(parts.collect());
        }
    }
}

fn answers(case: &Case, theirs: &mut Value) {
    let asked = case.asked["messages"].as_array().unwrap().iter();
    for content in
        asked.filter(|message| message["role"] == "assistant").map(|message| &message["content"])
    {
        let said = texts(content);
        let joined = json!(said.join("\n"));
        let mut messages = list(&mut theirs["messages"]).iter_mut();
        if said.len() > 1
            && let Some(message) = messages.find(|message| message["content"] == joined)
        {
            message["content"] = json!(said.concat());
        }
    }
}

fn results(case: &Case, theirs: &mut Value) {
    let asked = case.asked["messages"].as_array().unwrap().iter();
    let asked = asked.filter(|message| message["role"] == "tool");
    let theirs =
        list(&mut theirs["messages"]).iter_mut().filter(|message| message["role"] == "tool");
    for (asked, message) in asked.zip(theirs) {
        let texts = texts(&asked["content"]);
        let joined = [texts.join("\n"), texts.join(" ")];
        assert!(joined.iter().any(|text| message["content"] == *text));
        message["content"] = json!(joined[0]);
    }
}

fn calls(_: &Case, theirs: &mut Value) {
    let mut messages: Vec<Value> = Vec::new();
    for message in list(&mut theirs["messages"]) {
        let is_called = message["content"].is_null() && message.get("tool_calls").is_some();
        match messages.last_mut().filter(|last| is_called && last["role"] == "assistant") {
            Some(last) => {
                assert!(last.get("tool_calls").is_none());
                last["tool_calls"] = message["tool_calls"].clone();
            }
            None => messages.push(message.clone()),
        }
    }
    theirs["messages"] = Value::Array(messages);
}

fn arguments(_: &Case, theirs: &mut Value) {
    for message in list(&mut theirs["messages"]) {
        for call in message.get_mut("tool_calls").map(list).unwrap_or_default() {
            if call["function"]["arguments"] == "" {
                call["function"]["arguments"] = json!("{}");
            }
        }
    }
}

fn instructions(case: &Case, theirs: &mut Value) {
    let is_system = |message: &Value| message["role"] == "system" || message["role"] == "developer";
    let mut said =
        theirs["messages"].as_array().unwrap().iter().filter(|message| !is_system(message));
    let (mut wanted, mut first) = (Vec::new(), Vec::new());
    for message in case.asked["messages"].as_array().unwrap() {
        if !is_system(message) {
            wanted.extend(said.next().cloned());
            continue;
        }
        let texts = texts(&message["content"]);
        if wanted.is_empty() {
            first.extend(texts);
            continue;
        }
        let text = texts.join("\n\n");
        wanted.push(json!({"role": "system", "content": [{"type": "text", "text": text}]}));
    }
    wanted.extend(said.cloned());
    if !first.is_empty() {
        let content = json!([{"type": "text", "text": first.join("\n\n")}]);
        wanted.insert(0, json!({"role": "system", "content": content}));
    }
    theirs["messages"] = Value::Array(wanted);
}

fn documents(_: &Case, theirs: &mut Value) {
    for message in
        list(&mut theirs["messages"]).iter_mut().filter(|message| message["role"] == "user")
    {
        for part in list(&mut message["content"]).iter_mut().filter(|part| part["type"] == "file") {
            if part["file"].get("filename").is_none() {
                part["file"]["filename"] = json!("document.pdf");
            }
        }
    }
}

fn tools(case: &Case, theirs: &mut Value) {
    let asked = case.asked["tools"].as_array().into_iter().flatten();
    for (asked, tool) in asked.zip(theirs.get_mut("tools").map(list).unwrap_or_default()) {
        let function = tool["function"].as_object_mut().unwrap();
        if asked["function"].get("description").is_none() && function["description"] == "" {
            function.shift_remove("description");
        }
        if asked["function"].get("parameters").is_none() && function["parameters"] == "{}" {
            function["parameters"] = Value::Null;
        }
        if function.get("strict") == Some(&json!(false)) {
            function.shift_remove("strict");
        }
    }
}

fn strictness(case: &Case, theirs: &mut Value) {
    let may_be = |schema: &Value| {
        let is_object = schema["type"] == "object";
        schema.is_null() || is_object && is_closed_schema(schema) && needs_all_members(schema)
    };
    let asked = case.asked["tools"].as_array().into_iter().flatten();
    for (asked, tool) in asked.zip(theirs.get_mut("tools").map(list).unwrap_or_default()) {
        if !may_be(&asked["function"]["parameters"]) {
            tool["function"].as_object_mut().unwrap().shift_remove("strict");
        }
    }
    if let Some(format) = theirs.pointer_mut("/response_format/json_schema")
        && !may_be(&case.asked["response_format"]["json_schema"]["schema"])
    {
        format.as_object_mut().unwrap().shift_remove("strict");
    }
}

fn settings(_: &Case, theirs: &mut Value) {
    let object = theirs.as_object_mut().unwrap();
    if object.get("parallel_tool_calls") != Some(&json!(false)) || !object.contains_key("tools") {
        object.shift_remove("parallel_tool_calls");
    }
    if object.get("response_format") == Some(&json!({"type": "text"})) {
        object.shift_remove("response_format");
    }
    if object.get("stream") == Some(&json!(true)) {
        object.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
}

/// Arguments that are no object.
pub(crate) const ARGUMENTS: Refusal = Refusal {
    place: "input[#].arguments",
    why: "is not the text of a JSON object",
    url: "https://developers.openai.com/api/docs/guides/function-calling",
    is_right: |case| {
        let calls = case.asked["messages"].as_array().unwrap().iter();
        let calls =
            calls.flat_map(|message| message["tool_calls"].as_array().into_iter().flatten());
        let mut inputs = calls.map(|call| call["function"]["arguments"].as_str().unwrap());
        inputs.any(|text| !text.is_empty() && !text.trim().starts_with('{'))
    },
};

/// What is not translated.
pub(crate) const REFUSALS: &[Refusal] = &[
    ARGUMENTS,
    UNFINISHED,
    Refusal {
        place: "tool_choice",
        why: "requires a tool call, but there are no tools",
        url: CHAT,
        is_right: |case| {
            case.asked.get("tools").is_none() && case.asked["tool_choice"] == "required"
        },
    },
];
