//! Bodies, texts and configurations of a given size: the same in every run.

use std::fmt::Write;

use pointsman::config::{self, Config};
use serde_json::{Value, json};

const SENTENCES: [&str; 8] = [
    "The committee met on the 14th of March to go over the budget for the coming year.",
    "\"I would rather walk,\" she said, \"than wait another hour for a train that may not come.\"",
    "If the pressure drops below 3.5 bar, close the left valve first and then the right one.",
    "Between 1987 and 2004 the number of farms in the valley fell from 312 to 41.",
    "There are good reasons to doubt the figure (the survey was small, and half of it by telephone).\n",
    "It rained for eleven days, then it snowed, and when the snow had gone the road had gone with it.",
    "Nobody could say afterwards who had started it - there had been a joke, and somebody laughed.\n\n",
    "The translation keeps the order of the verses but not their rhyme, which does not survive anyway.",
];

/// Numbers that look random (Knuth's MMIX generator).
pub(crate) fn numbers(seed: u64) -> impl Iterator<Item = usize> {
    let next = |state: &u64| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(next(&seed), next).map(|state| usize::try_from(state >> 40).unwrap())
}

/// English prose of at least that many bytes.
pub(crate) fn prose(length: usize) -> String {
    let mut text = String::with_capacity(length + 128);
    let mut numbers = numbers(1);
    while text.len() < length {
        text.push_str(SENTENCES[numbers.next().unwrap() % SENTENCES.len()]);
        text.push(' ');
    }
    text
}

/// A chat request with that much prose in messages of 14 KB at most.
pub(crate) fn chat(length: usize) -> Vec<u8> {
    let mut messages = vec![json!({"role": "system", "content": "You are a helpful assistant."})];
    let mut left = length;
    while left > 0 {
        let role = if messages.len() % 2 == 1 { "user" } else { "assistant" };
        let size = left.min(14_000);
        messages.push(json!({"role": role, "content": prose(size)}));
        left -= size;
    }
    json!({"model": "assistant", "messages": messages}).to_string().into_bytes()
}

/// A question about a picture of that many bytes in base64, which begins with 64 KiB of
/// metadata as cameras write them.
pub(crate) fn picture(length: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let data: String =
        numbers(2).take(length).map(|number| char::from(DIGITS[number % 64])).collect();
    let url = format!("data:image/jpeg;base64,/9j/4f//{data}");
    let content = json!([{"type": "text", "text": "What does this picture show?"},
                         {"type": "image_url", "image_url": {"url": url}}]);
    json!({"model": "assistant", "messages": [{"role": "user", "content": content}]})
        .to_string()
        .into_bytes()
}

/// Distinct keywords, of one to three words, none of which occurs in the prose.
pub(crate) fn keywords(count: usize) -> Vec<String> {
    let syllables =
        ["ka", "lo", "mi", "ru", "te", "vo", "zi", "po", "na", "du", "be", "gra", "sto"];
    let mut numbers = numbers(3);
    (0..count)
        .map(|index| {
            let mut keyword = String::new();
            for word in 0..=index % 3 {
                let space = if word > 0 { " " } else { "" };
                let _ = write!(keyword, "{space}");
                for _ in 0..3 {
                    keyword.push_str(syllables[numbers.next().unwrap() % syllables.len()]);
                }
            }
            // Distinct whatever was drawn.
            format!("{keyword}{index}")
        })
        .collect()
}

/// A configuration with these routes over a few models.
pub(crate) fn document(routes: &[Value], deployments: usize) -> Value {
    let name = |index: usize| format!("deployment-{index}");
    let all: serde_json::Map<_, _> = (0..deployments)
        .map(|index| {
            (name(index), json!({"provider": "north", "model": format!("upstream-{index}")}))
        })
        .collect();
    let models: serde_json::Map<_, _> = (0..deployments.div_ceil(2))
        .map(|index| {
            let candidates = [name(2 * index), name((2 * index + 1) % deployments)];
            let strategy = ["ordered_fallback", "weighted", "round_robin"][index % 3];
            (format!("model-{index}"), json!({"strategy": strategy, "candidates": candidates}))
        })
        .collect();
    json!({"providers": {"north": {"cluster": "upstream"}}, "deployments": all, "models": models,
           "aliases": {"assistant": "model-0"}, "routes": routes})
}

/// Routes of which all but three name models that the request does not ask for.
pub(crate) fn routes(count: usize) -> Vec<Value> {
    let keywords = keywords(count);
    let when = |index: usize| match (count - index, index % 4) {
        // The last ones name the request's model, and only the first of them holds.
        (1..=2, _) => json!({"model_in": ["assistant"], "has_audio": true}),
        (3, _) => json!({"model_in": ["assistant"], "input_tokens_gt": 50}),
        (_, 0) => json!({"model_in": [format!("team-{index}")], "input_tokens_gt": index}),
        (_, 1) => json!({"model_in": [format!("team-{index}-*")], "tag_in": ["bulk", "night"]}),
        (_, 2) => json!({"model_in": [format!("topic-{index}")],
                         "prompt_contains_any_of": [keywords[index]]}),
        _ => json!({"model_in": [format!("part-{index}"), "parts"], "has_images": true}),
    };
    let route = |index| json!({"name": format!("route-{index}"), "when": when(index), "then": {"target_model": "model-1"}});
    (0..count).map(route).collect()
}

/// The configuration, parsed.
pub(crate) fn parsed(document: &Value) -> Config {
    config::parse(document.to_string().as_bytes()).expect("the configuration is valid")
}
