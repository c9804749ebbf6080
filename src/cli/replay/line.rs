//! One line of a capture: the request in it.
//!
//! Decides which shapes a line may have and names what is wrong with others. Knows
//! no configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Bytes of the longest line that is read: more than a proxy holds of a body. It bounds the
/// memory for a file that has no line breaks.
const MOST_BYTES: usize = 64 << 20;

/// A request as it was captured.
///
/// It has what the filter would see, and what the capture adds for the report.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) method: String,
    pub(super) path: String,
    /// Names are in lower case.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    /// When the request was made, in whatever form the capture has it. It is only shown:
    /// what the proxy knew of deployments then is not in the capture.
    pub(super) time: Option<Value>,
    pub(super) usage: Option<CapturedUsage>,
}

/// Tokens that the request has used, by its response: under the names of Anthropic's API and
/// OpenAI's newer one, or of chat completions.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct CapturedUsage {
    #[serde(alias = "prompt_tokens")]
    pub(super) input_tokens: u64,
    /// 0 where there are none: embeddings.
    #[serde(alias = "completion_tokens", default)]
    pub(super) output_tokens: u64,
}

/// A line that is not a body alone.
///
/// Members with other names are ignored: captures have more than is needed here.
#[derive(Debug, Deserialize)]
struct RawLine<'a> {
    #[serde(alias = "url")]
    path: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// Raw, since the scanner has to see the bytes that the client sent: order and repetition
    /// of keys, numbers as they were written.
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    time: Option<Value>,
    usage: Option<CapturedUsage>,
}

/// Keys that an access log has and a request has not. Envoy's own names, and those of the
/// shipped configurations.
const LOGGED: [&str; 7] = [
    "response_code",
    "response_flags",
    "status",
    "duration",
    "duration_ms",
    "upstream_cluster",
    "start_time",
];

const NO_BODY: &str = "an access log line has no body, so there is nothing to decide; capture \
                       requests as {\"path\": …, \"headers\": {…}, \"body\": …}";

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextLine {
    /// A line, which is now in the buffer.
    Read,
    /// A line that is longer than [`MOST_BYTES`]; the buffer is empty.
    TooLong,
    /// The end of the file.
    End,
}

