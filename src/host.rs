//! What the core needs of the proxy it runs in.
//!
//! A leaf: names no other module. `filter` implements it over proxy-wasm, the
//! tests over a fake that behaves as Envoy was seen to behave.

mod headers;

use std::time::Duration;

use log::Level;

pub use headers::Headers;

/// A request to a service, which the proxy makes on its own: to the route source, or to a
/// service that picks.
#[derive(Debug, Clone, Copy)]
pub struct Callout<'a> {
    /// The cluster of the service.
    pub cluster: &'a str,
    /// `:method`, `:path` and `:authority` first; the content length is the proxy's to add.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty: none.
    pub body: &'a [u8],
    /// How long the whole answer may take.
    pub timeout: Duration,
}

/// The proxy makes no such call: it knows no such cluster, or can tell at once that none
/// of its hosts will answer. Nothing comes of it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCalled;

/// The end of a call. The answer can be read until the callback that reports the end returns.
/// Without an answer the call failed: by a timeout or a reset, for example. Where it failed
/// before any byte of the answer, there is one that Envoy made itself, with the status 502,
/// 503 or 504 (ARCHITECTURE.md says more).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// The number that the call was given.
    pub call: u32,
    /// Whether there is an answer to be read, if only one that the proxy made itself.
    pub is_answered: bool,
    /// Length of the answer's body, in bytes.
    pub length: usize,
}

/// The result of a call to a service. It is read at once, because the proxy keeps the answer
/// only until the callback that reports it returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// All headers, pseudo-headers included.
    pub headers: Headers,
    /// The body; `None` where it is longer than was to be read.
    pub body: Option<Vec<u8>>,
}

impl Reply {
    /// Returns the result of a call. A body of more than `most` bytes is not copied out of the
    /// proxy, and the reply then has none.
    pub fn read<H: Host + ?Sized>(host: &H, called: Called, most: usize) -> Self {
        if !called.is_answered {
            return Self::default();
        }
        let headers = host.reply_headers();
        let status = headers.first(":status");
        let status = status.and_then(|value| str::from_utf8(value).ok()?.parse().ok());
        let body = match called.length {
            // There is nothing to read, but an empty body is not the same as one that is too long.
            0 => Some(Vec::new()),
            length if length <= most => host.reply_body(length),
            _ => None,
        };
        Self { status: status.unwrap_or(0), headers, body }
    }
}

/// Another worker has written in between, so the value that was to be written is based on one
/// that is out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict;

/// What a metric's values are, and so what the proxy does with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A sum, which only grows.
    Counter,
    /// The value of the moment, which goes up and down.
    Gauge,
    /// A distribution: how many of the values have which size.
    Histogram,
}

/// Data shared by all workers of the process.
///
/// Values are copied under one lock; nothing is ever evicted or listed.
pub trait SharedData {
    /// Returns the value and its version; `None` for a key that does not exist. A write with this
    /// version succeeds only if no other came in between.
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes if the key still has that version.
    ///
    /// # Errors
    /// [`Conflict`] when it has another one. An absent key is written whatever the version.
    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict>;
}

/// What a host may lack. The module can do without each of these, at a price that
/// `lifecycle/lacks.rs` describes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Properties, and with them filter state.
    pub properties: bool,
    /// Data shared by workers.
    pub shared_data: bool,
    /// The foreign function that has the route chosen again.
    pub foreign_functions: bool,
    /// Metrics.
    pub metrics: bool,
}

