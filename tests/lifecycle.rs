//! The router role on a fake host: what goes upstream, what comes back, and what workers share.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "lifecycle/admin.rs"]
mod admin;
#[path = "lifecycle/attempt.rs"]
mod attempt;
#[path = "lifecycle/beginning.rs"]
mod beginning;
#[path = "lifecycle/blame.rs"]
mod blame;
#[path = "lifecycle/bounds.rs"]
mod bounds;
#[path = "lifecycle/budget.rs"]
mod budget;
#[path = "lifecycle/callout.rs"]
mod callout;
#[path = "lifecycle/carried.rs"]
mod carried;
#[path = "lifecycle/collected.rs"]
mod collected;
#[path = "lifecycle/commit.rs"]
mod commit;
#[path = "lifecycle/custom.rs"]
mod custom;
#[path = "lifecycle/cut.rs"]
mod cut;
#[path = "lifecycle/deeper.rs"]
mod deeper;
#[path = "lifecycle/duration.rs"]
mod duration;
#[path = "lifecycle/early.rs"]
mod early;
#[path = "lifecycle/ended.rs"]
mod ended;
#[path = "lifecycle/evidence.rs"]
mod evidence;
#[path = "lifecycle/explain.rs"]
mod explain;
#[path = "lifecycle/failover.rs"]
mod failover;
#[path = "support/fake_host.rs"]
mod fake_host;
#[path = "lifecycle/forged.rs"]
mod forged;
#[path = "support/frames.rs"]
mod frames;
#[path = "lifecycle/hold.rs"]
mod hold;
#[path = "lifecycle/hostile.rs"]
mod hostile;
#[path = "lifecycle/hostless.rs"]
mod hostless;
#[path = "lifecycle/lacks.rs"]
mod lacks;
#[path = "lifecycle/limit.rs"]
mod limit;
#[path = "lifecycle/live.rs"]
mod live;
#[path = "lifecycle/metrics.rs"]
mod metrics;
#[path = "lifecycle/named.rs"]
mod named;
#[path = "lifecycle/operate.rs"]
mod operate;
#[path = "lifecycle/parts.rs"]
mod parts;
#[path = "lifecycle/request.rs"]
mod request;
#[path = "lifecycle/roles.rs"]
mod roles;
#[path = "cases/row.rs"]
mod row;
#[path = "lifecycle/session.rs"]
mod session;
#[path = "lifecycle/shadow.rs"]
mod shadow;
#[path = "lifecycle/signed.rs"]
mod signed;
#[path = "lifecycle/source.rs"]
mod source;
#[path = "lifecycle/state.rs"]
mod state;
#[path = "lifecycle/states.rs"]
mod states;
#[path = "support/streams.rs"]
mod streams;
#[path = "lifecycle/strip.rs"]
mod strip;
#[path = "lifecycle/tables.rs"]
mod tables;
#[path = "lifecycle/tenants.rs"]
mod tenants;
#[path = "lifecycle/timeouts.rs"]
mod timeouts;
#[path = "lifecycle/translated.rs"]
mod translated;
#[path = "lifecycle/translated_ops.rs"]
mod translated_ops;
#[path = "lifecycle/unnamed.rs"]
mod unnamed;
#[path = "lifecycle/version.rs"]
mod version;

/// The lock of shared data.
mod sync {
    pub(crate) use std::sync::{Arc, Mutex};
}

use std::rc::Rc;

use fake_host::FakeHost;
use pointsman::lifecycle::{Engine, Worker};
use serde_json::{Value, json};

/// Two providers, one of them with a credential of the proxy, and a model at each.
fn document() -> Value {
    json!({
        "providers": {
            "own": {"cluster": "own-cluster", "authority": "api.own.test", "path_prefix": "/own",
                    "credential": {"env": "OWN_KEY"}, "headers": {"X-Org": "acme"}, "remove_headers": ["x-trace"]},
            "open": {"cluster": "open-cluster"}
        },
        "deployments": {
            "own": {"provider": "own", "model": "own-model"},
            "open": {"provider": "open", "model": "open-model"},
            "open2": {"provider": "open", "model": "open-model-2"}
        },
        "models": {
            "own": {"candidates": ["own"]},
            "open": {"candidates": ["open"]},
            "turns": {"strategy": "round_robin", "candidates": ["own", "open", "open2"]},
            "pair": {"candidates": ["open", "open2"]}
        },
        "default_cluster": "default-cluster"
    })
}

fn host() -> FakeHost {
    let mut host = FakeHost::default();
    host.environment.insert("OWN_KEY".to_owned(), "sk-own".to_owned());
    host
}

fn engine(host: &FakeHost, document: &Value) -> Rc<Engine> {
    Rc::new(Engine::start(host, document.to_string().as_bytes()).unwrap_or_else(|p| panic!("{p}")))
}

fn worker(host: &FakeHost, document: &Value) -> Worker {
    Worker::start(host, document.to_string().as_bytes()).unwrap_or_else(|p| panic!("{p}"))
}

/// Returns the head of a chat request with further headers.
fn head<'a>(further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut head = vec![
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        (":authority", "proxy.test"),
        ("content-type", "application/json"),
    ];
    head.extend_from_slice(further);
    head
}
