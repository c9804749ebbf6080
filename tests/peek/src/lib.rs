//! Shows and overwrites shared data, for the tests in a real Envoy.
//!
//! GET answers the value of the key in `x-key` as hexadecimal digits, or 404 if there is none. PUT
//! writes the digits in `x-value`, whatever was there. The filter knows no key and no layout: the
//! tests know what the bytes mean.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

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

impl Context for Http {}

impl Http {
    fn answer(&self) -> (u32, String) {
        let header = |name: &str| self.get_http_request_header(name);
        let Some(key) = header("x-key") else { return (400, "x-key is missing".to_owned()) };
        if header(":method").as_deref() != Some("PUT") {
            return match self.get_shared_data(&key).0 {
                Some(value) => (200, value.iter().map(|byte| format!("{byte:02x}")).collect()),
                None => (404, String::new()),
            };
        }
        match header("x-value").as_deref().and_then(bytes) {
            Some(value) => match self.set_shared_data(&key, Some(&value), None) {
                Ok(()) => (200, String::new()),
                Err(status) => (500, format!("{status:?}")),
            },
            None => (400, "x-value is not hexadecimal".to_owned()),
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        let (status, body) = self.answer();
        self.send_http_response(status, vec![], Some(body.as_bytes()));
        Action::Pause
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}
