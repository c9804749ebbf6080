//! The rules for requests from Chat Completions to Messages.

mod corrections;
mod refusals;

use crate::rule::Rule;
use corrections::{
    answer_schema, blank_texts, choice, descriptions, empty_arguments, former_tools, ids,
    instructions, jpeg, knobs, names, parts_of_results, schema_types, stops, strictness, thinking,
    turns, user,
};

pub(crate) use corrections::{is_closed as is_closed_schema, texts};
pub(crate) use refusals::REFUSALS;

const MESSAGES: &str = "https://platform.claude.com/docs/en/api/messages/create";
const RESULTS: &str =
    "https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls";
const CHOICE: &str = "https://platform.claude.com/docs/en/api/messages/create#create.tool_choice";
const SCHEMAS: &str = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations";
const THINKING: &str = "https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting#rejected-configurations";
const CHAT: &str = "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create";

/// In the order in which they correct.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "instructions are blocks",
        why: "each part of what the system says stays one; the other joins them with empty lines",
        url: MESSAGES,
        correct: instructions,
    },
    Rule {
        name: "parts of a result are blocks",
        why: "the other joins the texts of a result with line feeds or blanks",
        url: RESULTS,
        correct: parts_of_results,
    },
    Rule {
        name: "no blank texts",
        why: "text blocks must be non-empty and contain non-whitespace text; a result may have no content",
        url: "https://github.com/anthropics/claude-code/issues/23440",
        correct: blank_texts,
    },
    Rule {
        name: "empty arguments",
        why: "a model that calls a function without parameters may send no arguments; they are no text",
        url: CHAT,
        correct: empty_arguments,
    },
    Rule {
        name: "images are image/jpeg",
        why: "image/jpg, which many clients write, is refused; the API takes jpeg, png, gif and webp",
        url: "https://platform.claude.com/docs/en/build-with-claude/vision",
        correct: jpeg,
    },
    Rule {
        name: "turns alternate, results first",
        why: "neighbours of one role are one turn; a turn in which results do not come first is refused",
        url: RESULTS,
        correct: turns,
    },
    Rule {
        name: "no description that nobody wrote",
        why: "the member is optional",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.tools",
        correct: descriptions,
    },
    Rule {
        name: "schemas of tools have a type",
        why: "input_schema needs \"type\": \"object\" at its top",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.tools",
        correct: schema_types,
    },
    Rule {
        name: "properties of any name",
        why: "the other takes a property that is called minimum for the constraint of that name",
        url: SCHEMAS,
        correct: answer_schema,
    },
    Rule {
        name: "strict only where it can be",
        why: "false is what is usual; true needs a model from 4.5 on, and a schema whose objects are closed",
        url: SCHEMAS,
        correct: strictness,
    },
    Rule {
        name: "tools that were called",
        why: "calls in the conversation need tools, of which none may be called any more",
        url: "https://github.com/anthropics/anthropic-sdk-python/issues/494",
        correct: former_tools,
    },
    Rule {
        name: "a choice only among tools",
        why: "tool_choice may only be specified while providing tools",
        url: CHOICE,
        correct: choice,
    },
    Rule {
        name: "names that fit",
        why: "names of tools are at most 128 of letters, digits, _ and -",
        url: "https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools",
        correct: names,
    },
    Rule {
        name: "ids that fit",
        why: "both make ids that fit of those that do not, by rules of their own",
        url: MESSAGES,
        correct: ids,
    },
    Rule {
        name: "no empty stop sequence",
        why: "each stop sequence must contain non-whitespace",
        url: "https://github.com/BerriAI/litellm/issues/3286",
        correct: stops,
    },
    Rule {
        name: "knobs in their range",
        why: "temperature goes from 0 to 1, and 1 is usual, as is 1 for top_p; models from 4.1 on refuse both at once, and from 4.7 on either",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.temperature",
        correct: knobs,
    },
    Rule {
        name: "thinking as the model takes it",
        why: "models from 4.6 on think adaptively, with an effort; others take a budget or do not think",
        url: THINKING,
        correct: thinking,
    },
    Rule {
        name: "the user goes along",
        why: "metadata.user_id is the counterpart of user",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.metadata",
        correct: user,
    },
];
