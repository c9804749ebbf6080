//! The rules for answers for clients of the Responses API.

use serde_json::json;

use crate::normal::list;
use crate::rule::Rule;

const OBJECT: &str =
    "https://developers.openai.com/api/reference/resources/responses/methods/create";
const STOP: &str = "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons";

const ARGUMENTS: Rule = Rule {
    name: "empty arguments",
    why: "a call without parameters may have none, and arguments are a JSON object",
    url: "https://developers.openai.com/api/docs/guides/function-calling",
    correct: |_, theirs| {
        for call in list(&mut theirs["calls"]) {
            if [r#"{"raw":""}"#, r#""""#, ""].iter().any(|text| call["arguments"] == *text) {
                call["arguments"] = json!("{}");
            }
        }
    },
};

const REFUSALS: Rule = Rule {
    name: "words of a refusal are said",
    why: "they are a part of their own of the message; the other drops them",
    url: "https://developers.openai.com/api/docs/guides/structured-outputs#refusals-with-structured-outputs",
    correct: |case, theirs| {
        if let Some(words) = case.asked["choices"][0]["message"]["refusal"].as_str() {
            theirs["refusal"] = json!(words);
        }
    },
};

const CUT_OFF: Rule = Rule {
    name: "what is cut off is incomplete",
    why: "a full context window and a turn that is paused leave the answer without its end",
    url: STOP,
    correct: |case, theirs| {
        let reason = &case.asked["stop_reason"];
        if reason == "model_context_window_exceeded" || reason == "pause_turn" {
            assert_eq!(theirs["status"], "completed");
            theirs["status"] = json!("incomplete");
            theirs["why"] = json!("max_output_tokens");
        }
    },
};

const FILTERED: Rule = Rule {
    name: "what is filtered is incomplete",
    why: "content_filter is one of the reasons for which an answer is incomplete",
    url: OBJECT,
    correct: |case, theirs| {
        let finish = &case.asked["choices"][0]["finish_reason"];
        if finish == "content_filter" || case.asked["stop_reason"] == "refusal" {
            theirs["status"] = json!("incomplete");
            theirs["why"] = json!("content_filter");
        }
    },
};

pub(crate) const OF_CHAT: &[Rule] = &[ARGUMENTS, REFUSALS, FILTERED];
pub(crate) const OF_CHAT_STREAMS: &[Rule] = &[ARGUMENTS, REFUSALS, FILTERED];
pub(crate) const OF_MESSAGES: &[Rule] = &[CUT_OFF, FILTERED];
pub(crate) const OF_MESSAGES_STREAMS: &[Rule] = &[CUT_OFF, FILTERED];
