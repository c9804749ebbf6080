//! Translates a whole document for the native tool and the playground, so that people see what the filter would do.

use std::collections::BTreeMap;

use super::{
    AnswerForm, AnswerNames, AnswerTranslation, ClientApi, Losses, NotRead, ProviderApi, request,
};

/// The longest answer that is translated, in bytes.
const LONGEST: usize = 16 << 20;

/// What is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Specimen {
    /// A client's request, for a provider.
    Request,
    /// A provider's whole answer, or its error with this status, for a client.
    Answer(u16),
    /// A provider's stream, for a client.
    Stream,
}

/// What it becomes.
#[derive(Debug)]
pub struct Trial {
    /// The document in the other API.
    pub text: String,
    /// What of a request could not be translated.
    pub losses: Losses,
}

/// Translates a document between a client's API and a provider's. `model` is the provider's model, and
/// `created_s` the time that an answer is dated with, in seconds since the epoch.
///
/// # Errors
/// Why a request cannot be read.
pub fn trial(
    (client, provider): (ClientApi, ProviderApi),
    specimen: Specimen,
    document: &[u8],
    (model, max_tokens): (&str, u64),
    created_s: u64,
) -> Result<Trial, NotRead> {
    let (status, is_stream) = match specimen {
        Specimen::Request => {
            let translated = request((client, provider), document, false, (model, max_tokens))?;
            return Ok(Trial { text: translated.body, losses: translated.losses });
        }
        Specimen::Answer(status) => (status, false),
        Specimen::Stream => (200, true),
    };
    let form = AnswerForm { stream: is_stream, stream_usage: true, created_s };
    let names =
        AnswerNames { id: "0".to_owned(), model: model.to_owned(), renamed: BTreeMap::new() };
    let of = (provider, client);
    let mut answer = AnswerTranslation::new(of, (status, is_stream), form, names, LONGEST);
    let mut text = Vec::new();
    answer.feed(document, &mut text);
    answer.finish(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(Trial { text, losses: Losses::default() })
}
