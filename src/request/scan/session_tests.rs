//! What tells a session, in every format and through the turns of a conversation.

use serde_json::{Value, json};

use super::{Looks, Scanner, Spec};
use crate::request::facts::Fact;
use crate::request::path::PathTable;
use crate::request::session::Sessions;

const CHAT: &str = "/v1/chat/completions";

fn spec(path: &str) -> Spec {
    Spec::of(PathTable::default().call(b"POST", path).unwrap().entry)
}

fn told(path: &str, body: &str) -> Sessions {
    let mut scanner = Scanner::new(&spec(path));
    scanner.feed(body.as_bytes()).unwrap();
    scanner.finish().unwrap().facts.sessions
}

#[track_caller]
fn prefix(path: &str, body: &Value) -> u64 {
    told(path, &body.to_string()).prompt_prefix.expect("a prefix")
}

/// Later turns of a conversation have the prefix of the first, and another first
/// message has another.
#[track_caller]
fn stays(path: &str, first: &Value, later: &[Value], other: &Value) {
    let first = prefix(path, first);
    for turn in later {
        assert_eq!(prefix(path, turn), first, "{path} {turn}");
    }
    assert_ne!(prefix(path, other), first, "{path}");
}

#[test]
fn turns_of_a_chat_have_one_prefix() {
    let [system, user, other] = [("system", "be kind"), ("user", "hello"), ("user", "hallo")]
        .map(|(role, content)| json!({"role": role, "content": content}));
    let parts = json!({"role": "user", "content": [{"type": "text", "text": "hello"}]});
    let answer = json!({"role": "assistant", "content": "hi"});
    let call = json!({"role": "assistant", "content": null,
                      "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]});
    let result = json!({"role": "tool", "tool_call_id": "1", "content": "42"});
    // Text comes before the role that says whose it is.
    let reversed = r#"{"content":"hi","role":"assistant"}"#;
    let reversed = format!(r#"{{"messages":[{system},{user},{reversed},{other}]}}"#);
    let chat = |messages: &[&Value]| json!({"messages": messages, "model": "m"});
    stays(
        CHAT,
        &chat(&[&system, &user]),
        &[
            chat(&[&system, &user, &answer]),
            chat(&[&system, &user, &answer, &other]),
            chat(&[&system, &user, &call, &result, &answer, &user]),
            chat(&[&system, &parts, &answer, &other]),
            serde_json::from_str(&reversed).unwrap(),
        ],
        &chat(&[&system, &other]),
    );
    assert_eq!(
        told(CHAT, &reversed).prompt_prefix.unwrap(),
        prefix(CHAT, &chat(&[&system, &user]))
    );
    assert_ne!(prefix(CHAT, &chat(&[&user])), prefix(CHAT, &chat(&[&system, &user])));
    assert_eq!(told(CHAT, r#"{"messages":[]}"#).prompt_prefix, None);
    assert_eq!(told(CHAT, &chat(&[&answer]).to_string()).prompt_prefix, None);
}

#[test]
fn turns_in_other_formats_have_one_prefix() {
    let turn = |role: &str, text: &str| json!({"role": role, "content": text});
    let (user, answer) = (turn("user", "hello"), turn("assistant", "hi"));
    // Instructions may stand behind the messages.
    stays(
        "/v1/messages",
        &json!({"system": [{"type": "text", "text": "be kind"}], "messages": [user]}),
        &[json!({"messages": [user, answer, {"role": "user", "content": [
            {"type": "tool_result", "content": "42"}, {"type": "text", "text": "and?"}]}],
            "system": "be kind"})],
        &json!({"system": "be curt", "messages": [user]}),
    );
    stays(
        "/v1/responses",
        &json!({"instructions": "be kind", "input": "hello"}),
        &[
            json!({"instructions": "be kind", "input": [user]}),
            json!({"instructions": "be kind", "input": [user,
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "output": "42"}, turn("user", "and?")]}),
        ],
        &json!({"instructions": "be kind", "input": "hallo"}),
    );
    let content = |role: &str, text: &str| json!({"role": role, "parts": [{"text": text}]});
    stays(
        "/v1beta/models/g:generateContent",
        &json!({"systemInstruction": {"parts": [{"text": "be kind"}]}, "contents": [content("user", "hello")]}),
        &[
            json!({"contents": [content("user", "hello"), content("model", "hi"), content("user", "and?")],
                   "system_instruction": "be kind"}),
            json!({"contents": ["hello"], "systemInstruction": "be kind"}),
        ],
        &json!({"contents": [], "systemInstruction": "be kind"}),
    );
    let blocks = |role: &str, text: &str| json!({"role": role, "content": [{"text": text}]});
    stays(
        "/model/m/converse",
        &json!({"messages": [blocks("user", "hello")]}),
        &[
            json!({"messages": [blocks("user", "hello"), blocks("assistant", "hi"), blocks("user", "and?")]}),
        ],
        &json!({"messages": [blocks("user", "hallo")]}),
    );
    stays(
        "/api/chat",
        &json!({"messages": [user]}),
        &[json!({"messages": [user, answer, user]})],
        &json!({"messages": [turn("user", "hallo")]}),
    );
    assert_ne!(
        prefix("/v1/completions", &json!({"prompt": "hello"})),
        prefix("/v1/completions", &json!({"prompt": "hallo"})),
    );
}

#[test]
fn of_each_text_the_beginning_counts() {
    let chat = |system: &str, user: &str| {
        prefix(
            CHAT,
            &json!({"messages": [{"role": "system", "content": system},
                                          {"role": "user", "content": user}]}),
        )
    };
    let long = "x".repeat(1024);
    assert_eq!(chat(&format!("{long}a"), "hello"), chat(&format!("{long}b"), "hello"));
    assert_ne!(chat(&long, "hello"), chat(&long, "hallo"), "long instructions hide no message");
    assert_ne!(chat(&format!("a{long}"), ""), chat(&format!("b{long}"), ""));
    assert_ne!(chat("ab", "c"), chat("a", "bc"));
}

#[test]
fn keys_are_members_of_the_document() {
    let hash = |value: &str| Some(crate::hash::of(value.as_bytes()));
    let long = "u".repeat(2000);
    for (body, cache_key, user) in [
        (r#"{"user":"u","prompt_cache_key":"k"}"#.to_owned(), hash("k"), hash("u")),
        (r#"{"us\u0065r":"\u0075"}"#.to_owned(), None, hash("u")),
        (r#"{"user":7}"#.to_owned(), None, None),
        (r#"{"user":null}"#.to_owned(), None, None),
        (r#"{"user":"","prompt_cache_key":["k"]}"#.to_owned(), None, None),
        (r#"{"x":{"user":"u"},"messages":[{"user":"u"}]}"#.to_owned(), None, None),
        (format!(r#"{{"user":"{long}"}}"#), None, None),
    ] {
        for path in [CHAT, "/v1/messages", "/v1/embeddings"] {
            let told = told(path, &body);
            assert_eq!((told.cache_key, told.user), (cache_key, user), "{path} {body}");
        }
    }
    let metadata = |body: &str| told("/v1/messages", body).metadata_user;
    assert_eq!(metadata(r#"{"metadata":{"user_id":"u"}}"#), hash("u"));
    assert_eq!(metadata(r#"{"metadata":{"x":{"user_id":"u"}},"user_id":"u"}"#), None);
}

#[test]
fn members_that_no_table_names_tell_no_session() {
    let chat = json!({"messages": [{"role": "user", "content": "hello"}]});
    let more = json!({
        "messages": [{"role": "user", "content": "hello", "name": "a", "x": ["b", {"c": "d"}]}],
        "y": "z", "documents": ["e"], "tools": [{"function": {"name": "f"}}],
    });
    assert_eq!(prefix(CHAT, &more), prefix(CHAT, &chat));
}

#[test]
fn what_is_told_is_the_same_however_the_body_is_cut() {
    let text = format!("{}\\n\\u00e9 {}", "wörd ".repeat(250), "more ".repeat(4000));
    let body = format!(
        r#"{{"user":"me","messages":[{{"content":"{text}","role":"user"}},{{"role":"assistant","content":"{text}"}},{{"role":"user","content":"x"}}],"prompt_cache_key":"k"}}"#
    );
    for looks in [Looks { sessions: true, ..Looks::NOTHING }, Looks::EVERYTHING] {
        let spec = Spec { looks, ..spec(CHAT) };
        for size in [1, 2, 3, 7, 100, 1023, 1024, 1025, 16 << 10, body.len()] {
            let mut scanner = Scanner::new(&spec);
            body.as_bytes().chunks(size).for_each(|chunk| scanner.feed(chunk).unwrap());
            assert_eq!(scanner.finish().unwrap().facts.sessions, told(CHAT, &body), "{size}");
        }
    }
}

#[test]
fn nothing_is_told_where_nobody_asks() {
    let spec = Spec { looks: Looks::NOTHING, ..spec(CHAT) };
    let mut scanner = Scanner::new(&spec);
    scanner.feed(br#"{"user":"u","metadata":{"user_id":"u"}}"#).unwrap();
    let facts = scanner.finish().unwrap().facts;
    assert_eq!(facts.sessions, Sessions::default());
    assert!(facts.unseen.has(Fact::Session));
}
