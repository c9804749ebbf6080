//! `pointsman translate`: shows what the filter makes of a request for a provider of another API, and of that
//! provider's answer.
//!
//! It uses the same functions as the filter.

use std::path::PathBuf;

use crate::request::format::Format;
use crate::translate::{ClientApi, Gravity, Losses, ProviderApi, Specimen, trial};

use super::io::{Output, ToolError, read};

#[derive(Debug, clap::Args)]
pub(super) struct TranslateArgs {
    /// What the client speaks: openai-chat, openai-responses or anthropic-messages
    #[arg(long, value_name = "FORMAT")]
    from: String,
    /// What the provider speaks: openai-chat, azure-openai, anthropic-messages, bedrock-converse or
    /// gemini-generate
    #[arg(long, value_name = "FORMAT")]
    to: String,
    /// Translate the provider's whole answer back for the client; FILE is that answer
    #[arg(long, conflicts_with = "stream")]
    answer: bool,
    /// Translate the provider's stream back for the client; FILE is the stream as it was sent
    #[arg(long)]
    stream: bool,
    /// The HTTP status of the answer; from 400 on FILE is the provider's error
    #[arg(long, default_value_t = 200, requires = "answer", value_name = "STATUS")]
    status: u16,
    /// The model, as the provider calls it; models differ in what they accept
    #[arg(long, default_value = "model", value_name = "NAME")]
    model: String,
    /// The limit of the answer in tokens, if the request has none and the provider needs one
    #[arg(long, default_value_t = 4096, value_name = "TOKENS")]
    max_tokens: u64,
    /// The client's request, unless --answer or --stream is given; `-` reads standard input
    file: PathBuf,
}

/// Returns the translated document, and after it a line for everything that is dropped. If the translation would change
/// what the request asks, there are only the lines, and the exit code is 1.
///
/// # Errors
/// The file cannot be read or is not JSON, or a format is not translated.
pub(super) fn run(arguments: &TranslateArgs) -> Result<Output, ToolError> {
    let TranslateArgs { from, to, model, max_tokens, status, .. } = arguments;
    let client = Format::from_name(from).and_then(ClientApi::of).ok_or_else(|| {
        let known = "openai-chat, openai-responses, anthropic-messages";
        ToolError::unusable(format!("--from {from:?}: wanted one of {known}"))
    })?;
    let provider = Format::from_name(to).and_then(ProviderApi::of).ok_or_else(|| {
        let known =
            "openai-chat, azure-openai, anthropic-messages, bedrock-converse, gemini-generate";
        ToolError::unusable(format!("--to {to:?}: wanted one of {known}"))
    })?;
    let specimen = match (arguments.answer, arguments.stream) {
        (true, _) => Specimen::Answer(*status),
        (_, true) => Specimen::Stream,
        _ => Specimen::Request,
    };
    if from == to {
        let why = "the provider speaks what the client speaks, so nothing is translated";
        return Err(ToolError::unusable(format!("--to {to}: {why}")));
    }
    let document = read(&arguments.file)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let created_s = now.map(|now| now.as_secs()).unwrap_or_default();
    let of = (client, provider);
    let tried = trial(of, specimen, &document, (model, *max_tokens), created_s)
        .map_err(|not| ToolError::unusable(format!("{}: {not}", arguments.file.display())))?;
    let mut lines = lines(&tried.losses);
    if tried.losses.is_refused() {
        return Ok(Output { text: lines.join("\n"), code: 1 });
    }
    lines.insert(0, tried.text.trim_end().to_owned());
    Ok(Output { text: lines.join("\n"), code: 0 })
}

/// Returns a line for everything that could not be translated. Reasons to refuse the request come first.
fn lines(losses: &Losses) -> Vec<String> {
    let of = |gravity, word| losses.of(gravity).map(move |loss| format!("{word}: {loss}"));
    let all = of(Gravity::Refused, "refused").chain(of(Gravity::Droppable, "dropped"));
    all.chain(losses.more()).collect()
}
