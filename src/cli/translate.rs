//! `pointsman translate`: shows what the filter makes of a request for a provider of another API, and of that
//! provider's answer.
//!
//! It uses the same functions as the filter.

use std::path::PathBuf;

use crate::request::format::Format;
use crate::translate::{ClientApi, Gravity, Losses, ProviderApi, Specimen, trial};

use super::io::{Output, ToolError, read};

const EXAMPLE: &str = "\
Example:
  pointsman translate --from openai-chat --to anthropic-messages request.json

The exit code is 1 if the translation would change what the request asks for.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct TranslateArgs {
    /// The client's API: openai-chat, openai-responses or anthropic-messages
    #[arg(long, value_name = "FORMAT")]
    from: String,
    /// The provider's API: openai-chat, azure-openai, anthropic-messages, bedrock-converse or
    /// gemini-generate
    #[arg(long, value_name = "FORMAT")]
    to: String,
    /// Translate an answer of the provider for the client; FILE is the whole answer
    #[arg(long, conflicts_with = "stream")]
    answer: bool,
    /// Translate a stream of the provider for the client; FILE is the stream as the provider sent it
    #[arg(long)]
    stream: bool,
    /// The HTTP status of the answer. From 400 on, FILE is the provider's error
    #[arg(long, default_value_t = 200, requires = "answer", value_name = "STATUS")]
    status: u16,
    /// The provider's name of the model. Models differ in what they accept
    #[arg(long, default_value = "model", value_name = "NAME")]
    model: String,
    /// The answer's limit in tokens, used if the request has no limit and the provider needs one
    #[arg(long, default_value_t = 4096, value_name = "TOKENS")]
    max_tokens: u64,
    /// The file to translate: the client's request, unless --answer or --stream is given; `-` reads
    /// standard input
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
        ToolError::unusable(format!("--from: found {from:?}; expected one of {known}"))
    })?;
    let provider = Format::from_name(to).and_then(ProviderApi::of).ok_or_else(|| {
        let known =
            "openai-chat, azure-openai, anthropic-messages, bedrock-converse, gemini-generate";
        ToolError::unusable(format!("--to: found {to:?}; expected one of {known}"))
    })?;
    let specimen = match (arguments.answer, arguments.stream) {
        (true, _) => Specimen::Answer(*status),
        (_, true) => Specimen::Stream,
        _ => Specimen::Request,
    };
    if from == to {
        let why = "the client and the provider use the same API, so there is nothing to \
                   translate; name another format";
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