/// Reads the next line into `line`, without its line break.
///
/// The whole of a line that is too long is read, so that the next call begins after it.
///
/// # Errors
/// The reader's.
pub(super) fn next(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<NextLine> {
    line.clear();
    let mut is_too_long = false;
    let ended = |is_too_long| if is_too_long { NextLine::TooLong } else { NextLine::Read };
    loop {
        let read = reader.fill_buf()?;
        if read.is_empty() {
            // The last line need not end with a line break.
            let is_end = line.is_empty() && !is_too_long;
            return Ok(if is_end { NextLine::End } else { ended(is_too_long) });
        }
        let end = read.iter().position(|byte| *byte == b'\n');
        let piece = read.get(..end.unwrap_or(read.len())).unwrap_or_default();
        // Reading goes on, since the next line begins after the end of this one.
        if line.len().saturating_add(piece.len()) > MOST_BYTES {
            is_too_long = true;
            line.clear();
        }
        if !is_too_long {
            line.extend_from_slice(piece);
        }
        let used = piece.len().saturating_add(usize::from(end.is_some()));
        reader.consume(used);
        if end.is_some() {
            return Ok(ended(is_too_long));
        }
    }
}

/// Returns the request of a line. Two shapes are read:
///
/// ```json
/// {"path": "/v1/messages", "headers": {"x-llm-tag": "eu"}, "body": {…}, "usage": {…}}
/// {"model": "assistant", "messages": [{"role": "user", "content": "hello"}]}
/// ```
///
/// The second is a body alone. Its path is `path`, or else the one that its keys tell.
///
/// # Errors
/// What is wrong with the line. Lines of access logs, in JSON or not, are common enough to
/// have a message of their own.
pub(super) fn read(line: &[u8], path: Option<&str>) -> Result<Captured, String> {
    let text =
        str::from_utf8(line).map_err(|_| "is not UTF-8; write the line as UTF-8".to_owned())?;
    // Some editors begin a file with a byte order mark.
    let text = text.trim_start_matches('\u{feff}').trim();
    // Keys first, values raw: a body alone may have keys of `RawLine` with values of other
    // types.
    let value: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    let has = |key: &str| value.contains_key(key);
    let is_logged = LOGGED.into_iter().any(has);
    let is_body_alone = !has("body") && !has("path") && !has("url");
    if is_body_alone && !is_logged {
        let path = path
            .or_else(|| guessed(has))
            .ok_or("is a body without a path, and its keys do not tell the path; give --path")?;
        return Ok(Captured {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: text.as_bytes().to_vec(),
            time: None,
            usage: None,
        });
    }
    let line: RawLine<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let method = line.method.unwrap_or_else(|| "POST".to_owned()).to_ascii_uppercase();
    let body = match line.body {
        Some(body) => bytes(body)?,
        // A GET has no body, but may be a line of an access log as well.
        None if method == "GET" && !is_logged => Vec::new(),
        None => return Err(NO_BODY.to_owned()),
    };
    let path = line.path.or_else(|| path.map(str::to_owned));
    Ok(Captured {
        method,
        path: path.ok_or("\"path\" is missing; add it to the line, or give --path")?,
        headers: headers(line.headers)?,
        body,
        time: line.time,
        usage: line.usage,
    })
}

/// Returns the path of a body that only one kind of request has.
///
/// `messages` is also a key of Anthropic's API, but without `--path` the far more common one
/// is meant. `input` is a key of three kinds, so it tells nothing.
fn guessed(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    if has("messages") {
        return Some("/v1/chat/completions");
    }
    if has("query") && has("documents") {
        return Some("/v1/rerank");
    }
    has("prompt").then_some("/v1/completions")
}

/// Returns the bytes of a body: of a JSON text what it says, of any other value its JSON as
/// it is written. `null` is no body.
fn bytes(body: &RawValue) -> Result<Vec<u8>, String> {
    let text = body.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text)
            .map(String::into_bytes)
            .map_err(|error| format!("body: {error}")),
        _ if text == "null" => Ok(Vec::new()),
        _ => Ok(text.as_bytes().to_vec()),
    }
}

/// Returns headers as Envoy has them: one entry for each value, names in lower case.
///
/// # Errors
/// A value that is neither a text nor a number, nor a list of these.
fn headers(written: BTreeMap<String, Value>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut headers = Vec::new();
    for (name, value) in written {
        // Method and path are members of their own, and would be there twice.
        if name.starts_with(':') {
            continue;
        }
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(format!("headers.{name}: expected text or a list of texts")),
            };
            headers.push((name.to_ascii_lowercase(), text.into_bytes()));
        }
    }
    Ok(headers)
}

