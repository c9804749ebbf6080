//! A scriptable LLM provider, which the demonstration and the end-to-end tests put upstream of
//! Envoy.
//!
//! It answers in the wire format of the request's path, records every request as it arrived, and
//! misbehaves on demand. It knows nothing about routing on purpose: it reports only what reached
//! it, so it can be the witness of what the filter did.

// A broken expectation of the mock itself should stop the test or the demonstration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answer;
mod behaviour;
mod control;
mod converse;
mod record;
mod serve;
mod socket;
mod stream;
mod tally;

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) use answer::Refusal;
pub(crate) use behaviour::Behaviour;
pub(crate) use record::Seen;
pub(crate) use tally::{Did, Tally};

/// A running provider. Dropping it stops it from accepting connections.
#[derive(Debug)]
pub(crate) struct Mock {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Mock {
    /// Starts a provider called `name` on 127.0.0.1. Port 0 means any free port.
    pub(crate) async fn start(name: &str, port: u16) -> std::io::Result<Self> {
        Self::start_on("127.0.0.1", name, port).await
    }

    /// Starts a provider on another address.
    pub(crate) async fn start_on(host: &str, name: &str, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((host, port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(name));
        let accepting = tokio::spawn(serve::accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, accepting })
    }

    /// Returns the port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns every request seen so far, in the order in which they ended.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen().clone()
    }

    /// Returns the requests that carried this header value.
    pub(crate) fn seen_with(&self, header: &str, value: &str) -> Vec<Seen> {
        let seen = self.state.seen();
        seen.iter().filter(|one| one.header(header) == Some(value)).cloned().collect()
    }

    /// Forgets the requests seen so far, but not what was done about them.
    pub(crate) fn forget(&self) {
        self.state.seen().clear();
    }

    /// Returns what was done so far.
    pub(crate) fn tally(&self) -> Tally {
        self.state.tally.lock().unwrap().clone()
    }

    /// Whether a request hangs under this key.
    pub(crate) fn is_hanging(&self, key: &str) -> bool {
        self.state.hanging.lock().unwrap().contains(key)
    }

    /// Sets the behaviour of the next `times` requests, or of all that follow.
    pub(crate) fn script(&self, behaviour: Behaviour, times: Option<u32>) {
        self.state.scripts().push_back(Script { behaviour, left: times });
    }

    /// Sets the behaviour of all requests from now on, whatever was set before.
    pub(crate) fn script_anew(&self, behaviour: Behaviour) {
        let mut scripts = self.state.scripts();
        scripts.clear();
        scripts.push_back(Script { behaviour, left: None });
    }

    /// Lets the answers that wait under this key go on.
    pub(crate) fn release(&self, key: &str) {
        self.state.release(key);
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// State that all connections of one provider share.
#[derive(Debug)]
pub(crate) struct State {
    name: String,
    seen: Mutex<Vec<Seen>>,
    tally: Mutex<Tally>,
    scripts: Mutex<VecDeque<Script>>,
    hanging: Mutex<HashSet<String>>,
    released: Mutex<HashSet<String>>,
    on_release: Notify,
}

/// A behaviour for requests that ask for none themselves.
#[derive(Debug)]
struct Script {
    behaviour: Behaviour,
    left: Option<u32>,
}

impl State {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            seen: Mutex::default(),
            tally: Mutex::default(),
            scripts: Mutex::default(),
            hanging: Mutex::default(),
            released: Mutex::default(),
            on_release: Notify::new(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    /// Counts what was done, and the tokens that were reported as used.
    fn did(&self, upstream_model: Option<&str>, did: Did, tokens: u64) {
        let key = (upstream_model.unwrap_or_default().to_owned(), did);
        let mut tally = self.tally.lock().unwrap();
        let count = tally.entry(key).or_default();
        count.times += 1;
        count.tokens += tokens;
    }

    fn scripts(&self) -> MutexGuard<'_, VecDeque<Script>> {
        self.scripts.lock().unwrap()
    }

    /// Returns the first script that applies to a request for this upstream model.
    fn scripted(&self, upstream_model: Option<&str>) -> Option<Behaviour> {
        let mut scripts = self.scripts();
        let at = scripts
            .iter()
            .position(|script| script.behaviour.concerns(&self.name, upstream_model))?;
        let script = &mut scripts[at];
        let behaviour = script.behaviour.clone();
        if let Some(left) = &mut script.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                scripts.remove(at);
            }
        }
        Some(behaviour)
    }

    fn release(&self, key: &str) {
        self.released.lock().unwrap().insert(key.to_owned());
        self.on_release.notify_waiters();
    }

    async fn released(&self, key: &str) {
        loop {
            // This is created before the check, so that a release in between is not missed.
            let next = self.on_release.notified();
            if self.released.lock().unwrap().contains(key) {
                return;
            }
            next.await;
        }
    }
}
