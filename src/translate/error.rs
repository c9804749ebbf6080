//! What a provider's error says, whatever API it speaks.

use std::fmt;

use super::tape::Node;
use super::text::JsonText;
use crate::request::refusal::Refusal;

/// The longest message that is passed on, in bytes.
const MOST_MESSAGE: usize = 4096;

/// Returns the error that a document describes. `status` is the status of the response. It is 0 for an error in the
/// middle of a stream; the error then gets the status that belongs to its type.
#[must_use]
pub(super) fn fault(status: u16, document: Option<Node<'_, '_>>) -> Refusal {
    // Google puts the error of a stream that is no event stream into a list.
    let document = document.map(|document| document.elements().next().unwrap_or(document));
    let error = document.and_then(|document| {
        let inner = document.get("error").filter(|error| error.is_object());
        inner.or_else(|| document.at(&["response", "error"])).or(Some(document))
    });
    let word = |name: &str| error.and_then(|error| error.text_of(name));
    let number = error.and_then(|error| error.whole_of("code"));
    let (mut code, mut named) = (None, None);
    for name in ["code", "type", "status", "__type"] {
        let Some(word) = word(name) else { continue };
        let word = word.plain();
        code = code.or_else(|| known_code(&word));
        named = named.or_else(|| status_of(&word));
    }
    let status = if status >= 400 {
        status
    } else {
        let number = number.and_then(|code| u16::try_from(code).ok());
        named.or(number.filter(|code| (400..600).contains(code))).unwrap_or(502)
    };
    let code = code.unwrap_or_else(|| usual_code(status));
    let of_document = |name: &str| document.and_then(|document| document.text_of(name));
    let mut message = word("message")
        .or_else(|| of_document("message"))
        .or_else(|| of_document("error"))
        .or_else(|| of_document("detail"))
        .filter(|message| !message.is_empty())
        .unwrap_or(JsonText::of("the provider has answered with an error"))
        .plain()
        .into_owned();
    message.truncate(message.floor_char_boundary(MOST_MESSAGE));
    Refusal::new(status, code, message)
}

/// Why an answer fails that is longer than may be kept, as the end of a sentence about it.
pub(super) const TOO_LONG: &str = "is too long to be translated";

/// Returns the error of an answer that cannot be read. `why` ends a sentence about it.
#[cold]
#[inline(never)]
pub(super) fn unreadable(why: &dyn fmt::Display) -> Refusal {
    Refusal::new(502, "invalid_answer", format!("the provider's answer {why}"))
}

/// Returns the status that belongs to a word for a kind of error. The words are those of
/// <https://platform.claude.com/docs/en/api/errors>, <https://cloud.google.com/apis/design/errors>,
/// <https://developers.openai.com/api/docs/guides/error-codes> and Amazon's exceptions.
pub(super) fn status_of(word: &str) -> Option<u16> {
    STATUSES.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

/// Words for kinds of errors, with their statuses.
const STATUSES: &[(&str, u16)] = &[
    ("invalid_request_error", 400),
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("validationException", 400),
    ("ValidationException", 400),
    ("context_length_exceeded", 400),
    ("authentication_error", 401),
    ("UNAUTHENTICATED", 401),
    ("invalid_api_key", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("PERMISSION_DENIED", 403),
    ("accessDeniedException", 403),
    ("AccessDeniedException", 403),
    ("not_found_error", 404),
    ("NOT_FOUND", 404),
    ("model_not_found", 404),
    ("ResourceNotFoundException", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("RESOURCE_EXHAUSTED", 429),
    ("rate_limit_exceeded", 429),
    ("insufficient_quota", 429),
    ("throttlingException", 429),
    ("ThrottlingException", 429),
    ("api_error", 500),
    ("server_error", 500),
    ("INTERNAL", 500),
    ("internalServerException", 500),
    ("InternalServerException", 500),
    ("modelStreamErrorException", 500),
    ("overloaded_error", 503),
    ("UNAVAILABLE", 503),
    ("serviceUnavailableException", 503),
    ("ServiceUnavailableException", 503),
    ("timeout_error", 504),
    ("DEADLINE_EXCEEDED", 504),
    ("modelTimeoutException", 504),
];

/// Returns a code that clients of OpenAI's API act upon.
fn known_code(word: &str) -> Option<&'static str> {
    const KNOWN: [&str; 6] = [
        "context_length_exceeded",
        "content_policy_violation",
        "content_filter",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
    ];
    KNOWN.into_iter().find(|known| *known == word)
}

/// Returns the code of an error that has none of its own.
const fn usual_code(status: u16) -> &'static str {
    match status {
        401 => "invalid_api_key",
        402 => "insufficient_quota",
        403 => "permission_denied",
        404 => "model_not_found",
        413 => "request_too_large",
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request",
        503 | 529 => "overloaded",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tape::Tape;
    use super::*;

    #[test]
    fn errors_of_every_api_are_read() {
        let read = |status: u16, text: &str| {
            let tape = Tape::read(text.as_bytes()).unwrap();
            let Refusal { status, code, message, .. } = fault(status, Some(tape.root()));
            (status, code, message)
        };
        let is = |status, code, message: &str| (status, code, message.to_owned());
        let rows = [
            (
                429,
                r#"{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}"#,
                is(429, "rate_limit_exceeded", "slow down"),
            ),
            (
                400,
                r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#,
                is(400, "context_length_exceeded", "too long"),
            ),
            (
                0,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                is(503, "overloaded", "Overloaded"),
            ),
            (
                0,
                r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#,
                is(429, "rate_limit_exceeded", "quota"),
            ),
            (0, r#"{"error":{"code":503,"message":"no"}}"#, is(503, "overloaded", "no")),
            (0, r#"{"error":{"code":null,"message":"no"}}"#, is(502, "server_error", "no")),
            (403, r#"{"message":"no access"}"#, is(403, "permission_denied", "no access")),
            (404, r#"{"error":"no such model"}"#, is(404, "model_not_found", "no such model")),
            (
                429,
                r#"[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]"#,
                is(429, "rate_limit_exceeded", "quota"),
            ),
            (422, r#"{"detail":"bad"}"#, is(422, "invalid_request", "bad")),
            (529, r"{}", is(529, "overloaded", "the provider has answered with an error")),
            (500, r"[]", is(500, "server_error", "the provider has answered with an error")),
        ];
        for (status, text, wanted) in rows {
            assert_eq!(read(status, text), wanted, "{text}");
        }
        assert_eq!(fault(418, None).code, "invalid_request");
    }

    #[test]
    fn a_long_message_is_cut() {
        let text = format!(r#"{{"error":{{"message":"{}"}}}}"#, "é".repeat(5000));
        let tape = Tape::read(text.as_bytes()).unwrap();
        assert_eq!(fault(400, Some(tape.root())).message.len(), MOST_MESSAGE);
    }
}
