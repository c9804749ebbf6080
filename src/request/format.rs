//! Wire formats: their names, and which one a request path speaks.
//!
//! Decides by the path alone. Which formats are judged in this version is
//! [`Format::is_judged`]; where a format keeps its facts is the table in
//! [`super::scan`].

use std::borrow::Cow;
use std::fmt;

/// A request shape of a provider API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// `POST …/chat/completions`
    OpenAiChat,
    /// `POST …/responses`
    OpenAiResponses,
    /// `POST …/completions`
    OpenAiCompletions,
    /// `POST …/embeddings`
    OpenAiEmbeddings,
    /// `POST …/moderations`
    OpenAiModerations,
    /// `POST …/images/…`
    OpenAiImages,
    /// `POST …/audio/…`
    OpenAiAudio,
    /// `POST …/messages`
    AnthropicMessages,
    /// `POST …/models/MODEL:generateContent`
    GeminiGenerate,
    /// `POST …/openai/deployments/MODEL/…`
    AzureOpenAi,
    /// `GET …/realtime?model=MODEL`
    OpenAiRealtime,
    /// `POST …/model/MODEL/converse`
    BedrockConverse,
    /// `POST …/v2/chat`
    CohereChat,
    /// `POST …/rerank`
    Rerank,
    /// `POST …/api/chat`, `/api/generate`, `/api/embed`
    Ollama,
}

/// The shape of error bodies a client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"error": {"message", "type", "param", "code"}}`
    OpenAi,
    /// `{"type": "error", "error": {"type", "message"}}`
    Anthropic,
    /// `{"error": {"code", "message", "status"}}`
    Gemini,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::OpenAiModerations,
        Self::OpenAiImages,
        Self::OpenAiAudio,
        Self::AnthropicMessages,
        Self::GeminiGenerate,
        Self::AzureOpenAi,
        Self::OpenAiRealtime,
        Self::BedrockConverse,
        Self::CohereChat,
        Self::Rerank,
        Self::Ollama,
    ];

    /// The name used in configuration and traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::OpenAiCompletions => "openai-completions",
            Self::OpenAiEmbeddings => "openai-embeddings",
            Self::OpenAiModerations => "openai-moderations",
            Self::OpenAiImages => "openai-images",
            Self::OpenAiAudio => "openai-audio",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GeminiGenerate => "gemini-generate",
            Self::AzureOpenAi => "azure-openai",
            Self::OpenAiRealtime => "openai-realtime",
            Self::BedrockConverse => "bedrock-converse",
            Self::CohereChat => "cohere-chat",
            Self::Rerank => "rerank",
            Self::Ollama => "ollama",
        }
    }

    /// The format of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether this version reads requests of this format; the others pass untouched.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        matches!(
            self,
            Self::OpenAiChat
                | Self::OpenAiResponses
                | Self::OpenAiCompletions
                | Self::OpenAiEmbeddings
                | Self::AnthropicMessages
        )
    }

    /// The kind of work a request of this format asks for.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::OpenAiResponses => "responses",
            Self::OpenAiCompletions => "completions",
            Self::OpenAiEmbeddings => "embeddings",
            Self::OpenAiModerations => "moderations",
            Self::OpenAiImages => "images",
            Self::OpenAiAudio => "audio",
            Self::OpenAiRealtime => "realtime",
            Self::Rerank => "rerank",
            _ => "chat",
        }
    }

    /// What providers with path templates call the operation; empty where there is no such name.
    #[must_use]
    pub const fn operation_path(self) -> &'static str {
        match self {
            Self::OpenAiChat => "chat/completions",
            Self::OpenAiResponses => "responses",
            Self::OpenAiCompletions => "completions",
            Self::OpenAiEmbeddings => "embeddings",
            Self::OpenAiModerations => "moderations",
            Self::AnthropicMessages => "messages",
            _ => "",
        }
    }

    /// The dialect of errors its clients parse.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::AnthropicMessages => Dialect::Anthropic,
            Self::GeminiGenerate => Dialect::Gemini,
            _ => Dialect::OpenAi,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Path suffixes and the format each stands for; longer suffixes win.
#[derive(Debug, Clone)]
pub struct PathTable {
    suffixes: Vec<(String, Format)>,
}

impl Default for PathTable {
    fn default() -> Self {
        Self::with(std::iter::empty())
    }
}

impl PathTable {
    /// The built-in suffixes and `further` ones, which win over built-in ones of the same text.
    pub fn with(further: impl IntoIterator<Item = (String, Format)>) -> Self {
        let built_in = [
            ("/chat/completions", Format::OpenAiChat),
            ("/responses", Format::OpenAiResponses),
            ("/completions", Format::OpenAiCompletions),
            ("/embeddings", Format::OpenAiEmbeddings),
            ("/messages", Format::AnthropicMessages),
        ];
        let mut suffixes: Vec<(String, Format)> =
            further.into_iter().map(|(suffix, format)| (canonical(&suffix), format)).collect();
        suffixes.extend(built_in.map(|(suffix, format)| (suffix.to_owned(), format)));
        suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        Self { suffixes }
    }

    /// The format that a request path (with or without a query) speaks.
    ///
    /// Goes by the [`canonical`] path, so that spellings which servers may take for
    /// one another are the same here.
    #[must_use]
    pub fn format(&self, path: &str) -> Option<Format> {
        let path = canonical(path);
        let (_, format) = self.ending(&path)?;
        let path = path.to_ascii_lowercase();
        // Azure names the model in the path; such requests are not judged by their body.
        let is_azure = path.contains("/openai/deployments/");
        // Messages of an assistant's thread are stored, and answered by no model.
        let is_stored = *format == Format::AnthropicMessages && path.contains("/threads/");
        (format.is_judged() && !is_azure && !is_stored).then_some(*format)
    }

