//! A host that costs almost nothing itself, and counts what a request asks of it.
//!
//! The filter and the SDK also work inside the module for each call: they serialize paths, and copy
//! and split headers. The host does that work too, and counts it as the module's. What a proxy does
//! on its own side goes through [`outside`] and is not counted.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use log::Level;
use pointsman::host::{Callout, Conflict, Headers, Host, Lacks, MetricKind, NotCalled, SharedData};

use crate::allocator;
use crate::calls::{Counts, Kind};

/// Microseconds since the epoch at which everything starts.
const START_US: u64 = 1_700_000_000_000_000;
/// How far each reading moves the clock, in microseconds.
const STEP_US: u64 = 20;

/// Runs what the proxy does on its side of a call, without counting it. Calls must not nest,
/// because `make bench-count` stops and starts counting at this function's name.
#[inline(never)]
pub(crate) fn outside<T>(run: impl FnOnce() -> T) -> T {
    let was_counting = allocator::set_counting(false);
    let result = run();
    allocator::set_counting(was_counting);
    result
}

/// Headers, and the form in which a proxy hands them to the module.
#[derive(Default)]
struct HeaderMap {
    headers: Vec<(String, Vec<u8>)>,
    serialized: Vec<u8>,
}

impl HeaderMap {
    fn new(headers: Vec<(String, Vec<u8>)>) -> Self {
        let serialized = serialize(&headers);
        Self { headers, serialized }
    }

    fn set(&mut self, name: &str, value: Option<&[u8]>) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_vec())));
        self.serialized = serialize(&self.headers);
    }
}

/// As much of a proxy as a series of requests needs.
pub(crate) struct CountingHost {
    request: RefCell<HeaderMap>,
    response: RefCell<HeaderMap>,
    pub(crate) request_body: RefCell<Vec<u8>>,
    pub(crate) response_body: RefCell<Vec<u8>>,
    properties: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    version: Cell<u32>,
    metrics: Cell<u32>,
    now_us: Cell<u64>,
    seed: Cell<u64>,
    /// What the module answered itself.
    pub(crate) refused: RefCell<Option<(u32, String)>>,
    counts: Cell<Counts>,
}

impl CountingHost {
    pub(crate) fn new() -> Self {
        Self {
            request: RefCell::default(),
            response: RefCell::default(),
            request_body: RefCell::default(),
            response_body: RefCell::default(),
            properties: RefCell::default(),
            shared: RefCell::default(),
            version: Cell::new(0),
            metrics: Cell::new(0),
            now_us: Cell::new(START_US),
            seed: Cell::new(1),
            refused: RefCell::default(),
            counts: Cell::default(),
        }
    }

    /// Forgets the last request. The next one has these headers and comes after this time.
    pub(crate) fn begin(&self, headers: &[(String, String)], later: Duration) {
        *self.request.borrow_mut() = HeaderMap::new(owned(headers));
        self.request_body.borrow_mut().clear();
        self.properties.borrow_mut().clear();
        *self.refused.borrow_mut() = None;
        let later_us = u64::try_from(later.as_micros()).unwrap();
        self.now_us.set(self.now_us.get() + later_us);
        self.counts.set(Counts::default());
    }

    /// Begins a provider's answer with these headers.
    pub(crate) fn answer(&self, headers: &[(String, String)]) {
        *self.response.borrow_mut() = HeaderMap::new(owned(headers));
        self.response_body.borrow_mut().clear();
        self.set(&["response", "code_details"], b"via_upstream");
    }

    /// Sets a property, as a proxy or another filter does.
    pub(crate) fn set(&self, path: &[&str], value: &[u8]) {
        self.properties.borrow_mut().insert(path_key(path), value.to_vec());
    }

    /// Returns a header of the request as it goes upstream.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        text(&self.request.borrow(), name)
    }

    /// Returns a header of the answer as it goes on.
    pub(crate) fn received(&self, name: &str) -> Option<String> {
        text(&self.response.borrow(), name)
    }

    /// Returns what has been counted since the request began.
    pub(crate) fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Counts an entry into the module.
    pub(crate) fn enter(&self) {
        self.update(|counts| counts.entries += 1);
    }

    fn update(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    /// Does the proxy's side of a call.
    fn ask<T>(&self, kind: Kind, answer: impl FnOnce() -> T) -> T {
        outside(|| {
            self.update(|counts| counts.add(kind));
            answer()
        })
    }

    /// Does the proxy's side of a call that returns data, which the module then copies.
    fn ask_data<T>(&self, kind: Kind, answer: impl FnOnce() -> Option<T>) -> Option<T> {
        self.ask(kind, || {
            let data = answer();
            self.update(|counts| counts.returns += u64::from(data.is_some()));
            data
        })
    }

    fn read_headers(&self, from: &RefCell<HeaderMap>) -> Headers {
        let map = from.borrow();
        let serialized = self.ask_data(Kind::HeadersRead, || Some(map.serialized.as_slice()));
        // The SDK frees what the proxy wrote after it has split it.
        Headers::read(serialized.unwrap_or_default().to_vec())
    }

    fn read_body(&self, from: &RefCell<Vec<u8>>, start: usize, length: usize) -> Option<Vec<u8>> {
        let body = from.borrow();
        let found = self.ask_data(Kind::BodyRead, || {
            let end = start.saturating_add(length).min(body.len());
            body.get(start..end).filter(|bytes| !bytes.is_empty())
        });
        found.map(<[u8]>::to_vec)
    }

    fn replace(&self, body: &RefCell<Vec<u8>>, length: usize, with: &[u8]) {
        self.ask(Kind::BodySet, || {
            let mut body = body.borrow_mut();
            let length = length.min(body.len());
            body.splice(..length, with.iter().copied());
        });
    }
}

