//! Random conversations, and what a JSON library makes of them.

use fastrand::Rng;
use pointsman::request::strip::Bound;
use serde_json::{Value, json};

use super::{CHAT, CONVERSE, GEMINI, MESSAGES, RESPONSES, STAND_IN, scanned, stripped, try_scan};

fn maybe<T>(rng: &mut Rng, one: T, other: T) -> T {
    if rng.bool() { one } else { other }
}

fn item(rng: &mut Rng) -> Value {
    let mut item = match rng.u8(..7) {
        0 | 1 => json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}],
                        "encrypted_content": maybe(rng, "e", "a longer \u{e9} \"secret\"")}),
        2 => json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
        3 => {
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]})
        }
        4 => json!({"role": "user", "content": "q"}),
        5 => {
            json!({"type": "web_search_call", "status": "completed", "action": {"type": "search"}})
        }
        _ if rng.u8(..8) == 0 => {
            json!({"type": maybe(rng, "compaction", "computer_call"), "encrypted_content": maybe(rng, "", "e")})
        }
        _ => json!({"type": "function_call_output", "call_id": "c", "output": "1"}),
    };
    if rng.bool() {
        item["id"] = "i_1".into();
    }
    item
}

/// Returns the input without what is encrypted; `None` where that cannot be left out.
fn without_items(mut body: Value) -> Option<Value> {
    let items = body["input"].as_array_mut().unwrap();
    let before = items.len();
    let is_sealed =
        |item: &Value| item["encrypted_content"].as_str().is_some_and(|e| !e.is_empty());
    if items.iter().any(|item| is_sealed(item) && item["type"] != "reasoning") {
        return None;
    }
    items.retain(|item| !is_sealed(item));
    if items.len() == before {
        return Some(body);
    }
    let known = ["message", "function_call", "function_call_output", "web_search_call"];
    for item in items.iter_mut() {
        let is_known = item
            .get("type")
            .map_or(item.get("role").is_some(), |kind| known.contains(&kind.as_str().unwrap()));
        if item.get("id").is_some() && !is_known {
            return None;
        }
        item.as_object_mut().unwrap().remove("id");
    }
    (!items.is_empty()).then_some(body)
}

fn block(rng: &mut Rng, role: &str) -> Value {
    match rng.u8(..6) {
        0 if role == "assistant" => {
            json!({"type": "thinking", "thinking": "t", "signature": maybe(rng, "s", "")})
        }
        1 if role == "assistant" => json!({"type": "redacted_thinking", "data": "AA=="}),
        2 if role == "assistant" => {
            json!({"type": "tool_use", "id": "u", "name": "f", "input": {"type": "thinking", "signature": "s"}})
        }
        3 if role == "user" => json!({"type": "tool_result", "tool_use_id": "u", "content": "1"}),
        4 if rng.u8(..20) == 0 => {
            json!({"type": "web_search_tool_result", "content": [{"type": "web_search_result", "encrypted_content": "e"}]})
        }
        _ => json!({"type": "text", "text": "x"}),
    }
}

fn conversation(rng: &mut Rng) -> Value {
    let mut turns = Vec::new();
    for _ in 0..rng.usize(1..6) {
        let role = maybe(rng, "user", "assistant");
        let content = if rng.u8(..4) == 0 {
            json!("text")
        } else {
            (0..rng.usize(1..5)).map(|_| block(rng, role)).collect()
        };
        turns.push(json!({"role": role, "content": content}));
    }
    let mut body = json!({"messages": turns, "max_tokens": 9});
    if rng.bool() {
        body["thinking"] = json!({"type": maybe(rng, "disabled", "enabled")});
    }
    body
}

/// Returns the conversation without thoughts; `None` where they cannot be left out.
fn without_thoughts(mut body: Value) -> Option<Value> {
    let is_on = body["thinking"]["type"] != "disabled";
    let mut is_open = false;
    for turn in body["messages"].as_array_mut().unwrap() {
        let is_user = turn["role"] == "user";
        let Some(blocks) = turn["content"].as_array_mut() else {
            is_open &= !is_user;
            continue;
        };
        if blocks.iter().any(|block| block["type"] == "web_search_tool_result") {
            return None;
        }
        let before = blocks.len();
        blocks.retain(|block| {
            let is_signed = block["type"] == "thinking" && block["signature"] != "";
            !is_signed && block["type"] != "redacted_thinking"
        });
        if blocks.is_empty() {
            return None;
        }
        is_open |= blocks.len() < before;
        is_open &= !is_user || blocks.iter().any(|block| block["type"] == "tool_result");
    }
    (!is_open || !is_on).then_some(body)
}

fn contents(rng: &mut Rng) -> Value {
    let mut part = || {
        let mut part = json!({"text": "x"});
        if rng.bool() {
            let key = maybe(rng, "thoughtSignature", "thought_signature");
            part[key] = maybe(rng, "c2ln", STAND_IN).into();
        }
        part
    };
    json!({"contents": [{"role": "model", "parts": [part(), part(), part()]}]})
}

fn without_signatures(mut body: Value) -> Option<Value> {
    for part in body["contents"][0]["parts"].as_array_mut().unwrap() {
        for key in ["thoughtSignature", "thought_signature"] {
            if part.get(key).is_some() {
                part[key] = STAND_IN.into();
            }
        }
    }
    Some(body)
}

