//! The rules for answers of Chat Completions for clients of Messages.

use serde_json::json;

use crate::normal::list;
use crate::rule::Rule;

const CHAT: &str = "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create";
const STOP: &str = "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons";

const ARGUMENTS: Rule = Rule {
    name: "empty arguments",
    why: "a call without parameters may have none, and the input of Messages is an object",
    url: CHAT,
    correct: |_, theirs| {
        for block in list(&mut theirs["content"]) {
            if block.get("input").is_some_and(|input| input == r#"{"raw":""}"#) {
                block["input"] = json!("{}");
            }
        }
    },
};

const EMPTY: Rule = Rule {
    name: "no block without text, except in an empty answer",
    why: "a block of text in a later request must not be empty, but clients take the first block of an answer without asking",
    url: "https://github.com/anthropics/anthropic-sdk-python/issues/461",
    correct: |_, theirs| {
        let blocks = theirs["content"].as_array_mut().unwrap();
        blocks.retain(|block| block["text"] != "");
        if blocks.is_empty() {
            blocks.push(json!({"type": "text", "text": ""}));
        }
    },
};

const CALLS: Rule = Rule {
    name: "calls end with tool_use",
    why: "some servers say stop where they wait for results; clients of Messages go by the reason",
    url: STOP,
    correct: |case, theirs| {
        let has_calls = case.asked["choices"][0]["message"].get("tool_calls").is_some();
        if has_calls && case.asked["choices"][0]["finish_reason"] == "stop" {
            assert_eq!(theirs["reason"], "end_turn");
            theirs["reason"] = json!("tool_use");
        }
    },
};

const REFUSALS: Rule = Rule {
    name: "words of a refusal are said",
    why: "a client shows what the model says where it declines; the other drops it",
    url: "https://developers.openai.com/api/docs/guides/structured-outputs#refusals-with-structured-outputs",
    correct: |case, theirs| {
        if let Some(words) = case.asked["choices"][0]["message"]["refusal"].as_str() {
            let block = json!({"type": "text", "text": words});
            theirs["content"].as_array_mut().unwrap().push(block);
        }
    },
};

const IDS: Rule = Rule {
    name: "an answer keeps its id",
    why: "people find it in the provider's logs by it; no client reads anything in it",
    url: "https://platform.claude.com/docs/en/api/messages/create#message.id",
    correct: |case, theirs| theirs["id"] = case.asked["id"].clone(),
};

const COUNTS: Rule = Rule {
    name: "no counts that nobody has counted",
    why: "the other guesses the tokens of a stream without usage by its length; a bill is no place for that",
    url: "https://platform.claude.com/docs/en/api/messages/create#message.usage",
    correct: |case, theirs| {
        if case.asked.get("usage").is_none() {
            theirs["usage"]["output"] = json!(0);
        }
    },
};

pub(crate) const WHOLE: &[Rule] = &[ARGUMENTS, CALLS, REFUSALS, EMPTY];
pub(crate) const STREAM: &[Rule] = &[IDS, CALLS, REFUSALS, EMPTY, COUNTS];
