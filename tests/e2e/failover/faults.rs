//! The ways in which the providers of the random run fail: before a head, between the head and the
//! first content, and after content.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// Tokens that an answer reports which fails after its content.
pub(super) const LATE_TOKENS: u64 = 8;

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Instead of an answer: what the mock is asked to do, and how the filter reports it.
    Refused(&'static str, &'static str, &'static str),
    /// After a head that says that all is well, before any content.
    Hollow(Hollow),
    /// After some content, so that the answer is the client's.
    Late(Late),
}

/// How an answer has a good head and no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hollow {
    /// It tells of an overload in its stream, or in place of an answer.
    Overloaded,
    /// It is an error object, where a stream was asked for too.
    Limited,
    /// It ends with nothing in it.
    Empty,
    /// Its connection breaks.
    Dies,
    /// It begins and then is silent.
    Silent,
}

/// How an answer ends after its first content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// In good order, without the mark of its end.
    Cut,
    /// By an error.
    Failed,
    /// Its connection breaks.
    Dies,
}

/// Ways to fail. The first few are drawn more often.
pub(super) const FAULTS: [Fault; 20] = [
    Fault::Refused("status", "503", "503"),
    Fault::Refused("status", "500", "500"),
    Fault::Refused("reset", "before-headers", "network"),
    Fault::Hollow(Hollow::Overloaded),
    Fault::Hollow(Hollow::Limited),
    Fault::Hollow(Hollow::Empty),
    Fault::Hollow(Hollow::Dies),
    Fault::Late(Late::Cut),
    Fault::Late(Late::Failed),
    Fault::Late(Late::Dies),
    Fault::Refused("status", "429", "429"),
    Fault::Refused("status", "529", "529"),
    Fault::Refused("status", "502", "502"),
    Fault::Refused("status", "408", "408"),
    Fault::Refused("status", "402", "402"),
    Fault::Refused("status", "504", "504"),
    // Where the client's own credential is sent, the two below are its own affair.
    Fault::Refused("status", "401", "401"),
    Fault::Refused("status", "403", "403"),
    // Each provider that says nothing costs the run some time.
    Fault::Hollow(Hollow::Silent),
    Fault::Refused("hang", "random", "network"),
];

/// How many of them, at the end, cost time, and how many before those are the client's own affair
/// where its credential is sent.
pub(super) const SLOW: usize = 2;
pub(super) const OWN: usize = 2;

impl Fault {
    /// Returns how the filter reports it, where something is left to try. Else an answer with a
    /// good head is `200`.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Refused(_, _, told) => told,
            Self::Hollow(Hollow::Overloaded) => "server",
            Self::Hollow(Hollow::Limited) => "rate_limit",
            Self::Hollow(Hollow::Empty) => "empty",
            Self::Hollow(Hollow::Dies | Hollow::Silent) => "network",
            Self::Late(_) => "200",
        }
    }

    /// Returns whether the provider is silent until it is given up.
    pub(super) fn is_slow(self) -> bool {
        matches!(self, Self::Refused("hang", ..) | Self::Hollow(Hollow::Silent))
    }

    /// Returns what the mock is asked to do with a request to that path.
    pub(super) fn script(self, path: &str, is_stream: bool) -> Value {
        let of = if is_stream { "text/event-stream" } else { "application/json" };
        let answer = |of: &str, body: String| {
            json!({"body-base64": STANDARD.encode(body), "piece-bytes": 50,
                   "header": format!("content-type: {of}")})
        };
        let with = |mut script: Value, key: &str, value: &str| {
            script[key] = value.into();
            script
        };
        let begun = || if is_stream { begun(path).to_owned() } else { r#"{"id":"#.to_owned() };
        match self {
            Self::Refused(key, value, _) => json!({key: value}),
            Self::Hollow(Hollow::Overloaded) if is_stream => {
                answer(of, format!("{}{}", begun(), error(path)))
            }
            Self::Hollow(Hollow::Overloaded) => {
                answer(of, error_object(path, "overloaded_error", 503))
            }
            Self::Hollow(Hollow::Limited) => {
                answer("application/json", error_object(path, "rate_limit_error", 429))
            }
            Self::Hollow(Hollow::Empty) if is_stream => answer(of, begun()),
            Self::Hollow(Hollow::Empty) => answer(of, "{}".to_owned()),
            // Half of it is sent.
            Self::Hollow(Hollow::Dies) => {
                let body = if is_stream { begun().repeat(4) } else { begun() + &" ".repeat(300) };
                with(answer(of, body), "reset", "mid-body")
            }
            Self::Hollow(Hollow::Silent) => {
                with(answer(of, begun() + &" ".repeat(60)), "hold", "random")
            }
            Self::Late(late) => {
                let content = begun() + filled(path);
                // The first piece has been let go long before the next one comes.
                let mut script = json!({"piece-bytes": content.len(), "event-delay-ms": 100,
                                        "linger-ms": 100, "header": format!("content-type: {of}")});
                let rest = match late {
                    Late::Cut => String::new(),
                    Late::Failed => error(path),
                    Late::Dies => ": wait\n\n".repeat(200),
                };
                if late == Late::Dies {
                    script["reset"] = "mid-body".into();
                }
                script["body-base64"] = STANDARD.encode(content + &rest).into();
                script
            }
        }
    }
}

/// What a stream begins with, before any content.
fn begun(path: &str) -> &'static str {
    match path {
        CHAT => {
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
        }
        MESSAGES => {
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[]}}\n\n"
        }
        _ => "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":null}]}\n\n",
    }
}

/// The first content, with the tokens so far.
fn filled(path: &str) -> &'static str {
    match path {
        CHAT => {
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n"
        }
        MESSAGES => {
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"},\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}\n\n"
        }
        _ => {
            "data: {\"choices\":[{\"index\":0,\"text\":\"Hel\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n"
        }
    }
}

/// An overload, as a stream tells of it.
fn error(path: &str) -> String {
    let name = if path == MESSAGES { "event: error\n" } else { "" };
    format!("{name}data: {}\n\n", error_object(path, "overloaded_error", 503))
}

fn error_object(path: &str, kind: &str, code: u16) -> String {
    let error = match path {
        MESSAGES => json!({"type": "error", "error": {"type": kind, "message": "Fails."}}),
        _ => json!({"error": {"type": kind, "code": code, "message": "Fails."}}),
    };
    error.to_string()
}
