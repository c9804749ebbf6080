//! What response bodies show: tokens, failures, and how long to wait.
//!
//! `tests/wire/responses` holds answers in the shapes that providers document, each with what the
//! provider means by it.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "wire/answers.rs"]
mod answers;
#[path = "responses/bodies.rs"]
mod bodies;
#[path = "responses/cut.rs"]
mod cut;
#[path = "responses/ends.rs"]
mod ends;
#[path = "responses/failures.rs"]
mod failures;
#[path = "support/frames.rs"]
mod frames;
#[path = "responses/healthy.rs"]
mod healthy;
#[path = "responses/properties.rs"]
mod properties;
#[expect(dead_code, reason = "the lifecycle tests use more of it")]
#[path = "support/streams.rs"]
mod streams;

use answers::{Answer, answers};
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::kind::ErrorKind;
use pointsman::response::usage::{CacheUse, Usage};

/// Answers of which something else is told than `expect` says, and why.
const DEVIATIONS: [(&str, &str); 5] = [
    ("anthropic_count_tokens", "counted on demand: no token went through the model"),
    ("gemini_count_tokens", "counted on demand: no token went through the model"),
    ("gemini_400_precondition_billing", "where the account may be used from, not its credential"),
    ("openai_403_country", "where the account may be used from, not its credential"),
    ("openai_429_request_too_large_tpm", "more than the limit by itself: a client's own doing"),
];

fn kind(text: &str) -> ErrorKind {
    match text {
        "context_length" => ErrorKind::ContextWindow,
        "invalid_request" => ErrorKind::Other,
        "auth" => ErrorKind::Credential,
        "permission" => ErrorKind::Permission,
        "not_found" => ErrorKind::ModelNotFound,
        "quota" => ErrorKind::Quota,
        "rate_limit" => ErrorKind::RateLimit,
        "overloaded" => ErrorKind::Overloaded,
        "server" => ErrorKind::Server,
        "timeout" => ErrorKind::Timeout,
        "content_filter" => ErrorKind::ContentPolicy,
        "too_large" => ErrorKind::TooLarge,
        _ => panic!("{text}"),
    }
}

/// Returns what the fixture says, in this project's terms.
fn wanted(answer: &Answer) -> (Usage, Option<ErrorKind>, Option<u64>) {
    let count = |name: &str| answer.expect[name].as_u64();
    let has = |provider: &str| answer.name.starts_with(provider);
    let sum = |base: &str, parts: &[&str]| {
        Some(count(base)? + parts.iter().filter_map(|part| count(part)).sum::<u64>())
    };
    // Cached tokens count against a limit, and so do thoughts. Elsewhere the main count includes
    // them.
    let caches: &[_] =
        if has("anthropic") { &["cache_read_tokens", "cache_write_tokens"] } else { &[] };
    let thoughts: &[_] = if has("gemini") { &["reasoning_tokens"] } else { &[] };
    let usage = Usage {
        input_tokens: sum("input_tokens", caches),
        output_tokens: sum("output_tokens", thoughts),
        reasoning_tokens: count("reasoning_tokens").unwrap_or(0),
        cache: CacheUse {
            read: count("cache_read_tokens").unwrap_or(0),
            written: count("cache_write_tokens").unwrap_or(0),
            written_for_hour: count("cache_write_1h_tokens").unwrap_or(0),
        },
    };
    // Waiting times in headers are read elsewhere.
    let in_headers =
        ["retry-after", "retry-after-ms"].iter().any(|name| answer.header(name).is_some());
    let wait = if in_headers { None } else { count("retry_after_ms") };
    (usage, answer.expect["error_kind"].as_str().map(kind), wait)
}

fn facts(told: Told) -> (Usage, Option<ErrorKind>, Option<u64>) {
    // The fixtures make no difference between what is wrong with a request.
    let kind = told.error.map(|failure| match failure.kind {
        ErrorKind::Request | ErrorKind::File | ErrorKind::State => ErrorKind::Other,
        kind => kind,
    });
    (told.usage, kind, told.retry_after_ms)
}

#[test]
fn documented_answers_give_their_usage_failure_and_wait() {
    let mut read = 0;
    for answer in answers() {
        let Some(told) = answer.told([&answer.body[..]]) else { continue };
        read += 1;
        let deviates = DEVIATIONS.iter().any(|(name, _)| *name == answer.name);
        assert_eq!(facts(told) != wanted(&answer), deviates, "{}: {told:?}", answer.name);
    }
    assert!(read >= 130, "{read}");
}

#[test]
fn every_listed_deviation_still_deviates() {
    let told = |name: &str| {
        let answer = answers().into_iter().find(|answer| answer.name == name).unwrap();
        answer.told([&answer.body[..]]).unwrap()
    };
    let kind_of = |name: &str| told(name).error.map(|failure| failure.kind);
    for counted in ["anthropic_count_tokens", "gemini_count_tokens"] {
        assert_eq!(told(counted).usage, Usage::default());
    }
    assert_eq!(kind_of("openai_429_request_too_large_tpm"), Some(ErrorKind::TooLarge));
}

#[test]
fn an_unreadable_body_is_known_by_its_headers_and_its_failure_by_the_status() {
    for answer in answers() {
        let is_compressed = answer.header("content-encoding").is_some();
        let content_type = answer.header("content-type").unwrap();
        let is_known = ["json", "event-stream"].iter().any(|part| content_type.contains(part));
        assert_eq!(answer.reader().is_none(), is_compressed || !is_known, "{}", answer.name);
        if answer.reader().is_none() {
            let kind = ErrorKind::of_status(answer.status);
            assert_eq!(kind, wanted(&answer).1, "{}", answer.name);
        }
    }
}

#[test]
fn a_small_answer_reads_the_same_however_it_is_cut() {
    for answer in answers() {
        let Some(whole) = answer.told([&answer.body[..]]) else { continue };
        // The property tests cover larger ones.
        let is_small = answer.body.len() <= 1000;
        for at in (0..=answer.body.len()).filter(|_| is_small) {
            let (head, tail) = answer.body.split_at(at);
            assert_eq!(answer.told([head, tail]), Some(whole), "{} cut at {at}", answer.name);
        }
        for size in [1, 2, 3, 7, 31, 32, 33] {
            let told = answer.told(answer.body.chunks(size));
            assert_eq!(told, Some(whole), "{} in {size}s", answer.name);
        }
    }
}

#[test]
fn a_reader_is_small_and_owns_no_memory_but_its_own() {
    assert!(size_of::<BodyReader>() <= 768, "{}", size_of::<BodyReader>());
    // A reader that owned memory elsewhere would have to be dropped.
    assert!(!std::mem::needs_drop::<BodyReader>());
}
