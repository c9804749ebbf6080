//! The same for what is translated between APIs.

use std::fmt::Write;

use super::{Shape, filled, listed};
use crate::scenario::{Answer, Scenario, header, request_headers};

/// A client's model `assistant` is at a provider of Anthropic's API, `other` at one of OpenAI's.
const TRANSLATED: &str = include_str!("../inputs/translated.json");

/// The model `chat` is at a provider of Chat Completions, `converse` at one of Converse, `gemini` at one of
/// generateContent.
const OTHERS: &str = include_str!("translated.json");

/// Returns all shapes.
pub(crate) fn shapes() -> Vec<Shape> {
    let mut shapes = of_messages_and_chat();
    shapes.extend(of_other_apis());
    shapes
}

/// Returns the shapes of other pairs of APIs: what is different for a reader or a writer.
fn of_other_apis() -> Vec<Shape> {
    let body = |name, of| Shape { name, length: 50_000, of };
    vec![
        body("turns of Responses", |n| responses(&turns("input", n))),
        body("tools of Responses", |n| {
            let tool =
                r#"{"type":"function","name":"files.read.{}","parameters":{"type":"object"}}"#;
            responses(&format!(r#""input":"a","tools":[{}]"#, numbered(tool, n)))
        }),
        body("a result of Responses", |n| {
            let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#;
            let text = r"a\n\u00e9".repeat(n / 9);
            let result =
                format!(r#"{{"type":"function_call_output","call_id":"c","output":"{text}"}}"#);
            responses(&format!(r#""input":[{call},{result}]"#))
        }),
        body("turns for Converse", |n| other("converse", &turns("messages", n))),
        body("tools for Converse", |n| other("converse", &chat_tools(n, CLOSED))),
        body("a result for Converse", |n| other("converse", &chat_result(n))),
        body("deep schemas for Converse", |n| other("converse", &chat_tools(n, &deep()))),
        body("turns for Gemini", |n| other("gemini", &turns("messages", n))),
        body("tools for Gemini", |n| other("gemini", &chat_tools(n, CLOSED))),
        body("a result for Gemini", |n| other("gemini", &chat_result(n))),
        body("deep schemas for Gemini", |n| other("gemini", &chat_tools(n, &deep()))),
        body("deep schemas for Messages", |n| chat(&chat_tools(n, &deep()))),
    ]
}

/// Returns the shapes that are translated between Chat Completions and Messages.
fn of_messages_and_chat() -> Vec<Shape> {
    let body = |name, of| Shape { name, length: 100_000, of };
    vec![
        body("translated messages", |n| {
            chat(&listed("messages", r#"{"role":"user","content":"Project herons"}"#, n))
        }),
        body("translated turns", |n| chat(&turns("messages", n))),
        body("translated turns of Messages", |n| messages(&turns("messages", n))),
        body("translated parts", |n| {
            let parts = listed("content", r#"{"type":"text","text":"her"}"#, n);
            chat(&format!(r#""messages":[{{"role":"user",{parts}}}]"#))
        }),
        body("translated calls and results", |n| {
            let call = r#"{"id":"c{}","type":"function","function":{"name":"f.g","arguments":"{\"a\":1}"}}"#;
            let calls = numbered(call, n / 2);
            let results = numbered(r#"{"role":"tool","tool_call_id":"c{}","content":"r"}"#, n / 2);
            let said = r#"{"role":"user","content":"a"}"#;
            chat(&format!(
                r#""messages":[{said},{{"role":"assistant","tool_calls":[{calls}]}},{results}]"#
            ))
        }),
        body("translated tools with names that do not fit", |n| {
            let tool = r#"{"type":"function","function":{"name":"files.read.{}"}}"#;
            chat(&format!(r#"{HELLO},"tools":[{}]"#, numbered(tool, n)))
        }),
        body("a translated schema", |n| {
            let member = r#""k{}":{"type":"object","additionalProperties":false,"properties":{}}"#;
            let schema = format!(
                r#"{{"type":"object","additionalProperties":false,"properties":{{{}}}}}"#,
                numbered(member, n)
            );
            let format = format!(
                r#"{{"type":"json_schema","json_schema":{{"name":"a","schema":{schema}}}}}"#
            );
            chat(&format!(r#"{HELLO},"response_format":{format}"#))
        }),
        body("a translated strict schema", |n| {
            let members = numbered(r#""k{}":{}"#, n / 2);
            let names = numbered(r#""k{}""#, n / 2);
            let schema = format!(
                r#"{{"type":"object","additionalProperties":false,"properties":{{{members}}},"required":[{names}]}}"#
            );
            messages(&format!(
                r#"{HELLO},"tools":[{{"name":"f","strict":true,"input_schema":{schema}}}]"#
            ))
        }),
        body("members that the translation does not know", |n| {
            chat(&format!(r#"{HELLO},{}"#, numbered(r#""k{}":1"#, n)))
        }),
        body("translated blocks", |n| {
            let blocks = listed("content", r#"{"type":"text","text":"her"}"#, n);
            messages(&format!(r#""messages":[{{"role":"user",{blocks}}}]"#))
        }),
        body("a translated result", |n| {
            let call = r#"{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]}"#;
            let text = r"a\n\u00e9".repeat(n / 9);
            let result = format!(
                r#"{{"type":"tool_result","tool_use_id":"c","content":"{text}","is_error":true}}"#
            );
            let said = r#"{"role":"user","content":"a"}"#;
            messages(&format!(
                r#""messages":[{said},{call},{{"role":"user","content":[{result}]}}]"#
            ))
        }),
        body("translated events", |n| {
            streamed(vec![filled(START, &chunk(r#"{"content":"a"}"#), n) + END])
        }),
        body("translated events in small pieces", |n| {
            let events = filled(START, &chunk(r#"{"content":"a"}"#), n) + END;
            streamed(events.as_bytes().chunks(3).map(text_of).collect())
        }),
        body("a translated event in small pieces", |n| {
            let event = chunk(&format!(r#"{{"content":"{}"}}"#, "x".repeat(n)));
            let events = format!("{START}{event}{END}");
            streamed(events.as_bytes().chunks(7).map(text_of).collect())
        }),
        body("translated comments", |n| streamed(vec![filled(START, ": x\n\n", n) + END])),
        body("translated calls that overlap", |n| {
            // As many as may, in turns.
            let mut events = START.to_owned();
            for at in 0..1000 {
                let call = format!(
                    r#"{{"index":{at},"id":"c{at}","function":{{"name":"f","arguments":""}}}}"#
                );
                events += &chunk(&format!(r#"{{"tool_calls":[{call}]}}"#));
            }
            let mut at = 0;
            while events.len() < 2 * n {
                let call = format!(r#"{{"index":{},"function":{{"arguments":" "}}}}"#, at % 1000);
                events += &chunk(&format!(r#"{{"tool_calls":[{call}]}}"#));
                at += 1;
            }
            streamed(vec![events + END])
        }),
        body("texts and thoughts beside a call", |n| {
            let call =
                r#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}"#;
            let words = chunk(r#"{"content":"a"}"#) + &chunk(r#"{"content":"b"}"#);
            streamed(vec![filled(&format!("{START}{}", chunk(call)), &words, n) + END])
        }),
        body("a translated answer", |n| {
            let content = listed("content", r#"{"type":"text","text":"a"}"#, n);
            let answer = format!(
                r#"{{"id":"m","type":"message","role":"assistant","model":"s",{content},"stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
            );
            let answers = vec![answered("application/json", vec![answer])];
            Scenario { answers, ..chat(HELLO) }
        }),
    ]
}

const HELLO: &str = r#""messages":[{"role":"user","content":"hello"}]"#;
const START: &str =
    "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const END: &str = "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Returns items with commas between them, each with a number of its own where `{}` is written.
fn numbered(item: &str, bytes: usize) -> String {
    let (before, after) = item.split_once("{}").unwrap();
    let mut items = format!("{before}0{after}");
    let mut at = 1;
    while items.len() < bytes {
        write!(items, ",{before}{at}{after}").unwrap();
        at += 1;
    }
    items
}

/// Returns an event of Chat Completions with that delta.
fn chunk(delta: &str) -> String {
    format!("data: {{\"id\":\"a\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

fn text_of(piece: &[u8]) -> String {
    String::from_utf8(piece.to_vec()).unwrap()
}

fn translated(path: &str, model: &str, members: &str) -> Scenario {
    let body = format!(r#"{{"model":"{model}","max_tokens":9,{members}}}"#);
    Scenario {
        has_attempts: true,
        headers: request_headers(path, "application/json", body.len()),
        ..Scenario::json(path, TRANSLATED, &body)
    }
}

const CLOSED: &str = r#"{"type":"object","additionalProperties":false}"#;

/// Returns a schema of objects in objects, nearly as deep as a body may be.
fn deep() -> String {
    let start = r#"{"type":"object","properties":{"a":"#;
    format!("{}{CLOSED}{}", start.repeat(55), "}}".repeat(55))
}

/// Returns tools of Chat Completions, each with that schema.
fn chat_tools(bytes: usize, schema: &str) -> String {
    let start = r#"{"type":"function","function":{"name":"files.read.{}","parameters":"#;
    let tools = numbered(&format!("{start}{schema}}}}}"), bytes);
    format!(r#"{HELLO},"tools":[{tools}]"#)
}

/// Returns a list of turns of a conversation, which ends with the user's.
fn turns(key: &str, bytes: usize) -> String {
    let turn = r#"{"role":"user","content":"a b"},{"role":"assistant","content":"c d"}"#;
    let turns = filled(turn, &format!(",{turn}"), bytes);
    format!(r#""{key}":[{turns},{{"role":"user","content":"a"}}]"#)
}

/// Returns a result of a tool in one message of Chat Completions.
fn chat_result(bytes: usize) -> String {
    let call = r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#;
    let text = r"a\n\u00e9".repeat(bytes / 9);
    let tool = r#"{"type":"function","function":{"name":"f"}}"#;
    format!(
        r#""tools":[{tool}],"messages":[{{"role":"user","content":"a"}},{{"role":"assistant","tool_calls":[{call}]}},{{"role":"tool","tool_call_id":"c","content":"{text}"}}]"#
    )
}

/// A request of a client of Chat Completions to one of the other providers.
fn other(model: &str, members: &str) -> Scenario {
    Scenario { configuration: OTHERS, ..translated("/v1/chat/completions", model, members) }
}

/// A request of a client of Responses to a provider of Chat Completions.
fn responses(members: &str) -> Scenario {
    let body = format!(r#"{{"model":"chat","store":false,{members}}}"#);
    Scenario {
        has_attempts: true,
        headers: request_headers("/v1/responses", "application/json", body.len()),
        ..Scenario::json("/v1/responses", OTHERS, &body)
    }
}

/// A request of a client of Chat Completions to a provider of Messages.
fn chat(members: &str) -> Scenario {
    translated("/v1/chat/completions", "assistant", members)
}

/// A request of a client of Messages to a provider of Chat Completions.
fn messages(members: &str) -> Scenario {
    translated("/v1/messages", "other", members)
}

/// A stream of a provider of Chat Completions for a client of Messages.
fn streamed(chunks: Vec<String>) -> Scenario {
    let answers = vec![answered("text/event-stream", chunks)];
    Scenario { answers, ..messages(&format!(r#""stream":true,{HELLO}"#)) }
}

fn answered(content_type: &str, chunks: Vec<String>) -> Answer {
    let headers = vec![header(":status", "200"), header("content-type", content_type)];
    Answer { headers, chunks: chunks.into_iter().map(String::into_bytes).collect() }
}
