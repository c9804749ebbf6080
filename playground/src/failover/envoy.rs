//! The host of the filters in this page: what Envoy keeps and answers, for one request at a time.
//!
//! Decides nothing, and knows nothing of routing. The clock moves only when it is told to.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use log::Level;
use pointsman::host::{Callout, Conflict, Headers, Host, Lacks, MetricKind, NotCalled, SharedData};

/// When the simulation begins, in milliseconds since the epoch.
const BEGIN_MS: u64 = 1_795_219_200_000;
/// What stands in the place of every secret.
const SECRET: &str = "the-proxy-sets-it";

/// An answer of the filter's own.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u32,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

/// What Envoy keeps of a request and of its answer, and what all filters share.
#[derive(Debug)]
pub(super) struct Envoy {
    shared: RefCell<HashMap<String, (Vec<u8>, u32)>>,
    version: Cell<u32>,
    now_ms: Cell<u64>,
    seed: u64,
    pub(super) request_headers: RefCell<Headers>,
    pub(super) request_body: RefCell<Vec<u8>>,
    pub(super) response_headers: RefCell<Headers>,
    /// The piece of the answer that is passing, or all that is held of it.
    pub(super) response_body: RefCell<Vec<u8>>,
    properties: RefCell<HashMap<String, Vec<u8>>>,
    pub(super) reply: RefCell<Option<Reply>>,
    pub(super) is_broken_off: Cell<bool>,
}

impl Envoy {
    /// Returns a host that has served nothing. Equal seeds draw equal lots.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            shared: RefCell::default(),
            version: Cell::new(0),
            now_ms: Cell::new(BEGIN_MS),
            seed,
            request_headers: RefCell::default(),
            request_body: RefCell::default(),
            response_headers: RefCell::default(),
            response_body: RefCell::default(),
            properties: RefCell::default(),
            reply: RefCell::default(),
            is_broken_off: Cell::default(),
        }
    }

    /// Returns the time, in milliseconds since the epoch.
    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    /// Lets so many milliseconds pass.
    pub(super) fn pass(&self, ms: u64) {
        self.now_ms.set(self.now_ms.get().saturating_add(ms));
    }

    /// Sets a property, or removes it.
    pub(super) fn tell(&self, path: &[&str], value: Option<&str>) {
        let mut properties = self.properties.borrow_mut();
        match value {
            Some(value) => properties.insert(path.join("."), value.as_bytes().to_vec()),
            None => properties.remove(&path.join(".")),
        };
    }

    /// Returns a property as text.
    pub(super) fn told(&self, path: &[&str]) -> Option<String> {
        self.property(path).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Returns a header of the request as text.
    pub(super) fn sent(&self, name: &str) -> Option<String> {
        let headers = self.request_headers.borrow();
        headers.first(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// Replaces all values of a header.
fn set(headers: &RefCell<Headers>, name: &str, value: Option<&[u8]>) {
    let mut headers = headers.borrow_mut();
    headers.remove(name);
    value.into_iter().for_each(|value| headers.push(name, value));
}

/// Returns a part of a body; `None` where there is nothing of it.
fn part(body: &RefCell<Vec<u8>>, start: usize, length: usize) -> Option<Vec<u8>> {
    let body = body.borrow();
    let end = start.saturating_add(length).min(body.len());
    body.get(start..end).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
}

/// Replaces the beginning of a body.
fn replace(body: &RefCell<Vec<u8>>, length: usize, with: &[u8]) {
    let mut body = body.borrow_mut();
    let length = length.min(body.len());
    body.splice(..length, with.iter().copied());
}

impl SharedData for Envoy {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.shared.borrow().get(key).cloned()
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        let mut shared = self.shared.borrow_mut();
        let known = shared.get(key).map(|(_, known)| *known);
        if known.is_some_and(|known| version != 0 && version != known) {
            return Err(Conflict);
        }
        self.version.set(self.version.get().saturating_add(1));
        shared.insert(key.to_owned(), (value.to_vec(), self.version.get()));
        Ok(())
    }
}

impl Host for Envoy {
    fn lacks(&self) -> Lacks {
        Lacks::default()
    }

    fn request_headers(&self) -> Headers {
        self.request_headers.borrow().clone()
    }

    fn set_request_header(&self, name: &str, value: Option<&[u8]>) {
        set(&self.request_headers, name, value);
    }

    fn request_trailers(&self) -> Headers {
        Headers::default()
    }

    fn remove_request_trailer(&self, _: &str) {}

    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        part(&self.request_body, start, length)
    }

    fn replace_request_body(&self, length: usize, with: &[u8]) {
        replace(&self.request_body, length, with);
    }

    fn response_headers(&self) -> Headers {
        self.response_headers.borrow().clone()
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        part(&self.response_body, start, length)
    }

    fn set_response_header(&self, name: &str, value: Option<&[u8]>) {
        set(&self.response_headers, name, value);
    }

    fn replace_response_body(&self, length: usize, with: &[u8]) {
        replace(&self.response_body, length, with);
    }

    fn append_response_body(&self, with: &[u8]) {
        self.response_body.borrow_mut().extend_from_slice(with);
    }

    // There is no service here.
    fn call(&self, _: Callout<'_>) -> Result<u32, NotCalled> {
        Err(NotCalled)
    }

    fn reply_headers(&self) -> Headers {
        Headers::default()
    }

    fn reply_body(&self, _: usize) -> Option<Vec<u8>> {
        None
    }

    fn respond(&self, status: u32, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers.iter().copied().collect();
        *self.reply.borrow_mut() = Some(Reply { status, headers, body: body.to_vec() });
    }

    // One stream is under way at a time.
    fn enter(&self, _: u32) {}

    fn resume_response(&self) {}

    fn break_off(&self) {
        self.is_broken_off.set(true);
    }

    fn clear_route_cache(&self) {}

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.properties.borrow().get(&path.join(".")).cloned()
    }

    fn set_property(&self, path: &[&str], value: &[u8]) {
        self.properties.borrow_mut().insert(path.join("."), value.to_vec());
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms())
    }

    fn random(&self) -> u64 {
        self.seed
    }

    fn environment(&self, _: &str) -> Option<String> {
        Some(SECRET.to_owned())
    }

    fn log(&self, _: Level, _: &str) {}

    fn is_logged(&self, _: Level) -> bool {
        false
    }

    fn define_metric(&self, _: MetricKind, _: &str) -> Option<u32> {
        None
    }

    fn increment(&self, _: u32, _: u64) {}

    fn record(&self, _: u32, _: u64) {}
}
