//! What a simulated provider does with an attempt.

use pointsman::request::format::{Format, Task};
use serde_json::{Value, json};

use super::voice::{Complaint, Voice, complaint};

/// What a provider asks to be left alone for, in seconds.
const RETRY_AFTER_S: &str = "20";

/// What a provider does with every attempt that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conduct {
    Answers,
    Limited,
    Unavailable,
    Lost,
    FailsEarly,
    FailsLate,
    Empty,
    Silent,
    TooLong,
    Unauthorized,
}

/// What comes of an attempt.
#[derive(Debug)]
pub(super) enum Reaction {
    Answer(Answer),
    /// The connection is lost before any answer.
    Lost,
    /// Nothing comes.
    Silent,
}

/// An answer of a provider.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) pieces: Vec<Vec<u8>>,
    /// Whether the connection breaks after the last piece.
    pub(super) breaks: bool,
}

/// What of a request an answer depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) format: Format,
    pub(super) task: Task,
    pub(super) is_streamed: bool,
    /// Whether a stream of Gemini's is asked for as events.
    pub(super) in_events: bool,
}

impl Conduct {
    /// Everything that a provider can do, with its name and how the page calls it.
    const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Answers, "answers", "Answers"),
        (Self::Limited, "rate_limited", "429, with retry-after: 20"),
        (Self::Unavailable, "unavailable", "503, overloaded"),
        (Self::Lost, "lost", "Loses the connection"),
        (Self::FailsEarly, "fails_early", "200, then an error before any content"),
        (Self::FailsLate, "fails_late", "200, then an error after the first content"),
        (Self::Empty, "empty", "200, an answer without content"),
        (Self::Silent, "silent", "No first token in time"),
        (Self::TooLong, "too_long", "400, the prompt is too long"),
        (Self::Unauthorized, "unauthorized", "401, refuses the key"),
    ];

    /// Returns all that the user can choose.
    pub(super) fn choices() -> Value {
        Self::ALL.iter().map(|(_, name, title)| json!({"name": name, "title": title})).collect()
    }

    /// Returns the conduct of that name, if there is one.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(conduct, ..)| *conduct)
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(known, ..)| *known == self).map_or("", |(_, name, _)| name)
    }

    /// Returns what comes of an attempt.
    pub(super) fn reaction(self, asked: Asked) -> Reaction {
        let Asked { format, task, is_streamed, in_events } = asked;
        let voice = || Voice::of(format, task, in_events);
        let complain = |what, status| Reaction::Answer(complaining(format, what, status));
        let answer = |(kind, pieces, breaks)| {
            let headers = vec![("content-type", String::from(kind))];
            Reaction::Answer(Answer { status: 200, headers, pieces, breaks })
        };
        let whole = |(kind, pieces)| answer((kind, pieces, false));
        match self {
            Self::Answers => whole(voice().answer(is_streamed, true)),
            Self::Empty => whole(voice().answer(is_streamed, false)),
            Self::FailsEarly => answer(voice().failing(is_streamed, false)),
            Self::FailsLate => answer(voice().failing(is_streamed, true)),
            Self::Limited => complain(Complaint::Limited, 429),
            Self::Unavailable => complain(Complaint::Overloaded, 503),
            Self::TooLong => complain(Complaint::TooLong, 400),
            Self::Unauthorized => complain(Complaint::Unauthorized, 401),
            Self::Lost => Reaction::Lost,
            Self::Silent => Reaction::Silent,
        }
    }
}

/// Returns an error answer.
fn complaining(format: Format, what: Complaint, status: u16) -> Answer {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if status == 429 {
        headers.push(("retry-after", RETRY_AFTER_S.to_owned()));
    }
    if format == Format::BedrockConverse {
        headers.push(("x-amzn-errortype", what.amazon().to_owned()));
    }
    let body = complaint(format.dialect(), what, status).to_string().into_bytes();
    Answer { status, headers, pieces: vec![body], breaks: false }
}
