//! Shapes of requests and answers whose length a client or a provider chooses: twice as long, they
//! may cost no more than twice as much.

#[path = "growth/translated.rs"]
pub(crate) mod translated;

use std::fmt::Write;
use std::time::Duration;

use crate::scenario::{Answer, HeaderList, Scenario, header, request_headers, response_headers};

/// A configuration that looks at everything: keywords, tokens, costs, tags, params, sessions.
const LOOKING: &str = include_str!("growth/looking.json");
/// The same with failover over sixteen deployments, each with overrides of its own.
const MERGING: &str = include_str!("growth/merging.json");

/// One shape, at a length.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// The shorter of the two lengths that are compared.
    pub(crate) length: usize,
    /// Makes a request of about so many bytes.
    pub(crate) of: fn(usize) -> Scenario,
}

/// Returns all shapes.
pub(crate) fn shapes() -> Vec<Shape> {
    // Envoy takes headers of 60 KB in all, and this filter paths and most values of 8 KB.
    let line = |name, of| Shape { name, length: 3500, of };
    let head = |name, of| Shape { name, length: 20_000, of };
    let body = |name, of| Shape { name, length: 100_000, of };
    let mut shapes = translated::shapes();
    shapes.extend([
        head("parameters of a content type", |n| typed(&filled("application/json", "; a{}=b", n))),
        head("charsets of a content type", |n| typed(&filled("text/json", "; charset=utf-8", n))),
        head("content types", |n| typed(&filled("application/json", ", application/json", n))),
        head("content types of a form", |n| {
            typed(&filled("multipart/form-data", "; charset=utf-8", n))
        }),
        head("content encodings", |n| {
            headed("content-encoding", &filled("identity", ", identity", n))
        }),
        head("tags of a header", |n| headed("x-llm-tag", &filled("a", ",t{}", n))),
        line("params of a header", |n| headed("x-llm-params", &filled("a=b", ",k{}=v", n))),
        line("fallbacks of a header", |n| headed("x-llm-fallback", &filled("a", ",m{}", n))),
        head("a session of a header", |n| headed("x-llm-session", &"s".repeat(n))),
        head("headers", |n| many_headers("x-some-", n)),
        head("headers that are withheld", |n| many_headers("x-envoy-retry-", n)),
        line("a query", |n| at(&filled("/v1/chat/completions?a", "&b{}=c", n))),
        line("folders", |n| at(&(filled("", "/a/%2e%2e", n) + "/v1/chat/completions"))),
        line("models of a query", |n| live(&filled("/v1/realtime?model=m", "&model", n))),
        head("a path beyond the bound", |n| at(&filled("/v1/chat/completions?a", "&b{}=c", n))),
        body("messages", |n| {
            chat(&listed("messages", r#"{"role":"user","content":"Project herons {}"}"#, n))
        }),
        body("parts of a message", |n| {
            let parts = listed("content", r#"{"type":"text","text":"her"}"#, n);
            chat(&format!(r#""messages":[{{"role":"user",{parts}}}]"#))
        }),
        body("roles after content", |n| {
            chat(&listed("messages", r#"{"content":"heron heron","role":"assistant"}"#, n))
        }),
        body("equal keys", |n| chat(&filled(r#""messages":[]"#, r#","x":{"a":1,"a":2}"#, n))),
        body("keys", |n| chat(&filled(r#""messages":[]"#, r#","k{}":{"Model":1}"#, n))),
        body("metadata", |n| {
            chat(&format!(r#""metadata":{{{}}}"#, filled(r#""a":"b""#, r#","k{}":"v""#, n)))
        }),
        body("tags of a body", |n| {
            chat(&format!(r#""metadata":{{"tags":[{}]}}"#, filled(r#""a""#, r#","t{}""#, n)))
        }),
        body("tools", |n| {
            chat(&listed(
                "tools",
                r#"{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}"#,
                n,
            ))
        }),
        body("blanks", |n| chat(&format!(r#""messages":{}[]"#, " \n".repeat(n / 2)))),
        body("digits", |n| chat(&format!(r#""max_tokens":0.1{},"messages":[]"#, "0".repeat(n)))),
        body("a text", |n| text(&"some words of a prompt, ".repeat(n / 24))),
        body("a text of escapes", |n| text(&r"\u0068\n".repeat(n / 8))),
        body("a text in other scripts", |n| text(&"ԀΑÉ中\u{1F600}".repeat(n / 14))),
        body("a text of beginnings of keywords", |n| text(&"project hero".repeat(n / 12))),
        body("a text of keywords", |n| text(&"aaaaaaaaaaaaaaaa heron ".repeat(n / 23))),
        body("token ids", |n| {
            Scenario::json(
                "/v1/completions",
                LOOKING,
                &format!(r#"{{"model":"m",{}}}"#, listed("prompt", "1", n)),
            )
        }),
        body("parts of a form", |n| {
            form(&filled("", "--B\r\nContent-Disposition: form-data; name=\"f{}\"\r\n\r\nv\r\n", n))
        }),
        body("parts of a form with long heads", |n| {
            let head = format!(
                "Content-Disposition: form-data; name=\"f\"\r\n{}x: y",
                "a: b\r\n".repeat(600)
            );
            form(&format!("--B\r\n{head}\r\n\r\nv\r\n").repeat(n.div_ceil(4000)))
        }),
        body("dashes of a form", |n| {
            form(&format!(
                "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n{}\r\n",
                "\r\n--A".repeat(n / 5)
            ))
        }),
        body("a member that is merged into", |n| merged(&filled(r#""a":1"#, r#","k{}":1"#, n))),
        body("a long member that is merged into", |n| {
            merged(&format!(r#""a":"{}""#, "x".repeat(n)))
        }),
        body("members that are overridden", |n| {
            let members = format!(r#","metadata":{{"a":"{}"}}"#, "x".repeat(n / 60)).repeat(60);
            Scenario {
                has_attempts: true,
                ..chat_with(MERGING, &format!(r#""messages":[]{members}"#))
            }
        }),
        body("a client's header with failover", |n| {
            let mut scenario =
                Scenario { has_attempts: true, ..chat_with(MERGING, r#""messages":[]"#) };
            scenario.headers.push(header("api-key", &"k".repeat(n / 5)));
            scenario
        }),
        head("headers of an answer", |n| answered(filled_headers("x-some-", n), vec![])),
        head("limits of an answer", |n| {
            answered(
                vec![
                    header("x-ratelimit-remaining-tokens", &"1".repeat(n)),
                    header("x-ratelimit-reset-tokens", &"1s".repeat(n / 2)),
                    header("retry-after", &"1".repeat(n)),
                ],
                vec![],
            )
        }),
        body("lines of an answer", |n| {
            answered(
                vec![header("content-type", "text/event-stream")],
                vec!["data: {}\n\n".repeat(n / 10)],
            )
        }),
        body("a line of an answer", |n| {
            answered(
                vec![header("content-type", "text/event-stream")],
                vec![format!("data: {{\"a\":\"{}\"}}\n\n", "x".repeat(n))],
            )
        }),
        body("pieces of an answer", |n| {
            answered(
                vec![header("content-type", "text/event-stream")],
                vec!["data: {\"usa".to_owned(); n / 12],
            )
        }),
        body("members of an answer", |n| {
            let members = filled(r#""a":1"#, r#","usage":{"prompt_tokens":1}"#, n);
            answered(
                vec![header("content-type", "application/json")],
                vec![format!("{{{members}}}")],
            )
        }),
    ]);
    shapes
}

/// Returns `start`, and `more` again and again until there are so many bytes. `{}` in it is a
/// number of its own.
fn filled(start: &str, more: &str, bytes: usize) -> String {
    let (before, after) = more.split_once("{}").unwrap_or((more, ""));
    let mut text = start.to_owned();
    let mut at = 0;
    while text.len() < bytes {
        if more.contains("{}") {
            write!(text, "{before}{at}{after}").unwrap();
        } else {
            text.push_str(more);
        }
        at += 1;
    }
    text
}

/// Returns a member that is a list.
fn listed(key: &str, item: &str, bytes: usize) -> String {
    let items = filled(item, &format!(",{item}"), bytes);
    format!(r#""{key}":[{items}]"#)
}

impl Scenario {
    /// Returns a JSON request that nobody answers.
    fn json(path: &str, configuration: &'static str, body: &str) -> Self {
        Self {
            name: "",
            configuration,
            has_attempts: false,
            headers: request_headers(path, "application/json", body.len()),
            body: body.as_bytes().to_vec(),
            sent: "",
            answers: Vec::new(),
            pause: Duration::from_millis(10),
        }
    }
}

fn chat_with(configuration: &'static str, members: &str) -> Scenario {
    let body = format!(r#"{{"model":"m",{members}}}"#);
    Scenario::json("/v1/chat/completions", configuration, &body)
}

fn chat(members: &str) -> Scenario {
    chat_with(LOOKING, members)
}

fn text(text: &str) -> Scenario {
    chat(&format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#))
}

fn at(path: &str) -> Scenario {
    Scenario::json(path, LOOKING, r#"{"model":"m","messages":[]}"#)
}

fn live(path: &str) -> Scenario {
    let mut scenario = Scenario { body: Vec::new(), ..at(path) };
    scenario.headers.retain(|(name, _)| !name.starts_with("content-") && name != ":method");
    scenario.headers.push(header(":method", "GET"));
    scenario
}

fn headed(name: &str, value: &str) -> Scenario {
    let mut scenario = at("/v1/chat/completions");
    scenario.headers.push(header(name, value));
    scenario
}

fn typed(content_type: &str) -> Scenario {
    let mut scenario = at("/v1/audio/transcriptions");
    scenario.headers.retain(|(name, _)| name != "content-type");
    scenario.headers.push(header("content-type", content_type));
    scenario
}

fn filled_headers(name: &str, bytes: usize) -> HeaderList {
    (0..bytes / 20).map(|at| header(&format!("{name}{at}"), "y")).collect()
}

fn many_headers(name: &str, bytes: usize) -> Scenario {
    let mut scenario = at("/v1/chat/completions");
    scenario.headers.extend(filled_headers(name, bytes));
    scenario
}

fn form(parts: &str) -> Scenario {
    let model = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n";
    let body = format!("{parts}{model}--B--\r\n");
    Scenario {
        headers: request_headers(
            "/v1/audio/transcriptions",
            "multipart/form-data; boundary=B",
            body.len(),
        ),
        ..Scenario::json("", LOOKING, &body)
    }
}

/// A request with a member that the overrides of all sixteen deployments merge into.
fn merged(members: &str) -> Scenario {
    let answers =
        vec![Answer { headers: response_headers("200", "text/plain", None), chunks: vec![] }];
    let scenario = chat_with(MERGING, &format!(r#""messages":[],"metadata":{{{members}}}"#));
    Scenario { has_attempts: true, answers, ..scenario }
}

fn answered(headers: HeaderList, chunks: Vec<String>) -> Scenario {
    let mut all = vec![header(":status", "200")];
    all.extend(headers);
    let chunks = chunks.into_iter().map(String::into_bytes).collect();
    Scenario { answers: vec![Answer { headers: all, chunks }], ..at("/v1/chat/completions") }
}
