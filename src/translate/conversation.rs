//! A request in a form that belongs to no API. Every API can be read into it and written from it.
//!
//! It borrows from the client's document. Nothing here decides what an API can express. Readers and writers decide
//! that, and note what is lost.

use std::borrow::Cow;

use super::known::NO_COUNTERPART;
use super::loss::Losses;
use super::tape::Tape;
use super::text::JsonText;

/// A request for an answer to a conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation<'a> {
    /// What the model reads before the conversation. Text only.
    pub(super) system: Vec<ContentBlock<'a>>,
    /// The conversation. Neighbours may have the same role; writers merge them where they must.
    pub(super) turns: Vec<TalkTurn<'a>>,
    pub(super) tools: Vec<Tool<'a>>,
    pub(super) tool_choice: Option<ToolChoice<'a>>,
    /// Whether the model may call several tools at once; `None` where the request does not say.
    pub(super) parallel_tools: Option<bool>,
    /// The limit of the answer in tokens.
    pub(super) max_tokens: Option<u64>,
    pub(super) sampling: Sampling<'a>,
    /// Texts before which the answer ends.
    pub(super) stop: Vec<JsonText<'a>>,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) format: Option<AnswerFormat<'a>>,
    /// Who asks, as the client's own name for its user.
    pub(super) user: Option<JsonText<'a>>,
    /// Whether the answer is to come as a stream.
    pub(super) stream: bool,
    /// Whether a stream is to report its usage. Only Chat Completions leaves it out unless asked.
    pub(super) stream_usage: bool,
    /// Whether the provider may keep the answer; `None` where the request does not say.
    pub(super) store: Option<bool>,
    /// What only OpenAI's APIs have, and all of them alike.
    pub(super) openai: Vec<OpenAiMember<'a>>,
}

/// A member of a request that means the same in each API of OpenAI's, and is in no other.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenAiMember<'a> {
    /// Where it is in the client's request.
    pub(super) place: &'static str,
    /// What Chat Completions calls it.
    pub(super) name: &'static str,
    /// The value, as the client has written it.
    pub(super) value: &'a str,
}

impl Conversation<'_> {
    /// Notes what only OpenAI's APIs have, as left out.
    pub(super) fn drop_openai(&self, losses: &mut Losses) {
        for member in &self.openai {
            losses.drop(member.place, NO_COUNTERPART);
        }
    }
}

/// How tokens are drawn. Numbers are as the client has written them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sampling<'a> {
    pub(super) temperature: Option<&'a str>,
    pub(super) top_p: Option<&'a str>,
    pub(super) top_k: Option<&'a str>,
    pub(super) frequency_penalty: Option<&'a str>,
    pub(super) presence_penalty: Option<&'a str>,
    pub(super) seed: Option<&'a str>,
}

/// What one side says.
#[derive(Debug, Clone)]
pub(super) struct TalkTurn<'a> {
    pub(super) role: TurnRole,
    pub(super) blocks: Vec<ContentBlock<'a>>,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnRole {
    /// Instructions within the conversation.
    System,
    /// The client's side: its text, and results of tools.
    User,
    /// The model's side.
    Assistant,
}

/// A part of a turn.
#[derive(Debug, Clone)]
pub(super) struct ContentBlock<'a> {
    pub(super) content: BlockContent<'a>,
    /// Whether the prompt up to here is to be cached.
    pub(super) cache: Option<CacheMark<'a>>,
}

/// The client's request to cache the prompt up to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CacheMark<'a> {
    /// How long, as Anthropic writes it (`5m`, `1h`); `None` for the provider's usual time.
    pub(super) ttl: Option<JsonText<'a>>,
}

/// What a part of a turn is.
#[derive(Debug, Clone)]
pub(super) enum BlockContent<'a> {
    Text(JsonText<'a>),
    Image {
        source: MediaSource<'a>,
        /// How closely to look at it, as OpenAI writes it (`low`, `high`, `auto`).
        detail: Option<JsonText<'a>>,
    },
    Document {
        source: MediaSource<'a>,
        /// Its file name or title.
        name: Option<JsonText<'a>>,
    },
    Audio(MediaSource<'a>),
    /// A tool call by the model. `input` is a JSON object; that has been checked.
    ToolCall {
        id: JsonText<'a>,
        name: JsonText<'a>,
        input: ToolInput<'a>,
        /// Google's signature of the thinking before it.
        signature: Option<JsonText<'a>>,
    },
    /// The result of a call. It may have texts, images and documents.
    ToolResult {
        /// The id of the call.
        id: JsonText<'a>,
        is_error: bool,
        blocks: Vec<ContentBlock<'a>>,
    },
    /// What the model has thought.
    Thinking {
        text: JsonText<'a>,
        /// The provider's signature. Few providers accept thinking back without it.
        signature: Option<JsonText<'a>>,
    },
    /// What the model has thought, encrypted for its provider alone.
    RedactedThinking(JsonText<'a>),
    /// The text with which the model declines.
    Refusal(JsonText<'a>),
}

/// The input of a tool call: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToolInput<'a> {
    /// As it is in the client's document.
    Json(&'a str),
    /// As it was written within a text.
    Unescaped(String),
}

impl ToolInput<'_> {
    /// Returns the object that is written within a text; `None` if the text is no object. An empty text
    /// stands for an empty object.
    #[inline(never)]
    pub(super) fn within<'a>(text: &JsonText<'a>) -> Option<ToolInput<'a>> {
        let text = text.plain();
        let json = text.trim_ascii();
        if json.is_empty() {
            return Some(ToolInput::Json("{}"));
        }
        if !Tape::read(json.as_bytes()).is_ok_and(|tape| tape.root().is_object()) {
            return None;
        }
        Some(match text {
            Cow::Borrowed(text) => ToolInput::Json(text.trim_ascii()),
            Cow::Owned(text) if json.len() == text.len() => ToolInput::Unescaped(text),
            Cow::Owned(_) => ToolInput::Unescaped(json.to_owned()),
        })
    }

    /// Returns the object as JSON.
    #[must_use]
    pub(super) fn json(&self) -> &str {
        match self {
            Self::Json(json) => json,
            Self::Unescaped(json) => json,
        }
    }
}

