//! The calls that Pointsman makes for a short chat, with constant arguments and without the work:
//! what no amount of faster code in the module can take away.
//!
//! As many calls of each kind as `tests/budget/budgets.txt` has for `chat 0.3 KB, 3 routes`, each
//! from the callback that makes it there. A call less in Pointsman is one less here.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, MapType};

/// Where the model stands in the bodies of the benchmark, and with what it is replaced.
const BEGINNING: usize = br#"{"model": "assistant""#.len();
const REPLACED: &[u8] = br#"{"model": "north-small-2025-06-01""#;
/// As long as a key and a record of Pointsman's.
const KEY: &str = "pointsman/6/deployment/small";
const RECORD: [u8; 256] = [0; 256];

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Http;

/// Sets headers to something.
fn set(map: MapType, names: &[&str]) {
    for name in names {
        let _ = hostcalls::set_map_value(map, name, Some("upstream"));
    }
}

/// Reads a record, and writes one.
fn change() {
    let version = hostcalls::get_shared_data(KEY).ok().and_then(|(_, version)| version);
    let _ = hostcalls::set_shared_data(KEY, Some(&RECORD), version);
}

fn time() {
    let _ = hostcalls::get_current_time();
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        let _ = hostcalls::get_map_bytes(MapType::HttpRequestHeaders);
        Action::Pause
    }

    fn on_http_request_body(&mut self, length: usize, is_end: bool) -> Action {
        if !is_end {
            return Action::Pause;
        }
        time();
        let _ = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, length);
        change();
        let _ = hostcalls::set_buffer(BufferType::HttpRequestBody, 0, BEGINNING, REPLACED);
        let whole = length.saturating_sub(BEGINNING).saturating_add(REPLACED.len());
        let announced = whole.to_string();
        let _ = hostcalls::set_map_value(
            MapType::HttpRequestHeaders,
            "content-length",
            Some(&announced),
        );
        set(MapType::HttpRequestHeaders, &[":authority", "x-llm-cluster", "x-llm-model"]);
        time();
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        let _ = hostcalls::get_map_bytes(MapType::HttpResponseHeaders);
        set(
            MapType::HttpResponseHeaders,
            &["x-llm-model", "x-llm-deployment", "x-llm-provider", "x-llm-attempts"],
        );
        Action::Continue
    }

    fn on_http_response_body(&mut self, length: usize, is_end: bool) -> Action {
        // The end comes by itself.
        if length > 0 {
            time();
            let _ = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, length);
        }
        if is_end {
            time();
            change();
            time();
        }
        Action::Continue
    }
}
