//! A request as the page has it: method, path, headers as text, body.

use pointsman::host::Headers;
use pointsman::lifecycle::RequestHead;
use serde_json::Value;

/// A request to decide.
pub(crate) struct Request {
    headers: Headers,
    /// Its body, empty where there is none.
    pub(crate) body: Vec<u8>,
    /// Whether it belongs to another session each time it is sent.
    pub(crate) has_new_sessions: bool,
}

impl Request {
    /// Reads `{"method", "path", "headers", "body", "new_sessions"}`, with one header in each line.
    ///
    /// # Errors
    /// What is wrong with the text, or the number of the line that is no header.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let method = Some(text("method").trim()).filter(|method| !method.is_empty());
        // As Envoy delivers them: pseudo-headers first, names in lower case.
        let mut headers = Headers::default();
        headers.push(":method", method.unwrap_or("POST").to_ascii_uppercase().as_bytes());
        headers.push(":path", text("path").trim().as_bytes());
        for (at, line) in text("headers").lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let parts = line.split_once(':').filter(|(name, _)| !name.trim().is_empty());
            let Some((name, value)) = parts else {
                return Err(format!(
                    "header line {}: expected \"name: value\"",
                    at.saturating_add(1)
                ));
            };
            headers.push(&name.trim().to_ascii_lowercase(), value.trim().as_bytes());
        }
        let body = text("body").as_bytes().to_vec();
        let has_new_sessions = value.get("new_sessions") == Some(&Value::Bool(true));
        Ok(Self { headers, body, has_new_sessions })
    }

    /// Returns its headers as Envoy delivers them.
    pub(crate) fn headers(&self) -> Headers {
        let mut headers = self.headers.clone();
        headers.remove("content-length");
        headers.push(":authority", b"proxy.test");
        headers.push("content-length", self.body.len().to_string().as_bytes());
        headers
    }

    /// Returns its head.
    pub(crate) fn head(&self) -> RequestHead {
        RequestHead::new(self.headers.clone())
    }

    /// Returns its head without the id by which samples are drawn. With it, every one of many
    /// requests would fall into the same sample.
    pub(crate) fn head_of_many(&self) -> RequestHead {
        let mut headers = self.headers.clone();
        headers.remove("x-request-id");
        RequestHead::new(headers)
    }
}
