//! Reads a client's request: its settings. Messages and tools have readers of their own.

use super::super::conversation::{AnswerFormat, Conversation, Reasoning, Sampling};
use super::super::known::{KnownObject, NO_COUNTERPART, Spot};
use super::super::loss::Losses;
use super::super::openai;
use super::super::tape::Node;
use super::super::text::JsonText;
use super::read_message::read_messages;
use super::read_tool::read_tools;

/// All members of a request that are known.
const MEMBERS: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "min_p",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "tags",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// Members that only change how an answer is made, and that no other API has.
const DROPPED: &[&str] = &[
    "logit_bias",
    "metadata",
    "min_p",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "repetition_penalty",
    "tags",
];

/// Members that ask for something in the answer that no other API gives.
const REFUSED: &[&str] = &["audio", "moderation", "web_search_options"];

/// Reads a request.
#[inline(never)]
pub(in super::super) fn read_request<'a>(
    body: Node<'_, 'a>,
    losses: &mut Losses,
) -> Conversation<'a> {
    let body = &KnownObject::of(body, Spot::Body, MEMBERS, losses);
    let mut conversation = Conversation::default();
    read_messages(body, &mut conversation, losses);
    read_tools(body, &mut conversation, losses);
    conversation.max_tokens = limit(body, losses);
    conversation.sampling = sampling(body, losses);
    conversation.stop = stop(body, losses);
    conversation.reasoning = reasoning(body, losses);
    conversation.format = format(body, losses);
    conversation.user = user(body, losses);
    conversation.store = body.flag("store", losses);
    conversation.stream = body.flag("stream", losses).unwrap_or(false);
    conversation.stream_usage = stream_usage(body, losses);
    body.drop_all(DROPPED, losses);
    for name in REFUSED.iter().filter(|name| body.has(name)) {
        body.refuse(name, NO_COUNTERPART, losses);
    }
    shape(body, losses);
    conversation
}

/// Reads members of which only the default value has a counterpart.
#[inline(never)]
fn shape(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    for (name, usual) in [("service_tier", "auto"), ("verbosity", "medium")] {
        if body.text(name, losses).is_some_and(|word| !word.is(usual)) {
            body.drop(name, NO_COUNTERPART, losses);
        }
    }
    for (name, usual) in [("n", 1), ("top_logprobs", 0)] {
        if body.whole(name, losses).is_some_and(|number| number != usual) {
            body.refuse(name, NO_COUNTERPART, losses);
        }
    }
    body.refuse_flags(&["logprobs"], losses);
    if !body.elements("modalities", losses).all(|(_, element)| element.is("text")) {
        body.refuse("modalities", "asks for more than text", losses);
    }
}

/// Returns the limit of the answer, which has two names.
fn limit(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) -> Option<u64> {
    let newer = body.whole("max_completion_tokens", losses);
    let older = body.whole("max_tokens", losses);
    if newer.is_some() && older.is_some() && newer != older {
        body.refuse("max_tokens", "contradicts `max_completion_tokens`", losses);
    }
    newer.or(older)
}

fn sampling<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Sampling<'a> {
    Sampling {
        temperature: body.number("temperature", losses),
        top_p: body.number("top_p", losses),
        top_k: body.number("top_k", losses),
        frequency_penalty: body.number("frequency_penalty", losses),
        presence_penalty: body.number("presence_penalty", losses),
        seed: body.number("seed", losses),
    }
}

fn stop<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Vec<JsonText<'a>> {
    let Some(stop) = body.get("stop") else { return Vec::new() };
    if !stop.is_list() {
        return body.text("stop", losses).into_iter().collect();
    }
    let at = body.at("stop");
    let elements = at.elements(stop, losses);
    elements.filter_map(|(number, text)| at.element(number).text(text, losses)).collect()
}

/// Returns how much the model is to think. Beside OpenAI's word there is Anthropic's object, which
/// clients of other gateways and of DeepSeek send.
#[inline(never)]
fn reasoning(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) -> Option<Reasoning> {
    let word = body.text("reasoning_effort", losses);
    let effort = word.as_ref().and_then(openai::reasoning);
    if word.is_some() && effort.is_none() {
        body.refuse_value("reasoning_effort", losses);
    }
    let Some(thinking) = body.object("thinking", &["type", "budget_tokens"], losses) else {
        return effort;
    };
    let budget = thinking.whole("budget_tokens", losses);
    match &*thinking.needed_text("type", losses)?.plain() {
        "disabled" => Some(Reasoning::Off),
        "enabled" => budget.map(Reasoning::Budget).or(effort).or(Some(Reasoning::Adaptive)),
        "adaptive" => effort.or(Some(Reasoning::Adaptive)),
        _ => {
            thinking.refuse_value("type", losses);
            None
        }
    }
}

fn format<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<AnswerFormat<'a>> {
    let format = body.object("response_format", &["type", "json_schema"], losses)?;
    match &*format.needed_text("type", losses)?.plain() {
        "text" => None,
        "json_object" => Some(AnswerFormat::Json),
        "json_schema" => {
            let names = ["name", "description", "schema", "strict"];
            openai::read_schema(&format.needed_object("json_schema", &names, losses)?, losses)
        }
        _ => {
            format.refuse_value("type", losses);
            None
        }
    }
}

/// Returns who asks. OpenAI replaces `user` by `safety_identifier`, which has the same use.
fn user<'a>(body: &KnownObject<'_, '_, 'a>, losses: &mut Losses) -> Option<JsonText<'a>> {
    let user = body.text("user", losses);
    let newer = body.text("safety_identifier", losses);
    if user.is_some() && newer.is_some() && user != newer {
        body.drop("safety_identifier", "has no counterpart together with `user`", losses);
    }
    user.or(newer)
}

/// Returns whether a stream is to report its usage.
fn stream_usage(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) -> bool {
    let names = ["include_usage", "include_obfuscation"];
    let Some(options) = body.object("stream_options", &names, losses) else { return false };
    if options.flag("include_obfuscation", losses) == Some(true) {
        options.drop("include_obfuscation", NO_COUNTERPART, losses);
    }
    options.flag("include_usage", losses).unwrap_or(false)
}