impl SharedData for CountingHost {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let shared = self.shared.borrow();
        let found = self.ask_data(Kind::SharedRead, || shared.get(key));
        found.map(|(value, version)| (value.clone(), *version))
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        self.ask(Kind::SharedSet, || {
            let mut shared = self.shared.borrow_mut();
            let known = shared.get(key).map(|(_, version)| *version);
            if known.is_some_and(|known| version != 0 && version != known) {
                return Err(Conflict);
            }
            self.version.set(self.version.get() + 1);
            shared.insert(key.to_owned(), (value.to_vec(), self.version.get()));
            Ok(())
        })
    }
}

impl Host for CountingHost {
    fn lacks(&self) -> Lacks {
        Lacks::default()
    }

    fn request_headers(&self) -> Headers {
        self.read_headers(&self.request)
    }

    fn set_request_header(&self, name: &str, value: Option<&[u8]>) {
        self.ask(Kind::HeaderSet, || self.request.borrow_mut().set(name, value));
    }

    fn request_trailers(&self) -> Headers {
        Headers::default()
    }

    fn remove_request_trailer(&self, _: &str) {}

    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        self.read_body(&self.request_body, start, length)
    }

    fn replace_request_body(&self, length: usize, with: &[u8]) {
        self.replace(&self.request_body, length, with);
    }

    fn response_headers(&self) -> Headers {
        self.read_headers(&self.response)
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        self.read_body(&self.response_body, start, length)
    }

    fn set_response_header(&self, name: &str, value: Option<&[u8]>) {
        self.ask(Kind::HeaderSet, || self.response.borrow_mut().set(name, value));
    }

    fn replace_response_body(&self, length: usize, with: &[u8]) {
        self.replace(&self.response_body, length, with);
    }

    fn append_response_body(&self, with: &[u8]) {
        self.ask(Kind::BodySet, || self.response_body.borrow_mut().extend_from_slice(with));
    }

    fn call(&self, _: Callout<'_>) -> Result<u32, NotCalled> {
        self.ask(Kind::Other, || Err(NotCalled))
    }

    fn reply_headers(&self) -> Headers {
        Headers::default()
    }

    fn reply_body(&self, _: usize) -> Option<Vec<u8>> {
        None
    }

    fn respond(&self, status: u32, _: &[(&str, &str)], body: &[u8]) {
        self.ask(Kind::Other, || {
            let body = String::from_utf8_lossy(body).into_owned();
            *self.refused.borrow_mut() = Some((status, body));
        });
    }

    fn enter(&self, _: u32) {
        self.ask(Kind::Other, || ());
    }

    fn resume_response(&self) {
        self.ask(Kind::Other, || ());
    }

    fn break_off(&self) {
        self.ask(Kind::Other, || ());
    }

    fn clear_route_cache(&self) {
        self.ask(Kind::RouteCleared, || ());
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let key = path_key(path);
        let properties = self.properties.borrow();
        self.ask_data(Kind::PropertyRead, || properties.get(&key)).cloned()
    }

    fn set_property(&self, path: &[&str], value: &[u8]) {
        let key = path_key(path);
        self.ask(Kind::PropertySet, || {
            self.properties.borrow_mut().insert(key.clone(), value.to_vec());
        });
    }

    fn now(&self) -> Duration {
        self.ask(Kind::Clock, || {
            self.now_us.set(self.now_us.get() + STEP_US);
            Duration::from_micros(self.now_us.get())
        })
    }

    fn random(&self) -> u64 {
        // This is not a call: the module draws by itself.
        let next = self.seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.seed.set(next);
        next
    }

    fn environment(&self, _: &str) -> Option<String> {
        None
    }

    fn log(&self, level: Level, message: &str) {
        self.ask(Kind::Log, || assert!(level > Level::Warn, "{message}"));
    }

    fn is_logged(&self, level: Level) -> bool {
        // This is not a call either: the module asks at its ticks.
        level <= Level::Info
    }

    fn define_metric(&self, _: MetricKind, _: &str) -> Option<u32> {
        self.ask(Kind::MetricDefined, || {
            self.metrics.set(self.metrics.get() + 1);
            Some(self.metrics.get())
        })
    }

    fn increment(&self, counter: u32, by: u64) {
        self.ask(Kind::Metric, || black_box((counter, by)));
    }

    fn record(&self, metric: u32, value: u64) {
        self.ask(Kind::Metric, || black_box((metric, value)));
    }
}

fn owned(headers: &[(String, String)]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.clone(), value.as_bytes().to_vec())).collect()
}

fn text(map: &HeaderMap, name: &str) -> Option<String> {
    let found = map.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Returns a property's path as the SDK writes it: parts with zeros between them.
fn path_key(path: &[&str]) -> Vec<u8> {
    let parts = path.to_vec();
    let mut key = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in &parts {
        key.extend_from_slice(part.as_bytes());
        key.push(0);
    }
    key.pop();
    key
}

/// Returns headers as a proxy hands them over: their count, all lengths, then the texts,
/// each with a zero after it.
fn serialize(headers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = number(headers.len()).to_vec();
    for (name, value) in headers {
        bytes.extend_from_slice(&number(name.len()));
        bytes.extend_from_slice(&number(value.len()));
    }
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    bytes
}