/// Writes a document with members in any order, blanks anywhere, and characters escaped or not.
fn write(rng: &mut Rng, value: &Value, out: &mut String) {
    let blank = |rng: &mut Rng, out: &mut String| {
        (0..rng.usize(..3)).for_each(|_| out.push(*rng.choice(&[' ', '\n', '\t', '\r']).unwrap()));
    };
    blank(rng, out);
    match value {
        Value::String(text) => written(rng, text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(rng, item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            rng.shuffle(&mut members);
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                blank(rng, out);
                written(rng, key, out);
                blank(rng, out);
                out.push(':');
                write(rng, value, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
    blank(rng, out);
}

fn written(rng: &mut Rng, text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') || rng.u8(..12) == 0 {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.push('"');
}

#[test]
fn what_is_left_is_what_a_json_library_leaves() {
    let mut counts = [0; 2];
    for seed in 0..3000 {
        let rng = &mut Rng::with_seed(seed);
        let (path, body, wanted) = match seed % 3 {
            0 => {
                let items: Vec<Value> = (0..rng.usize(1..7)).map(|_| item(rng)).collect();
                let body = json!({"model": "m", "input": items});
                (RESPONSES, body.clone(), without_items(body))
            }
            1 => {
                let body = conversation(rng);
                (MESSAGES, body.clone(), without_thoughts(body))
            }
            _ => {
                let body = contents(rng);
                (GEMINI, body.clone(), without_signatures(body))
            }
        };
        let mut text = String::new();
        write(rng, &body, &mut text);
        let state = scanned(path, &text);
        let left = stripped(path, &text);
        if state.is_stored {
            assert_eq!(left, Err(Bound::Stored), "{text}");
            continue;
        }
        let parsed = left.as_ref().ok().map(|left| serde_json::from_str::<Value>(left).unwrap());
        // What has no state needs nothing left out, whatever else it is.
        let wanted = if state.is_any() { wanted } else { Some(body) };
        assert_eq!(parsed, wanted, "{text}\n{left:?}");
        counts[usize::from(state.is_any() && left.is_ok())] += 1;
    }
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}: each of both often");
}

/// A path, the key of its messages or items, that of the parts of one, and keys and words of parts.
type Pool =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);
const POOLS: [Pool; 5] = [
    (
        MESSAGES,
        "messages",
        "content",
        &["signature", "encrypted_content", "data", "thinking", "content", "source", "x"],
        &["thinking", "redacted_thinking", "thinking", "text", "tool_result", "x"],
    ),
    (
        RESPONSES,
        "input",
        "content",
        &["encrypted_content", "id", "call_id", "summary", "content", "x"],
        &["reasoning", "reasoning", "message", "function_call", "compaction", "item_reference"],
    ),
    (
        GEMINI,
        "contents",
        "parts",
        &["thoughtSignature", "text", "functionCall", "parts", "thought", "x"],
        &["text"],
    ),
    (
        CHAT,
        "messages",
        "tool_calls",
        &["extra_content", "google", "thought_signature", "function", "signature", "x"],
        &["function"],
    ),
    (
        CONVERSE,
        "messages",
        "content",
        &["reasoningContent", "reasoningText", "redactedContent", "signature", "toolResult"],
        &["x"],
    ),
];

/// Returns any JSON of the keys and words of a pool.
fn soup(rng: &mut Rng, pool: &Pool, depth: u32) -> Value {
    let (.., keys, words) = pool;
    match rng.u8(..9) {
        0 if depth > 0 => (0..rng.usize(..4)).map(|_| soup(rng, pool, depth - 1)).collect(),
        1..=4 if depth > 0 => part(rng, pool, depth - 1),
        5 => maybe(rng, Value::Null, json!(1)),
        6 => json!(maybe(rng, "", STAND_IN)),
        7 => json!(rng.choice(*words).unwrap()),
        _ => json!(rng.choice(*keys).unwrap()),
    }
}

/// Returns an object of the keys of a pool, mostly with a type.
fn part(rng: &mut Rng, pool: &Pool, depth: u32) -> Value {
    let (.., keys, words) = pool;
    let mut part = json!({});
    for _ in 0..rng.usize(1..4) {
        part[*rng.choice(*keys).unwrap()] = soup(rng, pool, depth);
    }
    if rng.u8(..4) > 0 {
        part["type"] = json!(rng.choice(*words).unwrap());
    }
    part
}

#[test]
fn no_body_is_left_with_state_or_broken() {
    let (mut left_out, mut bound) = (0, 0);
    for seed in 0..1500 {
        let rng = &mut Rng::with_seed(seed);
        let pool = rng.choice(&POOLS).unwrap();
        let (path, top, inner, ..) = *pool;
        let mut items = vec![json!({"role": "user"})];
        for _ in 0..rng.usize(1..4) {
            let mut item = part(rng, pool, 2);
            if path != RESPONSES || rng.bool() {
                item["role"] = maybe(rng, "assistant", "user").into();
                item[inner] = (0..rng.usize(1..5)).map(|_| part(rng, pool, 3)).collect();
            }
            items.push(item);
        }
        let mut text = String::new();
        let body = json!({top: items, "thinking": {"type": maybe(rng, "disabled", "enabled")}});
        write(rng, &body, &mut text);
        // What the scanner refuses goes nowhere at all.
        let Ok(state) = try_scan(path, &text) else { continue };
        match stripped(path, &text) {
            Ok(_) if state.is_any() => left_out += 1,
            Ok(left) => assert_eq!(left, text),
            Err(_) => bound += 1,
        }
    }
    assert!(left_out > 80 && bound > 150, "{left_out} {bound}");
}
