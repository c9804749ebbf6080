//! A scriptable LLM provider: what the demonstration and the end-to-end tests
//! put behind Envoy.
//!
//! It answers in the wire format of the path it is asked on, records every
//! request as it arrived, and misbehaves on demand. It refuses to know
//! anything about routing: what it reports is what reached it, so it can be
//! the witness of what the filter did.

// A broken expectation of the mock itself should stop the test or the demonstration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answer;
mod behaviour;
mod control;
mod record;
mod serve;
mod stream;

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) use behaviour::Behaviour;
pub(crate) use record::Seen;

/// A running provider; dropping it stops accepting.
#[derive(Debug)]
pub(crate) struct Mock {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Mock {
    /// Starts a provider called `name` on 127.0.0.1; port 0 is any free one.
    pub(crate) async fn start(name: &str, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(name));
        let accepting = tokio::spawn(serve::accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, accepting })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request seen so far, in order of arrival of their ends.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen().clone()
    }

    /// The requests that carried this header value.
    pub(crate) fn seen_with(&self, header: &str, value: &str) -> Vec<Seen> {
        let seen = self.state.seen();
        seen.iter().filter(|one| one.header(header) == Some(value)).cloned().collect()
    }

    /// Sets the behaviour of the next `times` requests, or of all that follow.
    pub(crate) fn script(&self, behaviour: Behaviour, times: Option<u32>) {
        self.state.scripts().push_back(Script { behaviour, left: times });
    }

    /// Lets answers that wait under this key go on.
    pub(crate) fn release(&self, key: &str) {
        self.state.release(key);
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What all connections of one provider share.
#[derive(Debug)]
pub(crate) struct State {
    name: String,
    seen: Mutex<Vec<Seen>>,
    scripts: Mutex<VecDeque<Script>>,
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
            scripts: Mutex::default(),
            released: Mutex::default(),
            on_release: Notify::new(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    fn scripts(&self) -> MutexGuard<'_, VecDeque<Script>> {
        self.scripts.lock().unwrap()
    }

    /// The first script that concerns a request for this upstream model.
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
            // Made before the check, so that a release in between is not missed.
            let next = self.on_release.notified();
            if self.released.lock().unwrap().contains(key) {
                return;
            }
            next.await;
        }
    }
}
