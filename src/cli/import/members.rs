//! Members of requests that an entry sets: its parameters, which count if the client says nothing, and
//! `extra_body`, which always counts.

use super::params::Params;
use crate::yaml::Ordered;

/// The members that LiteLLM passes on under their own names.
pub(super) const MEMBERS: [&str; 27] = [
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "stop",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "reasoning_effort",
    "thinking",
    "response_format",
    "user",
    "n",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "service_tier",
    "verbosity",
    "parallel_tool_calls",
    "tools",
    "tool_choice",
    "modalities",
    "dimensions",
    "encoding_format",
    "safety_identifier",
];

/// Those of them that Anthropic's API has under the same names.
const OF_MESSAGES: [&str; 5] = ["temperature", "top_p", "top_k", "max_tokens", "thinking"];

/// Returns the members that count if the client says nothing. `api`: that of the provider of the entry.
pub(super) fn defaults(api: &str, params: &Params) -> Ordered {
    let mut defaults = Ordered::object();
    for name in MEMBERS {
        let place = params.get(name);
        if !place.is_there() {
            continue;
        }
        let fits = match api {
            "openai" | "openai-chat" | "azure" => true,
            "anthropic" => OF_MESSAGES.contains(&name),
            _ => false,
        };
        match place.json().filter(|value| fits && !value.is_null()) {
            Some(value) => defaults.set(name, Ordered::from(value)),
            None => place.report(
                "has no counterpart; request_defaults of the deployment sets members in the provider's own API",
            ),
        }
    }
    defaults
}

/// Returns the members that replace what the client says.
pub(super) fn overrides(params: &Params) -> Ordered {
    let mut overrides = Ordered::object();
    let more = params.get("extra_body");
    for (name, place) in more.members() {
        if let Some(value) = place.json() {
            overrides.set(&name, Ordered::from(value));
        }
    }
    overrides
}