/// Where an image or a document is.
#[derive(Debug, Clone)]
pub(super) enum MediaSource<'a> {
    /// In the request, as base64.
    Base64 {
        /// Such as `image/png`.
        media_type: JsonText<'a>,
        data: JsonText<'a>,
    },
    /// In the request, as text.
    Text(JsonText<'a>),
    /// Elsewhere.
    Url(JsonText<'a>),
}

/// A function that the model may call.
#[derive(Debug, Clone)]
pub(super) struct Tool<'a> {
    pub(super) name: JsonText<'a>,
    pub(super) description: Option<JsonText<'a>>,
    /// The JSON schema of its input, as the client has written it.
    pub(super) schema: Option<&'a str>,
    /// Whether its input is to follow the schema exactly.
    pub(super) strict: Option<bool>,
    pub(super) cache: Option<CacheMark<'a>>,
}

/// Which tools the model is to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToolChoice<'a> {
    /// Whichever it likes, or none.
    Auto,
    /// None.
    Never,
    /// At least one.
    Any,
    /// This one.
    Named(JsonText<'a>),
}

/// How much the model is to think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasoning {
    /// Not at all.
    Off,
    /// About this much.
    Effort(Effort),
    /// At most this many tokens.
    Budget(u64),
    /// As the model sees fit.
    Adaptive,
}

/// Words for how much a model thinks, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    Minimal,
    Low,
    Medium,
    High,
    Highest,
}

impl Reasoning {
    /// Returns the word for it, where the client says how much.
    #[must_use]
    pub(super) const fn effort(self) -> Option<Effort> {
        match self {
            Self::Effort(effort) => Some(effort),
            Self::Budget(tokens) => Some(Effort::of_budget(tokens)),
            Self::Off | Self::Adaptive => None,
        }
    }
}

impl Effort {
    /// Returns one of the three words that all thinking models of OpenAI's know.
    #[must_use]
    pub(super) const fn usual_word(self) -> &'static str {
        match self {
            Self::Minimal | Self::Low => "low",
            Self::Medium => "medium",
            Self::High | Self::Highest => "high",
        }
    }

    /// Returns the budget in tokens that Google's documentation gives for the word in OpenAI's API.
    /// <https://ai.google.dev/gemini-api/docs/openai#thinking>
    #[must_use]
    pub(super) const fn budget(self) -> u64 {
        match self {
            Self::Minimal | Self::Low => 1_024,
            Self::Medium => 8_192,
            Self::High | Self::Highest => 24_576,
        }
    }

    /// Returns the word for a budget in tokens: the one whose own budget is nearest.
    #[must_use]
    pub(super) const fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..=4_607 => Self::Low,
            4_608..=16_383 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Which form the answer is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerFormat<'a> {
    /// Any JSON object.
    Json,
    /// JSON that follows a schema.
    Schema {
        name: Option<JsonText<'a>>,
        description: Option<JsonText<'a>>,
        /// The JSON schema, as the client has written it.
        schema: &'a str,
        strict: Option<bool>,
    },
}

impl<'a> ContentBlock<'a> {
    /// Adds a part to others, if there is one.
    #[inline(never)]
    pub(super) fn add(part: Option<Self>, to: &mut Vec<Self>) {
        if let Some(part) = part {
            to.push(part);
        }
    }

    /// Adds content to other parts, if there is any.
    #[inline(never)]
    pub(super) fn add_content(content: Option<BlockContent<'a>>, to: &mut Vec<Self>) {
        Self::add(content.map(Self::of), to);
    }

    /// Returns a part that is not marked to be cached.
    #[must_use]
    pub(super) const fn of(content: BlockContent<'a>) -> Self {
        Self { content, cache: None }
    }
}
