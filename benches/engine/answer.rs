//! Reading answers: long texts, streams of many events, lists of numbers.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use serde_json::json;

use super::material::{numbers, prose};

/// What of a body Envoy hands over at a time.
const CHUNK: usize = 16 * 1024;

fn read(content_type: &str, body: &[u8]) -> Told {
    let mut reader =
        BodyReader::new(Format::OpenAiChat, 200, Some(content_type), None).expect("it is read");
    body.chunks(CHUNK).for_each(|chunk| reader.feed(chunk));
    reader.finish()
}

fn chat(text: &str) -> Vec<u8> {
    let message = json!({"role": "assistant", "content": text});
    let answer = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17}});
    answer.to_string().into_bytes()
}

/// A stream of so many events, a few letters in each, as OpenAI and Anthropic write them.
fn stream(events: usize, is_openai: bool) -> Vec<u8> {
    let text = prose(events * 4);
    let letters: Vec<char> = text.chars().filter(|char| char.is_alphanumeric()).collect();
    let mut stream = String::new();
    for event in 0..events {
        let word: String = letters.iter().cycle().skip(event % 1000 * 4).take(4).collect();
        if is_openai {
            let delta = json!({"index": 0, "delta": {"content": word}, "logprobs": null,
                               "finish_reason": null});
            let chunk = json!({"id": "chatcmpl-CfX9", "object": "chat.completion.chunk",
                               "created": 1_772_532_700, "model": "gpt-4o-mini-2024-07-18",
                               "service_tier": "default", "system_fingerprint": "fp_560af6e559",
                               "choices": [delta], "usage": null, "obfuscation": "aB3xQ"});
            let _ = write!(stream, "data: {chunk}\n\n");
        } else {
            let delta = json!({"type": "content_block_delta", "index": 0,
                               "delta": {"type": "text_delta", "text": word}});
            let _ = write!(stream, "event: content_block_delta\ndata: {delta}\n\n");
        }
    }
    stream.into_bytes()
}

fn embeddings(length: usize) -> Vec<u8> {
    let mut list = String::new();
    for number in numbers(4) {
        if list.len() >= length {
            break;
        }
        let _ =
            write!(list, "{}0.0{},", if number % 2 == 0 { "-" } else { "" }, number % 100_000_000);
    }
    let end = r#"0],"index":0}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    format!(r#"{{"object":"list","data":[{{"object":"embedding","embedding":[{list}{end}"#)
        .into_bytes()
}

fn bodies(criterion: &mut Criterion) {
    const MIB: usize = 1 << 20;
    let plain: String = prose(MIB).chars().filter(|char| !"\"\n".contains(*char)).collect();
    let (json, events) = ("application/json", "text/event-stream");
    let mut group = criterion.benchmark_group("answer");
    let mut bench = |name: &str, content_type: &str, body: &[u8]| {
        assert_ne!(read(content_type, body), Told::default(), "{name}");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| read(content_type, black_box(body)));
        });
    };
    bench("chat 1 MiB, no escapes", json, &chat(&plain));
    bench("chat 1 MiB, prose", json, &chat(&prose(MIB)));
    bench("embeddings 1 MiB", json, &embeddings(MIB));
    bench("openai stream, 10000 events", events, &stream(10_000, true));
    bench("anthropic stream, 10000 events", events, &stream(10_000, false));
    group.finish();
}

criterion_group!(benches, bodies);
