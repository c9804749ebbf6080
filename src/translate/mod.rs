//! Translates requests and answers from the API that a client speaks into the one that a provider speaks.
//!
//! A reader turns a request into a conversation, a form that belongs to no API, and a writer writes the request from
//! there. So there is one reader and one writer for each API, not one for each pair. An answer is read into events,
//! whether it streams or not. The events are put in order, and written as a stream or as a whole.
//!
//! What the other API cannot express is noted as [`Losses`]. Nothing is left out silently.
//!
//! It is pure: it knows no host, no configuration and no routing.
//!
//! Readers and writers are long rows of small calls. The functions that many of them call are `#[inline(never)]`, and
//! so are parts that would otherwise become one large function. With inlining, this code would be half as large again
//! in the module.

mod answer;
mod api;
mod chat;
mod claude;
mod conversation;
mod converse;
mod data_url;
mod error;
mod event;
mod gemini;
mod known;
mod loss;
#[cfg(test)]
mod made;
mod messages;
mod names;
mod openai;
mod order;
mod overrides;
mod responses;
mod sides;
#[cfg(test)]
mod step_lines;
mod tape;
mod text;
mod trial;

pub use answer::AnswerTranslation;
pub use api::{AnswerForm, ClientApi, ProviderApi};
pub use loss::{Gravity, Loss, Losses};
pub use order::AnswerNames;
pub use tape::NotRead;
pub use trial::{Specimen, Trial, trial};

use std::collections::BTreeMap;

use conversation::Conversation;
use names::ToolNames;
use overrides::{filled, overridden};
use tape::Tape;

/// What a request becomes for one provider.
#[derive(Debug)]
struct ModelTarget<'t> {
    /// The model, as the provider calls it.
    model: &'t str,
    /// The limit of the answer in tokens where the client gives none and the provider needs one.
    max_tokens: u64,
    /// The tools whose names the provider does not accept.
    names: ToolNames,
}

/// A request in the provider's API.
#[derive(Debug)]
pub struct TranslatedRequest {
    /// The body.
    pub body: String,
    /// The client's own names of tools, by those that the provider gets, where they differ.
    pub renamed: BTreeMap<String, String>,
    /// Whether the client has asked for a stream.
    pub stream: bool,
    /// Whether the client wants the usage of a stream.
    pub stream_usage: bool,
    /// What could not be translated. If something is refused, the body does not say what the client has asked.
    pub losses: Losses,
}

impl TranslatedRequest {
    /// Returns the body with the members of `defaults` whose setting it has not, and with those of `overrides` in
    /// place of its own. Both are a JSON object, or empty.
    #[must_use]
    pub fn body_with(self, defaults: &str, overrides: &str) -> String {
        let body = if defaults.is_empty() { self.body } else { filled(self.body, defaults) };
        if overrides.is_empty() { body } else { overridden(body, overrides) }
    }
}

/// Translates a request. `streams` says whether the client's path asks for a stream, where the API has
/// that in the path.
///
/// # Errors
/// Why the body cannot be read at all.
pub fn request(
    (from, to): (ClientApi, ProviderApi),
    body: &[u8],
    streams: bool,
    (model, max_tokens): (&str, u64),
) -> Result<TranslatedRequest, NotRead> {
    Ok(ReadRequest::of(from, body, streams)?.written(to, (model, max_tokens)))
}

/// A client's request that has been read, once for any number of providers.
#[derive(Debug)]
pub struct ReadRequest<'b> {
    conversation: Conversation<'b>,
    /// What was lost by reading it.
    losses: Losses,
}

impl<'b> ReadRequest<'b> {
    /// Reads a request. `streams` says whether the client's path asks for a stream, where the API has that in the
    /// path.
    ///
    /// # Errors
    /// Why the body cannot be read at all.
    pub fn of(from: ClientApi, body: &'b [u8], streams: bool) -> Result<Self, NotRead> {
        let tape = Tape::read(body)?;
        let mut losses = Losses::default();
        let mut conversation = from.read_request(tape.root(), &mut losses);
        conversation.stream |= streams;
        Ok(Self { conversation, losses })
    }

    /// Returns what the request would lose for a provider, a model and a limit of the answer.
    #[must_use]
    pub fn losses(&self, to: ProviderApi, target: (&str, u64)) -> Losses {
        self.written(to, target).losses
    }

    /// Returns the request for a provider.
    fn written(&self, to: ProviderApi, (model, max_tokens): (&str, u64)) -> TranslatedRequest {
        let mut losses = self.losses.clone();
        let mut target = ModelTarget { model, max_tokens, names: ToolNames::default() };
        let body = to.write_request(&self.conversation, &mut target, &mut losses);
        let Conversation { stream, stream_usage, .. } = self.conversation;
        let renamed = target.names.into_own();
        TranslatedRequest { body, renamed, stream, stream_usage, losses }
    }
}
