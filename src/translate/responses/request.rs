//! Reads requests of OpenAI's Responses API.
//!
//! Members and values: <https://developers.openai.com/api/reference/resources/responses/methods/create>. Whatever names something
//! that OpenAI stores (earlier answers, conversations, files, prompts), or makes OpenAI do something (its tools, its
//! moderation), is refused.

use super::{input, tools};
use crate::translate::conversation::{
    AnswerFormat, BlockContent, ContentBlock, Conversation, OpenAiMember, Reasoning,
};
use crate::translate::known::{KEPT, KnownObject, NO_COUNTERPART, Spot};
use crate::translate::loss::Losses;
use crate::translate::openai;
use crate::translate::tape::Node;

/// All members of a request.
const MEMBERS: &[&str] = &[
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_output_tokens",
    "max_tool_calls",
    "temperature",
    "top_p",
    "top_logprobs",
    "reasoning",
    "text",
    "truncation",
    "stream",
    "stream_options",
    "include",
    "store",
    "metadata",
    "user",
    "safety_identifier",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
    "moderation",
    "context_management",
    "access_programs",
    "image",
];

/// Members that Chat Completions has too, and no one else.
const OF_OPENAI: &[&str] = &["service_tier", "prompt_cache_key", "prompt_cache_retention"];

/// Members that only change how the answer is made, and that no other API has. `metadata` is one of
/// them, because Chat Completions takes it only for answers that it keeps. `max_tool_calls` is not
/// among them, because it limits the calls of OpenAI's own tools, which are refused.
const DROPPED: &[&str] = &["truncation", "metadata", "context_management", "access_programs"];

/// Members that are refused, and why.
const REFUSED: &[(&str, &str)] = &[
    ("previous_response_id", KEPT),
    ("conversation", KEPT),
    ("prompt", KEPT),
    ("background", "asks for an answer that is fetched later"),
    ("top_logprobs", NO_COUNTERPART),
    ("moderation", "asks for moderation, which only OpenAI does"),
];

/// Values of `include` that add nothing here. They ask for results of tools that are refused anyway, or for what the
/// client has sent itself.
const HARMLESS: &[&str] = &[
    "web_search_call.results",
    "web_search_call.action.sources",
    "file_search_call.results",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "message.input_image.image_url",
];

/// Reads a request.
#[inline(never)]
pub(in crate::translate) fn read_request<'a>(
    body: Node<'_, 'a>,
    losses: &mut Losses,
) -> Conversation<'a> {
    let body = &KnownObject::of(body, Spot::Body, MEMBERS, losses);
    // Every stream of this API reports its usage.
    let mut to = Conversation { stream_usage: true, ..Conversation::default() };
    // The instructions come before the input.
    to.system
        .extend(body.text("instructions", losses).map(BlockContent::Text).map(ContentBlock::of));
    if let Some(value) = body.needed("input", losses) {
        input::read(value, body.at("input"), &mut to, losses);
    }
    to.tools = tools::read(body, losses);
    to.tool_choice = tools::choice(body, losses);
    read_settings(body, &mut to, losses);
    to.reasoning = reasoning(body, losses);
    to.format = text(body, &mut to, losses);
    read_own(body, &mut to, losses);
    to
}

/// Reads what other APIs have too.
#[inline(never)]
fn read_settings<'a>(
    body: &KnownObject<'_, '_, 'a>,
    to: &mut Conversation<'a>,
    losses: &mut Losses,
) {
    to.parallel_tools = body.flag("parallel_tool_calls", losses);
    to.max_tokens = body.whole("max_output_tokens", losses);
    to.sampling.temperature = body.number("temperature", losses);
    to.sampling.top_p = body.number("top_p", losses);
    to.stream = body.flag("stream", losses).unwrap_or_default();
    to.store = body.flag("store", losses);
    // Where the request does not say it, the answer is stored too. But then few rely on it.
    if to.store == Some(true) {
        body.drop("store", "asks to keep the answer, which only OpenAI can do", losses);
        to.store = None;
    }
    let older = body.text("user", losses);
    // The newer name.
    to.user = body.text("safety_identifier", losses);
    if to.user.is_some() && older.is_some() {
        body.drop(
            "user",
            "is given together with safety_identifier, which is sent instead",
            losses,
        );
    }
    to.user = to.user.take().or(older);
}

