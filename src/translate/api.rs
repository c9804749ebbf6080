//! The APIs that are translated, and the code of each.

use super::chat::ChatModel;
use super::conversation::Conversation;
use super::event::AnswerReader;
use super::loss::Losses;
use super::order::StepWriter;
use super::tape::Node;
use super::{ModelTarget, chat, converse, gemini, messages, responses};
use crate::request::format::{Dialect, Format};

/// An API that a client may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientApi {
    /// OpenAI's chat completions.
    Chat,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's responses.
    Responses,
}

/// An API that a provider may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderApi {
    /// OpenAI's chat completions, of OpenAI or of anyone else.
    Chat,
    /// The same at Azure, where all models are OpenAI's, and have the names of deployments.
    AzureChat,
    /// Anthropic's messages.
    Messages,
    /// Amazon's Converse.
    Converse,
    /// Google's generateContent.
    Gemini,
}

impl ClientApi {
    /// Returns the API of a wire format; `None` where its requests are not translated.
    #[must_use]
    pub const fn of(format: Format) -> Option<Self> {
        match format {
            Format::OpenAiChat | Format::AzureOpenAi => Some(Self::Chat),
            Format::AnthropicMessages => Some(Self::Messages),
            Format::OpenAiResponses => Some(Self::Responses),
            _ => None,
        }
    }

    /// Returns the dialect of its errors.
    pub(super) const fn dialect(self) -> Dialect {
        match self {
            Self::Chat | Self::Responses => Dialect::OpenAi,
            Self::Messages => Dialect::Anthropic,
        }
    }

    /// Reads a request.
    pub(super) fn read_request<'a>(
        self,
        body: Node<'_, 'a>,
        losses: &mut Losses,
    ) -> Conversation<'a> {
        match self {
            Self::Chat => chat::read_request(body, losses),
            Self::Messages => messages::read_request(body, losses),
            Self::Responses => responses::read_request(body, losses),
        }
    }

    /// Returns a writer of answers, for a stream or a whole answer.
    pub(super) fn answer_writer(self, form: AnswerForm) -> Box<dyn StepWriter> {
        match (self, form.stream) {
            (Self::Chat, true) => Box::new(chat::ChatStream::new(form)),
            (Self::Chat, false) => Box::new(chat::ChatWhole::new(form)),
            (Self::Messages, true) => Box::new(messages::MessagesStream::new(form)),
            (Self::Messages, false) => Box::new(messages::MessagesWhole::new(form)),
            (Self::Responses, true) => Box::new(responses::ResponsesStream::new(form)),
            (Self::Responses, false) => Box::new(responses::ResponsesWhole::new(form)),
        }
    }
}

impl ProviderApi {
    /// Returns the API of a wire format; `None` where nothing is translated into it.
    #[must_use]
    pub const fn of(format: Format) -> Option<Self> {
        match format {
            Format::OpenAiChat => Some(Self::Chat),
            Format::AzureOpenAi => Some(Self::AzureChat),
            Format::AnthropicMessages => Some(Self::Messages),
            Format::BedrockConverse => Some(Self::Converse),
            Format::GeminiGenerate => Some(Self::Gemini),
            _ => None,
        }
    }

    /// Returns the body of a request.
    pub(super) fn write_request(
        self,
        conversation: &Conversation<'_>,
        target: &mut ModelTarget<'_>,
        losses: &mut Losses,
    ) -> String {
        if !matches!(self, Self::Chat | Self::AzureChat) {
            conversation.drop_openai(losses);
        }
        match self {
            Self::Chat => {
                chat::write_request(ChatModel::of(target.model), conversation, target, losses)
            }
            Self::AzureChat => {
                chat::write_request(ChatModel::at_azure(target.model), conversation, target, losses)
            }
            Self::Messages => messages::write_request(conversation, target, losses),
            Self::Converse => converse::write_request(conversation, target, losses),
            Self::Gemini => gemini::write_request(conversation, target, losses),
        }
    }

    /// Returns a reader of its answers.
    pub(super) fn answer_reader(self) -> Box<dyn AnswerReader> {
        match self {
            Self::Chat | Self::AzureChat => Box::new(chat::ChatAnswer::default()),
            Self::Messages => Box::new(messages::MessagesAnswer::default()),
            Self::Converse => Box::new(converse::ConverseAnswer::default()),
            Self::Gemini => Box::new(gemini::GeminiAnswer::default()),
        }
    }
}

/// The form in which the client wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerForm {
    /// As a stream, or as a whole.
    pub stream: bool,
    /// Whether a stream is to report its usage.
    pub stream_usage: bool,
    /// When the answer was made, in seconds since the epoch.
    pub created_s: u64,
}
