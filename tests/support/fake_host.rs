//! A host that behaves as Envoy was seen to behave, and drives the lifecycle without it. It has
//! held bodies, shared data with versions, and a clock that tests set and every reading moves on.
//!
//! It knows nothing of routing and decides nothing.

mod calls;
mod clock;
mod shared;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use log::Level;
use pointsman::host::{Called, Headers, Lacks, MetricKind};
use pointsman::lifecycle::{Action, Engine, Stream};

use self::clock::Clock;
pub(crate) use self::shared::Shared;
use crate::sync::Arc;

/// What the filter answered in place of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The answer to a call: status, headers and body.
pub(crate) type Answered<'a> = (u16, &'a [(&'a str, &'a str)], &'a [u8]);

/// A call to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) cluster: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) timeout: Duration,
}

/// The host of one stream, or of one worker while it is configured.
#[derive(Debug)]
pub(crate) struct FakeHost {
    pub(crate) shared: Arc<Shared>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) now_ms: Clock,
    pub(crate) seed: Cell<u64>,
    /// What every draw returns, if a test sets it.
    pub(crate) wanted_seed: Cell<Option<u64>>,
    /// What the host lacks. Only the filter acts on it: the host itself still answers every call.
    pub(crate) lacks: Cell<Lacks>,
    pub(crate) request_headers: RefCell<Headers>,
    pub(crate) request_trailers: RefCell<Headers>,
    /// Whether the head has gone on. After that Envoy answers with an error, at which the SDK
    /// panics.
    pub(crate) is_head_gone: Cell<bool>,
    /// The part of the body that is held.
    pub(crate) body: RefCell<Vec<u8>>,
    /// The part of the body that has gone upstream.
    pub(crate) passed: RefCell<Vec<u8>>,
    /// The most bytes of the body that were held at a time.
    pub(crate) most_held: Cell<usize>,
    /// How many bytes of the body were read. Bytes that were read twice count twice.
    pub(crate) bytes_read: Cell<usize>,
    /// How often shared data was read, and how often written.
    pub(crate) accesses: Cell<(u32, u32)>,
    pub(crate) response_headers: RefCell<Headers>,
    /// The piece of the answer that is passing now.
    pub(crate) response_body: RefCell<Vec<u8>>,
    /// Whether the filter holds the answer, whose body then comes as a whole each time.
    holds_answer: Cell<bool>,
    /// The stream that a tick has acted for.
    pub(crate) entered: Cell<Option<u32>>,
    /// Whether the filter has broken off the stream.
    pub(crate) is_broken_off: Cell<bool>,
    pub(crate) properties: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) reply: RefCell<Option<Reply>>,
    /// The calls that were made. The number of each is its index.
    pub(crate) calls: RefCell<Vec<Call>>,
    /// Clusters to which calls fail.
    pub(crate) uncalled: RefCell<Vec<String>>,
    /// The answer to a call, while it can be read.
    replied: RefCell<Option<(Headers, Vec<u8>)>>,
    pub(crate) log: RefCell<Vec<(Level, String)>>,
    pub(crate) metrics: RefCell<Vec<(MetricKind, String, Vec<u64>)>>,
    /// The counters that are shown although they have not counted anything.
    pub(crate) zeros: RefCell<Vec<u32>>,
}

/// A short answer to a chat.
pub(crate) const ANSWER: &[u8] =
    br#"{"choices":[{"message":{"role":"assistant","content":"Yes."},"finish_reason":"stop"}]}"#;
/// 2026-11-21, on the minute.
pub(crate) const NOW_MS: u64 = 1_795_219_200_000;

impl Default for FakeHost {
    fn default() -> Self {
        Self::sharing(&Arc::default())
    }
}

