//! Requests, translated by both.

use pointsman::translate::{ClientApi, ProviderApi, request};
use serde_json::Value;
use switchyard_translation::{
    PreservationPolicy, TranslationEngine, TranslationPolicy, WireFormat,
};

use crate::chat_request::chat_request;
use crate::dice::Dice;
use crate::messages_request::messages_request;
use crate::responses_request::{plain_chat_request, responses_of};
use crate::rule::{Case, Rules, cases};
use crate::{from_chat, from_messages, from_responses, normal};

/// The limit of the answer where the client gives none: the one that the other translation has.
const MAX_TOKENS: u64 = 64_000;

const CLAUDES: [&str; 3] = ["claude-3-5-sonnet-20241022", "claude-sonnet-4-5", "claude-opus-4-6"];
const CHATS: [&str; 3] = ["gpt-4o", "gpt-5-mini", "llama-3.3-70b"];

/// Two APIs, and what is made for them.
struct Pair {
    apis: (ClientApi, ProviderApi),
    theirs: (WireFormat, WireFormat),
    models: &'static [&'static str],
    make: fn(&mut Dice, &str) -> Value,
    /// Returns what is sent in its place.
    sent: fn(&Value) -> Value,
    normal: fn(&mut Value),
}

fn run(pair: &Pair, rules: &Rules) {
    let engine = TranslationEngine::default();
    let policy = TranslationPolicy {
        preservation: PreservationPolicy::Disabled,
        ..TranslationPolicy::default()
    };
    for seed in 0..cases() {
        let mut dice = Dice::new(seed);
        let model = dice.pick(pair.models);
        let asked = (pair.make)(&mut dice, model);
        let sent = (pair.sent)(&asked);
        let body = dice.written(&sent);
        let ours = request(pair.apis, &body, false, (model, MAX_TOKENS)).unwrap();
        let (from, to) = pair.theirs;
        let theirs = engine.translate_request(from, to, &sent, &policy);
        let mut case = Case { seed, model: model.to_owned(), asked, ours: Value::Null };
        if let Some(refusal) = ours.losses.refusal() {
            rules.refuse(&case, &refusal.place, &refusal.why);
            continue;
        }
        case.ours = serde_json::from_str(&ours.body).unwrap();
        match theirs {
            Ok(theirs) => rules.compare(&case, theirs.body, pair.normal),
            Err(error) => panic!("seed {seed}: only the other refuses: {error}\n{}", case.asked),
        }
    }
    rules.finish();
}

#[test]
fn chat_to_messages() {
    let pair = Pair {
        apis: (ClientApi::Chat, ProviderApi::Messages),
        theirs: (WireFormat::OpenAiChat, WireFormat::AnthropicMessages),
        models: &CLAUDES,
        make: chat_request,
        sent: Value::clone,
        normal: normal::messages_request,
    };
    run(&pair, &Rules::new("request, Chat to Messages", from_chat::RULES, from_chat::REFUSALS));
}

#[test]
fn messages_to_chat() {
    let pair = Pair {
        apis: (ClientApi::Messages, ProviderApi::Chat),
        theirs: (WireFormat::AnthropicMessages, WireFormat::OpenAiChat),
        models: &CHATS,
        make: messages_request,
        sent: Value::clone,
        normal: normal::chat_request,
    };
    let rules =
        Rules::new("request, Messages to Chat", from_messages::RULES, from_messages::REFUSALS);
    run(&pair, &rules);
}

#[test]
fn responses_to_messages() {
    let pair = Pair {
        apis: (ClientApi::Responses, ProviderApi::Messages),
        theirs: (WireFormat::OpenAiResponses, WireFormat::AnthropicMessages),
        models: &CLAUDES,
        make: plain_chat_request,
        sent: responses_of,
        normal: normal::messages_request,
    };
    // It has no texts to stop at, and no audio.
    let rules = from_chat::RULES.iter().filter(|rule| rule.name != "no empty stop sequence");
    let is_there = |place: &str| !place.starts_with("messages[") && place != "stop";
    let refusals = from_chat::REFUSALS
        .iter()
        .filter(|refusal| is_there(refusal.place) && !refusal.why.contains("audio"));
    let refusals = refusals.chain([&from_responses::ARGUMENTS]);
    run(&pair, &Rules::new("request, Responses to Messages", rules, refusals));
}

#[test]
fn responses_to_chat() {
    let pair = Pair {
        apis: (ClientApi::Responses, ProviderApi::Chat),
        theirs: (WireFormat::OpenAiResponses, WireFormat::OpenAiChat),
        models: &CHATS,
        make: plain_chat_request,
        sent: responses_of,
        normal: normal::chat_request,
    };
    let rules = from_responses::RULES;
    run(&pair, &Rules::new("request, Responses to Chat", rules, from_responses::REFUSALS));
}
