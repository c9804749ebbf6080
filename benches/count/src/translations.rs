//! Translations of requests that are as long as a hostile client makes them. `make bench-count` compares their
//! instructions with those of requests twice as long.

use pointsman::translate::{ClientApi, ProviderApi, request};

use ClientApi::{Chat, Messages, Responses};

/// One shape of a request, at a length.
pub(crate) struct Translation {
    pub(crate) name: &'static str,
    /// The shorter of the two lengths that are compared: of items or bytes.
    pub(crate) length: usize,
    /// Makes a request of a client's API of so many items or bytes.
    of: fn(ClientApi, usize) -> String,
}

/// Returns all shapes. They are so long that work which grows with the square of the length would be most of it.
pub(crate) fn all() -> Vec<Translation> {
    let shape = |name, length, of| Translation { name, length, of };
    vec![
        shape("translation of tools", 2500, |from, count| {
            tools(from, count, r#"{"type":"object","properties":{"a":{"type":"string"}}}"#)
        }),
        // A level is two of JSON, and a body may have 128.
        shape("translation of deep schemas", 50, |from, count| tools(from, count, &deep(55))),
        shape("translation of a wide schema", 2500, wide),
        shape("translation of names that are cut", 1000, cut_names),
        shape("translation of a long result", 1 << 20, result),
        shape("translation of turns", 2500, turns),
        shape("translation of calls", 1000, calls),
        shape("translation of results in another order", 1000, reversed),
        shape("translation of parts", 2500, parts),
        shape("translation of messages of one role", 2500, |from, count| {
            body(from, &listed(count, |_| SAID.to_owned()), "")
        }),
    ]
}

impl Translation {
    /// Translates a request of so many times the length, once for each of [`PAIRS`].
    pub(crate) fn run(&self, times: usize) {
        let bodies = PAIRS.map(|(from, _, _)| (self.of)(from, times * self.length));
        last_request();
        for (pair, body) in PAIRS.into_iter().zip(&bodies) {
            one_request_is_translated(pair, body);
        }
    }
}

/// At this function's name callgrind discards what it has counted so far.
#[inline(never)]
fn last_request() {
    std::hint::black_box(());
}

/// Translates a request. Callgrind counts by this function's name. The request has to be carried: one that is
/// refused may be left half read.
#[inline(never)]
fn one_request_is_translated((from, to, model): (ClientApi, ProviderApi, &str), body: &str) {
    let translated = request((from, to), body.as_bytes(), false, (model, 4096)).expect("JSON");
    let refusal = translated.losses.refusal();
    assert!(refusal.is_none(), "{from:?} to {to:?}: {refusal:?}");
    assert!(translated.body.len() > body.len() / 3, "{from:?} to {to:?}: most of it is sent");
}

/// Pairs of APIs, in which every reader of a client's requests and every writer of a provider's occurs, each with a
/// model of the provider's.
const PAIRS: [(ClientApi, ProviderApi, &str); 5] = [
    (Chat, ProviderApi::Messages, "claude-sonnet-4-5"),
    (Messages, ProviderApi::Chat, "gpt-5"),
    (Responses, ProviderApi::Chat, "gpt-5"),
    (Chat, ProviderApi::Converse, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    (Chat, ProviderApi::Gemini, "gemini-2.5-flash"),
];

/// Returns a request of a client's API, from a list of messages or items and further members.
fn body(from: ClientApi, messages: &str, further: &str) -> String {
    match from {
        Chat => format!(r#"{{"model":"m","messages":[{messages}]{further}}}"#),
        Messages => format!(r#"{{"model":"m","max_tokens":9,"messages":[{messages}]{further}}}"#),
        Responses => format!(r#"{{"model":"m","store":false,"input":[{messages}]{further}}}"#),
    }
}

/// Returns so many items, with commas between them.
fn listed(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

const SAID: &str = r#"{"role":"user","content":"Hello"}"#;

/// Returns a tool of a client's API.
fn tool(from: ClientApi, name: &str, schema: &str) -> String {
    match from {
        Chat => format!(
            r#"{{"type":"function","function":{{"name":"{name}","description":"d","parameters":{schema}}}}}"#
        ),
        Messages => format!(r#"{{"name":"{name}","description":"d","input_schema":{schema}}}"#),
        Responses => format!(
            r#"{{"type":"function","name":"{name}","description":"d","strict":false,"parameters":{schema}}}"#
        ),
    }
}

/// Returns a request with so many tools, of which each has that schema. Every other name does not fit all providers.
fn tools(from: ClientApi, count: usize, schema: &str) -> String {
    let name = |at: usize| {
        if at.is_multiple_of(2) { format!("read_{at}") } else { format!("files.read.{at}") }
    };
    let all = listed(count, |at| tool(from, &name(at), schema));
    body(from, SAID, &format!(r#","tools":[{all}]"#))
}

/// Returns a schema of objects in objects, so many levels deep.
fn deep(levels: usize) -> String {
    let start =
        r#"{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":"#;
    format!(r#"{}{{"type":"string"}}{}"#, start.repeat(levels), "}}".repeat(levels))
}

/// Returns a request with a result of a tool, so many bytes long.
fn result(from: ClientApi, bytes: usize) -> String {
    let text = r"a line of text\nand \u00e9 \ud83d\ude00 ".repeat(bytes / 38);
    let calls = match from {
        Chat => format!(
            r#"{SAID},{{"role":"assistant","tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}},{{"role":"tool","tool_call_id":"c","content":"{text}"}}"#
        ),
        Messages => format!(
            r#"{SAID},{{"role":"assistant","content":[{{"type":"tool_use","id":"c","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c","content":"{text}"}}]}}"#
        ),
        Responses => format!(
            r#"{SAID},{{"type":"function_call","call_id":"c","name":"f","arguments":"{{}}"}},{{"type":"function_call_output","call_id":"c","output":"{text}"}}"#
        ),
    };
    body(from, &calls, &format!(r#","tools":[{}]"#, tool(from, "f", r#"{"type":"object"}"#)))
}

/// Returns a request with so many turns of a conversation.
fn turns(from: ClientApi, count: usize) -> String {
    let turn = |at: usize| format!(r#"{SAID},{{"role":"assistant","content":"Turn {at}"}}"#);
    body(from, &format!("{},{SAID}", listed(count, turn)), "")
}

/// Returns a request with so many calls of a tool in one turn, and their results.
fn calls(from: ClientApi, count: usize) -> String {
    let [call, result]: [fn(usize) -> String; 2] = match from {
        Chat => [
            |at| {
                format!(
                    r#"{{"id":"c{at}","type":"function","function":{{"name":"files.read","arguments":"{{}}"}}}}"#
                )
            },
            |at| format!(r#"{{"role":"tool","tool_call_id":"c{at}","content":"r"}}"#),
        ],
        Messages => [
            |at| format!(r#"{{"type":"tool_use","id":"c{at}","name":"files.read","input":{{}}}}"#),
            |at| format!(r#"{{"type":"tool_result","tool_use_id":"c{at}","content":"r"}}"#),
        ],
        Responses => [
            |at| {
                format!(
                    r#"{{"type":"function_call","call_id":"c{at}","name":"files.read","arguments":"{{}}"}}"#
                )
            },
            |at| format!(r#"{{"type":"function_call_output","call_id":"c{at}","output":"r"}}"#),
        ],
    };
    let (calls, results) = (listed(count, call), listed(count, result));
    let all = match from {
        Chat => format!(r#"{SAID},{{"role":"assistant","tool_calls":[{calls}]}},{results}"#),
        Messages => format!(
            r#"{SAID},{{"role":"assistant","content":[{calls}]}},{{"role":"user","content":[{results}]}}"#
        ),
        Responses => format!("{SAID},{calls},{results}"),
    };
    body(from, &all, &format!(r#","tools":[{}]"#, tool(from, "files.read", r#"{"type":"object"}"#)))
}

/// Returns tools whose names differ only where they are cut.
fn cut_names(from: ClientApi, count: usize) -> String {
    let schema = r#"{"type":"object"}"#;
    let all = listed(count, |at| tool(from, &format!("{}{at}", "n.".repeat(60)), schema));
    body(from, SAID, &format!(r#","tools":[{all}]"#))
}

/// Returns a request for an answer in the form of a schema with so many members.
fn wide(from: ClientApi, count: usize) -> String {
    let members = listed(count, |at| format!(r#""k{at}":{{"type":"string","enum":["a"]}}"#));
    let required = listed(count, |at| format!(r#""k{at}""#));
    let schema = format!(
        r#"{{"type":"object","additionalProperties":false,"properties":{{{members}}},"required":[{required}]}}"#
    );
    let further = match from {
        Chat => format!(
            r#","response_format":{{"type":"json_schema","json_schema":{{"name":"a","strict":true,"schema":{schema}}}}}"#
        ),
        Messages => {
            format!(r#","output_config":{{"format":{{"type":"json_schema","schema":{schema}}}}}"#)
        }
        Responses => format!(
            r#","text":{{"format":{{"type":"json_schema","name":"a","strict":true,"schema":{schema}}}}}"#
        ),
    };
    body(from, SAID, &further)
}

/// Returns a message of so many parts.
fn parts(from: ClientApi, count: usize) -> String {
    let kind = if from == Responses { "input_text" } else { "text" };
    let parts = listed(count, |at| format!(r#"{{"type":"{kind}","text":"part {at}"}}"#));
    body(from, &format!(r#"{{"role":"user","content":[{parts}]}}"#), "")
}

/// Returns calls, and their results in the reverse order.
fn reversed(from: ClientApi, count: usize) -> String {
    let forward = calls(from, count);
    // The results are the only items that begin like this.
    let start = match from {
        Chat => r#"{"role":"tool""#,
        Messages => r#"{"type":"tool_result""#,
        Responses => r#"{"type":"function_call_output""#,
    };
    let (before, rest) = forward.split_once(start).expect("it is there");
    let (results, after) = rest.split_once(']').expect("it is there");
    let mut all: Vec<&str> = results.split(start).map(|one| one.trim_end_matches(',')).collect();
    all.reverse();
    let all: Vec<String> = all.iter().map(|one| format!("{start}{one}")).collect();
    format!("{before}{}]{after}", all.join(","))
}