/// Returns the message for a line that is not a JSON object.
///
/// For a line of an access log it says what to capture instead.
fn not_json(text: &str, error: &serde_json::Error) -> String {
    // Access logs as text begin with a time in brackets, or have the method as a word.
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let mut words = text.split_whitespace().map(|word| word.trim_matches(['"', '[']));
    if text.starts_with('[') || words.any(|word| methods.contains(&word)) && !text.starts_with('{')
    {
        return NO_BODY.to_owned();
    }
    format!("is not a JSON object: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(NextLine, Vec<u8>)> {
        let mut reader = io::BufReader::with_capacity(4, text);
        let mut found = Vec::new();
        loop {
            let mut line = Vec::new();
            match next(&mut reader, &mut line).unwrap() {
                NextLine::End => return found,
                next => found.push((next, line)),
            }
        }
    }

    #[test]
    fn lines_are_read_whatever_the_pieces() {
        let found = lines(b"one\n\nthree and more\nlast");
        let texts: Vec<&[u8]> = found.iter().map(|(_, line)| line.as_slice()).collect();
        assert_eq!(texts, [&b"one"[..], b"", b"three and more", b"last"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_longer_than_any_request_is_passed_over() {
        let mut text = vec![b'x'; MOST_BYTES + 1];
        text.extend(b"\nnext");
        let found = lines(&text);
        assert_eq!(found[0], (NextLine::TooLong, Vec::new()));
        assert_eq!(found[1], (NextLine::Read, b"next".to_vec()));
    }

    #[test]
    fn a_body_keeps_its_bytes() {
        for (line, body) in [
            (r#"{"path": "/v1/x", "body": {"model" : "a"}}"#, r#"{"model" : "a"}"#),
            (r#"{"url": "/v1/x", "body": "{\"model\":\"a\"}"}"#, r#"{"model":"a"}"#),
            (r#" {"model":"a",  "messages":[]} "#, r#"{"model":"a",  "messages":[]}"#),
            ("\u{feff}{\"prompt\": \"\"}\r", r#"{"prompt": ""}"#),
        ] {
            let captured = read(line.as_bytes(), None).unwrap();
            assert_eq!(String::from_utf8(captured.body).unwrap(), body);
        }
    }

    #[test]
    fn the_path_of_a_bare_body_is_told_by_its_kind() {
        let path = |line: &str, path| read(line.as_bytes(), path).map(|captured| captured.path);
        assert_eq!(path(r#"{"messages": []}"#, None).unwrap(), "/v1/chat/completions");
        assert_eq!(path(r#"{"prompt": ""}"#, None).unwrap(), "/v1/completions");
        assert_eq!(path(r#"{"query": "", "documents": []}"#, None).unwrap(), "/v1/rerank");
        assert_eq!(path(r#"{"messages": []}"#, Some("/v1/messages")).unwrap(), "/v1/messages");
        assert_eq!(path(r#"{"input": ""}"#, Some("/v1/responses")).unwrap(), "/v1/responses");
        assert!(path(r#"{"input": ""}"#, None).unwrap_err().contains("--path"));
    }

    #[test]
    fn headers_and_usage_are_read_in_every_form_that_is_written() {
        let line = r#"{"path": "/v1/x", "method": "post", "body": {}, "time": 1.5,
            "headers": {"X-LLM-Tag": ["eu", "us"], "x-n": 5, ":path": "/other"},
            "usage": {"prompt_tokens": 7, "completion_tokens": 3}}"#;
        let captured = read(line.as_bytes(), None).unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let wanted = [header("x-llm-tag", "eu"), header("x-llm-tag", "us"), header("x-n", "5")];
        assert_eq!(captured.headers, wanted);
        assert_eq!((captured.method.as_str(), captured.path.as_str()), ("POST", "/v1/x"));
        let usage = captured.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (7, 3));
    }

    #[test]
    fn access_logs_are_refused_by_name() {
        for line in [
            r#"{"path": "/v1/chat/completions", "method": "POST", "response_code": 200}"#,
            r#"{"model": "a", "status": 200, "duration": 5}"#,
            "POST /v1/chat/completions 200 - cluster=north model=assistant 12ms",
            r#"[2026-01-01T00:00:00Z] "POST /v1/chat/completions HTTP/1.1" 200"#,
        ] {
            assert_eq!(read(line.as_bytes(), None).unwrap_err(), NO_BODY, "{line}");
        }
    }

    #[test]
    fn other_lines_are_refused_with_what_is_wrong() {
        for (line, wanted) in [
            ("{\"model\":", "is not a JSON object: EOF"),
            ("5", "is not a JSON object: invalid type"),
            (r#"{"body": {}}"#, "\"path\" is missing"),
            (r#"{"path": "/", "body": {}, "headers": {"a": {}}}"#, "headers.a: expected text"),
            (r#"{"path": 5, "body": {}}"#, "invalid type: integer `5`, expected a string"),
        ] {
            let message = read(line.as_bytes(), None).unwrap_err();
            assert!(message.starts_with(wanted), "{line}: {message}");
        }
        assert_eq!(
            read(b"{\"model\": \"\xff\"}", None).unwrap_err(),
            "is not UTF-8; write the line as UTF-8"
        );
    }
}
