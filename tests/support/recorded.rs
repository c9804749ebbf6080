//! Requests as real SDKs wrote them, from `tests/wire/requests`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The file's name.
    pub(crate) name: String,
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    /// The headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What the call said.
    pub(crate) expect: Value,
}

impl Recorded {
    /// Returns the model that the call named, if the request has it.
    pub(crate) fn model(&self) -> Option<&str> {
        self.expect["deployment"].as_str().or(self.expect["model"].as_str())
    }

    /// Whether its path is one of those that name no model to route by.
    pub(crate) fn is_stored_object_call(&self) -> bool {
        self.method == "GET"
    }
}

/// Returns all recorded requests, sorted by name.
pub(crate) fn recorded() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/requests");
    let files = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<Recorded> = files.map(|file| read(&file.unwrap().path())).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(all.len() >= 180, "only {} recorded requests", all.len());
    all
}

fn read(file: &Path) -> Recorded {
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let text = |key: &str| document[key].as_str().map(str::to_owned);
    let headers = document["headers"].as_object().unwrap();
    let body = text("body_text").map(String::into_bytes);
    let decoded = || STANDARD.decode(document["body_base64"].as_str()?).ok();
    Recorded {
        name: file.file_stem().unwrap().to_string_lossy().into_owned(),
        method: text("method").unwrap(),
        path: text("path").unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        body: body.or_else(decoded).unwrap_or_default(),
        expect: document["expect"].clone(),
    }
}