impl FakeHost {
    /// Returns a host of another worker over the same data.
    pub(crate) fn sharing(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            environment: BTreeMap::new(),
            now_ms: Clock::at(NOW_MS),
            seed: Cell::new(1),
            wanted_seed: Cell::default(),
            lacks: Cell::default(),
            request_headers: RefCell::default(),
            request_trailers: RefCell::default(),
            is_head_gone: Cell::default(),
            body: RefCell::default(),
            passed: RefCell::default(),
            most_held: Cell::default(),
            bytes_read: Cell::default(),
            accesses: Cell::default(),
            response_headers: RefCell::default(),
            response_body: RefCell::default(),
            holds_answer: Cell::new(false),
            entered: Cell::default(),
            is_broken_off: Cell::default(),
            properties: RefCell::default(),
            reply: RefCell::default(),
            calls: RefCell::default(),
            uncalled: RefCell::default(),
            replied: RefCell::default(),
            log: RefCell::default(),
            metrics: RefCell::default(),
            zeros: RefCell::default(),
        }
    }

    /// Begins a request with its headers and no body yet.
    pub(crate) fn begin(
        &self,
        engine: &Rc<Engine>,
        head: &[(&str, &str)],
        is_end: bool,
    ) -> (Stream, Action) {
        *self.request_headers.borrow_mut() = owned(head);
        self.body.borrow_mut().clear();
        self.passed.borrow_mut().clear();
        self.most_held.set(0);
        self.bytes_read.set(0);
        *self.reply.borrow_mut() = None;
        let mut stream = Stream::new(Rc::clone(engine));
        let action = self.head(&mut stream, is_end);
        (stream, action)
    }

    /// Sends the head of a request.
    pub(crate) fn head(&self, stream: &mut Stream, is_end: bool) -> Action {
        self.is_head_gone.set(false);
        let action = stream.on_request_headers(self, is_end);
        self.is_head_gone.set(action == Action::Continue);
        action
    }

    /// Sends a request through the engine, with its body in the given pieces, and holds them as
    /// Envoy does. Returns the stream for the response.
    pub(crate) fn request(
        &self,
        engine: &Rc<Engine>,
        head: &[(&str, &str)],
        pieces: &[&[u8]],
    ) -> Stream {
        let (mut stream, _) = self.begin(engine, head, pieces.is_empty());
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.iter().enumerate() {
            if self.reply.borrow().is_some() {
                break;
            }
            self.piece(&mut stream, piece, at == last);
        }
        stream
    }

    /// Sends the next piece of the body, after what is held or by itself.
    pub(crate) fn piece(&self, stream: &mut Stream, piece: &[u8], is_end: bool) -> Action {
        self.body.borrow_mut().extend_from_slice(piece);
        let held = self.body.borrow().len();
        self.most_held.set(held.max(self.most_held.get()));
        let action = stream.on_request_body(self, held, is_end);
        if action == Action::Continue {
            self.is_head_gone.set(true);
            self.passed.borrow_mut().append(&mut self.body.borrow_mut());
        }
        action
    }

    /// Ends the body with trailers.
    pub(crate) fn trailers(&self, stream: &mut Stream) -> Action {
        let action = stream.on_request_trailers(self);
        if action == Action::Continue {
            self.is_head_gone.set(true);
            self.passed.borrow_mut().append(&mut self.body.borrow_mut());
        }
        action
    }

    /// Lets a provider answer: with a short chat where the status is 200, else without a body.
    pub(crate) fn respond(&self, stream: &mut Stream, status: u16, head: &[(&str, &str)]) {
        if status == 200 {
            self.answer(stream, status, head, &[ANSWER]);
        } else {
            self.begin_answer(stream, status, head, true);
        }
    }

    /// Lets a provider answer with a body, in the given pieces.
    pub(crate) fn answer(
        &self,
        stream: &mut Stream,
        status: u16,
        head: &[(&str, &str)],
        pieces: &[&[u8]],
    ) {
        self.begin_answer(stream, status, head, false);
        for piece in pieces {
            self.answer_piece(stream, piece, false);
        }
        self.answer_piece(stream, b"", true);
    }

    /// Sends a chat or the like to that path through a router, which is to hand it over.
    pub(crate) fn post(&self, router: &Rc<Engine>, path: &str, body: &[u8]) -> Stream {
        let head = [
            (":method", "POST"),
            (":path", path),
            (":authority", "proxy.test"),
            ("content-type", "application/json"),
        ];
        self.properties.borrow_mut().clear();
        let stream = self.request(router, &head, &[body]);
        assert_eq!(self.refused(), None, "{path}");
        stream
    }

    /// Lets a provider begin its answer.
    pub(crate) fn begin_answer(
        &self,
        stream: &mut Stream,
        status: u16,
        head: &[(&str, &str)],
        is_end: bool,
    ) {
        let mut headers = owned(head);
        headers.push(":status", status.to_string().as_bytes());
        *self.response_headers.borrow_mut() = headers;
        self.properties
            .borrow_mut()
            .entry("response.code_details".to_owned())
            .or_insert_with(|| b"via_upstream".to_vec());
        let action = stream.on_response_headers(self, is_end);
        self.holds_answer.set(action == Action::Pause);
        self.response_body.borrow_mut().clear();
    }

    /// Returns whether the filter holds the answer.
    pub(crate) fn holds_answer(&self) -> bool {
        self.holds_answer.get()
    }

    /// Lets a piece of the answer pass. What is held comes again with it.
    pub(crate) fn answer_piece(&self, stream: &mut Stream, piece: &[u8], is_end: bool) {
        if !self.holds_answer.get() {
            self.response_body.borrow_mut().clear();
        }
        self.response_body.borrow_mut().extend_from_slice(piece);
        let length = self.response_body.borrow().len();
        let action = stream.on_response_body(self, length, is_end);
        self.holds_answer.set(action == Action::Pause);
    }

    /// Ends a call, with status and body or without an answer. `told` reports it to the filter.
    pub(crate) fn end_call<T>(
        &self,
        call: u32,
        answer: Option<(u16, &[u8])>,
        told: impl FnOnce(Called) -> T,
    ) -> T {
        let answer = answer.map(|(status, body)| (status, &[][..], body));
        self.end_call_with(call, answer, told)
    }

    /// Does the same with headers of the answer besides its status.
    pub(crate) fn end_call_with<T>(
        &self,
        call: u32,
        answer: Option<Answered<'_>>,
        told: impl FnOnce(Called) -> T,
    ) -> T {
        let length = answer.map_or(0, |(_, _, body)| body.len());
        let reply = answer.map(|(status, head, body)| {
            let mut headers = owned(head);
            headers.push(":status", status.to_string().as_bytes());
            (headers, body.to_vec())
        });
        let is_answered = reply.is_some();
        *self.replied.borrow_mut() = reply;
        let told = told(Called { call, is_answered, length });
        *self.replied.borrow_mut() = None;
        told
    }

    /// Ends the stream, and replaces its details if these are given.
    pub(crate) fn done(&self, mut stream: Stream, details: Option<&str>) {
        if let Some(details) = details {
            let mut properties = self.properties.borrow_mut();
            properties.insert("response.code_details".to_owned(), details.as_bytes().to_vec());
        }
        stream.on_done(self);
    }

    /// Returns a request header as it goes upstream.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        text(&self.request_headers.borrow(), name)
    }

    /// Returns a response header as it goes to the client.
    pub(crate) fn received(&self, name: &str) -> Option<String> {
        text(&self.response_headers.borrow(), name)
    }

    /// Returns the body as it goes upstream.
    pub(crate) fn sent_body(&self) -> String {
        let body = [self.passed.borrow().as_slice(), &self.body.borrow()].concat();
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Returns the status and body of the filter's own answer.
    pub(crate) fn refused(&self) -> Option<(u32, String)> {
        self.reply.borrow().as_ref().map(|reply| (reply.status, reply.body.clone()))
    }

    /// Returns the value of the counter with this full name. Definitions of the same name share it.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.recorded(name).iter().sum()
    }

    /// Returns every value that a metric was given, in order.
    pub(crate) fn recorded(&self, name: &str) -> Vec<u64> {
        let metrics = self.metrics.borrow();
        let of_name = metrics.iter().filter(|(_, known, _)| known == name);
        of_name.flat_map(|(_, _, values)| values.clone()).collect()
    }
}

fn owned(head: &[(&str, &str)]) -> Headers {
    head.iter().copied().collect()
}

fn text(headers: &Headers, name: &str) -> Option<String> {
    headers.first(name).map(|value| String::from_utf8_lossy(value).into_owned())
}