/// Reads what only OpenAI has.
#[inline(never)]
fn read_own<'a>(body: &KnownObject<'_, '_, 'a>, to: &mut Conversation<'a>, losses: &mut Losses) {
    for &name in OF_OPENAI {
        if let Some(value) = body.get(name).filter(|value| !is_usual(name, *value)) {
            to.openai.push(OpenAiMember { place: name, name, value: value.raw() });
        }
    }
    for name in DROPPED {
        let is_usual = body.get(name).is_none_or(|value| is_usual(name, value));
        if !is_usual {
            body.drop(name, NO_COUNTERPART, losses);
        }
    }
    for (name, why) in REFUSED {
        if body.get(name).is_some_and(|value| !is_usual(name, value)) {
            body.refuse(name, why, losses);
        }
    }
    if let Some(options) = body.object("stream_options", &["include_obfuscation"], losses)
        && options.flag("include_obfuscation", losses) == Some(true)
    {
        options.drop("include_obfuscation", NO_COUNTERPART, losses);
    }
    if let Some(image) = body.object("image", &["context_compression"], losses) {
        image.drop_unless(&[("context_compression", "auto")], losses);
    }
    include(body, losses);
    cache_options(body, losses);
}

/// Returns whether leaving out a member with that value changes nothing.
fn is_usual(name: &str, value: Node<'_, '_>) -> bool {
    match name {
        "top_logprobs" => value.whole() == Some(0),
        "truncation" => value.is("disabled"),
        // The second is the usual price and speed, which is all that others have.
        "service_tier" => value.is("auto") || value.is("default"),
        "metadata" => value.is_object() && value.members().next().is_none(),
        "background" => value.flag() == Some(false),
        _ => false,
    }
}

/// Reads how much the model is to think.
fn reasoning(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) -> Option<Reasoning> {
    let names = ["effort", "summary", "generate_summary", "context", "mode"];
    let reasoning = body.object("reasoning", &names, losses)?;
    // The answer has whatever the provider shows of its thinking, which is what `auto` asks for.
    let usual = [
        ("summary", "auto"),
        ("generate_summary", "auto"),
        ("context", "auto"),
        ("mode", "standard"),
    ];
    reasoning.drop_unless(&usual, losses);
    let effort = reasoning.get("effort")?.text().as_ref().and_then(openai::reasoning);
    if effort.is_none() {
        reasoning.refuse_value("effort", losses);
    }
    effort
}

/// Reads which form the answer is to have, and how long it is to be.
#[inline(never)]
fn text<'a>(
    body: &KnownObject<'_, '_, 'a>,
    to: &mut Conversation<'a>,
    losses: &mut Losses,
) -> Option<AnswerFormat<'a>> {
    let text = body.object("text", &["format", "verbosity"], losses)?;
    if let Some(value) = text.get("verbosity").filter(|value| !value.is("medium")) {
        let value = value.raw();
        to.openai.push(OpenAiMember { place: "text.verbosity", name: "verbosity", value });
    }
    let names = ["type", "name", "description", "schema", "strict"];
    let format = text.object("format", &names, losses)?;
    match &*format.needed("type", losses)?.word() {
        "text" => None,
        "json_object" => Some(AnswerFormat::Json),
        "json_schema" => openai::read_schema(&format, losses),
        _ => {
            format.refuse_value("type", losses);
            None
        }
    }
}

/// Reads what the client wants in addition to the answer.
fn include(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    let list = body.at("include");
    for (at, wish) in body.elements("include", losses) {
        let spot = list.element(at);
        if wish.is("reasoning.encrypted_content") {
            spot.drop("asks for encrypted thinking, which only OpenAI returns", losses);
        } else if !HARMLESS.iter().any(|harmless| wish.is(harmless)) {
            spot.refuse_value(wish, losses);
        }
    }
}

fn cache_options(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    let names = ["mode", "ttl", "comparison_response_id", "prewarm"];
    let Some(options) = body.object("prompt_cache_options", &names, losses) else { return };
    if options.flag("prewarm", losses) == Some(true) {
        options.refuse("prewarm", "asks for no answer", losses);
    }
    options.drop_unless(&[("mode", "implicit"), ("ttl", "30m")], losses);
    if options.has("comparison_response_id") {
        options.drop("comparison_response_id", NO_COUNTERPART, losses);
    }
}
