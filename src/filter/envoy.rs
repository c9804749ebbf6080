//! [`Host`] over the proxy-wasm calls of the current context.
//!
//! Some of the SDK's calls return errors; here these answer as if there were nothing. The
//! others panic on a status that the ABI does not foresee. They are called only where Envoy
//! answers `Ok` or `NotFound`: maps and buffers of a stream from its own callbacks while it is
//! held, ranges that lie within the body, an answer to a call from the callback that brings it,
//! logging, the clock, metrics of ids that it gave, and configuration at configuration time.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use log::Level;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

use super::{map, probe};
use crate::host::{
    Called, Callout, Conflict, Headers, Host, Lacks, MetricKind, NotCalled, SharedData,
};

/// Where bytes are put to follow all that a body has. A host adds what begins after the end.
const BODY_END: usize = u32::MAX as usize;

/// The proxy that this module runs in. It has no state: the SDK's functions know which
/// context is current.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envoy;

/// Returns the plugin configuration as the host delivers it; no bytes where there is none, which
/// the parser then reports.
pub(super) fn configuration() -> Vec<u8> {
    let bytes = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX);
    bytes.ok().flatten().unwrap_or_default()
}

/// Returns what the callback for the end of a call says. The host gives it the number of
/// headers, and there are none without an answer.
pub(super) const fn called(call: u32, headers: usize, length: usize) -> Called {
    Called { call, is_answered: headers > 0, length }
}

/// The last level that the host writes, as a number of [`Level`]. Atomic only because a static has
/// to be: a VM has one thread.
static LOGGED: AtomicU8 = AtomicU8::new(Level::Error as u8);

/// Asks the host which lines it writes. Operators change that while requests come, so it is asked
/// every now and then, and not by each request.
pub(super) fn ask_level() {
    let level = match hostcalls::get_log_level() {
        Ok(LogLevel::Trace) => Level::Trace,
        Ok(LogLevel::Debug) => Level::Debug,
        Ok(LogLevel::Info) => Level::Info,
        Ok(LogLevel::Warn) => Level::Warn,
        // `Critical`, or no answer: errors are worth a call that may write nothing.
        _ => Level::Error,
    };
    LOGGED.store(level as u8, Ordering::Relaxed);
}

/// Lets a held request go on, from the callback for the end of a call.
pub(super) fn resume() {
    let _ = hostcalls::resume_http_request();
}

impl SharedData for Envoy {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        if !probe::has_shared_data() {
            return None;
        }
        let (value, version) = hostcalls::get_shared_data(key).ok()?;
        Some((value.unwrap_or_default(), version?))
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        if !probe::has_shared_data() {
            return Ok(());
        }
        hostcalls::set_shared_data(key, Some(value), Some(version)).map_err(|_| Conflict)
    }
}

impl Host for Envoy {
    fn lacks(&self) -> Lacks {
        probe::probe()
    }

    fn request_headers(&self) -> Headers {
        map::headers(MapType::HttpRequestHeaders)
    }

    fn set_request_header(&self, name: &str, value: Option<&[u8]>) {
        let _ = hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, value);
    }

    fn request_trailers(&self) -> Headers {
        map::headers(MapType::HttpRequestTrailers)
    }

    fn remove_request_trailer(&self, name: &str) {
        let _ = hostcalls::set_map_value_bytes(MapType::HttpRequestTrailers, name, None);
    }

    fn request_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        hostcalls::get_buffer(BufferType::HttpRequestBody, start, length).ok()?
    }

    fn replace_request_body(&self, length: usize, with: &[u8]) {
        let _ = hostcalls::set_buffer(BufferType::HttpRequestBody, 0, length, with);
    }

    fn response_headers(&self) -> Headers {
        map::headers(MapType::HttpResponseHeaders)
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        hostcalls::get_buffer(BufferType::HttpResponseBody, start, length).ok()?
    }

    fn set_response_header(&self, name: &str, value: Option<&[u8]>) {
        let _ = hostcalls::set_map_value_bytes(MapType::HttpResponseHeaders, name, value);
    }

    fn replace_response_body(&self, length: usize, with: &[u8]) {
        let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, length, with);
    }

    fn append_response_body(&self, with: &[u8]) {
        let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, BODY_END, 0, with);
    }

    fn call(&self, callout: Callout<'_>) -> Result<u32, NotCalled> {
        let Callout { cluster, headers, body, timeout } = callout;
        let body = (!body.is_empty()).then_some(body);
        hostcalls::dispatch_http_call(cluster, headers.to_vec(), body, Vec::new(), timeout)
            .map_err(|_| NotCalled)
    }

    fn reply_headers(&self) -> Headers {
        map::headers(MapType::HttpCallResponseHeaders)
    }

    fn reply_body(&self, length: usize) -> Option<Vec<u8>> {
        hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, length).ok()?
    }

    fn respond(&self, status: u32, headers: &[(&str, &str)], body: &[u8]) {
        let _ = hostcalls::send_http_response(status, headers.to_vec(), Some(body));
    }

    fn enter(&self, stream: u32) {
        let _ = hostcalls::set_effective_context(stream);
    }

    fn resume_response(&self) {
        let _ = hostcalls::resume_http_response();
    }

    fn break_off(&self) {
        let _ = hostcalls::reset_http_response();
    }

    fn clear_route_cache(&self) {
        if probe::has_foreign_functions() {
            let _ = hostcalls::call_foreign_function("clear_route_cache", None);
        }
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        if !probe::has_properties() {
            return None;
        }
        hostcalls::get_property(path.to_vec()).ok()?
    }

    fn set_property(&self, path: &[&str], value: &[u8]) {
        if probe::has_properties() {
            let _ = hostcalls::set_property(path.to_vec(), Some(value));
        }
    }

    fn now(&self) -> Duration {
        let now = hostcalls::get_current_time().ok();
        now.and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
    }

    fn random(&self) -> u64 {
        // The standard library seeds its hashers from the host's random source,
        // once in each worker, and steps the seed for every further one.
        RandomState::new().hash_one(0u8)
    }

    fn environment(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
            Level::Trace => LogLevel::Trace,
        };
        let _ = hostcalls::log(level, message);
    }

    fn is_logged(&self, level: Level) -> bool {
        level as u8 <= LOGGED.load(Ordering::Relaxed)
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<u32> {
        if !probe::has_metrics() {
            return None;
        }
        let kind = match kind {
            MetricKind::Counter => MetricType::Counter,
            MetricKind::Gauge => MetricType::Gauge,
            MetricKind::Histogram => MetricType::Histogram,
        };
        hostcalls::define_metric(kind, name).ok()
    }

    fn increment(&self, counter: u32, by: u64) {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        let _ = hostcalls::increment_metric(counter, by);
    }

    fn record(&self, metric: u32, value: u64) {
        let _ = hostcalls::record_metric(metric, value);
    }
}
