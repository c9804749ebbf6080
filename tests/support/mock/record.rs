//! What a provider saw of a request when it arrived.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::body::Bytes;
use serde_json::{Value, json};

/// How much of a body is kept. Beyond that, its length and hash stand for it.
pub(crate) const KEPT_BYTES: usize = 1 << 20;

/// One request as the provider saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, in upper case.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub(crate) version: String,
    /// `:authority`, or the `host` header.
    pub(crate) authority: String,
    /// All headers in order, with names in lower case and values as lossy UTF-8.
    pub(crate) headers: Vec<(String, String)>,
    /// Trailers, if any.
    pub(crate) trailers: Vec<(String, String)>,
    /// The first [`KEPT_BYTES`] of the body.
    pub(crate) body: Bytes,
    /// Length of the whole body.
    pub(crate) body_bytes: usize,
    /// Hash of the whole body, as lower-case hex.
    pub(crate) body_sha256: String,
    /// Whether the body ended as it should.
    pub(crate) is_complete: bool,
    /// The requested model, from the body or the path.
    pub(crate) upstream_model: Option<String>,
}

impl Seen {
    /// Returns the first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the body as text, with lossy UTF-8.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body the provider saw is JSON")
    }

    /// Returns the record in the form of the control endpoint.
    pub(crate) fn report(&self) -> Value {
        json!({
            "method": self.method,
            "path": self.path,
            "version": self.version,
            "authority": self.authority,
            "headers": self.headers,
            "trailers": self.trailers,
            "upstream_model": self.upstream_model,
            "body_bytes": self.body_bytes,
            "body_sha256": self.body_sha256,
            "body_base64": STANDARD.encode(&self.body),
            "is_complete": self.is_complete,
        })
    }
}

/// Returns headers as pairs of text, in order.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// Returns the model of a request: the body's, or else the one in the path.
pub(crate) fn upstream_model(path: &str, body: &[u8]) -> Option<String> {
    let of_body = || {
        let body: Value = serde_json::from_slice(body).ok()?;
        Some(body.get("model")?.as_str()?.to_owned())
    };
    let of_path = || {
        let path = path.split('?').next()?;
        let (_, rest) = path.split_once("/deployments/").or_else(|| path.split_once("/models/"))?;
        Some(rest.split(['/', ':']).next()?.to_owned())
    };
    of_body().or_else(of_path)
}
