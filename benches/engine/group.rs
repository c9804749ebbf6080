//! From the facts of a request to its plan, as a model's candidates grow in number.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use pointsman::config::{Config, DeploymentId};
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::routing::{self, Request, Services, Verdict};
use pointsman::state::{Claim, Load, Standing, Turn, World};
use serde_json::{Value, json};

use super::material::parsed;

const STRATEGIES: [&str; 11] = [
    "ordered_fallback",
    "priority_based",
    "weighted",
    "round_robin",
    "least_busy",
    "latency_based",
    "usage_based",
    "rate_limit_aware",
    "cost_based",
    "rules",
    "sticky",
];

/// Deployments that are all ready, each with something to do.
struct Busy(u64);

impl World for Busy {
    fn standing(&self, _: DeploymentId, _: Claim) -> Standing {
        Standing::Ready
    }

    fn load(&self, deployment: DeploymentId) -> Load {
        let number = u32::try_from(deployment.0).unwrap() % 7;
        Load { in_flight: number, latency_ms: Some(number.into()), ..Load::default() }
    }

    fn next_turn(&self, _: Turn) -> u64 {
        self.0
    }
}

/// A model of so many candidates, of 20 upstream models with a price each; a quarter of
/// their rules hold.
fn config(strategy: &str, count: usize) -> Config {
    let price = |index: usize| f64::from(u32::try_from(index % 20).unwrap()) + 0.5;
    let name = |index: usize| format!("deployment-{index}");
    let deployments: serde_json::Map<_, _> = (0..count)
        .map(|index| {
            let facts = json!({"input_usd_per_million": price(index), "output_usd_per_million": 4.0});
            let deployment = json!({"provider": "north", "model": format!("up-{}", index % 20),
                                    "weight": index % 9 + 1, "priority": index % 5, "facts": facts});
            (name(index), deployment)
        })
        .collect();
    let candidate = |index: usize| {
        let mut candidate = json!({"deployment": name(index)});
        if strategy == "rules" {
            let tier = ["fast", "slow", "free", "none"][index % 4];
            candidate["rules"] = json!([{"if": {"tier": tier}}]);
        }
        candidate
    };
    let candidates: Vec<Value> = (0..count).map(candidate).collect();
    let model = json!({"strategy": strategy, "candidates": candidates});
    parsed(&json!({"providers": {"north": {"cluster": "upstream"}}, "deployments": deployments,
                   "models": {"m": model}, "default_cluster": "d"}))
}

fn decide(criterion: &mut Criterion) {
    let headers = [(":method", "POST"), (":path", "/v1/chat/completions")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let head = RequestHead::new(headers.into_iter().collect());
    let body = json!({"model": "m", "user": "someone", "metadata": {"tier": "none"},
                      "messages": [{"role": "user", "content": "How are you?"}]});
    let mut group = criterion.benchmark_group("group");
    for strategy in STRATEGIES {
        for count in [16, 1000] {
            let config = config(strategy, count);
            let Whole::Read(read) = whole(&config, &head, body.to_string().as_bytes()) else {
                panic!("it is not judged")
            };
            let (facts, controls) = (&read.facts, &read.controls);
            let request = Request { config: &config, facts, controls, sample: 50.0 };
            let mut seed = 0;
            let mut once = || {
                seed += 1;
                routing::decide(black_box(request), Services::Unasked, &Busy(seed), seed)
            };
            assert!(matches!(once(), Verdict::Serve(_)), "{strategy}: it is served");
            let name = BenchmarkId::new(strategy, count);
            group.bench_function(name, |bencher| bencher.iter(&mut once));
        }
    }
    group.finish();
}

criterion_group!(benches, decide);
