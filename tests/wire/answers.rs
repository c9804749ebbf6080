//! Answers in the shapes that providers document, from `tests/wire/responses`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use serde_json::Value;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The file's name.
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What the provider means by it.
    pub(crate) expect: Value,
}

impl Answer {
    /// Returns a header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the reader of its body, if it has one.
    pub(crate) fn reader(&self) -> Option<BodyReader> {
        let [content_type, encoding] =
            ["content-type", "content-encoding"].map(|name| self.header(name));
        BodyReader::new(self.format, self.status, content_type, encoding)
    }

    /// Returns what the answer says when it arrives in these pieces.
    pub(crate) fn told<'c>(&self, pieces: impl IntoIterator<Item = &'c [u8]>) -> Option<Told> {
        let mut reader = self.reader()?;
        pieces.into_iter().for_each(|piece| reader.feed(piece));
        Some(reader.finish())
    }
}

/// Returns all answers, sorted by name.
pub(crate) fn answers() -> Vec<Answer> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/responses");
    let files = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<Answer> = files.map(|file| read(&file.unwrap().path())).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(all.len() >= 139, "only {} answers", all.len());
    all
}

fn read(file: &Path) -> Answer {
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let text = |key: &str| document[key].as_str();
    let headers = document["headers"].as_object().unwrap();
    let decoded = || STANDARD.decode(text("body_base64")?).ok();
    Answer {
        name: file.file_stem().unwrap().to_string_lossy().into_owned(),
        format: format(text("provider").unwrap(), text("operation").unwrap()),
        status: u16::try_from(document["status"].as_u64().unwrap()).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        body: text("body_text").map(|text| text.as_bytes().to_vec()).or_else(decoded).unwrap(),
        expect: document["expect"].clone(),
    }
}

fn format(provider: &str, operation: &str) -> Format {
    match (provider, operation) {
        ("anthropic", _) => Format::AnthropicMessages,
        ("gemini", _) => Format::GeminiGenerate,
        ("azure-openai", _) => Format::AzureOpenAi,
        ("cohere", "rerank") => Format::Rerank,
        ("cohere", _) => Format::CohereChat,
        (_, "responses") => Format::OpenAiResponses,
        (_, "completions") => Format::OpenAiCompletions,
        (_, "embeddings") => Format::OpenAiEmbeddings,
        (_, "moderations") => Format::OpenAiModerations,
        (_, "images") => Format::OpenAiImages,
        (_, "audio" | "speech") => Format::OpenAiAudio,
        _ => Format::OpenAiChat,
    }
}