    /// The entry that a canonical path ends with, whatever its case.
    fn ending(&self, path: &str) -> Option<&(String, Format)> {
        self.suffixes.iter().find(|(suffix, _)| {
            let at = path.len().checked_sub(suffix.len());
            at.and_then(|at| path.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        })
    }

    /// The path (without a query) that a judged request is sent on under.
    ///
    /// As it came, where it is spelled plainly; else the [`canonical`] one, with the
    /// suffix as the table has it, so that what was judged is what is asked for.
    #[must_use]
    pub fn plain<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let came = path.split(['?', '#']).next().unwrap_or_default();
        let plain = canonical(came);
        let suffix = self.ending(&plain).map(|(suffix, _)| suffix.as_str()).unwrap_or_default();
        let kept = plain.len().saturating_sub(suffix.len());
        match plain.get(..kept) {
            Some(kept) if format!("{kept}{suffix}") != came => {
                Cow::Owned(format!("{kept}{suffix}"))
            }
            _ => Cow::Borrowed(came),
        }
    }
}

/// A path as servers that normalise paths understand it: percent-decoded, a
/// backslash for a slash, without path parameters (`;…`), dot segments resolved,
/// slashes merged, none at the end; then encoded again as far as it must be.
#[must_use]
pub fn canonical(path: &str) -> String {
    percent_encoded(&canonical_bytes(path), |byte| {
        byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&byte)
    })
}

fn canonical_bytes(path: &str) -> Vec<u8> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decoded(path);
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        let segment = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut bytes = Vec::with_capacity(decoded.len());
    for segment in segments {
        bytes.push(b'/');
        bytes.extend_from_slice(segment);
    }
    bytes
}

/// Bytes as text, all but the kept ones percent-encoded; kept ones are ASCII.
#[must_use]
pub fn percent_encoded(bytes: &[u8], is_kept: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if is_kept(*byte) {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The bytes that percent-encoded text stands for; a `%` that encodes nothing stays.
#[must_use]
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => hex_byte(*high, *low).map(|byte| (byte, tail)),
            _ => None,
        };
        let (byte, tail) = escaped.unwrap_or((first, tail));
        decoded.push(byte);
        rest = tail;
    }
    decoded
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from((digit(high)? << 4) | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_suffix_names_the_format() {
        let table = PathTable::default();
        let cases = [
            ("/v1/chat/completions", Some(Format::OpenAiChat)),
            ("/proxy/v1/chat/completions?x=1", Some(Format::OpenAiChat)),
            ("/v1/completions", Some(Format::OpenAiCompletions)),
            ("/v1/responses", Some(Format::OpenAiResponses)),
            ("/v1/embeddings", Some(Format::OpenAiEmbeddings)),
            ("/v1/messages", Some(Format::AnthropicMessages)),
            ("/v1/messages/count_tokens", None),
            ("/v1/responses/resp_1", None),
            ("/v1/models", None),
            ("/v1/threads/thread_1/messages", None),
            ("/openai/deployments/gpt/chat/completions", None),
            ("/v1/chat%2fcompletions", Some(Format::OpenAiChat)),
            ("/v1/chat/%63ompletions", Some(Format::OpenAiChat)),
            ("/v1//chat//completions//", Some(Format::OpenAiChat)),
            ("/v1/chat/./completions", Some(Format::OpenAiChat)),
            ("/v1/chat/x/%2e%2E/completions", Some(Format::OpenAiChat)),
            ("/v1/chat;x/completions;y=1", Some(Format::OpenAiChat)),
            ("/v1/chat\\completions/.", Some(Format::OpenAiChat)),
            ("/v1/Chat/COMPLETIONS", Some(Format::OpenAiChat)),
            ("/openai/deployments/../../v1/chat/completions", Some(Format::OpenAiChat)),
            ("/v1/chat/completions/x/..", Some(Format::OpenAiChat)),
            ("/v1/chat/completions%", None),
            ("", None),
        ];
        for (path, wanted) in cases {
            assert_eq!(table.format(path), wanted, "{path}");
        }
    }

    #[test]
    fn what_was_judged_is_what_is_asked_for() {
        let table = PathTable::default();
        let cases = [
            ("/v1/chat/completions?x=1", "/v1/chat/completions"),
            ("/Tenant/v1/chat/completions", "/Tenant/v1/chat/completions"),
            ("/a:b/v1/chat/completions", "/a:b/v1/chat/completions"),
            ("/v1/chat/./completions", "/v1/chat/completions"),
            ("/v1//chat/%63ompletions/", "/v1/chat/completions"),
            ("/../internal/v1/chat/completions", "/internal/v1/chat/completions"),
            ("/a%20b/v1/chat/completions", "/a%20b/v1/chat/completions"),
            ("/v1/CHAT;x/completions", "/v1/chat/completions"),
        ];
        for (came, wanted) in cases {
            assert_eq!(table.plain(came), wanted, "{came}");
        }
    }

    #[test]
    fn further_paths_win_over_built_in_ones() {
        let table = PathTable::with([("/v1/responses/".to_owned(), Format::OpenAiChat)]);
        assert_eq!(table.format("/v1/responses"), Some(Format::OpenAiChat));
        assert_eq!(table.format("/v2/responses"), Some(Format::OpenAiResponses));
    }

    #[test]
    fn names_are_unique_and_read_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("openai"), None);
    }
}
