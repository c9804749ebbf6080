//! There and back: a document that is translated without loss, and then back again, is the same, except for the
//! differences listed here.

use std::collections::BTreeMap;

use pointsman::translate::{
    AnswerForm, AnswerNames, AnswerTranslation, ClientApi, ProviderApi, request,
};
use serde_json::{Value, json};

use crate::chat_answer::chat_answer;
use crate::chat_request::chat_request;
use crate::dice::Dice;
use crate::from_chat::texts;
use crate::messages_answer::messages_answer;
use crate::messages_request::messages_request;
use crate::normal::list;
use crate::rule::{cases, difference};
use crate::{collected, normal};

const MAX_TOKENS: u64 = 64_000;

#[test]
fn requests() {
    let mut count = 0;
    for seed in 0..cases() {
        let mut dice = Dice::new(seed);
        let model = dice.pick(&["claude-3-5-sonnet-20241022", "claude-sonnet-4-5", "glm-4.6"]);
        let asked = chat_request(&mut dice, "m");
        let apis = (ClientApi::Chat, ProviderApi::Messages);
        let there = request(apis, &dice.written(&asked), false, (model, MAX_TOKENS)).unwrap();
        let has_own_ids =
            asked.to_string().contains("call:") || asked.to_string().contains("functions.f:");
        if !there.losses.is_empty() || !there.renamed.is_empty() || has_own_ids {
            continue;
        }
        let apis = (ClientApi::Messages, ProviderApi::Chat);
        let back = request(apis, there.body.as_bytes(), false, ("m", MAX_TOKENS)).unwrap();
        // Other vendors than Anthropic follow schemas that OpenAI does not follow strictly.
        let is_open = back.losses.list().iter().any(|loss| loss.why.starts_with("is strict"));
        if is_open || !back.renamed.is_empty() {
            continue;
        }
        let mut lost = back.losses.list().iter();
        // No word of OpenAI's for it is known to all of its models.
        let is_off = |why: &str| why == "is off, which not every model accepts";
        assert!(
            lost.all(|loss| is_off(&loss.why)),
            "seed {seed}: {:?}\n{}",
            back.losses,
            there.body
        );
        let mut back: Value = serde_json::from_str(&back.body).unwrap();
        normal::chat_request(&mut back);
        let mut wanted = asked.clone();
        settings(&mut wanted);
        messages(&mut wanted);
        tools(&mut wanted);
        normal::chat_request(&mut wanted);
        let mut text = String::new();
        difference("", &back, &wanted, &mut text);
        assert!(text.is_empty(), "seed {seed}:\n{text}asked: {asked}");
        count += 1;
    }
    println!("requests, there and back: {count} of {} without loss", cases());
    assert!(count > cases() / 10);
}

/// The other way round: what a request of Messages becomes is what it becomes again after it has been back. Its own
/// defaults are written only once, so the second time is compared with the first.
#[test]
fn requests_of_messages() {
    let mut count = 0;
    for seed in 0..cases() {
        let mut dice = Dice::new(seed);
        let model = dice.pick(&["gpt-4o", "o4-mini", "llama-3.3-70b"]);
        let asked = messages_request(&mut dice, "m");
        let to_chat = |body: &[u8]| {
            let apis = (ClientApi::Messages, ProviderApi::Chat);
            request(apis, body, false, (model, MAX_TOKENS)).unwrap()
        };
        let first = to_chat(&dice.written(&asked));
        let is_changed = has_blank(&asked) || has_media_in_results(&asked["messages"]);
        if !first.losses.is_empty() || !first.renamed.is_empty() || is_changed {
            continue;
        }
        let apis = (ClientApi::Chat, ProviderApi::Messages);
        let claude = ("claude-sonnet-4-5", MAX_TOKENS);
        let back = request(apis, first.body.as_bytes(), false, claude).unwrap();
        if !back.losses.is_empty() || !back.renamed.is_empty() {
            continue;
        }
        let second = to_chat(back.body.as_bytes());
        // A budget is at most half the limit of the answer there, so a word for it may be a lower one.
        // Calls there need tools, and 1 is left out where it is usual.
        let has_tools = asked.get("tools").is_some();
        let of = |text: &str| {
            let mut sent = serde_json::from_str::<Value>(text).unwrap();
            normal::chat_request(&mut sent);
            let members = sent.as_object_mut().unwrap();
            members.retain(|name, value| match &**name {
                "reasoning_effort" => false,
                "tools" | "tool_choice" => has_tools,
                "temperature" | "top_p" => value.as_f64() != Some(1.0),
                _ => true,
            });
            sent
        };
        let mut text = String::new();
        difference("", &of(&second.body), &of(&first.body), &mut text);
        assert!(text.is_empty(), "seed {seed}:\n{text}asked: {asked}\nback: {}", back.body);
        count += 1;
    }
    println!("requests of Messages, there, back and there: {count} of {} without loss", cases());
    assert!(count > cases() / 10);
}

