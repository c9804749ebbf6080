//! Steps of an answer as lines of text, by which tests tell what a reader of answers makes of one.

use std::collections::BTreeMap;

use super::answer::AnswerTranslation;
use super::api::ProviderApi;
use super::event::AnswerUsage;
use super::order::{AnswerNames, AnswerStep, BlockStart, StepWriter};
use super::text::JsonText;

/// Writes each step as a line.
#[derive(Debug)]
struct StepLines;

impl StepWriter for StepLines {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        let line = match step {
            AnswerStep::Start { id, model, .. } => {
                format!("start {} {}", id.plain(), model.plain())
            }
            AnswerStep::Open(start) => opened(&start),
            AnswerStep::Delta(text) => format!("+ {}", text.plain()),
            AnswerStep::Signature(text) => format!("signature {}", text.plain()),
            AnswerStep::Close => "close".to_owned(),
            AnswerStep::Ping => "ping".to_owned(),
            AnswerStep::Finish { reason, sequence, usage } => {
                let sequence = sequence.map(|text| format!(" {}", text.plain()));
                format!("finish {reason:?}{}{}", sequence.unwrap_or_default(), counted(usage))
            }
            AnswerStep::Failed(refusal) => {
                format!("failed {} {}: {}", refusal.status, refusal.code, refusal.message)
            }
        };
        to.extend_from_slice(line.as_bytes());
        to.push(b'\n');
    }
}

fn opened(start: &BlockStart<'_>) -> String {
    match start {
        BlockStart::Text => "text".to_owned(),
        BlockStart::Thinking => "thinking".to_owned(),
        BlockStart::Redacted(data) => format!("redacted {}", data.plain()),
        BlockStart::Refusal => "refusal".to_owned(),
        BlockStart::Tool { id, name, signature } => {
            let signature = signature.as_ref().map(JsonText::plain);
            let signature = signature.map(|text| format!(" signed {text}")).unwrap_or_default();
            format!("tool {} {}{signature}", id.plain(), name.plain())
        }
    }
}

fn counted(usage: AnswerUsage) -> String {
    let AnswerUsage { input, cache_read, cache_write, output, reasoning } = usage;
    let counts = [
        ("input", input),
        ("read", cache_read),
        ("write", cache_write),
        ("output", output),
        ("reasoning", reasoning),
    ];
    let told = counts.into_iter().filter_map(|(name, count)| Some(format!(" {name}={}", count?)));
    told.collect()
}

/// Returns the lines for an answer that comes in pieces of so many bytes.
pub(super) fn in_pieces(from: ProviderApi, is_stream: bool, answer: &[u8], piece: usize) -> String {
    let names = AnswerNames {
        id: "made".to_owned(),
        model: "asked".to_owned(),
        renamed: BTreeMap::from([("short".to_owned(), "own name".to_owned())]),
    };
    let writer = Box::new(StepLines);
    let mut translation =
        AnswerTranslation::written_by(writer, from, (200, is_stream), names, 1 << 20);
    let mut lines = Vec::new();
    for piece in answer.chunks(piece.max(1)) {
        translation.feed(piece, &mut lines);
    }
    translation.finish(&mut lines);
    String::from_utf8(lines).unwrap()
}

/// Returns the lines for an answer, after it has come in pieces of any length.
pub(super) fn lines_of(from: ProviderApi, is_stream: bool, answer: &[u8]) -> Vec<String> {
    let whole = in_pieces(from, is_stream, answer, answer.len());
    for piece in 1..answer.len().min(200) {
        assert_eq!(in_pieces(from, is_stream, answer, piece), whole, "in pieces of {piece} bytes");
    }
    whole.lines().map(str::to_owned).collect()
}
