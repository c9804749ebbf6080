//! The memory of streams that are translated: it must not grow with their length.

use std::fmt::Write;

use pointsman::translate::{AnswerForm, AnswerNames, AnswerTranslation, ClientApi, ProviderApi};

use crate::allocator::{bytes, set_counting};

/// The most that a stream may hold at a time, in bytes, besides a tool call that waits.
const MOST_HELD: u64 = 64 * 1024;

/// Events that a provider's stream begins with, and one that may follow it any number of times.
struct Provider {
    api: ProviderApi,
    start: &'static str,
    word: &'static str,
}

/// Converse has frames instead of lines, of which the same is kept.
const PROVIDERS: [Provider; 3] = [
    Provider {
        api: ProviderApi::Chat,
        start: "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        word: "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n",
    },
    Provider {
        api: ProviderApi::Messages,
        start: "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\"}}\n\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        word: "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n",
    },
    Provider {
        api: ProviderApi::Gemini,
        start: "",
        word: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" word\"}]}}]}\n\n",
    },
];

/// Returns the most bytes that the translation of a stream of so many words holds at a time.
fn held(provider: &Provider, client: ClientApi, words: usize) -> u64 {
    let form = AnswerForm { stream: true, stream_usage: true, created_s: 1 };
    let apis = (provider.api, client);
    let was_counting = set_counting(true);
    bytes();
    let mut answer =
        AnswerTranslation::new(apis, (200, true), form, AnswerNames::default(), 1 << 20);
    let mut got = Vec::new();
    answer.feed(provider.start.as_bytes(), &mut got);
    for _ in 0..words {
        got.clear();
        answer.feed(provider.word.as_bytes(), &mut got);
    }
    assert!(!answer.is_over() && String::from_utf8_lossy(&got).contains("word"));
    let (_, held) = bytes();
    set_counting(was_counting);
    held
}

#[test]
fn a_translated_stream_holds_little_however_long_it_is() {
    let mut problems = String::new();
    for provider in &PROVIDERS {
        for client in [ClientApi::Chat, ClientApi::Messages, ClientApi::Responses] {
            let (short, long) = (held(provider, client, 20), held(provider, client, 4_000));
            // The last event of a stream of Responses repeats all of its text, five bytes a word here.
            let kept = if client == ClientApi::Responses { 2 * 5 * 4_000 } else { 0 };
            if long > MOST_HELD || long > short + kept {
                let _ =
                    writeln!(problems, "{:?} to {client:?}: {short}, then {long}", provider.api);
            }
        }
    }
    assert!(problems.is_empty(), "bytes held:\n{problems}");
}