/// The proxy as one stream, or the configuration of one worker, sees it. Every method is a call
/// out of the VM, which costs more than most of what happens inside; `tests/budget` counts
/// them.
pub trait Host: SharedData {
    /// Returns what it lacks. Asked at configuration time, and what is missing is not called
    /// afterwards.
    fn lacks(&self) -> Lacks;
    /// Returns all request headers, pseudo-headers included. One call for all, because every
    /// call leaves the VM.
    fn request_headers(&self) -> Headers;
    /// Sets a request header, replacing all its values; `None` removes it. The proxy then chooses
    /// its route again, as Envoy does for every change of a request header under ABI 0.2.1.
    fn set_request_header(&self, name: &str, value: Option<&[u8]>);
    /// Returns the request's trailers, where they have just come.
    fn request_trailers(&self) -> Headers;
    /// Removes a trailer of the request with all its values, where they have just come.
    fn remove_request_trailer(&self, name: &str);
    /// Returns bytes of the request body that the proxy holds; `None` where it holds none. The
    /// range, in bytes, has to lie within what is held.
    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>>;
    /// Replaces the first `length` bytes of the held request body. The replacement may be longer
    /// or shorter; the rest of the body stays.
    fn replace_request_body(&self, length: usize, with: &[u8]);
    /// Returns all response headers, pseudo-headers included.
    fn response_headers(&self) -> Headers;
    /// Returns bytes of the response body that are passing; `None` where there are none. Only the
    /// bytes of the current callback can be read, not those of earlier ones.
    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>>;
    /// Sets a response header, replacing all its values; `None` removes it.
    fn set_response_header(&self, name: &str, value: Option<&[u8]>);
    /// Replaces the first `length` bytes of the response body at hand.
    fn replace_response_body(&self, length: usize, with: &[u8]);
    /// Adds to the piece of the response's body that has just come, or to all of it while it is
    /// held.
    fn append_response_body(&self, with: &[u8]);
    /// Calls a service, and returns the number of the call. When it is over, the context that
    /// called is told, by that number: a stream, if it is still there, or a worker's
    /// configuration. The cluster must not run this module as an upstream filter.
    ///
    /// # Errors
    /// [`NotCalled`] where that is known at once.
    fn call(&self, callout: Callout<'_>) -> Result<u32, NotCalled>;
    /// Returns all headers of the answer to a call; to be asked only while the host says that
    /// there is one.
    fn reply_headers(&self) -> Headers;
    /// Returns the first bytes of the body of that answer.
    fn reply_body(&self, length: usize) -> Option<Vec<u8>>;
    /// Answers the request here. Nothing goes upstream, and what follows of the request is
    /// dropped.
    fn respond(&self, status: u32, headers: &[(&str, &str)], body: &[u8]);
    /// Makes another stream the one that the calls after this are about, until the callback
    /// returns. `stream` is the number by which the proxy knows it, and it must not be over.
    fn enter(&self, stream: u32);
    /// Lets the response go on that this filter holds.
    fn resume_response(&self);
    /// Breaks off the request and its response, for the client as well.
    fn break_off(&self);
    /// Makes the proxy choose its route again, because something else than a header has changed
    /// that decides it.
    fn clear_route_cache(&self);
    /// Returns a property of the stream; `None` where it has none of that path.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;
    /// Keeps a value for the stream's other filters and for logs; not sent anywhere.
    fn set_property(&self, path: &[&str], value: &[u8]);
    /// Returns the time since the epoch. It may jump, back as well.
    fn now(&self) -> Duration;
    /// Returns a seed for random picks. It is not good enough for secrets.
    fn random(&self) -> u64;
    /// Returns an environment variable of the module's VM, which is the proxy's if that was
    /// told to pass it on.
    fn environment(&self, name: &str) -> Option<String>;
    /// Writes a log line, if the proxy logs at that level.
    fn log(&self, level: Level, message: &str);
    /// Returns whether a log line at that level would be written. If not, its text need not be put
    /// together.
    fn is_logged(&self, level: Level) -> bool;
    /// Allocates a metric and returns its id. Each call allocates, so it is to be made once for
    /// each name. `None` where the host has no metrics.
    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<u32>;
    /// Adds to a counter; `by` is not 0.
    fn increment(&self, counter: u32, by: u64);
    /// Sets a gauge, or adds a value to a histogram. Units are those of the metric's name. A counter
    /// takes 0 alone, which shows it before it has counted anything.
    fn record(&self, metric: u32, value: u64);
}
