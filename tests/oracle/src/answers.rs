//! Answers, whole and as streams, translated by both.

use std::collections::BTreeMap;

use pointsman::translate::{AnswerForm, AnswerNames, AnswerTranslation, ClientApi, ProviderApi};
use serde_json::Value;
use switchyard_translation::{
    PreservationPolicy, StreamTranslationState, TranslationEngine, TranslationPolicy, WireFormat,
};

use crate::chat_answer::{chat_answer, chat_stream};
use crate::dice::Dice;
use crate::messages_answer::{messages_answer, messages_stream};
use crate::rule::{Case, Rules, cases};
use crate::{collected, to_chat, to_messages, to_responses};

/// Two APIs, and what is made for them.
struct Pair {
    apis: (ProviderApi, ClientApi),
    theirs: (WireFormat, WireFormat),
    make: fn(&mut Dice) -> Value,
    stream: fn(&mut Dice, &Value) -> Vec<Value>,
    /// Returns what an answer of the client's API says.
    says: fn(&Value) -> Value,
    /// Returns the answer that a stream of the client's API adds up to.
    add_up: fn(&[Value]) -> Value,
}

/// Returns what this translation makes of an answer that comes in pieces.
fn ours(pair: &Pair, dice: &mut Dice, answer: &[u8], is_stream: bool) -> String {
    let form = AnswerForm { stream: is_stream, stream_usage: true, created_s: 1 };
    let names =
        AnswerNames { id: "made".to_owned(), model: "made".to_owned(), renamed: BTreeMap::new() };
    let mut translation = AnswerTranslation::new(pair.apis, (200, is_stream), form, names, 1 << 20);
    let mut got = Vec::new();
    let size = usize::try_from(dice.number(1..=200)).unwrap();
    answer.chunks(size).for_each(|piece| translation.feed(piece, &mut got));
    translation.finish(&mut got);
    assert_eq!(translation.failure(), None, "{}", String::from_utf8_lossy(&got));
    String::from_utf8(got).unwrap()
}

/// Returns a stream of these events, with line ends that servers use.
fn written(dice: &mut Dice, events: &[Value], is_named: bool) -> String {
    let end = dice.pick(&["\n", "\n", "\r\n"]);
    let blank = dice.pick(&[" ", " ", ""]);
    let mut text = String::new();
    for event in events {
        if is_named {
            text += &format!("event:{blank}{}{end}", event["type"].as_str().unwrap());
        }
        let data = String::from_utf8(dice.written(event)).unwrap();
        // Data of several lines are one document.
        for line in data.lines() {
            text += &format!("data:{blank}{line}{end}");
        }
        text += end;
        if dice.one_in(12) {
            text += &format!(": a comment{end}{end}");
        }
    }
    if !is_named {
        text += &format!("data:{blank}[DONE]{end}{end}");
    }
    text
}

fn run(pair: &Pair, whole: &Rules, streams: &Rules) {
    let engine = TranslationEngine::default();
    let policy = TranslationPolicy {
        preservation: PreservationPolicy::Disabled,
        ..TranslationPolicy::default()
    };
    let (from, to) = pair.theirs;
    for seed in 0..cases() {
        let mut dice = Dice::new(seed);
        let answer = (pair.make)(&mut dice);
        let text = dice.written(&answer);
        let got: Value = serde_json::from_str(&ours(pair, &mut dice, &text, false)).unwrap();
        let got = (pair.says)(&got);
        let theirs = engine.translate_response(from, to, &answer, &policy).unwrap().body;
        let case = Case { seed, model: String::new(), asked: answer.clone(), ours: got.clone() };
        whole.compare(&case, (pair.says)(&theirs), |_| {});

        let events = (pair.stream)(&mut dice, &answer);
        let text = written(&mut dice, &events, from == WireFormat::AnthropicMessages);
        let stream = collected::events(&ours(pair, &mut dice, text.as_bytes(), true));
        let stream = (pair.says)(&(pair.add_up)(&stream));
        // Both of ours say the same.
        assert_eq!(stream, got, "seed {seed}");
        let mut state = StreamTranslationState::default();
        let mut theirs: Vec<Value> = Vec::new();
        for event in &events {
            theirs.extend(engine.translate_event(&mut state, from, to, event).unwrap());
        }
        theirs.extend(engine.finish_stream(&mut state, to).unwrap());
        let case = Case { seed, model: String::new(), asked: answer, ours: stream };
        streams.compare(&case, (pair.says)(&(pair.add_up)(&theirs)), |_| {});
    }
    whole.finish();
    streams.finish();
}

#[test]
fn chat_to_messages() {
    let pair = Pair {
        apis: (ProviderApi::Chat, ClientApi::Messages),
        theirs: (WireFormat::OpenAiChat, WireFormat::AnthropicMessages),
        make: chat_answer,
        stream: chat_stream,
        says: collected::messages,
        add_up: collected::messages_of,
    };
    let whole = Rules::new("answer, Chat to Messages", to_messages::WHOLE, []);
    run(&pair, &whole, &Rules::new("stream, Chat to Messages", to_messages::STREAM, []));
}

#[test]
fn messages_to_chat() {
    let pair = Pair {
        apis: (ProviderApi::Messages, ClientApi::Chat),
        theirs: (WireFormat::AnthropicMessages, WireFormat::OpenAiChat),
        make: messages_answer,
        stream: messages_stream,
        says: collected::chat,
        add_up: collected::chat_of,
    };
    let whole = Rules::new("answer, Messages to Chat", to_chat::WHOLE, []);
    run(&pair, &whole, &Rules::new("stream, Messages to Chat", to_chat::STREAM, []));
}

#[test]
fn chat_to_responses() {
    let pair = Pair {
        apis: (ProviderApi::Chat, ClientApi::Responses),
        theirs: (WireFormat::OpenAiChat, WireFormat::OpenAiResponses),
        make: chat_answer,
        stream: chat_stream,
        says: collected::responses,
        add_up: collected::responses_of,
    };
    let whole = Rules::new("answer, Chat to Responses", to_responses::OF_CHAT, []);
    let streams = to_responses::OF_CHAT_STREAMS;
    run(&pair, &whole, &Rules::new("stream, Chat to Responses", streams, []));
}

#[test]
fn messages_to_responses() {
    let pair = Pair {
        apis: (ProviderApi::Messages, ClientApi::Responses),
        theirs: (WireFormat::AnthropicMessages, WireFormat::OpenAiResponses),
        make: messages_answer,
        stream: messages_stream,
        says: collected::responses,
        add_up: collected::responses_of,
    };
    let whole = Rules::new("answer, Messages to Responses", to_responses::OF_MESSAGES, []);
    let streams = to_responses::OF_MESSAGES_STREAMS;
    run(&pair, &whole, &Rules::new("stream, Messages to Responses", streams, []));
}
