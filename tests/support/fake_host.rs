//! A host that behaves as Envoy was seen to behave, for driving the lifecycle
//! without it: held bodies, shared data with versions, a clock that is set and moves on as
//! it is read.
//!
//! Knows nothing of routing; decides nothing.

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

/// What was answered instead of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// An answer to a call: status, headers and body.
pub(crate) type Answered<'a> = (u16, &'a [(&'a str, &'a str)], &'a [u8]);

/// A call to a service, as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) cluster: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) timeout: Duration,
}

/// One stream's host, or one worker's at configuration time.
#[derive(Debug)]
pub(crate) struct FakeHost {
    pub(crate) shared: Arc<Shared>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) now_ms: Clock,
    pub(crate) seed: Cell<u64>,
    /// What every draw gives, where a test says so.
    pub(crate) wanted_seed: Cell<Option<u64>>,
    /// What it lacks: without it, what is asked of that is as Envoy's host does it.
    pub(crate) lacks: Cell<Lacks>,
    pub(crate) request_headers: RefCell<Headers>,
    /// Whether the head has gone on: the SDK panics at what Envoy then answers.
    pub(crate) is_head_gone: Cell<bool>,
    /// What is held of the body.
    pub(crate) body: RefCell<Vec<u8>>,
    /// What has gone upstream of it.
    pub(crate) passed: RefCell<Vec<u8>>,
    /// The most that was held of it.
    pub(crate) most_held: Cell<usize>,
    /// How many bytes of it were read, ones read twice counted twice.
    pub(crate) bytes_read: Cell<usize>,
    /// How often shared data was read, and written.
    pub(crate) accesses: Cell<(u32, u32)>,
    pub(crate) response_headers: RefCell<Headers>,
    /// The piece of the answer that is passing.
    pub(crate) response_body: RefCell<Vec<u8>>,
    pub(crate) properties: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) reply: RefCell<Option<Reply>>,
    /// The calls that were made; each one's number is its place.
    pub(crate) calls: RefCell<Vec<Call>>,
    /// Clusters that no call is made to.
    pub(crate) uncalled: RefCell<Vec<String>>,
    /// The answer to a call, while it can be read.
    replied: RefCell<Option<(Headers, Vec<u8>)>>,
    pub(crate) log: RefCell<Vec<(Level, String)>>,
    pub(crate) metrics: RefCell<Vec<(MetricKind, String, Vec<u64>)>>,
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
    /// A host of another worker over the same data.
    pub(crate) fn sharing(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            environment: BTreeMap::new(),
            now_ms: Clock::at(NOW_MS),
            seed: Cell::new(1),
            wanted_seed: Cell::default(),
            lacks: Cell::default(),
            request_headers: RefCell::default(),
            is_head_gone: Cell::default(),
            body: RefCell::default(),
            passed: RefCell::default(),
            most_held: Cell::default(),
            bytes_read: Cell::default(),
            accesses: Cell::default(),
            response_headers: RefCell::default(),
            response_body: RefCell::default(),
            properties: RefCell::default(),
            reply: RefCell::default(),
            calls: RefCell::default(),
            uncalled: RefCell::default(),
            replied: RefCell::default(),
            log: RefCell::default(),
            metrics: RefCell::default(),
        }
    }

    /// Begins a request: its headers, and no body yet.
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

    /// Sends a request through the engine, its body in the given pieces, and
    /// holds as Envoy holds. The stream is given back for the response.
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

    /// Sends the next piece of the body: behind what is held, or by itself.
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

    /// Lets a provider begin to answer.
    pub(crate) fn begin_answer(
        &self,
        stream: &mut Stream,
        status: u16,
        head: &[(&str, &str)],
        is_end: bool,
    ) {
        let mut headers = owned(head);
        headers.push((":status".to_owned(), status.to_string().into_bytes()));
        *self.response_headers.borrow_mut() = headers;
        self.properties
            .borrow_mut()
            .entry("response.code_details".to_owned())
            .or_insert_with(|| b"via_upstream".to_vec());
        stream.on_response_headers(self, is_end);
    }

    /// Lets a piece of the answer pass.
    pub(crate) fn answer_piece(&self, stream: &mut Stream, piece: &[u8], is_end: bool) {
        *self.response_body.borrow_mut() = piece.to_vec();
        stream.on_response_body(self, piece.len(), is_end);
    }

    /// Ends a call, with status and body or without an answer, while `told` is told so.
    pub(crate) fn end_call<T>(
        &self,
        call: u32,
        answer: Option<(u16, &[u8])>,
        told: impl FnOnce(Called) -> T,
    ) -> T {
        let answer = answer.map(|(status, body)| (status, &[][..], body));
        self.end_call_with(call, answer, told)
    }

    /// The same with headers of the answer beside its status.
    pub(crate) fn end_call_with<T>(
        &self,
        call: u32,
        answer: Option<Answered<'_>>,
        told: impl FnOnce(Called) -> T,
    ) -> T {
        let length = answer.map_or(0, |(_, _, body)| body.len());
        let reply = answer.map(|(status, head, body)| {
            let mut headers = owned(head);
            headers.push((":status".to_owned(), status.to_string().into_bytes()));
            (headers, body.to_vec())
        });
        let is_answered = reply.is_some();
        *self.replied.borrow_mut() = reply;
        let told = told(Called { call, is_answered, length });
        *self.replied.borrow_mut() = None;
        told
    }

    /// Ends the stream, with these details if they are not those it had.
    pub(crate) fn done(&self, mut stream: Stream, details: Option<&str>) {
        if let Some(details) = details {
            let mut properties = self.properties.borrow_mut();
            properties.insert("response.code_details".to_owned(), details.as_bytes().to_vec());
        }
        stream.on_done(self);
    }

    /// A request header as it goes upstream.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        text(&self.request_headers.borrow(), name)
    }

    /// A response header as it goes to the client.
    pub(crate) fn received(&self, name: &str) -> Option<String> {
        text(&self.response_headers.borrow(), name)
    }

    /// The body as it goes upstream.
    pub(crate) fn sent_body(&self) -> String {
        let body = [self.passed.borrow().as_slice(), &self.body.borrow()].concat();
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Status and body of the answer made here.
    pub(crate) fn refused(&self) -> Option<(u32, String)> {
        self.reply.borrow().as_ref().map(|reply| (reply.status, reply.body.clone()))
    }

    /// What a counter, by its whole name, stands at; what was allocated twice is one.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.recorded(name).iter().sum()
    }

    /// Every value that a metric was given, in order.
    pub(crate) fn recorded(&self, name: &str) -> Vec<u64> {
        let metrics = self.metrics.borrow();
        let of_name = metrics.iter().filter(|(_, known, _)| known == name);
        of_name.flat_map(|(_, _, values)| values.clone()).collect()
    }
}

fn owned(head: &[(&str, &str)]) -> Headers {
    head.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn text(headers: &Headers, name: &str) -> Option<String> {
    let mut values = headers.iter().filter(|(known, _)| known == name);
    values.next().map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}
