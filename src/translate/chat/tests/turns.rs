//! How messages are written for a provider.

use serde_json::{Value, json};

use super::super::super::conversation::{
    BlockContent, CacheMark, ContentBlock, Conversation, MediaSource, TalkTurn, ToolInput, TurnRole,
};
use super::super::super::text::JsonText;
use super::write;

fn text(text: &'static str) -> ContentBlock<'static> {
    ContentBlock::of(BlockContent::Text(JsonText::of(text)))
}

fn call(id: &'static str) -> ContentBlock<'static> {
    ContentBlock::of(BlockContent::ToolCall {
        id: JsonText::of(id),
        name: JsonText::of("f"),
        input: ToolInput::Json(r#"{"a": "é\n"}"#),
        signature: Some(JsonText::of("S/=")),
    })
}

fn result(
    id: &'static str,
    is_error: bool,
    blocks: Vec<ContentBlock<'static>>,
) -> ContentBlock<'static> {
    ContentBlock::of(BlockContent::ToolResult { id: JsonText::of(id), is_error, blocks })
}

fn base64(media_type: &'static str) -> MediaSource<'static> {
    MediaSource::Base64 { media_type: JsonText::of(media_type), data: JsonText::of("AA==") }
}

fn image() -> ContentBlock<'static> {
    ContentBlock::of(BlockContent::Image { source: base64("image/png"), detail: None })
}

fn document(source: MediaSource<'static>, name: Option<&'static str>) -> ContentBlock<'static> {
    ContentBlock::of(BlockContent::Document { source, name: name.map(JsonText::of) })
}

fn thinking(text: &'static str) -> ContentBlock<'static> {
    let signature = Some(JsonText::of("S"));
    ContentBlock::of(BlockContent::Thinking { text: JsonText::of(text), signature })
}

fn conversation(turns: &[(TurnRole, Vec<ContentBlock<'static>>)]) -> Conversation<'static> {
    let turns = turns.iter().map(|(role, blocks)| TalkTurn { role: *role, blocks: blocks.clone() });
    Conversation { turns: turns.collect(), ..Conversation::default() }
}

/// Returns the messages that turns are written as for a model, and what is lost.
fn messages_for(
    model: &str,
    turns: &[(TurnRole, Vec<ContentBlock<'static>>)],
) -> (Value, Vec<String>) {
    let (mut body, lost) = write(&conversation(turns), model);
    (body["messages"].take(), lost)
}

/// Returns the messages that turns are written as, of which nothing is lost.
fn messages(turns: &[(TurnRole, Vec<ContentBlock<'static>>)]) -> Value {
    let (messages, lost) = messages_for("llama", turns);
    assert_eq!(lost, [""; 0]);
    messages
}

use TurnRole::{Assistant, System, User};

fn data_url() -> Value {
    json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}})
}

fn written_call(id: &str) -> Value {
    let function = json!({"name": "f", "arguments": "{\"a\": \"é\\n\"}"});
    json!({"id": id, "type": "function", "function": function})
}

#[test]
fn the_system_speaks_first_and_within() {
    let mut conversation = conversation(&[
        (User, vec![text("a")]),
        (System, vec![text("b"), text("c")]),
        (User, vec![text("d")]),
    ]);
    conversation.system = vec![text("x"), text("y\n")];
    assert_eq!(
        write(&conversation, "m").0["messages"],
        json!([
            {"role": "system", "content": "x\n\ny\n"},
            {"role": "user", "content": "a"},
            {"role": "system", "content": "b\n\nc"},
            {"role": "user", "content": "d"},
        ])
    );
}

#[test]
fn results_come_before_what_the_user_says_then() {
    let turns = [
        (Assistant, vec![text("I "), text("look."), call("1"), call("2")]),
        (User, vec![text("and?"), result("1", false, vec![text("a"), text("b")]), image()]),
        (System, vec![text("be brief")]),
        (User, vec![result("2", false, vec![]), text("go on")]),
    ];
    assert_eq!(
        messages(&turns),
        json!([
            {"role": "assistant", "content": "I look.", "tool_calls": [written_call("1"), written_call("2")]},
            {"role": "tool", "tool_call_id": "1", "content": "a\nb"},
            {"role": "tool", "tool_call_id": "2", "content": ""},
            {"role": "user", "content": [{"type": "text", "text": "and?"}, data_url()]},
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "go on"},
        ])
    );
}

#[test]
fn images_in_results_follow_after_all_results() {
    let pdf = document(base64("application/pdf"), None);
    let note = document(MediaSource::Text(JsonText::of("in it")), Some("note.txt"));
    let turns = [
        (Assistant, vec![call("1"), call("2")]),
        (
            User,
            vec![
                result("1", false, vec![image()]),
                result("2", true, vec![text("bad"), pdf, note]),
                text("so?"),
            ],
        ),
    ];
    let all = messages(&turns);
    let file = json!({"filename": "document.pdf", "file_data": "data:application/pdf;base64,AA=="});
    assert_eq!(
        all.as_array().unwrap()[1..],
        [
            json!({
                "role": "tool", "tool_call_id": "1",
                "content": "The content of this result follows in a message of the user.",
            }),
            json!({"role": "tool", "tool_call_id": "2", "content": "Error: bad\nnote.txt\nin it"}),
            json!({"role": "user", "content": [
                {"type": "text", "text": "Content of the result of the call 1:"}, data_url(),
            ]}),
            json!({"role": "user", "content": [
                {"type": "text", "text": "Content of the result of the call 2:"},
                {"type": "file", "file": file},
            ]}),
            json!({"role": "user", "content": "so?"}),
        ]
    );
}

#[test]
fn an_error_is_told_once() {
    let told = |said: Vec<ContentBlock<'static>>| {
        let turns = [(Assistant, vec![call("1")]), (User, vec![result("1", true, said)])];
        messages(&turns)[1]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!(told(vec![text("no such file")]), "Error: no such file");
    assert_eq!(told(vec![text("Error: no such file")]), "Error: no such file");
    assert_eq!(told(vec![text("<error>x</error>")]), "<error>x</error>");
    assert_eq!(told(vec![text("ERRORS")]), "ERRORS");
    assert_eq!(told(vec![text("é")]), "Error: é");
    assert_eq!(told(vec![]), "Error: ");
}

#[test]
fn calls_of_several_turns_become_one_message() {
    let turns = [
        (User, vec![text("a")]),
        (Assistant, vec![text("b")]),
        (Assistant, vec![call("1")]),
        (Assistant, vec![call("2"), text("c")]),
        (User, vec![result("1", false, vec![text("r")]), result("2", false, vec![text("r")])]),
        (Assistant, vec![text("d")]),
        (Assistant, vec![text("e")]),
        (User, vec![text("f")]),
        (User, vec![text("g")]),
    ];
    let calls = [written_call("1"), written_call("2")];
    assert_eq!(
        messages(&turns),
        json!([
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b\n\nc", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "1", "content": "r"},
            {"role": "tool", "tool_call_id": "2", "content": "r"},
            {"role": "assistant", "content": "d"},
            {"role": "assistant", "content": "e"},
            {"role": "user", "content": "f"},
            {"role": "user", "content": "g"},
        ])
    );
}

#[test]
fn thinking_goes_back_only_to_those_who_want_it() {
    let redacted = || ContentBlock::of(BlockContent::RedactedThinking(JsonText::of("D")));
    let turns = [
        (User, vec![text("a")]),
        (Assistant, vec![thinking("t")]),
        (User, vec![text("b")]),
        (Assistant, vec![thinking("t"), redacted(), thinking("u"), call("1")]),
        (User, vec![result("1", false, vec![])]),
        (Assistant, vec![thinking("t"), text("c")]),
        (User, vec![text("d")]),
        (Assistant, vec![call("2")]),
        (User, vec![result("2", false, vec![])]),
    ];
    const LOST: &str = "-messages have thinking, which cannot be sent back to this API";
    let ((with, of_redacted), (without, of_all)) =
        (messages_for("deepseek-flash", &turns), messages_for("llama", &turns));
    assert_eq!((of_redacted, of_all), (vec![LOST.to_owned()], vec![LOST.to_owned()]));
    let clear = [(User, vec![text("a")]), (Assistant, vec![thinking("t"), call("1")])];
    assert_eq!(messages_for("deepseek-flash", &clear).1, [""; 0]);
    assert!(!without.to_string().contains("reasoning_content"));
    assert_eq!(
        with[2],
        json!({
            "role": "assistant", "content": null, "reasoning_content": "t\n\nu",
            "tool_calls": [written_call("1")],
        })
    );
    assert_eq!(with[4], json!({"role": "assistant", "content": "c"}));
    assert_eq!(with[6]["reasoning_content"], "");
    assert_eq!(without[2]["content"], Value::Null);
    assert_eq!(without.as_array().unwrap().len(), 8);
}

#[test]
fn signatures_go_back_to_google_alone() {
    let turns = [(Assistant, vec![call("1")]), (User, vec![result("1", false, vec![])])];
    let call = |model| messages_for(model, &turns).0[0]["tool_calls"][0].clone();
    let signature = json!({"google": {"thought_signature": "S/="}});
    assert_eq!(call("gemini-3-flash")["extra_content"], signature);
    assert_eq!(call("gpt-5"), written_call("1"));
}

#[test]
fn a_long_id_of_a_call_becomes_a_short_one() {
    const LONG: &str = "portkey-6aa6db90-1b84-4155-9f32-f658c97d6b1b";
    let turns = [(Assistant, vec![call(LONG)]), (User, vec![result(LONG, false, vec![])])];
    let all = messages(&turns);
    let id = all[0]["tool_calls"][0]["id"].as_str().unwrap();
    assert_eq!(id.len(), 21);
    assert_eq!(all[1]["tool_call_id"], id);
}

#[test]
fn what_the_user_shows_is_written() {
    let url = MediaSource::Url(JsonText::Escaped("https:\\/\\/x"));
    let detail = Some(JsonText::of("low"));
    let turns = [(
        User,
        vec![
            ContentBlock::of(BlockContent::Image { source: url, detail }),
            document(base64("application/pdf"), Some("a.pdf")),
            document(MediaSource::Text(JsonText::of("t")), Some("n")),
            ContentBlock::of(BlockContent::Audio(base64("audio/wav"))),
            ContentBlock::of(BlockContent::Audio(base64("audio/mpeg"))),
        ],
    )];
    let file = json!({"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="});
    assert_eq!(
        messages(&turns)[0]["content"],
        json!([
            {"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}},
            {"type": "file", "file": file},
            {"type": "text", "text": "n\n\nt"},
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
        ])
    );
}

#[test]
fn what_has_no_place_is_refused() {
    let url = || MediaSource::Url(JsonText::of("https://x"));
    let rows = [
        (User, document(url(), None), "a document given as a URL"),
        (User, ContentBlock::of(BlockContent::Audio(url())), "audio given as a URL"),
        (
            User,
            ContentBlock::of(BlockContent::Audio(base64("audio/ogg"))),
            "audio that is neither WAV nor MP3",
        ),
        (User, call("1"), "content of the model in a user message"),
        (Assistant, image(), "something other than text and calls in an assistant message"),
        (System, image(), "something other than text in a system message"),
    ];
    for (role, block, what) in rows {
        let (_, lost) = messages_for("m", &[(role, vec![block]), (User, vec![text("a")])]);
        assert_eq!(lost, [format!("!messages have {what}, which this API does not accept")]);
    }
    let beginning = [(User, vec![text("a")]), (Assistant, vec![text("{")])];
    let why = "!messages end with the beginning of an answer, which this API cannot continue";
    assert_eq!(messages_for("m", &beginning).1, [why]);
}

#[test]
fn marks_of_what_is_to_be_cached_are_left_out_once() {
    let mark = Some(CacheMark { ttl: None });
    let marked = |text| ContentBlock { cache: mark.clone(), ..text };
    let turns = [
        (User, vec![marked(text("a"))]),
        (Assistant, vec![marked(call("1"))]),
        (User, vec![marked(result("1", false, vec![marked(text("b"))])), marked(text("c"))]),
    ];
    for at in 0..turns.len() {
        let lost = messages_for("m", &turns[at..]).1;
        assert_eq!(lost, ["-cache_control has no counterpart"], "{at}");
    }
}
