//! What documents of several formats have in common.

use super::place::{Alike, ObjectKind, ObjectShape, Place};
use super::word::Saying::{Json, Tools};
use super::word::TextClass::{Assistant, Tools as OfTools};
use super::word::{Parting, Word};
use crate::request::session::SessionKey;

type Keys = &'static [(&'static str, Place)];

/// Returns an object that is nothing but its members.
pub(super) const fn plain(fields: Keys) -> ObjectShape {
    ObjectShape::new(ObjectKind::Plain, fields)
}

/// Returns an object that is a message.
pub(super) const fn message(fields: Keys) -> ObjectShape {
    ObjectShape::new(ObjectKind::Message, fields)
}

/// Roles whose text is not the user's, the developer's or the system's.
pub(super) const ROLE: (&str, Place) =
    ("role", Place::role(&[("assistant", Assistant), ("tool", OfTools), ("function", OfTools)]));
/// Free metadata, whose scalar members are params and two of them tags.
pub(super) const LABELS: Place = Place::object(&METADATA);

static METADATA: ObjectShape = ObjectShape::new(
    ObjectKind::Params,
    &[("tag", Place::tags(0, &TAG_0)), ("tags", Place::tags(1, &TAG_1))],
)
.others(&Place::ID);
static TAG_0: Place = Place::tag(0);
static TAG_1: Place = Place::tag(1);
static TAG_2: Place = Place::tag(2);

pub(super) const MODEL: (&str, Place) = ("model", Place::MODEL);
pub(super) const STREAM: (&str, Place) = ("stream", Place::STREAM);
pub(super) const MAX_TOKENS: (&str, Place) = ("max_tokens", Place::LIMIT);
/// The same to llama.cpp, where it counts before `max_tokens`
/// (<https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>).
pub(super) const N_PREDICT: (&str, Place) = ("n_predict", Place::LIMIT);
/// How many answers there are to a prompt; of two numbers the larger counts.
pub(super) const ANSWERS: (&str, Place) = ("n", Place::ANSWERS);
pub(super) const BEST_OF: (&str, Place) = ("best_of", Place::ANSWERS);
/// Budgets for thinking, in the words of Anthropic, Cohere and aggregators.
pub(super) const THINKING: (&str, Place) = ("thinking", BUDGET);
pub(super) const REASONING: (&str, Place) = ("reasoning", BUDGET);
pub(super) const BUDGET: Place = Place::SETTING.members(&BUDGETS);
static BUDGETS: ObjectShape = plain(&[
    ("budget_tokens", Place::THINKING),
    ("token_budget", Place::THINKING),
    ("max_tokens", Place::THINKING),
])
.others(&Place::SETTING);
pub(super) const PARAMS: (&str, Place) = ("metadata", LABELS);
pub(super) const TAGS: (&str, Place) = ("tags", Place::tags(2, &TAG_2));
pub(super) const USER: (&str, Place) =
    ("user", Place { word: Word::Session(SessionKey::User), ..Place::ID });
pub(super) const CACHE_KEY: (&str, Place) =
    ("prompt_cache_key", Place { word: Word::Session(SessionKey::CacheKey), ..Place::ID });
/// Functions that are offered, each described by a schema.
pub(super) const FUNCTIONS: (&str, Place) = ("functions", Place::SCHEMA.filled(Tools));

/// Any JSON that describes a tool or the answer.
pub(super) static ANY_SCHEMA: ObjectShape = plain(&[]).others(&Place::SCHEMA);
/// What the answer has to look like.
pub(super) const FORMAT: Place = Place { members: Some(&JSON_FORMAT), ..Place::SCHEMA };
static JSON_FORMAT: ObjectShape =
    plain(&[("type", Place::says_if(Json, &["json_object", "json_schema"]))])
        .others(&Place::SCHEMA);

/// How the answer is sampled and served, by OpenAI and by servers that speak as it does
/// (<https://platform.openai.com/docs/api-reference/chat/create>,
/// <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>,
/// <https://openrouter.ai/docs/api-reference/parameters>,
/// <https://docs.mistral.ai/api>).
pub(super) const SAMPLING: Alike = (
    &Place::SETTING,
    &[
        "temperature",
        "top_p",
        "stop",
        "seed",
        "tool_choice",
        "parallel_tool_calls",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "reasoning_effort",
        "verbosity",
        "service_tier",
        "store",
        "stream_options",
        "modalities",
        "audio",
        "function_call",
        "prompt_cache_retention",
        "top_k",
        "min_p",
        "top_a",
        "echo",
        "random_seed",
        "safe_prompt",
        "prompt_mode",
        "repetition_penalty",
        "length_penalty",
        "min_tokens",
        "ignore_eos",
        "stop_token_ids",
        "skip_special_tokens",
        "include_stop_str_in_output",
        "add_generation_prompt",
        "continue_final_message",
        "add_special_tokens",
        "enable_thinking",
        "include_reasoning",
        "transforms",
        "models",
        "route",
        "provider",
        "priority",
        "moderation",
        "prompt_cache_options",
    ],
);
/// Prompts that a server takes as tokens or tensors
/// (<https://docs.vllm.ai/en/latest/features/prompt_embeds.html>,
/// <https://docs.sglang.ai/basic_usage/native_api.html>).
pub(super) const TENSORS: Alike =
    (&Place::TENSORS, &["prompt_embeds", "prompt_token_ids", "input_ids", "input_embeds"]);
/// What names the user, the request or a thing in it.
pub(super) const IDS: Alike = (&Place::ID, &["safety_identifier", "request_id", "id"]);
/// What Google documents for the place of a signature that is missing
/// (<https://ai.google.dev/gemini-api/docs/thought-signatures>).
pub(super) const UNSIGNED: Parting = Parting::Word("skip_thought_signature_validator");
/// Where a prompt's prefix is cached.
pub(super) const CACHE_CONTROL: (&str, Place) = ("cache_control", Place::SETTING);
