//! An answer given instead of a provider's, in the dialect the client parses.
//!
//! Messages say what to change and nothing of the inside: no cluster, no
//! deployment, no other client's value.

use serde_json::{Value, json};

use super::format::Dialect;

/// The error with which a request is answered here, before it is written in a dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable word for programs, such as `model_not_found`.
    pub code: &'static str,
    /// What to change, for people.
    pub message: String,
    /// The request's member at fault, if one is.
    pub param: Option<&'static str>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    /// Returns a refusal without a member at fault.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, retry_after_s: None }
    }

    /// Returns the same refusal, with the member of the request that is at fault.
    #[must_use]
    pub fn of(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Returns the same refusal, with when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Returns the JSON body for a client of that dialect. SDKs read the message, and often the
    /// type or code, from the place where their provider has it.
    #[must_use]
    pub fn body(&self, dialect: Dialect) -> String {
        self.document(dialect).to_string()
    }

    /// Returns the same as a document, which others may be made of.
    #[must_use]
    pub fn document(&self, dialect: Dialect) -> Value {
        let Self { status, code, message, param, .. } = self;
        match dialect {
            Dialect::OpenAi => json!({"error": {
                "message": message, "type": self.openai_type(), "param": param, "code": code,
            }}),
            Dialect::Anthropic => json!({"type": "error", "error": {
                "type": self.anthropic_type(), "message": message,
            }}),
            Dialect::Message => json!({"message": message}),
            Dialect::Ollama => json!({"error": message}),
            Dialect::Gemini => json!({"error": {
                "code": status, "message": message, "status": self.google_status(),
            }}),
        }
    }

    /// Returns the event that tells of it in a stream of OpenAI's Responses API, where it has that number.
    ///
    /// The documented event has code and message beside its type; the API itself sends them within
    /// `error`, and OpenAI's clients raise an exception only for that. So they are in both places.
    #[must_use]
    pub fn responses_event(&self, sequence_number: u64) -> Value {
        let Self { code, message, param, .. } = self;
        let error = self.document(Dialect::OpenAi);
        json!({
            "type": "error", "sequence_number": sequence_number, "code": code, "message": message,
            "param": param, "error": error.get("error"),
        })
    }

    /// Returns the word that OpenAI has for errors of this status.
    const fn openai_type(&self) -> &'static str {
        match self.status {
            402 => "insufficient_quota",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// Returns the word that Anthropic has for errors of this status.
    /// <https://docs.anthropic.com/en/api/errors>
    const fn anthropic_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            504 => "timeout_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        }
    }

    /// Returns the word that Google has for errors of this status.
    /// <https://cloud.google.com/apis/design/errors>
    const fn google_status(&self) -> &'static str {
        match self.status {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            402 | 429 => "RESOURCE_EXHAUSTED",
            404 => "NOT_FOUND",
            503 | 529 => "UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            500.. => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_its_shape() {
        let refusal =
            Refusal::new(404, "model_not_found", "the model \"x\" does not exist").of("model");
        assert_eq!(
            refusal.body(Dialect::OpenAi),
            r#"{"error":{"code":"model_not_found","message":"the model \"x\" does not exist","param":"model","type":"invalid_request_error"}}"#
        );
        assert_eq!(
            refusal.body(Dialect::Anthropic),
            r#"{"error":{"message":"the model \"x\" does not exist","type":"not_found_error"},"type":"error"}"#
        );
        assert_eq!(
            refusal.body(Dialect::Gemini),
            r#"{"error":{"code":404,"message":"the model \"x\" does not exist","status":"NOT_FOUND"}}"#
        );
    }

    #[test]
    fn a_status_has_the_word_of_each_dialect() {
        let rows = [
            (400, "invalid_request_error", "INVALID_ARGUMENT"),
            (401, "authentication_error", "UNAUTHENTICATED"),
            (403, "permission_error", "PERMISSION_DENIED"),
            (429, "rate_limit_error", "RESOURCE_EXHAUSTED"),
            (500, "api_error", "INTERNAL"),
            (504, "timeout_error", "DEADLINE_EXCEEDED"),
            (529, "overloaded_error", "UNAVAILABLE"),
        ];
        for (status, anthropic, google) in rows {
            let refusal = Refusal::new(status, "c", "m");
            let of = |dialect| refusal.document(dialect)["error"].clone();
            assert_eq!(of(Dialect::Anthropic)["type"], anthropic, "{status}");
            assert_eq!(of(Dialect::Gemini)["status"], google, "{status}");
        }
    }
}
