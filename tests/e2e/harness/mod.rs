//! What the tests share: providers, Envoy and a client.

mod ask;
mod envoy;
pub(crate) mod ledger;
pub(crate) mod load;
mod observed;
mod shared;
mod spec;
pub(crate) mod tls;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::mock::{Mock, Seen, Tally};

pub(crate) use ask::{AUTHORITY, Ask, Body, Client, Content, Reply, ask, connect};
pub(crate) use envoy::{Envoy, module, validate, validate_file, validate_text};
pub(crate) use observed::{Sample, Scrape};
pub(crate) use spec::Spec;

/// The providers of every group. Each is also a cluster; `site` is the default one.
const PROVIDERS: [&str; 4] = ["alpha", "beta", "gamma", "site"];

/// Nothing here takes this long unless it hangs.
const HANGS: Duration = Duration::from_secs(120);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});

/// Runs a future to its end. A future that hangs fails the test.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async { tokio::time::timeout(HANGS, future).await.expect("the future hangs") })
}

/// Returns a name that no other case of this run has.
pub(crate) fn fresh(what: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{what}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An Envoy with its providers, shared by the tests of a topic.
#[derive(Debug)]
pub(crate) struct Group {
    envoy: Envoy,
    mocks: BTreeMap<&'static str, Mock>,
}

impl Group {
    /// Starts the providers and an Envoy that is configured with `spec`.
    pub(crate) fn start(spec: &Spec) -> Self {
        // The start blocks, so it has its own thread: a future may be the first to use a shared
        // group.
        std::thread::scope(|scope| scope.spawn(|| Self::start_blocking(spec)).join().unwrap())
    }

    fn start_blocking(spec: &Spec) -> Self {
        let mut mocks = BTreeMap::new();
        for name in PROVIDERS {
            mocks.insert(name, run(Mock::start(name, 0)).unwrap());
        }
        let ports = mocks.iter().map(|(name, mock)| (*name, mock.port())).collect();
        Self { envoy: Envoy::start(spec, &ports), mocks }
    }

    /// Does the same with providers that already run, and Envoy's configuration as text.
    pub(crate) fn of(
        mocks: BTreeMap<&'static str, Mock>,
        text: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        Self { envoy: Envoy::start_text(text, variables), mocks }
    }

    /// Returns the listener's port.
    pub(crate) fn port(&self) -> u16 {
        self.envoy.listener_port()
    }

    /// Returns the Envoy.
    pub(crate) fn envoy(&self) -> &Envoy {
        &self.envoy
    }

    /// Returns one of the providers.
    pub(crate) fn mock(&self, name: &str) -> &Mock {
        &self.mocks[name]
    }

    /// Returns what all providers have done so far.
    pub(crate) fn tally(&self) -> Tally {
        self.mocks.values().flat_map(Mock::tally).collect()
    }

    /// Forgets the requests that providers have seen, but not what they did.
    pub(crate) fn forget(&self) {
        self.mocks.values().for_each(Mock::forget);
    }

    /// Returns the requests of this case that reached a provider, as (provider, request).
    pub(crate) fn seen(&self, case: &str) -> Vec<(&'static str, Seen)> {
        let of_one = |(name, mock): (&&'static str, &Mock)| {
            let name = *name;
            mock.seen_with("x-case", case).into_iter().map(move |seen| (name, seen)).collect()
        };
        self.mocks.iter().flat_map::<Vec<_>, _>(of_one).collect()
    }

    /// Fails if a request has ended a virtual machine since Envoy started.
    #[track_caller]
    pub(crate) fn assert_no_trap(&self) {
        let log = self.envoy.log();
        let traps = ["panicked", "wasm trap", "Uncaught", "Wasm VM failed", "Function: proxy_"];
        let lines: Vec<_> =
            log.lines().filter(|line| traps.iter().any(|trap| line.contains(trap))).collect();
        assert!(lines.is_empty(), "the module trapped: {lines:#?}");
    }

    /// Fails unless an ordinary request is served, most likely on every worker.
    pub(crate) fn assert_serves(&self, model: &str) {
        for _ in 0..16 {
            ask(self).model(model).send().served_by_one();
        }
        self.assert_no_trap();
    }
}

/// Returns a chat request with one user message.
pub(crate) fn chat(model: &str, content: impl Into<Value>) -> Value {
    serde_json::json!({"model": model, "messages": [{"role": "user", "content": content.into()}]})
}
