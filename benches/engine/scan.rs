//! Reading bodies: structure alone, with token estimate, with keywords.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use pointsman::request::format::Format;
use pointsman::request::path::Entry;
use pointsman::request::scan::{Looks, Scanner, Spec};
use pointsman::request::tokens::Estimator;
use serde_json::json;

use super::material::{chat, document, keywords, parsed, picture, prose};

/// What of a body is in memory at a time, as the filter reads it.
const WINDOW: usize = 128 * 1024;

fn read(spec: &Spec, body: &[u8]) -> u64 {
    let mut scanner = Scanner::new(spec);
    for window in body.chunks(WINDOW) {
        scanner.feed(window).expect("the body is valid");
    }
    scanner.finish().expect("the body is whole").facts.body_bytes
}

fn spec(looks: Looks, keyword_count: usize) -> Spec {
    let entry = Entry::of(Format::OpenAiChat).unwrap();
    if keyword_count == 0 {
        return Spec { looks, ..Spec::of(entry) };
    }
    let when = json!({"prompt_contains_any_of": keywords(keyword_count)});
    let route = json!({"name": "words", "when": when, "then": {"target_model": "model-0"}});
    let config = parsed(&document(&[route], 2));
    Spec { keywords: Arc::clone(&config.keywords), looks, ..Spec::of(entry) }
}

fn bodies(criterion: &mut Criterion) {
    let structure = Looks::NOTHING;
    let tokens = Looks { tokens: true, ..Looks::NOTHING };
    let words = Looks { keywords: true, ..Looks::NOTHING };
    let (text, small) = (chat(600_000), chat(120));
    let mut group = criterion.benchmark_group("scan");
    let mut bench = |name: &str, body: &[u8], looks, keyword_count| {
        let spec = spec(looks, keyword_count);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| read(&spec, black_box(body)));
        });
    };
    bench("picture 900 KB", &picture(900_000), Looks::EVERYTHING, 0);
    bench("text 600 KB, structure", &text, structure, 0);
    bench("text 600 KB, tokens", &text, tokens, 0);
    for count in [10, 200, 10_000] {
        bench(&format!("text 600 KB, {count} keywords"), &text, words, count);
    }
    bench("text 600 KB, tokens and 200 keywords", &text, Looks::EVERYTHING, 200);
    bench("small 0.3 KB, structure", &small, structure, 0);
    bench("small 0.3 KB, tokens and 200 keywords", &small, Looks::EVERYTHING, 200);
    group.finish();
}

fn estimate(criterion: &mut Criterion) {
    let text = prose(300_000);
    let mut group = criterion.benchmark_group("tokens");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("prose 300 KB", |bencher| {
        bencher.iter(|| {
            let mut estimator = Estimator::default();
            estimator.feed(black_box(&text));
            estimator.finish()
        });
    });
    group.finish();
}

criterion_group!(benches, bodies, estimate);
