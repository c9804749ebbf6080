//! The rules for requests from Messages to Chat Completions.

mod corrections;

use serde_json::json;

use crate::rule::{Refusal, Rule};
use corrections::{
    answers, asked, documents, drop, drop_null, effort, empty_answers, ids, images_of_results,
    limit, names, needs_all, parallel, parts, results, system_turns, thinking, tools, user,
};
pub(crate) use corrections::{
    limit as limit_by_model, names as names_that_fit, needs_all as needs_all_members,
};

const CHAT: &str = "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create";
const REASONING: &str = "https://developers.openai.com/api/docs/guides/reasoning";

/// In the order in which they correct.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "instructions in their place",
        why: "a message of the system between turns stays one of the system; the other has the user say it",
        url: "https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages",
        correct: system_turns,
    },
    Rule {
        name: "parts stay parts",
        why: "the other joins the texts of a turn with line feeds",
        url: CHAT,
        correct: parts,
    },
    Rule {
        name: "texts of an answer are joined as they are",
        why: "blocks of one answer are pieces of one text, wherever the model has cited or called something",
        url: "https://platform.claude.com/docs/en/build-with-claude/citations",
        correct: answers,
    },
    Rule {
        name: "results say that they are errors",
        why: "a message of a tool has no mark for it; and its blocks are lines",
        url: CHAT,
        correct: results,
    },
    Rule {
        name: "images of results say whose they are",
        why: "a message of a tool takes only text, so they come in a message of the user, after the id of the call",
        url: CHAT,
        correct: images_of_results,
    },
    Rule {
        name: "documents have names, and texts are texts",
        why: "a file needs a name beside its data; a document that is text is one, after its title",
        url: "https://github.com/openai/openai-agents-python/pull/1513",
        correct: documents,
    },
    Rule {
        name: "no thinking goes back",
        why: "some servers of OpenAI's API refuse members that they do not know, such as reasoning_content",
        url: "https://github.com/BerriAI/litellm/issues/30835",
        correct: thinking,
    },
    Rule {
        name: "no message without content",
        why: "an answer of which nothing is left is no message",
        url: CHAT,
        correct: empty_answers,
    },
    Rule {
        name: "ids that fit",
        why: "ids of calls are at most 40 characters",
        url: "https://github.com/vercel/ai/issues/5171",
        correct: ids,
    },
    Rule {
        name: "names that fit",
        why: "names of functions are at most 64 of letters, digits, _ and -",
        url: CHAT,
        correct: names,
    },
    Rule {
        name: "no description that nobody wrote, no strictness that is usual",
        why: "strict is false unless it is said, and true only of schemas that need all of their members",
        url: CHAT,
        correct: tools,
    },
    Rule {
        name: "parallel calls are usual",
        why: "models that cannot call several tools refuse the member; it stands only where there are tools",
        url: "https://github.com/evalstate/fast-agent/issues/279",
        correct: parallel,
    },
    Rule {
        name: "max_tokens where the server is not OpenAI's",
        why: "Mistral refuses the newer name of the limit, and all others know the older one",
        url: "https://docs.mistral.ai/api/endpoint/chat",
        correct: limit,
    },
    Rule {
        name: "the user goes along as user",
        why: "metadata.user_id is the counterpart of user; metadata is kept with the answer and has other values",
        url: "https://platform.claude.com/docs/en/api/messages/create#create.metadata",
        correct: user,
    },
    Rule {
        name: "service tiers are the provider's own",
        why: "standard_only is no tier of OpenAI's",
        url: "https://platform.claude.com/docs/en/api/service-tiers",
        correct: |_, theirs| drop(theirs, "service_tier"),
    },
    Rule {
        name: "streams report their usage",
        why: "a stream of Messages always does; one of Chat Completions has to be asked",
        url: "https://platform.claude.com/docs/en/build-with-claude/streaming",
        correct: |_, theirs| {
            if theirs["stream"] == true {
                theirs["stream_options"] = json!({"include_usage": true});
            }
            drop_null(theirs);
        },
    },
    Rule {
        name: "thinking is an effort",
        why: "a budget is the nearest word; models before 5 do not think",
        url: REASONING,
        correct: effort,
    },
    Rule {
        name: "a schema without a name, which is followed",
        why: "OpenAI's needs a name, and each makes its own; it is followed only where it is strict, as Anthropic's is",
        url: "https://developers.openai.com/api/docs/guides/structured-outputs",
        correct: |case, theirs| {
            if let Some(name) = theirs.pointer_mut("/response_format/json_schema/name") {
                assert_eq!(name, "response");
                *name = json!("answer");
                if needs_all(&case.asked["output_config"]["format"]["schema"]) {
                    theirs["response_format"]["json_schema"]["strict"] = json!(true);
                }
            }
        },
    },
    Rule {
        name: "no empty list of stops",
        why: "the member is optional",
        url: CHAT,
        correct: |_, theirs| {
            if theirs["stop"] == json!([]) {
                drop(theirs, "stop");
            }
            drop_null(theirs);
        },
    },
];

/// The client has begun the answer itself.
pub(crate) const UNFINISHED: Refusal = Refusal {
    place: "messages",
    why: "end with the beginning of an answer",
    url: CHAT,
    is_right: |case| {
        case.asked["messages"].as_array().unwrap().last().unwrap()["role"] == "assistant"
    },
};

/// What is not translated.
pub(crate) const REFUSALS: &[Refusal] = &[
    UNFINISHED,
    Refusal {
        place: "messages",
        why: "have a document given as a URL",
        url: "https://developers.openai.com/api/docs/guides/file-inputs",
        is_right: |case| {
            asked(case, "user")
                .flatten()
                .any(|block| block["source"]["url"] == "https://example.com/a.pdf")
        },
    },
    Refusal {
        place: "stop",
        why: "has more than 4 stop sequences",
        url: "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create",
        is_right: |case| {
            case.asked["stop_sequences"].as_array().is_some_and(|stops| stops.len() > 4)
        },
    },
];
