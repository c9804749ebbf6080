//! The rules for answers of Messages for clients of Chat Completions.

use serde_json::json;

use crate::rule::Rule;

const STOP: &str = "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons";

const IDS: Rule = Rule {
    name: "an answer keeps its id",
    why: "people find it in the provider's logs by it",
    url: "https://platform.claude.com/docs/en/api/messages/create#message.id",
    correct: |case, theirs| theirs["id"] = case.asked["id"].clone(),
};

const THINKING: Rule = Rule {
    name: "thinking is one text",
    why: "the other joins blocks of a whole answer with line feeds, and those of a stream with nothing",
    url: "https://platform.claude.com/docs/en/build-with-claude/extended-thinking",
    correct: |case, theirs| {
        let blocks = case.asked["content"].as_array().unwrap().iter();
        let thoughts: Vec<_> = blocks.filter_map(|block| block["thinking"].as_str()).collect();
        assert_eq!(theirs["reasoning"], json!(thoughts.join("\n")));
        theirs["reasoning"] = json!(thoughts.concat());
    },
};

const LENGTH: Rule = Rule {
    name: "a full context window is a matter of length",
    why: "the answer is cut off, which stop would deny",
    url: STOP,
    correct: |case, theirs| {
        if case.asked["stop_reason"] == "model_context_window_exceeded" {
            assert!(theirs["finish"] == "stop" || theirs["finish"] == case.asked["stop_reason"]);
            theirs["finish"] = json!("length");
        }
    },
};

const WORDS: Rule = Rule {
    name: "only OpenAI's words",
    why: "finish_reason is one of five; in a stream the other passes Anthropic's on",
    url: "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create",
    correct: |case, theirs| {
        let reason = case.asked["stop_reason"].as_str().unwrap();
        if theirs["finish"] == reason {
            theirs["finish"] = match reason {
                "stop_sequence" | "pause_turn" => json!("stop"),
                "refusal" => json!("content_filter"),
                other => panic!("{other}"),
            };
        }
    },
};

pub(crate) const WHOLE: &[Rule] = &[THINKING, LENGTH];
pub(crate) const STREAM: &[Rule] = &[IDS, LENGTH, WORDS];
