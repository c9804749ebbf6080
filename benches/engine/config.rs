//! Reading configurations, which every worker does at every update.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use pointsman::config;

use super::material::{document, routes};

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("configuration");
    group.sample_size(20);
    let many_routes = document(&routes(10_000), 10).to_string();
    let many_deployments = document(&routes(100), 1_000).to_string();
    for (name, text) in [("10000 routes", many_routes), ("1000 deployments", many_deployments)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| config::parse(black_box(text.as_bytes())).expect("it is valid"));
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
