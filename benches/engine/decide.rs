//! From the facts of a request to its plan, as routes grow in number.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group};
use pointsman::config::DeploymentId;
use pointsman::lifecycle::{Read, RequestHead, Whole, whole};
use pointsman::routing::{self, Request, Services, Verdict};
use pointsman::state::{Claim, Load, Standing, Turn, World};

use super::material::{chat, document, parsed, routes};

/// Deployments that are all ready.
struct Ready;

impl World for Ready {
    fn standing(&self, _: DeploymentId, _: Claim) -> Standing {
        Standing::Ready
    }

    fn next_turn(&self, _: Turn) -> u64 {
        0
    }

    fn load(&self, _: DeploymentId) -> Load {
        Load::default()
    }
}

fn decide(criterion: &mut Criterion) {
    let headers = [(":method", "POST"), (":path", "/v1/chat/completions"), ("x-request-id", "id")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let head = RequestHead::new(headers.into_iter().collect());
    let body = chat(2_000);
    let mut group = criterion.benchmark_group("decide");
    for count in [10, 100, 10_000] {
        let config = parsed(&document(&routes(count), 10));
        let Whole::Read(read) = whole(&config, &head, &body) else { panic!("it is not judged") };
        let Read { facts, controls, .. } = &*read;
        let request = Request { config: &config, facts, controls, sample: 50.0 };
        let mut once = || routing::decide(black_box(request), Services::Unasked, &Ready, 1);
        let Verdict::Serve(decision) = once() else { panic!("it is not served") };
        assert_eq!(decision.route.map(|route| route.0), Some(count - 3), "a late route matches");
        let name = BenchmarkId::from_parameter(format!("{count} routes"));
        group.bench_function(name, |bencher| bencher.iter(&mut once));
    }
    group.finish();
}

criterion_group!(benches, decide);