/// Returns whether a result of a tool has more than texts. Chat Completions has the rest in a message of the user.
fn has_media_in_results(messages: &Value) -> bool {
    let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let blocks = elements(messages).into_iter().flat_map(|message| elements(&message["content"]));
    let results = blocks.filter(|block| block["type"] == "tool_result");
    results.flat_map(|result| elements(&result["content"])).any(|part| part["type"] != "text")
}

/// Returns whether a text has only white space, which Anthropic refuses and which is left out on the way back.
fn has_blank(document: &Value) -> bool {
    match document {
        Value::String(text) => !text.is_empty() && text.trim().is_empty(),
        Value::Array(elements) => elements.iter().any(has_blank),
        Value::Object(members) => members.values().any(has_blank),
        _ => false,
    }
}

/// What is usual is left out, and what only one of the two APIs has gets its usual value.
fn settings(request: &mut Value) {
    let object = request.as_object_mut().unwrap();
    let limit =
        object.shift_remove("max_completion_tokens").or_else(|| object.shift_remove("max_tokens"));
    object.insert("max_tokens".to_owned(), limit.unwrap_or(json!(MAX_TOKENS)));
    for (name, usual) in [
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("presence_penalty", 0.0),
        ("frequency_penalty", 0.0),
    ] {
        if object.get(name).and_then(Value::as_f64) == Some(usual) {
            object.shift_remove(name);
        }
    }
    for name in ["n", "logprobs", "metadata", "store", "service_tier", "stream_options"] {
        object.shift_remove(name);
    }
    // Not to think is what is usual for models before 5.
    if object.get("reasoning_effort").is_some_and(|effort| effort == "none") {
        object.shift_remove("reasoning_effort");
    }
    // It goes there as a budget of tokens, at most half the limit of the answer.
    if let Some(effort) = object.get("reasoning_effort").and_then(Value::as_str) {
        let budget = match effort {
            "minimal" | "low" => 1_024,
            "medium" => 8_192,
            _ => 24_576,
        };
        let word = match budget.min(object["max_tokens"].as_u64().unwrap() / 2) {
            0..=4_607 => "low",
            4_608..=16_383 => "medium",
            _ => "high",
        };
        object.insert("reasoning_effort".to_owned(), json!(word));
    }
    if object.get("stream") == Some(&json!(false)) {
        object.shift_remove("stream");
    }
    // A stream of Messages reports its usage.
    if object.contains_key("stream") {
        object.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    match object.get("stop").cloned() {
        Some(Value::String(stop)) => drop(object.insert("stop".to_owned(), json!([stop]))),
        Some(Value::Array(stops)) => {
            let stops: Vec<_> = stops.into_iter().filter(|stop| stop != "").collect();
            object.insert("stop".to_owned(), json!(stops));
        }
        _ => {}
    }
    if object.get("stop").is_some_and(|stop| stop == &json!([]) || stop == &json!([""])) {
        object.shift_remove("stop");
    }
    if object.get("response_format").is_some_and(|format| format["type"] == "text") {
        object.shift_remove("response_format");
    }
    if let Some(format) = object.get_mut("response_format") {
        format["json_schema"]["name"] = json!("answer");
    }
}

fn messages(request: &mut Value) {
    let messages = request["messages"].as_array().unwrap().clone();
    let is_system =
        |message: &&Value| message["role"] == "system" || message["role"] == "developer";
    let said = |content: &Value| -> Vec<String> {
        texts(content).into_iter().filter(|text| !text.trim().is_empty()).collect()
    };
    let mut wanted = Vec::new();
    let system: Vec<_> =
        messages.iter().filter(is_system).flat_map(|message| said(&message["content"])).collect();
    if !system.is_empty() {
        wanted.push(json!({"role": "system", "content": system.join("\n\n")}));
    }
    // Turns of one side, one after another, are one.
    let is_models = |message: &Value| message["role"] == "assistant";
    let is_said = |message: &&Value| {
        let parts = message["content"].as_array().into_iter().flatten();
        let has_media = parts.into_iter().any(|part| part.get("text").is_none());
        let is_whole = message["role"] == "tool" || message.get("tool_calls").is_some();
        !is_system(message) && (is_whole || has_media || !said(&message["content"]).is_empty())
    };
    let messages: Vec<_> = messages.iter().filter(is_said).cloned().collect();
    for run in messages.chunk_by(|one, next| is_models(one) == is_models(next)) {
        if is_models(&run[0]) {
            let words = |message: &Value| {
                let refusals = message["content"].as_array().into_iter().flatten();
                let refusals =
                    refusals.filter_map(|part| part["refusal"].as_str().map(str::to_owned));
                said(&message["content"]).into_iter().chain(refusals).collect::<Vec<_>>().concat()
            };
            let content = run.iter().map(words).collect::<String>();
            let calls = run
                .iter()
                .flat_map(|message| message["tool_calls"].as_array().into_iter().flatten());
            let mut calls: Vec<_> = calls.cloned().collect();
            for call in calls.iter_mut().filter(|call| call["function"]["arguments"] == "") {
                call["function"]["arguments"] = json!("{}");
            }
            let content = if content.is_empty() { Value::Null } else { json!(content) };
            let mut message = json!({"role": "assistant", "content": content});
            if !calls.is_empty() {
                message["tool_calls"] = json!(calls);
            }
            wanted.push(message);
            continue;
        }
        for result in run.iter().filter(|message| message["role"] == "tool") {
            let mut result = result.clone();
            result["content"] = json!(said(&result["content"]).join("\n"));
            wanted.push(result);
        }
        let mut parts = Vec::new();
        for message in run.iter().filter(|message| message["role"] == "user") {
            let text =
                message["content"].as_str().map(|text| json!({"type": "text", "text": text}));
            parts.extend(text);
            parts.extend(message["content"].as_array().into_iter().flatten().cloned());
        }
        parts.retain(|part| part["text"].as_str().is_none_or(|text| !text.trim().is_empty()));
        parts.iter_mut().for_each(media);
        if !parts.is_empty() {
            wanted.push(json!({"role": "user", "content": parts}));
        }
    }
    request["messages"] = Value::Array(wanted);
}

fn media(part: &mut Value) {
    if let Some(image) = part.get_mut("image_url") {
        let url = image["url"].as_str().unwrap().replace("data:image/jpg", "data:image/jpeg");
        *image = json!({"url": url});
    }
    if part["type"] == "file" && part["file"].get("filename").is_none() {
        part["file"]["filename"] = json!("document.pdf");
    }
    part.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}

fn tools(request: &mut Value) {
    let has_tools = request.get("tools").is_some();
    if !has_tools {
        // Tools that have been called are named, and none may be called.
        let calls = request["messages"].as_array().unwrap().iter();
        let calls =
            calls.flat_map(|message| message["tool_calls"].as_array().into_iter().flatten());
        let names: std::collections::BTreeSet<_> =
            calls.map(|call| call["function"]["name"].as_str().unwrap().to_owned()).collect();
        let tool = |name| {
            let parameters = json!({"type": "object", "properties": {}});
            json!({"type": "function", "function": {"name": name, "parameters": parameters}})
        };
        let tools: Vec<_> = names.into_iter().map(tool).collect();
        request.as_object_mut().unwrap().shift_remove("tool_choice");
        request.as_object_mut().unwrap().shift_remove("parallel_tool_calls");
        if !tools.is_empty() {
            request["tools"] = json!(tools);
            request["tool_choice"] = json!("none");
        }
        return;
    }
    for tool in list(&mut request["tools"]) {
        let function = &mut tool["function"];
        let schema = function.get("parameters").cloned().unwrap_or(json!({}));
        function["parameters"] = match schema.get("type") {
            _ if schema == json!({}) => json!({"type": "object", "properties": {}}),
            Some(_) => schema,
            None => {
                let rest = schema.to_string().replacen('{', "", 1);
                serde_json::from_str(&format!("{{\"type\":\"object\",{rest}")).unwrap()
            }
        };
        if function["strict"] != true {
            function.as_object_mut().unwrap().shift_remove("strict");
        }
    }
    if request["parallel_tool_calls"] != false || request["tool_choice"] == "none" {
        request.as_object_mut().unwrap().shift_remove("parallel_tool_calls");
    } else if request["tool_choice"].is_null() {
        // The choice is where Messages says how many calls there may be.
        request["tool_choice"] = json!("auto");
    }
    request.as_object_mut().unwrap().retain(|_, value| !value.is_null());
}

/// Returns a whole answer in another API.
fn translated(apis: (ProviderApi, ClientApi), answer: &Value) -> Value {
    let form = AnswerForm { stream: false, stream_usage: true, created_s: 1 };
    let names =
        AnswerNames { id: "made".to_owned(), model: "made".to_owned(), renamed: BTreeMap::new() };
    let mut translation = AnswerTranslation::new(apis, (200, false), form, names, 1 << 20);
    let mut got = Vec::new();
    translation.feed(answer.to_string().as_bytes(), &mut got);
    translation.finish(&mut got);
    assert_eq!(translation.failure(), None, "{}", String::from_utf8_lossy(&got));
    serde_json::from_slice(&got).unwrap()
}

#[test]
fn answers_of_chat() {
    for seed in 0..cases() {
        let mut answer = chat_answer(&mut Dice::new(seed));
        let there = translated((ProviderApi::Chat, ClientApi::Messages), &answer);
        let back = translated((ProviderApi::Messages, ClientApi::Chat), &there);
        let choice = &mut answer["choices"][0];
        // Servers say stop where they wait for results.
        if choice["message"].get("tool_calls").is_some() {
            choice["finish_reason"] = json!("tool_calls");
        }
        for call in choice["message"].get_mut("tool_calls").map(list).unwrap_or_default() {
            if call["function"]["arguments"] == "" {
                call["function"]["arguments"] = json!("{}");
            }
        }
        // Messages has no other text for words of a refusal.
        if let Some(words) = choice["message"]["refusal"].as_str().map(str::to_owned) {
            choice["message"]["content"] = json!(words);
            choice["message"]["refusal"] = Value::Null;
        }
        assert_eq!(collected::chat(&back), collected::chat(&answer), "seed {seed}: {answer}");
    }
}

#[test]
fn answers_of_messages() {
    for seed in 0..cases() {
        let mut answer = messages_answer(&mut Dice::new(seed));
        let there = translated((ProviderApi::Messages, ClientApi::Chat), &answer);
        let back = translated((ProviderApi::Chat, ClientApi::Messages), &there);
        // OpenAI has fewer reasons.
        answer["stop_reason"] = match answer["stop_reason"].as_str().unwrap() {
            "stop_sequence" | "pause_turn" => json!("end_turn"),
            "model_context_window_exceeded" => json!("max_tokens"),
            reason => json!(reason),
        };
        answer["stop_sequence"] = Value::Null;
        // And one text of each kind, without a signature.
        let blocks = answer["content"].as_array().unwrap().clone();
        let joined =
            |key: &str| blocks.iter().filter_map(|block| block[key].as_str()).collect::<String>();
        let mut content = Vec::new();
        let (thinking, text) = (joined("thinking"), joined("text"));
        if !thinking.is_empty() {
            content.push(json!({"type": "thinking", "thinking": thinking, "signature": ""}));
        }
        if !text.is_empty() {
            content.push(json!({"type": "text", "text": text}));
        }
        content.extend(blocks.iter().filter(|block| block["type"] == "tool_use").cloned());
        if content.is_empty() {
            content.push(json!({"type": "text", "text": ""}));
        }
        answer["content"] = Value::Array(content);
        assert_eq!(
            collected::messages(&back),
            collected::messages(&answer),
            "seed {seed}: {answer}"
        );
    }
}
