//! What single values of a document mean: strings, numbers, and what they say of the request.

use crate::request::session::SessionKey;

/// Whose text it is, and so whether it is searched for keywords. All text is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum TextClass {
    /// The prompt: the user's, the developer's and the system's text. Always searched; tells the
    /// session, and is what services are sent.
    Prompt,
    /// Other text that may reach the model as prompt: all that no table names among it. Always
    /// searched.
    Aside,
    /// What an assistant said, its thoughts included.
    Assistant,
    /// The arguments of calls and what tools answered.
    Tools,
    /// Definitions of tools, and schemas of the answer.
    Schemas,
}

impl TextClass {
    /// Returns whether it is the client's own words, whose class the message or part around
    /// them may change.
    pub(in crate::request) const fn is_own(self) -> bool {
        matches!(self, Self::Prompt | Self::Aside)
    }
}

/// A role or a type, and the class of the text under it.
pub(in crate::request) type ClassOf = (&'static str, TextClass);

/// What a string is.
///
/// Words, settings and ids are short. A longer string in their place is none, and may be text
/// that a lenient server shows the model: it is searched and counted as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Word {
    Text(TextClass),
    /// A word of a vocabulary that means nothing here.
    Setting,
    /// A name, label or number of something.
    Id,
    /// That of an item itself, which may stand for one that the provider keeps.
    ItemId,
    /// Not text, however long.
    Opaque,
    /// The model's name.
    Model,
    /// The model's name where another place counts: it is replaced together with that one.
    ModelAgain,
    /// A message's role, with the class of text under those that are not the user's.
    Role(&'static [ClassOf]),
    /// The media type of data, such as `image/png`, which says what a part carries.
    Mime,
    /// Where a file is. At the provider, if it is one of its own, and then the request depends
    /// on what that keeps.
    FileUri,
    /// A part's type, such as `image_url`, which says what it carries, with the class of text
    /// under those that have one.
    Type(&'static [ClassOf]),
    /// How a source gives its data: `base64`, or as text.
    Encoding,
    /// The data of a source: of what, its encoding says.
    Encoded,
    /// Says this, unless it is empty.
    Says(Saying),
    /// The same; not text, however long. A stand-in for a signature says nothing. And what becomes of
    /// it where the request leaves those who can read it.
    Sealed(Saying, &'static Parting),
    /// Says this, if it is one of these words.
    SaysIf(Saying, &'static [&'static str]),
    /// Tells the session.
    Session(SessionKey),
    /// Tags, separated by commas. The number is the rank of their source: of several sources
    /// that have tags, the one of the lowest counts.
    Tags(u8),
    /// One tag, and the rank of its source.
    Tag(u8),
    /// A number that says how much output there may be, which lenient servers also read as text.
    Output(OutputBound),
    /// The data of an image or of audio.
    Media,
    /// Its address, or a data URL.
    Link,
}

impl Word {
    /// Returns what strings are in an array or object at such a place that has no table.
    pub(in crate::request) const fn inside(self) -> Self {
        match self {
            Self::Text(_) | Self::Setting | Self::Id | Self::Opaque => self,
            Self::Says(_) | Self::Session(_) => Self::Id,
            _ => Self::Text(TextClass::Aside),
        }
    }
}

/// What becomes of something that only one account can read, where a request goes to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Parting {
    /// The block or item that it stands in is left out, if that is of this type.
    With(&'static str),
    /// The block that it stands in is left out, if that has no other member.
    WithSole,
    /// It is replaced by this word.
    Word(&'static str),
    /// It cannot be left out safely, so the request stays in its boundary.
    Never,
}

/// What a number, boolean or null is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Plain {
    Skip,
    /// `true` says this.
    Says(Saying),
    /// `true` says this, `false` that.
    Switch(Saying, Saying),
    /// It says how much output there may be.
    Output(OutputBound),
    /// A number is a token, as in a prompt that is a list of tokens.
    Token,
    /// Counted as text.
    Counted,
}

/// What a number says of the output that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum OutputBound {
    /// The limit of one answer in tokens.
    Limit,
    /// A budget of tokens for thinking, which the limit of the answer includes: Anthropic's
    /// (`budget_tokens` is below `max_tokens`), Gemini's (googleapis/python-genai#2062),
    /// Cohere's, OpenRouter's, that of vLLM and of NVIDIA's NIM.
    Thinking,
    /// A budget for thinking beside the limit of the answer: Alibaba's, for Qwen.
    ThinkingBeside,
    /// How many answers there are to a prompt.
    Answers,
}

/// A yes-or-no fact that a value may say. What all values of a request say is what the
/// request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Saying {
    Stream,
    /// Streaming is declined.
    NoStream,
    /// Tools are offered.
    Tools,
    /// The answer has to be JSON.
    Json,
    /// State that a provider keeps is continued.
    State,
    /// Something is there that only the account that made it can decrypt.
    Sealed,
    /// Something is there that only the account that made it takes back: a signature of thoughts, a
    /// result of the provider's own tools.
    Signed,
    /// Something is named that lies elsewhere than in the request: a file, an image, audio, or a
    /// setting that an account keeps.
    Reference,
    /// A prompt is given as tokens or tensors, which cannot be searched.
    Tokens,
    Images,
    Audio,
    Files,
    /// An image is looked at in low detail.
    LowDetail,
    /// Text that is an assistant's or a tool's.
    Answer,
}

/// What a part of a message carries, and so what it costs and which deployments can serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Modality {
    Text,
    Image,
    Audio,
    File,
    /// What only its provider can read: its data is no text.
    Sealed,
}
