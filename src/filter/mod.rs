//! The module's entry: connects the core to the proxy-wasm ABI.
//!
//! The one place that names `proxy_wasm`. Decides nothing: every callback is
//! passed to [`crate::lifecycle`].

mod envoy;
mod map;
mod probe;

use log::Level;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{self, ContextType};

use crate::host::Host;
use crate::lifecycle::{self, Stream, Worker};
use envoy::Envoy;

#[allow(unsafe_code, reason = "the ABI's entry point is an exported symbol")]
mod start {
    use super::Root;

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(Root::default()));
    }}
}

/// One plugin configuration in one worker. It has no worker until it is configured, and the
/// host then makes no streams.
#[derive(Default)]
struct Root {
    worker: Option<Worker>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, headers: usize, length: usize, _: usize) {
        if let Some(worker) = &self.worker {
            worker.on_called(&Envoy, envoy::called(call, headers, length));
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        envoy::ask_level();
        match Worker::start(&Envoy, &envoy::configuration()) {
            Ok(worker) => {
                self.set_tick_period(worker.tick());
                if let Some(before) = self.worker.replace(worker) {
                    before.end(&Envoy);
                }
                true
            }
            Err(problems) => {
                Envoy.log(Level::Error, &format!("pointsman: invalid configuration\n{problems}"));
                false
            }
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http(self.worker.as_ref()?.stream(&Envoy, id))))
    }

    fn on_tick(&mut self) {
        envoy::ask_level();
        if let Some(worker) = &self.worker {
            worker.on_tick(&Envoy);
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// The SDK drops a root context when its configuration goes, while the host can still be called.
impl Drop for Root {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            worker.end(&Envoy);
        }
    }
}

/// One stream: of a client in the router's filter chain, or to an upstream host in that of
/// the attempts.
struct Http(Stream);

impl Context for Http {
    fn on_http_call_response(&mut self, call: u32, headers: usize, length: usize, _: usize) {
        let called = envoy::called(call, headers, length);
        if self.0.on_called(&Envoy, called) == lifecycle::Action::Continue {
            envoy::resume();
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, is_end: bool) -> types::Action {
        action(self.0.on_request_headers(&Envoy, is_end))
    }

    fn on_http_request_body(&mut self, held: usize, is_end: bool) -> types::Action {
        action(self.0.on_request_body(&Envoy, held, is_end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> types::Action {
        action(self.0.on_request_trailers(&Envoy))
    }

    fn on_http_response_headers(&mut self, _count: usize, is_end: bool) -> types::Action {
        action(self.0.on_response_headers(&Envoy, is_end))
    }

    fn on_http_response_body(&mut self, length: usize, is_end: bool) -> types::Action {
        action(self.0.on_response_body(&Envoy, length, is_end))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> types::Action {
        action(self.0.on_response_trailers(&Envoy))
    }
}

/// However a stream ends, its context is dropped: a callback of its own for that
/// would be one more entry into the VM for every request.
impl Drop for Http {
    fn drop(&mut self) {
        self.0.on_done(&Envoy);
    }
}

/// Returns the same action in the words of the ABI.
const fn action(action: lifecycle::Action) -> types::Action {
    match action {
        lifecycle::Action::Continue => types::Action::Continue,
        lifecycle::Action::Pause => types::Action::Pause,
    }
}
