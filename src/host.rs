//! What the core needs of the proxy it runs in.
//!
//! A leaf: names no other module. `filter` implements it over proxy-wasm, the
//! tests over a fake that behaves as Envoy was seen to behave.

use std::time::Duration;

use log::Level;

/// Header names are lower case; values are bytes as they came.
pub type Headers = Vec<(String, Vec<u8>)>;

/// A write lost against another worker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict;

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Is summed up by how large it is.
    Histogram,
}

/// Data shared by all workers of the process.
///
/// Values are copied under one lock; nothing is ever evicted or listed.
pub trait SharedData {
    /// The value and its version; `None` for a key that does not exist.
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes if the key still has that version.
    ///
    /// # Errors
    /// [`Conflict`] when it has another one. An absent key is written whatever the version.
    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict>;
}

/// The proxy as one stream, or the configuration of one worker, sees it.
pub trait Host: SharedData {
    /// All request headers, pseudo-headers included, in one call.
    fn request_headers(&self) -> Headers;
    /// Sets a request header, replacing all its values; `None` removes it.
    fn set_request_header(&self, name: &str, value: Option<&[u8]>);
    /// Bytes of the request body that the proxy holds.
    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>>;
    /// Replaces the first `length` bytes of the held request body.
    fn replace_request_body(&self, length: usize, with: &[u8]);
    /// All response headers, pseudo-headers included, in one call.
    fn response_headers(&self) -> Headers;
    /// Bytes of the response body that are passing.
    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>>;
    /// Sets a response header, replacing all its values; `None` removes it.
    fn set_response_header(&self, name: &str, value: Option<&[u8]>);
    /// Replaces the first `length` bytes of the response body at hand.
    fn replace_response_body(&self, length: usize, with: &[u8]);
    /// Answers the request here; nothing goes upstream.
    fn respond(&self, status: u32, headers: &[(&str, &str)], body: &[u8]);
    /// Makes the proxy choose its route again.
    fn clear_route_cache(&self);
    /// A property of the stream.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;
    /// Keeps a value for the stream's other filters and for logs; not sent anywhere.
    fn set_property(&self, path: &[&str], value: &[u8]);
    /// Time since the epoch; may jump.
    fn now(&self) -> Duration;
    /// A seed for random picks; not for secrets.
    fn random(&self) -> u64;
    /// An environment variable of the module's VM.
    fn environment(&self, name: &str) -> Option<String>;
    /// Writes a log line, if the proxy logs at that level.
    fn log(&self, level: Level, message: &str);
    /// Whether a log line at that level would be written.
    fn is_logged(&self, level: Level) -> bool;
    /// Allocates a metric, anew for each call: once for each name.
    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<u32>;
    /// Adds to a counter; `by` is not 0.
    fn increment(&self, counter: u32, by: u64);
    /// Sets a gauge, or adds a value to a histogram.
    fn record(&self, metric: u32, value: u64);
}
